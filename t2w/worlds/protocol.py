"""What a world is: a spec that can be read without loading anything, weights that begin sessions, sessions that turn actions into frames."""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np

from t2w.actions.action import Action, ActionSpace
from t2w.errors import T2WError

LAST_SEED = 2**63 - 1  # of torch's generators
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


def checked_frame(frame: np.ndarray) -> np.ndarray:
    """A start frame as an array (h w c) uint8 RGB. Raises T2WError for any other."""
    frame = np.asarray(frame)
    if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
        raise T2WError(f"a start frame is an array (height, width, 3) of uint8, not {frame.shape} of {frame.dtype}")
    return frame


def checked_seed(seed: int) -> int:
    """Raises T2WError for what is no whole number from 0 to the largest."""
    try:
        whole = operator.index(seed)
    except TypeError:
        raise T2WError(f"a seed is a whole number, not {seed!r}") from None
    if not 0 <= whole <= LAST_SEED:
        raise T2WError(f"the seed {whole} is out of range; it goes from 0 to {LAST_SEED:,}")
    return whole


def checked_actions(actions: list[Action]) -> list[Action]:
    """Raises T2WError for what is no list of actions, or an empty one."""
    if isinstance(actions, Action) or not actions or not all(isinstance(action, Action) for action in actions):
        raise T2WError("a step takes a list of one Action or more")
    return actions


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
