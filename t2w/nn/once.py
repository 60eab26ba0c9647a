"""Tensors that are asked for dozens of times a frame, and made once."""

from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor


def once(make: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The same function, which makes its tensor once for the same arguments; one that may be learnt with, in whatever mode it is first asked for.
    Not to be written to."""
    return cache(torch.inference_mode(False)(make))
