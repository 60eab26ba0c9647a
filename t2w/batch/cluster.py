"""Workers of a Ray cluster: orders in, words out. A job's files go to its node and come back, so nodes share no disk with this machine."""

import os
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Self

from t2w.batch import worker
from t2w.batch.plan import Job, Paint, Roll
from t2w.batch.work import Models, painted, rolled
from t2w.batch.worker import Died, Done, Progress, Word
from t2w.errors import FAILED, MISSING, T2WError
from t2w.media.atomic import atomically
from t2w.media.folders import make_folder

MIB = 2**20
LOCAL = "ray"  # what is said for a cluster of this machine alone, started for the batch
ASK = 1.0  # seconds between questions how far a job is
ADDRESS, PORT = re.compile(r"ray://([\w.-]+|\[[0-9a-fA-F:.]+\])(?::(\d{1,5}))?"), 10001
PATIENCE = 3  # seconds, and as often: for a cluster to answer
ADVICE = "HOST:PORT is where its clients are let in (port 10001, as a rule), and RAY_AUTH_TOKEN its token where it asks for one"
GONE = (ConnectionError, TimeoutError)
LAST = ("sheet.png", "take.json")  # what says that a stage is whole
Files = dict[str, bytes]


class Hand:
    """The actor: it does one job after another in a folder of its node, and keeps the model of the last."""

    def __init__(self):
        self.models, self.n = Models(), 0

    def do(self, job: Job, number: int | None, files: Files) -> tuple[Files, int, Word]:
        """(what the job has made, candidates or frames not yet told, how it ended)."""
        with TemporaryDirectory(prefix="t2w-") as place:
            _write(Path(place), files)
            for word in worker.words(job, number, Path(place), self.models):
                self.n += word.n if isinstance(word, Progress) else 0
            made = _read(Path(place) / job.folder, Path(place)) if isinstance(word, Done) else {}
        return {name: data for name, data in made.items() if files.get(name) != data}, self.moved(), word

    def moved(self) -> int:
        """Candidates or frames since it was last asked."""
        n, self.n = self.n, 0
        return n


