"""Drift: a minute of walking in ten windows. Does the picture keep its sharpness, its colours, its biome and its time of day?

`hold` is the same, second by second, over the first seconds. The simulator under the same actions stands beside: it does not
drift, but what it shows changes too.
"""

import numpy as np

from t2w.actions.policy import explore
from t2w.evaluate import judging
from t2w.evaluate.measure import drift, mean
from t2w.evaluate.part import Ask, Found, Part, Strip, Tables
from t2w.evaluate.plots import lines
from t2w.evaluate.truth import film
from t2w.rollout.measure import Seconds, colourfulness, sharpness
from t2w.sim.spec import FPS

WINDOWS = 10
QUALITIES = ("sharpness", "colour", "biome", "time")
JUDGED = 5  # every so many frames the judge is asked


def case(ask: Ask, k: int, seconds: float = 60.0) -> Found:
    """One rollout of `explore`: the four qualities in each window, of the world and, where there is one, of the truth."""
    n, start = ask.spec.frames(seconds), ask.moment(k)
    policy = explore(ask.spec.space, ask.spec.fps, ask.seed + k)
    actions = [policy(start.frame, t) for t in range(n)]
    first = judging.words(ask.judge, start.frame[None])[0]
    if start.sim is not None:
        first = {"biome": start.sim.spec.biome, "time": start.sim.spec.time}
    films = {"made": ask.dream(start, actions, k)}
    if start.sim is not None and ask.spec.fps == start.sim.fps:
        films["true"] = film(start, actions)
    figures = {name: [_window(ask, part, first) for part in np.array_split(frames, WINDOWS)] for name, frames in films.items()}
    at = [(i + 1) * n // WINDOWS - 1 for i in range(WINDOWS)]
    about = f"the last frame of each window of {seconds / WINDOWS:g} s"
    return Found(
        figures, (Strip(about + ("; above the world, below the truth" if len(films) > 1 else ""), [f[at] for f in films.values()]),)
    )


def _window(ask: Ask, frames: np.ndarray, first: dict[str, str]) -> list[float]:
    said = judging.words(ask.judge, frames[::JUDGED])
    kept = [float(np.mean([row[name] == first[name] for row in said])) for name in ("biome", "time")]
    return [float(np.mean([measure(frame) for frame in frames])) for measure in (sharpness, colourfulness)] + kept


def tables(cases: list[dict]) -> Tables:
    """Rows {"quality", "drift %", "truth's drift %"}, and beneath them the ten windows that they come from."""
    kinds = [kind for kind in ("made", "true") if all(kind in found for found in cases)]
    means = {kind: np.mean([found[kind] for found in cases], 0) for kind in kinds}  # window, quality
    names = {"made": "drift %", "true": "truth's drift %"}
    rows = [{"quality": q, **{names[kind]: round(drift(means[kind][:, i].tolist()), 2) for kind in kinds}} for i, q in enumerate(QUALITIES)]
    windows = []
    for w in range(WINDOWS):
        figures = {
            ("" if kind == "made" else "true ") + q: round(float(means[kind][w, i]), 3) for kind in kinds for i, q in enumerate(QUALITIES)
        }
        windows.append({"window": w + 1, **figures})
    return {"drift": rows, "drift by window": windows}


def plots(found: Tables) -> list[str]:
    rows = found["drift by window"]
    across = [row["window"] for row in rows]
    both = [("the world", ""), ("the simulator", "true ")]
    return [lines(f"{q} by window", across, {n: [row[p + q] for row in rows] for n, p in both if p + q in rows[0]}) for q in QUALITIES]


def part(seconds: float = 60.0) -> Part:
    return Part(
        "drift",
        f"Rollouts of {seconds:g} seconds under the policy explore, in ten windows; drift is (best - worst) / best of a quality's mean in each. "
        "Sharpness: mean Laplacian; colour: colourfulness; biome and time: the share of frames that the judge takes for the place "
        "and hour in which the walk began.",
        lambda ask, k: case(ask, k, seconds),
        tables,
        n=3,
        few=1,
        frames=round(seconds * FPS),
        plots=plots,
        truth=False,
        settings=(seconds,),
    )


def hold_case(ask: Ask, k: int, seconds: float = 10.0) -> Found:
    n, start = ask.spec.frames(seconds), ask.moment(k)
    policy = explore(ask.spec.space, ask.spec.fps, 1)
    actions = [policy(start.frame, t) for t in range(n)]
    figures = {}
    for name, frames in (("made", ask.dream(start, actions, k)), ("true", film(start, actions))):
        measured = Seconds(ask.spec.fps)
        for frame in frames:
            measured.add(frame)
        figures[name] = [list(row.values()) for row in measured.rows()]
    return Found(figures)


def hold_tables(cases: list[dict]) -> Tables:
    """Rows {"second", then sharpness, colourfulness and change of the world, and the simulator's}, means over the walks."""
    names = ("sharpness", "colourfulness", "change")
    made, true = (np.mean([found[kind] for found in cases], 0) for kind in ("made", "true"))
    rows = []
    for second, (ours, right) in enumerate(zip(made.tolist(), true.tolist())):
        beside = {f"true {name}": mean([value]) for name, value in zip(names, right)}
        rows.append({"second": second + 1, **{name: mean([value]) for name, value in zip(names, ours)}, **beside})
    return {"hold": rows}


def hold(seconds: float = 10.0) -> Part:
    return Part(
        "hold",
        f"The first {seconds:g} seconds of such walks, second by second: sharpness, colourfulness, and the change from frame to frame.",
        lambda ask, k: hold_case(ask, k, seconds),
        hold_tables,
        n=4,
        few=1,
        frames=round(seconds * FPS),
        settings=(seconds,),
    )
