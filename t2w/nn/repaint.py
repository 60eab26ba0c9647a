"""Repaint: a few places of a frame, looked at by a small network of convolutions that is told something, and what to paint there."""

from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Painted(Protocol):
    """What its configs say."""

    channels: int  # of a latent
    width: int
    blocks: int
    rounds: int  # in which the blocks look at the places
    condition: int  # width of what it is told


class Block(nn.Module):
    def __init__(self, width: int, condition: int, apart: int):
        super().__init__()
        self.one = nn.Conv2d(width, width, 3, padding=1)
        self.two = nn.Conv2d(width, width, 3, padding=apart, dilation=apart)
        self.norm = nn.GroupNorm(1, width, affine=False)
        self.modulation = nn.Linear(condition, 2 * width)

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        scale, shift = self.modulation(told)[:, :, None, None].chunk(2, 1)
        return x + self.two(F.silu(self.one(torch.addcmul(shift, self.norm(x), 1 + scale))))


class Repaint(nn.Module):
    """painted(): what is seen of places (b seen h w), and what is told (b told) => what to paint there (b c h w), and how much of it (b 1 h w)."""

    def __init__(self, config: Painted, seen: int, told: int):
        super().__init__()
        self.config, d = config, config.condition
        self.told = nn.Sequential(nn.Linear(told, d), nn.SiLU(), nn.Linear(d, d), nn.SiLU())
        self.into = nn.Conv2d(seen, config.width, 3, padding=1)
        # What there is anywhere in the frame, for each round: behind a door it looks as beside it.
        self.whole = nn.ModuleList(nn.Linear(config.width, d) for _ in range(config.rounds))
        self.blocks = nn.ModuleList(Block(config.width, d, apart) for apart in range(1, 1 + config.blocks))
        self.out = nn.Conv2d(config.width, config.channels + 1, 3, padding=1)
        with torch.no_grad():
            self.out.weight.mul_(0.1)
            self.out.bias[-1] = -2.0  # at first little is changed

    def painted(self, seen: Tensor, told: Tensor) -> tuple[Tensor, Tensor]:
        kind = self.out.weight.dtype
        told, x = self.told(told.to(kind)), self.into(seen.to(kind))
        for whole in self.whole:
            here = told + whole(x.mean((2, 3)))
            for block in self.blocks:
                x = block(x, here)
        new, share = self.out(F.silu(x)).float().split([self.config.channels, 1], 1)
        return new, share.sigmoid()
