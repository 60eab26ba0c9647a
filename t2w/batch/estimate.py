"""A queue in, what it will take out: jobs a stage, models and whether they are here, time, disk and memory, each with what it is based on."""

import shutil
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from t2w.batch import figures
from t2w.batch.plan import Job, Paint
from t2w.batch.queue import Queue
from t2w.errors import MISSING, T2WError
from t2w.start import painters
from t2w.worlds import registry

MIB = 2**20
# Bytes of a pixel, on the large side of what was found: H.264 at crf 18, PNG of painted pictures, of sheets, of a take's two small files.
FILM, PICTURE, SHEET, ROW = 0.03, 2.0, 1.2, 60
LEAST_WIDTH = 640  # a film is at least as wide


@dataclass(frozen=True)
class Stage:
    name: str  # paint, roll
    jobs: int
    done: int
    left: int  # candidates or frames


@dataclass(frozen=True)
class Model:
    kind: str  # painter, world
    name: str
    asked: str  # what the recipe says of how a painter is called
    jobs: int  # that are left
    left: int  # candidates or frames
    here: bool
    missing: str  # how to get it
    fps: float | None  # frames or candidates a second; None: not known
    seconds: float | None  # of one worker, loading included
    basis: str  # "this batch", "t2w bench (cpu, float32)", ""
    memory_mib: int | None  # None: not known


@dataclass(frozen=True)
class Estimate:
    stages: tuple[Stage, ...]
    models: tuple[Model, ...]
    workers: int
    seconds: float | None  # of one worker; None where one model is not known
    disk_mib: float
    free_mib: float
    memory_mib: int | None  # of all workers, each with its largest model

    def to_json(self) -> dict:
        return {**asdict(self), "seconds_at_best": None if self.seconds is None else self.seconds / self.workers}


def estimate(queue: Queue, folder: Path, workers: int) -> Estimate:
    """Of what is not done yet. `folder` may not be there yet: its disk is asked."""
    left, rates, bench = queue.left(), queue.rates(), figures.known()
    models = tuple(_model(model, *about, rates, bench) for model, about in left.items())
    known = [model.memory_mib for model in models]
    stages = tuple(_stage(name, states, left) for name, states in queue.counts().items())
    return Estimate(
        stages=stages,
        models=models,
        workers=workers,
        seconds=None if any(model.seconds is None for model in models) else sum(model.seconds for model in models),
        disk_mib=disk_wanted(queue),
        free_mib=shutil.disk_usage(next(place for place in (folder, *folder.absolute().parents) if place.exists())).free / MIB,
        memory_mib=None if not known or None in known else workers * max(known),
    )


def disk_wanted(queue: Queue) -> float:
    """MiB that what is not done will take."""
    return sum(map(_bytes, queue.undone())) / MIB


def _stage(name: str, states: dict[str, int], left: dict[str, tuple[int, int, Job]]) -> Stage:
    sizes = sum(size for _, size, job in left.values() if isinstance(job, Paint) == (name == "paint"))
    return Stage(name, sum(states.values()), states.get("done", 0), sizes)


def _model(model: str, jobs: int, left: int, job: Job, rates: dict[str, tuple[int, float]], bench: dict[str, dict]) -> Model:
    missing, row, fps, basis, loading = _missing(job), bench.get(f"{job.kind} {job.name}", {}), None, "", 0.0
    if model in rates:
        size, seconds = rates[model]
        fps, basis = size / seconds, "this batch"
    elif row.get("fps"):
        # A painter's first picture comes with its loading.
        loading = row.get("load_s") or max(0.0, (row.get("first_frame_s") or 0.0) - 1 / row["fps"])
        fps, basis = row["fps"] * _sooner(job), f"t2w bench ({row.get('device')}, {row.get('dtype') or 'no network'})"
    seconds = None if not fps else left / fps + loading
    memory = row.get("peak_mib") or job.spec.memory_mib or None
    return Model(job.kind, job.name, job.asked, jobs, left, not missing, missing, fps, seconds, basis, memory)


def _sooner(job: Job) -> float:
    """How much faster a picture is painted than by default, which bench has measured: by the number of steps."""
    if not isinstance(job, Paint):
        return 1.0
    usual, steps = (settings.get("num_inference_steps") for settings in (painters.settings(job.name), job.start.settings))
    return usual / steps if usual and steps else 1.0


def _missing(job: Job) -> str:
    """How to get the job's model; "" where it is here. Raises T2WError for a painter that cannot be called as the job wants it."""
    try:
        job.ready()
    except T2WError as error:
        if error.code != MISSING:
            raise
        return str(error)
    return ""


def _bytes(job: Job) -> float:
    if isinstance(job, Paint):
        area = job.start.width * job.start.height
        return job.n * area * PICTURE + job.n * SHEET * 640 * 640 * job.start.height / job.start.width
    return job.size * (ROW + (1 + job.clean) * FILM * _film_area(job.walk.world))


@cache
def _film_area(world: str) -> float:
    spec = registry.spec(world)
    factor = -(-LEAST_WIDTH // spec.width)
    return spec.width * spec.height * factor**2
