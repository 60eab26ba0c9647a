"""Pairs of frames that follow each other, for the parallax: what was done, and where each place of the second was in the first."""

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from t2w.data.pictures import to_picture
from t2w.data.shard import Shard
from t2w.nn.parallax import histories
from t2w.nn.view import places

FORGOTTEN = 0.4  # share of pairs of which not all earlier actions are told: a world begins without any


def flow_between(near: Tensor, pose: Tensor, new: Tensor) -> tuple[Tensor, Tensor]:
    """How near things are in the new view (h w), the old and the new pose (12 each) => where each place of the new picture was in the
    old one (h w 2: x, y in -1..1), and where that is known (h w). The player goes with the eye."""
    old, axes = pose[:9].view(3, 3), new[:9].view(3, 3)
    h, w = near.shape
    here = places(2 * h, 2 * w, near.device)[::2, ::2]  # that is where it was measured
    x, y = here[..., None].unbind(-2)
    ray = x * axes[0] - y * axes[1] + axes[2]
    point = ray + near.clamp(min=0)[..., None] * (new[9:] - pose[9:])  # as if everything were one metre away along the view
    right, up, ahead = (point @ (old / old.square().sum(1, keepdim=True)).T).unbind(-1)
    depth = ahead.clamp(min=0.05)
    flow = torch.stack([right / depth, -up / depth], -1)
    return torch.where(near[..., None] < 0, here, flow), (near < 0) | (ahead > 0.05)


class Pairs(Dataset):
    """An item: {"latents" and "next latents": (c h w), "next": the picture (3 8h 8w), "history": (n a+1), "near": (2h 2w),
    "flow": (2h 2w 2), "known": (2h 2w)}."""

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
        flow, known = flow_between(near[t + 1].float(), pose[t], pose[t + 1])
        return {
            "latents": latents[t].float(),
            "next latents": latents[t + 1].float(),
            "next": to_picture(shard.frame(t + 1)),
            "history": histories(actions[None], self.history)[0, -1],
            "near": near[t + 1].float(),
            "flow": flow,
            "known": known,
        }
