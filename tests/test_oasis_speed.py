"""What it saves to keep the past: Oasis at its published size with random weights, its window full, a frame in either way. A figure is printed.

    OMP_NUM_THREADS=2 pytest -m slow -s tests/test_oasis_speed.py

takes some minutes, most of them for one frame in the exact way; T2W_OASIS_DTYPE=bfloat16 and T2W_OASIS_DEPTH=4 (of 16 blocks) need less.
"""

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from statistics import median

import numpy as np
import pytest
import tiny_oasis
import torch

from t2w.evaluate.bench import peak_mib, timed
from t2w.worlds.oasis.network import OasisConfig
from t2w.worlds.oasis.sampling import Dream, Sampling

DTYPE, DEPTH = os.environ.get("T2W_OASIS_DTYPE", "float32"), int(os.environ.get("T2W_OASIS_DEPTH", OasisConfig.depth))


def new_frame(way: str, frames: int) -> tuple[np.ndarray, float, int, int, float]:
    """The first new frame of a full window; the median of the seconds that `frames` of them take, threads, peak MiB, millions of parameters."""
    torch.set_default_dtype(getattr(torch, DTYPE))  # made so: weights in both precisions would count as memory
    network = tiny_oasis.network(replace(OasisConfig(), depth=DEPTH))
    torch.set_default_dtype(torch.float32)
    generator, sampling = torch.Generator().manual_seed(0), Sampling(way)
    past, actions = torch.randn(sampling.window - 1, 1, 16, 18, 32, generator=generator), torch.rand(3, 1, 25, generator=generator)
    new, seconds = [], []
    with torch.inference_mode():
        dream = Dream(network, past[0], generator, sampling)
        for frame in past[1:]:
            dream._remember(frame, actions[0])
        for action in actions[:frames]:
            with timed() as span:
                new.append(dream.step(action).numpy())
            seconds.append(span.seconds)
    return new[0], median(seconds), torch.get_num_threads(), peak_mib("cpu"), sum(p.numel() for p in network.parameters()) / 1e6


@pytest.mark.slow
def test_a_kept_past_makes_the_same_frame_in_less_time():
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), max_tasks_per_child=1) as alone:
        (kept, fast, threads, small, millions), (exact, slow, _, large, _) = alone.map(new_frame, ("cached", "exact"), (3, 1))
    print(f"\nOasis of {millions:.0f} million parameters, {DTYPE}, {threads} threads, window of {Sampling.window} full, a new frame:")
    print(f"cached {fast:.1f} s, peak {small} MiB; exact {slow:.1f} s, peak {large} MiB; {slow / fast:.1f} times as fast")
    assert np.abs(kept - exact).max() < (1e-3 if DTYPE == "float32" else 0.5)
