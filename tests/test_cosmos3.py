"""Cosmos 3 with random weights, loaded as the published one is: a camera through a picture, clip after clip."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tiny_clips

from t2w.actions.action import Action
from t2w.errors import MISSING, WRONG_USE, T2WError
from t2w.worlds import registry
from t2w.worlds.check import check

AHEAD, RIGHT = Action(frozenset("w")), Action(mouse=(4.0, 0.0))
START = np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tiny_clips.save_cosmos(tmp_path_factory.mktemp("cosmos") / "tiny")


@pytest.fixture(scope="module")
def world(folder):
    return registry.load(f"cosmos3:{folder}", "cpu")


@pytest.fixture
def copy(folder, tmp_path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def say(folder: Path, file: str, **said: object) -> str:
    """More in one of its JSON files; the world's name."""
    path = folder / file
    path.write_text(json.dumps(json.loads(path.read_text()) | said))
    return f"cosmos3:{folder}"


def walk(world, actions, *, prompt="a red cabin", seed=0) -> np.ndarray:
    return world.begin(START, prompt=prompt, seed=seed).step(list(actions)).astype(int)


def refused(name: str, code: int, *words: str) -> None:
    with pytest.raises(T2WError) as caught:
        registry.load(name, "cpu")
    assert caught.value.code == code and all(word in str(caught.value) for word in words), str(caught.value)


def test_it_passes_the_check_that_every_world_passes(world):
    assert all(ok for _, ok, _ in check(world))


def test_camera_words_and_seed_are_seen(world):
    base = walk(world, [AHEAD] * 3)
    assert base.shape == (3, 48, 64, 3)
    for other in (walk(world, [RIGHT] * 3), walk(world, [AHEAD] * 3, prompt="blue sea"), walk(world, [AHEAD] * 3, seed=1)):
        assert (other != base).mean() > 0.002  # the same again would be the same bytes


def test_a_long_walk_is_made_of_clips_that_go_on_from_each_other(copy):
    world = registry.load(say(copy, "t2w.json", moves=4), "cpu")
    whole = walk(world, [AHEAD] * 6)
    session = world.begin(START, prompt="a red cabin", seed=0)
    parts = [session.step([AHEAD] * 4), session.step([AHEAD] * 2)]
    assert whole.shape == (6, 48, 64, 3) and np.array_equal(whole, np.concatenate(parts))


def test_the_published_one_is_listed_and_told_how_to_get(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    spec = registry.spec("cosmos3")
    assert (spec.width, spec.height, spec.fps, spec.chunk) == (832, 480, 30.0, None) and "OpenMDW" in spec.licence
    refused("cosmos3", MISSING, "get it, 35 GB, with: t2w models pull cosmos3")


def test_the_pipeline_goes_by_its_old_name_and_its_new_one(copy):
    assert registry.spec(f"cosmos3:{copy}") == registry.spec(say(copy, "model_index.json", _class_name="Cosmos3OmniPipeline"))
    with pytest.raises(T2WError, match="holds CosmosTextToWorldPipeline, not Cosmos3OmniPipeline"):
        registry.spec(say(copy, "model_index.json", _class_name="CosmosTextToWorldPipeline"))


def test_a_model_that_knows_no_actions_is_refused(copy):
    config = json.loads((copy / "transformer" / "config.json").read_text())
    from safetensors.torch import load_file, save_file

    path = copy / "transformer" / "diffusion_pytorch_model.safetensors"
    save_file({k: v for k, v in load_file(path).items() if not k.startswith("action_")}, path, metadata={"format": "pt"})
    (copy / "transformer" / "config.json").write_text(json.dumps(config | {"action_gen": False, "action_dim": None}))
    refused(f"cosmos3:{copy}", WRONG_USE, "not trained with actions")


def test_a_size_that_the_canvas_cannot_hold_is_told(copy):
    world = registry.load(say(copy, "t2w.json", width=640, height=480), "cpu")
    refused(say(copy, "t2w.json", resolution_tier=512), WRONG_USE, "512", "256, 480, 704, 720")
    with pytest.raises(T2WError, match="makes frames of .* mend width and height"):
        world.begin(START).step([AHEAD])


def test_the_guardrail_is_asked_for_where_the_model_wants_it(copy):
    try:
        import cosmos_guardrail  # noqa: F401
    except ImportError:
        name = say(copy, "model_index.json", enable_safety_checker=True)
        refused(name, MISSING, "pip install cosmos_guardrail", "safety_checker")
        assert registry.load(say(copy, "t2w.json", safety_checker=False), "cpu").spec.width == 64
    else:
        pytest.skip("the guardrail is installed here")
