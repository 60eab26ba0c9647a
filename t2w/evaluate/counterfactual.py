"""Counterfactual: one state, every action. Is what the world shows nearer to what this action would truly have done than to the others?

Genie 1's delta-PSNR compares with random actions and rewards any effect; the simulator forks, so here each future has its own truth.
"""

import random

from t2w.data.record import BRANCHES, PLACES
from t2w.evaluate.measure import mean, psnr
from t2w.evaluate.part import Ask, Found, Part, Strip, Tables
from t2w.evaluate.plots import bars
from t2w.evaluate.truth import VIEWS, film, moment, world

AHEAD = 8  # frames for which the action is held
EQUAL = 45.0  # dB between two truths that are the same, as where a door's key is pressed and there is no door


def name(action) -> str:
    """w, or the turn in words; none."""
    dx, dy = action.mouse
    words = [
        *sorted(action.keys),
        *(word for word, turned in (("right", dx > 0), ("left", dx < 0), ("down", dy > 0), ("up", dy < 0)) if turned),
    ]
    return " ".join(words) or "none"


def case(ask: Ask, k: int) -> Found:
    """One state, its player at a place where there is something to do: dB of each dreamt future to each true one."""
    sim = world(k, view=VIEWS[k % 2])
    place = PLACES[k % len(PLACES)]
    if place != "start":
        sim.place(place, random.Random(k))
    start = moment(sim)
    session = ask.begin(start, k)  # forks share the noise too
    made = [ask.film(session.fork(), start.frame, [action] * AHEAD) for action in BRANCHES]
    true = [film(start, [action] * AHEAD) for action in BRANCHES]
    nearness = [[psnr(ours[-1], right[-1]) for right in true] for ours in made]
    alike = [[psnr(one[-1], other[-1]) > EQUAL for other in true] for one in true]
    about = f"{AHEAD} frames of {', '.join(map(name, BRANCHES))}; above the world, below the truth"
    films = [[frames[-1] for frames in all_] for all_ in (made, true)]
    return Found({"place": place, "nearness": nearness, "alike": alike}, (Strip(about, films),))


def tables(cases: list[dict]) -> Tables:
    """Rows {"action", "own", "others", "gain", "nearest"}; the last is the mean over the actions."""
    rows = []
    for i, action in enumerate(BRANCHES):
        own = [found["nearness"][i][i] for found in cases]
        others = [mean([dB for j, dB in enumerate(found["nearness"][i]) if j != i]) for found in cases]
        nearest = [found["alike"][i][max(range(len(BRANCHES)), key=found["nearness"][i].__getitem__)] for found in cases]
        row = {"action": name(action), "own": mean(own), "others": mean(others)}
        rows.append({**row, "gain": mean([a - b for a, b in zip(own, others)]), "nearest": mean(nearest)})
    whole = {key: mean([row[key] for row in rows]) for key in ("own", "others", "gain", "nearest")}
    return {"counterfactual": [*rows, {"action": "all", **whole}]}


def plots(found: Tables) -> list[str]:
    rows = found["counterfactual"]
    return [bars("gain in dB", [row["action"] for row in rows], {"own truth over the others'": [row["gain"] for row in rows]})]


PART = Part(
    "counterfactual",
    f"From the same state every action is held for {AHEAD} frames. Own: dB to what this action truly does; others: mean dB to what the other "
    "actions do; gain: the difference. Nearest: from how many states its own truth is the nearest of all, a guess being right in one of twelve.",
    case,
    tables,
    n=8,
    few=1,
    frames=AHEAD * len(BRANCHES),
    plots=plots,
)
