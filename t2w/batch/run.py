"""A batch: a folder with a queue in, jobs done by workers, events out. Stopped at any moment, the same again goes on."""

import sqlite3
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from t2w.batch import results
from t2w.batch.plan import Job, Plan, Roll
from t2w.batch.queue import Queue
from t2w.batch.worker import Died, Done, Failed, Progress, Word
from t2w.errors import FAILED, T2WError
from t2w.media.folders import make_folder, quoted

LOCK = ".lock"
LISTEN = 0.5  # seconds


class Pool(Protocol):
    """Who does the work: processes of this machine, or of many."""

    n: int

    def give(self, slot: int, order: tuple[Job, int | None]) -> None: ...
    def listen(self, timeout: float) -> Iterator[tuple[int, Word]]: ...


# Events
@dataclass(frozen=True)
class Counts:
    """{"paint": {"done": 12}, "roll": {"pending": 24}}"""

    stages: dict[str, dict[str, int]]


@dataclass(frozen=True)
class Moved:
    stage: str
    n: int  # candidates or frames


@dataclass(frozen=True)
class Ended:
    """A job came to an end: done, or failed for good, or to be tried again."""

    job: Job
    number: int | None
    state: str  # done, failed, again
    took: float | None = None
    error: str = ""

    @property
    def stage(self) -> str:
        return "roll" if isinstance(self.job, Roll) else "paint"


Event = Counts | Moved | Ended


class Full(T2WError):
    """No space is left; nothing is lost."""


class Cancelled(T2WError):
    """Somebody said `t2w batch cancel`."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """This process alone works in the folder. Raises T2WError where another does, or where it is a world's."""
    from filelock import FileLock, Timeout

    if (folder / "world.json").is_file():
        raise T2WError(f"{folder} is a world, not a batch's folder; choose another --out")
    try:
        with FileLock(make_folder(folder) / LOCK, timeout=0):
            yield
    except Timeout:
        raise T2WError(f"another t2w batch is at work in {folder}; `t2w batch status {quoted(folder)}` shows it", FAILED) from None


def at_work(folder: Path) -> bool:
    """Whether another process works there."""
    from filelock import FileLock, Timeout

    try:
        with FileLock(folder / LOCK, timeout=0):
            return False
    except Timeout:
        return True


def prepare(folder: Path, plan: Plan | None, retry: bool = False, dry: bool = False) -> Queue:
    """The queue of the folder, with the plan in it, ready to go on; `dry`: a copy of it in memory. Raises T2WError."""
    queue = Queue(folder, new=plan is not None, dry=dry)
    with _explained(folder, queue):
        if plan is not None:
            queue.plan(plan)
        queue.settle(retry)
    if plan is None:
        _same_weights(folder, queue)
    return queue


def _same_weights(folder: Path, queue: Queue) -> None:
    """Refuse to go on with other weights than the jobs were planned for: their keys would tell a lie."""
    for _, _, job in queue.left().values():
        if job.weights_now() != job.weights:
            told = f"the {job.kind} {job.name} has other weights now than when this was planned"
            raise T2WError(f"{told}; t2w batch RECIPE --out {folder} plans what they decide anew")


def run(folder: Path, queue: Queue, pool: AbstractContextManager[Pool], retries: int = 1) -> Generator[Event, None, None]:
    """Does all that is pending. The queue and results.jsonl are in order however this ends. Raises Full, Cancelled."""
    try:
        with _explained(folder, queue), pool as workers:
            yield Counts(queue.counts())
            yield from _work(queue, workers, retries)
    finally:
        _close(folder, queue)


def _work(queue: Queue, pool: Pool, retries: int) -> Iterator[Event]:
    models: dict[int, str | None] = dict.fromkeys(range(pool.n))
    busy: dict[int, tuple[Job, int | None]] = {}
    while True:
        for slot in set(models) - set(busy):
            if (order := queue.next(models[slot])) is None:
                break
            busy[slot], models[slot] = order, order[0].model
            queue.began(order[0].key)
            pool.give(slot, order)
        if queue.cancelled:
            raise Cancelled("the batch was cancelled; `t2w batch resume` goes on", FAILED)
        if not busy:
            return
        for slot, word in pool.listen(LISTEN):
            if isinstance(word, Progress):
                yield Moved("roll" if isinstance(busy[slot][0], Roll) else "paint", word.n)
            elif slot in busy:
                yield _ended(queue, *busy.pop(slot), word, retries)
            if isinstance(word, Died):
                models[slot] = None


def _ended(queue: Queue, job: Job, number: int | None, word: Word, retries: int) -> Ended:
    if isinstance(word, Done):
        queue.done(job.key, word.took, word.sha256)
        return Ended(job, number, "done", word.took)
    if isinstance(word, Failed) and word.full:
        raise Full(word.error, FAILED)
    # A wrong file or a missing model is no better the next time.
    again = not (isinstance(word, Failed) and word.code != FAILED) and queue.tries(job.key) <= retries
    queue.again(job.key) if again else queue.failed(job.key, word.error)
    return Ended(job, number, "again" if again else "failed", error=word.error)


def _close(folder: Path, queue: Queue) -> None:
    try:
        queue.rest()
        results.write(folder, queue.rows())
    except (sqlite3.OperationalError, T2WError):
        return  # a full disk: both are made good by the next run


@contextmanager
def _explained(folder: Path, queue: Queue) -> Iterator[None]:
    """A disk without space, told with how much there is and how much is wanted."""
    try:
        yield
    except Full as error:
        raise Full(f"{error}; {_space(folder, queue)}", FAILED) from None
    except sqlite3.OperationalError as error:
        if "full" not in str(error):
            raise
        raise Full(f"could not write {folder / 'queue.sqlite'}: no space left on device; {_space(folder, queue)}", FAILED) from None


def _space(folder: Path, queue: Queue) -> str:
    import shutil

    from t2w.batch.estimate import MIB, disk_wanted

    free, wanted = shutil.disk_usage(folder).free / MIB, disk_wanted(queue)
    return f"{free:.0f} MiB are free, the rest of the batch needs about {wanted:.0f}; make space, and the same command goes on"
