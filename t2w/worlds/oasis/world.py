"""Oasis 500M as a world: a frame is encoded, dreamt on from, action by action, and every latent frame decoded.

`oasis:FOLDER` (or a file, the autoencoder beside it) names the weights; `oasis` alone means those in the hub's cache. Between the two may
stand how the past is looked at, as in `oasis:exact:FOLDER`: see `Sampling`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from t2w.actions.action import Action
from t2w.errors import MISSING, T2WError
from t2w.worlds.oasis import controls
from t2w.worlds.protocol import WorldSpec
from t2w.worlds.weights import disk, fetch
from t2w.worlds.weights.memory import fits

if TYPE_CHECKING:
    import torch

    from t2w.worlds.oasis.sampling import Dream, Sampling

HUB = "Etched/oasis-500m"
NETWORK, AUTOENCODER = "oasis500m", "vit-l-20"
SUFFIXES = (".safetensors", ".pt")
WAYS = ("cached", "renewed", "exact")

SPEC = WorldSpec(
    name="oasis",
    width=640,
    height=360,
    fps=20.0,
    space=controls.SPACE,
    licence="MIT",
    memory_mib=5000,  # in single precision, measured: 4000 as it remembers, 4900 as published
    about="Oasis 500M (Decart, Etched 2024): Minecraft, dreamt; weights as oasis:FOLDER, slower but as published with oasis:exact:FOLDER",
    pictures="Minecraft seen through the player's eyes",
)

FILES = tuple(f"{name}.safetensors" for name in (NETWORK, AUTOENCODER))
MODELS = (fetch.Model("oasis", HUB, "world", 3.3, SPEC.licence, files=FILES),)  # 608 and 229 million numbers in single precision


def spec(place: str | Path) -> WorldSpec:
    """The spec of the world whose weights lie at `place`. Raises T2WError where they do not."""
    ready(place)
    return SPEC


def ready(place: str | Path = "") -> None:
    """Raises T2WError, with the command that gets what is missing, unless both files are on this disk."""
    files(_way(place)[1])


def load(device: str = "auto", dtype: str = "auto", folder: str | Path = "", memory: str = "auto") -> Oasis:
    """The world in a folder or file, or in the hub's cache; before it may stand how the past is looked at: exact:FOLDER."""
    from t2w.worlds.device import resolve
    from t2w.worlds.oasis.sampling import Sampling

    way, place = _way(folder)
    (where, kind), both = resolve(device, dtype), files(place)
    numbers = {path.stem: disk.numbers(path) for path in both if path.suffix == ".safetensors"}
    fits(SPEC.name, {name: n * kind.itemsize / 2**20 for name, n in numbers.items()}, where, memory, parted=False)
    return Oasis(*both, where, kind, Sampling(way))


def files(place: str) -> tuple[Path, Path]:
    """The files of network and autoencoder. Raises T2WError with the command that gets what is missing."""
    named = Path(place).suffix in SUFFIXES or Path(place).is_file()
    if named and not Path(place).is_file():
        raise T2WError(f"there is no file {place}; {MODELS[0].how_to_get(str(Path(place).parent))}", MISSING)
    folder = Path(place).parent if named else Path(place) if place else None
    network, autoencoder = Path(place) if named else _find(NETWORK, folder), _find(AUTOENCODER, folder)
    if network and autoencoder:
        return network, autoencoder
    missing = " and ".join(name for name, path in ((NETWORK, network), (AUTOENCODER, autoencoder)) if not path)
    wrong = f"there is no folder {folder}" if folder and not folder.is_dir() else f"{folder or 'the cache of the hub'} lacks {missing}"
    raise T2WError(f"{wrong}; {MODELS[0].how_to_get(str(folder or ''))}", MISSING)


class Oasis:
    """Weights of network and autoencoder; any number of sessions share them."""

    spec = SPEC

    def __init__(self, network: Path, autoencoder: Path, device: torch.device, dtype: torch.dtype, sampling: Sampling):
        from t2w.worlds.oasis.weights import load_autoencoder, load_network

        self.device, self.sampling = device, sampling
        self.network = load_network(network).to(device, dtype)
        self.autoencoder = load_autoencoder(autoencoder).to(device, dtype)
        makes, takes = self.autoencoder.config, self.network.config
        if makes.latent != takes.channels:
            raise T2WError(
                f"{autoencoder} makes latents of {makes.latent} channels, {network} takes {takes.channels}; they do not belong together"
            )
        if any(side % (makes.patch * takes.patch) for side in (SPEC.width, SPEC.height)):
            raise T2WError(f"patches of {makes.patch} pixels and {takes.patch} latents do not fill {SPEC.width}×{SPEC.height} pixels")

    def begin(self, frame: np.ndarray, *, prompt: str = "", seed: int = 0) -> OasisSession:
        """A frame of another size is scaled to cover 640x360 and cropped to the centre. The prompt is not read: the frame holds all it knows."""
        import torch

        from t2w.media.pixels import fit, to_tensor
        from t2w.worlds.oasis.sampling import Dream

        if frame.shape[:2] != (SPEC.height, SPEC.width):
            frame = fit(frame, SPEC.width, SPEC.height)
        with torch.inference_mode():
            first = self.autoencoder.encode(to_tensor(frame[None], self.device)[0])
            return OasisSession(self, Dream(self.network, first, torch.Generator().manual_seed(seed), self.sampling))


class OasisSession:
    def __init__(self, world: Oasis, dream: Dream):
        self.world, self.dream = world, dream

    def step(self, actions: list[Action]) -> np.ndarray:
        import torch

        from t2w.media.pixels import to_frames

        frames = []
        with torch.inference_mode():
            for action in actions:
                vector = torch.from_numpy(controls.vector(action)).to(self.world.device)
                frames.append(self.world.autoencoder.decode(self.dream.step(vector[None])))
            return to_frames(torch.stack(frames, 1))

    def fork(self) -> OasisSession:
        return OasisSession(self.world, self.dream.fork())


def _way(place: str | Path) -> tuple[str, str]:
    """How the past is looked at, and where the weights are."""
    way, _, rest = str(place).partition(":")
    if rest and way not in WAYS and way.isalpha() and len(way) > 1 and not Path(place).exists():  # one letter is a drive
        raise T2WError(
            f"oasis looks at the past in one of the ways {', '.join(WAYS)}, not {way}; write oasis:exact:FOLDER, or oasis:FOLDER"
        )
    return (way, rest) if way in WAYS else (WAYS[0], str(place))


def _find(name: str, folder: Path | None) -> Path | None:
    """In the folder, or in the hub's cache where none is named."""
    folder = folder or disk.snapshot(HUB)
    return next((path for suffix in SUFFIXES if (path := folder / f"{name}{suffix}").is_file()), None) if folder else None
