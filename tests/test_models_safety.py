"""Weights of a world of ours that are cut off, pickled, foreign or sick: each is refused in one sentence, and nothing is run."""

import pickle
import shutil
from pathlib import Path

import pytest
import tiny_oasis
import torch
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

from t2w.cli import app
from t2w.errors import MISSING, WRONG_USE, T2WError
from t2w.nn import autoencoder, dynamics
from t2w.nn.imagine import Sampling
from t2w.worlds import registry
from t2w.worlds.pretrained import save_world

DYNAMICS, AUTOENCODER = "dynamics.safetensors", "autoencoder/diffusion_pytorch_model.safetensors"


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("world") / "tiny"
    sampling = Sampling(denoising_steps=2, window=2)
    model = dynamics.Dynamics(dynamics.TINY)
    save_world(
        model, autoencoder.build(autoencoder.TINY), folder, sampling, fps=15.0, keys=["w", "a", "s", "d", "space", "e", "lmb"], turn=12.0
    )
    return folder


@pytest.fixture
def copy(whole, tmp_path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "copy"))


def refused(name: object, *codes: int) -> str:
    with pytest.raises(T2WError) as caught:
        registry.load(str(name), "cpu")
    sentence = str(caught.value)
    assert caught.value.code in codes and "\n" not in sentence and len(sentence) < 600, sentence
    return sentence


class Trap:
    """Code that runs when it is unpickled without care."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def change(path: Path, how) -> str:
    """The file saved again with its fourth tensor changed, or lost where `how` gives None; its name."""
    tensors = load_file(path)
    name = sorted(tensors)[3]
    changed = how(tensors.pop(name))
    save_file(tensors if changed is None else tensors | {name: changed}, path, metadata={"format": "pt"})
    return name


def test_a_whole_one_loads(whole):
    assert registry.load(str(whole), "cpu").spec.width == 160


@pytest.mark.parametrize("file", [DYNAMICS, AUTOENCODER])
def test_what_is_wrong_with_a_file_is_said(copy, file, tmp_path):
    path = copy / file
    content = path.read_bytes()
    for bad in (b"", content[:100], content[:-1], b"\xff" * 64 + content[64:], b"not weights"):
        path.write_bytes(bad)
        assert "copy" in refused(copy, WRONG_USE, MISSING)
    for how, word in ((lambda t: None, "{}"), (lambda t: torch.zeros(3), "{}"), (lambda t: t * torch.nan, "finite")):
        path.write_bytes(content)
        name = change(path, how)
        assert word.format(name) in refused(copy, WRONG_USE, MISSING)
    path.unlink()
    path.with_suffix(".bin").write_bytes(pickle.dumps(Trap(tmp_path / "caught")))
    refused(copy, MISSING)
    assert not (tmp_path / "caught").exists()


def test_a_safetensors_file_that_is_a_pickle_is_not_opened_as_one(copy, tmp_path):
    for file in (DYNAMICS, AUTOENCODER):
        torch.save({"weight": Trap(tmp_path / "caught")}, copy / file)
        refused(copy, WRONG_USE, MISSING)
    assert not (tmp_path / "caught").exists()


def test_another_networks_weights_do_not_fit(copy):
    shutil.copy(copy / AUTOENCODER, copy / DYNAMICS)
    assert "does not hold weights that fit" in refused(copy, WRONG_USE)


def test_oasis_files_are_looked_at_before_they_are_read(tmp_path):
    folder = tiny_oasis.save(tmp_path / "oasis")
    path = folder / "oasis500m.safetensors"
    path.write_bytes(path.read_bytes()[:-8])
    assert str(path) in refused(f"oasis:{folder}", WRONG_USE, MISSING)
    torch.save({"w": Trap(tmp_path / "caught")}, path)
    refused(f"oasis:{folder}", WRONG_USE, MISSING)
    assert not (tmp_path / "caught").exists()


def test_the_command_line_says_it_without_a_traceback(copy, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (copy / DYNAMICS).write_bytes(b"not weights")
    result = CliRunner().invoke(app, ["new", "a meadow", "--painter", "sim", "--world", str(copy), "--frames", "2", "-n", "1"])
    assert result.exit_code == WRONG_USE and result.stderr.splitlines()[-1].startswith("error: ") and "Traceback" not in result.output
    assert not list(tmp_path.rglob("take.*"))
