"""What kind of world a frame is of: all that is in view wherever one looks."""

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.utils.data import Dataset

from t2w.data.shard import ALONE, FACE, Shard
from t2w.sim.spec import CHOICES

KINDS = tuple((name, CHOICES[name]) for name in ("view", "biome", "time", "weather"))

EVERY = 8  # frames of a walk: those beside each other are much alike


def said(row: dict) -> Tensor:
    """Answers to KINDS (q) about an episode, by their places among the words."""
    return torch.tensor([words.index(row["spec"][name]) for name, words in KINDS])


class Kinds(Dataset):
    """Some frames of each walk, and all that are alone; no faces. An item: {"latents": (c h w), "shows": (q) as `said`}."""

    def __init__(self, found: Iterable[tuple[Shard, Tensor]]):
        self.index: list[tuple[Tensor, int, Tensor]] = []
        for latents, row in ((latents, row) for shard, latents in found for row in shard.rows if row["kind"] != FACE):
            frames = range(row["start"], row["start"] + row["frames"], 1 if row["kind"] in ALONE else EVERY)
            self.index += [(latents, i, said(row)) for i in frames]

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, k: int) -> dict[str, Tensor]:
        latents, i, shows = self.index[k]
        return {"latents": latents[i].float(), "shows": shows}
