"""Which hardware multiplies bfloat16."""

from contextlib import AbstractContextManager, nullcontext

import torch


def bfloat16_is_fast() -> bool:
    """Elsewhere it is emulated, and fifty times slower than float32."""
    return torch.cuda.is_available() or processor_multiplies_bfloat16()


def processor_multiplies_bfloat16() -> bool:
    return torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()


def exactly(device: torch.device) -> AbstractContextManager:
    """Inside, autocast shortens nothing: geometry wants all its digits, of which bfloat16 has three."""
    return torch.autocast(device.type, enabled=False) if torch.is_autocast_enabled(device.type) else nullcontext()
