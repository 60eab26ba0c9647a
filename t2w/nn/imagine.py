"""Frame by frame through a latent world: the first frame comes in, an action at a time, the next frame goes out."""

import copy
import math
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from t2w.nn.body import Player
from t2w.nn.carrier import Carried, Carrier
from t2w.nn.dynamics import Dynamics, Memory, Sight
from t2w.nn.flow_matching import on_the_way, sample
from t2w.nn.foresight import looked_ahead, looked_around, mended
from t2w.nn.geometry import per_latent, warped
from t2w.nn.parallax import Motion, Seen
from t2w.nn.surroundings import Surroundings
from t2w.nn.view import window

LOOKED = 4  # frames from one at which is looked to tell how near all is in it, to the next; between them what was seen moves on
HIS = 0.6  # share of a latent from which on it is the player's
CHANGED = 0.3  # how near to a latent that has changed a place must be, that what was known of it is forgotten


@dataclass(frozen=True)
class Sampling:
    """How a frame is made. `window` past frames and the very first are remembered."""

    denoising_steps: int = 4
    guidance: float = 1.0  # how much more than believed the action is to count in the first look; 1: as believed, and less work
    context_noise: float = 0.05  # in the past as it is remembered; the network is told
    window: int = 14
    steady: float = 0.0  # share of the noise that stays where it is in the world, turning with the view: what is invented stays, too


