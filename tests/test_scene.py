"""A scene is made of its spec alone, starts on safe ground and shows its landmark."""

import math
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("numba")

from t2w.errors import T2WError
from t2w.sim.biomes import BIOME
from t2w.sim.ground import height_at
from t2w.sim.rows import LANDMARK, TREE
from t2w.sim.scene import build
from t2w.sim.spec import BIOMES, possible, sample


@pytest.fixture(scope="module")
def scenes():
    return [build(sample(seed)) for seed in range(60)]


def test_the_same_spec_is_the_same_scene(scenes):
    again = build(sample(7))
    for name in ("height", "color", "rows", "circles", "crates", "creatures", "lamps"):
        assert np.array_equal(getattr(again, name), getattr(scenes[7], name)), name
    assert again.start == scenes[7].start


def test_the_time_of_day_changes_the_light_and_nothing_else():
    noon = build(sample(3, time="noon"))
    night = build(replace(noon.spec, time="night"))
    assert np.array_equal(noon.rows, night.rows) and np.array_equal(noon.height, night.height) and noon.start == night.start
    assert night.light.night and not np.array_equal(noon.light.sun, night.light.sun)


def test_a_start_is_on_dry_ground(scenes):
    for scene in scenes:
        x, y, z, _ = scene.start
        assert z == height_at(scene.height, x, y)
        assert z > scene.water_level + 0.3
        assert scene.lava == (scene.spec.biome == "volcanic")


def test_a_start_has_room_around_it(scenes):
    for scene in scenes:
        x, y, _, _ = scene.start
        trees = scene.rows[scene.rows[:, 17] == TREE]
        assert not len(trees) or np.hypot(trees[:, 9] - x, trees[:, 10] - y).min() > 4
        if len(scene.circles):
            assert (np.hypot(scene.circles[:, 0] - x, scene.circles[:, 1] - y) - scene.circles[:, 2]).min() > 0.5


def test_the_landmark_is_ahead_with_nothing_tall_between(scenes):
    for scene in scenes:
        x, y, z, yaw = scene.start
        stones = scene.rows[scene.rows[:, 17] == LANDMARK]
        assert bool(len(stones)) == (scene.spec.landmark != "none")
        if not len(stones):
            continue
        cx, cy = np.median(stones[:, 9]), np.median(stones[:, 10])
        turn = math.atan2(x - cx, cy - y) - yaw
        assert abs(math.atan2(math.sin(turn), math.cos(turn))) < math.radians(55)
        assert 6 < math.hypot(cx - x, cy - y) < 18
        for t in np.linspace(0, 0.7, 15):
            assert height_at(scene.height, x + t * (cx - x), y + t * (cy - y)) < max(z, height_at(scene.height, cx, cy)) + 1.5


def test_eyes_stay_out_of_low_crowns():
    scene = build(sample(11, biome="pine forest"))
    trees = scene.rows[scene.rows[:, 17] == TREE]
    cones = trees[trees[:, 16] == 1]
    lowest = cones[np.hypot(cones[:, 0], cones[:, 1]) > 2.0]  # the bottom cones are the wide ones
    for cone in lowest[:40]:
        circle = scene.circles[np.argmin(np.hypot(scene.circles[:, 0] - cone[9], scene.circles[:, 1] - cone[10]))]
        assert circle[2] + 0.3 > math.hypot(cone[0], cone[1]) / 2  # with the player's own radius


def test_cabins_have_a_door_and_an_inside():
    scene = build(sample(1, landmark="cabin"))
    x0, x1, y0, y1, z0, z1 = scene.shelter
    assert x0 < scene.hinge[0] < x1 and y1 - y0 > 3 and z1 - z0 > 2
    assert scene.boxes[int(scene.door[0]), 6] == 1
    assert build(sample(1, landmark="tower")).door[0] == -1


def test_snow_whitens_the_ground_and_the_pines():
    clear, snowy = (build(sample(2, biome="pine forest", weather=weather)) for weather in ("clear", "snowy"))
    assert snowy.color.mean() > clear.color.mean() + 0.2
    assert len(snowy.rows) > len(clear.rows)


def test_every_biome_builds_with_finite_rows():
    for biome in BIOMES:
        scene = build(sample(21, biome=biome))
        assert biome in BIOME and np.isfinite(scene.rows).all() and np.isfinite(scene.height).all()
        assert scene.rows.shape[1] == 18 and 1 <= len(scene.lamps) <= 4 and scene.crates.shape[1] == 8


def test_sampling_keeps_wishes_and_leaves_the_rest_alone():
    free, fixed = sample(9), sample(9, character="robot", character_color="red")
    assert replace(free, character="robot", character_color="red") == fixed
    assert all(possible(s.biome, s.weather) for s in map(sample, range(500)))
    assert 0.08 < sum(sample(s).time == "night" for s in range(1000)) / 1000 < 0.16
    with pytest.raises(T2WError, match="no biome 'sea'; there are: meadow"):
        sample(0, biome="sea")
