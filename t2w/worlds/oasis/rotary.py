"""Rotary positions as Oasis has them: places and times in, turns out; neighbouring values of a head are turned as a pair."""

from math import pi

import torch
from einops import rearrange, repeat
from torch import Tensor

Turn = Tensor  # complex (n d/2), of length 1: the angle by which each pair of a head turns


def place_frequencies(pairs: int, highest: float) -> Tensor:
    """Radians from the middle of the picture to its edge, a pair each."""
    return torch.linspace(1.0, highest / 2, pairs) * pi


def time_frequencies(d: int) -> Tensor:
    """Radians a frame, a pair each. Su et al. 2021."""
    return 10000.0 ** (-torch.arange(0, d, 2, dtype=torch.float64) / d)


def places(h: int, w: int, pairs: int, highest: float) -> Turn:
    """Of all places of a picture, row by row (h w): the first `pairs` pairs turn with the height, the next as many with the width."""
    frequency = place_frequencies(pairs, highest)
    y, x = (torch.linspace(-1, 1, n)[:, None] * frequency for n in (h, w))
    angle = torch.cat([repeat(y, "h d -> (h w) d", w=w), repeat(x, "w d -> (h w) d", h=h)], -1)
    return torch.polar(torch.ones_like(angle), angle)


def times(first: int, t: int, d: int) -> Turn:
    """Of frames first, first + 1, … (t). In double precision: a dream may be an hour long, and only differences may count."""
    angle = torch.arange(first, first + t, dtype=torch.float64)[:, None] * time_frequencies(d)
    return torch.polar(torch.ones_like(angle), angle).to(torch.complex64)


def rotate(x: Tensor, turn: Turn) -> Tensor:
    """Turns the first pairs of x (… n d), as many as there are angles; the rest of a head stays as it is."""
    turned = 2 * turn.shape[-1]
    pairs = torch.view_as_complex(rearrange(x[..., :turned].float(), "... (d pair) -> ... d pair", pair=2))
    y = rearrange(torch.view_as_real(pairs * turn), "... d pair -> ... (d pair)").to(x.dtype)
    return y if turned == x.shape[-1] else torch.cat([y, x[..., turned:]], -1)
