"""What a world is: a spec that can be read without loading anything, weights that begin sessions, sessions that turn actions into frames."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np

from t2w.actions.action import Action, ActionSpace

M = TypeVar("M")
Kept = Callable[[tuple, Callable[[], M]], M]  # (what it is, how to load it) => the model, which may have been loaded before


def anew(key: tuple, load: Callable[[], M]) -> M:
    """Every time, as one film wants it: the painter makes room for the world."""
    return load()


@dataclass(frozen=True)
class WorldSpec:
    name: str
    width: int
    height: int
    fps: float
    space: ActionSpace
    chunk: int | None = 1  # actions a step takes; None: a whole script at once
    text: bool = False  # begins from words too
    horizon: float | None = None  # seconds it was made for; None: no end
    licence: str = ""
    territory: str = ""  # where the licence does not hold, in words; "": it names no such place
    memory_mib: int = 0  # what it needs while it runs
    about: str = ""
    pictures: str = ""  # the kind of start frame it was trained on, said when another kind comes; "": any
    from_seed: bool = False  # prompt and seed alone make the world (the simulator): the start frame is only looked at

    def frames(self, seconds: float) -> int:
        return max(1, round(seconds * self.fps))


class Session(Protocol):
    """One dream: memory, noise and position in time. It may have `notes: tuple[str, ...]`, things the user should know about its beginning."""

    def step(self, actions: list[Action]) -> np.ndarray:
        """`spec.chunk` actions in, as many frames (t h w c) uint8 out: action t leads from frame t to frame t+1."""
        ...

    def fork(self) -> "Session":
        """An independent copy: what one is told afterwards the other never learns."""
        ...


class World(Protocol):
    """Weights, shared between sessions."""

    spec: WorldSpec

    def begin(self, frame: np.ndarray, *, prompt: str = "", seed: int = 0) -> Session:
        """A session that stands at `frame` (h w c) uint8 of the world's own size."""
        ...
