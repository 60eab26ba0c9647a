"""A worker, in a process of its own: jobs come in through a pipe, what became of them goes out. The model of the last one stays loaded."""

# Nothing heavy is imported at the top: the number of threads and the GPU must be known before numpy and torch are.
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from t2w.errors import FAILED, T2WError
from t2w.processes import end_with_parent

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from t2w.batch.plan import Job
    from t2w.batch.work import Models

EVERY = 0.2  # seconds between words about progress
GRACE = 20.0  # seconds in which the job under way is left in order, when all is to end
LOCKS, LOGS = ".workers", "logs"


@dataclass(frozen=True)
class Progress:
    n: int  # candidates or frames since the last word


@dataclass(frozen=True)
class Done:
    took: float | None  # None: it was there already
    sha256: str | None


@dataclass(frozen=True)
class Failed:
    error: str
    code: int = FAILED
    full: bool = False  # the disk is


@dataclass(frozen=True)
class Died:
    """Said for a worker that cannot say anything any more."""

    error: str


Word = Progress | Done | Failed | Died


def settle(threads: int, gpu: int | None = None) -> None:
    """Before numpy and torch are imported, which read this once. The number of threads decides the last bits of a product."""
    os.environ["OMP_NUM_THREADS"] = os.environ["NUMBA_NUM_THREADS"] = str(threads)
    if gpu is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = str(gpu)


def main(folder: str, slot: int, threads: int, gpu: int | None, pipe: "Connection") -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # an exception, so that files on the way are removed
    settle(threads, gpu)
    place = Path(folder)
    _speak_to(place / LOGS / f"worker-{slot}.log")
    end_with_parent(GRACE)  # it leaves what it does in order, if it can
    from filelock import FileLock

    from t2w.batch.work import Models

    models = Models()
    # A worker whose batch was killed may still be at work here: two would write the same take.
    with FileLock(place / LOCKS / f"{slot}.lock", timeout=2 * GRACE):
        while (order := pipe.recv()) is not None:
            for word in words(*order, place, models):
                pipe.send(word)


def words(job: "Job", number: int | None, folder: Path, models: "Models") -> Iterator[Word]:
    """A job done, and told; the last word is Done or Failed. What is no T2WError ends the worker, which is the safest after a crash."""
    from t2w.batch.work import Made, do

    began = told = time.perf_counter()
    n = 0
    try:
        for event in do(job, number, folder, models):
            if isinstance(event, Made):
                yield Progress(n if event.fresh else job.size)
                yield Done(time.perf_counter() - began if event.fresh else None, event.sha256)
                return
            n += event
            if time.perf_counter() - told > EVERY:
                yield Progress(n)
                n, told = 0, time.perf_counter()
    except T2WError as error:
        yield Failed(str(error), error.code, is_full(error))


def is_full(error: T2WError) -> bool:
    return any(said in str(error).lower() for said in ("no space left on device", "disk quota exceeded", "disk is full"))


def _speak_to(path: Path) -> None:
    """What libraries say, and the traceback of a crash: stdout is the batch's own."""
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for stream in (1, 2):
        os.dup2(log, stream)
