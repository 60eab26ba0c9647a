"""A U-Net of convolutions (Ronneberger et al. 2015): a picture in, maps of it out, and what is in it as a whole."""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

QUARTER = 4  # pixels along a side of what the first convolution sees as one


class Residual(nn.Module):
    def __init__(self, d: int):
        super().__init__()
        self.one, self.two = nn.Conv2d(d, d, 3, padding=1), nn.Conv2d(d, d, 3, padding=1)
        self.norm = nn.GroupNorm(1, d)
        nn.init.zeros_(self.two.weight)
        nn.init.zeros_(self.two.bias)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.two(F.silu(self.one(self.norm(x))))


class UNet(nn.Module):
    """forward(): pictures (b 3 h w) => maps (b out h/2 w/2), and the features in its depths (b d h/16 w/16).

    Most of it is done at a quarter of the picture's size and below: there a CPU is at its quickest, and weights are few.
    """

    def __init__(self, height: int, width: int, out: int, widths: tuple[int, ...], down: tuple[int, ...], up: tuple[int, ...]):
        """Widths, and numbers of blocks on the way down and back up, at 1/4, 1/8 and so on of the picture's height and width; the
        deepest are on the way down."""
        super().__init__()
        deepest = QUARTER * 2 ** (len(widths) - 1)
        self.first = nn.Conv2d(3 * QUARTER**2, widths[0], 3, padding=1)
        self.smaller = nn.ModuleList(nn.Conv2d(c, into, 3, 2, padding=1) for c, into in pairwise(widths))
        self.spot = nn.Parameter(0.02 * torch.randn(widths[-1], height // deepest, width // deepest))
        self.down_blocks, self.up_blocks = (
            nn.ModuleList(nn.Sequential(*(Residual(d) for _ in range(n))) for d, n in zip(widths, blocks)) for blocks in (down, up)
        )
        self.larger = nn.ModuleList(nn.Conv2d(c, into, 1) for c, into in zip(widths[1:], widths))
        self.last = nn.Conv2d(widths[0], out * 4, 3, padding=1)
        with torch.no_grad():
            self.last.weight.mul_(0.1)

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        x, kept = self.first(F.pixel_unshuffle(picture, QUARTER)), []
        for blocks, smaller in zip(self.down_blocks, self.smaller):
            kept.append(blocks(x))
            x = smaller(F.silu(kept[-1]))
        x = deep = self.down_blocks[-1](x + self.spot)
        for blocks, larger, beside in reversed(list(zip(self.up_blocks, self.larger, kept))):
            x = blocks(twice(larger(x)) + beside)
        return F.pixel_shuffle(self.last(F.silu(x)), 2), deep


def twice(x: Tensor) -> Tensor:
    """(b c h w) => (b c 2h 2w)."""
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
