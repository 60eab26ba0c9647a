"""A folder or a hub id to a world model's diffusers pipeline: found on this disk, looked through, loaded. Nothing is downloaded or executed.

Beside the pipeline's own files may lie t2w.json, in which the folder says how it is to be called.
"""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from t2w.actions.action import is_number
from t2w.errors import MISSING, T2WError
from t2w.worlds.weights import disk
from t2w.worlds.weights.assembly import assemble, models, pipeline_class
from t2w.worlds.weights.fetch import Model
from t2w.worlds.weights.memory import fits, free_mib, put

if TYPE_CHECKING:
    import torch
    from diffusers import DiffusionPipeline

S = TypeVar("S")


def find(place: str | Path, model: Model) -> Path:
    """The folder of a pipeline of this kind: `place` is a folder or a hub id, "" the model's own in the hub's cache. Raises T2WError."""
    place = place.as_posix() if isinstance(place, Path) else place
    folder = disk.find(place or model.repo)
    if folder is None:
        raise T2WError(_not_here(place, model), MISSING)
    index = _index(folder, model)
    missing = [name for name in model.only if name not in index or not (folder / name).is_dir()]
    if missing:
        raise T2WError(f"{folder} is not whole, it lacks {' and '.join(missing)}; {model.how_to_get()}", MISSING)
    return folder


def settings(folder: Path, defaults: S) -> S:
    """`defaults`, a frozen dataclass, with what the folder's t2w.json says. Raises T2WError for what is not one of its fields."""
    path = folder / "t2w.json"
    if not path.is_file():
        return defaults
    said = disk.read_object(path)
    known = {field.name: getattr(defaults, field.name) for field in fields(defaults)}
    for name, value in said.items():
        if name not in known:
            raise T2WError(f"{path} says {name!r}, which is no setting; there are: {', '.join(known)}")
        right = is_number(value) if isinstance(known[name], float) else type(value) is type(known[name])
        if not right:
            raise T2WError(f"{path} says {name}: {json.dumps(value)}, which should be like {json.dumps(known[name])}")
        if is_number(value) and value <= 0:
            raise T2WError(f"{path} says {name}: {json.dumps(value)}, which should be more than zero")
    return replace(defaults, **said)


def load(
    folder: Path,
    model: Model,
    device: torch.device,
    dtype: torch.dtype,
    need_mib: int,
    exact: tuple[str, ...] = (),
    memory: str = "auto",
    **given: object,
) -> DiffusionPipeline:
    """The pipeline on the device, parts named in `exact` in single precision; `given` goes to its constructor. Raises T2WError.

    It goes there as a whole where `need_mib` are free, else part by part.
    """
    only = model.only
    models(folder, only)
    parts = {name: numbers * dtype.itemsize / 2**20 for name, numbers in disk.check_pipeline(folder, only).items()}
    whole = fits(model.name, parts, device, memory)
    if device.type == "cuda" and memory == "auto":
        whole = whole and free_mib(device) >= need_mib
    kind = pipeline_class({"_class_name": model.classes[0]}, folder)
    made = assemble(folder, kind, dtype, name=model.name, only=only, exact=exact, how_to_get=model.how_to_get, **given)
    return put(made, device, whole)


def _index(folder: Path, model: Model) -> dict:
    path = folder / "model_index.json"
    if not path.is_file():
        raise T2WError(f"{folder} holds no diffusers pipeline: it has no model_index.json; {model.how_to_get()}")
    index = disk.read_object(path)
    if index.get("_class_name") not in model.classes:
        raise T2WError(f"{folder} holds {index.get('_class_name')}, not {model.classes[0]}; {model.how_to_get()}")
    return index


def _not_here(place: str, model: Model) -> str:
    if place in ("", model.repo):
        return f"{model.name} is not on this disk; {model.how_to_get()}"
    beside = f"; if it is a hub id: t2w models pull {place}" if disk.HUB_ID.fullmatch(place) else ""
    return f"there is no folder {place}; {model.how_to_get(place)}{beside}"
