"""Events: what a key changes in the world besides the eye: a crate bursts, a door opens.

They are a few places of a few frames, and what learns whole frames learns everything else first. So a small network of convolutions looks at
the frames after such a key was pressed, as they would be if nothing but the eye had moved, and says what to change in them, and where.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from t2w.nn.repaint import Repaint
from t2w.nn.view import places

CHANGES = 0.06  # mean square by which a latent differs where something has changed; less is noise


@dataclass(frozen=True)
class EventsConfig:
    channels: int = 16  # of a latent
    keys: tuple[int, ...] = (5, 6)  # places in the action vector of the keys that change something
    history: tuple[int, ...] = (11, 5)  # frames for which each of them goes on to change something: no longer than it was shown
    width: int = 96
    blocks: int = 3
    rounds: int = 2  # in which the blocks look at a frame
    condition: int = 64

    def pressed(self, actions: Tensor) -> Tensor:
        """Actions so far (b t a) => which of the keys were pressed in the last frames (b n k), each as far back as its history goes; before the
        first action, none."""
        n = max(self.history)
        lately = actions[:, -n:, list(self.keys)]
        ago = torch.arange(n, 0, -1, device=actions.device)
        return F.pad(lately, (0, 0, n - lately.shape[1], 0)) * (ago[:, None] <= ago.new_tensor(self.history))


TINY = EventsConfig(channels=8, width=8, blocks=1, condition=8)  # for the tests


def changing(now: Tensor, ago: Tensor) -> Tensor:
    """Where frames (… c h w) differ by more than noise (… 1 h w): 1, else 0."""
    return ((now - ago).square().mean(-3, keepdim=True) > CHANGES).float()


class Events(Repaint):
    """forward(): a frame with what keys have changed in it."""

    def __init__(self, config: EventsConfig):
        super().__init__(config, config.channels + 2, max(config.history) * len(config.keys))

    def forward(self, frame: Tensor, pressed: Tensor) -> Tensor:
        """frame (b c h w), as it would be if nothing but the eye had moved; pressed (b n k): as the config says of actions => the frame."""
        where = places(*frame.shape[2:], frame.device).movedim(2, 0).expand(len(frame), -1, -1, -1)
        new, share = self.painted(torch.cat([frame, where], 1), pressed.flatten(1))
        return torch.lerp(frame, new, share)

    def after(self, frame: Tensor, actions: Tensor) -> tuple[Tensor, Tensor] | None:
        """forward() after actions (b t a): the frame, and where that has changed it (b 1 h w: 1, else 0). None where none of those keys was
        pressed; rows in which it was not, and what would hardly change, are left as they are."""
        pressed = self.config.pressed(actions)
        some = pressed.flatten(1).any(1)
        if not some.any():
            return None
        changed = self(frame, pressed)
        where = some[:, None, None, None] * changing(changed, frame)
        return torch.where(where > 0, changed, frame), where
