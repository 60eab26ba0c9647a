"""What this machine has for workers: GPUs, and processor threads for each."""

import os
import sys
from pathlib import Path

from t2w.processes import cores

DRIVERS = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")  # without one of these, Linux has no GPU that torch could use


def gpus() -> int:
    """How many torch can use; torch is only asked where there may be one."""
    if sys.platform == "darwin" or (sys.platform == "linux" and not any(Path(driver).exists() for driver in DRIVERS)):
        return 0
    import torch

    return torch.cuda.device_count()


def threads(workers: int) -> int:
    """As OMP_NUM_THREADS says, else the cores shared evenly."""
    said = os.environ.get("OMP_NUM_THREADS", "")
    return int(said) if said.isdigit() and int(said) > 0 else max(1, cores() // workers)


def cpu_seconds() -> dict[str, float]:
    """Processor seconds of this process, which only plans and keeps the queue, and of the workers that have ended."""
    spent = os.times()
    return {"batch": round(spent.user + spent.system, 2), "workers": round(spent.children_user + spent.children_system, 2)}
