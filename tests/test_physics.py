"""The world's answers to keys: claims about step(), told on worlds of the real kind and on a bare plane."""

import math

import numpy as np
import pytest

pytest.importorskip("numba")

from t2w.sim.ground import height_at
from t2w.sim.physics import EVENTS, step
from t2w.sim.walking import GROUND, PLAYER, SAFE_X, SAFE_Y, SWIM, THROWN, X, Y, Z

DT = 1 / 15


def happened(events: int) -> set[str]:
    return {name for bit, name in enumerate(EVENTS) if events >> bit & 1}


class Plane:
    """Flat ground at height 0 with the player at its middle, looking along +y."""

    def __init__(self, water=-5.0, lava=False, heights=None, circles=(), boxes=(), crates=(), creatures=()):
        self.heights = np.zeros((129, 129)) if heights is None else heights
        self.water, self.lava = water, lava
        self.player = np.zeros(PLAYER)
        self.player[[X, Y, SAFE_X, SAFE_Y]] = 64.0
        table = lambda rows, n: np.array(rows, np.float64).reshape(-1, n)
        self.circles, self.boxes, self.crates, self.creatures = table(circles, 4), table(boxes, 7), table(crates, 8), table(creatures, 8)
        self.door, self.debris, self.random = np.array([-1.0, 0, 0, 0, 0, 0]), np.zeros((10, 7)), np.ones(1, np.int64)
        self.shelter = np.zeros(6)

    def step(self, frames=1, turn=0.0, **keys) -> set[str]:
        act = np.zeros(9)
        for name in keys:
            act[("w", "a", "s", "d", "space", "e", "lmb").index(name)] = 1
        act[7] = turn
        seen = set()
        for _ in range(frames):
            things = (self.crates, self.creatures, self.door, self.debris, self.random)
            seen |= happened(
                step(self.player, act, self.heights, self.water, self.lava, self.circles, self.boxes, self.shelter, *things, DT)
            )
        return seen


def test_each_key_walks_its_way():
    ends = {}
    for key in "wasd":
        world = Plane()
        world.step(15, **{key: 1})
        ends[key] = (round(world.player[X] - 64, 1), round(world.player[Y] - 64, 1))
    assert ends["w"][1] > 3 and ends["s"][1] < -3 and ends["d"][0] > 3 and ends["a"][0] < -3
    assert ends["w"][0] == ends["s"][0] == ends["a"][1] == ends["d"][1] == 0


def test_turning_right_then_walking_leads_right():
    world = Plane()
    world.step(turn=math.pi / 2)
    world.step(15, w=1)
    assert world.player[X] > 67


def test_a_jump_rises_and_falls():
    world = Plane()
    world.step()
    assert "jump" in world.step(space=1)
    heights = [world.step() and 0 or world.player[Z] for _ in range(15)]
    assert max(heights) > 0.8 and heights[-1] == 0 and world.player[GROUND] == 1


def test_never_below_the_ground():
    rng = np.random.default_rng(0)
    x = np.arange(129)
    world = Plane(heights=4 * np.sin(x / 5)[None] * np.cos(x / 7)[:, None], water=-1.0)
    for _ in range(300):
        world.step(turn=rng.normal(0, 0.2), **{key: 1 for key in ("w", "a", "space") if rng.random() < 0.6})
        assert world.player[Z] >= height_at(world.heights, world.player[X], world.player[Y]) - 1e-9


def test_walls_and_trunks_stop():
    wall = Plane(boxes=[(60, 68, 66, 66.2, -1, 3, 1)])
    wall.step(45, w=1)
    assert 65.5 < wall.player[Y] <= 65.7 + 1e-6
    trunk = Plane(circles=[(64, 67, 0.5, 5)])
    for _ in range(45):
        trunk.step(w=1)
        assert math.hypot(trunk.player[X] - 64, trunk.player[Y] - 67) > 0.79


def test_the_world_has_an_edge():
    world = Plane()
    world.step(400, w=1)
    assert world.player[Y] == 124


def test_water_carries():
    world = Plane(water=0.0, heights=np.full((129, 129), -6.0))
    world.player[Z] = -2.0
    assert "swim" in world.step(60)
    assert world.player[SWIM] == 1 and abs(-world.player[Z] - 1.15) < 0.1


def test_lava_throws_back_and_is_never_swum_in():
    heights = np.zeros((129, 129))
    heights[67:] = -1.6
    world = Plane(water=-1.0, lava=True, heights=heights)
    seen, farthest, highest = set(), 0.0, 0.0
    for _ in range(90):
        seen |= world.step(w=1)
        farthest, highest = max(farthest, world.player[Y]), max(highest, world.player[Z])
        assert world.player[SWIM] == 0 and world.player[Z] > world.water - 0.3
    assert "burn" in seen and highest > 0.2 and farthest < 68.5
    world.step(30)
    assert world.player[Z] > world.water and world.player[THROWN] == 0


def test_crates_move_when_pushed_and_break_when_struck():
    world = Plane(crates=[(64, 65.5, 0, 0.4, 0, 0, 0, 1)])
    assert "push" in world.step(30, w=1)
    assert world.crates[0, 1] > 66.5 and world.player[Y] < world.crates[0, 1] - 0.5
    assert "break" in world.step(lmb=1) | world.step(6)
    assert world.crates[0, 7] == 0 and (world.debris[:, 6] > 0).all()


def test_crates_float_on_water_and_sink_in_lava():
    deep = np.full((129, 129), -6.0)
    for lava, alive in ((False, 1), (True, 0)):
        world = Plane(water=0.0, lava=lava, heights=deep, crates=[(70, 70, 0.5, 0.4, 0, 0, 0, 1)])
        world.step(75)
        assert world.crates[0, 7] == alive
    assert world.water == 0.0


def test_crates_and_trunks_stop_crates():
    world = Plane(crates=[(64, 65.5, 0, 0.4, 0, 0, 0, 1), (64, 67, 0, 0.4, 0, 0, 0, 1)], circles=[(64, 68, 0.3, 4)])
    world.step(60, w=1)
    assert world.crates[0, 1] <= 66.2 + 1e-6 and world.player[Y] < 66


def test_a_struck_creature_flees():
    world = Plane(creatures=[(64, 65.5, 0, 0, 0, 2, 0, 0)])
    assert "hit" in world.step(lmb=1) | world.step(6)
    world.step(20)
    assert world.creatures[0, 1] > 68


def test_creatures_walk_round_trees_and_walls():
    trees = [(64 + x, 70 + y, 0.6, 4) for x in (-4, 0, 4) for y in (-4, 0, 4)]
    world = Plane(circles=trees, boxes=[(60, 68, 60, 61, 0, 3, 1)], creatures=[(66, 68, 0, 1.0 * k, 0, 0, 1, 3) for k in range(6)])
    for _ in range(200):
        world.step()
        for x, y, r, _ in trees:
            assert np.hypot(world.creatures[:, 0] - x, world.creatures[:, 1] - y).min() > r + 0.3


def test_e_opens_and_shuts_the_door():
    world = Plane(boxes=[(63, 65, 65, 65.2, 0, 2, 1)])
    world.door[:] = 0, 0, 64, 65, 0, 0
    world.step(15, w=1)
    assert world.player[Y] < 65
    assert world.step(e=1) == {"door"} and world.boxes[0, 6] == 0
    world.step(9, w=1)
    assert world.player[Y] > 65.5 and world.door[5] > 0.9
    assert "door" in world.step(e=1) and world.boxes[0, 6] == 1
