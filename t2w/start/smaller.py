"""What is done to a pipeline before it paints: LoRAs added to it, and its weights in fewer bits. Words of the command line in."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from t2w.errors import MISSING, T2WError, first_line
from t2w.worlds.weights import disk

if TYPE_CHECKING:
    import torch
    from diffusers import DiffusionPipeline

BITS = {"8bit": "torchao", "4bit": "bitsandbytes"}  # --quantize, and the package that does it through diffusers
SHARE = {"": 1.0, "8bit": 0.5, "4bit": 0.25}  # of what the weights take in 16 bit


def parse(word: str) -> list:
    """ID_OR_FILE[:scale] => [place, scale]."""
    place, colon, scale = word.rpartition(":")
    if not colon or not place:
        return [word, 1.0]
    try:
        found = float(scale)
    except ValueError:
        return [word, 1.0]
    if not math.isfinite(found):
        raise T2WError(f"--lora {word}: the scale is a number, such as 0.8")
    return [place, found]


def check(lora: Sequence, quantize: str) -> None:
    """Refuse what cannot be done: a LoRA that is not on this disk, bits that are not known, a package that is not installed."""
    for place, _ in lora:
        disk.header(_file(place))
    if lora:
        need("peft", "a LoRA")
    if quantize and quantize not in BITS:
        raise T2WError(f"--quantize {quantize} is none of {', '.join(BITS)}")
    if quantize:
        need(BITS[quantize], f"--quantize {quantize}")


def configurations(quantize: str, kinds: Mapping[str, type], dtype: torch.dtype) -> dict[str, object]:
    """How each part is quantised that makes most of a painter's weight: the network that paints, and those that read the prompt."""
    heavy = {name: kind for name, kind in kinds.items() if name in ("transformer", "unet") or name.startswith("text_encoder")}
    return {name: _configuration(quantize, kind, dtype) for name, kind in heavy.items()} if quantize else {}


def add_lora(pipeline: DiffusionPipeline, lora: Sequence) -> None:
    """Each [place, scale] in turn. Raises T2WError for one that is made for another painter."""
    if lora and not hasattr(pipeline, "load_lora_weights"):
        raise T2WError(f"{type(pipeline).__name__} takes no LoRA")
    names = []
    for k, (place, _) in enumerate(lora, 1):
        file, name = _file(place), f"lora{k}"
        try:
            pipeline.load_lora_weights(
                str(file.parent), weight_name=file.name, adapter_name=name, local_files_only=True, use_safetensors=True
            )
        except (ValueError, KeyError, TypeError, AttributeError, RuntimeError, OSError) as error:
            raise T2WError(f"the LoRA {place} does not fit the painter: {first_line(error)}") from error
        if not any(name in adapters for adapters in pipeline.get_list_adapters().values()):
            raise T2WError(f"the LoRA {place} has nothing for this painter ({type(pipeline).__name__}): it was made for another")
        names.append(name)
    if names:
        pipeline.set_adapters(names, [scale for _, scale in lora])


def _configuration(quantize: str, kind: type, dtype: torch.dtype) -> object:
    import diffusers
    import transformers

    home = diffusers if issubclass(kind, diffusers.ModelMixin) else transformers
    if quantize == "4bit":
        return home.BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=dtype)
    from torchao.quantization import Int8WeightOnlyConfig

    return home.TorchAoConfig(Int8WeightOnlyConfig())


def _file(place: str) -> Path:
    """The one safetensors file that a file's name, a folder or a hub id means."""
    if Path(place).is_file():
        if Path(place).suffix != ".safetensors":
            raise T2WError(f"--lora {place} is no safetensors file; others could hold code and are not read")
        return Path(place)
    folder = disk.find(place)
    if folder is None:
        get = f"; get it with: t2w models pull {place}" if disk.HUB_ID.fullmatch(place) else ""
        raise T2WError(f"there is no LoRA {place} on this disk{get}", MISSING)
    files = sorted(folder.glob("*.safetensors"))
    usual = [file for file in files if file.name == "pytorch_lora_weights.safetensors"]
    if len(usual or files) != 1:
        raise T2WError(
            f"{folder} has {len(files)} *.safetensors; say which: --lora {place}/NAME.safetensors" if files else f"{folder} has no LoRA"
        )
    return (usual or files)[0]


def need(package: str, what: str) -> None:
    if find_spec(package) is None:
        raise T2WError(f"{what} needs {package}, which is not installed: pip install {package}", MISSING)
