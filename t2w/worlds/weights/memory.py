"""Is there memory for a model? What its parts need and what is free are compared before anything is loaded; then it goes where there is room."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from t2w.errors import FAILED, MISSING, T2WError

if TYPE_CHECKING:
    import torch
    from diffusers import DiffusionPipeline

WORDS = ("auto", "low", "max")  # whole if there is room, else part by part; part by part; whole, whatever is free
ROOM_MIB = 2048  # to work in, on top of the weights; a small model needs less: half of its weights


def check(word: str) -> None:
    if word not in WORDS:
        raise T2WError(f"--memory {word} is none of {', '.join(WORDS)}")


def free_mib(device: torch.device) -> int | None:
    """Memory that could be had now; None where the system does not tell."""
    if device.type == "cuda":
        import torch

        return torch.cuda.mem_get_info(device)[0] // 2**20
    told = Path("/proc/meminfo")
    lines = told.read_text().splitlines() if told.is_file() else []
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("MemAvailable:")), None)


def at_once(device: torch.device) -> int:
    """How many pictures have room on the device that a model lies on whole: one for each ROOM_MIB. On other than CUDA, more save no time."""
    if device.type != "cuda":
        return 1
    import torch

    torch.cuda.empty_cache()  # what torch keeps for later is free
    return max(1, free_mib(device) // ROOM_MIB)


def needed(parts: Mapping[str, float]) -> tuple[float, float]:
    """MiB of each part's weights => MiB for all of them at once, and for one at a time; room to work in is in both."""
    whole, largest = sum(parts.values()), max(parts.values(), default=0.0)
    room = min(ROOM_MIB, whole / 2)
    return whole + room, largest + room


def fits(name: str, parts: Mapping[str, float], device: torch.device, word: str = "auto", parted: bool = True) -> bool:
    """Whether a model goes to the device as a whole (True) or, if it can be `parted`, part by part (False). Raises T2WError where neither fits."""
    check(word)
    whole, one = needed(parts)
    free = free_mib(device)
    parted = parted and device.type == "cuda"  # elsewhere weights lie in the one memory that there is
    if word == "max" or (free is None and not (parted and word == "low")):
        return True
    if whole <= free and word == "auto":
        return True
    least = one if parted else whole
    if least > free:
        raise T2WError(
            f"{name} needs about {least / 1024:.1f} GiB of memory on {device}{' even part by part' if parted else ''}, of which "
            f"{free / 1024:.1f} GiB are free; a smaller model, or --quantize for a painter, needs less; --memory max tries it all the same",
            FAILED,
        )
    return not parted


def put(pipeline: DiffusionPipeline, device: torch.device, whole: bool) -> DiffusionPipeline:
    """On the device as a whole; or in main memory, from where each part goes to the device when it has its turn."""
    from diffusers.utils import is_accelerate_available

    if whole:
        return pipeline.to(device)
    if not is_accelerate_available():
        raise T2WError(
            f"a model that does not fit on {device} goes there part by part, for which it needs: pip install accelerate", MISSING
        )
    pipeline.enable_model_cpu_offload(device=device)
    for saving in ("enable_slicing", "enable_tiling"):  # the decoder's memory at large pictures
        if hasattr(getattr(pipeline, "vae", None), saving):
            getattr(pipeline.vae, saving)()
    return pipeline
