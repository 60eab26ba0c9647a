"""SANA-WM with random weights, loaded as the published one is: films of the right length, and sentences for what cannot be loaded."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tiny_clips
import tiny_pipeline
from typer.testing import CliRunner

from t2w.actions.action import Action
from t2w.errors import MISSING, WRONG_USE, T2WError
from t2w.worlds import registry
from t2w.worlds.check import check

VISIT = Path(__file__).parents[1] / "recipes" / "actions" / "visit.yaml"
AHEAD, RIGHT = Action(frozenset("w")), Action(mouse=(4.0, 0.0))
START = np.random.default_rng(0).integers(0, 255, (tiny_clips.SIDE, tiny_clips.SIDE, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tiny_clips.save_sana(tmp_path_factory.mktemp("sana") / "tiny")


@pytest.fixture(scope="module")
def refiner(tmp_path_factory) -> Path:
    return tiny_clips.save_refiner(tmp_path_factory.mktemp("sana") / "tiny-refiner")


@pytest.fixture(scope="module")
def world(folder):
    return registry.load(f"sana-wm:{folder}", "cpu")


@pytest.fixture
def copy(folder, tmp_path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copy"))


@pytest.fixture
def no_cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def walk(world, actions, *, prompt="a red cabin", seed=0) -> np.ndarray:
    return world.begin(START, prompt=prompt, seed=seed).step(list(actions)).astype(int)


def refused(name: str, code: int, *words: str) -> None:
    with pytest.raises(T2WError) as caught:
        registry.load(name, "cpu")
    assert caught.value.code == code and all(word in str(caught.value) for word in words), str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_sentence_becomes_a_film_of_the_scripts_length(folder, tmp_path, monkeypatch):
    from t2w.cli import app
    from t2w.media.pixels import read_picture
    from t2w.media.video import read_film

    monkeypatch.chdir(tmp_path)
    tiny_pipeline.save(tmp_path / "painter")
    world = f"sana-wm:{folder}"
    words = ["new", "a red cabin", "--painter", "painter", "--world", world, "--actions", str(VISIT), "--seed", "3"]
    more = ["-n", "1", "--frames-out", "png", "--device", "cpu", "--offline", "--json"]
    result = CliRunner().invoke(app, [*words, *more])
    assert result.exit_code == 0, (result.output, result.exception)
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    end = rows[-1]
    assert end["frames"] == 160 and len(list(read_film(end["take"]))) == 161
    assert read_picture("png/000160.png").shape == (tiny_clips.SIDE, tiny_clips.SIDE, 3)
    kept = [json.loads(line) for line in Path(end["actions"]).read_text().splitlines()]
    assert len(kept) == 160 and any("w" in row["keys"] for row in kept)
    jump = next(i for i, line in enumerate(VISIT.read_text().splitlines(), 1) if "space" in line)
    assert f"{VISIT.name}:{jump}: the world sana-wm does not understand the key 'space'" in result.output


def test_it_passes_the_check_that_every_world_passes(world):
    assert all(ok for _, ok, _ in check(world)), [row for row in check(world) if not row[1]]


@pytest.mark.parametrize("n", [1, 7, 8, 9])
def test_any_number_of_actions_makes_as_many_frames(world, n):
    assert walk(world, [AHEAD] * n).shape == (n, tiny_clips.SIDE, tiny_clips.SIDE, 3)


def test_camera_words_and_seed_are_seen(world):
    base = walk(world, [AHEAD] * 8)
    for other in (walk(world, [RIGHT] * 8), walk(world, [AHEAD] * 8, prompt="blue sea"), walk(world, [AHEAD] * 8, seed=1)):
        assert (other != base).mean() > 0.05  # the same again would be the same bytes


def test_a_picture_of_any_size_is_cropped_by_the_projects_rule(world):
    from t2w.media.pixels import fit

    wide = np.random.default_rng(1).integers(0, 255, (50, 200, 3), dtype=np.uint8)
    frames = [world.begin(start, prompt="", seed=0).step([AHEAD]) for start in (wide, fit(wide, 64, 64), fit(wide[:, :50], 64, 64))]
    assert np.array_equal(frames[0], frames[1]) and not np.array_equal(frames[0], frames[2])


def test_our_path_of_a_key_at_a_time_is_the_one_that_diffusers_reads_from_letters():
    from diffusers.pipelines.sana_wm.cam_utils import action_string_to_c2w

    from t2w.worlds.camera import Camera, path, poses

    turn = {"j": (-3.0, 0.0), "l": (3.0, 0.0), "i": (0.0, -3.0), "k": (0.0, 3.0)}
    letters = "w-5,l-9,w-2,d-3,i-4,w-5,a-2,j-20,s-6,k-2,none-1,w-3"
    actions = []
    for key, frames in (part.split("-") for part in letters.split(",")):
        action = Action(mouse=turn[key]) if key in turn else Action(frozenset({key} - {"none"}))
        actions += [action] * int(frames)
    theirs = action_string_to_c2w(letters, translation_speed=0.05, rotation_speed_deg=3.0)
    assert np.allclose(poses(path(Camera(), actions, 0.05)), theirs, atol=1e-5)


def test_the_refiner_is_asked_for_by_a_second_folder(folder, refiner, world):
    name = f"sana-wm:{folder},{refiner}"
    refined = registry.load(name, "cpu")
    assert refined.spec.memory_mib > world.spec.memory_mib and str(refiner) in registry.spec(name).about
    frames = walk(refined, [AHEAD] * 9)
    assert frames.shape == (9, 64, 64, 3) and np.abs(frames - walk(world, [AHEAD] * 9)).mean() > 1
    assert all(ok for _, ok, _ in check(refined))


def test_the_hubs_cache_is_as_good_as_a_folder(folder, no_cache):
    model = no_cache / "models--someone--tiny"
    shutil.copytree(folder, model / "snapshots" / "0123")
    (model / "refs").mkdir()
    (model / "refs" / "main").write_text("0123")
    assert registry.spec("sana-wm:someone/tiny").width == tiny_clips.SIDE


def test_what_is_not_on_the_disk_is_told_with_the_command_that_gets_it(no_cache, tmp_path, folder):
    refused("sana-wm", MISSING, "get it, 13 GB, with: t2w models pull sana-wm")
    refused(f"sana-wm:{tmp_path}/nowhere", MISSING, "no folder", f"t2w models pull sana-wm --out {tmp_path}/nowhere")
    refused("sana-wm:someone/else", MISSING, "t2w models pull someone/else")
    refused(f"sana-wm:{folder},nowhere", MISSING, "nowhere", "-refiner")
    assert registry.spec("sana-wm").width == 1280  # listed all the same


def test_it_is_told_before_anything_is_painted(no_cache, tmp_path, monkeypatch):
    from t2w.cli import app

    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["new", "a red cabin", "--painter", "sim", "--world", "sana-wm", "--offline"])
    assert result.exit_code == MISSING and not Path("worlds").exists()


def test_a_folder_that_holds_something_else_is_refused(tmp_path, folder, refiner):
    refused(f"sana-wm:{tmp_path}", WRONG_USE, "model_index.json")
    tiny_pipeline.save(tmp_path)
    refused(f"sana-wm:{tmp_path}", WRONG_USE, "StableDiffusionPipeline, not SanaWMPipeline")
    refused(f"sana-wm:{refiner}", WRONG_USE, "SanaWMLTX2Refiner")
    refused(f"sana-wm:{folder},{folder}", WRONG_USE, "not SanaWMLTX2Refiner")


def test_a_part_that_lacks_is_named(copy):
    shutil.rmtree(copy / "tokenizer")
    refused(f"sana-wm:{copy}", MISSING, "tokenizer", "t2w models pull sana-wm")


def test_cut_off_weights_are_refused(copy):
    weights = copy / "transformer" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    refused(f"sana-wm:{copy}", MISSING, str(weights))


@pytest.mark.parametrize(("part", "file"), [("transformer", "diffusion_pytorch_model"), ("text_encoder", "model")])
def test_weights_that_lack_a_tensor_are_refused(copy, part, file):
    from safetensors.torch import load_file, save_file

    path = copy / part / f"{file}.safetensors"
    tensors = load_file(path)
    lost = sorted(tensors)[3]
    save_file({name: tensor for name, tensor in tensors.items() if name != lost}, path, metadata={"format": "pt"})
    refused(f"sana-wm:{copy}", MISSING, lost)


def test_pickles_and_code_from_elsewhere_are_not_run(copy):
    import torch

    path = copy / "transformer" / "diffusion_pytorch_model.safetensors"
    torch.save({"weight": torch.zeros(1)}, path.with_suffix(".bin"))
    path.unlink()
    refused(f"sana-wm:{copy}", MISSING, "safetensors")
    index = json.loads((copy / "model_index.json").read_text())
    (copy / "model_index.json").write_text(json.dumps(index | {"transformer": ["mine", "Mine"]}))
    (copy / "transformer" / "mine.py").write_text("raise SystemExit")
    refused(f"sana-wm:{copy}", WRONG_USE, "mine.Mine", "not run")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("{", ("t2w.json", "cannot be read")),
        ('{"steps": 3}', ("'steps'", "num_inference_steps")),
        ('{"width": "64"}', ("width", "1280")),
        ('{"speed": true}', ("speed", "0.05")),
        ('{"num_inference_steps": 0}', ("num_inference_steps", "more than zero")),
        ('{"field_of_view": 180}', ("field_of_view", "180")),
        ('{"width": 80}', ("multiples of 32", "80")),
    ],
)
def test_settings_that_are_none_are_refused(copy, said, words):
    (copy / "t2w.json").write_text(said)
    refused(f"sana-wm:{copy}", WRONG_USE, *words)
