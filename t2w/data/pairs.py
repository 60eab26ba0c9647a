"""Pairs of frames that follow each other, for the parallax: what was done, and where each place of the second was in the first."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import Dataset

from t2w.data.pictures import to_picture
from t2w.data.shard import ALONE, Shard
from t2w.errors import T2WError
from t2w.nn.geometry import ALIKE, NEAREST, inside, nearer, projected, values_at
from t2w.nn.parallax import histories
from t2w.nn.precision import exactly
from t2w.nn.view import places
from t2w.sim.spec import VIEWS

FORGOTTEN = 0.4  # share of pairs of which not all earlier actions are told: a world begins without any


def between(near: Tensor) -> Tensor:
    """How near things are, as a shard keeps it (n h w) => the same at all places of a flow (n 2h 2w); every other one is where it was measured.
    Where the player ends, there is no way between him and what is behind him."""
    parts = torch.stack([near.clamp(min=0), (near >= 0).float()], 1)
    fine = F.interpolate(parts, (2 * near.shape[1] - 1, 2 * near.shape[2] - 1), mode="bilinear", align_corners=True)
    fine, there = F.pad(fine, (0, 1, 0, 1), mode="replicate").unbind(1)
    return torch.where(there < 0.5, -1.0, fine / there.clamp(min=0.5))


def rigid_between(pose: Tensor, new: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Poses (n 12 each: right and up, as long as half the picture is wide and high at distance 1, ahead; place) => rotation (n 3 3) and
    shift in metres (n 3), as a parallax's Motion has them, and both lenses (n 2), the new one first."""
    (old, into), (axes, lens) = (_axes(part) for part in (pose, new))
    with exactly(pose.device):
        return old @ axes.mT, (old @ (new - pose)[:, 9:, None])[..., 0], lens, into


def _axes(pose: Tensor) -> tuple[Tensor, Tensor]:
    """Unit vectors right, down and ahead (n 3 3), and the lens (n 2)."""
    axes = pose[:, :9].unflatten(1, (3, 3))
    size = axes.norm(dim=2)
    return axes / size[..., None] * pose.new_tensor([1.0, -1.0, 1.0])[:, None], size[:, :2]


def flow_between(near: Tensor, pose: Tensor, new: Tensor) -> tuple[Tensor, Tensor]:
    """How near things are in the new views (n h w, as a shard keeps it), the old and the new poses (n 12 each) => where each place of the new
    picture was in the old one (n 2h 2w 2: x, y in -1..1), and where that is known (n 2h 2w). The player goes with the eye."""
    fine = between(near)
    flow, ahead = _projected(fine, pose, new)
    return flow, (fine < 0) | (ahead > NEAREST)


def _projected(fine: Tensor, pose: Tensor, new: Tensor) -> tuple[Tensor, Tensor]:
    """As `projected`, by poses; the player, of negative nearness, stays where he is."""
    flow, ahead = projected(fine.clamp(min=0), *rigid_between(pose, new))
    return torch.where(fine[..., None] < 0, places(*fine.shape[1:], fine.device), flow), ahead


def true_ways(shard: Shard, start: int, frames: int, device: torch.device | str = "cpu") -> tuple[Tensor, Tensor]:
    """Of frames in a row: where each place of the next one was in each (frames-1 H W 2), and whether it was seen there (frames-1 H W)."""
    near, pose = (torch.from_numpy(part[start : start + frames]).to(device).float() for part in shard.geometry)
    fine = between(near)
    before, after = fine[:-1], fine[1:]
    flow, ahead = _projected(after, pose[:-1], pose[1:])
    player, there = values_at(flow, (before < 0).float(), before.clamp(min=0))
    hidden = (player >= 0.5) | (nearer(after.clamp(min=0), ahead, there) < -ALIKE)
    return flow, inside(flow) * (~hidden | (after < 0)).float()


