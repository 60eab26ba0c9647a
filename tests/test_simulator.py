"""The simulator as a whole: pictures follow actions, forks are exact, players stay at play."""

import hashlib
import math
import random

import numpy as np
import pytest

pytest.importorskip("numba")

from t2w.actions import Action
from t2w.errors import T2WError
from t2w.sim.camera import foliage, in_foliage, in_walls, look
from t2w.sim.ground import height_at
from t2w.sim.physics import EVENTS
from t2w.sim.places import NEAR
from t2w.sim.player import LEASH, make
from t2w.sim.rows import KINDS, ROCK, TREE
from t2w.sim.simulator import SPACE, Simulator
from t2w.sim.spec import VIEWS, sample
from t2w.sim.walking import YAW, X, Y

RIGHT, WALK = Action(mouse=(6.0, 0.0)), Action(frozenset({"w"}))


def world(seed=3, renderer=None, **fixed) -> Simulator:
    return Simulator(sample(seed, **fixed), 64, 40, renderer=renderer)


@pytest.fixture(scope="module")
def renderer():
    return world().renderer


def play(simulator: Simulator, actions) -> str:
    """The hash of all pictures and events."""
    digest = hashlib.sha256(simulator.frame().tobytes())
    for action in actions:
        digest.update(bytes([simulator.step(action)]) + simulator.frame().tobytes())
    return digest.hexdigest()


def test_the_same_spec_and_actions_give_the_same_bytes(renderer):
    actions = [WALK] * 5 + [RIGHT] * 5 + [Action(frozenset({"w", "space"}))] * 5
    first = play(world(renderer=renderer), actions)
    play(world(4, renderer), actions[:3])
    assert first == play(world(renderer=renderer), actions) == play(world(), actions)


def test_forks_are_exact_and_independent(renderer):
    one = world(renderer=renderer)
    play(one, [WALK] * 5)
    before = one.frame()
    two = one.fork()
    assert play(two, [RIGHT, WALK] * 5) == play(one.fork(), [RIGHT, WALK] * 5)
    assert (one.frame() == before).all()
    assert play(one, [RIGHT] * 3) != play(two, [RIGHT] * 3)


@pytest.mark.parametrize("view", ["first-person", "third-person"])
def test_looking_right_moves_the_picture_left(renderer, view):
    simulator = Simulator(sample(5, view=view, weather="clear", time="noon", landmark="tower"), 64, 40, renderer=renderer)
    before = simulator.frame()[:20].mean(axis=(0, 2))
    simulator.step(Action(mouse=(5.0, 0.0)))
    after = simulator.frame()[:20].mean(axis=(0, 2))
    errors = {shift: np.abs(before[8 + shift : 56 + shift] - after[8:56]).mean() for shift in range(-8, 9)}
    assert min(errors, key=errors.get) > 0, errors


def test_unknown_keys_do_nothing(renderer):
    a, b = world(renderer=renderer), world(renderer=renderer)
    assert play(a, [Action(frozenset({"q", "up", "rmb"}))] * 3) == play(b, [Action()] * 3)


def test_what_is_visible_is_named(renderer):
    simulator = world(renderer=renderer, view="third-person")
    seen = simulator.visible()
    assert seen <= set(KINDS) and "character" in seen and "ground" in seen
    assert "character" not in world(renderer=renderer, view="first-person").visible()


def test_a_deed_in_front_of_each_place(renderer):
    simulator = world(renderer=renderer, biome="tropical island", landmark="cabin", creature="sheep")
    for near in NEAR:
        assert near in [simulator.place(near, random.Random(seed)) for seed in range(4)]
    assert simulator.place("door", random.Random(1)) == "door"
    assert simulator.step(Action(frozenset({"e"}))) == 1 << EVENTS.index("door")
    assert simulator.place("crate", random.Random(1)) == "crate"
    assert any(simulator.step(action) & 1 for action in [WALK] * 4 + [Action(frozenset({"lmb"}))] * 7)
    with pytest.raises(T2WError, match="there are: crate, door"):
        simulator.place("moon", random.Random(0))


def test_the_eye_is_never_in_ground_walls_or_foliage(renderer):
    for seed, view in enumerate(VIEWS * 2):
        simulator = world(seed, renderer, view=view, biome=("pine forest", "autumn forest")[seed % 2], landmark="cabin")
        policy, scene = make("random", simulator, seed), simulator.scene
        blobs = foliage(scene.rows, (TREE, ROCK))
        for t in range(120):
            simulator.step(policy(None, t))
            s = simulator.state
            eye, *_ = look(view, s.player, scene.height, scene.circles, s.boxes, s.crates, scene.shelter, blobs)
            assert eye[2] > height_at(scene.height, eye[0], eye[1]) + 0.2, (seed, view, t)
            shrunk = blobs - np.array([0, 0, 0, 0.3, 0.3, 0])
            assert not in_foliage(*eye, shrunk[(shrunk[:, 3:5] > 0).all(1)]), (seed, view, t)
            if view == "first-person":
                boxes = s.boxes + np.array([0.25, -0.25, 0.25, -0.25, 0.2, -1.2, 0])
                assert not in_walls(*eye, scene.circles[:0], boxes, s.crates[:0], 0.0), (seed, view, t)


@pytest.mark.parametrize("style", ["goal", "random", "idle_look", "single"])
def test_players_are_seeded_and_stay_near(renderer, style):
    a, b = world(7, renderer), world(7, renderer)
    one, two = make(style, a, 5), make(style, b, 5)
    for t in range(300):
        action = one(None, t)
        assert action == two(None, t) and not SPACE.lacks(action) and abs(action.mouse[0]) <= 10
        a.step(action)
        b.step(action)
        assert math.hypot(a.state.player[X] - 64, a.state.player[Y] - 66) < LEASH + 12
    assert a.state.player[YAW] == b.state.player[YAW]
    with pytest.raises(T2WError, match="no player of style"):
        make("speedrun", a, 0)


def test_data_hold_every_key_and_many_speeds(renderer):
    counts, turns = dict.fromkeys(SPACE.keys, 0), []
    for seed in range(8):
        for style in ("goal", "random", "single"):
            simulator = world(seed, renderer)
            policy = make(style, simulator, seed)
            for t in range(150):
                action = policy(None, t)
                simulator.step(action)
                turns.append(abs(action.mouse[0]))
                for key in action.keys:
                    counts[key] += 1
    share = {key: n / len(turns) for key, n in counts.items()}
    assert share["w"] > 0.3 and min(share[key] for key in "asd") > 0.04 and share["space"] > 0.03, share
    assert np.mean(np.array(turns) > 5) > 0.03 and np.mean((0.5 < np.array(turns)) & (np.array(turns) < 3)) > 0.1
