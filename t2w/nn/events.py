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


class Events(Repaint):
    """forward(): a frame with what keys have changed in it."""

    def __init__(self, config: EventsConfig):
        super().__init__(config, config.channels + 2, config.history * len(config.keys))

    def forward(self, frame: Tensor, pressed: Tensor) -> tuple[Tensor, Tensor]:
        """frame (b c h w), as it would be if nothing but the eye had moved; pressed (b n k): as the config says of actions => the frame, and
        how much of each place is new (b 1 h w)."""
        where = places(*frame.shape[2:], frame.device).movedim(2, 0).expand(len(frame), -1, -1, -1)
        new, share = self.painted(torch.cat([frame, where], 1), pressed.flatten(1))
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
