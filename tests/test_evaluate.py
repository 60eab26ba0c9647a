"""What films are measured by, held against pictures whose motion is known and against the simulator itself."""

import numpy as np
import pytest
from strip import Strip

from t2w.actions import Action
from t2w.evaluate import world as evaluate
from t2w.evaluate.measure import drift, frechet, ssim
from t2w.evaluate.motion import mean_motion, motion, path
from t2w.evaluate.truth import HELD_OUT, film, moment, walk, world


def smooth(h: int = 96, w: int = 160) -> np.ndarray:
    y, x = np.mgrid[:h, :w]
    luma = 128 + 50 * np.sin(x / 17) + 50 * np.cos(y / 13 + x / 40)
    return np.repeat(luma[..., None], 3, 2).astype(np.uint8)


@pytest.mark.parametrize(("right", "down"), [(3, 0), (-4, 0), (0, 2), (2, -3)])
def test_a_shift_is_measured_in_pixels(right, down):
    picture = smooth()
    found = motion(picture, np.roll(picture, (down, right), (0, 1)))
    assert np.allclose(found[:2], (right, down), atol=1.2)


def test_a_zoom_is_growth():
    from PIL import Image

    picture = smooth()
    bigger = np.asarray(Image.fromarray(picture).resize((168, 100), Image.Resampling.BICUBIC))[2:98, 4:164]
    assert motion(picture, bigger)[2] == pytest.approx(0.05, abs=0.03)
    assert motion(bigger, picture)[2] < -0.02


def test_the_simulator_itself_obeys():
    """The signs that control() asks for are those of the truth."""
    for name, one, other, figure, sign in evaluate.PAIRS:
        means = []
        for action in (one, other):
            films = []
            for sim in (world(k, view="first-person") for k in range(6)):
                frames = [sim.frame()]
                for _ in range(8):
                    sim.step(action)
                    frames.append(sim.frame())
                films.append(sign * mean_motion(np.stack(frames))[figure])
            means.append(np.mean(films))
        assert means[0] > 0 > means[1], name


def test_walks_are_of_worlds_that_nothing_was_trained_on():
    one = walk(0, 3)
    assert one.frames.shape == (4, 96, 160, 3) and len(one.actions) == 3
    assert all(world(k).spec.seed >= HELD_OUT for k in range(2))


def test_psnr_of_equal_and_of_black_and_white():
    picture = smooth()
    assert evaluate.psnr(picture, picture) > 70
    assert evaluate.psnr(np.zeros_like(picture), np.full_like(picture, 255)) == pytest.approx(0, abs=1e-6)


def test_a_dream_has_a_frame_for_every_action():
    assert evaluate.dream(Strip(), np.zeros((8, 8, 3), np.uint8), [Action()] * 5).shape == (5, 8, 8, 3)


def test_ssim_is_one_for_equal_pictures_and_less_for_blurred_and_shifted_ones():
    picture = smooth()
    noisy = np.clip(picture + np.random.default_rng(0).normal(0, 20, picture.shape), 0, 255).astype(np.uint8)
    assert ssim(picture, picture) == pytest.approx(1)
    assert 0 < ssim(picture, noisy) < 0.9
    assert ssim(picture, 255 - picture) < 0.1


@pytest.mark.parametrize("pixels", [0, 4, -8])
def test_a_path_is_as_long_as_the_picture_moved(pixels):
    y, x = np.mgrid[:96, :160]
    rough = np.repeat((128 + 60 * np.sin(x / 3 + y / 5) * np.cos(x / 7 - y / 4))[..., None], 3, 2).astype(np.uint8)
    frames = np.stack([np.roll(rough, pixels * t, 1) for t in range(4)])
    assert path(frames) == pytest.approx(abs(pixels) / 1.6, rel=0.2, abs=0.05)  # in hundredths of 160 pixels


def test_crowds_are_as_far_apart_as_their_means_and_spreads():
    rng = np.random.default_rng(0)
    a, b = rng.normal(0, 1, (4000, 3)), rng.normal(0, 1, (4000, 3))
    assert frechet(a, b) == pytest.approx(0, abs=0.02)
    assert frechet(a, b + 2) == pytest.approx(12, rel=0.05)
    assert frechet(a, 3 * b) == pytest.approx(3 * (1 - 3) ** 2, rel=0.1)


def test_drift_is_the_part_that_is_lost_from_the_best_window():
    assert drift([4.0, 5.0, 3.0]) == pytest.approx(40)
    assert drift([2.0, 2.0]) == drift([0.0, 0.0]) == 0


def test_the_truth_is_told_twice_the_same_and_leaves_the_moment_as_it_was():
    start = moment(world(0))
    actions = [Action(frozenset("w"))] * 4
    assert np.array_equal(film(start, actions), film(start, actions))
    assert np.array_equal(start.sim.frame(), start.frame)
