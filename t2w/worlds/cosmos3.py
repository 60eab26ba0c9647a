"""Cosmos 3 (NVIDIA 2026) as a world: a start frame, words and the camera's moves become a clip, one clip after another.

`cosmos3:PLACE` names the pipeline by its folder or hub id, `cosmos3` alone means Cosmos3-Nano in the hub's cache. It is asked for "forward
dynamics" of a camera: each frame's pose as the frame before sees it, in OpenCV's coordinates (cosmos-framework, pose_utils).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from t2w.actions.action import ActionSpace
from t2w.errors import FAILED, MISSING, T2WError
from t2w.worlds.camera import KEYS, moves
from t2w.worlds.clip import ClipWorld
from t2w.worlds.pipeline import find, settings
from t2w.worlds.pipeline import load as load_pipeline
from t2w.worlds.protocol import WorldSpec
from t2w.worlds.weights.fetch import Model

if TYPE_CHECKING:
    import torch

PARTS = ("text_tokenizer", "transformer", "vae", "scheduler")
CLASSES = ("Cosmos3OmniPipeline", "Cosmos3OmniDiffusersPipeline")  # the second as it was called once, in model_index.json still
MODEL = Model("cosmos3", "nvidia/Cosmos3-Nano", "world", 35.0, "OpenMDW-1.1", only=PARTS, classes=CLASSES)
MODELS = (MODEL,)
TIERS = (256, 480, 704, 720)
STRIDE = 4  # frames of one latent frame

SPEC = WorldSpec(
    name="cosmos3",
    width=832,
    height=480,
    fps=30.0,
    space=ActionSpace(keys=KEYS, mouse=True, turn=2.0),
    chunk=None,
    text=True,
    horizon=2.0,  # 60 moves: NVIDIA's examples of camera control
    licence=MODEL.licence,
    memory_mib=40_000,  # 32 GB of weights in half precision, and room to work
    about="Cosmos 3 Nano (NVIDIA 2026): a camera through any picture, in clips of two seconds at 480p; cosmos3:FOLDER",
)


@dataclass(frozen=True)
class Settings:
    """How it is called; a folder's t2w.json may say otherwise. Steps, guidance and shift are those of NVIDIA's examples of camera control."""

    width: int = SPEC.width
    height: int = SPEC.height
    resolution_tier: int = 480  # of TIERS: the canvas that the picture is laid on, which must be as large
    num_inference_steps: int = 30
    guidance_scale: float = 1.0
    flow_shift: float = 10.0
    negative_prompt: str = ""
    moves: int = 60  # of one clip
    speed: float = 0.1  # a frame, as in NVIDIA's own reading of keys (cosmos-framework); the unit is not published
    safety_checker: bool = True  # cosmos_guardrail looks at prompt and film, where the pipeline asks for it


def spec(place: str | Path) -> WorldSpec:
    """The spec of the pipeline at `place`. Raises T2WError where there is none."""
    return _read(place)[0]


def ready(place: str | Path = "") -> None:
    """Raises T2WError, with the command that gets what is missing, unless all is on this disk."""
    _read(place)


def load(device: str = "auto", dtype: str = "auto", place: str | Path = "", memory: str = "auto") -> ClipWorld:
    """The pipeline at `place`, or the published one in the hub's cache."""
    from t2w.worlds.device import resolve

    spec, folder, said = _read(place)
    where, kind = resolve(device, dtype)
    given = {"sound_tokenizer": None, "safety_checker": None, **({} if said.safety_checker else {"enable_safety_checker": False})}
    try:
        pipeline = load_pipeline(folder, MODEL, where, kind, spec.memory_mib, memory=memory, **given)
    except T2WError as error:
        if "cosmos_guardrail" not in str(error.__cause__):
            raise
        raise T2WError(
            "Cosmos 3 has its prompts and films looked at by cosmos_guardrail, which is not installed: pip install cosmos_guardrail; "
            f'or do without: write {{"safety_checker": false}} into {folder / "t2w.json"}',
            MISSING,
        ) from error
    if not getattr(pipeline.transformer.config, "action_gen", False):
        raise T2WError(f"the pipeline in {folder} was not trained with actions; {MODEL.repo} was")
    if not pipeline.config.use_native_flow_schedule:
        schedule = pipeline.scheduler
        pipeline.scheduler = type(schedule).from_config(schedule.config, flow_shift=said.flow_shift, use_karras_sigmas=False)
    return ClipWorld(spec, _render(pipeline, spec, said), STRIDE, said.moves, said.speed)


def _read(place: str | Path) -> tuple[WorldSpec, Path, Settings]:
    """What can be known without loading."""
    folder = find(place, MODEL)
    said = settings(folder, Settings())
    if said.resolution_tier not in TIERS:
        raise T2WError(f"{folder / 't2w.json'} says resolution_tier: {said.resolution_tier}; there are {', '.join(map(str, TIERS))}")
    return replace(SPEC, width=said.width, height=said.height, about=f"Cosmos 3, from {folder}"), folder, said


def _render(pipeline, spec: WorldSpec, said: Settings):
    import torch
    from diffusers import CosmosActionCondition
    from PIL import Image

    from t2w.worlds.clip import to_uint8

    def render(frame: np.ndarray, c2w: np.ndarray, prompt: str, generator: torch.Generator) -> np.ndarray:
        rows = torch.from_numpy(moves(c2w))
        action = CosmosActionCondition(
            mode="forward_dynamics",
            domain_name="camera_pose",
            view_point="ego_view",
            chunk_size=len(rows),
            raw_actions=rows,
            resolution_tier=said.resolution_tier,
            image=Image.fromarray(frame),
        )
        try:
            video = pipeline(
                prompt=prompt,
                negative_prompt=said.negative_prompt,
                action=action,
                fps=spec.fps,
                num_inference_steps=said.num_inference_steps,
                guidance_scale=said.guidance_scale,
                use_system_prompt=False,
                generator=generator,
                output_type="pt",
            ).video
        except ValueError as error:
            if "Guardrail" not in str(error):
                raise
            raise T2WError(str(error), FAILED) from error
        return to_uint8(video[1:])

    return render
