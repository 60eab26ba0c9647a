"""Takes on disk: which number a take gets, and the manifest that repeats it."""

import itertools
import json
from pathlib import Path

from t2w.actions.action import Action
from t2w.errors import T2WError
from t2w.media.atomic import at_work

# What makes one take differ from another. The same recipe again is made again in the same place; another gets the next number.
RECIPE = ("start", "pick", "world", "policy", "script", "seed", "frames", "device", "dtype", "fingerprint")


def place(folder: Path, recipe: dict) -> Path:
    """takes/NN of the world folder: where this recipe lies already, else the first number that no take has, finished or being written.

    take.json is written last, so a take without one, which nobody is writing, was not finished, and its number is free.
    """
    for number in itertools.count(1):
        place = folder / "takes" / f"{number:02d}"
        if (place / "take.json").is_file():
            found = read(place / "take.json")
            if all(found.get(key) == recipe.get(key) for key in RECIPE):
                return place
        elif not at_work(place):
            return place


def read(path: Path) -> dict:
    try:
        manifest = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise T2WError(f"there is no file {path}") from None
    except (OSError, ValueError) as error:
        raise T2WError(f"{path} cannot be read as a manifest: {error}") from error
    if not isinstance(manifest, dict) or "kind" not in manifest:
        raise T2WError(f"{path} is no manifest of t2w")
    return manifest


def to_runs(actions: list[Action]) -> list[dict]:
    """Actions as rows with a count, equal neighbours joined: short enough for a film's metadata."""
    runs: list[dict] = []
    for action in actions:
        row = action.to_row()
        if runs and {k: v for k, v in runs[-1].items() if k != "frames"} == row:
            runs[-1]["frames"] += 1
        else:
            runs.append({**row, "frames": 1})
    return runs


def from_runs(runs: list[dict]) -> list[Action]:
    return [action for run in runs for action in [Action.from_row(run)] * run["frames"]]
