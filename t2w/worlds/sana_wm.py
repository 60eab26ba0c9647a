"""SANA-WM (Zhu et al. 2026) as a world: a start frame, words and a camera path become a clip of up to a minute.

`sana-wm:PLACE` names the pipeline by its folder or hub id, `sana-wm` alone means the published one in the hub's cache. A second place after
a comma is the pipeline that refines what the first has made: sana-wm:PLACE,REFINER.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from t2w.actions.action import ActionSpace
from t2w.errors import T2WError
from t2w.worlds.camera import KEYS, intrinsics
from t2w.worlds.clip import ClipWorld
from t2w.worlds.pipeline import find, settings
from t2w.worlds.pipeline import load as load_pipeline
from t2w.worlds.protocol import WorldSpec
from t2w.worlds.weights.fetch import Model

if TYPE_CHECKING:
    import torch

PARTS = ("tokenizer", "text_encoder", "transformer", "scheduler")
LICENCE = "Apache-2.0 by its card; of LTX-2 (LTX-2 Community License) and Gemma 2 (Gemma Terms of Use) in parts"
HUB = "Efficient-Large-Model/SANA-WM_bidirectional-diffusers"
# Sizes in GB: 2.7 billion numbers of the transformer, 1.2 of the autoencoder, 2.6 of Gemma 2, in half precision; the refiner's by the model card.
MODEL = Model("sana-wm", HUB, "world", 13.0, LICENCE, only=(*PARTS, "vae"), classes=("SanaWMPipeline",))
REFINER = Model("sana-wm-refiner", f"{HUB}-refiner", "world", 87.0, LICENCE, only=(*PARTS, "connectors"), classes=("SanaWMLTX2Refiner",))
MODELS = (MODEL, REFINER)
STRIDE = 8  # frames of one latent frame
REFINED_MIB = 48_000  # part by part: the refiner's transformer alone has 18.9 billion numbers
WHOLE_MIB = 80_000  # the refiner with its Gemma 3 all at once

SPEC = WorldSpec(
    name="sana-wm",
    width=1280,
    height=704,
    fps=16.0,
    space=ActionSpace(keys=KEYS, mouse=True, turn=4.0),
    chunk=None,
    text=True,
    horizon=60.0,
    licence=LICENCE,
    memory_mib=24_000,  # 15 GB of weights, the autoencoder's in single precision, and room to work
    about="SANA-WM (NVIDIA 2026): a camera through any picture, up to a minute at 720p, made at once; sana-wm:FOLDER or sana-wm:FOLDER,REFINER",
)


@dataclass(frozen=True)
class Settings:
    """How it is called; a folder's t2w.json may say otherwise. Steps and guidance are the published ones."""

    width: int = SPEC.width
    height: int = SPEC.height
    num_inference_steps: int = 60
    guidance_scale: float = 5.0
    negative_prompt: str = ""
    field_of_view: float = 70.0  # degrees from the left edge to the right one; a picture does not tell its own
    speed: float = 0.05  # of the model's metres a frame: 0.8 a second, as in diffusers' reading of keys


def spec(place: str | Path) -> WorldSpec:
    """The spec of the pipeline at `place`. Raises T2WError where there is none."""
    return _read(place)[0]


def ready(place: str | Path = "") -> None:
    """Raises T2WError, with the command that gets what is missing, unless all is on this disk."""
    _read(place)


def load(device: str = "auto", dtype: str = "auto", place: str | Path = "", memory: str = "auto") -> ClipWorld:
    """The pipeline at `place`, or the published one in the hub's cache."""
    from t2w.worlds.device import resolve

    spec, folder, refiner, said = _read(place)
    where, kind = resolve(device, dtype)
    if where.type == "cpu" and str(kind) != "torch.float32":
        raise T2WError("SANA-WM runs on the CPU in single precision only; --dtype float32, or auto")
    need = SPEC.memory_mib + (WHOLE_MIB if refiner else 0)
    pipeline = load_pipeline(folder, MODEL, where, kind, need, exact=("vae",), memory=memory)
    _prepare(pipeline, spec)
    polish = load_pipeline(refiner, REFINER, where, kind, WHOLE_MIB, memory=memory, vae=pipeline.vae) if refiner else None
    return ClipWorld(spec, _render(pipeline, polish, spec, said), STRIDE, round(spec.horizon * spec.fps), said.speed)


def _read(place: str | Path) -> tuple[WorldSpec, Path, Path | None, Settings]:
    """What can be known without loading."""
    place = place.as_posix() if isinstance(place, Path) else place
    base, comma, second = place.partition(",")
    folder = find(base, MODEL)
    refiner = find(second, REFINER) if comma else None
    said = settings(folder, Settings())
    if said.field_of_view >= 180:
        raise T2WError(f"{folder / 't2w.json'} says field_of_view: {said.field_of_view:g}; a lens sees less than 180 degrees")
    memory = REFINED_MIB if refiner else SPEC.memory_mib
    about = f"SANA-WM, from {folder}{f', refined by {refiner}' if refiner else ''}"
    return replace(SPEC, width=said.width, height=said.height, memory_mib=memory, about=about), folder, refiner, said


def _prepare(pipeline, spec: WorldSpec) -> None:
    """The autoencoder works in tiles, as it did when the model was trained on what it makes (documentation of diffusers, SANA-WM)."""
    cell = pipeline.vae_spatial_compression_ratio
    if spec.width % cell or spec.height % cell or min(spec.width, spec.height) < 2 * cell:
        raise T2WError(f"sana-wm makes pictures whose sides are multiples of {cell} from {2 * cell} on, not {spec.width}×{spec.height}")
    pipeline.vae.enable_tiling(tile_sample_min_num_frames=96, tile_sample_stride_num_frames=64)
    pipeline.vae.use_framewise_encoding = pipeline.vae.use_framewise_decoding = True


def _render(pipeline, refiner, spec: WorldSpec, said: Settings):
    from PIL import Image

    from t2w.worlds.clip import to_uint8

    lens = intrinsics(spec.width, spec.height, said.field_of_view)

    def render(frame: np.ndarray, c2w: np.ndarray, prompt: str, generator: torch.Generator) -> np.ndarray:
        made = pipeline(
            image=Image.fromarray(frame),
            prompt=prompt,
            c2w=c2w,
            intrinsics=list(lens),
            width=spec.width,
            height=spec.height,
            num_frames=len(c2w),
            fps=round(spec.fps),
            num_inference_steps=said.num_inference_steps,
            guidance_scale=said.guidance_scale,
            negative_prompt=said.negative_prompt,
            generator=generator,
            output_type="latent" if refiner else "pt",
        )
        if refiner is None:
            return to_uint8(made.frames[1:])
        # The refiner gives no picture of the first frame, which it only looks at.
        return to_uint8(refiner(made.latent, prompt, fps=spec.fps, generator=generator, output_type="pt"))

    return render
