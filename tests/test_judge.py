"""The judge: its labels are true, flow is measured in pixels, it learns, and what is written can be read back."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from t2w.actions import Action
from t2w.data.collect import CollectConfig, collect
from t2w.data.pictures import split
from t2w.errors import T2WError
from t2w.nn import judge as network
from t2w.nn.judge import MOTIONS, TURNS, Judge, distance, flow, matches
from t2w.sim.spec import SPACE, sample
from t2w.train.judge import ATTRIBUTES, TINY, Views, answers, moved, numbered, train_judge
from t2w.train.loop import FitConfig

FIT = FitConfig(steps=24, batch=8, lr=4e-3, warmup=5)
DATA = CollectConfig(episodes=6, frames=24, mix=(("play", 2), ("still", 1)), shard=3)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("data")
    list(collect(path, DATA, workers=1))
    return path


def test_only_what_is_in_view_is_asked_for():
    spec = sample(1, view="third-person", landmark="cabin", landmark_color="red", creature="sheep", character="robot")
    said = answers(spec, frozenset({"landmark", "character"}))
    assert (said["landmark"], said["landmark_color"], said["creature"], said["character"]) == ("cabin", "red", "none", "robot")
    assert "creature_color" not in said and numbered(said)[[name for name, _ in ATTRIBUTES].index("creature_color")] == -1
    assert answers(replace(spec, view="first-person"), frozenset({"character"}))["character"] == "none"
    assert "landmark_color" not in answers(replace(spec, landmark="ruins"), frozenset({"landmark"}))


@pytest.mark.parametrize(
    ("action", "told"),
    [
        (Action(frozenset({"w"}), (0.1, -0.1)), {"ahead": "w", "aside": "", "right": "0.0", "down": "0.0"}),
        (Action(frozenset({"s", "a", "space"}), (4.0, 0.0)), {"ahead": "s", "aside": "a", "right": "3.0", "space": "space"}),
        (
            Action(frozenset({"w", "s", "d", "lmb"}), (-12.0, 1.4)),
            {"ahead": "", "aside": "d", "right": "-11.0", "down": "1.5", "lmb": "lmb"},
        ),
    ],
)
def test_actions_are_sorted_into_answers(action, told):
    found = dict(zip([name for name, _ in MOTIONS], (words[i] for (_, words), i in zip(MOTIONS, moved(SPACE.vector(action))))))
    assert told.items() <= found.items()


def test_a_mirrored_pair_has_a_mirrored_answer(data):
    """Whichever way the coin falls, what the frames show and what was pressed agree."""
    shards, _ = split(data)
    plain, coin = Views(shards, mirror=False), Views(shards)
    names, other, seen = [name for name, _ in MOTIONS], {0: 0, 1: 2, 2: 1}, set()
    for k in range(len(plain)):
        one, two = plain[k], coin[k]
        mirrored = not torch.equal(one["before"], two["before"])
        seen.add(mirrored)
        assert torch.equal(two["after"], one["after"].flip(-1) if mirrored else one["after"])
        right, aside = (names.index(name) for name in ("right", "aside"))
        turned, stepped = int(one["moved"][right]), int(one["moved"][aside])
        assert two["moved"][right] == (len(TURNS) - 1 - turned if mirrored else turned)
        assert two["moved"][aside] == (other[stepped] if mirrored else stepped)
    assert seen == {True, False}


def test_a_judge_needs_walks_and_stills(tmp_path):
    list(collect(tmp_path, replace(DATA, episodes=1, frames=16, mix=(("still", 1),)), workers=1))
    with pytest.raises(T2WError, match="walks and from stills"):
        Views(split(tmp_path)[0])


@pytest.mark.parametrize(("right", "down", "scale"), [(1, 0, 2), (0, -1, 2), (4, 2, 4), (-8, 0, 8)])
def test_flow_is_measured_where_the_scale_fits(right, down, scale):
    y, x = torch.meshgrid(torch.arange(96.0), torch.arange(160.0), indexing="ij")
    luma = (0.5 * torch.sin(x / 9) + 0.5 * torch.cos(y / 8 + x / 40))[None, None]
    moved = flow(luma, luma.roll((down, right), (2, 3)), scale, 8)[0, :, 2:-2, 3:-3].mean((1, 2)) * scale
    assert torch.allclose(moved, torch.tensor([right, down]).float(), atol=scale / 4)


def test_a_place_is_found_again_where_it_moved_to():
    torch.manual_seed(0)
    before = network.unit(torch.randn(1, 8, 6, 9))
    like = matches(before, before.roll((1, -2), (2, 3)), (3, 2))
    best = like[0, :, 1:-1, 3:-3].argmax(0)
    assert (best == (2 + 1) * 7 + (3 - 2)).all()  # one down, two to the left


def test_pictures_are_as_far_apart_as_they_differ():
    torch.manual_seed(0)
    judge = Judge(TINY).eval()
    picture = torch.rand(1, 3, 96, 160) * 2 - 1
    near, far = picture + 0.05 * torch.randn_like(picture), torch.rand(1, 3, 96, 160) * 2 - 1
    same, little, much = (distance(judge.features(picture), judge.features(other)).item() for other in (picture, near, far))
    assert same == 0 < little < much


def test_a_judge_learns_and_is_read_back(data, tmp_path):
    logs = list(train_judge(data, tmp_path, TINY, FIT))
    assert np.mean([log["loss"] for log in logs[-5:]]) < np.mean([log["loss"] for log in logs[:5]])
    judge = network.load(tmp_path)
    assert judge.config == TINY and not judge.training
    about = network.json.loads((tmp_path / "config.json").read_text())
    assert about["steps"] == FIT.steps and {"biome", "ahead", "right error"} <= set(about["accuracy"])
    said, motions = judge(*torch.zeros(3, 3, 3, 96, 160))
    assert said["biome"].shape == (6, 10) and motions["right"].shape == (3, len(TURNS))


def test_a_judge_of_another_version_is_refused(data, tmp_path):
    list(train_judge(data, tmp_path, TINY, replace(FIT, steps=2)))
    config = tmp_path / "config.json"
    config.write_text(config.read_text().replace('"version": 1', '"version": 0'))
    with pytest.raises(T2WError, match="of version 0"):
        network.load(tmp_path)
    with pytest.raises(T2WError, match="t2w train judge"):
        network.load(tmp_path / "nowhere")


def test_all_that_is_asked_has_an_answer_in_every_world():
    for seed in range(50):
        spec = sample(seed)
        assert min(numbered(answers(spec, frozenset({"landmark", "creature", "character"})))[:4]) >= 0
