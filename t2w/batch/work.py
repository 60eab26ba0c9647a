"""A job in, its files out: candidates and sheet, or a take. All of it is done by t2w.dream; here it is known what is there already."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from t2w import dream
from t2w.batch.grid import marked
from t2w.batch.plan import Job, Paint, Roll
from t2w.dream import Keep
from t2w.errors import T2WError
from t2w.rollout import takes
from t2w.start import folder as disk
from t2w.start.start import Start


@dataclass(frozen=True)
class Made:
    """A job is done. `fresh`: it was made now; else it lay there whole, from a batch that was killed before it noted so."""

    sha256: str | None
    fresh: bool


class Models:
    """One loaded model, kept as long as the same is wanted."""

    def __init__(self):
        self.key: tuple | None = None
        self.model: object = None

    def __call__(self, key: tuple, load: Callable[[], object]) -> object:
        if key != self.key:
            self.key = self.model = None  # gone before the next one comes: two may not fit
            _free()
            self.model = load()
            self.key = key
        return self.model


def do(job: Job, number: int | None, folder: Path, models: Models) -> Iterator[int | Made]:
    """A 1 for each candidate or frame, at last a Made. Raises T2WError."""
    yield from paint(job, folder, models) if isinstance(job, Paint) else roll(job, number, folder, models)


def paint(job: Paint, folder: Path, models: Models) -> Iterator[int | Made]:
    if painted(folder, job):
        yield Made(None, False)
        return
    place = disk.place(job.start, folder / job.folder)
    for event in dream.candidates(job.start, job.n, place, job.device, job.dtype, job.metadata, job.memory, models):
        if isinstance(event, dream.Candidate):
            yield 1
    yield Made(None, True)


def roll(job: Roll, number: int, folder: Path, models: Models) -> Iterator[int | Made]:
    if (sha256 := rolled(folder, job, number)) is not None:
        yield Made(sha256, False)
        return
    world, place = folder / job.folder, place_of(folder, job, number)
    if job.only and disk.read(world)["pick"] != job.pick:
        list(dream.picked(world, job.pick))
    # take.json says by which weights it was made: without it, the take is not this job's.
    keep = Keep(job.clean, metadata=job.metadata, more={"weights": job.weights})
    for event in dream.roll(world, job.pick, job.walk, keep, kept=models, into=place):
        if isinstance(event, dream.Frame):
            yield 1
        elif isinstance(event, dream.Take):
            yield Made(event.manifest["sha256"], True)


def painted(folder: Path, job: Paint) -> bool:
    """Whether all candidates and their sheet are there, with manifests inside or without: the sheet is written last."""
    place = folder / job.folder
    if not (place / "sheet.png").is_file() or not all(disk.frame_path(place, k).is_file() for k in range(1, job.n + 1)):
        return False
    if marked(place / "sheet.png") != job.metadata:
        return False
    try:
        manifest = disk.read(place)
    except T2WError:
        return False
    return manifest["candidates"] == job.n and Start.from_manifest(manifest) == job.start


def rolled(folder: Path, job: Roll, number: int) -> str | None:
    """The sha256 of this very take where it lies whole under this number."""
    found = noted(folder, job, number)
    return found.get("sha256") if found and whole(folder, job, number) else None


def whole(folder: Path, job: Roll, number: int) -> bool:
    """Whether a take and its films lie under this number, whoever made it: take.json is written last."""
    place = place_of(folder, job, number)
    return all((place / name).is_file() for name in ("take.json", "take.mp4", *["clean.mp4"] * job.clean))


def place_of(folder: Path, job: Roll, number: int) -> Path:
    return folder / job.folder / "takes" / f"{number:02d}"


def noted(folder: Path, job: Roll, number: int) -> dict | None:
    """The take.json under this number where it is of this very take; its films may be gone."""
    try:
        found = takes.read(place_of(folder, job, number) / "take.json")
    except T2WError:
        return None
    walk = job.walk
    script = None if walk.actions is None else takes.to_runs(list(walk.actions))
    asked = {"world": walk.world, "policy": walk.policy if script is None else None, "script": script}
    asked |= {"seed": walk.seed, "frames": walk.frames, "device": walk.device, "dtype": walk.dtype}
    asked |= {"weights": job.weights}
    asked |= {} if job.pick is None else {"pick": job.pick}  # any pick, while the artist has not been asked
    same = all(found.get(name) == value for name, value in json.loads(json.dumps(asked)).items())
    return found if same else None


def _free() -> None:
    import gc
    import sys

    gc.collect()
    if (torch := sys.modules.get("torch")) is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
