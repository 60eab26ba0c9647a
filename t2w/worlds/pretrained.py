"""A learned world on disk and back: `config.json`, `dynamics.safetensors`, and its autoencoder, in the manner of diffusers."""

import json
from dataclasses import asdict
from pathlib import Path

import torch
from diffusers import AutoencoderDC
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from t2w.errors import MISSING, T2WError
from t2w.media.atomic import atomically, whole_folder, write_text
from t2w.nn.autoencoder import key_of
from t2w.nn.body import Body, BodyConfig
from t2w.nn.carrier import Carrier
from t2w.nn.dynamics import Dynamics, DynamicsConfig
from t2w.nn.eightbits import grown, shrunk
from t2w.nn.events import Events, EventsConfig
from t2w.nn.folded import folded
from t2w.nn.imagine import Sampling
from t2w.nn.outpainter import Outpainter, OutpainterConfig
from t2w.nn.packed import Model, packed
from t2w.nn.parallax import Parallax, ParallaxConfig
from t2w.nn.precision import processor_multiplies_bfloat16


def save_world(
    model: Dynamics, autoencoder: AutoencoderDC, folder: Path, sampling: Sampling, carrier: Carrier | None = None, **more: object
) -> None:
    """Half precision. `more` goes into config.json: name, fps, keys, turn."""
    folder.mkdir(parents=True, exist_ok=True)
    c, down = model.config, autoencoder.spatial_compression_ratio
    size = {"width": c.width * down, "height": c.height * down}
    config = {"_class_name": "Genie", **more, **size, "autoencoder": "autoencoder", "dynamics": asdict(c), "sampling": asdict(sampling)}
    save_autoencoder(autoencoder, folder / "autoencoder")
    _save_weights(model, folder / "dynamics.safetensors")
    for name in ("parallax", "outpainter", "events", "body"):
        if part := getattr(carrier, name, None):
            config[name] = asdict(part.config)
            _save_weights(part, folder / f"{name}.safetensors")
    _save_config(config, folder)


def save_part(part: Parallax | Outpainter | Events | Body, folder: Path, autoencoder: AutoencoderDC | None = None) -> None:
    """A folder that a training of dynamics takes its parallax, outpainter, events or body from. `autoencoder`: whose latents it knows."""
    folder.mkdir(parents=True, exist_ok=True)
    kind = type(part).__name__
    _save_weights(part, folder / f"{kind.lower()}.safetensors")
    latents = {} if autoencoder is None else {"latents": key_of(autoencoder)}
    _save_config({"_class_name": kind, kind.lower(): asdict(part.config)} | latents, folder)


def _save_weights(model: nn.Module, path: Path) -> None:
    half = {k: v.detach().half().cpu().contiguous() for k, v in model.state_dict().items()}
    with atomically(path) as temporary:
        save_file(shrunk(half) if isinstance(model, Outpainter) else half, temporary)


def _save_config(config: dict, folder: Path) -> None:
    write_text(folder / "config.json", json.dumps(config, indent=2) + "\n")


def save_autoencoder(autoencoder: AutoencoderDC, folder: Path) -> None:
    """Half precision, the model itself left as it is."""
    half = AutoencoderDC.from_config(autoencoder.config)
    half.load_state_dict(autoencoder.state_dict())
    half.register_to_config(scaling_factor=autoencoder.config.scaling_factor)  # from_config keeps the default it was built with
    with whole_folder(folder) as temporary:
        half.half().save_pretrained(temporary)


def load_autoencoder(folder: Path) -> AutoencoderDC:
    """In single precision, on the CPU. Raises T2WError where there is none, or one with a part missing or damaged."""
    safe = {"local_files_only": True, "use_safetensors": True, "dtype": torch.float32, "output_loading_info": True}
    try:
        if "AutoencoderDC" not in (folder / "config.json").read_text("utf-8"):
            raise ValueError("its config.json names another model")
        autoencoder, found = AutoencoderDC.from_pretrained(folder, **safe)
        if found["missing_keys"]:
            raise ValueError(f"it lacks {min(found['missing_keys'])}")
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise T2WError(
            f"{folder} holds no autoencoder ({_first_line(error)}); make one with: t2w train autoencoder DATA --out {folder}", MISSING
        ) from error
    _check_finite(folder, autoencoder)
    return autoencoder


def read_config(folder: Path) -> dict:
    try:
        return json.loads((folder / "config.json").read_text("utf-8"))
    except FileNotFoundError as error:
        raise T2WError(f"{error.filename} is missing: the folder of a world, or of what a training has made, has one", MISSING) from error
    except (OSError, ValueError) as error:
        raise T2WError(f"{folder / 'config.json'} cannot be read: {error}") from error


def load_dynamics(folder: Path) -> Dynamics:
    """The network alone, in single precision, on the CPU. Raises T2WError where there is none."""
    return _load(folder, "dynamics", Dynamics, DynamicsConfig)


