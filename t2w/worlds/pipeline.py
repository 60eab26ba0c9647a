"""A folder or a hub id to a world model's diffusers pipeline: found on this disk, looked through, loaded. Nothing is downloaded or executed.

Beside the pipeline's own files may lie t2w.json, in which the folder says how it is to be called.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields, replace
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, TypeVar

from t2w.actions.action import is_number
from t2w.errors import MISSING, T2WError

if TYPE_CHECKING:
    import torch
    from diffusers import DiffusionPipeline

HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
S = TypeVar("S")


@dataclass(frozen=True)
class Published:
    """A model as its makers give it away."""

    name: str
    pipeline: str  # its class, which model_index.json names
    hub: str
    size: str  # of its files
    parts: tuple[str, ...]  # what it needs of the parts that model_index.json names; others are left where they are
    once: str = ""  # an older name of the class, in model_index.json still


def find(place: str | Path, model: Published) -> Path:
    """The folder of a pipeline of this kind: `place` is a folder or a hub id, "" the model's own in the hub's cache. Raises T2WError."""
    place = place.as_posix() if isinstance(place, Path) else place
    folder = Path(place) if place and Path(place).is_dir() else _cached(place or model.hub)
    if folder is None:
        raise T2WError(_how_to_get(place, model), MISSING)
    index = _index(folder, model)
    missing = [name for name in model.parts if name not in index or not (folder / name).is_dir()]
    if missing:
        raise T2WError(f"{folder} is not whole, it lacks {' and '.join(missing)}; {_how_to_get('', model)}", MISSING)
    return folder


def settings(folder: Path, defaults: S) -> S:
    """`defaults`, a frozen dataclass, with what the folder's t2w.json says. Raises T2WError for what is not one of its fields."""
    path = folder / "t2w.json"
    if not path.is_file():
        return defaults
    said = _object(path)
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
    folder: Path, model: Published, device: torch.device, dtype: torch.dtype, need_mib: int, exact: tuple[str, ...] = (), **given
) -> DiffusionPipeline:
    """The pipeline on the device, parts named in `exact` in single precision; `given` goes to its constructor. Raises T2WError.

    Every tensor comes from a safetensors file and has its place; a model with a part of it missing is refused.
    """
    import diffusers
    import torch
    from diffusers.utils import logging as of_diffusers
    from safetensors import SafetensorError
    from transformers.utils import logging as of_transformers

    kind = getattr(diffusers, model.pipeline, None)
    if kind is None:
        raise T2WError(f"diffusers {diffusers.__version__} has no {model.pipeline}; pip install --upgrade diffusers", MISSING)
    of_diffusers.disable_progress_bar()
    of_transformers.disable_progress_bar()
    safe = {"local_files_only": True, "use_safetensors": True}
    index = _index(folder, model)
    try:
        for name in model.parts:
            part = _class(folder, index[name])
            if issubclass(part, torch.nn.Module):
                precision = torch.float32 if name in exact else dtype
                given[name], found = part.from_pretrained(folder / name, dtype=precision, output_loading_info=True, **safe)
                if found["missing_keys"]:
                    raise T2WError(f"{folder / name} lacks {min(found['missing_keys'])}; {_how_to_get('', model)}", MISSING)
        pipeline = kind.from_pretrained(folder, dtype=dtype, **given, **safe)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RuntimeError, ImportError, SafetensorError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise T2WError(f"{model.name} does not load from {folder}: {reason}", MISSING) from error
    pipeline.set_progress_bar_config(disable=True)
    return _put(pipeline, device, need_mib)


def _put(pipeline: DiffusionPipeline, device: torch.device, need_mib: int) -> DiffusionPipeline:
    """On the device as a whole if the memory is there; else part by part, as each has its turn."""
    import torch
    from diffusers.utils import is_accelerate_available

    if device.type != "cuda" or torch.cuda.mem_get_info(device)[0] >= need_mib * 2**20:
        return pipeline.to(device)
    if not is_accelerate_available():
        raise T2WError(f"{device} lacks {need_mib // 1024} GiB of free memory; with less it needs: pip install accelerate", MISSING)
    pipeline.enable_model_cpu_offload(device=device)
    return pipeline


def _class(folder: Path, named: object) -> type:
    """What model_index.json names as ["library", "Class"]: of diffusers or transformers, for no other code is run."""
    import diffusers
    import transformers

    library, name = named if isinstance(named, list) and len(named) == 2 else (None, None)
    home = {"diffusers": diffusers, "transformers": transformers}.get(library) or getattr(diffusers.pipelines, str(library), None)
    found = getattr(home, str(name), None)
    if not isinstance(found, type):
        raise T2WError(f"{folder} wants {library}.{name}, which neither diffusers nor transformers has; code from elsewhere is not run")
    return found


def _index(folder: Path, model: Published) -> dict:
    path = folder / "model_index.json"
    if not path.is_file():
        raise T2WError(f"{folder} holds no diffusers pipeline: it has no model_index.json; {_how_to_get('', model)}")
    index = _object(path)
    if index.get("_class_name") not in (model.pipeline, model.once or None):
        raise T2WError(f"{folder} holds {index.get('_class_name')}, not {model.pipeline}; {_how_to_get('', model)}")
    return index


def _object(path: Path) -> dict:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise T2WError(f"{path} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise T2WError(f"{path} holds no object of names and values")
    return found


def _cached(hub: str) -> Path | None:
    if not HUB_ID.fullmatch(hub):
        return None
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = try_to_load_from_cache(hub, "model_index.json")
    except HFValidationError:
        return None
    return Path(found).parent if isinstance(found, str) else None


def _how_to_get(place: str, model: Published) -> str:
    if not place:
        return f"get {model.name}, {model.size}, with: hf download {model.hub}"
    beside = f"; if it is a hub id: hf download {place}" if HUB_ID.fullmatch(place) else ""
    return f"there is no folder {place}; get {model.name}, {model.size}, with: hf download {model.hub} --local-dir {quote(place)}{beside}"
