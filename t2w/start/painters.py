"""A prompt and seeds in, start frames (h w c) uint8 out, one at a time: from the starter painter, the simulator or any diffusers pipeline."""

import json
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from types import MappingProxyType

import numpy as np

from t2w.errors import MISSING, T2WError
from t2w.sim.understand import Reading, read
from t2w.worlds.registry import unknown

STARTER = Path(__file__).parents[1] / "starter" / "painter"
OURS = {
    "starter": "t2w's own small text-to-image diffusion model; ships inside the package, paints on the CPU",
    "sim": "the simulator's first picture of what the prompt names: no learning, the truth",
}
GROUP = "t2w.painters"  # entry points of plug-ins: a module or object with `ABOUT` and `paint(prompt, seeds, width, height, device, dtype)`


def names() -> list[str]:
    return [*OURS, *sorted({e.name for e in entry_points(group=GROUP)} - set(OURS))]


def about(name: str) -> str:
    if name in OURS:
        return OURS[name]
    for entry in entry_points(group=GROUP, name=name):
        return getattr(_plugin(entry), "ABOUT", "")
    return f"a diffusers pipeline, from {'the folder' if Path(name).is_dir() else 'the hub:'} {name}"


def check(name: str) -> None:
    """Refuse a name that cannot be a painter; loads nothing."""
    if name == "starter" and not (STARTER / "model_index.json").is_file():
        raise T2WError(
            f"the starter painter is missing from this installation ({STARTER}); install t2w again, or use --painter sim", MISSING
        )
    if name in names():
        return
    if Path(name).is_dir():
        index = Path(name) / "model_index.json"
        if not index.is_file() or '"_class_name"' not in index.read_text("utf-8", "replace"):
            raise T2WError(f"{name} holds no diffusers pipeline: it has no model_index.json that names one")
    elif name.count("/") != 1 or name.startswith((".", "/")) or name.endswith("/"):
        error = unknown("painter", name, names())
        raise T2WError(f"{error}; or a diffusers folder, or a hub id such as org/model")


def understood(name: str, prompt: str) -> Reading | None:
    """What a painter makes of a prompt; None for a painter that takes any words, which all are but our own."""
    return read(prompt) if name in OURS else None


def settings(name: str) -> dict:
    """How the pipeline is called, as its folder recommends (t2w.json); {} where nothing is recommended."""
    path = (STARTER if name == "starter" else Path(name)) / "t2w.json"
    try:
        return dict(json.loads(path.read_text("utf-8"))) if path.is_file() else {}
    except (OSError, ValueError, TypeError) as error:
        raise T2WError(f'{path} cannot be read; it holds the call\'s settings, such as {{"num_inference_steps": 20}}: {error}') from error


def paint(
    name: str,
    prompt: str,
    seeds: list[int],
    width: int,
    height: int,
    device: str = "auto",
    dtype: str = "auto",
    call: Mapping = MappingProxyType({}),
) -> Iterator[np.ndarray]:
    """A frame of width x height for each seed. Each is painted alone, so a seed's picture does not depend on its company. `call`: see `settings`."""
    if name == "sim":
        from t2w.worlds.sim import simulator

        yield from (simulator(prompt, seed, width, height).frame() for seed in seeds)
        return
    for entry in entry_points(group=GROUP, name=name):
        yield from _plugin(entry).paint(prompt, seeds, width, height, device, dtype)
        return
    source = name
    if name == "starter":
        source, prompt, call = str(STARTER), understood(name, prompt).painted, {"width": width, "height": height, **call}
    yield from _diffuse(source, prompt, seeds, (width, height), device, dtype, dict(call))


def _diffuse(
    source: str, prompt: str, seeds: list[int], size: tuple[int, int], device: str, dtype: str, call: dict
) -> Iterator[np.ndarray]:
    from t2w.media.pixels import fit
    from t2w.worlds.device import resolve

    place, kind = resolve(device, dtype)
    import torch

    pipeline = _pipeline(source, kind).to(place)
    pipeline.set_progress_bar_config(disable=True)
    for seed in seeds:
        # On the CPU whatever the device is, so that a seed means the same noise everywhere.
        generator = torch.Generator("cpu").manual_seed(seed)
        picture = np.asarray(pipeline(prompt, generator=generator, output_type="pil", **call).images[0].convert("RGB"))
        yield picture if picture.shape[1::-1] == size else fit(picture, *size)


def _pipeline(source: str, kind):
    from diffusers import DiffusionPipeline
    from diffusers.utils.logging import disable_progress_bar
    from transformers.utils import logging

    disable_progress_bar()
    logging.disable_progress_bar()
    try:
        return DiffusionPipeline.from_pretrained(source, dtype=kind)
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise T2WError(f"the painter {source} does not load: {reason}", MISSING) from error


def _plugin(entry):
    try:
        return entry.load()
    except (ImportError, AttributeError) as error:
        raise T2WError(f"the plug-in of painter {entry.name!r} ({entry.value}) does not load: {error}", MISSING) from error
