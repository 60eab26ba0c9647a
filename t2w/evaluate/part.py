"""What a part of the evaluation is: cases that are measured one by one and kept, and tables that are made of all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from t2w.actions import Action
from t2w.actions.policy import scripted
from t2w.evaluate.truth import Moment, moment, world
from t2w.media.pixels import fit
from t2w.rollout.rollout import walk
from t2w.worlds.protocol import Session, World, WorldSpec
from t2w.worlds.sim import SPEC as SIMULATOR
from t2w.worlds.sim import SimSession, SimWorld

if TYPE_CHECKING:
    from t2w.nn.judge import Judge

Row = dict[str, object]
Tables = dict[str, list[Row]]  # a title, and the rows under it


@dataclass(frozen=True)
class Strip:
    """Films side by side for the page: rows of frames of one size, and what is to be seen in them."""

    about: str
    films: Sequence[np.ndarray]  # (t h w c) each


@dataclass(frozen=True)
class Found:
    """Of one case: figures that JSON can hold, and films to look at."""

    figures: dict
    strips: tuple[Strip, ...] = ()


@dataclass(frozen=True)
class Part:
    """One question. `case(ask, k)` answers it for case k, always in the same way; `tables` sums up the figures of all cases."""

    name: str
    about: str
    case: Callable[..., Found]
    tables: Callable[[list[dict]], Tables]
    n: int  # cases in a whole evaluation
    few: int  # in a quick one
    frames: int  # that a world makes in one case: what the time left is reckoned by
    plots: Callable[[Tables], list[str]] = lambda tables: []
    truth: bool = True  # it compares with the simulator
    settings: tuple = ()  # what else decides the figures


@dataclass(frozen=True)
class Ask:
    """What every case of a world is given."""

    world: World
    judge: Judge | None = None
    seed: int = 0  # of the world's own noise
    pictures: tuple[np.ndarray, ...] = ()  # start frames from outside; none: the simulator's
    tick: Callable[[int], None] = field(default=lambda frames: None)  # told of every frame made

    @property
    def spec(self) -> WorldSpec:
        return self.world.spec

    def moment(self, k: int, **fixed: str) -> Moment:
        """Start k: a given picture, else that of held-out world k."""
        return Moment(self.pictures[k % len(self.pictures)]) if self.pictures else moment(world(k, **fixed))

    def begin(self, start: Moment, k: int) -> Session:
        """A session there. The simulator begins where the truth stands, and so shows what the figures of a perfect world are."""
        if isinstance(self.world, SimWorld) and start.sim is not None:
            return SimSession(start.sim.fork())
        return self.world.begin(self.fitted(start.frame), prompt=start.prompt, seed=self.seed + k)

    def fitted(self, frame: np.ndarray) -> np.ndarray:
        size = self.spec.width, self.spec.height
        return frame if frame.shape[1::-1] == size else fit(frame, *size)

    def film(self, session: Session, frame: np.ndarray, actions: Sequence[Action]) -> np.ndarray:
        """The frames (t h w c) that the session makes on from `frame`, one an action."""
        made = []
        for new, _ in walk(session, self.fitted(frame), scripted(actions), len(actions), chunk=self.spec.chunk):
            made.append(new)
            self.tick(1)
        return np.stack(made)

    def dream(self, start: Moment, actions: Sequence[Action], k: int) -> np.ndarray:
        """begin() and film() in one."""
        return self.film(self.begin(start, k), start.frame, actions)

    def paced(self, action: Action) -> Action:
        """An action meant for the simulator's frames a second, turned as fast in this world's."""
        pace = SIMULATOR.fps / self.spec.fps
        return replace(action, mouse=(action.mouse[0] * pace, action.mouse[1] * pace))

    def can(self, *actions: Action) -> bool:
        return not any(self.spec.space.lacks(action) for action in actions)


def knows_the_simulator(spec: WorldSpec) -> bool:
    """Whether a world can be held against the simulator's truth: its pictures, size, speed and keys."""
    from t2w.worlds.genie import SPEC as STARTER

    same = (spec.width, spec.height, spec.fps) == (SIMULATOR.width, SIMULATOR.height, SIMULATOR.fps)
    keys = set(spec.space.keys) >= set(SIMULATOR.space.keys) and spec.space.mouse
    return spec.name == SIMULATOR.name or (same and keys and spec.pictures == STARTER.pictures)


def sum_up(part: Part, ask: Ask, n: int | None = None) -> Tables:
    """A part's tables, nothing kept."""
    return part.tables([part.case(ask, k).figures for k in range(part.n if n is None else n)])
