"""The player's body: how it stands follows from what was done, and so it is drawn in each frame, from the first picture and from that.

Whoever carries frames on leaves the player as he was, and a network that learns whole frames hardly moves him. But his limbs follow from the
keys: a small network says from them how he stands, as the parallax's gait says how he goes. Another one, of convolutions, looks at the few
places around him, as they are and as they were at first, and draws him there as he stands now. He is always drawn from the first picture, so
he stays who he is.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from t2w.nn.geometry import FINER
from t2w.nn.parallax import Motion, histories, three_layers
from t2w.nn.repaint import Repaint
from t2w.nn.view import places

CLOCKS = (1.0, 1.6, 3.0)  # radians of a step, a stroke and a kick for one of the stance's phase
UNITS = (4.0, 1.0, 6.0, 1.0, 0.4, 1.0)  # of all else that a stance is made of


class Stance(NamedTuple):
    """How the player stands, as of the simulator. The rest: metres a second; 1 on the ground, else 0; metres a second upwards; 1 in water, else 0;
    seconds that a blow still takes; metres under water."""

    phase: Tensor  # (b) of his steps since the first picture, in radians
    rest: Tensor  # (b 6)

    @staticmethod
    def of(facts: Tensor, phase: Tensor) -> "Stance":
        """Facts of shards (b 7), and the phase (b) that they are counted from."""
        return Stance(facts[:, 0] - phase, facts[:, 1:])

    def told(self, turn: Tensor, tilt: Tensor) -> Tensor:
        """(b 15), by how many radians the view has turned to the right since the first picture (b), and by how many it looks down (b)."""
        clocks = self.phase[:, None] * self.phase.new_tensor(CLOCKS)
        view = torch.stack([turn.cos(), turn.sin(), tilt], 1)
        return torch.cat([clocks.cos(), clocks.sin(), self.rest / self.rest.new_tensor(UNITS), view], 1)


@dataclass(frozen=True)
class BodyConfig:
    channels: int = 16  # of a latent
    actions: int = 9  # size of the action vector
    history: int = 16  # actions from which it follows how one stands
    stance: int = 64  # width of what says so
    high: int = 8  # latents around the player
    wide: int = 10
    width: int = 64
    blocks: int = 3
    rounds: int = 2  # in which the blocks look at them
    condition: int = 64


TINY = BodyConfig(channels=8, stance=8, width=8, blocks=1, condition=8)  # for the tests


class Standing(nn.Module):
    """Histories (b n a+1), and whether the player swims (b: 1, else 0) => how the next stance differs from this one in phase (b), and the rest
    of it (b 6)."""

    def __init__(self, config: BodyConfig):
        super().__init__()
        self.history = config.history
        self.layers = three_layers(config.history * (config.actions + 1) + 1, config.stance, 7)

    def forward(self, history: Tensor, afloat: Tensor) -> tuple[Tensor, Tensor]:
        told = torch.cat([history[:, : self.history].flatten(1), afloat[:, None]], 1)
        found = self.layers(told.to(self.layers[0].weight.dtype)).float()
        return found[:, 0], found[:, 1:] * found.new_tensor(UNITS)


class Body(Repaint):
    """forward(): a frame with the player as he stands."""

    def __init__(self, config: BodyConfig):
        super().__init__(config, 2 * config.channels + 3, 2 * len(CLOCKS) + len(UNITS) + 3)
        self.standing = Standing(config)

    def forward(self, frame: Tensor, first: Tensor, told: Tensor, hidden: Tensor, at: Tensor) -> tuple[Tensor, Tensor]:
        """frame (b c h w) with the player as he stood; the first frame (b c h w); told (b 15) of the stance; hidden (b 1 h w): places whose
        look is not to be believed: 1, else 0; at (b 2): where the window is in which he is drawn => what to draw there (b c high wide), and how much
        of it (b 1 high wide)."""
        where = places(*frame.shape[2:], frame.device).movedim(2, 0).expand(len(frame), -1, -1, -1)
        seen = torch.cat([frame * (1 - hidden), first, hidden, where], 1)
        return self.painted(cut(seen, at, (self.config.high, self.config.wide)), told)

    def drawn(self, onto: Tensor, new: Tensor, share: Tensor, at: Tensor) -> Tensor:
        """A frame (b c h w) with what forward() says in it."""
        row, column, every = _window(at, new.shape[2:])
        frame = onto.movedim(1, 3).clone()
        there = frame[every, row, column]
        frame[every, row, column] = torch.lerp(there, new.movedim(1, 3).to(there.dtype), share.movedim(1, 3).to(there.dtype))
        return frame.movedim(3, 1)

    def around(self, player: Tensor) -> Tensor:
        """Where the window is (b 2: row and column of its first place), by where the player is (b h w: 1, else 0); in the middle if nowhere."""
        h, w = player.shape[1:]
        spots = places(h, w, player.device)[..., [1, 0]]
        middle = (player[..., None] * spots).sum((1, 2)) / player.sum((1, 2))[:, None].clamp(min=1)
        size, whole = middle.new_tensor([self.config.high, self.config.wide]), middle.new_tensor([h, w])
        return ((middle + 1) / 2 * whole - size / 2).round().clamp(middle.new_zeros(2), whole - size).long()


@dataclass(frozen=True)
class Player:
    """Who the player of a dream is, and how he stands in its last frame. Nothing of it is written in place."""

    first: Tensor  # the first frame (b c h w)
    at: Tensor  # (b 2) of the window
    phase: Tensor  # (b) as of `Stance`
    told: Tensor | None = None  # (b 15) of his stance
    hidden: Tensor | None = None  # (b 1 h w) where he stood: of that, what is drawn must not be made, else its faults would add up

    @staticmethod
    def of(body: Body, first: Tensor, player: Tensor) -> "Player":
        """`player` (b H W): where he is in the first picture: 1, else 0."""
        return Player(first, body.around(covered(player)[:, 0]), first.new_zeros(len(first)))

    def onward(self, body: Body, actions: Tensor, motion: Motion, turn: Tensor) -> "Player":
        """After actions so far (b t a), the last of which moves the picture so; `turn` (b): by how many radians the view has turned to the right
        since the first."""
        afloat = (motion.afloat > 0).float()
        by, rest = body.standing(histories(actions, body.config.history)[:, -1], afloat)
        told = Stance(self.phase + by, rest).told(turn, motion.manner.tilt)
        return replace(self, phase=self.phase + by, told=told, hidden=hiding(covered((motion.player > 0).float()), afloat))

    def drawn(self, body: Body, carried: Tensor, onto: Tensor) -> Tensor:
        """A frame (b c h w) with him as he stands, by a `carried` one with him as he stood."""
        return body.drawn(onto, *body(carried, self.first, self.told, self.hidden, self.at), self.at)


def covered(player: Tensor) -> Tensor:
    """Where the player is (b H W: 1, else 0) => which latents he touches (b 1 h w)."""
    return F.max_pool2d(player[:, None], FINER)


def beside(player: Tensor) -> Tensor:
    """Latents that he touches (b 1 h w: 1, else 0) => those, and the ones beside them."""
    return F.max_pool2d(player, 3, 1, 1)


def hiding(player: Tensor, afloat: Tensor) -> Tensor:
    """Latents in which he is to be guessed (b 1 h w): by those that he touches (b 1 h w: 1, else 0); for who swims (b: 1, else 0), all: who rises
    out of the water comes to be where he was not."""
    return torch.maximum(beside(player), afloat[:, None, None, None])


def cut(frame: Tensor, at: Tensor, size: tuple[int, int]) -> Tensor:
    """A window of so many places, high and wide, of a frame (b c h w)."""
    row, column, every = _window(at, size)
    return frame.movedim(1, 3)[every, row, column].movedim(3, 1)


def _window(at: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor, Tensor]:
    rows, columns = (torch.arange(n, device=at.device) for n in size)
    every = torch.arange(len(at), device=at.device)
    return at[:, 0, None, None] + rows[:, None], at[:, 1, None, None] + columns, every[:, None, None]
