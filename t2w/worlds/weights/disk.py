"""A folder or a hub id in; where it lies on this disk, which of its files are used, and whether they are whole. Nothing heavy is imported.

A safetensors file begins with eight bytes that say how long its header is, and a JSON header that says where each tensor lies.
"""

import json
import math
import re
from collections import defaultdict
from pathlib import Path

from t2w.errors import MISSING, T2WError

HUB_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*")
# model.safetensors, model.fp16.safetensors, model-00001-of-00002.safetensors, and both orders of variant and number.
WEIGHTS = re.compile(r"(?:diffusion_pytorch_model|model)(?:\.(\w+))?(?:-\d{5}-of-\d{5})?(?:\.(\w+))?\.safetensors")
INDEX = re.compile(r"(?:diffusion_pytorch_model|model)(?:\.(\w+))?\.safetensors\.index(?:\.(\w+))?\.json")
LONGEST_HEADER = 100_000_000  # bytes; the format allows no more


def snapshot(repo: str) -> Path | None:
    """Where the hub's cache keeps the newest fetched version of a repository; None where it does not."""
    from huggingface_hub import constants

    if not HUB_ID.fullmatch(repo):
        return None
    home = Path(constants.HF_HUB_CACHE) / f"models--{repo.replace('/', '--')}"
    try:
        folder = home / "snapshots" / (home / "refs" / "main").read_text().strip()
    except OSError:
        return None
    return folder if folder.is_dir() else None


def find(place: str) -> Path | None:
    """The folder that a folder's name or a hub id means."""
    return Path(place) if Path(place).is_dir() else snapshot(place)


def read_object(path: Path) -> dict:
    """A JSON file that holds names and values. Raises T2WError."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise T2WError(f"{path} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise T2WError(f"{path} holds no object of names and values")
    return found


def parts(index: dict) -> dict[str, list]:
    """The parts that a model_index.json names, each with its [library, class]; those that are left out are null there."""
    return {
        name: kind for name, kind in index.items() if isinstance(kind, list) and len(kind) == 2 and all(isinstance(k, str) for k in kind)
    }


def variants(names: list[str]) -> dict[str, list[str]]:
    """Files of weights and their indices by variant: {"": ["model.safetensors"], "fp16": ["model.fp16.safetensors"]}."""
    found = defaultdict(list)
    for name in names:
        if match := WEIGHTS.fullmatch(name) or INDEX.fullmatch(name):
            found[match[1] or match[2] or ""].append(name)
    return dict(found)


def chosen(names: list[str], wanted: str = "") -> str | None:
    """The variant that is used of those there are: the wanted one, else the plain one, else the first; None where there are no weights."""
    there = [variant for variant, files in variants(names).items() if any(name.endswith(".safetensors") for name in files)]
    return next((variant for variant in (wanted, "") if variant in there), min(there, default=None))


def weights(part: Path) -> list[Path]:
    """The files of weights that a part of a pipeline is loaded from. Raises T2WError where they are pickles or not all there."""
    names = sorted(path.name for path in part.iterdir())
    variant = chosen(names)
    if variant is None:
        pickled = next((name for name in names if name.endswith((".bin", ".pt", ".ckpt", ".pth"))), None)
        if pickled:
            raise T2WError(f"{part / pickled} is a pickle, which could hold code and is not read; t2w reads *.safetensors", MISSING)
        raise T2WError(f"{part} has no *.safetensors", MISSING)
    files = {name for name in variants(names)[variant] if name.endswith(".safetensors")}
    for name in (name for name in variants(names)[variant] if name.endswith(".json")):
        files = {str(shard) for shard in read_object(part / name).get("weight_map", {}).values()}
    missing = sorted(name for name in files if name not in names)
    if missing:
        raise T2WError(f"{part} is not whole, it lacks {', '.join(missing)[:200]}", MISSING)
    return [part / name for name in sorted(files)]


def header(path: Path) -> dict[str, dict]:
    """The tensors of a safetensors file: {name: {"dtype": "F16", "shape": […], …}}. Raises T2WError where the file is cut off or no such."""
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or not 2 <= length <= min(size - 8, LONGEST_HEADER):
                raise ValueError("its header does not fit in it")
            tensors = json.loads(file.read(length))
        tensors.pop("__metadata__", None)
        end = max((int(tensor["data_offsets"][1]) for tensor in tensors.values()), default=0)
        if 8 + length + end != size:
            raise ValueError(f"it should have {8 + length + end:,} bytes and has {size:,}")
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise T2WError(f"{path} is damaged, cut off or no file of weights ({error}); get it anew", MISSING) from error
    return tensors


def numbers(path: Path) -> int:
    """How many numbers a safetensors file holds."""
    return sum(math.prod(tensor["shape"]) for tensor in header(path).values())


def check_pipeline(folder: Path, only: tuple[str, ...] | None = None) -> dict[str, int]:
    """The parts of a pipeline that have weights, and how many numbers each has. Raises T2WError for what is missing, cut off or a pickle."""
    counts = {}
    for name in parts(read_object(folder / "model_index.json")):
        if only is not None and name not in only:
            continue
        part = folder / name
        if not part.is_dir():
            raise T2WError(f"{folder} is not whole, it lacks {name}", MISSING)
        if (part / "config.json").is_file():
            counts[name] = sum(map(numbers, weights(part)))
    return counts