def load_parallax(folder: Path) -> Parallax:
    """Of a world's folder or of a training's, in single precision, on the CPU. Raises T2WError where there is none."""
    return _load(folder, "parallax", Parallax, ParallaxConfig).eval().requires_grad_(False)


def load_outpainter(folder: Path) -> Outpainter:
    """Of a world's folder or of a training's, in single precision, on the CPU. Raises T2WError where there is none."""
    return _load(folder, "outpainter", Outpainter, OutpainterConfig).eval().requires_grad_(False)


def load_events(folder: Path) -> Events:
    """Of a world's folder or of a training's, in single precision, on the CPU. Raises T2WError where there is none."""
    return _load(folder, "events", Events, EventsConfig).eval().requires_grad_(False)


def load_body(folder: Path) -> Body:
    """Of a world's folder or of a training's, in single precision, on the CPU. Raises T2WError where there is none."""
    return _load(folder, "body", Body, BodyConfig).eval().requires_grad_(False)


def _load(folder: Path, part: str, kind: type[nn.Module], made_of: type) -> nn.Module:
    config, path = read_config(folder), folder / f"{part}.safetensors"
    if part not in config:
        raise T2WError(f"{folder} holds no {part}; make one with: t2w train {part}", MISSING)
    try:
        model = kind(made_of(**config[part]))
        model.load_state_dict(grown(load_file(path)))
    except FileNotFoundError as error:
        raise T2WError(f"{path} is missing", MISSING) from error
    except (KeyError, TypeError, OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise T2WError(f"{folder} does not hold weights that fit its config.json: {_first_line(error)}") from error
    _check_finite(folder, model)
    return model


def check_latents(folder: Path, channels: int, autoencoder: AutoencoderDC) -> None:
    """Raises T2WError where the weights in `folder` know other latents than this autoencoder's: of another size, or, where their config.json
    tells whose they know, of another encoder."""
    if channels != autoencoder.config.latent_channels:
        sizes = f"latents of {channels} channels, this autoencoder makes {autoencoder.config.latent_channels}"
        raise T2WError(f"the weights in {folder} know {sizes}; give the --autoencoder that they were made with")
    key, config = key_of(autoencoder), folder / "config.json"  # of a painter's folder it is another file
    if config.is_file() and read_config(folder).get("latents", key) != key:
        raise T2WError(f"the weights in {folder} know the latents of another autoencoder; give the one that they were made with")


def load_carrier(folder: Path, autoencoder: AutoencoderDC, device: torch.device) -> Carrier:
    """A parallax on the device, beside the autoencoder whose latents it knows. Raises T2WError where it knows others."""
    parallax = load_parallax(folder).to(device, memory_format=torch.channels_last)
    check_latents(folder, parallax.config.channels, autoencoder)
    return Carrier(parallax, autoencoder)


def load_world(folder: Path, device: torch.device, dtype: torch.dtype) -> tuple[Dynamics, AutoencoderDC, Sampling, Carrier | None]:
    """Weights ready to dream with. Raises T2WError where they are missing or do not fit."""
    config, model = read_config(folder), load_dynamics(folder)
    try:
        sampling = Sampling(**config["sampling"])
        autoencoder = load_autoencoder(folder / config["autoencoder"])
    except (KeyError, TypeError) as error:
        raise T2WError(f"{folder / 'config.json'} does not say how its frames are made: {error}") from error
    model, autoencoder = (_ready(part, device, dtype) for part in (model, autoencoder))
    carrier = None
    if "parallax" in config:
        loaders = {"parallax": load_parallax, "outpainter": load_outpainter, "events": load_events, "body": load_body}
        parts = {name: _ready(load(folder), device, dtype) for name, load in loaders.items() if name in config}
        carrier = Carrier(autoencoder=autoencoder, **parts)
    return model, autoencoder, sampling, carrier


def _ready(model: Model, device: torch.device, dtype: torch.dtype) -> Model:
    """The model to dream with, and nothing else."""
    model = folded(model).to(device, dtype).to(memory_format=torch.channels_last).eval().requires_grad_(False)
    return packed(model) if device.type == "cpu" and dtype == torch.bfloat16 and processor_multiplies_bfloat16() else model


def _check_finite(folder: Path, model: nn.Module) -> None:
    sick = next((name for name, weight in model.state_dict().items() if not weight.isfinite().all()), None)
    if sick:
        raise T2WError(f"the weights in {folder} are broken: {sick} holds something else than finite numbers")


def _first_line(error: Exception) -> str:
    """What libraries say at length, in a sentence: of torch's list of what does not fit, the first."""
    lines = [line.strip() for line in str(error).strip().splitlines()] or [type(error).__name__]
    return " ".join(lines[:2]).partition(". If you")[0][:300]
