"""Figures that say how near one batch of pictures is to another. Pictures are (b c h w) in [-1, 1]."""

import torch
import torch.nn.functional as F
from torch import Tensor


def psnr(a: Tensor, b: Tensor) -> Tensor:
    """Peak signal-to-noise ratio in dB, one a picture (b)."""
    error = ((a.clamp(-1, 1) - b.clamp(-1, 1)) / 2).square().flatten(1).mean(1)
    return -10 * error.clamp(min=1e-10).log10()


def gradient(x: Tensor) -> Tensor:
    """Mean magnitude of the differences between neighbours: how sharp the pictures are."""
    return ((x[..., 1:, :] - x[..., :-1, :]).abs().mean() + (x[..., 1:] - x[..., :-1]).abs().mean()) / 2


def contrast(x: Tensor, side: int = 4) -> tuple[Tensor, Tensor]:
    """Mean magnitude of the differences between neighbours, downwards and across, in each square of `side` pixels (b c h/side w/side)."""
    return tuple(F.avg_pool2d(d.abs(), side) for d in (x[..., 1:, :] - x[..., :-1, :], x[..., 1:] - x[..., :-1]))


def sheet(rows: list[Tensor]) -> Tensor:
    """Rows of pictures (b c h w) => one picture (c, rows*h, b*w)."""
    return torch.cat([torch.cat(list(row), dim=-1) for row in rows], dim=-2).clamp(-1, 1)
