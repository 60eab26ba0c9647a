"""Single frames of a data folder for training: pictures (c h w) in [-1, 1], with captions on request."""

import random
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, IterableDataset

from t2w.data.shard import ALONE, FACE, Shard, seen, shards
from t2w.errors import T2WError
from t2w.media.pixels import to_tensor
from t2w.sim.captions import caption
from t2w.sim.spec import HEIGHT, WIDTH, Spec


def to_picture(frame: np.ndarray) -> Tensor:
    """(h w c) uint8 => (c h w) float in [-1, 1]."""
    return to_tensor(frame[None])[0, 0]


class Pictures(Dataset):
    """Every `every`-th frame of each walk, all stills and starts; no faces, who are all seen from above. An item: {"picture": (c h w)}."""

    def __init__(self, found: list[Shard], every: int = 1):
        self.shards = found
        self.index: list[tuple[int, int, dict]] = []
        for s, shard in enumerate(self.shards):
            for row in (row for row in shard.rows if row["kind"] != FACE):
                step = 1 if row["kind"] in ALONE else every
                self.index += [(s, row["start"] + t, row) for t in range(0, row["frames"], step)]

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, k: int) -> dict[str, Tensor]:
        s, i, _ = self.index[k]
        return {"picture": to_picture(self.shards[s].frame(i))}

    def words(self, k: int, rng: random.Random) -> str:
        """A caption of what is in view in picture k, in other words each time."""
        return caption(*self.told(k), rng)

    def told(self, k: int) -> tuple[Spec, frozenset[str]]:
        """The world of picture k, and what of it is in view."""
        s, i, row = self.index[k]
        return Spec(**row["spec"]), seen(int(self.shards[s].visible[i]))


class Forever(IterableDataset):
    """Batches' items in random order without end; the order, and what an item is left to chance, depend on the seed, which the step at which a run
    is taken up belongs to, and on the worker."""

    def __init__(self, items: Dataset, seed: int):
        self.items, self.seed = items, seed

    def __iter__(self):
        assert len(self.items), "nothing to draw from"
        worker = torch.utils.data.get_worker_info()
        seed = self.seed * 100_003 + (worker.id if worker else 0)
        generator = torch.Generator().manual_seed(seed)
        if hasattr(self.items, "generator"):  # a worker's is a copy of the others'
            self.items.generator.manual_seed(seed)
        while True:
            for k in torch.randperm(len(self.items), generator=generator).tolist():
                yield self.items[k]


def split(folder: Path, depth: bool = False) -> tuple[list[Shard], list[Shard]]:
    """Shards to learn from, and those held out: the last twentieth, at least one. No world is in both, but where a single shard is all there is.

    Frames of another size than the simulator's, and older shards where their `depth` is wanted, are refused before anything is learnt: T2WError."""
    found = shards(folder)
    height, width, _ = found[0].frame(0).shape
    if (height, width) != (HEIGHT, WIDTH):
        raise T2WError(f"frames in {folder} are {width}×{height}; t2w trains on {WIDTH}×{HEIGHT}, as t2w collect makes them")
    if depth:
        _ = found[0].geometry
    held = max(1, len(found) // 20)
    return (found[:-held], found[-held:]) if len(found) > held else (found, found)
