"""Painters by name, and how each is asked to paint: presets, sizes, options of the command line; nothing is loaded here."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from t2w.cli import app
from t2w.errors import MISSING, WRONG_USE, T2WError
from t2w.start import diffusion, painters, presets, smaller

WORLDS = {"starter": (160, 96), "oasis": (640, 360), "sana-wm": (1280, 704), "cosmos3": (832, 480)}


@pytest.fixture(autouse=True)
def no_cache(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))


@pytest.mark.parametrize("spec", presets.PRESETS.values(), ids=presets.PRESETS)
def test_a_preset_says_all_that_one_wants_to_know(spec):
    assert spec.licence and spec.about and spec.hub.count("/") == 1 and spec.side in (512, 1024, 1328)
    assert spec.call["num_inference_steps"] >= 1 and spec.call["guidance_scale"] >= 0
    assert spec.download_gb > 1 and "memory_mib" in spec.reckoned
    assert presets.named(spec.name) is presets.named(spec.hub) is presets.named(f"{spec.name}:some/folder") is spec


@pytest.mark.parametrize("spec", presets.PRESETS.values(), ids=presets.PRESETS)
def test_a_preset_is_called_with_what_its_pipeline_takes(spec):
    """By diffusers' own signatures."""
    import inspect

    import diffusers

    kinds = {
        "sdxl": "StableDiffusionXLPipeline",
        "sdxl-turbo": "StableDiffusionXLPipeline",
        "sd3.5-medium": "StableDiffusion3Pipeline",
        "flux.1-schnell": "FluxPipeline",
        "flux.2-klein": "Flux2KleinPipeline",
        "z-image-turbo": "ZImagePipeline",
        "qwen-image": "QwenImagePipeline",
        "sana-sprint": "SanaSprintPipeline",
        "pixart-sigma": "PixArtSigmaPipeline",
    }
    kind = getattr(diffusers, kinds[spec.name])
    brush = diffusion._brush(spec.name, kind, spec.call)
    assert set(brush.call) <= set(inspect.signature(kind.__call__).parameters)
    if spec.name == "qwen-image":  # its guidance goes by another name
        assert brush.call["true_cfg_scale"] == 4.0 and "guidance_scale" not in brush.call


@pytest.mark.parametrize("side", [512, 1024, 1328])
@pytest.mark.parametrize("size", WORLDS.values(), ids=WORLDS)
def test_a_painting_has_the_shape_of_the_world_and_as_many_pixels_as_the_painter_knows(side, size):
    width, height = diffusion.canvas(side, *size, 16)
    assert width / height == pytest.approx(size[0] / size[1], rel=0.08)
    assert width * height == pytest.approx(side**2, rel=0.08)
    assert width % 16 == height % 16 == 0


def test_known_sizes():
    assert diffusion.canvas(1024, 160, 96, 16) == (1344, 768)  # one of SDXL's own
    assert diffusion.canvas(1024, 64, 64, 16) == (1024, 1024)
    assert diffusion.canvas(1024, 4000, 100, 16) == diffusion.canvas(1024, 200, 100, 16)  # wider than painters have seen


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("org/style", ["org/style", 1.0]),
        ("org/style:0.8", ["org/style", 0.8]),
        ("a/b.safetensors:-1", ["a/b.safetensors", -1.0]),
        ("C:\\styles\\a.safetensors", ["C:\\styles\\a.safetensors", 1.0]),
        (":0.5", [":0.5", 1.0]),
    ],
)
def test_a_lora_is_a_place_and_a_scale(word, found):
    assert smaller.parse(word) == found


def test_what_is_not_on_the_disk_is_told_with_its_size_and_the_command_that_gets_it(tmp_path):
    for name, words in {
        "sdxl": "6.9 GB, with: t2w models pull sdxl",
        "stabilityai/stable-diffusion-xl-base-1.0": "6.9 GB, with: t2w models pull sdxl",
        "some/model": "with: t2w models pull some/model",
    }.items():
        painters.check(name)
        with pytest.raises(T2WError) as caught:
            painters.ready(name)
        assert words in str(caught.value) and caught.value.code == MISSING and not painters.on_disk(name)
    with pytest.raises(T2WError, match="no folder"):
        painters.check(f"sdxl:{tmp_path}/nowhere")
    with pytest.raises(T2WError, match="sdxl:FOLDER"):
        painters.check("sdxl:")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--guidance", "-1"), "--guidance -1 is out of range"),
        (("--guidance", "nan"), "--guidance nan is out of range"),
        (("--painter-steps", "0"), "--painter-steps 0 is out of range"),
        (("--lora", "org/style:inf"), "the scale is a number"),
        (("--negative", "fog"), "the painter sim takes no negative_prompt"),
        (("--memory", "some"), "--memory some is none of auto, low, max"),
        (("--painter", "sdxl"), "t2w models pull sdxl"),
    ],
)
def test_options_of_no_use_are_told_before_anything_is_made(tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    painter = () if "--painter" in words else ("--painter", "sim")
    result = CliRunner().invoke(app, ["new", "a meadow", "--world", "sim", "--frames", "2", "-n", "1", *painter, *words])
    assert result.exit_code in (WRONG_USE, MISSING) and said in result.stderr and not (tmp_path / "worlds").exists()


def test_painters_are_listed_with_what_they_cost():
    words = CliRunner().invoke(app, ["painters", "list"]).stdout
    assert "starter" in words and "Apache-2.0" in words and "57.7 GB" in words
    (row,) = map(json.loads, CliRunner().invoke(app, ["painters", "list", "--json"]).stdout.splitlines())
    rows = {painter["name"]: painter for painter in row["painters"]}
    assert rows["starter"]["on_disk"] and not rows["qwen-image"]["on_disk"] and rows["qwen-image"]["memory_mib"] > 50_000
    assert set(rows) >= {"starter", "sim", *presets.PRESETS}
    shown = CliRunner().invoke(app, ["painters", "show", "sdxl-turbo"]).stdout
    assert "stabilityai/sdxl-turbo" in shown and "reckoned" in shown and "num_inference_steps 1" in shown


@pytest.mark.parametrize("verb", ["worlds", "painters"])
def test_lists_import_no_torch(verb):
    code = f"import sys; sys.argv = ['t2w', {verb!r}, 'list', '--json']; from t2w.cli import main\ntry: main()\nexcept SystemExit: pass\n"
    code += "print(*(m for m in ('torch', 'diffusers', 'transformers', 'httpx', 'httpx2', 'numba') if m in sys.modules), file=sys.stderr)"
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stderr.strip() == "" and json.loads(run.stdout)["ok"]
