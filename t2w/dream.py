"""The whole product: a sentence becomes candidates, one is picked, a world is walked into it, and the walk is written as a film.

Everything here yields events; the caller decides what to show. Files are written on the way, each whole or not at all.
"""

import operator
import platform
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from t2w import __version__
from t2w.actions import policy as policies
from t2w.actions.action import Action
from t2w.errors import T2WError
from t2w.media.atomic import sweep
from t2w.media.folders import make_folder
from t2w.rollout import takes
from t2w.rollout.recorder import Recorder, Recording
from t2w.rollout.rollout import walk
from t2w.start import folder as disk
from t2w.start import painters, weights
from t2w.start.start import PICTURE, Start
from t2w.worlds import registry
from t2w.worlds.protocol import Kept, World, anew


@dataclass(frozen=True)
class Walk:
    """What a take is asked for: which world, who acts in it, how long."""

    world: str = "starter"
    policy: str = "explore"
    actions: tuple[Action, ...] | None = None  # a script's; then the policy is not asked
    seed: int = 0
    frames: int = 150  # new frames: the film has one more, the start frame
    device: str = "auto"
    dtype: str = "auto"
    memory: str = "auto"  # decides where weights lie, not what is made


@dataclass(frozen=True)
class Keep:
    """What is kept besides the film, its actions and its manifest."""

    clean: bool = False
    frames_out: Path | None = None
    metadata: bool = True
    more: dict = field(default_factory=dict)  # what the manifest says besides


# Events, in the order in which they come.
@dataclass(frozen=True)
class Stage:
    text: str  # what begins now and may take a while


@dataclass(frozen=True)
class Note:
    text: str  # what the user should know


@dataclass(frozen=True)
class Candidate:
    k: int
    seed: int
    frame: np.ndarray
    path: Path


@dataclass(frozen=True)
class Sheet:
    path: Path


@dataclass(frozen=True)
class Picked:
    k: int
    folder: Path


@dataclass(frozen=True)
class Frame:
    t: int  # 1..n: frame t was led to by `action`
    n: int
    frame: np.ndarray
    action: Action


@dataclass(frozen=True)
class Take:
    folder: Path
    manifest: dict
    rate: float  # frames a second, HUD and film included


Event = Stage | Note | Candidate | Sheet | Picked | Frame | Take


def dream(start: Start, n: int, choose: Callable[[int], int], ask: Walk, keep: Keep = Keep(), out: Path | None = None) -> Iterator[Event]:
    """From prompt to film. `choose` is asked for one of n candidates after all of them and their sheet have been yielded."""
    check(ask)
    registry.ready(ask.world)  # before anything is painted for it
    painters.ready(start.painter, start.settings)
    folder = disk.place(start, out)
    yield from candidates(start, n, folder, ask.device, ask.dtype, keep.metadata, ask.memory)
    pick = choose(n)
    yield from picked(folder, pick)
    yield from roll(folder, pick, ask, keep)


def candidates(
    start: Start,
    n: int,
    folder: Path,
    device: str = "auto",
    dtype: str = "auto",
    metadata: bool = True,
    memory: str = "auto",
    kept: Kept = anew,
) -> Iterator[Event]:
    """n candidates and their contact sheet into the folder. A pick made before stays if there are still as many."""
    from t2w.media.pixels import write_png
    from t2w.media.sheet import contact_sheet

    painters.ready(start.painter, start.settings)
    sweep(folder)
    sweep(make_folder(folder / "frames"))
    before = disk.read(folder).get("pick") if (folder / "world.json").is_file() else None
    pick = before if before is not None and before <= n else None
    how = {"device": device, "dtype": dtype}
    disk.write(folder, start, n, pick, versions(), how)
    yield Stage(f"loading the painter {start.painter}")
    frames, seeds = [], start.seeds(n)
    painted = painters.paint(
        start.painter, start.prompt, seeds, start.width, start.height, device, dtype, start.settings, memory, kept, True
    )
    for k, (seed, frame) in enumerate(zip(seeds, painted, strict=True), 1):
        path = disk.write_candidate(folder, start, k, frame, versions(), how, metadata)
        frames.append(frame)
        yield Candidate(k, seed, frame, path)
    sheet = contact_sheet(frames, [f"seed {seed}" for seed in seeds], start.prompt)
    manifest = {"kind": "sheet", **start.to_manifest(), "candidates": n, "versions": versions()}
    write_png(folder / "sheet.png", sheet, manifest if metadata else None)
    yield Sheet(folder / "sheet.png")


def picked(folder: Path, k: int) -> Iterator[Event]:
    """Candidate k is the one that is rolled."""
    manifest = disk.read(folder)
    disk.write(folder, Start.from_manifest(manifest), manifest["candidates"], k, manifest["versions"], manifest.get("painted", {}))
    yield Picked(k, folder)


def bring(picture: np.ndarray, prompt: str, name: str, out: Path | None, metadata: bool = True) -> Path:
    """A world folder, named after the picture, whose one candidate is a picture from outside."""
    height, width, _ = picture.shape
    start = Start(prompt, PICTURE, 0, width, height, picture=disk.digest(picture))
    folder = disk.place(start, out, name)
    disk.write(folder, start, 1, 1, versions(), {})
    disk.write_candidate(folder, start, 1, picture, versions(), {}, metadata)
    return folder


def check_machine(device: str, dtype: str, memory: str) -> None:
    """Refuse a device, numbers or a use of memory that cannot be had here."""
    from t2w.worlds import device as devices
    from t2w.worlds.weights import memory as memories

    devices.check(device, dtype)
    memories.check(memory)


def check(ask: Walk) -> None:
    """Refuse what cannot work, before anything is loaded."""
    check_machine(ask.device, ask.dtype, ask.memory)
    registry.spec(ask.world)
    if ask.actions is None:
        policies.maker(ask.policy)


