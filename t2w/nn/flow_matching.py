"""Flow matching in words of x: noise is tau = 0, data tau = 1, a frame on the way is (1 - tau) noise + tau data.

The network says what the data is; loss and steps follow from that. (Lipman et al. 2023; x-prediction, and a loss in x with a ramp weight, after
Dreamer 4, Hafner et al. 2025, whose ramp is steeper: 0.9 tau + 0.1.)
"""

from collections.abc import Callable

import torch
from torch import Tensor

Guess = Callable[[Tensor, Tensor], Tensor]  # a state on the way (b …) and its tau (b) => the data it leads to (b …)


class Draw:
    """Noise, and levels of it, for n pictures."""

    def __init__(self, pictures: Tensor, generator: torch.Generator):
        self.n, self.how = len(pictures), {"generator": generator, "device": pictures.device}

    def noise(self, like: Tensor) -> Tensor:
        return torch.randn(like.shape, **self.how)

    def level(self) -> Tensor:
        """(n) 0 to 1."""
        return torch.rand(self.n, **self.how)


def on_the_way(data: Tensor, noise: Tensor, tau: Tensor) -> Tensor:
    """tau (b …) is broadcast over the trailing axes of data."""
    tau = tau[(...,) + (None,) * (data.ndim - tau.ndim)]
    return noise + tau * (data - noise)


def ramp(tau: Tensor) -> Tensor:
    """The loss's weight at tau: a frame that is nearly data says more about detail than one that is nearly noise."""
    return 0.5 * tau + 0.5


def sample(guess: Guess, noise: Tensor, steps: int) -> Tensor:
    """Euler steps from noise (b …) to data, straight towards each guess."""
    x = noise
    for k in range(steps):
        tau = torch.full((len(x),), k / steps, device=x.device)
        x = x + (guess(x, tau) - x) / (steps - k)
    return x
