"""Hills that scroll: turning moves the picture, walking brings it nearer, and a seeded flicker lies over the sky.

A world's module has a SPEC, which is read without loading anything, and `load`. What is heavy is imported in `load`, not here.
"""

import copy

import numpy as np

from t2w.actions.action import Action, ActionSpace
from t2w.worlds.protocol import WorldSpec

SPEC = WorldSpec(
    name="hills",
    width=64,
    height=48,
    fps=10.0,
    space=ActionSpace(keys=("w", "s"), mouse=True, turn=15.0),
    horizon=20.0,
    licence="Apache-2.0",
    territory="the Moon",
    memory_mib=1,
    about="an example of a world in another package",
)


def load(device: str = "auto", dtype: str = "auto") -> "Hills":
    return Hills()


class Hills:
    spec = SPEC

    def begin(self, frame: np.ndarray, *, prompt: str = "", seed: int = 0) -> "Walk":
        return Walk(frame.copy(), np.random.default_rng(seed))


class Walk:
    """One dream: all that changes is in here, so that a fork is a copy."""

    def __init__(self, frame: np.ndarray, rng: np.random.Generator):
        self.frame, self.rng = frame, rng

    def step(self, actions: list[Action]) -> np.ndarray:
        return np.stack([self._next(action) for action in actions])

    def fork(self) -> "Walk":
        return copy.deepcopy(self)

    def _next(self, action: Action) -> np.ndarray:
        frame = np.roll(self.frame, -round(action.mouse[0]), axis=1)
        ahead = ("w" in action.keys) - ("s" in action.keys)
        self.frame = np.roll(frame, ahead, axis=0)
        shown = self.frame.copy()
        shown[:4] = np.clip(shown[:4].astype(int) + self.rng.integers(-8, 9, shown[:4].shape), 0, 255)
        return shown
