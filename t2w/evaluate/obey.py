"""Obey: in how many single frames the motion to be seen is the one that was commanded (WorldRoamBench 2026, "strict accuracy").

Nine commands follow each other in random order. The judge, which learnt on the simulator's frames what each key does, names the command
of every pair of neighbouring frames. It errs too: what it scores on the simulator's own frames of the same walk stands beside.
"""

import random

import numpy as np

from t2w.actions import Action
from t2w.evaluate import judging
from t2w.evaluate.control import TURN
from t2w.evaluate.measure import mean
from t2w.evaluate.part import Ask, Found, Part, Strip, Tables
from t2w.evaluate.plots import bars
from t2w.evaluate.truth import VIEWS, film

COMMANDS = {
    "nothing": Action(),
    "walk on": Action(frozenset("w")),
    "walk back": Action(frozenset("s")),
    "step right": Action(frozenset("d")),
    "step left": Action(frozenset("a")),
    "turn right": Action(mouse=(TURN, 0.0)),
    "turn left": Action(mouse=(-TURN, 0.0)),
    "look down": Action(mouse=(0.0, 1.5)),
    "look up": Action(mouse=(0.0, -1.5)),
}
HELD = 6  # frames


def case(ask: Ask, k: int) -> Found:
    """One walk: which command was given in each frame, and which the judge saw in the world's and in the simulator's film."""
    order = list(range(len(COMMANDS)))
    random.Random(k).shuffle(order)
    given = [i for i in order for _ in range(HELD)]
    actions = [list(COMMANDS.values())[i] for i in given]
    start = ask.moment(k, view=VIEWS[k % 2])
    made, true = ask.dream(start, actions, k), film(start, actions)
    first, choices = start.frame[None], list(COMMANDS.values())
    seen = {
        name: judging.commands(ask.judge, np.concatenate([first, frames]), choices) for name, frames in (("made", made), ("true", true))
    }
    shown = ", ".join(list(COMMANDS)[i] for i in order)
    strip = Strip(f"{shown}; the last frame of each; above the world, below the truth", [film[HELD - 1 :: HELD] for film in (made, true)])
    return Found({"given": given, **seen}, (strip,))


def tables(cases: list[dict]) -> Tables:
    """Rows {"command", "obeyed", "judge on the truth", "frames"}; the last is over all frames."""
    given, made, true = (np.concatenate([found[key] for found in cases]) for key in ("given", "made", "true"))
    rows = [_row(name, given == i, made == i, true == i) for i, name in enumerate(COMMANDS)]
    whole = _row("all", given >= 0, made == given, true == given)
    whole["of the judge's score"] = round(whole["obeyed"] / max(whole["judge on the truth"], 1e-9), 4)
    return {"obey": [*rows, whole]}


def _row(name: str, told: np.ndarray, made: np.ndarray, true: np.ndarray) -> dict:
    ours, truth = mean(made[told].tolist()), mean(true[told].tolist())
    return {"command": name, "obeyed": ours, "judge on the truth": truth, "frames": int(told.sum())}


def plots(found: Tables) -> list[str]:
    rows = found["obey"]
    series = {name: [row[name] for row in rows] for name in ("obeyed", "judge on the truth")}
    return [bars("share of frames", [row["command"] for row in rows], series)]


PART = Part(
    "obey",
    f"Share of single frames whose motion, as the judge names it, is the commanded one of nine, each held for {HELD} frames; a guess scores "
    "0.11. The judge is a small network with errors of its own: beside stands what it scores on the simulator's frames of the same walks.",
    case,
    tables,
    n=12,
    few=2,
    frames=HELD * len(COMMANDS),
    plots=plots,
)
