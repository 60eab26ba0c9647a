"""A world on disk: world.json, frames/K.png and sheet.png in a folder that says what it holds. Everything is written whole or not at all."""

import hashlib
import json
import re
from pathlib import Path

import numpy as np

from t2w.errors import T2WError
from t2w.media.atomic import write_text
from t2w.media.folders import make_folder
from t2w.start.start import Start

BASE = Path("worlds")


def place(start: Start, out: Path | None, words: str = "") -> Path:
    """The folder for these candidates, made and found to be theirs: `out`, or worlds/<name>, the same for the same start."""
    if out is not None:
        held = _held(out)
        if held is not None and held != start:
            raise T2WError(f"{out} already holds another world ({held.prompt!r}, seed {held.seed}); choose another --out")
        return make_folder(out)
    for digits in (4, 8, 16):  # four digits collide in a folder of some hundred worlds; then the name grows
        folder = BASE / start.name(digits, words)
        if _held(folder) in (None, start):
            return make_folder(folder)
    raise T2WError(f"{folder} is taken by another world; choose a folder with --out")


def read(folder: Path) -> dict:
    """world.json of a folder; a T2WError when it is not a world."""
    path = folder / "world.json"
    try:
        manifest = json.loads(path.read_text("utf-8"))
        Start.from_manifest(manifest)
        manifest["candidates"] + 0
    except FileNotFoundError:
        raise T2WError(f"{folder} is no world of t2w: it has no world.json; `t2w new` and `t2w frames` make one") from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise T2WError(
            f"{path} is damaged or not t2w's ({type(error).__name__}); delete it, and the same `t2w frames` or `t2w new` makes it again"
        ) from error
    return manifest


def write(folder: Path, start: Start, candidates: int, pick: int | None, versions: dict, painted: dict) -> dict:
    """`painted`: on which device, with which dtype."""
    manifest = {"kind": "world", **start.to_manifest(), "candidates": candidates, "pick": pick, "painted": painted, "versions": versions}
    write_text(folder / "world.json", json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")
    return manifest


def frame_path(folder: Path, k: int) -> Path:
    return folder / "frames" / f"{k}.png"


def write_candidate(folder: Path, start: Start, k: int, frame: np.ndarray, versions: dict, painted: dict, metadata: bool = True) -> Path:
    from t2w.media.pixels import write_png

    path = frame_path(folder, k)
    make_folder(path.parent)
    made = {"sha256": digest(frame), "painted": painted, "versions": versions}
    manifest = {"kind": "candidate", **start.to_manifest(), "candidate": k, **made}
    write_png(path, frame, manifest if metadata else None)
    return path


def read_candidate(folder: Path, k: int) -> np.ndarray:
    from t2w.media.pixels import read_picture

    path = frame_path(folder, k)
    if not path.is_file():
        raise T2WError(f"{path} is missing; the same `t2w frames` command again makes it")
    try:
        return read_picture(path)
    except T2WError as error:
        raise T2WError(f"{error}; delete it, and the same command makes it again") from error


def split(path: Path) -> tuple[Path, int] | None:
    """(world folder, k) when the path is a candidate frames/K.png of a world, else None."""
    path = path if path.parent.name else path.absolute()
    folder, named = path.parent.parent, re.fullmatch(r"([1-9]\d*)\.png", path.name)
    if path.parent.name == "frames" and named and (folder / "world.json").is_file():
        return folder, int(named[1])
    return None


def digest(frame: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(frame).tobytes()).hexdigest()


def _held(folder: Path) -> Start | None:
    return Start.from_manifest(read(folder)) if (folder / "world.json").is_file() else None
