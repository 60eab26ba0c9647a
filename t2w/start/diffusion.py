"""Any text-to-image pipeline of diffusers as a painter: a folder, a hub id or a preset, and how it is called, in; pictures out.

Nothing is downloaded: what is not on this disk is told with the command that gets it.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from t2w.errors import FAILED, MISSING, T2WError, first_line
from t2w.start import presets, smaller
from t2w.worlds.protocol import Kept, anew
from t2w.worlds.weights import disk, fetch
from t2w.worlds.weights.assembly import assemble, models, pipeline_class
from t2w.worlds.weights.memory import at_once, fits, put

if TYPE_CHECKING:
    from diffusers import DiffusionPipeline

# A pipeline with one of these among its arguments makes something else than a picture from words.
OTHERS = ("num_frames", "video", "strength", "mask_image", "control_image", "audio_length_in_s", "audio_end_in_s")
WIDEST = 2.0  # times as wide as high, or as high as wide: what painters have seen


@dataclass(frozen=True)
class Brush:
    """What the words of `settings` mean for one pipeline: the arguments of its call, and what is loaded into it."""

    call: dict
    lora: list
    quantize: str


def folder(name: str) -> Path:
    """Where the pipeline lies. Raises T2WError, with the command that gets it, where it does not."""
    place = _place(name)
    found = disk.find(place)
    if found is None:
        if get := _how_to_get(name):
            raise T2WError(f"the painter {name} is not on this disk; {get}", MISSING)
        raise T2WError(f"there is no folder {place}; {name.partition(':')[0]} alone is the one in the hub's cache", MISSING)
    if not (found / "model_index.json").is_file():
        raise T2WError(f"{found} holds no diffusers pipeline: it has no model_index.json that names one{_and(_how_to_get(name))}")
    return found


def counts(name: str) -> dict[str, int]:
    """The parts of a painter's pipeline, and how many numbers each has. Raises T2WError where it is not whole."""
    try:
        return disk.check_pipeline(folder(name))
    except T2WError as error:
        get = _how_to_get(name)
        raise error if not get or get in str(error) else T2WError(f"{error}{_and(get)}", error.code) from error


def settings(name: str) -> dict:
    """How the pipeline is called: as its preset says, and as its folder recommends (t2w.json); {} where nothing is recommended."""
    preset, found = presets.named(name), disk.find(_place(name))
    path = found / "t2w.json" if found else None
    try:
        said = disk.read_object(path) if path and path.is_file() else {}
    except T2WError as error:
        raise T2WError(f'{error}; it holds the call\'s settings, such as {{"num_inference_steps": 20}}') from error
    return {**(preset.call if preset else {}), **said}


def ready(name: str, call: Mapping) -> None:
    """Refuse a painter that cannot paint so, before anything is painted or kept. Raises T2WError."""
    place = folder(name)
    check_call(name, call)
    models(place)
    counts(name)
    for part in place.iterdir():
        if (part / "spiece.model").is_file() and not (part / "tokenizer.json").is_file():  # PixArt's, for one
            smaller.need("sentencepiece", f"the tokenizer of the painter {name}")


def check_call(name: str, call: Mapping) -> None:
    """Refuse settings that the pipeline cannot be called with; its weights are not looked at. Raises T2WError."""
    _brush(name, _class(folder(name)), call)


def paint(
    name: str,
    prompt: str,
    seeds: list[int],
    size: tuple[int, int],
    device: str,
    dtype: str,
    call: Mapping,
    memory: str,
    kept: Kept = anew,
    together: bool = False,
) -> Iterator[np.ndarray]:
    """A picture of this size for each seed; `together`, as many at once as there is room for: but for rounding they are the same."""
    from t2w.media.pixels import fit
    from t2w.worlds.device import resolve

    where, kind = resolve(device, dtype)
    import torch

    place = folder(name)
    brush = _brush(name, _class(place), call)
    key = ("painter", name, repr(brush.lora), brush.quantize, where, kind, memory)
    pipeline = kept(key, lambda: _load(name, place, brush, where, kind, memory))
    how = {**_canvas(name, pipeline, size), **brush.call}
    most = at_once(pipeline.device) if together else 1
    while seeds:
        now = seeds[:most]
        try:
            pictures = pictures_of(pipeline, prompt, now, how)
        except (ValueError, TypeError, RuntimeError) as error:
            if len(now) > 1:  # what a pipeline cannot do at once, or not with this memory, it does one by one
                most = 1
                continue
            if isinstance(error, torch.OutOfMemoryError):
                less = "--memory low or --quantize 8bit needs less"
                raise T2WError(f"the painter {name} runs out of memory on {where}; {less}", FAILED) from error
            if isinstance(error, RuntimeError):
                raise
            raise T2WError(f"the painter {name} cannot be called so: {first_line(error)}") from error
        yield from (picture if picture.shape[1::-1] == size else fit(picture, *size) for picture in pictures)
        seeds = seeds[most:]


def pictures_of(pipeline: DiffusionPipeline, prompt: str, seeds: list[int], how: Mapping) -> list[np.ndarray]:
    """One call of the pipeline, in which each seed has noise of its own. It is drawn on the CPU, so that a seed means the same everywhere."""
    import torch

    noise = [torch.Generator("cpu").manual_seed(seed) for seed in seeds]
    several = {"num_images_per_prompt": len(seeds), "generator": noise} if len(seeds) > 1 else {"generator": noise[0]}
    made = pipeline(prompt=prompt, output_type="pil", **several, **how).images
    if len(made) != len(seeds):
        raise ValueError(f"{len(seeds)} pictures were asked for and {len(made)} made")
    return [np.asarray(picture.convert("RGB")) for picture in made]


