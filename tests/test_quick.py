"""What makes frames quick changes nothing in them but a last digit: work done beside, weights packed once, means and maxima by other ways."""

import copy
import threading
import time

import pytest
import torch
import torch.nn.functional as F
from diffusers.models.autoencoders.autoencoder_dc import DCDownBlock2d, DCUpBlock2d

from t2w.nn.autoencoder import TINY, build, decode, encode
from t2w.nn.beside import AT_ONCE, begun, half_the_threads
from t2w.nn.folded import folded
from t2w.nn.geometry import mean_around, spread
from t2w.nn.packed import packed
from t2w.nn.precision import processor_multiplies_bfloat16
from t2w.nn.view import around


def test_what_is_begun_is_done_once_and_beside():
    where = []
    with torch.inference_mode():
        found = begun(lambda: where.append(threading.current_thread()) or torch.ones(3).is_inference())
        while not where:
            time.sleep(0.001)
        assert [found(), found()] == [True, True] and where != [threading.current_thread()] and len(where) == 1


def test_what_no_thread_has_come_to_is_done_by_who_asks():
    held, where = threading.Event(), []
    with torch.inference_mode():
        busy, more = [begun(held.wait) for _ in range(AT_ONCE)], begun(lambda: where.append(threading.current_thread()))
        more(), more()
        held.set()
        assert all(first() for first in busy) and where == [threading.current_thread()]


def test_a_training_has_no_core_to_spare():
    where = []
    found = begun(lambda: where.append(threading.current_thread()))
    assert not where
    found(), found()
    assert where == [threading.current_thread()]


def test_an_error_is_raised_where_it_is_asked_for():
    with torch.inference_mode():
        found = begun(lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            found()


def test_threads_are_given_back_whatever_happens():
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    try:
        with pytest.raises(KeyboardInterrupt), half_the_threads():
            assert torch.get_num_threads() == 2
            raise KeyboardInterrupt
        assert torch.get_num_threads() == 4
    finally:
        torch.set_num_threads(before)


def test_a_picture_being_painted_is_the_same_whoever_paints_it():
    """A world with weights, walked for as long as two paintings take: beside, and (outside inference mode) where it is asked for."""
    from pathlib import Path

    import t2w
    from t2w.nn.imagine import Dream
    from t2w.worlds.pretrained import load_world

    world = Path(t2w.__file__).parent / "starter" / "world"
    dynamics, _, sampling, carrier = load_world(world, torch.device("cpu"), torch.float32)
    picture, ahead = torch.rand(1, 3, 12, 20, generator=torch.Generator().manual_seed(0)) * 2 - 1, torch.zeros(1, 9)
    picture, ahead[0, 0] = F.interpolate(picture, (96, 160), mode="bicubic"), 1.0

    def walked(mode) -> torch.Tensor:
        with mode:
            dream = Dream(dynamics, carrier.encode(picture), torch.Generator().manual_seed(0), sampling, carrier, picture)
            for _ in range(22):
                dream.step(ahead)
            return dream.picture().clone(), len(dream.around.kept)

    (beside, kept), (alone, same) = walked(torch.inference_mode()), walked(torch.no_grad())
    assert kept == same > 2 and torch.allclose(beside, alone, atol=1e-3)


@pytest.mark.skipif(not processor_multiplies_bfloat16(), reason="weights are packed for processors that multiply bfloat16")
def test_packed_weights_say_the_same():
    torch.manual_seed(0)
    layers = (
        torch.nn.Conv2d(3, 8, 3, 2, 1),
        torch.nn.SiLU(),
        torch.nn.Conv2d(8, 8, 3, padding=2, dilation=2, bias=False),
        torch.nn.Flatten(2),
    )
    plain = (
        torch.nn.Sequential(*layers, torch.nn.Linear(60, 16), torch.nn.Linear(16, 5, bias=False)).bfloat16().eval().requires_grad_(False)
    )
    quick = packed(torch.nn.Sequential(*plain))
    for rows in (1, 3, 1):
        x = torch.randn(rows, 3, 12, 20).bfloat16().to(memory_format=torch.channels_last)
        assert torch.allclose(quick(x), plain(x), atol=0.01, rtol=0.01)


def test_an_autoencoder_says_the_same_when_folded():
    torch.manual_seed(0)
    plain = build(TINY).eval()
    quick = folded(copy.deepcopy(plain))
    assert not any(isinstance(part, DCDownBlock2d | DCUpBlock2d) for part in quick.modules())
    with torch.inference_mode():
        pictures = torch.rand(2, 3, 48, 80) * 2 - 1
        latents = encode(plain, pictures)
        assert latents.std() > 0.01 and torch.allclose(encode(quick, pictures), latents, atol=1e-5)
        assert torch.allclose(decode(quick, latents), decode(plain, latents), atol=1e-5)


def test_an_eye_turns_as_the_matrix_exponential_says():
    torch.manual_seed(0)
    axis = torch.cat([torch.zeros(1, 3), 1e-4 * torch.randn(4, 3), torch.randn(4, 3)])
    a, b, c = axis.double().unbind(1)
    none = torch.zeros_like(a)
    cross = torch.stack([none, -c, b, c, none, -a, -b, a, none], -1).unflatten(1, (3, 3))
    assert torch.allclose(around(axis).double(), torch.linalg.matrix_exp(cross), atol=1e-5)


@pytest.mark.parametrize(("across", "every"), [(1, 1), (3, 1), (5, 1), (17, 1), (2, 2), (6, 2), (10, 2)])
def test_a_mean_around_is_that_of_a_pooling(across, every):
    torch.manual_seed(0)
    values = torch.randn(2, 3, 12, 20)
    beyond = (across - every) // 2
    expected = F.avg_pool2d(values, across, every, beyond, count_include_pad=False)
    assert torch.allclose(mean_around(values, across, every), expected, atol=1e-5)


@pytest.mark.parametrize("across", [1, 3, 5, 7, 17])
def test_the_greatest_around_is_that_of_a_pooling(across):
    torch.manual_seed(0)
    values = torch.randn(2, 12, 20)
    assert spread(values, across).equal(F.max_pool2d(values[:, None], across, 1, across // 2)[:, 0])
