"""SDXL, Stable Diffusion 3, FLUX.1 and SANA-Sprint with random weights, loaded and called as the published ones are; and what is refused."""

import json
import pickle
import shutil
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import tiny_clips
import tiny_painters
from typer.testing import CliRunner

from t2w.cli import app
from t2w.errors import FAILED, MISSING, WRONG_USE, T2WError
from t2w.start import diffusion, painters
from t2w.worlds.weights import memory

KINDS = list(tiny_painters.ALL)
NETWORK = {"sdxl": "unet", "sd3": "transformer", "flux": "transformer", "sana": "transformer"}
needs_peft = pytest.mark.skipif(find_spec("peft") is None, reason="needs peft")


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, Path]:
    place = tmp_path_factory.mktemp("painters")
    return {kind: save(place / kind) for kind, save in tiny_painters.ALL.items()}


def picture(name: Path | str, *, seed: int = 0, size=(160, 96), prompt: str = "a red cabin", **asked: object) -> np.ndarray:
    call = painters.asked(str(name), **asked)
    painters.ready(str(name), call)
    (frame,) = painters.paint(str(name), prompt, [seed], *size, device="cpu", call=call)
    return frame.astype(int)


def refused(name: Path | str, code: int, *words: str, **asked: object) -> None:
    with pytest.raises(T2WError) as caught:
        picture(name, **asked)
    assert caught.value.code == code and all(word in str(caught.value) for word in words), str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_words_and_seed_decide_and_nothing_else(folders, kind):
    call = painters.settings(str(folders[kind]))
    three = [f.astype(int) for f in painters.paint(str(folders[kind]), "a red cabin", [4, 5, 6], 160, 96, "cpu", call=call)]
    assert np.array_equal(three[1], picture(folders[kind], seed=5))  # alone or among others
    for other in (three[0], picture(folders[kind], seed=5, prompt="a blue sea")):
        assert (other != three[1]).mean() > 0.05


