"""Our own world model as a world: a frame is encoded, dreamt on from, action by action, and every latent frame decoded.

`starter` is the one that ships inside the package; any folder that `t2w train dynamics` has written is another.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from t2w.actions.action import Action, ActionSpace
from t2w.errors import T2WError
from t2w.worlds.protocol import WorldSpec, checked_actions, checked_frame, checked_seed
from t2w.worlds.sim import SPEC as SIMULATOR  # what the starter was trained on

if TYPE_CHECKING:
    import torch

    from t2w.nn.imagine import Dream

STARTER = Path(__file__).parents[1] / "starter" / "world"
SPEC = WorldSpec(
    name="starter",
    width=SIMULATOR.width,
    height=SIMULATOR.height,
    fps=SIMULATOR.fps,
    space=SIMULATOR.space,
    horizon=10.0,
    licence="Apache-2.0",
    memory_mib=600,
    about="t2w's own small world model; ships inside the package, runs on the CPU",
    pictures="low-poly pictures of its own simulator",
)


def spec(folder: Path) -> WorldSpec:
    """The spec of a world in a folder."""
    from t2w.worlds.pretrained import read_config

    config = read_config(folder)
    try:
        space = ActionSpace(keys=tuple(config["keys"]), mouse=True, turn=float(config["turn"]))
        size = {"width": int(config["width"]), "height": int(config["height"]), "fps": float(config["fps"])}
    except (KeyError, TypeError, ValueError, AssertionError) as error:
        raise T2WError(f"{folder / 'config.json'} lacks what a world says of itself, or says it wrongly: {error}") from error
    about = f"a world model trained with t2w, from {folder}"
    return replace(SPEC, name=config.get("name", folder.resolve().name), space=space, about=about, licence="yours", **size)


def load(device: str = "auto", dtype: str = "auto", folder: Path | None = None) -> Genie:
    """The starter world, or the one in `folder`. With dtype auto, in bfloat16 on a processor that multiplies it, too: a third faster."""
    from t2w.nn.precision import processor_multiplies_bfloat16
    from t2w.worlds.device import keep_freed_memory, resolve

    where, kind = resolve(device, dtype)
    if where.type == "cpu":
        keep_freed_memory()
    if dtype == "auto" and where.type == "cpu" and processor_multiplies_bfloat16():
        _, kind = resolve(device, "bfloat16")
    return Genie(folder or STARTER, SPEC if folder is None else spec(folder), where, kind)


class Genie:
    """Weights of autoencoder and dynamics; any number of sessions share them."""

    def __init__(self, folder: Path, spec: WorldSpec, device: torch.device, dtype: torch.dtype):
        from t2w.worlds.pretrained import load_world

        self.spec, self.device, self.dtype = spec, device, dtype
        self.dynamics, self.autoencoder, self.sampling, self.carrier = load_world(folder, device, dtype)

    def begin(self, frame: np.ndarray, *, prompt: str = "", seed: int = 0) -> GenieSession:
        """The prompt is not read: the start frame holds all that this world knows."""
        import torch

        from t2w.media.pixels import to_tensor
        from t2w.nn.imagine import Dream

        frame, size = checked_frame(frame), (self.spec.height, self.spec.width)
        if frame.shape[:2] != size:
            raise T2WError(
                f"the world {self.spec.name} begins with frames of {size[0]}×{size[1]} (height×width), not of {frame.shape[0]}×{frame.shape[1]}"
            )
        noise = torch.Generator(self.device).manual_seed(checked_seed(seed))
        with torch.inference_mode():
            first, picture = self.encode(frame[None]), to_tensor(frame[None], self.device)[0]
            return GenieSession(self, Dream(self.dynamics, first, noise, self.sampling, self.carrier, picture))

    def encode(self, frames: np.ndarray) -> torch.Tensor:
        """Frames (t h w c) uint8 => latents (t c h w), in single precision."""
        import torch

        from t2w.media.pixels import to_tensor
        from t2w.nn.autoencoder import encode

        with torch.inference_mode():
            return encode(self.autoencoder, to_tensor(frames, self.device)[0].to(self.dtype)).float()

    def decode(self, latents: torch.Tensor) -> np.ndarray:
        """Latents (t c h w) => frames (t h w c) uint8."""
        import torch

        from t2w.media.pixels import to_frames
        from t2w.nn.autoencoder import decode

        with torch.inference_mode():
            return to_frames(decode(self.autoencoder, latents.to(self.dtype))[None])

    def reconstruct(self, frames: np.ndarray) -> np.ndarray:
        """Frames (t h w c) uint8 through the autoencoder and back: the best that this world's pictures can be."""
        return self.decode(self.encode(frames))


class GenieSession:
    def __init__(self, world: Genie, dream: Dream):
        self.world, self.dream = world, dream

    def step(self, actions: list[Action]) -> np.ndarray:
        frames = []
        for action in checked_actions(actions):
            self.imagine(action)
            frames.append(self.picture())
        return np.concatenate(frames)

    def imagine(self, action: Action) -> torch.Tensor:
        """The next frame's latents (1 c h w)."""
        import torch

        from t2w.nn.beside import half_the_threads

        vector = torch.from_numpy(self.world.spec.space.vector(action)).to(self.world.device)
        with torch.inference_mode(), half_the_threads():
            return self.dream.step(vector[None])

    def picture(self) -> np.ndarray:
        """The frame last imagined (1 h w c) uint8."""
        import torch

        from t2w.media.pixels import to_frames
        from t2w.nn.beside import half_the_threads

        if self.dream.carrier is None:
            return self.world.decode(self.dream.last)
        with torch.inference_mode(), half_the_threads():
            return to_frames(self.dream.picture()[None])

    def fork(self) -> GenieSession:
        return GenieSession(self.world, self.dream.fork())
