"""Published text-to-image pipelines by a short name: where they are, under which licence, and how their makers call them. Nothing is loaded.

Steps, guidance and sizes are those of the model cards; sizes of files are those that the repositories list. What was reckoned or comes from
memory is named in `reckoned`; memory always is: weights in 16 bit, and 2 GiB to work in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class PainterSpec:
    name: str
    about: str = ""
    licence: str = ""
    territory: str = ""  # where the licence does not hold, in words; "": it names no such place
    hub: str = ""  # its repository
    side: int = 0  # it paints pictures of about side x side pixels; 0: of the world's size
    square: bool = False  # and of no other shape
    call: Mapping = field(default_factory=dict)  # how its pipeline is called
    variant: str = ""  # of the files that are fetched, where there are several: "fp16" are half as large
    download_gb: float = 0.0
    memory_mib: int = 0
    reckoned: tuple[str, ...] = ()


def _call(steps: int, guidance: float, **more: object) -> dict:
    return {"num_inference_steps": steps, "guidance_scale": guidance, **more}


def _gib(numbers: float) -> int:
    """Billions of numbers in 16 bit, and room to work in, in MiB."""
    return round(numbers * 2e9 / 2**20) + 2048


_PRESETS = (
    PainterSpec(
        "sdxl",
        "Stable Diffusion XL 1.0 (Stability AI 2023): takes negative prompts; most LoRAs are for it",
        "CreativeML Open RAIL++-M",
        hub="stabilityai/stable-diffusion-xl-base-1.0",
        side=1024,
        call=_call(40, 5.0),  # 40 as in the card's example; guidance is diffusers' own
        variant="fp16",
        download_gb=6.9,
        memory_mib=_gib(3.5),
        reckoned=("memory_mib",),
    ),
    PainterSpec(
        "sdxl-turbo",
        "SDXL-Turbo (Stability AI 2023): one step, squares of 512 pixels",
        "Stability AI Non-Commercial Research Community License (sai-nc-community); for commercial use see stability.ai/license",
        hub="stabilityai/sdxl-turbo",
        side=512,
        square=True,  # "a fixed resolution (512x512 pix)"
        call=_call(1, 0.0),
        variant="fp16",
        download_gb=6.9,
        memory_mib=_gib(3.5),
        reckoned=("memory_mib",),
    ),
    PainterSpec(
        "sd3.5-medium",
        "Stable Diffusion 3.5 Medium (Stability AI 2024): from 0.25 to 2 megapixels; to be accepted on its page before it is fetched",
        "Stability AI Community License: free below a million dollars of revenue a year",
        hub="stabilityai/stable-diffusion-3.5-medium",
        side=1024,
        call=_call(40, 4.5),
        download_gb=16.3,
        memory_mib=_gib(8.1),
        reckoned=("memory_mib",),
    ),
    PainterSpec(
        "flux.1-schnell",
        "FLUX.1 schnell (Black Forest Labs 2024): four steps; may have to be accepted on its page before it is fetched",
        "Apache-2.0",
        hub="black-forest-labs/FLUX.1-schnell",
        side=1024,
        call=_call(4, 0.0, max_sequence_length=256),
        download_gb=33.7,
        memory_mib=_gib(16.9),
        reckoned=("memory_mib",),
    ),
    PainterSpec(
        "flux.2-klein",
        "FLUX.2 klein 4B (Black Forest Labs 2026): four steps; 13 GB of a GPU's memory with --memory low, by its card",
        "Apache-2.0",
        hub="black-forest-labs/FLUX.2-klein-4B",
        side=1024,
        call=_call(4, 1.0),
        download_gb=16.0,
        memory_mib=_gib(8.0),
        reckoned=("memory_mib",),
    ),
    PainterSpec(
        "z-image-turbo",
        "Z-Image-Turbo (Tongyi-MAI 2025): nine steps; fits 16 GB of a GPU's memory with --memory low",
        "Apache-2.0",
        hub="Tongyi-MAI/Z-Image-Turbo",
        side=1024,
        call=_call(9, 0.0),  # nine steps are eight looks of the network
        download_gb=32.9,
        memory_mib=_gib(10.3),
        reckoned=("download_gb", "memory_mib"),  # two of the five files of weights were not seen
    ),
    PainterSpec(
        "qwen-image",
        "Qwen-Image (Alibaba 2025): 20 billion numbers, writes signs and letters well",
        "Apache-2.0",
        hub="Qwen/Qwen-Image",
        side=1328,
        call=_call(50, 4.0, negative_prompt=" "),  # without any words of what is not wanted it does not guide
        download_gb=57.7,
        memory_mib=_gib(28.9),
        reckoned=("memory_mib",),
    ),
    PainterSpec(
        "sana-sprint",
        "SANA-Sprint 1.6B (NVIDIA 2025): two steps",
        "NVIDIA License (NSCL v2-custom), read it before commercial use; Gemma Terms of Use for Gemma 2, its reader",
        hub="Efficient-Large-Model/Sana_Sprint_1.6B_1024px_diffusers",
        side=1024,
        call=_call(2, 4.5),
        download_gb=9.7,
        memory_mib=_gib(4.5),
        reckoned=("download_gb", "memory_mib"),  # of the 0.6B's reader, the 1.6B's decoder and transformer
    ),
    PainterSpec(
        "pixart-sigma",
        "PixArt-Sigma XL 1024 (2024): a small transformer with a large reader",
        "CreativeML Open RAIL++-M",
        hub="PixArt-alpha/PixArt-Sigma-XL-2-1024-MS",
        side=1024,
        call=_call(20, 4.5),
        download_gb=21.8,
        memory_mib=_gib(5.5),
        reckoned=("memory_mib",),
    ),
)
PRESETS = {spec.name: spec for spec in _PRESETS}


def named(name: str) -> PainterSpec | None:
    """The preset that a name means: its own, NAME:PLACE, or its repository."""
    return PRESETS.get(name.partition(":")[0]) or next((spec for spec in _PRESETS if spec.hub == name), None)