def roll(folder: Path, pick: int, ask: Walk, keep: Keep = Keep(), kept: Kept = anew, into: Path | None = None) -> Iterator[Event]:
    """A take: the world begins at the picked frame and is walked through. `into`: the take's folder, else the next number's."""
    check(ask)
    held, spec = disk.read(folder), registry.spec(ask.world)
    start = Start.from_manifest(held)
    frame = disk.read_candidate(folder, pick)
    frame, notes = fitted(frame, start, spec)
    yield from map(Note, notes)
    yield Stage(f"loading the world {ask.world}")
    world = kept(("world", ask.world, ask.device, ask.dtype), lambda: registry.load(ask.world, ask.device, ask.dtype, ask.memory))
    # Where the seed makes the world, it is the picture's seed; elsewhere the take has its own.
    seed = start.seed + pick - 1 if spec.from_seed else ask.seed
    session = world.begin(frame, prompt=start.prompt, seed=seed)
    yield from map(Note, getattr(session, "notes", ()))
    policy = policies.make(ask.policy, spec.space, spec.fps, ask.seed) if ask.actions is None else policies.scripted(list(ask.actions))
    manifest = {**describe(start, pick, ask, spec, held.get("painted", {})), "ran": _ran(world)}
    place = into or takes.place(folder, manifest)
    began = time.perf_counter()
    with Recorder(Recording(place, keep.clean, keep.frames_out, keep.metadata, keep.more), spec, manifest) as recorder:
        recorder.write(frame)
        for t, (new, action) in enumerate(walk(session, frame, policy, ask.frames, chunk=spec.chunk), 1):
            recorder.write(new, action)
            yield Frame(t, ask.frames, new, action)
    yield Take(place, recorder.manifest, ask.frames / (time.perf_counter() - began))


def _ran(world: World) -> dict:
    """On what: what of it can change a byte, beside the versions."""
    torch = sys.modules.get("torch")
    found = {name: str(getattr(world, name)).removeprefix("torch.") for name in ("device", "dtype") if hasattr(world, name)}
    return found | ({"threads": torch.get_num_threads()} if torch else {})


def fitted(frame: np.ndarray, start: Start, spec: registry.WorldSpec) -> tuple[np.ndarray, list[str]]:
    """The start frame at the world's size, and what there is to say about it."""
    from t2w.media.pixels import fit

    notes = []
    if spec.pictures and not painters.paints_as_ours(start.painter):
        notes.append(
            f"the world {spec.name} was trained on {spec.pictures}; it goes on from this picture, but may turn it into something of its own"
        )
    height, width, _ = frame.shape
    if (width, height) != (spec.width, spec.height):
        notes.append(f"the start frame, {width}×{height}, is scaled to cover {spec.width}×{spec.height} and cropped to the centre")
        frame = fit(frame, spec.width, spec.height)
    return frame, notes


def describe(start: Start, pick: int, ask: Walk, spec: registry.WorldSpec, painted: dict) -> dict:
    """All that repeats a take; `painted`: on which device and with which dtype its start frame was."""
    return {
        "kind": "take",
        "prompt": start.prompt,
        "start": start.to_manifest(),
        "pick": pick,
        "painted": painted,
        "world": ask.world,
        "policy": ask.policy if ask.actions is None else None,
        "script": None if ask.actions is None else takes.to_runs(list(ask.actions)),
        "seed": ask.seed,
        "frames": ask.frames,
        "fps": spec.fps,
        "size": [spec.width, spec.height],
        "device": ask.device,
        "dtype": ask.dtype,
        "fingerprint": weights.of_world(ask.world),  # a batch notes it as "weights" as well, in takes of its own
        "versions": versions(),
    }


def asked(manifest: dict) -> tuple[Start, int, Walk]:
    """A take's manifest back to what was asked for; a T2WError when it is not enough."""
    try:
        actions = None if manifest["script"] is None else tuple(takes.from_runs(manifest["script"]))
        numbers, names = (operator.index(manifest[name]) for name in ("seed", "frames")), (manifest[name] for name in ("device", "dtype"))
        ask = Walk(manifest["world"], manifest["policy"] or "explore", actions, *numbers, *names)
        return Start.from_manifest(manifest["start"]), int(manifest["pick"]), ask
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise T2WError(
            f"this manifest is not enough to repeat a take ({type(error).__name__}: {error}); take.json of the same take may be"
        ) from error


def again(manifest: dict, beside: Path, out: Path, keep: Keep = Keep()) -> Iterator[Event]:
    """The take of a manifest made anew in the folder `out`. `beside` is the world folder it may lie in, for start frames from outside."""
    start, pick, ask = asked(manifest)
    check(ask)
    if start.painter == PICTURE:
        if not disk.frame_path(beside, 1).is_file():
            raise T2WError(
                f"the take began with a picture from outside, and {disk.frame_path(beside, 1)} is not there; give the take in its world's folder"
            )
        frame = disk.read_candidate(beside, 1)
        if disk.digest(frame) != start.picture:
            raise T2WError(f"{disk.frame_path(beside, 1)} is not the picture that the take began with")
        folder = bring(frame, start.prompt, "", out)
    else:
        folder = disk.place(start, out)
        how = manifest.get("painted", {})
        yield from candidates(start, pick, folder, how.get("device", ask.device), how.get("dtype", ask.dtype))
        yield from picked(folder, pick)
    yield from roll(folder, pick, ask, keep)


def versions() -> dict:
    """Of all that can change a byte."""
    found = {"python": platform.python_version(), "t2w": __version__}
    for name in ("torch", "diffusers", "transformers", "numpy", "numba"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
