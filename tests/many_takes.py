"""What the tests of reports share: a true take of the small world, and a batch's folder of any number of takes, whose films are a few true ones."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
from strip import SPEC, Strip

from t2w.actions import policy, short_form
from t2w.batch import results
from t2w.batch.results import Row
from t2w.dream import Walk, describe, versions
from t2w.media.pixels import write_png
from t2w.rollout import takes
from t2w.rollout.recorder import Recorder, Recording
from t2w.rollout.rollout import rollout
from t2w.start import folder as disk
from t2w.start.start import Start

SCRIPTS = ("w-8", "l-8", "none-8", "w-4,l-4", "actions/visit.yaml")


def frame(k: int) -> np.ndarray:
    picture = np.zeros((8, 8, 3), np.uint8)
    picture[:, k % 8] = (255, 40 * k % 256, 90 * k % 256)
    return picture


def take(folder: Path, short: str, seed: int = 0, prompt: str = "a red sea", k: int = 3) -> Path:
    """A true take of the small world."""
    actions = tuple(short_form.parse(short).actions(SPEC.fps))
    manifest = describe(Start(prompt, "stripes", 0, 8, 8), 1, Walk("strip", actions=actions, seed=seed, frames=len(actions)), SPEC, {})
    with Recorder(Recording(folder), SPEC, manifest) as recorder:
        recorder.write(frame(k))
        for new, action in rollout(Strip(), frame(k), policy.scripted(list(actions)), len(actions)):
            recorder.write(new, action)
    return folder


def world(folder: Path, prompt: str, candidates: int, pick: int | None) -> None:
    start = Start(prompt, "stripes", 7, 8, 8)
    for k in range(1, candidates + 1):
        disk.write_candidate(folder, start, k, frame(k + len(prompt)), versions(), {})
    write_png(folder / "sheet.png", np.concatenate([frame(k + len(prompt)) for k in range(1, candidates + 1)], axis=1))
    disk.write(folder, start, candidates, pick, versions(), {})


def batch(folder: Path, n: int, failed: int = 0, waiting: int = 0, scripts=SCRIPTS[:2], sources: list[Path] | None = None) -> list[Row]:
    """n takes: of each prompt all scripts with four seeds; the first ones failed, the last ones wait for the artist.

    `sources`: takes whose films, manifests and start frames are linked again and again; without, five small ones are made here.
    """
    sources = sources or [take(folder / ".sources" / str(k), "w-8", seed=k, k=k) for k in range(5)]
    digests = [takes.read(source / "take.json")["sha256"] for source in sources]
    rows, each = [], 4 * len(scripts)
    for i in range(n):
        place, status = f"worlds/sea-{i // each:04d}", "failed" if i < failed else "waiting" if i >= n - waiting else "done"
        script, seed, pick = scripts[i // 4 % len(scripts)], i % 4, None if status == "waiting" else 1
        prompt = f"a {('red', 'blue', 'green', 'wild', 'calm')[i // each % 5]} sea number {i // each}, <b>seen</b> at dawn"
        if not (folder / place).is_dir():
            world(folder / place, prompt, 3, pick)
        source, here = sources[i % len(sources)], folder / place / "takes" / f"{i % each + 1:02d}"
        if status == "done":
            here.mkdir(parents=True)
            for name in ("take.mp4", "take.json", "actions.jsonl"):
                os.link(source / name, here / name)
        row = _row(i, status, prompt, script, seed, pick, place, here.relative_to(folder).as_posix())
        rows.append(replace(row, sha256=digests[i % len(sources)] if status == "done" else None))
    results.write(folder, rows)
    return rows


def _row(i: int, status: str, prompt: str, script: str, seed: int, pick: int | None, place: str, here: str) -> Row:
    known = {"recipe": "sea.yaml", "painter": "stripes", "seed": 7, "candidates": 3, "world": "strip", "policy": None, "seconds": 0.8}
    error = "the worker was ended by signal 9 (out of memory?)" if status == "failed" else None
    paths = {"film": f"{here}/take.mp4", "poster": pick and f"{place}/frames/{pick}.png", "sheet": f"{place}/sheet.png"}
    known |= {"take_seed": seed, "frames": 8, "fps": 10.0, "folder": place, "take": here, "error": error, "took": 1.5, **paths}
    return Row(key=f"{i:032x}", status=status, prompt=prompt, actions=script, pick=pick, **known)
