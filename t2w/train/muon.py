"""Muon (Jordan et al. 2024): momentum, made orthogonal by Newton-Schulz, for weight matrices and the kernels of convolutions.

torch.optim.Muon does the same for matrices, in bfloat16, which is fifty times slower than float32 on a CPU without bfloat16 units;
this one works in the weights' own precision there.
"""

import torch
from torch import Tensor

from t2w.nn.precision import bfloat16_is_fast

COEFFICIENTS = (3.4445, -4.7750, 2.0315)


def orthogonal(m: Tensor, steps: int = 5) -> Tensor:
    """The nearest matrices (n h w) whose singular values are all about 1."""
    a, b, c = COEFFICIENTS
    x = m.bfloat16() if bfloat16_is_fast() else m
    x = x.mT if m.shape[1] > m.shape[2] else x
    x = x / (torch.linalg.matrix_norm(x.float(), keepdim=True) + 1e-7).to(x.dtype)
    for _ in range(steps):
        s = x @ x.mT
        x = a * x + (b * s + c * s @ s) @ x
    return (x.mT if m.shape[1] > m.shape[2] else x).to(m.dtype)


class Muon(torch.optim.Optimizer):
    """For weights (out in) and (out in h w), taken as (out in*h*w). The rate is matched to AdamW's root mean square (Liu et al. 2025).

    Weights of one size are made orthogonal together: one by one, a GPU would wait for every small product.
    """

    def __init__(self, weights: list[Tensor], lr: float, weight_decay: float = 0.0, momentum: float = 0.95):
        super().__init__(weights, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        for group in self.param_groups:
            alike: dict[tuple[int, ...], list[tuple[Tensor, Tensor]]] = {}
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                held = self.state[weight].setdefault("momentum", torch.zeros_like(weight))
                held.lerp_(weight.grad, 1 - group["momentum"])
                ahead = weight.grad.lerp(held, group["momentum"]).flatten(1)  # Nesterov
                alike.setdefault(tuple(ahead.shape), []).append((weight, ahead))
            for shape, pairs in alike.items():
                found = orthogonal(torch.stack([ahead for _, ahead in pairs]))
                for (weight, _), by in zip(pairs, found):
                    weight.mul_(1 - group["lr"] * group["weight_decay"])
                    weight.add_(by.view_as(weight), alpha=-group["lr"] * 0.2 * max(shape) ** 0.5)
