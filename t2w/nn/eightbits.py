"""Weights in eight bits, as they are kept on disk: whole numbers and a scale for each row (Dettmers et al. 2022, "LLM.int8()", without outliers)."""

import torch
from torch import Tensor

SCALE = ".scale"  # follows the name of what is kept so
LEAST = 1024  # numbers in a matrix for which it is worth the while
MOST = 127


def shrunk(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Large matrices and kernels as int8 beside their rows' scales in single precision, all else as it is."""
    found = dict(state)
    for name, weight in state.items():
        if weight.ndim > 1 and weight.numel() >= LEAST:
            rows = weight.float().flatten(1)
            scale = (rows.abs().amax(1) / MOST).clamp(min=torch.finfo(torch.float).tiny)
            found[name] = (rows / scale[:, None]).round().clamp(-MOST, MOST).to(torch.int8).unflatten(1, weight.shape[1:])
            found[name + SCALE] = scale
    return found


def grown(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """What `shrunk` has made smaller, in single precision; all else as it is."""
    scales = {name: part for name, part in state.items() if name.removesuffix(SCALE) in state and name.endswith(SCALE)}
    found = {name: part for name, part in state.items() if name not in scales}
    for name, scale in scales.items():
        weight = state[name.removesuffix(SCALE)]
        found[name.removesuffix(SCALE)] = weight.float() * scale.unflatten(0, (-1, *(1,) * (weight.ndim - 1)))
    return found
