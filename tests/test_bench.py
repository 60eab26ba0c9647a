"""t2w bench: every model gets its row, in a process of its own that goes when it is told to. How fast it is, is not asked here."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import strip
import tiny_pipeline
from typer.testing import CliRunner

from t2w.batch import figures
from t2w.cli import app
from t2w.evaluate.bench import Ask, row
from t2w.nn.precision import processor_multiplies_bfloat16

KEYS = ["w", "a", "s", "d", "space", "e", "lmb"]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Figures are kept for plans: these here are not the user's."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    """A world of ours with random weights."""
    from t2w.nn import autoencoder, dynamics
    from t2w.nn.imagine import Sampling
    from t2w.worlds.pretrained import save_world

    folder = tmp_path_factory.mktemp("bench") / "world"
    model = dynamics.Dynamics(dynamics.TINY)
    save_world(model, autoencoder.build(autoencoder.TINY), folder, Sampling(denoising_steps=3, window=2), fps=15.0, keys=KEYS, turn=12.0)
    return folder


def test_a_world_of_ours_is_measured_stage_by_stage(world, tmp_path):
    result = CliRunner().invoke(app, ["bench", "--world", str(world), "--frames", "10", "--json"])
    assert result.exit_code == 0, result.output
    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert [event["event"] for event in events] == ["row", "result"]
    (found,) = events[-1]["rows"]
    assert found["name"] == str(world) and found["kind"] == "world"
    assert found["fps"] > 0 and found["first_frame_s"] > 0 and found["peak_mib"] > 50
    assert set(found["stages"]) == {"encode", "dynamics", "decode", "hud", "film"} and found["latent_fps"] > found["step_fps"]
    assert (found["frames"], found["size"], found["denoising_steps"]) == (10, [160, 96], 3)
    assert found["dtype"] == ("bfloat16" if processor_multiplies_bfloat16() else "float32")
    assert found["threads"] >= 1 and events[-1]["versions"]["torch"]
    assert figures.path().is_relative_to(tmp_path) and figures.known()[f"world {world}"]["fps"] == found["fps"]


@pytest.mark.parametrize("chunk", [1, 4, None])
def test_a_world_of_any_other_kind_is_measured_by_its_steps(chunk, tmp_path, monkeypatch):
    info = tmp_path / "strip_world-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: strip-world\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text("[t2w.worlds]\nstrip = strip\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(strip, "load", lambda device, dtype: strip.Strip(chunk))
    found = row(Ask("world", "strip", frames=10))
    assert set(found["stages"]) == {"step", "hud", "film"} and found["latent_fps"] is None and found["fps"] > 0


def test_a_painter_is_measured_by_its_pictures(tmp_path):
    tiny_pipeline.save(tmp_path)
    found = row(Ask("painter", str(tmp_path), frames=10, device="cpu"))
    assert (found["frames"], found["denoising_steps"], found["dtype"]) == (3, 2, "float32")
    assert found["fps"] > 0 and found["first_frame_s"] > 0 and found["peak_mib"] > 50


def test_names_are_checked_before_anything_is_measured():
    result = CliRunner().invoke(app, ["bench", "--world", "starter", "--painter", "strater", "--json"])
    (last,) = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 2 and "did you mean 'starter'" in last["error"]


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
def test_ctrl_c_ends_both_processes_and_leaves_no_film(world, tmp_path):
    command = [sys.executable, "-m", "t2w", "bench", "--world", str(world), "--frames", "9000", "--json"]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "TMPDIR": str(tmp_path)}
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not list(tmp_path.rglob("*stages.mp4*")):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    said, complained = process.communicate(timeout=60)
    assert process.returncode == 130 and "Traceback" not in complained, complained
    assert json.loads(said)["error"] == "interrupted"
    assert not list(tmp_path.rglob("*.mp4"))
