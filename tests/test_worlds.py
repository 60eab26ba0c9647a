"""Worlds by name, from plug-ins and folders; and the conformance test, which finds what is wrong."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import strip

from t2w.errors import MISSING, T2WError
from t2w.worlds import registry
from t2w.worlds.check import check

HERE = Path(__file__).parent


def claims(world) -> dict[str, bool]:
    return {claim: ok for claim, ok, _ in check(world)}


@pytest.mark.parametrize("chunk", [1, 4, None])
def test_a_right_world_passes_the_check(chunk):
    assert all(claims(strip.Strip(chunk)).values())


def test_the_simulator_passes_the_check():
    assert all(claims(registry.load("sim")).values())


class Forgetful(strip.Strip):
    """Its sessions do not follow the seed."""

    def begin(self, frame, *, prompt="", seed=0):
        return strip.StripSession(frame.copy(), np.random.default_rng())


class Siamese(strip.Strip):
    """Its forks share the noise of their parent."""

    def begin(self, frame, *, prompt="", seed=0):
        session = super().begin(frame, prompt=prompt, seed=seed)
        session.fork = lambda: strip.StripSession(session.frame.copy(), session.rng)
        return session


class Floating(strip.Strip):
    """Its frames are floats."""

    def begin(self, frame, *, prompt="", seed=0):
        session = super().begin(frame, prompt=prompt, seed=seed)
        right = session.step
        session.step = lambda actions: right(actions) / 255
        return session


@pytest.mark.parametrize(
    ("world", "claim"),
    [
        (Forgetful(), "the same seed gives the same bytes"),
        (Siamese(), "what a fork does leaves its parent alone"),
        (Floating(), "1 actions make 1 frames (t h w c) uint8"),
    ],
)
def test_the_check_finds_what_is_wrong(world, claim):
    assert not claims(world)[claim]


def test_an_unknown_world_says_which_was_meant():
    with pytest.raises(T2WError, match="no world named 'strater'; did you mean 'starter'"):
        registry.spec("strater")


def test_a_folder_that_holds_no_world_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(T2WError, match="config.json"):
        registry.spec(str(tmp_path))
    (tmp_path / "config.json").write_text(json.dumps({"_class_name": "AutoencoderKL"}))
    with pytest.raises(T2WError, match="Genie"):
        registry.spec(str(tmp_path))
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(T2WError, match="cannot be read"):
        registry.load(str(tmp_path))


@pytest.fixture
def plug_in(tmp_path, monkeypatch):
    """An installed distribution that brings the world `strip` and one that does not load."""
    info = tmp_path / "strip_world-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: strip-world\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text("[t2w.worlds]\nstrip = strip\nbroken = no_such_module\n")
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_a_plug_in_brings_a_world(plug_in):
    assert {"starter", "sim", "strip"} <= set(registry.names())
    assert registry.spec("strip") is strip.SPEC
    assert all(claims(registry.load("strip")).values())


def test_a_broken_plug_in_is_a_sentence(plug_in):
    with pytest.raises(T2WError, match="does not load") as caught:
        registry.spec("broken")
    assert caught.value.code == MISSING


def test_specs_are_read_without_torch():
    code = "import sys; from t2w.worlds import registry; [registry.spec(n) for n in registry.OURS]; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_simulator_begins_at_its_own_picture_and_says_when_it_is_another():
    from t2w.start.painters import paint

    world = registry.load("sim")
    (frame,) = paint("sim", "a red cabin in a meadow", [5], world.spec.width, world.spec.height)
    assert world.begin(frame, prompt="a red cabin in a meadow", seed=5).notes == ()
    assert "ignores the start frame" in world.begin(255 - frame, prompt="a red cabin in a meadow", seed=5).notes[0]
