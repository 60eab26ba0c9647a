"""How fast models run on this machine: names in, a row of figures each out. Each is measured in a process of its own.

Seconds are wall time, at batch 1; memory is the most that the process held: on the GPU if the model ran there, else resident.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from t2w.actions import policy as policies
from t2w.errors import FAILED, T2WError
from t2w.media.hud import Hud
from t2w.media.video import Film
from t2w.processes import deaf
from t2w.rollout.recorder import Recorder, Recording
from t2w.rollout.rollout import walk
from t2w.start import painters
from t2w.worlds import registry
from t2w.worlds.genie import Genie
from t2w.worlds.sim import SPEC as STARTERS_SIZE

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from t2w.worlds.protocol import Session, World

WARM_UP = 10  # frames: long enough for a short memory to be full
PROMPT = "a snowy pine forest at sunset with a red cabin"


@dataclass(frozen=True)
class Ask:
    kind: str  # "world" or "painter"
    name: str
    frames: int = 60  # measured after the warm-up; of pictures a twentieth as many, at least three
    device: str = "auto"
    dtype: str = "auto"


def measure(asks: Sequence[Ask]) -> Iterator[dict]:
    """A row each, in order. Raises T2WError for names that are not known, before anything is measured."""
    for ask in asks:
        registry.spec(ask.name) if ask.kind == "world" else painters.check(ask.name)
    yield from map(alone, asks)


def alone(ask: Ask) -> dict:
    """`row(ask)` in a process of its own, so that peaks of memory do not mix."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(ask, there), daemon=True)
    with deaf():
        process.start()
    there.close()
    try:
        found = here.recv()
    except EOFError:
        process.join()
        raise T2WError(f"measuring the {ask.kind} {ask.name} broke off (exit code {process.exitcode})", FAILED) from None
    except KeyboardInterrupt:
        process.terminate()
        raise
    finally:
        process.join()
    if isinstance(found, T2WError):
        raise found
    return found


def _answer(ask: Ask, there: Connection) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # an exception, so that files on the way are removed
    try:
        there.send(row(ask))
    except T2WError as error:
        there.send(error)


def row(ask: Ask) -> dict:
    """The figures of one model, in this process. Those that make no sense for it are None."""
    figures = of_world(ask) if ask.kind == "world" else of_painter(ask)
    torch = sys.modules.get("torch")
    threads = torch.get_num_threads() if torch else 1
    return {"name": ask.name, "kind": ask.kind, **figures, "peak_mib": peak_mib(figures["device"]), "threads": threads}


