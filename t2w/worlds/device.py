"""The words of --device and --dtype in, torch's own out; wrong words are refused before torch is imported."""

import re

from t2w.errors import T2WError

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
KEPT_BYTES = 1 << 28
DTYPES = ("auto", "float32", "bfloat16", "float16")


def check(device: str, dtype: str) -> None:
    """Spelling only: costs nothing."""
    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", device):
        raise T2WError(f"--device {device} is none of auto, cpu, cuda, cuda:N, mps")
    if dtype not in DTYPES:
        raise T2WError(f"--dtype {dtype} is none of {', '.join(DTYPES)}")


def resolve(device: str = "auto", dtype: str = "auto"):
    """(torch.device, torch.dtype). auto: the accelerator that is there, bfloat16 on CUDA and float32 elsewhere."""
    check(device, dtype)
    import torch

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    if device.startswith("cuda") and int(device.partition(":")[2] or 0) >= torch.cuda.device_count():
        raise T2WError(f"--device {device}: torch sees {torch.cuda.device_count()} CUDA devices here; --device cpu always works")
    if device == "mps" and not torch.backends.mps.is_available():
        raise T2WError("--device mps: torch sees no Apple GPU here; --device cpu always works")
    if dtype == "auto":
        dtype = "bfloat16" if device.startswith("cuda") else "float32"
    return torch.device(device), getattr(torch, dtype)


def keep_freed_memory() -> None:
    """Blocks that tensors leave are kept for the next ones. By itself glibc (elsewhere nothing is done) hands large ones back to the system
    and takes them anew page by page, some 600 pages in each frame of a small world."""
    import ctypes
    import platform

    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        libc.mallopt(M_MMAP_THRESHOLD, KEPT_BYTES)
        libc.mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
