"""Worlds that make a whole clip at once: a start frame, all actions and a pipeline in, as many new frames out.

The actions become a camera path. The clip is made as long as the model can make it, which may be longer than was asked for, and cut.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from t2w.actions.action import Action
from t2w.errors import FAILED, T2WError
from t2w.worlds.camera import Camera, path, poses
from t2w.worlds.protocol import WorldSpec, checked_actions, checked_frame, checked_seed

if TYPE_CHECKING:
    import torch

# A start frame (h w c) uint8, camera-to-world (t 4 4), the prompt and the noise's generator => the t-1 frames after it, (t h w c) uint8.
Render = Callable[[np.ndarray, np.ndarray, str, "torch.Generator"], np.ndarray]


@dataclass(frozen=True)
class ClipWorld:
    """Weights, inside `render`; any number of sessions share them."""

    spec: WorldSpec
    render: Render
    stride: int  # a clip has stride * k + 1 frames, the start frame among them
    longest: int  # the most actions of one clip; more are walked in several, each begun at the last frame of the one before
    speed: float  # the camera's way in a frame

    def begin(self, frame: np.ndarray, *, prompt: str = "", seed: int = 0) -> ClipSession:
        """A frame of another size is scaled to cover the world's and cropped to the centre. Noise is drawn on the CPU, whatever the device is."""
        import torch

        from t2w.media.pixels import fit

        frame = checked_frame(frame)
        if frame.shape[:2] != (self.spec.height, self.spec.width):
            frame = fit(frame, self.spec.width, self.spec.height)
        return ClipSession(self, frame.copy(), prompt, torch.Generator("cpu").manual_seed(checked_seed(seed)), Camera())


class ClipSession:
    def __init__(self, world: ClipWorld, frame: np.ndarray, prompt: str, generator: torch.Generator, camera: Camera):
        self.world, self.frame, self.prompt, self.generator, self.camera = world, frame, prompt, generator, camera
        self.notes = (f"the world {world.spec.name} makes its frames all at once: none is seen before the last is made",)

    def step(self, actions: list[Action]) -> np.ndarray:
        """One action or more, as many frames: another step goes on from the last frame, which is all that is remembered."""
        longest, actions = self.world.longest, checked_actions(actions)
        return np.concatenate([self._clip(actions[k : k + longest]) for k in range(0, len(actions), longest)])

    def fork(self) -> ClipSession:
        import torch

        generator = torch.Generator("cpu")
        generator.set_state(self.generator.get_state())
        return ClipSession(self.world, self.frame.copy(), self.prompt, generator, self.camera)

    def _clip(self, actions: list[Action]) -> np.ndarray:
        import torch

        world, n = self.world, len(actions)
        spare = -n % world.stride  # the camera stands still at the end of what will be cut off
        cameras = path(self.camera, [*actions, *[Action()] * spare], world.speed)
        try:
            frames = world.render(self.frame, poses(cameras), self.prompt, self.generator)
        except torch.OutOfMemoryError as error:
            raise T2WError(f"{world.spec.name} runs out of memory at {n} frames; a shorter walk needs less", FAILED) from error
        wanted = (n + spare, world.spec.height, world.spec.width, 3)
        if frames.shape != wanted:
            raise T2WError(f"{world.spec.name} makes frames of {frames.shape}, wanted {wanted}: mend width and height in its t2w.json")
        self.camera, self.frame = cameras[n], frames[n - 1].copy()
        return frames[:n]


def to_uint8(video: torch.Tensor) -> np.ndarray:
    """Pictures (t c h w) in [0, 1], as pipelines give them => (t h w c) uint8, one at a time: a minute of them is large."""
    from t2w.media.pixels import to_frames

    return np.concatenate([to_frames(picture[None, None] * 2 - 1) for picture in video])
