"""Cases on disk: each is written whole as soon as it is measured, so that an evaluation goes on where it was stopped.

`DIR/cases/<part>-<key>/0007.json` holds the figures of case 7 and names its film strips, PNG files beside it. The key is a digest of all
that decides the figures: weights, judge, seed, start frames, the part's own settings, the code of t2w. Another world in the same folder gets
other keys.
"""

import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np

from t2w.errors import T2WError
from t2w.evaluate.part import Found, Part, Strip
from t2w.media.atomic import sweep, write_text
from t2w.media.folders import make_folder
from t2w.media.pixels import write_png

ROOT = Path(__file__).parents[1]
GAP = 2  # pixels between the frames of a strip


@dataclass(frozen=True)
class Store:
    """Where cases lie. `about` is all that decides their figures but the part."""

    folder: Path
    about: dict

    def place(self, part: Part) -> Path:
        decides = json.dumps([self.about, part.name, part.settings, code()], sort_keys=True, default=str)
        return self.folder / "cases" / f"{part.name}-{hashlib.sha256(decides.encode()).hexdigest()[:8]}"

    def read(self, part: Part, k: int) -> dict | None:
        """{"figures", "strips": {file: about}} of case k, or None when it is not there."""
        path = self.place(part) / f"{k:04d}.json"
        try:
            row = json.loads(path.read_text("utf-8"))
            return {"figures": row["figures"], "strips": row["strips"]}
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise T2WError(f"{path} is damaged ({error}); delete it, and the same command measures that case again") from error

    def write(self, part: Part, k: int, found: Found) -> None:
        """The strips first: where the .json is, the case is whole."""
        place = make_folder(self.place(part))
        if k == 0:
            sweep(place)
        names = {f"{k:04d}-{i}.png": strip for i, strip in enumerate(found.strips)}
        for name, strip in names.items():
            write_png(place / name, picture(strip))
        row = {"figures": plain(found.figures), "strips": {name: strip.about for name, strip in names.items()}}
        write_text(place / f"{k:04d}.json", json.dumps(row, ensure_ascii=False) + "\n")


def picture(strip: Strip) -> np.ndarray:
    """Films (t h w c) of one size => one picture: time goes to the right, a film a row, white between."""
    rows = []
    for film in strip.films:
        frames = [np.pad(frame, ((0, GAP), (0, GAP), (0, 0)), constant_values=255) for frame in film]
        rows.append(np.concatenate(frames, 1))
    return np.concatenate(rows)[:-GAP, :-GAP]


def plain(value: object) -> object:
    """What JSON can hold: numpy's numbers as Python's, and none where there is no number."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


@cache
def code() -> str:
    """A digest of t2w's own code, and the version of torch that runs it."""
    found = hashlib.sha256(version("torch").encode())
    for file in sorted(ROOT.rglob("*.py")):
        found.update(file.read_bytes())
    return found.hexdigest()


def digest(paths: Iterable[Path]) -> str:
    """Eight hex digits that change with the files' contents; folders stand for their config.json and weights."""
    found = hashlib.sha256()
    for path in paths:
        files = sorted([*path.rglob("*.json"), *path.rglob("*.safetensors")]) if path.is_dir() else [path]
        for file in files:
            if "run" not in file.relative_to(path).parts and file.name != "card.json":
                found.update(file.name.encode() + hashlib.sha256(file.read_bytes()).digest())
    return found.hexdigest()[:8]
