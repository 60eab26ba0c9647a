"""Frame by frame through Oasis: the first latent frame comes in, an action at a time, the next latent frame goes out.

As published (Decart and Etched 2024): sigmoid schedule (Jabri et al. 2023), v-prediction (Salimans & Ho 2022), DDIM steps (Song et
al. 2021). The past is told to the network as slightly noisy though it is not, and the newest frames alone are looked at.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from t2w.worlds.oasis.network import Memory, OasisNetwork

LEVELS = 1000


@dataclass(frozen=True)
class Sampling:
    """How a frame is made, and of how much of the past.

    exact    every step looks at the whole window: as published. 320 looks at a frame once the window is full.
    renewed  keys and values of the past are found once for each new frame, from the window alone: the same frames, 41 looks.
    cached   and kept from frame to frame: 11 looks. The same frames until the window is full; from then on what is kept of a frame
             still knows of frames that have left the window.
    """

    way: str = "cached"
    denoising_steps: int = 10
    window: int = 32  # frames, the new one among them
    context_level: int = 14  # of noise, as the past is labelled


def schedule() -> Tensor:
    """The share of the data's variance in a frame at each noise level (1000)."""
    ends = torch.tensor([-3.0, 3.0]).sigmoid()
    at = torch.linspace(0, LEVELS, LEVELS + 1, dtype=torch.float64) / LEVELS
    share = (ends[1] - (6 * at - 3).sigmoid()) / (ends[1] - ends[0])
    lost = 1 - share[1:] / share[:-1]
    return (1 - lost.clamp(0, 0.999).float()).cumprod(0)  # single precision, as published


def levels(steps: int) -> list[int]:
    """The noise levels of the steps, from all noise down: 999, 899, … 99 for ten."""
    return [int(level) for level in torch.linspace(-1, LEVELS - 1, steps + 1)][:0:-1]


def denoise(velocity: Callable[[Tensor, int], Tensor], noise: Tensor, steps: int) -> Tensor:
    """DDIM steps from noise (b …) to data."""
    shares, x = schedule().to(noise.device), noise
    ends = [shares[level] for level in levels(steps)] + [torch.ones_like(shares[0])]
    for level, (share, after) in zip(levels(steps), pairwise(ends), strict=True):
        data = share.sqrt() * x - (1 - share).sqrt() * velocity(x, level)
        pure = (x / share.sqrt() - data) / (1 / share - 1).sqrt()
        x = after.sqrt() * data + (1 - after).sqrt() * pure
    return x


class Dream:
    """Memory, noise and last frames of one dream. Weights are shared; all else is its own."""

    def __init__(self, network: OasisNetwork, first: Tensor, generator: torch.Generator, sampling: Sampling = Sampling()):
        """first (1 c h w); generator on the CPU, so that a seed means the same on every device."""
        assert sampling.way in ("cached", "renewed", "exact") and sampling.window > 1, sampling
        self.network, self.generator, self.sampling = network, generator, sampling
        self.frames = first.new_zeros(1, 0, *first.shape[1:])  # of the window, without the new one
        self.actions = first.new_zeros(1, 0, network.config.actions)
        self.memory: Memory | None = None
        self.t = 0  # the number of the next frame
        self._remember(first, first.new_zeros(1, network.config.actions))

    def step(self, action: Tensor) -> Tensor:
        """Action vector (1 a) => the next latent frame (1 c h w)."""
        noise = torch.randn((1, 1, *self.frames.shape[2:]), generator=self.generator).to(self.frames)

        def velocity(x: Tensor, level: int) -> Tensor:
            if self.sampling.way == "exact":
                frames, actions = torch.cat([self.frames, x], 1), torch.cat([self.actions, action[:, None]], 1)
                return self._look(frames, actions, level)[0][:, -1:]
            return self._look(x, action[:, None], level, self.memory)[0]

        frame = denoise(velocity, noise, self.sampling.denoising_steps)[:, 0]
        self._remember(frame, action)
        return frame

    def fork(self) -> "Dream":
        """A second future of the same moment. Nothing that is remembered is written in place, so both may share it."""
        other = copy.copy(self)
        other.generator = torch.Generator()
        other.generator.set_state(self.generator.get_state())
        return other

    def _look(self, frames: Tensor, actions: Tensor, last: int, memory: Memory | None = None) -> tuple[Tensor, Memory]:
        """Frames and their actions (1 t …), the last at noise level `last`, those before it labelled as the past is."""
        t = frames.shape[1]
        level = torch.tensor([[self.sampling.context_level] * (t - 1) + [last]], device=frames.device)
        return self.network(frames, level, actions, first=self.t + 1 - t, memory=memory)

    def _remember(self, frame: Tensor, action: Tensor) -> None:
        """Takes a finished frame, and the action that led to it, into the window; the oldest leaves it."""
        most, label = self.sampling.window - 1, self.sampling.context_level
        full = self.frames.shape[1] == most
        self.frames = torch.cat([self.frames, frame[:, None]], 1)[:, -most:]
        self.actions = torch.cat([self.actions, action[:, None]], 1)[:, -most:]
        if self.sampling.way == "renewed" and full:
            self.memory = self._look(self.frames, self.actions, label)[1]
        elif self.sampling.way != "exact":
            _, kept = self._look(frame[:, None], action[:, None], label, self.memory)
            self.memory = kept if self.memory is None else [join(old, new, most) for old, new in zip(self.memory, kept, strict=True)]
        self.t += 1


def join(old: tuple[Tensor, Tensor], new: tuple[Tensor, Tensor], most: int) -> tuple[Tensor, Tensor]:
    """Keys and values of the past and of one new frame as one, of the newest `most` frames."""
    keys, values = (torch.cat([a[:, :, max(0, a.shape[2] + 1 - most) :], b], 2) for a, b in zip(old, new, strict=True))
    return keys, values
