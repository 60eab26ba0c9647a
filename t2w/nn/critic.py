"""The critic: is this step true or made? It sees a latent frame, the one before, the action between them, and the world's first frame.

A generative adversarial network's other half (Goodfellow et al. 2014), as in R3GAN (Huang et al. 2024): true and made are told apart
in pairs, no normalisation. The action speaks through an inner product with what is seen (Miyato & Koyama 2018). What moves where is
laid before it as a cost volume (Dosovitskiy et al. 2015): from the frames alone it has not learnt in any reasonable time to see motion.
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


REACH = 2  # latents, to each side
STEP = 0.1  # how far off, of what it sees, a critic is asked again: it pays for being steep


def costs(frames: Tensor, before: Tensor) -> Tensor:
    """(n c h w) twice => how much worse each shift of the one before fits at each place than the mean of all shifts does (n shifts h w)."""
    h, w = frames.shape[2:]
    wide = F.pad(before, (REACH,) * 4, mode="replicate")
    shifts = [wide[:, :, y : y + h, x : x + w] for y in range(2 * REACH + 1) for x in range(2 * REACH + 1)]
    found = torch.stack([(frames - shifted).square().mean(1) for shifted in shifts], 1)
    return found - found.mean(1, keepdim=True)


class Critic(nn.Module):
    def __init__(self, channels: int, actions: int, width: int = 64):
        super().__init__()
        down = [nn.Conv2d(width, width, 3, stride=2, padding=1), nn.SiLU()]
        self.place = nn.Sequential(nn.Conv2d(channels, width, 3, padding=1), nn.SiLU(), *down, nn.Conv2d(width, width, 3, padding=1))
        self.into, self.fine = nn.Conv2d(2 * channels + (2 * REACH + 1) ** 2, width, 3, padding=1), Residual(width)
        self.down, self.coarse = nn.Conv2d(width, 2 * width, 3, stride=2, padding=1), Residual(2 * width)
        self.out = nn.Conv2d(2 * width, 1, 1)
        self.action = nn.Sequential(nn.Linear(actions, width), nn.SiLU(), nn.Linear(width, 2 * width, bias=False))

    def forward(self, frames: Tensor, before: Tensor, first: Tensor, action: Tensor) -> Tensor:
        """Frames, those before them, the first of their worlds (n c h w each), actions (… n a) => how true each patch is (… n h/2 w/2)."""
        pair = torch.cat([frames, before, costs(frames, before)], 1)
        pair, first = (x.contiguous(memory_format=torch.channels_last) for x in (pair, first))
        kind = self.place(first).mean((2, 3), keepdim=True)
        seen = F.silu(self.coarse(self.down(self.fine(self.into(pair) + kind))))
        return (self.out(seen)[:, 0] + (seen * self.action(action)[..., None, None]).sum(-3)).float()


def told_apart(true: Tensor, made: Tensor) -> Tensor:
    """The critic's loss, from what it says of pairs: a true patch should seem truer than the made one beside it (Jolicoeur-Martineau 2019)."""
    return F.softplus(made - true).mean()


def heeded(skill: Tensor) -> Tensor:
    """How much a critic counts that tells true from made in such a share of cases: by no more than chance, it is not listened to."""
    return (2 * skill - 1).clamp(min=0)


def steepness(said: Tensor, near: Tensor) -> Tensor:
    """How much else a critic says of what is STEP away."""
    return ((near - said) / STEP).square().mean() / 2


def pull(goal: Tensor, at: Tensor, size: Tensor) -> Tensor:
    """The gradient of a goal, such as `told_apart`, at what was made, as large as `size` (root mean square): the way for it not to go."""
    (found,) = torch.autograd.grad(goal, at, retain_graph=True)
    return size / found.square().mean().sqrt().clamp(min=1e-12) * found