class Dream:
    """b dreams side by side: memory, noise and last frame (b c h w). Weights are shared; all else is its own.

    A look at several frames costs little more than a look at one. So in the first look at a frame, where the action decides, it is looked
    at with and without it at once (guidance, in that interval alone: Kynkäänniemi et al. 2024); and the last frame enters memory there.
    """

    def __init__(
        self,
        dynamics: Dynamics,
        first: Tensor,
        generator: torch.Generator,
        sampling: Sampling = Sampling(),
        carrier: Carrier | None = None,
        picture: Tensor | None = None,
    ):
        """`first` (b c h w); `picture` (b 3 8h 8w): what it is the latents of, where that is at hand: its details are carried on."""
        self.dynamics, self.generator, self.sampling, self.carrier = dynamics, generator, sampling, carrier
        self.memory: Memory = []  # of the frames before the last: the very first, and the newest of the window
        self.headings = first.new_zeros(len(first), 0, 2)  # theirs
        self.first, self.last, self.before = first, first, None  # the one before the last as it is remembered
        self.heading = first.new_zeros(len(first), 2)  # the last one's
        self.action, self.told = first.new_zeros(len(first), dynamics.config.actions), 0.0  # what led to the last
        self.panorama = self._noise(2 * first.shape[2], self._around()) if sampling.steady else None
        self.noise: Tensor | None = None  # from which the last was made
        self.actions = first.new_zeros(len(first), 0, dynamics.config.actions)  # as many as the carrier wants, the last at the end
        self.around: Surroundings | None = None  # what was seen; its last view is the last frame's
        self.motion: Motion | None = None  # that led to the last frame
        self.player: Player | None = None  # in it
        self.carried: Carried | None = None  # the last's: the one before it as the action carried it on
        self.carried_noised: Tensor | None = None  # its latents as they are remembered
        self._picture = picture

    @property
    def frames(self) -> int:
        """How many are in memory."""
        return self.headings.shape[1]

    def step(self, action: Tensor, way: tuple[Tensor, Tensor] | None = None) -> Tensor:
        """Action vectors (b a) => the next latent frames (b c h w). `way`: where places truly were before (b H W 2), and
        which were seen there (b H W), if that is known."""
        guidance, steps, clean = self.sampling.guidance, self.sampling.denoising_steps, 1 - self.sampling.context_noise
        self._forget()
        last = on_the_way(self.last, self._noise(), self.last.new_full((len(self.last),), clean))
        before = last if self.before is None else self.before
        carried = self._carry(action, way)
        onward = None if carried is None else on_the_way(carried.latents, self._noise(), self.last.new_full((len(self.last),), clean))
        past_onward = before if self.carried_noised is None else self.carried_noised
        told = [[1.0, 0.0] if k == 0 and guidance != 1 else [1.0] for k in range(steps)]  # at each look
        modulations = self._modulations(
            [clean, *(k / steps for k, known in enumerate(told) for _ in known)],
            [self.told, *(one for known in told for one in known)],
            action,
        )
        headings = [self.heading, *(self.heading + known * action[:, -2:] for known in (1.0, 0.0))]
        looks = iter(range(steps))

        def guess(x: Tensor, tau: Tensor) -> Tensor:
            k = next(looks)
            n, old = len(told[k]), int(k == 0)  # at first the last frame is looked at too
            begin = 1 + sum(map(len, told[:k]))
            rows = [part[:, begin - old : begin + n] for part in modulations]
            turns = torch.stack(headings[1 - old : 1 + n], 1)
            moved = None if onward is None else [past_onward] * old + [onward, last][:n]
            found = self._look([last] * old + [x] * n, [before] * old + [last] * n, rows, turns, old, moved)
            return found[:, -1] + guidance * (found[:, -n] - found[:, -1])

        self.noise = self._steadied(self._noise(), headings[1])
        frame = sample(guess, self.noise, steps)
        frame, carried = self._changed(frame, carried)
        if self.player is not None:
            frame = self.player.drawn(self.carrier.body, carried.latents, frame)
        self.last, self.before, self.heading, self.action, self.told = frame, last, headings[1], action, 1.0
        self.carried, self.carried_noised, self._picture = carried, onward, None
        return frame

    def picture(self) -> Tensor:
        """The last frame (b 3 8h 8w) in about [-1, 1]; where there is a carrier, it wants it as well."""
        if self._picture is None:
            first = self.carried is None
            self._picture = self.carrier.picture(self.last) if first else self.carrier.renewed(self.last, self.carried)
        return self._picture

    def fork(self) -> "Dream":
        """A second future of the same moment. Memory is never written in place, so both may share it."""
        other = copy.copy(self)
        other.generator = torch.Generator(self.generator.device)
        other.generator.set_state(self.generator.get_state())
        return other

    def _carry(self, action: Tensor, way: tuple[Tensor, Tensor] | None) -> Carried | None:
        """The last frame as the action carries it on, together with what was seen before."""
        if self.carrier is None:
            return None
        picture, carrier = self.picture(), self.carrier
        if way is not None:
            return carrier.carried(warped(picture, way[0]), way[1])
        if self.around is None:
            self.motion = carrier.motion(picture, torch.zeros_like(action)[:, None])
            self.around = Surroundings.of(picture, self.motion)
            if carrier.body is not None:
                self.player = Player.of(carrier.body, self.first, self.around.last.player)
        elif carrier.outpainter is not None:
            self.around, picture = mended(self.around, picture, self.motion, self.first, self._noise, carrier)
        self.actions = _join(self.actions, action[:, None])[:, -carrier.parallax.config.gait :]
        seen = self._seen(picture).told(self.around.near)
        self.motion = motion = carrier.motion(picture, self.actions, self.motion.manner, seen)
        if self.player is not None:
            turn = (self.heading + action[:, -2:])[:, 0] * math.radians(carrier.parallax.config.turn)
            self.player = self.player.onward(carrier.body, self.actions, motion, turn)
        around = self.around.seen(picture, motion)
        if carrier.outpainter is not None:
            around = looked_around(around, self.first, self._noise, carrier)
            around = looked_ahead(around, motion, self.first, self._noise, carrier)
        self.around = around.onward(motion)
        return carrier.carried(self.around.last.picture, self.around.sure, self.around.settled)

    def _seen(self, picture: Tensor) -> Seen:
        """What there is to be seen in the last frame's picture (b 3 8h 8w); in the first one, that is known already."""
        if not self.around.frames:
            return self.motion.seen
        if self.around.frames % LOOKED:
            return self.motion.seen._replace(near=self.around.last.near)
        return self.carrier.parallax.seen(picture)

    def _changed(self, frame: Tensor, carried: Carried | None) -> tuple[Tensor, Carried | None]:
        """The frame (b c h w) with what keys have changed in the world: not the player, who stands before it. There nothing of the carried one
        is right, nor of what was seen before."""
        events = self.around and self.carrier.events
        found = events and events.after(frame, self.actions)
        if found is None:
            return frame, carried
        changed, where = found
        where = where * (per_latent(self.around.last.player) < HIS)
        frame = torch.where(where > 0, changed, frame)
        if where.any():
            where = (F.interpolate(where, carried.sure.shape[1:], mode="bilinear")[:, 0] > CHANGED).float()
            carried = replace(carried, sure=carried.sure * (1 - where))
            self.around = self.around.forgetting(where)
        return frame, carried

    def _noise(self, *size: int) -> Tensor:
        """As large as a frame, or h by w."""
        like, size = self.last, size or self.last.shape[2:]
        return torch.randn((*like.shape[:2], *size), generator=self.generator, device=like.device, dtype=like.dtype)

    def _around(self) -> int:
        """How many latents are seen in turning around once."""
        return round(math.pi / self.dynamics.lens[0].item() * self.last.shape[3])

    def _steadied(self, fresh: Tensor, heading: Tensor) -> Tensor:
        """As much of the noise as should stay is that which the world has in this direction."""
        if self.panorama is None:
            return fresh
        kept, (h, w) = self.sampling.steady, fresh.shape[2:]
        gone = self.dynamics.turned(heading) / (2 * self.dynamics.lens) * fresh.new_tensor([w, h])
        return kept**0.5 * window(self.panorama, gone.round(), h, w) + (1 - kept) ** 0.5 * fresh

    def _modulations(self, tau: list[float], told: list[float], action: Tensor) -> list[Tensor]:
        """Of the last frame, and of every guess at the next."""
        tau, told = (action.new_tensor(row).expand(len(action), -1) for row in (tau, told))
        return self.dynamics.modulations(tau, torch.stack([self.action] + [action] * (tau.shape[1] - 1), 1), told)

    def _look(
        self, x: list[Tensor], before: list[Tensor], modulations: list[Tensor], headings: Tensor, old: int, carried: list[Tensor] | None
    ) -> Tensor:
        """Frames without their noise (b t c h w). Each sees memory and itself; with `old`, the last frame comes first, seen by all and only seen."""
        sight = self._sight(headings, old)
        onward = None if carried is None else torch.stack(carried, 1)
        found, kept = self.dynamics.look(torch.stack(x, 1), torch.stack(before, 1), modulations, sight, self.memory, len(x) - old, onward)
        if old:
            kept = [tuple(part[:, :1] for part in pair) for pair in kept]
            self.memory = [tuple(map(_join, *pairs)) for pairs in zip(self.memory, kept)] if self.memory else kept
            self.headings = _join(self.headings, headings[:, :1])
        return found

    def _sight(self, headings: Tensor, old: int) -> Sight:
        """Where these frames stand (b t 2), and whom they may look at: memory, themselves, and the last frame, be it in memory or here."""
        past, t, device = self.frames, headings.shape[1], headings.device
        time = torch.tensor([past] + [past + old] * (t - 1), device=device)
        allowed = torch.cat([torch.ones(t, past, device=device), torch.eye(t, device=device)], 1).bool()
        allowed[:, past] |= bool(old)
        before = torch.tensor([max(past - 1, 0)] + [past - 1 + old] * (t - 1), device=device)
        return Sight(time, headings, before, allowed, torch.arange(past, device=device), self.headings)

    def _forget(self) -> None:
        """Makes room for the last frame: the oldest but the very first goes, so that the first always stands just before the window."""
        if self.frames > self.sampling.window:
            self.memory = [tuple(_join(part[:, :1], part[:, 2:]) for part in pair) for pair in self.memory]
            self.headings = _join(self.headings[:, :1], self.headings[:, 2:])


def _join(a: Tensor, b: Tensor) -> Tensor:
    return torch.cat([a, b], 1)