def of_world(ask: Ask) -> dict:
    """A take as `t2w roll` makes it, and before that the time of each stage."""
    with timed() as loading:
        world = registry.load(ask.name, ask.device, ask.dtype)
    spec, device = world.spec, str(getattr(world, "device", "cpu"))
    frame, policy = picture(spec.width, spec.height), policies.make("explore", spec.space, spec.fps, 0)
    n = spec.chunk or ask.frames
    with timed() as first:
        session = world.begin(frame, prompt=PROMPT)
        session.step([policy(frame, t) for t in range(n)])
    if spec.chunk:
        list(walk(session, frame, policy, WARM_UP, chunk=n))
    with tempfile.TemporaryDirectory() as place:
        stages = stage_times(world, session, policy, max(1, ask.frames // n), n, Path(place), device)
        with timed() as take, Recorder(Recording(Path(place)), spec, {"prompt": PROMPT, "frames": ask.frames}) as recorder:
            recorder.write(frame)
            for new, action in walk(session, frame, policy, ask.frames, chunk=spec.chunk):
                recorder.write(new, action)
    step = stages.get("step") or stages["dynamics"] + stages["decode"]
    return {
        "fps": round(ask.frames / take.seconds, 2),
        "first_frame_s": round(first.seconds, 3),
        "load_s": round(loading.seconds, 3),
        "step_fps": round(1000 / step, 2),
        "latent_fps": round(1000 / stages["dynamics"], 2) if "dynamics" in stages else None,
        "stages": {name: round(ms, 2) for name, ms in stages.items()},
        "frames": ask.frames,
        "size": [spec.width, spec.height],
        "device": device,
        "dtype": _word(getattr(world, "dtype", None)),
        "denoising_steps": getattr(getattr(world, "sampling", None), "denoising_steps", None),
    }


def stage_times(world: World, session: Session, policy: policies.Policy, steps: int, n: int, place: Path, device: str) -> dict[str, float]:
    """Medians in milliseconds a frame, over `steps` steps of n frames. Worlds of ours are taken apart, others make a step."""
    spec, watch = world.spec, Watch(_settle(device))
    hud = Hud(spec.space.keys, spec.fps, PROMPT, spec.space.mouse, spec.space.turn)
    frame = picture(spec.width, spec.height)
    with Film(place / "stages.mp4", spec.fps) as film:
        film.write(hud.draw(frame, None, 0))
        for k in range(steps):
            actions = [policy(frame, k * n + t) for t in range(n)]
            if isinstance(world, Genie):
                with watch("encode"):
                    world.encode(frame[None])
                with watch("dynamics"):
                    session.imagine(actions[0])
                with watch("decode"):
                    frames = session.picture()
            else:
                with watch("step", n):
                    frames = session.step(actions)
            for t, frame in enumerate(frames):
                with watch("hud"):
                    drawn = hud.draw(frame, actions[t], k * n + t)
                with watch("film"):
                    film.write(drawn)
    return {name: 1000 * median(seconds) for name, seconds in watch.seconds.items()}


def of_painter(ask: Ask) -> dict:
    """Pictures one by one, the first with all that comes before it: a painter loads when it is first asked."""
    n, size, call = max(3, ask.frames // 20), (STARTERS_SIZE.width, STARTERS_SIZE.height), painters.settings(ask.name)
    pictures = painters.paint(ask.name, PROMPT, list(range(n + 1)), *size, ask.device, ask.dtype, call)
    watch = Watch(lambda: None)  # a picture is only there when the device has done its work
    with timed() as first:
        next(pictures)
    for _ in range(n):
        with watch("picture"):
            next(pictures)
    second = median(watch.seconds["picture"])
    device, dtype = ("cpu", None) if ask.name == "sim" else _resolved(ask)
    return {
        "fps": round(1 / second, 3),
        "first_frame_s": round(first.seconds, 3),
        "stages": {"picture": round(1000 * second, 2)},
        "frames": n,
        "size": list(size),
        "device": device,
        "dtype": dtype,
        "denoising_steps": call.get("num_inference_steps"),
    }


def picture(width: int, height: int) -> np.ndarray:
    """A start frame that needs no model: sky, ground, and boxes on it."""
    y, x = np.mgrid[:height, :width]
    frame = np.where((y < height // 2)[..., None], (150, 190, 235), (90, 140, 70)) + (x % 7 + y % 5)[..., None]
    frame[(abs(y - height // 2) < height // 6) & (x // max(1, width // 9) % 2 == 1)] = (120, 80, 60)
    return frame.astype(np.uint8)


def peak_mib(device: str) -> int | None:
    """The most memory that was held so far, in MiB; None where the system does not say."""
    status = Path("/proc/self/status")
    if device.startswith("cuda"):
        import torch

        return round(torch.cuda.max_memory_allocated(device) / 2**20)
    if status.is_file():  # Linux; there getrusage() counts what the process that started this one held, too
        return round(int(status.read_text().partition("VmHWM:")[2].split()[0]) / 2**10)
    if sys.platform == "darwin":
        from resource import RUSAGE_SELF, getrusage

        return round(getrusage(RUSAGE_SELF).ru_maxrss / 2**20)
    return None


@dataclass
class Span:
    seconds: float = 0.0


@contextmanager
def timed() -> Iterator[Span]:
    span, began = Span(), time.perf_counter()
    yield span
    span.seconds = time.perf_counter() - began


class Watch:
    """Seconds of many spans by their names."""

    def __init__(self, settle: Callable[[], None]):
        self.settle = settle  # waits until the device has done its work
        self.seconds: dict[str, list[float]] = defaultdict(list)

    @contextmanager
    def __call__(self, name: str, frames: int = 1) -> Iterator[None]:
        with timed() as span:
            yield
            self.settle()
        self.seconds[name].append(span.seconds / frames)


def _settle(device: str) -> Callable[[], None]:
    if not device.startswith("cuda"):
        return lambda: None
    import torch

    return lambda: torch.cuda.synchronize(device)


def _resolved(ask: Ask) -> tuple[str, str]:
    from t2w.worlds.device import resolve

    device, dtype = resolve(ask.device, ask.dtype)
    return str(device), _word(dtype)


def _word(dtype: object) -> str | None:
    return None if dtype is None else str(dtype).removeprefix("torch.")
