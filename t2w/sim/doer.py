"""A player who does what a key can do here, waits, and does it again: what leads to what is then plain to see."""

import math
import random
from collections.abc import Iterator

import numpy as np

from t2w.actions import Action
from t2w.sim.player import level, limited, turn_to
from t2w.sim.simulator import Simulator
from t2w.sim.walking import X, Y

REACH = 1.0  # metres from a crate's side: near enough to hit it
FAST = 8.0  # degrees a frame


class Doer:
    """Opens and shuts the "door", breaks "crate" after crate, bathes at the "shore", or jumps in the "open"."""

    def __init__(self, simulator: Simulator, place: str, seed: int):
        self.simulator, self.rng = simulator, random.Random(seed)
        self.actions = {"door": self._door, "crate": self._crates, "shore": self._bath}.get(place, self._jumps)()

    def __call__(self, frame: np.ndarray, t: int) -> Action:
        return next(self.actions)

    def _act(self, keys: str = "", frames: int = 1, right: float = 0.0) -> Iterator[Action]:
        held = frozenset(keys.split("+")) - {""}
        for _ in range(frames):
            down = level(self.simulator.state.player, gain=0.06) + self.rng.gauss(0, 0.1)
            yield Action(held, (limited(right + self.rng.gauss(0, 0.1), FAST), limited(down, FAST)))

    def _wait(self, least: int = 3, most: int = 14) -> Iterator[Action]:
        return self._act(frames=self.rng.randint(least, most))

    def _there_and_back(self) -> Iterator[Action]:
        """A step or a look to one side, and back again."""
        rng, frames = self.rng, self.rng.randint(3, 10)
        (out, back), turn = rng.choice((("w", "s"), ("s", "w"), ("a", "d"), ("d", "a"), ("", ""))), rng.uniform(-4, 4)
        yield from self._act(out, frames, turn)
        yield from self._act(back, frames, -turn)

    def _up_to(self, x: float, y: float, near: float) -> Iterator[Action]:
        player = self.simulator.state.player
        for _ in range(30):
            off, there = turn_to(player, x, y), math.hypot(x - player[X], y - player[Y]) < near
            if there and abs(off) < 10:
                return
            yield from self._act("" if there or abs(off) >= 45 else "w", 1, 0.4 * off)

    def _again(self, key: str, longest: int) -> Iterator[Action]:
        yield from self._wait()
        yield from self._act(key, self.rng.randint(1, longest))
        yield from self._wait(6, 20)
        if self.rng.random() < 0.4:
            yield from self._there_and_back()

    def _door(self) -> Iterator[Action]:
        while True:
            yield from self._again("e", 2)

    def _crates(self) -> Iterator[Action]:
        player = self.simulator.state.player
        while True:
            crates = self.simulator.state.crates
            left = crates[crates[:, 7] > 0]
            if len(left):
                x, y, _, half = min(left, key=lambda c: math.hypot(c[0] - player[X], c[1] - player[Y]))[:4]
                yield from self._up_to(x, y, half + REACH)
            yield from self._again("lmb", 3)

    def _bath(self) -> Iterator[Action]:
        yield from self._wait()
        yield from self._act("w", self.rng.randint(15, 40))
        while True:
            yield from self._again("space", 20)

    def _jumps(self) -> Iterator[Action]:
        while True:
            yield from self._again(self.rng.choice(("space", "space", "w+space", "lmb", "e")), 3)
