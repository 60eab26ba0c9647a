"""A prompt and seeds in, start frames (h w c) uint8 out, one at a time: from the starter painter, the simulator or any diffusers pipeline."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np

from t2w.actions import plugins
from t2w.actions.action import is_number
from t2w.errors import MISSING, T2WError
from t2w.sim.understand import Reading, read
from t2w.start import diffusion, presets
from t2w.start.presets import PainterSpec
from t2w.start.smaller import parse
from t2w.worlds.protocol import Kept, anew
from t2w.worlds.registry import unknown
from t2w.worlds.weights import disk

STARTER = Path(__file__).parents[1] / "starter" / "painter"
OURS = {
    "starter": PainterSpec(
        "starter",
        "t2w's own small text-to-image diffusion model; ships inside the package, paints on the CPU",
        "Apache-2.0",
        memory_mib=600,
    ),
    "sim": PainterSpec(
        "sim", "the simulator's first picture of what the prompt names: no learning, the truth", "Apache-2.0", memory_mib=200
    ),
}
GROUP = "t2w.painters"  # entry points of plug-ins: a module or object with `SPEC: PainterSpec` and
# `paint(prompt, seeds, width, height, device, dtype)`, which yields a frame (h w c) uint8 for each seed; its top imports nothing heavy


def names() -> list[str]:
    return [*OURS, *presets.PRESETS, *plugins.names(GROUP, (*OURS, *presets.PRESETS))]


def spec(name: str) -> PainterSpec:
    """What can be said of a painter without loading it. Raises T2WError for a name that cannot be one, and for a broken plug-in."""
    check(name)
    if name in OURS:
        return OURS[name]
    if found := _plugin(name):
        return plugins.spec(found, plugins.load(found), PainterSpec)
    about = f"a diffusers pipeline, from {'the folder' if Path(name).is_dir() else 'the hub:'} {name}"
    return presets.named(name) or PainterSpec(name, about, hub="" if Path(name).is_dir() else name)


def check(name: str) -> None:
    """Refuse a name that cannot be a painter; loads nothing."""
    if name == "starter" and not (STARTER / "model_index.json").is_file():
        raise T2WError(
            f"the starter painter is missing from this installation ({STARTER}); install t2w again, or use --painter sim", MISSING
        )
    if name in names():
        return
    preset, colon, place = name.partition(":")
    if colon and preset in presets.PRESETS:
        if not place:
            raise T2WError(f"{name} lacks the folder; write {preset}:FOLDER, or {preset} alone")
        diffusion.folder(name)
    elif name and Path(name).is_dir():
        diffusion.folder(name)
    elif not disk.HUB_ID.fullmatch(name):
        error = unknown("painter", name, names())
        raise T2WError(f"{error}; or a diffusers folder, or a hub id such as org/model")


def ready(name: str, call: Mapping = MappingProxyType({})) -> None:
    """Refuse a painter that is not on this disk, with the command that gets it, or cannot be called so; paints nothing."""
    check(name)
    if _plugin(name):
        spec(name)
    elif place := _to_ask(name, call):
        diffusion.ready(place, call)


def check_call(name: str, call: Mapping) -> None:
    """Refuse settings that a painter cannot be called with; its weights are not looked at. Raises T2WError with MISSING where it is not here."""
    if place := _to_ask(name, call):
        diffusion.check_call(place, call)


def on_disk(name: str) -> bool:
    """Whether its weights are here."""
    if name in OURS or _plugin(name):
        return True
    try:
        diffusion.counts(name)
    except T2WError:
        return False
    return True


def understood(name: str, prompt: str) -> Reading | None:
    """What a painter makes of a prompt; None for a painter that takes any words, which all are but our own."""
    return read(prompt) if name in OURS else None


def paints_as_ours(name: str) -> bool:
    """Whether its pictures are those of our own simulator: it is one of ours, or t2w has trained it."""
    return name in OURS or (Path(name) / "t2w.json").is_file()


def settings(name: str) -> dict:
    """How the pipeline is called, as its preset or its folder (t2w.json) recommends; {} where nothing is recommended."""
    return diffusion.settings(str(STARTER) if name == "starter" else name)


def asked(
    name: str,
    negative: str | None = None,
    guidance: float | None = None,
    steps: int | None = None,
    lora: Sequence[str] = (),
    quantize: str | None = None,
) -> dict:
    """What `settings` recommends, with what was asked for instead. Raises T2WError for what no painter, or not this one, can do."""
    if guidance is not None and not (is_number(guidance) and 0 <= guidance <= 100):
        raise T2WError(f"--guidance {guidance:g} is out of range; it goes from 0, none, to 100")
    if steps is not None and not 1 <= steps <= 1000:
        raise T2WError(f"--painter-steps {steps} is out of range; a picture is painted in 1 to 1000 steps")
    said = {
        "negative_prompt": negative,
        "guidance_scale": guidance,
        "num_inference_steps": steps,
        "lora": [parse(word) for word in lora] or None,
        "quantize": quantize,
    }
    said = {word: value for word, value in said.items() if value is not None}
    if said and (name == "sim" or _plugin(name)):
        raise T2WError(f"the painter {name} takes no {', '.join(said)}: it is no pipeline of diffusers")
    return {**settings(name), **said}


def paint(
    name: str,
    prompt: str,
    seeds: list[int],
    width: int,
    height: int,
    device: str = "auto",
    dtype: str = "auto",
    call: Mapping | None = None,
    memory: str = "auto",
    kept: Kept = anew,
    together: bool = False,
) -> Iterator[np.ndarray]:
    """A frame of width x height for each seed, which alone decides it; `together` lets a pipeline make several at once. `call`: how, if not as
    `settings` say. Raises T2WError for what is no painter."""
    check(name)
    call = settings(name) if call is None else call
    if name == "sim":
        from t2w.worlds.sim import simulator

        yield from (simulator(prompt, seed, width, height).frame() for seed in seeds)
        return
    if found := _plugin(name):
        yield from plugins.load(found).paint(prompt, seeds, width, height, device, dtype)
        return
    source = name
    if name == "starter":
        source, prompt, call = str(STARTER), understood(name, prompt).painted, {"width": width, "height": height, **call}
    yield from diffusion.paint(source, prompt, seeds, (width, height), device, dtype, call, memory, kept, together)


def _to_ask(name: str, call: Mapping) -> str:
    """The pipeline of diffusers that knows whether it can be called so; "" where that is clear."""
    if name == "starter":
        return "" if dict(call) in ({}, settings(name)) else str(STARTER)
    return "" if name in OURS or _plugin(name) else name


def _plugin(name: str):
    return None if name in OURS or name in presets.PRESETS else plugins.entry(GROUP, name)
