"""On a CUDA device: the starter models do there what they do on the processor."""

import numpy as np
import pytest

from t2w.actions.action import Action
from t2w.evaluate.measure import psnr
from t2w.start import painters
from t2w.worlds import registry

pytestmark = [pytest.mark.gpu, pytest.mark.weights]
PROMPT = "a snowy pine forest at sunset with a red cabin"


@pytest.fixture(scope="module")
def start():
    return next(painters.paint("sim", PROMPT, [3], 160, 96))


def film(start, device, dtype, seed=0, frames=12):
    session = registry.load("starter", device, dtype).begin(start, seed=seed)
    return np.concatenate([session.step([Action(frozenset("w"), (1.0, 0.0))]) for _ in range(frames)])


def test_a_rollout_is_the_processors(start):
    """Noise is drawn by another generator, so only what the noise does not decide is the same."""
    there, here = film(start, "cuda", "float32"), film(start, "cpu", "float32")
    assert psnr(there[0], here[0]) > 30 and psnr(there[-1], here[-1]) > 18


def test_a_seed_is_a_film(start):
    assert np.array_equal(film(start, "cuda", "float32", 5, 4), film(start, "cuda", "float32", 5, 4))


def test_half_precision_is_nearly_the_same(start):
    assert psnr(film(start, "cuda", "bfloat16", frames=1)[0], film(start, "cuda", "float32", frames=1)[0]) > 28


def test_the_painter_paints_there():
    frames = list(painters.paint("starter", PROMPT, [0, 1], 160, 96, "cuda", call=painters.settings("starter"), together=True))
    assert len(frames) == 2 and frames[0].shape == (96, 160, 3) and frames[0].std() > 20 and not np.array_equal(*frames)


def test_bench_tells_of_the_device():
    from t2w.evaluate.bench import Ask, measure

    (row,) = measure([Ask("world", "starter", frames=15, device="cuda")])
    assert row["device"].startswith("cuda") and row["fps"] > 0 and row["peak_mib"] > 0
