"""Policies: the same seed gives the same actions, explore walks, and one's own policy is found or told why not."""

from itertools import groupby

import numpy as np
import pytest
from typer.testing import CliRunner

from t2w.actions import Action, ActionSpace, policy
from t2w.errors import T2WError

SPACE = ActionSpace(("w", "a", "s", "d", "space", "e", "lmb"))
FRAME = np.zeros((8, 8, 3), np.uint8)
SEEDS = range(12)


def walk(made, n=150):
    return [made(FRAME, t) for t in range(n)]


@pytest.mark.parametrize("name", ["idle", "random", "explore"])
def test_the_same_seed_gives_the_same_actions(name):
    one, other = (walk(policy.make(name, SPACE, 15, 7)) for _ in range(2))
    assert one == other
    assert name == "idle" or one != walk(policy.make(name, SPACE, 15, 8))


def test_a_policy_answers_the_same_for_the_same_t():
    made = policy.explore(SPACE, 15, 3)
    forward = walk(made)
    assert [made(FRAME, t) for t in reversed(range(150))] == forward[::-1]


def test_scripted_plays_its_actions_then_stands_still():
    walked = [Action(frozenset({"w"})), Action(mouse=(3.0, 0.0))]
    assert walk(policy.scripted(walked), 4) == [*walked, Action(), Action()]


@pytest.mark.parametrize("seed", SEEDS)
def test_explore_mostly_walks_and_turns_gently_one_way_at_a_time(seed):
    actions = walk(policy.explore(SPACE, 15, seed))
    assert sum("w" in action.keys for action in actions) > 0.7 * len(actions)
    assert max(abs(action.mouse[0]) for action in actions) <= 4
    turns = [len(list(held)) for way, held in groupby(actions, lambda action: np.sign(action.mouse[0])) if way]
    assert min(turns[:-1]) >= 12  # the last may be cut off
    assert actions[0] == Action(frozenset({"w"}))


def test_explore_jumps_now_and_then_and_comes_back():
    walks = [walk(policy.explore(SPACE, 15, seed), 450) for seed in SEEDS]
    assert sum(any("space" in action.keys for action in actions) for actions in walks) > len(walks) / 2
    headings = [np.cumsum([action.mouse[0] for action in actions]) for actions in walks]
    assert sum(np.ptp(heading) > 150 for heading in headings) > len(walks) / 2
    assert all(abs(sum(action.mouse[1] for action in actions)) < 20 for actions in walks)


def test_explore_keeps_its_pace_at_another_frame_rate():
    slow, fast = (walk(policy.explore(SPACE, fps, 1), 10 * fps) for fps in (15, 60))
    assert sum(action.mouse[0] for action in fast) == pytest.approx(sum(action.mouse[0] for action in slow), abs=15)
    assert max(abs(action.mouse[0]) for action in fast) <= 1.05


def test_random_holds_each_choice_for_two_to_eight_frames():
    lengths = [len(list(held)) for _, held in groupby(walk(policy.random(SPACE, 15, 5), 2000))]
    assert min(lengths[:-1]) >= 2 and np.mean(lengths) < 8


@pytest.mark.parametrize("name", ["random", "explore"])
@pytest.mark.parametrize("space", [SPACE, ActionSpace(("w",)), ActionSpace(("left", "right", "up", "down"), mouse=False), ActionSpace(())])
def test_a_policy_does_only_what_the_world_understands(name, space):
    actions = walk(policy.make(name, space, 15, 0), 400)
    assert not any(space.lacks(action) for action in actions)
    assert all(abs(degrees) <= space.turn for action in actions for degrees in action.mouse)
    assert len(set(actions)) > 1


OWN = """
from t2w.actions import Action

def wander(space, fps, seed):
    return lambda frame, t: Action(mouse=(float(seed), float(t)))

def direct(frame, t):
    return Action()

def nothing(space, fps, seed):
    return None

number = 3
"""

COUNTED = """
from t2w.actions import Action

def say(letter):
    with open("said", "a") as file:
        file.write(letter)

say("f")

def wander(space, fps, seed):
    say("m")
    return lambda frame, t: Action()
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(OWN)
    (tmp_path / "broken.py").write_text("import a_module_that_is_not_there")
    (tmp_path / "garbled.py").write_text("def (")
    monkeypatch.syspath_prepend(str(tmp_path / "installed"))
    (tmp_path / "installed").mkdir()
    (tmp_path / "installed" / "t2w_test_policies.py").write_text(OWN)
    (tmp_path / "installed" / "t2w_test_broken.py").write_text("import a_module_that_is_not_there")


@pytest.mark.parametrize("name", ["mine.py:wander", "./mine.py:wander", "t2w_test_policies:wander"])
def test_ones_own_policy_comes_from_a_file_or_a_module(own, name):
    assert policy.make(name, SPACE, 15, 4)(FRAME, 9) == Action(mouse=(4.0, 9.0))


def test_ones_own_policy_is_made_once_for_a_film_and_its_file_run_once(own, tmp_path):
    from t2w.cli import app

    (tmp_path / "counted.py").write_text(COUNTED)
    words = ["new", "a meadow", "--painter", "sim", "--world", "sim", "-n", "1", "--frames", "2", "--policy", "counted.py:wander"]
    assert CliRunner().invoke(app, words).exit_code == 0
    assert (tmp_path / "said").read_text() == "fm"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("explor", "no policy named 'explor'; there are: idle, random, explore"),
        (":wander", "write module:callable"),
        ("mine:", "write module:callable"),
        ("mine:wander", "no module named 'mine'; the file 'mine.py' is named as mine.py:callable"),
        ("none_such:wander", "no module named 'none_such'; install it"),
        ("none.py:wander", "no file 'none.py'"),
        ("broken.py:wander", "importing 'broken.py' fails: No module named 'a_module_that_is_not_there'"),
        ("garbled.py:wander", "importing 'garbled.py' fails: invalid syntax"),
        ("t2w_test_broken:wander", "importing 't2w_test_broken' fails: No module named 'a_module_that_is_not_there'"),
        ("mine.py:wonder", "mine.py has no 'wonder'; it has: wander, direct, nothing"),
        ("mine.py:number", "'mine.py:number' is of type int"),
        ("mine.py:direct", "'mine.py:direct' takes (frame, t); it must take (space, fps, seed)"),
        ("mine.py:nothing", "'mine.py:nothing' returned NoneType; it must return a policy"),
    ],
)
def test_a_policy_that_cannot_be_had_is_told_in_a_sentence(own, name, words):
    with pytest.raises(T2WError) as told:
        policy.make(name, SPACE, 15, 0)
    assert words in str(told.value)
