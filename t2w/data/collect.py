"""Collecting: numbers of episodes come in, shards on disk come out, written by several processes, resumable."""

import json
import multiprocessing
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from pathlib import Path

from t2w.data.shard import Shard, path_of, write
from t2w.errors import FAILED, MISSING, T2WError
from t2w.media.atomic import sweep, write_text
from t2w.processes import end_with_parent
from t2w.sim.spec import HEIGHT, WIDTH


@dataclass(frozen=True)
class CollectConfig:
    """What to record. Episode k has the world of seed `seed + k`; the kinds follow each other in the ratio of `mix`."""

    episodes: int = 1024
    frames: int = 96  # of a play or palindrome
    seed: int = 0
    width: int = WIDTH
    height: int = HEIGHT
    mix: tuple[tuple[str, int], ...] = (("play", 10), ("palindrome", 4), ("branch", 2), ("event", 6), ("still", 60), ("face", 38))
    shard: int = 120  # episodes in one shard: one turn of the mix


def alone(kind: str) -> dict:
    """Settings for one kind only; a start is but one frame, so a shard holds more of them."""
    return {"mix": ((kind, 1),), "shard": 1000 if kind == "start" else CollectConfig.shard}


def kind_of(k: int, config: CollectConfig) -> str:
    """The kind of episode k: each turn of the mix holds every kind, evenly spread."""
    turn = [kind for kind, n in config.mix for _ in range(n)]
    return turn[k * 13 % len(turn)]


def record_shard(folder: Path, index: int, config: CollectConfig) -> int:
    """Records shard `index` and writes it; returns its frames. What is there already is left as it is."""
    from t2w.data.record import RECORDERS
    from t2w.sim.render import Renderer

    path = path_of(folder, index)
    turn = range(index * config.shard, min((index + 1) * config.shard, config.episodes))
    if path.exists():
        shard = Shard(path)
        if len({row["seed"] for row in shard.rows}) >= len(turn):
            return len(shard)
        path.unlink()  # the last shard of a shorter run
    renderer, episodes = Renderer(config.width, config.height), []
    for k in turn:
        episodes += RECORDERS[kind_of(k, config)](config.seed + k, config.frames, renderer)
    write(folder, index, episodes)
    return sum(len(episode.jpegs) for episode in episodes)


def _job(job: tuple[Path, int, CollectConfig]) -> int:
    return record_shard(*job)


def _begin() -> None:
    """In a worker. Ctrl-C reaches every process: the workers just end, and the caller is told. When that one is killed, they end too."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    end_with_parent()


def collect(folder: Path, config: CollectConfig, workers: int) -> Iterator[int]:
    """Records all shards with several processes; yields the frames of each as it is done.

    Run again with the same settings, it goes on where it was stopped; with other settings it refuses.
    """
    try:
        import numba  # noqa: F401
    except ImportError as error:
        raise T2WError('the simulator needs numba; install it with: pip install "t2w[sim]"', code=MISSING) from error
    claim(folder, config)
    jobs = [(folder, index, config) for index in range(-(-config.episodes // config.shard))]
    if workers == 1:
        yield from map(_job, jobs)
        return
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _begin)
    try:
        for done in as_completed([pool.submit(_job, job) for job in jobs]):
            yield done.result()
    except BrokenProcessPool as error:
        raise T2WError(
            "a recording process was killed, perhaps for want of memory; the same command goes on, try fewer --workers", FAILED
        ) from error
    finally:
        for process in set(multiprocessing.active_children()) - others:  # else shards that were begun are waited for
            process.terminate()
        pool.shutdown(cancel_futures=True)


def claim(folder: Path, config: CollectConfig) -> None:
    """Writes the settings beside the shards, or checks that those there are the same (more episodes may be asked for)."""
    path, settings = folder / "collect.json", json.loads(json.dumps(asdict(config)))
    if path.exists():
        before = json.loads(path.read_text())
        different = [k for k, v in settings.items() if k != "episodes" and before.get(k) != v]
        if different:
            raise T2WError(f"{folder} holds episodes with other settings ({', '.join(different)}); use another folder.")
    folder.mkdir(parents=True, exist_ok=True)
    sweep(folder)
    write_text(path, json.dumps(settings, indent=2) + "\n")
