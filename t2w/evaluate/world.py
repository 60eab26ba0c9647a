"""A world in, rows of figures out: horizon (nearness to the truth), control (opposite commands), hold (ten seconds)."""

from collections.abc import Iterator

import numpy as np

from t2w.actions import Action
from t2w.actions.policy import explore
from t2w.evaluate.motion import mean_motion
from t2w.evaluate.truth import starts, walks
from t2w.rollout.measure import Seconds
from t2w.worlds.protocol import World

HORIZONS = (1, 5, 15)
TURN = 4.0  # degrees a frame
# name, the two commands, which figure of motion() must part them, and its sign under the first
PAIRS = (
    ("turn right / left", Action(mouse=(TURN, 0.0)), Action(mouse=(-TURN, 0.0)), 0, -1),
    ("look down / up", Action(mouse=(0.0, 1.5)), Action(mouse=(0.0, -1.5)), 1, -1),
    ("walk on / back", Action(frozenset("w")), Action(frozenset("s")), 2, 1),
    ("step right / left", Action(frozenset("d")), Action(frozenset("a")), 0, -1),
)


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    """dB between two uint8 pictures of one size."""
    return float(-10 * np.log10(max(np.mean((a.astype(np.float32) - b) ** 2), 1e-3) / 255**2))


def dream(world: World, start: np.ndarray, actions: list[Action], prompt: str = "", seed: int = 0) -> np.ndarray:
    """The frames (t h w c) that follow `start`, one an action."""
    session = world.begin(start, prompt=prompt, seed=seed)
    return np.concatenate([session.step([action]) for action in actions])


def horizon(world: World, n: int = 32) -> Iterator[dict]:
    """Rows {"frames", "world", "standing still", "ceiling"} in dB against the simulator under the same actions, over n walks.

    Standing still is the start frame held; the ceiling is the truth, encoded and decoded by the world's own autoencoder.
    """
    rows: dict[int, list[tuple[float, float, float]]] = {t: [] for t in HORIZONS}
    for k, walk in enumerate(walks(n, max(HORIZONS))):
        made = dream(world, walk.frames[0], walk.actions, walk.prompt, seed=k)
        for t in HORIZONS:
            truth = walk.frames[t]
            best = psnr(world.reconstruct(truth[None])[0], truth) if hasattr(world, "reconstruct") else float("nan")
            rows[t].append((psnr(made[t - 1], truth), psnr(walk.frames[0], truth), best))
    for t, found in rows.items():
        yield {"frames": t, **dict(zip(("world", "standing still", "ceiling"), np.round(np.mean(found, 0), 2).tolist()))}


def control(world: World, n: int = 8, frames: int = 15, view: str = "first-person") -> Iterator[dict]:
    """Rows {"pair", "right", "of", "first", "second"}: from how many starts a command and its opposite move the picture opposite
    ways, both as they should, within a second; and the mean motion under each. (KCtrl: only both count.)
    """
    for name, one, other, figure, sign in PAIRS:
        found = []
        for sim in starts(n, view=view):
            start = sim.frame()
            films = [np.concatenate([start[None], dream(world, start, [action] * frames)]) for action in (one, other)]
            found.append([sign * mean_motion(film)[figure] for film in films])
        a, b = np.transpose(found)
        yield {"pair": name, "right": int(((a > 0) & (b < 0)).sum()), "of": n, "first": float(a.mean()), "second": float(b.mean())}


def hold(world: World, seconds: int = 10, n: int = 4) -> Iterator[dict]:
    """Rows {"second", then sharpness, colourfulness and change of the world, and the simulator's}, means over n walks of `explore`."""
    fps, both = world.spec.fps, []
    for k, walk in enumerate(walks(n, round(seconds * fps), explore(world.spec.space, fps, 1))):
        made = dream(world, walk.frames[0], walk.actions, walk.prompt, seed=k)
        pair = []
        for film in (made, walk.frames[1:]):
            figures = Seconds(fps)
            for frame in film:
                figures.add(frame)
            pair.append([list(row.values()) for row in figures.rows()])
        both.append(pair)
    names = ("sharpness", "colourfulness", "change")
    for second, (ours, true) in enumerate(zip(*np.mean(both, 0))):
        yield {
            "second": second + 1,
            **dict(zip(names, ours.round(2).tolist())),
            **{f"true {k}": v for k, v in zip(names, true.round(2).tolist())},
        }
