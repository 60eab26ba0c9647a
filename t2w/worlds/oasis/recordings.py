"""Recordings of Minecraft as Oasis's authors keep them in, a script out: `.actions.pt` and `.one_hot_actions.pt`, a row a frame."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import torch

from t2w.actions.steps import MAX_FRAMES, Script, Step
from t2w.errors import T2WError
from t2w.worlds.oasis import controls
from t2w.worlds.oasis.pickles import read

BINS = 40  # to each side of the camera's middle


def script(source: str) -> Script:
    """Each row leads from its frame to the next, like every action. Line n is frame n, from 1. Raises T2WError."""
    found = read(Path(source), arrays=True)
    if isinstance(found, torch.Tensor):
        rows = _of_tensor(found, source)
    elif isinstance(found, list) and all(isinstance(row, dict) for row in found):
        rows = [_of_dict(row, source, line) for line, row in enumerate(found, 1)]
    else:
        raise T2WError(
            f"{source} holds {type(found).__name__}; a recording is a list with a dict a frame, or a tensor (t {len(controls.NAMES)})"
        )
    if not 1 <= len(rows) <= MAX_FRAMES:
        raise T2WError(f"{source} has {len(rows)} frames; a script has 1 to {MAX_FRAMES}")
    return Script(source, tuple(_step(row, source, line) for line, row in enumerate(rows, 1)))


def _of_tensor(found: torch.Tensor, source: str) -> np.ndarray:
    """(t 25), the camera in [-1, 1]."""
    if found.ndim != 2 or found.shape[1] != len(controls.NAMES) or found.is_complex():
        raise T2WError(
            f"{source} is a tensor {tuple(found.shape)}; a recording has {len(controls.NAMES)} numbers a frame, (t {len(controls.NAMES)})"
        )
    return found.float().numpy()


def _of_dict(row: dict, source: str, line: int) -> np.ndarray:
    """Controls by name, 0 or 1, and `camera`: pitch and yaw in bins from 0 to 80, of which 40 is no turn."""
    try:
        pitch, yaw = (float(turn) for turn in row["camera"])
        row = row | {"cameraX": (pitch - BINS) / BINS, "cameraY": (yaw - BINS) / BINS}
        return np.array([float(row[name]) for name in controls.NAMES], np.float32)
    except (KeyError, TypeError, ValueError) as error:
        raise T2WError(
            f"{source}:{line}: not a row of Minecraft's controls ({error}); it names {', '.join(controls.NAMES[:3])} … and camera"
        ) from None


def _step(row: np.ndarray, source: str, line: int) -> Step:
    try:
        action = controls.action(row)
    except T2WError as error:
        raise T2WError(f"{source}:{line}: {error}") from None
    return Step(action.keys, (Fraction(action.mouse[0]), Fraction(action.mouse[1])), frames=1, line=line)
