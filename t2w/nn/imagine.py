"""Frame by frame through a latent world: the first frame comes in, an action at a time, the next frame goes out."""

import copy
from dataclasses import dataclass

import torch
from torch import Tensor

from t2w.nn.dynamics import Dynamics, Memory
from t2w.nn.flow import on_the_way, sample


@dataclass(frozen=True)
class Sampling:
    """How a frame is made. `window` past frames and the very first are remembered."""

    denoising_steps: int = 4
    guidance: float = 1.0  # how much more than believed the action is to count; 1: as believed, and half the work
    context_noise: float = 0.05  # in the past as it is remembered; the network is told
    window: int = 14


class Dream:
    """b dreams side by side: memory, noise and last frame (b c h w). Weights are shared; all else is its own."""

    def __init__(self, dynamics: Dynamics, first: Tensor, generator: torch.Generator, sampling: Sampling = Sampling()):
        self.dynamics, self.generator, self.sampling = dynamics, generator, sampling
        self.memory: Memory | None = None
        self.frames = 0  # remembered
        self.before = first
        nothing = first.new_zeros(len(first), dynamics.config.actions)
        self._remember(first, first, nothing, told=0.0)

    def step(self, action: Tensor) -> Tensor:
        """Action vectors (b a) => the next latent frames (b c h w)."""
        noise = self._noise()

        def guess(x: Tensor, tau: Tensor) -> Tensor:
            told = self._look(x, tau, action, 1.0)[0]
            if self.sampling.guidance == 1:
                return told
            untold = self._look(x, tau, action, 0.0)[0]
            return untold + self.sampling.guidance * (told - untold)

        frame = sample(guess, noise, self.sampling.denoising_steps)
        self._remember(frame, self.before, action, told=1.0)
        return frame

    def fork(self) -> "Dream":
        """A second future of the same moment. Memory is never written in place, so both may share it."""
        other = copy.copy(self)
        other.generator = torch.Generator(self.generator.device)
        other.generator.set_state(self.generator.get_state())
        return other

    def _noise(self) -> Tensor:
        return torch.randn(self.before.shape, generator=self.generator, device=self.before.device, dtype=self.before.dtype)

    def _look(self, x: Tensor, tau: Tensor, action: Tensor, told: float, before: Tensor | None = None) -> tuple[Tensor, Memory]:
        before = self.before if before is None else before
        frame = torch.arange(self.frames + 1, device=x.device)
        known = torch.full_like(tau, told)[:, None]
        past = frame[:-1] if self.frames else None
        guess, kept = self.dynamics(
            x[:, None], before[:, None], tau[:, None], action[:, None], known, frame[-1:], memory=self.memory, remembered=past
        )
        return guess[:, 0], kept

    def _remember(self, frame: Tensor, before: Tensor, action: Tensor, told: float) -> None:
        """Takes a finished frame into memory, with a little noise; forgets the oldest but the first."""
        tau = frame.new_full((len(frame),), 1 - self.sampling.context_noise)
        noisy = on_the_way(frame, self._noise(), tau)
        if self.frames == 0:
            before = noisy
        _, kept = self._look(noisy, tau, action, told, before)
        n, most = self.dynamics.tokens, self.sampling.window + 1
        if self.memory is not None:
            kept = [(torch.cat([a, c], 2), torch.cat([b, d], 2)) for (a, b), (c, d) in zip(self.memory, kept)]
        if self.frames + 1 > most:
            kept = [tuple(torch.cat([part[:, :, :n], part[:, :, 2 * n :]], 2) for part in pair) for pair in kept]
        self.memory, self.frames = kept, min(self.frames + 1, most)
        self.before = noisy
