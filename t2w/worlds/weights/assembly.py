"""A pipeline's folder in, a diffusers pipeline out. Only classes of diffusers and transformers, only tensors of safetensors files.

A model with a tensor missing is refused: diffusers would fill it with noise and go on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from t2w.errors import MISSING, T2WError, first_line
from t2w.worlds.weights import disk

if TYPE_CHECKING:
    import torch
    from diffusers import DiffusionPipeline


def pipeline_class(index: Mapping, folder: Path) -> type[DiffusionPipeline]:
    """The class that model_index.json names. Raises T2WError unless it is one of diffusers'."""
    import diffusers

    name = index.get("_class_name")
    found = getattr(diffusers, name, None) if isinstance(name, str) and name.isidentifier() else None
    if not (isinstance(found, type) and issubclass(found, diffusers.DiffusionPipeline)):
        raise T2WError(
            f"{folder} wants the pipeline {name}, which diffusers {diffusers.__version__} does not have; code from elsewhere is not run: "
            "pip install --upgrade diffusers, if it is a newer one's"
        )
    return found


def part_class(folder: Path, named: object) -> type:
    """What model_index.json names as ["library", "Class"]: of diffusers or transformers, for no other code is run."""
    import diffusers
    import transformers

    library, name = named if isinstance(named, list) and len(named) == 2 else (None, None)
    home = {"diffusers": diffusers, "transformers": transformers}.get(library) or getattr(diffusers.pipelines, str(library), None)
    found = getattr(home, str(name), None)
    if not isinstance(found, type):
        raise T2WError(f"{folder} wants {library}.{name}, which neither diffusers nor transformers has; code from elsewhere is not run")
    return found


def models(folder: Path, only: tuple[str, ...] | None = None) -> dict[str, type]:
    """The classes of a pipeline's parts that have weights. Raises T2WError for one that is of another library."""
    import torch

    named = disk.parts(disk.read_object(folder / "model_index.json"))
    classes = {name: part_class(folder, kind) for name, kind in named.items() if only is None or name in only}
    return {name: kind for name, kind in classes.items() if issubclass(kind, torch.nn.Module)}


def assemble(
    folder: Path,
    kind: type[DiffusionPipeline],
    dtype: torch.dtype,
    *,
    name: str,
    only: tuple[str, ...] | None = None,
    exact: tuple[str, ...] = (),
    smaller: Mapping[str, object] | None = None,
    how_to_get: Callable[[], str] = lambda: "get it anew",
    **given: object,
) -> DiffusionPipeline:
    """The pipeline, in main memory. Raises T2WError.

    only     the parts that are loaded, where not all are
    exact    the parts that are loaded in single precision
    smaller  how a part is quantised: {part: a configuration of diffusers or transformers}
    given    goes to the pipeline's constructor
    """
    import torch
    from diffusers.utils import logging as of_diffusers
    from safetensors import SafetensorError
    from transformers.utils import logging as of_transformers

    of_diffusers.disable_progress_bar()
    of_transformers.disable_progress_bar()
    safe = {"local_files_only": True, "use_safetensors": True}
    place = folder
    try:
        for part, model in models(folder, only).items():
            if part in given:
                continue
            place = folder / part
            how = {"dtype": torch.float32 if part in exact else dtype, "output_loading_info": True, **safe}
            if variant := disk.chosen([path.name for path in place.iterdir()]):
                how["variant"] = variant
            if smaller and part in smaller:
                how["quantization_config"] = smaller[part]
            given[part], found = model.from_pretrained(place, **how)
            if found["missing_keys"]:
                raise T2WError(f"{place} lacks {min(found['missing_keys'])}; {how_to_get()}", MISSING)
        place = folder
        pipeline = kind.from_pretrained(folder, dtype=dtype, **given, **safe)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RuntimeError, ImportError, SafetensorError) as error:
        reason = first_line(error).partition(". ")[0]
        raise T2WError(f"{name} does not load from {place}: {reason}", MISSING) from error
    pipeline.set_progress_bar_config(disable=True)
    return pipeline
