"""The weights of a model on this disk in, a fingerprint out: it goes into the keys of jobs, so that other weights make other takes.

Models are not loaded, and torch is not imported. Of a plug-in, which may have its weights anywhere, the package's name and version
stand for them. "" stands for what has no weights, or has none here.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from t2w.actions import plugins
from t2w.start import painters, presets
from t2w.worlds import genie, registry
from t2w.worlds.weights import disk

SUFFIXES = (".safetensors", ".pt", ".json", ".txt", ".model")
CARD = "card.json"  # of a world: how it was trained decides nothing
WHOLE = 32 * 2**20  # bytes of a file that is read as a whole; of a larger one, some of it
PIECES, PIECE = 64, 64 * 2**10


def of_painter(name: str, loras: tuple[str, ...] = ()) -> str:
    if name in painters.OURS:
        return _joined([str(painters.STARTER), *loras]) if name == "starter" else ""
    preset = presets.named(name)
    if preset is None and (package := _package(painters.GROUP, name)):
        return package
    return _joined([name if preset is None else name.partition(":")[2] or preset.hub, *loras])


def loras(settings: dict) -> tuple[str, ...]:
    """Where those lie that a painter is called with."""
    return tuple(place for place, _ in settings.get("lora", ()))


def of_world(name: str) -> str:
    """Of NAME, NAME:PLACE or NAME:WORD:PLACE,PLACE, or of a folder."""
    if name == "starter":
        return _joined([str(genie.STARTER)])
    if name not in registry.names() and Path(name).is_dir():
        return _joined([name])
    world, *places = re.split("[:,]", name)
    package = "" if world in registry.OURS else _package(registry.GROUP, world)
    places = [model.repo for model in registry.models() if model.name == name] or places
    # What lies beside a file is used too.
    found = _joined([str(Path(place).parent) if Path(place).is_file() else place for place in places])
    return f"{package} {found}".strip()


def _package(group: str, name: str) -> str:
    """What has brought a plug-in, such as "small 0.1"; "" where that is not known."""
    found = plugins.entry(group, name)
    return f"{found.dist.name} {found.dist.version}" if found and found.dist else ""


def _joined(places: Sequence[str]) -> str:
    found = [mark for place in places if (mark := _of_place(place))]
    return found[0] if len(found) == 1 else hashlib.sha256("".join(found).encode()).hexdigest()[:16] if found else ""


def _of_place(place: str) -> str:
    """Of a file, of a folder, or of what the hub's cache keeps of a repository, which is named by its commit."""
    path = Path(place)
    if not path.exists():
        return "" if (path := disk.snapshot(place)) is None else path.name[:16]
    files = sorted(_files(path)) if path.is_dir() else [path]
    told = "".join(f"{file.name} {file.parent.name if path.is_dir() else ''} {_of_file(file, *_changed(file))}" for file in files)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _files(folder: Path) -> Iterator[Path]:
    """Of a model: those at the top, and those of its parts; what else lies in its folder, as training leaves it there, is none of it."""
    parts = disk.parts(disk.read_object(folder / "model_index.json")) if (folder / "model_index.json").is_file() else []
    if (folder / "config.json").is_file():
        parts = [disk.read_object(folder / "config.json").get("autoencoder", ".")]
    for place in {folder.resolve(), *((folder / part).resolve() for part in parts)}:
        if place.is_dir():
            yield from (file for file in place.iterdir() if file.suffix in SUFFIXES and file.name != CARD and file.is_file())


def _changed(file: Path) -> tuple[int, int]:
    return (about := file.stat()).st_size, about.st_mtime_ns


@cache
def _of_file(file: Path, size: int, changed: int) -> str:
    """Of its bytes; of a large file's size and of pieces all over it, in which training leaves nothing as it was."""
    digest = hashlib.sha256(str(size).encode())
    with file.open("rb") as data:
        if size <= WHOLE:
            digest.update(data.read())
        for k in range(PIECES) if size > WHOLE else ():
            data.seek(k * (size - PIECE) // (PIECES - 1))
            digest.update(data.read(PIECE))
    return digest.hexdigest()