@pytest.mark.parametrize("kind", KINDS)
def test_painted_at_once_they_are_what_each_is_alone(folders, kind):
    import torch
    from diffusers import DiffusionPipeline

    pipeline = DiffusionPipeline.from_pretrained(folders[kind], dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    call = json.loads((folders[kind] / "t2w.json").read_text())
    three = diffusion.pictures_of(pipeline, "a red cabin", [4, 5, 6], call)
    for seed, one in zip([4, 5, 6], three, strict=True):
        (alone,) = diffusion.pictures_of(pipeline, "a red cabin", [seed], call)
        assert np.abs(one.astype(int) - alone).max() <= 1  # sums in another order
    assert (three[0] != three[1]).mean() > 0.05


@pytest.mark.parametrize("refuses", [ValueError("one at a time"), RuntimeError("out of memory")])
def test_what_a_pipeline_cannot_do_at_once_it_does_one_by_one(folders, monkeypatch, refuses):
    """On a device with room for three, which the processor never has."""
    whole, calls = diffusion.pictures_of, []

    def pictures_of(pipeline, prompt, seeds, how):
        calls.append(seeds)
        if len(seeds) > 2:
            raise refuses
        return whole(pipeline, prompt, seeds, how)

    call, words = painters.settings(str(folders["sdxl"])), (str(folders["sdxl"]), "a red cabin", [4, 5, 6], 160, 96, "cpu")
    alone = list(painters.paint(*words, call=call))
    monkeypatch.setattr(diffusion, "at_once", lambda device: 3)
    assert all(np.abs(a.astype(int) - b).max() <= 1 for a, b in zip(alone, painters.paint(*words, call=call, together=True), strict=True))
    monkeypatch.setattr(diffusion, "pictures_of", pictures_of)
    assert np.array_equal(alone, list(painters.paint(*words, call=call, together=True)))
    assert calls == [[4, 5, 6], [4], [5], [6]]


@pytest.mark.parametrize(
    ("kind", "side", "painted"), [("sdxl", 64, (80, 48)), ("sd3", 64, (80, 48)), ("sana", 64, (64, 64)), ("flux", 256, None)]
)
def test_it_is_painted_in_the_shape_of_the_world_and_fitted_to_it(folders, kind, side, painted):
    """Against diffusers called by hand."""
    import torch
    from diffusers import DiffusionPipeline

    from t2w.media.pixels import fit

    pipeline = DiffusionPipeline.from_pretrained(folders[kind], dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    assert diffusion._side(pipeline) == side  # what it was trained on
    call = json.loads((folders[kind] / "t2w.json").read_text())
    if painted:
        assert diffusion.canvas(side, 160, 96, max(8, 2 * pipeline.vae_scale_factor)) == painted
        call |= dict(zip(("width", "height"), painted, strict=True))
    made = pipeline(prompt="a red cabin", generator=torch.Generator().manual_seed(0), **call).images[0]
    assert np.array_equal(picture(folders[kind]), fit(np.asarray(made), 160, 96))


def test_a_preset_is_called_as_its_makers_say_with_a_folder_of_ones_own(folders, tmp_path):
    """sdxl-turbo:FOLDER: squares, one step, no guidance; t2w.json of the folder has the last word."""
    folder = Path(shutil.copytree(folders["sdxl"], tmp_path / "turbo"))
    (folder / "t2w.json").write_text('{"width": 64, "height": 64}')
    assert painters.settings(f"sdxl-turbo:{folder}") == {"num_inference_steps": 1, "guidance_scale": 0.0, "width": 64, "height": 64}
    assert np.array_equal(picture(f"sdxl-turbo:{folder}"), picture(folder, steps=1, guidance=0.0))
    assert painters.spec(f"sdxl-turbo:{folder}").square and painters.on_disk(f"sdxl-turbo:{folder}")


@pytest.mark.parametrize("kind", ["sdxl", "sd3"])
def test_options_change_the_picture_and_are_repeated_from_the_manifest(folders, kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    base = picture(folders[kind], size=(160, 96))
    words = ["frames", "a red cabin", "--painter", str(folders[kind]), "--world", "sim", "-n", "1", "--device", "cpu", "--json"]
    result = CliRunner().invoke(app, [*words, "--negative", "a blue sea", "--guidance", "6", "--painter-steps", "3", "--memory", "max"])
    assert result.exit_code == 0, (result.output, result.exception)
    folder = Path(json.loads(result.stdout.splitlines()[-1])["folder"])
    from t2w.media.pixels import read_picture

    frame = read_picture(folder / "frames" / "1.png")
    asked = {"negative": "a blue sea", "guidance": 6.0, "steps": 3}
    assert np.array_equal(frame, picture(folders[kind], **asked)) and (frame != base).mean() > 0.05
    kept = json.loads((folder / "world.json").read_text())["settings"]
    assert kept == {"negative_prompt": "a blue sea", "guidance_scale": 6.0, "num_inference_steps": 3}
    assert json.loads(CliRunner().invoke(app, ["again", str(folder / "frames" / "1.png"), "--json"]).stdout.splitlines()[-1])["same"]


def test_what_is_not_wanted_needs_a_pipeline_and_guidance_for_it(folders):
    refused(folders["sana"], WRONG_USE, "takes no negative prompt", negative="fog")
    refused(folders["flux"], WRONG_USE, "--guidance", negative="fog")
    refused(folders["sdxl"], WRONG_USE, "--guidance", negative="fog", guidance=1.0)
    assert (picture(folders["flux"], negative="fog", guidance=4.0) != picture(folders["flux"])).any()


@needs_peft
@pytest.mark.parametrize("kind", KINDS)
def test_a_lora_works_as_strongly_as_was_said(folders, kind, tmp_path):
    lora = tiny_painters.save_lora(folders[kind], tmp_path / "style.safetensors", NETWORK[kind])
    base = picture(folders[kind])
    assert np.abs(picture(folders[kind], lora=[f"{lora}:0"]) - base).max() <= 1  # other kernels, on some processors
    whole, half = picture(folders[kind], lora=[str(lora)]), picture(folders[kind], lora=[f"{lora}:0.5"])
    assert (whole != base).any() and (half != base).any() and (half != whole).any()
    assert np.array_equal(picture(folders[kind], lora=[str(tmp_path)]), whole)  # a folder with one in it


@needs_peft
def test_a_lora_that_is_not_there_or_of_another_painter_is_refused(folders, tmp_path):
    other = tiny_painters.save_lora(folders["sdxl"], tmp_path / "sdxl.safetensors", "unet")
    refused(folders["sd3"], WRONG_USE, "made for another", lora=[str(other)])
    refused(folders["sd3"], MISSING, "no LoRA nowhere", lora=["nowhere"])
    refused(folders["sd3"], MISSING, "t2w models pull some/style", lora=["some/style:0.5"])
    (tmp_path / "cut.safetensors").write_bytes(other.read_bytes()[:-100])
    refused(folders["sd3"], MISSING, "cut.safetensors is damaged", lora=[str(tmp_path / "cut.safetensors")])
    (tmp_path / "style.bin").write_bytes(pickle.dumps(Trap(tmp_path / "caught")))
    refused(folders["sd3"], WRONG_USE, "could hold code", lora=[str(tmp_path / "style.bin")])
    assert not (tmp_path / "caught").exists()


@pytest.mark.skipif(find_spec("torchao") is None, reason="needs torchao")
@pytest.mark.parametrize("kind", KINDS)
def test_weights_in_eight_bits_paint_nearly_the_same(folders, kind):
    assert 0 < np.abs(picture(folders[kind], quantize="8bit") - picture(folders[kind])).mean() < 3


@pytest.mark.parametrize(("word", "package"), [("8bit", "torchao"), ("4bit", "bitsandbytes")])
def test_a_package_that_is_not_installed_is_named(folders, word, package):
    if find_spec(package):
        pytest.skip(f"{package} is installed")
    refused(folders["flux"], MISSING, f"pip install {package}", quantize=word)
    refused(folders["flux"], WRONG_USE, "8bit, 4bit", quantize="3bit")


def test_memory_is_compared_before_anything_is_loaded():
    import torch

    cpu, free = torch.device("cpu"), memory.free_mib(torch.device("cpu"))
    if free is None:
        pytest.skip("this system does not tell")
    assert memory.needed({"a": 8000.0, "b": 4000.0}) == (14048.0, 10048.0) and memory.needed({"a": 10.0}) == (15.0, 15.0)
    assert memory.fits("it", {"a": free / 4}, cpu)
    with pytest.raises(T2WError, match="needs about .* GiB of memory on cpu, of which .* are free") as caught:
        memory.fits("it", {"a": free * 1.5}, cpu)
    assert caught.value.code == FAILED and memory.fits("it", {"a": free * 1.5}, cpu, "max")


class Trap:
    """Code that runs when it is unpickled without care."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.fixture
def copy(folders, tmp_path) -> Path:
    return Path(shutil.copytree(folders["flux"], tmp_path / "copy"))


WEIGHTS = "transformer/diffusion_pytorch_model.safetensors"


@pytest.mark.parametrize("keep", [0, 7, 100, -1000, -1])
def test_cut_off_weights_are_refused(copy, keep):
    path = copy / WEIGHTS
    path.write_bytes(path.read_bytes()[:keep])
    refused(copy, MISSING, str(path), "damaged, cut off")


def test_overwritten_weights_are_refused(copy):
    path = copy / WEIGHTS
    content = path.read_bytes()
    for bad in (b"\xff" * 64 + content[64:], content[:8] + b"\xff" * 64 + content[72:], b"not weights"):
        path.write_bytes(bad)
        refused(copy, MISSING, str(path))


def test_weights_that_lack_a_tensor_or_have_another_shape_are_refused(copy):
    import torch
    from safetensors.torch import load_file, save_file

    path = copy / WEIGHTS
    tensors = load_file(path)
    lost = sorted(tensors)[3]
    save_file({name: tensor for name, tensor in tensors.items() if name != lost}, path, metadata={"format": "pt"})
    refused(copy, MISSING, lost)
    save_file(tensors | {lost: torch.zeros(3)}, path, metadata={"format": "pt"})
    refused(copy, MISSING, "does not load")


def test_weights_of_another_network_are_refused(copy, folders):
    shutil.copy(folders["sd3"] / WEIGHTS, copy / WEIGHTS)
    refused(copy, MISSING, "transformer")


def test_a_shard_that_is_missing_is_named(copy):
    path = copy / WEIGHTS
    index = {
        "weight_map": {"a": "diffusion_pytorch_model-00001-of-00002.safetensors", "b": "diffusion_pytorch_model-00002-of-00002.safetensors"}
    }
    path.rename(path.with_name(index["weight_map"]["a"]))
    path.with_name("diffusion_pytorch_model.safetensors.index.json").write_text(json.dumps(index))
    refused(copy, MISSING, "00002-of-00002")


def test_pickles_are_not_opened(copy, tmp_path):
    path = copy / WEIGHTS
    path.unlink()
    path.with_suffix(".bin").write_bytes(pickle.dumps(Trap(tmp_path / "caught")))
    refused(copy, MISSING, "is a pickle, which could hold code and is not read")
    assert not (tmp_path / "caught").exists() and not painters.on_disk(str(copy))


@pytest.mark.parametrize(
    "said",
    [
        {"transformer": ["mine", "Mine"]},
        {"transformer": ["os", "system"]},
        {"_class_name": "Mine"},
        {"_class_name": ["mine", "Mine"]},
        {"_class_name": "UNet2DConditionModel"},
    ],
)
def test_code_from_elsewhere_is_not_run(copy, tmp_path, monkeypatch, said):
    monkeypatch.chdir(copy)
    trap = f"open({str(tmp_path / 'caught')!r}, 'w')\n"
    for place in ("mine.py", "transformer/mine.py", "pipeline.py"):
        (copy / place).write_text(trap + "class Mine: pass\n")
    index = json.loads((copy / "model_index.json").read_text())
    (copy / "model_index.json").write_text(json.dumps(index | said))
    refused(copy, WRONG_USE, "not run")
    assert not (tmp_path / "caught").exists()


def test_a_pipeline_that_makes_something_else_is_refused(tmp_path):
    refused(tiny_clips.save_sana(tmp_path / "world"), WRONG_USE, "SanaWMPipeline", "picture from words alone")


def test_settings_that_the_pipeline_does_not_take_are_refused(copy):
    (copy / "t2w.json").write_text('{"steps": 3}')
    refused(copy, WRONG_USE, "takes no steps")
