"""Pairs of frames that follow each other, for the parallax: what was done, and where each place of the second was in the first."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import Dataset

from t2w.data.pictures import to_picture
from t2w.data.shard import Shard
from t2w.nn.parallax import histories
from t2w.nn.view import places

FORGOTTEN = 0.4  # share of pairs of which not all earlier actions are told: a world begins without any


def measured(near: Tensor) -> Tensor:
    """Of how near things are, as a shard keeps it (h w): where in the picture that was measured (h w 2: x, y in -1..1)."""
    h, w = near.shape[-2:]
    return places(2 * h, 2 * w, near.device)[::2, ::2]


def between(near: Tensor) -> Tensor:
    """The same at all places of a flow (n h w => n 2h 2w). Where the player ends, there is no way between him and what is behind him."""
    parts = torch.stack([near.clamp(min=0), (near >= 0).float()], 1)
    fine = F.interpolate(parts, (2 * near.shape[1] - 1, 2 * near.shape[2] - 1), mode="bilinear", align_corners=True)
    fine, there = F.pad(fine, (0, 1, 0, 1), mode="replicate").unbind(1)
    return torch.where(there < 0.5, -1.0, fine / there.clamp(min=0.5))


def flow_between(near: Tensor, here: Tensor, pose: Tensor, new: Tensor) -> tuple[Tensor, Tensor]:
    """How near things are in the new view (h w) at places `here` (h w 2), the old and the new pose (12 each) => where these places were in
    the old picture (h w 2: x, y in -1..1), and where that is known (h w). The player goes with the eye."""
    old, axes = pose[:9].view(3, 3), new[:9].view(3, 3)
    x, y = here[..., None].unbind(-2)
    ray = x * axes[0] - y * axes[1] + axes[2]
    point = ray + near.clamp(min=0)[..., None] * (new[9:] - pose[9:])  # as if everything were one metre away along the view
    right, up, ahead = (point @ (old / old.square().sum(1, keepdim=True)).T).unbind(-1)
    depth = ahead.clamp(min=0.05)
    flow = torch.stack([right / depth, -up / depth], -1)
    return torch.where(near[..., None] < 0, here, flow), (near < 0) | (ahead > 0.05)


def rigid_between(pose: Tensor, new: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Two poses (12 each: right and up, as long as half the picture is wide and high at distance 1, ahead; place) => rotation (3 3), shift
    in metres (3) and lens (2), as a parallax's Motion has them."""
    (old, _), (axes, lens) = (_axes(part) for part in (pose, new))
    return old @ axes.T, old @ (new[9:] - pose[9:]), lens


def _axes(pose: Tensor) -> tuple[Tensor, Tensor]:
    """Unit vectors right, down and ahead (3 3), and the lens (2)."""
    size = pose[:9].view(3, 3).norm(dim=1)
    return pose[:9].view(3, 3) / size[:, None] * pose.new_tensor([1.0, -1.0, 1.0])[:, None], size[:2]


def true_flows(shard: Shard, start: int, frames: int) -> Tensor:
    """Of frames in a row: where each place of the next one was in each (frames-1 H W 2)."""
    near, pose = (torch.from_numpy(part[start : start + frames]).float() for part in shard.geometry)
    near = between(near)
    here = places(*near.shape[1:], near.device)
    return torch.stack([flow_between(near[t + 1], here, pose[t], pose[t + 1])[0] for t in range(frames - 1)])


class Pairs(Dataset):
    """An item: {"latents" and "next latents": (c h w), "next": the picture (3 8h 8w), "history": (n a+1), "near": (2h 2w),
    "flow": (2h 2w 2), "known": (2h 2w), "rotation": (3 3), "shift": (3), "lens": (2)}."""

    def __init__(self, found: list[tuple[Shard, Tensor]], history: int, seed: int = 0):
        self.found, self.history = found, history
        self.generator = torch.Generator().manual_seed(seed)
        self.index = [
            (s, row["start"], row["start"] + t)
            for s, (shard, _) in enumerate(found)
            for row in shard.rows
            if row["kind"] != "still"
            for t in range(row["frames"] - 1)
        ]

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, k: int) -> dict[str, Tensor]:
        s, begin, t = self.index[k]
        shard, latents = self.found[s]
        near, pose = (torch.from_numpy(part) for part in shard.geometry)
        if torch.rand((), generator=self.generator) < FORGOTTEN:
            begin = max(begin, t + 1 - int(torch.randint(1, self.history + 1, (), generator=self.generator)))
        actions = torch.from_numpy(np.asarray(shard.actions[max(begin, t + 1 - self.history) : t + 1]))
        here = near[t + 1].float()
        flow, known = flow_between(here, measured(here), pose[t], pose[t + 1])
        rotation, shift, lens = rigid_between(pose[t], pose[t + 1])
        return {
            "latents": latents[t].float(),
            "next latents": latents[t + 1].float(),
            "next": to_picture(shard.frame(t + 1)),
            "history": histories(actions[None], self.history)[0, -1],
            "near": here,
            "flow": flow,
            "known": known,
            "rotation": rotation,
            "shift": shift,
            "lens": lens,
        }
