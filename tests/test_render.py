"""The renderer on a hand-made scene: flat ground, a pond, a box, a lamp."""

from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("numba")
from t2w.sim.render import Renderer
from t2w.sim.rows import BOX, CRATE, GROUND, LAMP, LANDMARK, SKY, SPHERE, TREE, WATER, put

EYE, FORWARD, FOCUS = (64.0, 60.0, 1.6), (0.0, 1.0, -0.05), (64.0, 60.0, 0.0)
NOTHING = np.zeros((0, 18))


def solid(primitive, place, size, color, kind, material=0.0):
    rows = np.zeros((1, 18))
    put(rows, 0, primitive, *map(float, place), *map(float, size), 0.0, 0.0, *map(float, color), material, kind)
    return rows


def light(night=False, **other):
    bright = 0.1 if night else 1.0
    fields = {
        "sun": np.ones(3) * bright, "ambient": np.ones(3) * 0.4 * bright, "zenith": np.array((0.2, 0.4, 0.8)) * bright,
        "horizon": np.array((0.7, 0.8, 0.9)) * bright, "fog": 0.01, "direction": np.array((0.0, -0.8, 0.6)), "night": night, "cloud": 0.5,
    }  # fmt: skip
    return SimpleNamespace(**{**fields, **other})


def scene(*rows, weather="clear", shelter=(0,) * 6, night=False, lamps=()):
    height = np.zeros((129, 129))
    height[80:, :] = -3.0  # a pond beyond y = 80
    return SimpleNamespace(
        spec=SimpleNamespace(weather=weather), height=height, color=np.full((129, 129, 3), 0.4, np.float32),
        water_level=-0.5, water_color=(0.1, 0.3, 0.4), lava=False, light=light(night),
        rows=np.concatenate(rows) if rows else NOTHING, lamps=np.array(lamps).reshape(-1, 3), shelter=np.array(shelter, float),
    )  # fmt: skip


@pytest.fixture(scope="module")
def renderer():
    return Renderer(80, 48)


def look(renderer, a_scene, moving=NOTHING, t=1.0, eye=EYE, forward=FORWARD):
    renderer.load(a_scene)
    return renderer.render(eye, forward, 70.0, moving, FOCUS, t, 0)


RED = solid(BOX, (64, 70, 1), (2, 2, 2), (0.9, 0.05, 0.05), LANDMARK)
BLUE = solid(BOX, (64, 66, 1), (2, 2, 2), (0.05, 0.05, 0.9), CRATE)


def test_a_frame_is_a_new_picture_of_the_asked_size(renderer):
    frame = look(renderer, scene(RED))
    again = renderer.render(EYE, FORWARD, 70.0, NOTHING, FOCUS, 1.0, 0)
    assert frame.shape == (48, 80, 3) and frame.dtype == np.uint8 and frame is not again
    assert renderer.kinds.shape == (48, 80) and renderer.kinds.dtype == np.uint8


def test_the_same_arguments_give_the_same_bytes_whatever_was_drawn_before(renderer):
    first = look(renderer, scene(RED, weather="rainy"), BLUE)
    look(renderer, scene(weather="snowy"), t=7.0, eye=(30.0, 30.0, 3.0))
    assert (look(renderer, scene(RED, weather="rainy"), BLUE) == first).all()
    assert (look(Renderer(80, 48), scene(RED, weather="rainy"), BLUE) == first).all()


def test_the_nearer_box_hides_the_farther_in_either_order(renderer):
    for rows in ((RED, BLUE), (BLUE, RED)):
        frame = look(renderer, scene(*rows)).astype(int)
        assert frame[24, 40, 2] > 2 * frame[24, 40, 0]
        assert LANDMARK not in renderer.kinds and renderer.kinds[24, 40] == CRATE


def test_kinds_name_what_is_there(renderer):
    look(renderer, scene(RED), solid(SPHERE, (60, 66, 1), (1, 1, 1), (1, 1, 0.5), LAMP, 1.0))
    assert set(np.unique(renderer.kinds)) == {SKY, GROUND, WATER, LANDMARK, LAMP}
    assert renderer.kinds[0, 0] == SKY and renderer.kinds[-1, 0] == GROUND


def test_the_sunny_side_is_bright_and_a_roof_takes_the_sun(renderer):
    white = solid(BOX, (64, 66, 1), (3, 2, 2), (0.8, 0.8, 0.8), LANDMARK)
    roof = solid(BOX, (64, 54, 9), (9, 9, 1), (0.8, 0.8, 0.8), LANDMARK)
    sunny = look(renderer, scene(white))[20:28, 36:44].mean()
    shaded = look(renderer, scene(white, roof))[20:28, 36:44].mean()
    assert 150 < sunny <= 255 and shaded < 0.75 * sunny


def test_lamps_shine_at_night(renderer):
    dark = look(renderer, scene(RED, night=True))
    lamp = look(renderer, scene(RED, night=True, lamps=[(64, 68, 2)]))
    assert lamp[20:28, 36:44].mean() > 1.5 * dark[20:28, 36:44].mean()


def test_an_eye_in_a_tree_crown_sees_past_it(renderer):
    crown = solid(SPHERE, (64, 60.4, 1.6), (2.5, 2.5, 2), (0.1, 0.4, 0.1), TREE)
    assert (look(renderer, scene(RED, crown)) != look(renderer, scene(RED))).any()  # its shadow stays
    assert TREE not in renderer.kinds and LANDMARK in renderer.kinds


def test_it_does_not_snow_indoors(renderer):
    room = solid(BOX, (64, 64, 0.0), (9, 9, 0.1), (0.5, 0.4, 0.3), LANDMARK)
    indoors = (57, 71, 53, 67.5, -0.5, 9)
    dry = look(renderer, scene(room, weather="clear"))
    for weather in ("snowy", "rainy"):
        assert (look(renderer, scene(room, weather=weather)) != dry).mean() > 0.02
        assert (look(renderer, scene(room, weather=weather, shelter=indoors)) == dry).mean() > 0.999


def test_the_eye_may_be_under_water_or_in_lava(renderer):
    pond = scene(RED)
    wet = look(renderer, pond, eye=(64.0, 90.0, -1.5))
    pond.lava = True
    burning = look(renderer, pond, eye=(64.0, 90.0, -1.5))
    assert wet[..., 2].mean() > wet[..., 0].mean() and burning[..., 0].mean() > 2 * burning[..., 2].mean()
