"""Workers of this machine: orders in, words out. Each is a spawned process; one that dies is told of and replaced."""

import multiprocessing
import re
import time
from collections.abc import Iterator
from multiprocessing.connection import wait
from pathlib import Path
from typing import Self

from t2w.batch import worker
from t2w.batch.plan import Job
from t2w.batch.worker import Died, Word
from t2w.errors import FAILED, T2WError
from t2w.media.atomic import sweep
from t2w.processes import deaf

PATIENCE = 5.0  # seconds for workers to leave things in order before they are killed
Order = tuple[Job, int | None]


class Workers:
    """`n` slots. `give` an idle slot an order; `listen` for what is said."""

    def __init__(self, folder: Path, n: int, threads: int, gpus: int = 0):
        self.folder, self.n, self.threads, self.gpus = folder, n, threads, gpus
        self.context = multiprocessing.get_context("spawn")
        self.processes: dict[int, multiprocessing.Process] = {}
        self.pipes: dict = {}

    def __enter__(self) -> Self:
        for name in (worker.LOCKS, worker.LOGS):
            (self.folder / name).mkdir(exist_ok=True)
        self._wait_for_others()
        return self

    def give(self, slot: int, order: Order) -> None:
        if slot not in self.processes:
            self._start(slot)
        try:
            self.pipes[slot].send(order)
        except OSError:  # it has just died; `listen` tells
            return

    def listen(self, timeout: float) -> Iterator[tuple[int, Word]]:
        slots = {pipe: slot for slot, pipe in self.pipes.items()}
        for pipe in wait(list(slots), timeout):
            slot = slots[pipe]
            try:
                yield slot, pipe.recv()
            except (EOFError, OSError):
                yield slot, self._bury(slot)

    def __exit__(self, kind, error, trace) -> None:
        """Idle workers go home; the others are told to stop, and killed where they cannot hear it. What they have left half-written goes."""
        for pipe in self.pipes.values():
            try:
                pipe.send(None)
            except OSError:
                continue
        end = time.monotonic() + PATIENCE
        if kind is not None:
            for process in self.processes.values():
                process.terminate()
        for process in self.processes.values():
            process.join(max(0.0, end - time.monotonic()))
            if process.is_alive():
                process.kill()
                process.join()
        for pipe in self.pipes.values():
            pipe.close()
        if kind is not None:
            for place in {left.parent for left in self.folder.rglob(".*.tmp*")}:
                sweep(place)

    def _start(self, slot: int) -> None:
        here, there = self.context.Pipe()
        arguments = (str(self.folder), slot, self.threads, slot % self.gpus if self.gpus else None, there)
        process = self.context.Process(target=worker.main, args=arguments, daemon=True)
        with deaf():
            process.start()
        there.close()
        self.processes[slot], self.pipes[slot] = process, here

    def _bury(self, slot: int) -> Died:
        process = self.processes.pop(slot)
        self.pipes.pop(slot).close()
        process.join()
        if process.exitcode < 0:
            return Died(f"the worker was ended by signal {-process.exitcode}" + (" (out of memory?)" if process.exitcode == -9 else ""))
        log = self.folder / worker.LOGS / f"worker-{slot}.log"
        return Died(f"the worker broke off: {_last_line(log)} ({log.relative_to(self.folder)})")

    def _wait_for_others(self) -> None:
        """Workers of a batch that was killed see it and end; what they write is theirs until then."""
        from filelock import FileLock, Timeout

        for path in (self.folder / worker.LOCKS).glob("*.lock"):
            try:
                with FileLock(path, timeout=2 * worker.GRACE):
                    pass
            except Timeout:
                raise T2WError(f"a worker of an earlier batch is still at work in {self.folder}; wait for it, or end it", FAILED) from None


def _last_line(log: Path) -> str:
    lines = [line for line in log.read_text("utf-8", "replace").split("\n") if line.strip()] if log.is_file() else []
    raised = [line for line in lines if re.match(r"[\w.]+(Error|Exception|Interrupt|Exit)\b", line)]  # its words may fill several lines
    return (raised or lines or ["it said nothing"])[-1].strip()