class Cluster:
    """As `Workers`, on the nodes of a cluster: `address` is ray, or ray://HOST:PORT."""

    def __init__(self, folder: Path, n: int, threads: int, address: str):
        if address != LOCAL and not ADDRESS.fullmatch(address):
            raise T2WError(f"--on {address} is no cluster; say ray, which starts one here, or ray://HOST:PORT")
        self.folder, self.n, self.threads, self.address = folder, n, threads, address
        self.hands: dict[int, tuple[str, object]] = {}  # slot: (model, actor)
        self.orders: dict[object, int] = {}  # what is awaited, of which slot
        self.questions: dict[object, int] = {}  # how far is it? of which slot
        self.asked: dict[int, float] = {}
        self.known: list[tuple[int, Word]] = []  # what needs no cluster

    def __enter__(self) -> Self:
        if self.address != LOCAL:
            _reach(self.address)
        self.ray, quiet = _ray(), {"log_to_driver": False, "logging_level": "error"}
        try:
            if self.address == LOCAL:
                self.ray.init(address="local", num_cpus=self.n * self.threads, include_dashboard=False, **quiet)
            else:
                self.ray.init(address=self.address, **quiet)
        except (*GONE, RuntimeError, ValueError, self.ray.exceptions.RayError) as error:
            reason = f"{_reason(error)[:300]}; {ADVICE}" if self.address != LOCAL else _reason(error)
            raise T2WError(f"no cluster lets t2w in at {self.address}: {reason}", FAILED) from error
        return self

    def give(self, slot: int, order: tuple[Job, int | None]) -> None:
        with self._there_still():
            self._give(slot, *order)

    def _give(self, slot: int, job: Job, number: int | None) -> None:
        if (done := self._there(job, number)) is not None:
            self.known.append((slot, done))
            return
        if slot in self.hands and self.hands[slot][0] != job.model:
            self._let_go(slot)  # another model wants other resources
        if slot not in self.hands:
            self.hands[slot] = job.model, self.ray.remote(Hand).options(**self._resources(job)).remote()
        self.orders[self.hands[slot][1].do.remote(job, number, self._files(job))] = slot

    def listen(self, timeout: float) -> Iterator[tuple[int, Word]]:
        with self._there_still():
            yield from [self.known.pop()] if self.known else self._listen(timeout)

    def _listen(self, timeout: float) -> Iterator[tuple[int, Word]]:
        self._ask()
        ready, _ = self.ray.wait([*self.orders, *self.questions], num_returns=1, timeout=timeout)
        for found in ready:
            if found in self.questions:
                slot = self.questions.pop(found)
                with suppress(self.ray.exceptions.RayError):  # the order's own answer tells what is wrong
                    yield slot, Progress(self.ray.get(found))
            else:
                yield from self._answer(self.orders.pop(found), found)

    def __exit__(self, kind, error, trace) -> None:
        with suppress(*GONE, RuntimeError):  # where the cluster is gone, its actors are too
            for slot in list(self.hands):
                self._let_go(slot)
        self.ray.shutdown()

    @contextmanager
    def _there_still(self) -> Iterator[None]:
        try:
            yield
        except GONE as error:
            again = "the same command goes on when it is there again"
            raise T2WError(f"the cluster at {self.address} does not answer any more ({_reason(error)[:300]}); {again}", FAILED) from error

    def _answer(self, slot: int, found: object) -> Iterator[tuple[int, Word]]:
        try:
            files, n, word = self.ray.get(found)
            n += sum(self.ray.get(self._unanswered(slot)))
        except self.ray.exceptions.RayError as error:
            # An actor or its node is gone, or the job's code broke: in either case another actor takes over.
            self._let_go(slot)
            yield slot, Died(f"the worker broke off: {_reason(error)}")
            return
        _write(self.folder, files)
        yield slot, Progress(n)
        yield slot, word

    def _ask(self) -> None:
        now = time.monotonic()
        for slot in self.orders.values():
            if slot not in self.questions.values() and now - self.asked.get(slot, 0.0) > ASK:
                self.asked[slot] = now
                self.questions[self.hands[slot][1].moved.remote()] = slot

    def _let_go(self, slot: int) -> None:
        self.ray.kill(self.hands.pop(slot)[1])
        self._unanswered(slot)

    def _unanswered(self, slot: int) -> list:
        """The questions to a slot that nobody has answered yet; they are not waited for any more."""
        found = [question for question, of in self.questions.items() if of == slot]
        for question in found:
            del self.questions[question]
        return found

    def _resources(self, job: Job) -> dict:
        """Of an actor: threads as processors, a GPU where the cluster has some and the model may use it, memory as the model's spec says."""
        gpu = job.device != "cpu" and job.name != "sim" and self.ray.cluster_resources().get("GPU", 0) >= 1
        environment = {"OMP_NUM_THREADS": str(self.threads), "NUMBA_NUM_THREADS": str(self.threads)}
        memory = {} if gpu else {"memory": job.spec.memory_mib * MIB}
        return {"num_cpus": self.threads, "num_gpus": int(gpu), "max_concurrency": 2, "runtime_env": {"env_vars": environment}} | memory

    def _there(self, job: Job, number: int | None) -> Done | None:
        if isinstance(job, Paint):
            return Done(None, None) if painted(self.folder, job) else None
        sha256 = rolled(self.folder, job, number)
        return None if sha256 is None else Done(None, sha256)

    def _files(self, job: Job) -> Files:
        """What a job begins from."""
        world = self.folder / job.folder
        names = [world / "world.json", *([world / "frames" / f"{job.pick}.png"] if isinstance(job, Roll) else [])]
        return {name.relative_to(self.folder).as_posix(): name.read_bytes() for name in names if name.is_file()}


def _ray() -> ModuleType:
    for name in ("INITIAL", "MAX"):  # read when ray is imported
        os.environ.setdefault(f"RAY_CLIENT_{name}_CONNECTION_TIMEOUT_S", str(PATIENCE))
    try:
        import ray
    except ModuleNotFoundError as error:
        raise T2WError(f"work on a cluster needs {error.name}, which is an extra: pip install 't2w[cluster]'", MISSING) from error
    return ray


def _reach(address: str) -> None:
    """Refuse a place where nobody listens; Ray itself would try for a long time."""
    host, port = ADDRESS.fullmatch(address).groups()
    try:
        socket.create_connection((host.strip("[]"), int(port or PORT)), PATIENCE).close()
    except (OSError, OverflowError, UnicodeError) as error:
        raise T2WError(f"nobody answers at {address} ({_reason(error)}); `ray start --head` starts a cluster there", FAILED) from error


def _read(folder: Path, base: Path) -> Files:
    return {path.relative_to(base).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def _write(folder: Path, files: Files) -> None:
    """Each whole or not at all, those that say all is there last."""
    for name in sorted(files, key=lambda name: (name.rpartition("/")[2] in LAST, name)):
        path = folder / name
        make_folder(path.parent)
        with atomically(path) as temporary:
            temporary.write_bytes(files[name])


def _reason(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
