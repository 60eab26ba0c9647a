"""How a reader learns, and how what it has read tells.

It learns from true pictures what a red cabin looks like, and what a painter makes is held against what it was asked for (as the auxiliary
classifier of Odena et al. 2017, but that it learns first, and from true pictures alone). With the judge of `t2w eval` it shares its
questions, and nothing else.
"""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from t2w.data.pictures import Forever
from t2w.media.atomic import atomically
from t2w.nn.flow_matching import Draw, on_the_way
from t2w.nn.reader import Reader
from t2w.train.judge import misses
from t2w.train.loop import Batch, alone

LESSONS, LESSON = 2500, 32  # and pictures in each
HAZE = 0.4  # at most so much noise lies over what is read: else what nobody sees would count as well


def hazy(pictures: Tensor, draw: Draw) -> Tensor:
    """Pictures (n c h w) with more or less noise over each."""
    return on_the_way(pictures, draw.noise(pictures), 1 - HAZE * draw.level())


def misread(answers: dict[str, Tensor], right: Tensor) -> Tensor:
    """The cross-entropies of a picture's right answers (n q; -1 where nothing is asked) added up; the mean of the pictures."""
    return misses(answers, right).sum() / len(right)


def learn_to_read(reader: Reader, items: Dataset, steps: int, seed: int, shortened: Callable = nullcontext) -> Iterator[dict]:
    """What true pictures show; `shortened`: autocast, where that is quicker; by how much it misreads them."""
    generator = torch.Generator(next(reader.parameters()).device).manual_seed(seed)
    batches = iter(DataLoader(Forever(items, seed), LESSON))

    def off(batch: Batch) -> Tensor:
        with shortened():
            read = reader(hazy(batch["latents"], Draw(batch["latents"], generator)))
        return misread(read, batch["shows"])

    yield from alone(reader, off, lambda: next(batches), steps, decay=0.01)


def taught(path: Path, reader: Reader, items: Dataset, steps: int, seed: int, shortened: Callable = nullcontext) -> Iterator[dict]:
    """It has read what was kept in a file, else it learns first: a run that is taken up must read as it did before."""
    if not path.is_file():
        yield from learn_to_read(reader, items, steps, seed, shortened)
        with atomically(path) as temporary:
            save_file(reader.state_dict(), temporary)
    reader.load_state_dict(load_file(path))
    reader.requires_grad_(False).eval()
