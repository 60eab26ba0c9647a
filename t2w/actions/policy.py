"""Policies: called with the last frame and t, they choose action t. Same name, same seed: the same actions."""

from collections.abc import Callable, Iterator, Sequence
from math import pi, sin
from random import Random

import numpy as np

from t2w.actions import own_policy, plugins
from t2w.actions.action import Action, ActionSpace
from t2w.errors import T2WError

# (last frame (h w c) uint8, which may not be written on, t) -> action t, which leads from frame t to frame t+1
Policy = Callable[[np.ndarray, int], Action]
Maker = Callable[[ActionSpace, float, int], Policy]  # (space, fps, seed)

IDLE = Action()
GROUP = "t2w.policies"
WALKS = (("w",),) * 5 + ((),) * 3 + (("s",), ("a",), ("d",), ("w", "a"), ("w", "d"))


def idle() -> Policy:
    """Does nothing."""
    return lambda frame, t: IDLE


def scripted(actions: Sequence[Action]) -> Policy:
    """Plays the actions, then does nothing."""
    actions = tuple(actions)
    return lambda frame, t: actions[t] if t < len(actions) else IDLE


def random(space: ActionSpace, fps: float, seed: int) -> Policy:
    """A sticky random walk: each choice of keys and turn is held for 2 to 8 frames."""
    return _planned(_random_walk(space, Random(seed)))


def explore(space: ActionSpace, fps: float, seed: int) -> Policy:
    """Goes forward in gentle curves, stops to look, jumps now and then, turns round and comes back."""
    return _planned(_exploration(space, fps, Random(seed)))


def names() -> list[str]:
    """The policies that `make` knows by name."""
    return [*_OURS, *plugins.names(GROUP, tuple(_OURS))]


def maker(name: str) -> Maker:
    """What makes the policy of that name. Raises T2WError where there is none, or it cannot be called as a maker is."""
    if name in _OURS:
        return _OURS[name]
    if found := plugins.entry(GROUP, name):
        plugins.load(found)  # a broken one is told as such
        name = found.value
    if ":" not in name:
        raise T2WError(f"no policy named {name!r}; there are: {', '.join(names())}, or your own as module:callable")
    return own_policy.maker(name)


def make(name: str, space: ActionSpace, fps: float, seed: int) -> Policy:
    """A policy of ours or a plug-in's by name, or `module:callable` / `file.py:callable`, called as callable(space, fps, seed). An error inside
    it is its author's to see."""
    policy = maker(name)(space, fps, seed)
    if not callable(policy):
        raise T2WError(f"{name!r} returned {type(policy).__name__}; it must return a policy, a callable (frame, t) -> Action")
    return policy


_OURS: dict[str, Maker] = {"idle": lambda space, fps, seed: idle(), "random": random, "explore": explore}


def _planned(plan: Iterator[Action]) -> Policy:
    """A policy from an endless plan. Actions are kept, so asking for the same t again gives the same action."""
    made: list[Action] = []

    def policy(frame: np.ndarray, t: int) -> Action:
        while len(made) <= t:
            made.append(next(plan))
        return made[t]

    return policy


def _random_walk(space: ActionSpace, rng: Random) -> Iterator[Action]:
    others = [key for key in space.keys if key not in ("w", "a", "s", "d")]
    pitch = 0.0
    while True:
        keys = set(rng.choice(WALKS)) & set(space.keys)
        if others and rng.random() < 0.25:
            keys.add(rng.choice(others))
        dx = rng.choice((0, 0, rng.gauss(0, 0.4), rng.gauss(0, 0.4))) * space.turn
        dy = rng.choice((0, 0, rng.gauss(0, 0.1))) * space.turn - 0.05 * pitch  # drawn back to the horizon
        for _ in range(rng.randint(2, 8)):
            action = _action(space, keys, dx, dy)
            pitch += action.mouse[1]
            yield action


def _exploration(space: ActionSpace, fps: float, rng: Random) -> Iterator[Action]:
    """Rounds of about ten seconds. Turns reach 60 degrees a second at most, one direction at a time, so that a small world can follow."""
    side = rng.choice((-1, 1))
    while True:
        yield from _stretch(space, fps, rng.uniform(1.2, 2.0), {"w"})
        for _ in range(rng.randint(1, 2)):
            seconds = rng.uniform(1.0, 1.8)
            yield from _stretch(space, fps, seconds, {"w"}, side * seconds * rng.uniform(28, 42))
            side = -side
            yield from _stretch(space, fps, rng.uniform(0.6, 1.4), {"w"})
            if rng.random() < 0.5:
                yield from _stretch(space, fps, 0.3, {"w", "space"})
                yield from _stretch(space, fps, 0.6, {"w"})
        yield from _glance(space, fps, rng)
        if rng.random() < 0.6:
            yield from _stretch(space, fps, rng.uniform(4.2, 4.8), {"w"}, side * rng.uniform(150, 180))  # comes back
            yield from _stretch(space, fps, rng.uniform(1.5, 2.5), {"w"})


def _glance(space: ActionSpace, fps: float, rng: Random) -> Iterator[Action]:
    """Stands still for a moment, then looks up or to a side while walking on, and back."""
    yield from _stretch(space, fps, rng.uniform(0.2, 0.4), set())
    dx, dy = rng.choice(((0, -10), (0, 6), (30, 0), (-30, 0)))
    yield from _stretch(space, fps, 1.0, set(), dx, dy)
    yield from _stretch(space, fps, 0.3, set())
    yield from _stretch(space, fps, 1.0, {"w"}, -dx, -dy)


def _stretch(space: ActionSpace, fps: float, seconds: float, keys: set[str], dx: float = 0.0, dy: float = 0.0) -> Iterator[Action]:
    """Holds keys while turning by dx and dy degrees in all, softly at both ends."""
    frames = max(1, round(seconds * fps))
    shape = [0.35 + sin(pi * (i + 0.5) / frames) for i in range(frames)]
    for share in shape:
        yield _action(space, keys, dx * share / sum(shape), dy * share / sum(shape))


def _action(space: ActionSpace, keys: set[str], dx: float, dy: float) -> Action:
    """What of this the space understands. Without a mouse, the arrow keys turn."""
    if space.mouse:
        return space.clipped(Action(frozenset(keys & set(space.keys)), (dx, dy)))
    arrows = ["right"] * (dx > 0) + ["left"] * (dx < 0) + ["down"] * (dy > 0) + ["up"] * (dy < 0)
    return Action(frozenset(keys.union(arrows) & set(space.keys)))