def canvas(side: int, width: int, height: int, cell: int) -> tuple[int, int]:
    """The size that is painted for a world of width x height: of its shape, of about side x side pixels, in whole cells.

    A world that is wider or higher than painters have seen gets the nearest shape that they have; the rest is cropped.
    """
    shape = min(max(width / height, 1 / WIDEST), WIDEST) ** 0.5
    step = cell * max(1, round(side / 16 / cell))  # 64 pixels at 1024, as the published buckets
    wide, high = (max(step, round(length / step) * step) for length in (side * shape, side / shape))
    return wide, high


def _place(name: str) -> str:
    """The folder or hub id that a painter's name means."""
    preset = presets.named(name)
    return name if preset is None else name.partition(":")[2] or preset.hub


def _how_to_get(name: str) -> str:
    """The command that gets a painter from the hub; "" for one in a folder."""
    preset, place = presets.named(name), _place(name)
    if Path(place).is_dir() or (preset and place != preset.hub):
        return ""
    return fetch.Model(preset.name if preset else name, place, gb=preset.download_gb if preset else 0).how_to_get()


def _and(sentence: str) -> str:
    return f"; {sentence}" if sentence else ""


def _class(place: Path) -> type[DiffusionPipeline]:
    found = pipeline_class(disk.read_object(place / "model_index.json"), place)
    takes = inspect.signature(found.__call__).parameters
    if "prompt" not in takes or any(name in takes for name in OTHERS):
        raise T2WError(f"{place} holds a {found.__name__}, which does not make a picture from words alone; give a text-to-image pipeline")
    return found


def _brush(name: str, kind: type, said: Mapping) -> Brush:
    """Settings as the pipeline's own arguments. Raises T2WError for those that it does not take."""
    call, takes = dict(said), inspect.signature(kind.__call__).parameters
    lora, quantize = call.pop("lora", []), call.pop("quantize", "")
    unwanted = str(call.get("negative_prompt", "")).strip()
    if "true_cfg_scale" in takes and (takes["guidance_scale"].default is None or unwanted):
        # Qwen-Image is guided by this; FLUX.1 too when told what is not wanted: its own guidance is distilled and takes no such words.
        call |= {"true_cfg_scale": call.pop("guidance_scale")} if "guidance_scale" in call else {}
    if "intermediate_timesteps" in takes and call.get("num_inference_steps", 2) != 2:
        call.setdefault("intermediate_timesteps", None)  # SANA-Sprint's are for two steps
    if strange := sorted(set(call) - set(takes)):
        known = "negative prompt" if strange == ["negative_prompt"] else ", ".join(strange)
        raise T2WError(f"the painter {name} ({kind.__name__}) takes no {known}")
    scale = "true_cfg_scale" if "true_cfg_scale" in takes else "guidance_scale"
    if unwanted and (call.get(scale, takes[scale].default if scale in takes else 0) or 0) <= 1:
        raise T2WError("what is not wanted is kept away by guidance, and the painter is to paint without any; give --guidance 2 or more")
    smaller.check(lora, quantize)
    return Brush(call, lora, quantize)


def _load(name: str, place: Path, brush: Brush, device, dtype, memory: str) -> DiffusionPipeline:
    import torch

    dtype = torch.bfloat16 if brush.quantize and dtype == torch.float32 else dtype  # what is left whole
    parts = {part: numbers * dtype.itemsize / 2**20 for part, numbers in counts(name).items()}
    kinds = models(place)
    shrunk = smaller.configurations(brush.quantize, kinds, dtype)
    parts = {part: mib * smaller.SHARE[brush.quantize] if part in shrunk else mib for part, mib in parts.items()}
    whole = fits(f"the painter {name}", parts, device, memory)
    pipeline = assemble(place, _class(place), dtype, name=f"the painter {name}", smaller=shrunk)
    smaller.add_lora(pipeline, brush.lora)
    return put(pipeline, device, whole)


def _canvas(name: str, pipeline: DiffusionPipeline, size: tuple[int, int]) -> dict:
    """The size to paint at; {} for the pipeline's own, where it takes none or does not tell what it was trained on."""
    preset, takes = presets.named(name), inspect.signature(pipeline.__call__).parameters
    side = preset.side if preset else _side(pipeline)
    if not side or not {"width", "height"} <= set(takes):
        return {}
    if preset and preset.square:
        return {"width": side, "height": side}
    width, height = canvas(side, *size, max(8, 2 * pipeline.vae_scale_factor))
    return {"width": width, "height": height}


def _side(pipeline: DiffusionPipeline) -> int:
    """The side of the squares that a pipeline was trained on, in pixels; 0 where it does not tell."""
    network = getattr(pipeline, "transformer", None) or getattr(pipeline, "unet", None)
    own = getattr(pipeline, "default_sample_size", None)
    latents = getattr(getattr(network, "config", None), "sample_size", None) or own
    if not isinstance(latents, int) or not hasattr(pipeline, "vae_scale_factor"):
        return 0
    return latents if latents == own and own > 256 else latents * pipeline.vae_scale_factor  # PRX says its own in pixels
