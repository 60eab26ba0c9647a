"""Every part of the evaluation, asked about three worlds whose answers are known: the simulator itself, a still picture, and a strip."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from strip import Strip

from t2w.evaluate import control, counterfactual, drift, events, horizon, obey, revisit
from t2w.evaluate.events import EVENTS
from t2w.evaluate.part import Ask, knows_the_simulator, sum_up
from t2w.evaluate.world import parts
from t2w.nn.judge import Judge
from t2w.train.judge import TINY
from t2w.worlds import registry
from t2w.worlds.sim import SPEC


class Frozen:
    """A world that never changes: every frame is the start frame."""

    spec = replace(SPEC, name="frozen", from_seed=False)

    def begin(self, frame, *, prompt="", seed=0):
        return FrozenSession(frame)


class FrozenSession:
    def __init__(self, frame):
        self.frame = frame

    def step(self, actions):
        return np.repeat(self.frame[None], len(actions), 0)

    def fork(self):
        return self


@pytest.fixture(scope="module")
def judge():
    torch.manual_seed(0)
    return Judge(TINY).eval()


@pytest.fixture(scope="module")
def perfect(judge):
    return Ask(registry.load("sim"), judge)


@pytest.fixture(scope="module")
def still(judge):
    return Ask(Frozen(), judge)


def test_the_simulator_is_as_near_to_itself_as_can_be_and_a_still_picture_scores_as_standing_still(perfect, still):
    part = replace(horizon.PART, case=lambda ask, k: horizon.case(ask, k, (1, 5)))
    for row in sum_up(part, perfect, 2)["horizon"]:
        assert row["world"] > 78 and row["ssim"] == 1 and row["distance"] == 0
    for row in sum_up(part, still, 2)["horizon"]:
        assert row["world"] == row["standing still"] < 78 and row["distance"] == row["distance standing still"] > 0


def test_the_simulator_obeys_opposite_commands_and_a_still_picture_none(perfect, still):
    part = replace(control.PART, case=lambda ask, k: control.case(ask, k, 8))
    true = sum_up(part, perfect, 2)["control"]
    assert true[-1]["pair"] == "all (KCtrl)" and true[-1]["score"] >= 0.75 and true[0]["score"] == 1
    assert sum_up(part, still, 1)["control"][-1]["score"] == 0


def test_only_what_a_world_understands_is_commanded():
    world = Strip()
    world.spec = replace(world.spec, width=64, height=32)
    rows = sum_up(control.PART, Ask(world), 1)["control"]
    assert [row["pair"] for row in rows] == ["turn right / left", "look down / up", "all (KCtrl)"]


def test_frames_are_judged_alike_whoever_made_them(perfect, still):
    rows = sum_up(obey.PART, perfect, 1)["obey"]
    assert [row["obeyed"] for row in rows] == [row["judge on the truth"] for row in rows] and rows[-1]["frames"] == 54
    (of_a_still,) = {tuple(obey.case(still, k).figures["made"]) for k in (0,)}
    assert len(set(of_a_still)) == 1  # the same two frames again and again


def test_every_action_has_its_own_future_in_the_simulator_and_none_in_a_still_picture(perfect, still):
    true = {row["action"]: row for row in sum_up(counterfactual.PART, perfect, 1)["counterfactual"]}
    assert all(row["gain"] > 0 and row["nearest"] == 1 for row in true.values()) and len(true) == 13
    assert sum_up(counterfactual.PART, still, 1)["counterfactual"][-1]["nearest"] < 0.5


def test_drift_is_told_beside_the_truths(perfect, still):
    part = drift.part(seconds=2.0)
    found = sum_up(part, perfect, 1)
    assert all(row["drift %"] == row["truth's drift %"] for row in found["drift"]) and len(found["drift by window"]) == 10
    assert next(row["drift %"] for row in sum_up(part, still, 1)["drift"]) == 0


def test_there_and_back_costs_a_still_picture_nothing_but_its_path(perfect, still):
    part = replace(revisit.PART, case=lambda ask, k: revisit.case(ask, k, 0.4))
    true, idle = (sum_up(part, ask, 1)["revisit"] for ask in (perfect, still))
    assert true[0]["ssim"] == true[0]["true ssim"] and true[0]["path"] == true[0]["true path"] > 0.5
    assert idle[0]["ssim"] == 1 and idle[0]["path"] == 0


@pytest.mark.parametrize("k", range(len(EVENTS)), ids=lambda k: EVENTS[k].name)
def test_an_event_is_seen_in_the_truth_and_not_in_a_still_picture(k, perfect, still):
    assert events.case(perfect, k).figures == {"event": EVENTS[k].name, "seen": True, "with": True, "without": True}
    assert events.case(still, k).figures["seen"] is False


def test_worlds_that_do_not_dream_of_the_simulator_are_asked_less():
    assert knows_the_simulator(registry.spec("sim")) and knows_the_simulator(registry.spec("starter"))
    assert not knows_the_simulator(Strip().spec)
    assert set(parts(Strip().spec)) == set(parts(registry.spec("starter"), pictures=True)) == {"control", "drift", "revisit"}
    assert set(parts(registry.spec("starter"), quick=True)) > {"horizon", "obey", "counterfactual", "events"}


def test_pictures_from_outside_are_fitted_and_have_no_truth_beside(judge):
    picture = np.random.default_rng(0).integers(0, 255, (120, 300, 3), np.uint8)
    ask = Ask(Frozen(), judge, pictures=(picture,))
    part = replace(revisit.PART, case=lambda ask, k: revisit.case(ask, k, 0.4))
    assert set(sum_up(part, ask, 1)["revisit"][0]) == {"way", "frames", "ssim", "psnr", "path"}
    assert set(sum_up(drift.part(1.0), ask, 1)["drift"][0]) == {"quality", "drift %"}
