"""Control: a command and its opposite from the same start. Only both right count (KCtrl, ForgeWM 2026). It needs no truth."""

import numpy as np

from t2w.actions import Action
from t2w.evaluate.measure import mean
from t2w.evaluate.motion import mean_motion
from t2w.evaluate.part import Ask, Found, Part, Strip, Tables
from t2w.sim.spec import FPS

TURN = 4.0  # degrees a frame
SECONDS = 1.0
# name, the two commands, which figure of motion() must part them, and its sign under the first
PAIRS = (
    ("turn right / left", Action(mouse=(TURN, 0.0)), Action(mouse=(-TURN, 0.0)), 0, -1),
    ("look down / up", Action(mouse=(0.0, 1.5)), Action(mouse=(0.0, -1.5)), 1, -1),
    ("walk on / back", Action(frozenset("w")), Action(frozenset("s")), 2, 1),
    ("step right / left", Action(frozenset("d")), Action(frozenset("a")), 0, -1),
)


def case(ask: Ask, k: int, frames: int | None = None) -> Found:
    """One start; the mean motion of each pair's two films, with the sign that is right for the first and wrong for the second."""
    start, frames = ask.moment(k, view="first-person"), frames or ask.spec.frames(SECONDS)
    figures, strips, first = {}, [], ask.fitted(start.frame)[None]
    for name, one, other, figure, sign in PAIRS:
        if not ask.can(one, other):
            continue
        films = [np.concatenate([first, ask.dream(start, [ask.paced(action)] * frames, k)]) for action in (one, other)]
        figures[name] = [sign * mean_motion(film)[figure] for film in films]
        strips.append(Strip(f"{name}, one second each", [film[:: max(1, frames // 5)] for film in films]))
    return Found(figures, tuple(strips))


def tables(cases: list[dict]) -> Tables:
    """Rows {"pair", "right", "of", "score", "first", "second"}; the last is the mean of the scores, KCtrl."""
    rows = []
    for name in (name for name, *_ in PAIRS if name in cases[0]):
        a, b = np.transpose([found[name] for found in cases])
        right = int(((a > 0) & (b < 0)).sum())
        row = {"pair": name, "right": right, "of": len(cases), "score": mean([right / len(cases)])}
        rows.append({**row, "first": mean(a.tolist()), "second": mean(b.tolist())})
    if rows:
        whole = {"pair": "all (KCtrl)", "right": sum(row["right"] for row in rows), "of": sum(row["of"] for row in rows)}
        rows.append({**whole, "score": mean([row["score"] for row in rows])})
    return {"control": rows}


PART = Part(
    "control",
    "From how many starts a command and its opposite, held for a second, move the picture opposite ways, both as they should. "
    "First and second: the mean motion under each, in pixels (walking: growth) a frame; the first should be above 0, the second below.",
    case,
    tables,
    n=8,
    few=1,
    frames=2 * len(PAIRS) * round(FPS),
    truth=False,
)
