"""A world of one line, for tests: the picture is a strip, turning right moves it left, w brightens it, and seeded noise sits in a corner."""

from dataclasses import replace

import numpy as np

from t2w.actions.action import Action, ActionSpace
from t2w.worlds.protocol import WorldSpec

SPEC = WorldSpec("strip", 8, 8, 10.0, ActionSpace(keys=("w", "space"), mouse=True, turn=12.0), licence="Apache-2.0", about="a strip")


class StripSession:
    def __init__(self, frame: np.ndarray, rng: np.random.Generator):
        self.frame, self.rng = frame, rng

    def step(self, actions: list[Action]) -> np.ndarray:
        frames = []
        for action in actions:
            self.frame = np.roll(self.frame, -round(action.mouse[0]), axis=1)
            self.frame[-1, -1] = self.rng.integers(0, 255, 3)
            frames.append(self.frame.copy())
        return np.stack(frames)

    def fork(self) -> "StripSession":
        other = StripSession(self.frame.copy(), np.random.default_rng())
        other.rng.bit_generator.state = self.rng.bit_generator.state
        return other


class Strip:
    def __init__(self, chunk: int | None = 1):
        self.spec = replace(SPEC, chunk=chunk)

    def begin(self, frame: np.ndarray, *, prompt: str = "", seed: int = 0) -> StripSession:
        return StripSession(frame.copy(), np.random.default_rng(seed))


def load(device: str = "auto", dtype: str = "auto") -> Strip:
    return Strip()
