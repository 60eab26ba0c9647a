"""The critic: is a latent frame true or made? It is asked about patches, and shown the true frame with which the world began.

A generative adversarial network's other half (Goodfellow et al. 2014), as in R3GAN (Huang et al. 2024): true and made are told apart
in pairs, no normalisation.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Residual(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.one, self.two = nn.Conv2d(width, width, 3, padding=1), nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.two(F.silu(self.one(F.silu(x))))


class Critic(nn.Module):
    def __init__(self, channels: int, width: int = 64):
        super().__init__()
        down = [nn.Conv2d(width, width, 3, stride=2, padding=1), nn.SiLU()]
        self.place = nn.Sequential(nn.Conv2d(channels, width, 3, padding=1), nn.SiLU(), *down, nn.Conv2d(width, width, 3, padding=1))
        self.into, self.fine = nn.Conv2d(channels, width, 3, padding=1), Residual(width)
        self.down, self.coarse = nn.Conv2d(width, 2 * width, 3, stride=2, padding=1), Residual(2 * width)
        self.out = nn.Sequential(nn.SiLU(), nn.Conv2d(2 * width, 1, 1))

    def forward(self, frames: Tensor, first: Tensor) -> Tensor:
        """Frames and the first frames of their worlds (n c h w) => how true each patch is (n h/2 w/2)."""
        frames, first = (x.contiguous(memory_format=torch.channels_last) for x in (frames, first))
        kind = self.place(first).mean((2, 3), keepdim=True)
        return self.out(self.coarse(self.down(self.fine(self.into(frames) + kind))))[:, 0].float()


def told_apart(true: Tensor, made: Tensor) -> Tensor:
    """The critic's loss, from what it says of pairs: a true patch should seem truer than the made one beside it (Jolicoeur-Martineau 2019)."""
    return F.softplus(made - true).mean()
