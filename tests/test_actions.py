"""Actions, their rows and the vectors that networks read."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2w.actions import KEYS, Action, ActionSpace
from t2w.errors import T2WError

SPACE = ActionSpace(("w", "a", "s", "d", "space", "e", "lmb"))
DEGREES = st.floats(-1e6, 1e6)
ACTIONS = st.builds(Action, st.frozensets(st.sampled_from(KEYS), max_size=5), st.tuples(DEGREES, DEGREES))


def test_a_vector_is_the_keys_in_order_then_the_turn_as_a_share_of_the_most():
    vector = SPACE.vector(Action(frozenset({"w", "space"}), (6.0, -20.0)))
    assert vector.dtype == np.float32 and vector.shape == (SPACE.size,)
    assert vector.tolist() == [1, 0, 0, 0, 1, 0, 0, 0.5, -1]


def test_a_space_without_mouse_has_no_place_for_a_turn():
    space = ActionSpace(("left", "right"), mouse=False)
    assert space.size == 2
    assert space.vector(Action(frozenset({"left"}), (5.0, 0.0))).tolist() == [1, 0]
    assert space.action([0, 1]) == Action(frozenset({"right"}))


@given(st.frozensets(st.sampled_from(SPACE.keys)), st.integers(-12, 12), st.integers(-12, 12))
def test_what_a_space_understands_comes_back_from_its_vector(keys, dx, dy):
    action = SPACE.action(SPACE.vector(Action(keys, (dx, dy))))
    assert action.keys == keys and np.allclose(action.mouse, (dx, dy), atol=1e-5)


def test_a_space_names_what_it_lacks():
    action = Action(frozenset({"w", "q"}), (1.0, 0.0))
    assert SPACE.lacks(action) == {"q"}
    assert ActionSpace(("w", "q"), mouse=False).lacks(action) == {"mouse"}
    assert SPACE.lacks(Action()) == set()


@given(ACTIONS)
def test_an_action_comes_back_from_its_row(action):
    assert Action.from_row(action.to_row()) == action


def test_a_row_may_hold_more_and_may_leave_out_one_of_the_two():
    assert Action.from_row({"keys": ["w"], "t": 7}) == Action(frozenset({"w"}))
    assert Action.from_row({"mouse": [1, 2]}) == Action(mouse=(1.0, 2.0))


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ([], "an action is an object"),
        ({}, 'has "keys", "mouse" or both'),
        ({"keys": "w"}, '"keys" is a list'),
        ({"keys": ["spcae"]}, "did you mean 'space'?"),
        ({"keys": ["W"]}, "did you mean 'w'?"),
        ({"keys": [1]}, "unknown key 1"),
        ({"mouse": [1]}, '"mouse" is two numbers'),
        ({"mouse": [1, "2"]}, '"mouse" is two numbers'),
        ({"mouse": [1, True]}, '"mouse" is two numbers'),
        ({"mouse": [1, float("nan")]}, '"mouse" is two numbers'),
        ({"mouse": [1, 10**400]}, '"mouse" is two numbers'),
    ],
)
def test_a_wrong_row_is_told_what_would_be_right(row, words):
    with pytest.raises(T2WError) as told:
        Action.from_row(row)
    assert words in str(told.value)


def test_actions_cost_no_torch():
    code = "import sys, t2w.actions.script, t2w.actions.policy; assert not {'torch', 'yaml', 'pydantic'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