def beside(near: Tensor) -> Tensor:
    """How near things are, as a shard keeps it (n h w) => what was measured at each place of a flow or right beside it (4 n 2h 2w): between
    two measurements either may be true, but hardly the mean of both."""
    h, w = near.shape[1:]
    rows, columns = (
        [(torch.arange(2 * n, device=near.device) + k).div(2, rounding_mode="floor").clamp(max=n - 1) for k in (0, 1)] for n in (h, w)
    )
    return torch.stack([near[:, y][:, :, x] for y in rows for x in columns])


class Pairs(Dataset):
    """An item: {"picture" and the "next": (3 8h 8w), "history": (n a+1), "near": (2 2h 2w) and "poses": (2 12) of both, "view": () which
    of VIEWS}."""

    def __init__(self, found: list[Shard], history: int, seed: int = 0):
        self.found, self.history = found, history
        self.generator = torch.Generator().manual_seed(seed)
        self.index = [
            (s, row["start"], row["start"] + t, VIEWS.index(row["spec"]["view"]))
            for s, shard in enumerate(found)
            for row in shard.rows
            if row["kind"] not in ALONE
            for t in range(row["frames"] - 1)
        ]

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, k: int) -> dict[str, Tensor]:
        s, begin, t, view = self.index[k]
        shard = self.found[s]
        near, pose = (torch.from_numpy(part[t : t + 2]) for part in shard.geometry)
        if torch.rand((), generator=self.generator) < FORGOTTEN:
            begin = max(begin, t + 1 - int(torch.randint(1, self.history + 1, (), generator=self.generator)))
        actions = torch.from_numpy(np.asarray(shard.actions[max(begin, t + 1 - self.history) : t + 1]))
        return {
            "picture": to_picture(shard.frame(t)),
            "next": to_picture(shard.frame(t + 1)),
            "history": histories(actions[None], self.history)[0, -1],
            "near": near.float(),
            "poses": pose,
            "view": torch.tensor(view),
        }


def measured(batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Pairs' batch with what follows from depth and poses: "flow" (b 2h 2w 2), "known" (b 2h 2w), "rotation" (b 3 3), "shift" (b 3) and
    "lens" (b 2)."""
    old, new = batch["poses"].unbind(1)
    flow, known = flow_between(batch["near"][:, 1], old, new)
    rotation, shift, lens, _ = rigid_between(old, new)
    found = {"flow": flow[:, ::2, ::2], "known": known[:, ::2, ::2], "rotation": rotation, "shift": shift, "lens": lens}
    return batch | found


class Walks:
    """All steps of all walks, without pictures: batches {"history": (m n a+1), "shift": (m 3) in metres, "view": (m)}."""

    def __init__(self, found: list[Shard], history: int, seed: int = 0):
        self.generator, n = torch.Generator().manual_seed(seed), history
        rows = [(shard, row) for shard in found for row in shard.rows if row["kind"] not in ALONE]
        if not rows:
            raise T2WError("a parallax learns from walks, and there are none; collect some with: t2w collect")
        told, shifts, views = [], [], []
        for shard, row in rows:
            at = slice(row["start"], row["start"] + row["frames"])
            pose = torch.from_numpy(shard.geometry[1][at]).float()
            told.append(histories(torch.from_numpy(np.asarray(shard.actions[at]))[None, :-1], n)[0].half())
            shifts.append(rigid_between(pose[:-1], pose[1:])[1])
            views.append(torch.full((len(pose) - 1,), VIEWS.index(row["spec"]["view"])))
        self.history, self.shift, self.view = torch.cat(told), torch.cat(shifts), torch.cat(views)

    def batch(self, size: int) -> dict[str, Tensor]:
        n, draw = self.history.shape[1], self.generator
        at = torch.randint(len(self.view), (size,), generator=draw)
        short = torch.rand(size, generator=draw) < FORGOTTEN
        told = torch.where(short, torch.randint(1, n + 1, (size,), generator=draw), n)
        known = torch.arange(n) < told[:, None]
        return {"history": self.history[at].float() * known[..., None], "shift": self.shift[at], "view": self.view[at]}
