"""The conformance test of worlds: a loaded world in, (claim, ok, detail) rows out. Ours and plug-ins pass the same."""

from collections.abc import Iterator

import numpy as np

from t2w.actions.action import Action
from t2w.actions.policy import random
from t2w.worlds.protocol import Session, World


def check(world: World) -> Iterator[tuple[str, bool, str]]:
    """Each claim as it is found to hold or not; stops at the first that leaves nothing to test the next on."""
    spec = world.spec
    yield (
        "the spec has a name, a size and a frame rate",
        bool(spec.name) and min(spec.width, spec.height) > 0 and spec.fps > 0,
        repr(spec.name),
    )
    yield "chunk is at least 1, or None for whole scripts", spec.chunk is None or spec.chunk >= 1, f"chunk={spec.chunk}"
    start = _picture(spec.width, spec.height)
    before = start.copy()
    n = spec.chunk or 8
    policy = random(spec.space, spec.fps, seed=0)
    actions = [policy(start, t) for t in range(2 * n)]
    first, second = actions[:n], actions[n:]

    def begin() -> Session:
        return world.begin(start, prompt="a green field at noon", seed=1)

    session = begin()
    frames = session.step(first)
    shape = (n, spec.height, spec.width, 3)
    right = isinstance(frames, np.ndarray) and frames.shape == shape and frames.dtype == np.uint8
    yield f"{n} actions make {n} frames (t h w c) uint8", right, f"{_describe(frames)}, wanted {shape} uint8"
    if not right:
        return
    kept = frames.copy()
    yield "the start frame is not written on", np.array_equal(start, before), ""
    other = begin()
    yield "the same seed gives the same bytes", *_same(other.step(first), frames)
    expected = other.step(second)
    fork, strayed = session.fork(), session.fork()
    strayed.step([Action()] * n)  # neither its parent nor its sibling may notice
    yield "a fork goes on as its parent would have", *_same(fork.step(second), expected)
    yield "what a fork does leaves its parent alone", *_same(session.step(second), expected)
    yield "frames given out are not written on later", np.array_equal(kept, frames), ""
    idle = world.begin(start, prompt="", seed=0).step([Action()] * n)
    yield "no prompt and no keys are legal", idle.shape == shape, _describe(idle)


def _same(a: np.ndarray, b: np.ndarray) -> tuple[bool, str]:
    if a.shape != b.shape:
        return False, f"{a.shape} and {b.shape}"
    off = int(np.abs(a.astype(int) - b).max())
    return off == 0, "" if off == 0 else f"pixels differ by up to {off}"


def _picture(width: int, height: int) -> np.ndarray:
    """Sky above, ground below, a dark post: something a world can begin from."""
    picture = np.empty((height, width, 3), np.uint8)
    picture[: height // 2] = (150, 190, 235)
    picture[height // 2 :] = (90, 140, 70)
    picture[height // 4 : 3 * height // 4, width // 3 : width // 3 + max(1, width // 16)] = (60, 45, 35)
    return picture


def _describe(frames: object) -> str:
    return f"{frames.shape} {frames.dtype}" if isinstance(frames, np.ndarray) else type(frames).__name__
