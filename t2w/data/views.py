"""Views of a walk beside others of the same walk: what was seen from elsewhere, for the outpainter."""

import math

import torch
from torch import Tensor
from torch.utils.data import Dataset

from t2w.data.kinds import said
from t2w.data.pairs import rigid_between
from t2w.data.pictures import to_picture
from t2w.data.shard import ALONE, Shard
from t2w.errors import T2WError
from t2w.nn.glimpse import View

SOURCES = 2  # views that are known
FARTHEST = 60  # frames from them, in both directions
NEXT = 3  # frames, at least
ALONE_SHARE = 0.5  # of items that know one view only


class Views(Dataset):
    """An item: {"latents": (c h w), of the walk's "first" frame: (c h w), "pose": (12), "says": (q) what kind of world it is; of what is known
    "pictures": (k 3 8h 8w), "near": (k H W) and "poses": (k 12)}."""

    def __init__(self, found: list[tuple[Shard, Tensor]], seed: int = 0):
        self.found = found
        self.generator = torch.Generator().manual_seed(seed)
        self.walks = [
            (s, row) for s, (shard, _) in enumerate(found) for row in shard.rows if row["kind"] not in ALONE and row["frames"] > 2 * NEXT
        ]
        self.index = [(s, row, t) for s, row in self.walks for t in range(row["frames"])]
        if not self.index:
            raise T2WError(
                f"an outpainter learns from walks of more than {2 * NEXT} frames, and there are none; collect some with: t2w collect"
            )

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, k: int) -> dict[str, Tensor]:
        s, row, t = self.index[k]
        (shard, latents), start, frames = self.found[s], row["start"], row["frames"]
        near, pose = (torch.from_numpy(part[start : start + frames]) for part in shard.geometry)
        known = self._others(t, frames)
        return {
            "latents": latents[start + t].float(),
            "first": latents[start].float(),
            "pose": pose[t],
            "says": said(row),
            "pictures": torch.stack([to_picture(shard.frame(start + i)) for i in known]),
            "near": near[known].float(),
            "poses": pose[known],
        }

    def _others(self, t: int, frames: int) -> list[int]:
        """Frames far from this one and near it; now and then SOURCES times the same."""
        chance = torch.rand(2 * SOURCES + 1, generator=self.generator).tolist()
        alone = chance.pop() < ALONE_SHARE
        drawn = []
        for away, side in zip(chance[::2], chance[1::2]):
            far = round(math.exp(math.log(NEXT) + away * math.log(FARTHEST / NEXT)))
            sides = [i for i in (t - far, t + far) if 0 <= i < frames]
            drawn.append(sides[int(side * len(sides))] if sides else (0 if t > frames // 2 else frames - 1))
        return [drawn[0]] * SOURCES if alone else drawn


def kept_views(batch: dict[str, Tensor], known: Tensor) -> tuple[list[View], Tensor]:
    """Of Views' batch, what is known, seen from the view that is to be painted, each so well `known` (b k); and its lens (b 2)."""
    found, lens = [], None
    for picture, near, poses, well in zip(batch["pictures"].unbind(1), batch["near"].unbind(1), batch["poses"].unbind(1), known.unbind(1)):
        rotation, shift, own, lens = rigid_between(batch["pose"], poses)
        well = well[:, None, None].expand_as(near)
        found.append(View(picture, near.clamp(min=0), well, (near < 0).float(), rotation, shift, own))
    return found, lens
