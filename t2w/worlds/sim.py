"""The simulator as a world: prompt and seed make it, actions move its player, frames are the truth that learned worlds are held against."""

import numpy as np

from t2w.actions.action import Action
from t2w.errors import MISSING, T2WError
from t2w.sim.spec import FPS, HEIGHT, SPACE, WIDTH
from t2w.worlds.protocol import WorldSpec, checked_actions, checked_seed

SPEC = WorldSpec(
    name="sim",
    width=WIDTH,
    height=HEIGHT,
    fps=FPS,
    space=SPACE,
    text=True,
    licence="Apache-2.0",
    memory_mib=300,
    about="the simulator itself: no learning, the truth the learned worlds are measured against",
    from_seed=True,
)


def load(device: str = "auto", dtype: str = "auto") -> "SimWorld":
    """The simulator runs on the CPU whatever the device is."""
    return SimWorld()


def simulator(prompt: str, seed: int, width: int = SPEC.width, height: int = SPEC.height):
    """The Simulator of what the prompt names, the seed filling in the rest."""
    try:
        from t2w.sim.simulator import Simulator
        from t2w.sim.spec import sample
        from t2w.sim.understand import understand
    except ModuleNotFoundError as error:
        if error.name != "numba":
            raise
        raise T2WError("the simulator needs numba, which is an extra: pip install 't2w[sim]'", MISSING) from error
    return Simulator(sample(seed, **understand(prompt)), width=width, height=height, fps=SPEC.fps)


class SimWorld:
    spec = SPEC

    def begin(self, frame: np.ndarray, *, prompt: str = "", seed: int = 0) -> "SimSession":
        sim = simulator(prompt, checked_seed(seed))
        notes = (
            ()
            if np.array_equal(frame, sim.frame())
            else (
                "the simulator cannot begin from a picture: it ignores the start frame and builds its own world from the prompt and the seed",
            )
        )
        return SimSession(sim, notes)


class SimSession:
    def __init__(self, sim, notes: tuple[str, ...] = ()):
        self.sim = sim
        self.notes = notes

    def step(self, actions: list[Action]) -> np.ndarray:
        frames = []
        for action in checked_actions(actions):
            self.sim.step(SPEC.space.clipped(action))
            frames.append(self.sim.frame())
        return np.stack(frames)

    def fork(self) -> "SimSession":
        return SimSession(self.sim.fork(), self.notes)
