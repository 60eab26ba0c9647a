"""What kind of world a frame is of: all that is in view wherever one looks."""

import torch
from torch import Tensor
from torch.utils.data import Dataset

from t2w.data.pictures import Pictures
from t2w.data.shard import Shard
from t2w.sim.spec import CHOICES

ALWAYS = ("view", "biome", "time", "weather")
KINDS = tuple((name, CHOICES[name]) for name in ALWAYS)

EVERY = 8  # frames of a walk: those beside each other are much alike


def said(row: dict) -> Tensor:
    """Answers to KINDS (q) about an episode, by their places among the words."""
    return torch.tensor([words.index(row["spec"][name]) for name, words in KINDS])


class Kinds(Dataset):
    """Some frames of each walk, and all that are alone, as of `Pictures`. An item: {"latents": (c h w), "shows": (q) as `said`}."""

    def __init__(self, found: list[tuple[Shard, Tensor]]):
        self.latents = [latents for _, latents in found]
        self.index = Pictures([shard for shard, _ in found], EVERY).index

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, k: int) -> dict[str, Tensor]:
        s, i, row = self.index[k]
        return {"latents": self.latents[s][i].float(), "shows": said(row)}
