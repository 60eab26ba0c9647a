"""Episodes of events: the player who is to bring them about does."""

import random
from dataclasses import replace

import pytest

from t2w.data.record import EVENTS
from t2w.sim.doer import Doer
from t2w.sim.simulator import Simulator
from t2w.sim.spec import sample
from t2w.sim.walking import BREAK, DOOR, JUMP, SWIMMING


@pytest.mark.parametrize("wish, bit", [("door", DOOR), ("crate", BREAK), ("shore", SWIMMING), ("open", JUMP)])
def test_it_happens_and_now_and_then_nothing_is_pressed(wish, bit):
    fixed = next(fixed for place, fixed in EVENTS if place == wish)
    happened, idle = 0, 0
    for seed in range(40, 44):
        sim = Simulator(replace(sample(seed), **fixed), 64, 48)
        player = Doer(sim, sim.place(wish, random.Random(seed)), seed)
        for t in range(96):
            action = player(None, t)
            idle += not action.keys
            happened += bool(sim.step(action) & bit)
    assert happened >= 3 and idle > 96


def test_the_same_seed_does_the_same():
    def keys(seed):
        sim = Simulator(sample(7), 64, 48)
        player = Doer(sim, sim.place("crate", random.Random(7)), seed)
        actions = []
        for t in range(60):
            actions.append(player(None, t))
            sim.step(actions[-1])
        return actions

    assert keys(3) == keys(3) != keys(4)
