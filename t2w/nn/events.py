"""Events: what a key changes in the world besides the eye: a crate bursts, a door opens.

They are a few places of a few frames, and what learns whole frames learns everything else first. So a small network of convolutions looks at
the frames after such a key was pressed, as they would be if nothing but the eye had moved, and says what to change in them, and where.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from t2w.nn.view import places


@dataclass(frozen=True)
class EventsConfig:
    channels: int = 16  # of a latent
    keys: tuple[int, ...] = (5, 6)  # places in the action vector of the keys that change something
    history: int = 11  # frames for which such a key goes on to change something: no longer than it was shown
    width: int = 48
    blocks: int = 2
    rounds: int = 2  # in which the blocks look at a frame
    condition: int = 48

    def pressed(self, actions: Tensor) -> Tensor:
        """Actions so far (b t a) => which of the keys were pressed in the last frames (b n k); before the first action, none."""
        lately = actions[:, -self.history :, list(self.keys)]
        return F.pad(lately, (0, 0, self.history - lately.shape[1], 0))


TINY = EventsConfig(channels=8, width=8, blocks=1, condition=8)  # for the tests


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


class Events(nn.Module):
    """forward(): a frame with what keys have changed in it."""

    def __init__(self, config: EventsConfig):
        super().__init__()
        self.config, d = config, config.condition
        self.told = nn.Sequential(nn.Linear(config.history * len(config.keys), d), nn.SiLU(), nn.Linear(d, d), nn.SiLU())
        self.into = nn.Conv2d(config.channels + 2, config.width, 3, padding=1)
        # What there is anywhere in the frame, for each round: behind a door it looks as beside it.
        self.whole = nn.ModuleList(nn.Linear(config.width, d) for _ in range(config.rounds))
        self.blocks = nn.ModuleList(Block(config.width, d, apart) for apart in range(1, 1 + config.blocks))
        self.out = nn.Conv2d(config.width, config.channels + 1, 3, padding=1)
        with torch.no_grad():
            self.out.weight.mul_(0.1)
            self.out.bias[-1] = -2.0  # at first little is changed

    def forward(self, frame: Tensor, pressed: Tensor) -> tuple[Tensor, Tensor]:
        """frame (b c h w), as it would be if nothing but the eye had moved; pressed (b n k): as the config says of actions => the frame, and
        how much of each place is new (b 1 h w)."""
        kind = self.out.weight.dtype
        where = places(*frame.shape[2:], frame.device).movedim(2, 0).expand(len(frame), -1, -1, -1)
        told = self.told(pressed.to(kind).flatten(1))
        x = self.into(torch.cat([frame, where], 1).to(kind))
        for whole in self.whole:
            here = told + whole(x.mean((2, 3)))
            for block in self.blocks:
                x = block(x, here)
        new, share = self.out(F.silu(x)).float().split([self.config.channels, 1], 1)
        share = share.sigmoid()
        return torch.lerp(frame, new, share), share

    def after(self, frame: Tensor, actions: Tensor) -> tuple[Tensor, Tensor] | None:
        """forward() after actions (b t a). None where none of those keys was pressed; rows in which it was not are left as they are."""
        pressed = self.config.pressed(actions)
        some = pressed.flatten(1).any(1)
        if not some.any():
            return None
        changed, share = self(frame, pressed)
        some = some[:, None, None, None]
        return torch.where(some, changed, frame), share * some
