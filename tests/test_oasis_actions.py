"""What Oasis is told of an action, and recordings of Minecraft as scripts."""

import numpy as np
import pytest
import tiny_oasis
import torch
from hypothesis import given
from hypothesis import strategies as st
from test_oasis import Trap
from typer.testing import CliRunner

from t2w.actions import Action
from t2w.cli import app
from t2w.errors import T2WError
from t2w.media.pixels import write_png
from t2w.rollout.scripts import lacks, read
from t2w.worlds import registry
from t2w.worlds.oasis import controls
from t2w.worlds.oasis.controls import NAMES, SPACE

# The bin, of 40 to each side, in which the published code puts whole degrees of turn (open-oasis, issue 48: 19 -> 0.975, 10 -> 0.65 …).
BINS = {5: 0.4, 6: 0.45, 7: 0.5, 8: 0.55, 9: 0.6, 10: 0.65, 11: 0.7, 13: 0.775, 16: 0.875, 18: 0.95, 19: 0.975, 20: 1.0, 22: 1.0}


def test_a_vector_has_the_order_of_the_published_names():
    vector = controls.vector(Action(frozenset({"e", "1", "9", "w", "d", "lmb", "q", "tab"}), (20.0, -40.0)))
    assert vector.dtype == np.float32 and len(vector) == 25
    held = {name: float(vector[i]) for i, name in enumerate(NAMES) if vector[i]}
    keys = dict.fromkeys(("inventory", "hotbar.1", "hotbar.9", "forward", "right", "attack", "drop"), 1.0)
    assert held == keys | {"cameraX": -1.0, "cameraY": 1.0}  # 15 is the pitch, down +; 16 the yaw, right +
    assert (vector[15], vector[16], vector[11], vector[24]) == (-1, 1, 1, 1)


def test_degrees_fall_into_the_published_bins():
    for degrees, number in BINS.items():
        assert abs(controls.pressed(degrees) - number) <= 0.5 / 40 + 1e-9
        assert controls.pressed(-degrees) == -controls.pressed(degrees)
    assert controls.pressed(0.0) == 0.0


@given(st.frozensets(st.sampled_from(SPACE.keys)), st.floats(-20, 20), st.floats(-20, 20))
def test_an_action_comes_back_from_its_vector(keys, dx, dy):
    action = controls.action(controls.vector(Action(keys, (dx, dy))))
    assert action.keys == keys and np.allclose(action.mouse, (dx, dy), atol=1e-4)


def test_what_minecraft_lacks_is_told_by_key_and_line(tmp_path):
    path = tmp_path / "walk.yaml"
    path.write_text("steps:\n  - {hold: [w, f], for: 1s}\n  - {hold: [tab], for: 1s}\n  - {say: snow, }\n  - {look: {left: 5}, for: 1s}\n")
    first, second = lacks(read(str(path)), registry.spec("oasis"))
    assert f"{path}:3: the world oasis does not understand the key 'tab'" in first and "no words" in second


def recording(n: int = 6) -> np.ndarray:
    """(n 25) as the authors write it: the camera in fortieths."""
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 2, (n, 25)).astype(np.float32)
    rows[:, NAMES.index("ESC")] = 0
    rows[:, 15:17] = rng.integers(-40, 41, (n, 2)) / 40
    return rows


def as_dicts(rows: np.ndarray) -> list[dict]:
    """The other way: controls by name, the camera as an array of bins."""
    named = [dict(zip(NAMES, map(int, row), strict=True)) for row in rows]
    return [
        {name: n for name, n in row.items() if not name.startswith("camera")}
        | {"camera": np.round(numbers[15:17] * 40 + 40).astype(np.int64)}
        for row, numbers in zip(named, rows, strict=True)
    ]


def test_recordings_play_as_they_were_recorded(tmp_path):
    rows = recording()
    torch.save(torch.from_numpy(rows), tmp_path / "a.one_hot_actions.pt")
    torch.save(as_dicts(rows), tmp_path / "a.actions.pt")
    for name in ("a.one_hot_actions.pt", "a.actions.pt"):
        vectors = np.stack([controls.vector(action) for action in read(str(tmp_path / name)).actions(20.0)])
        assert np.array_equal(vectors, rows)


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (torch.zeros(3, 24), "25 numbers"),
        (torch.zeros(0, 25), "0 frames"),
        (torch.full((1, 25), 0.5), ":1: inventory is 0.5"),
        (torch.eye(25)[[0, 1]], ":2: ESC is pressed"),
        (2 * torch.eye(25)[[15]], ":1: cameraX is 2"),
        (torch.full((1, 25), torch.nan), ":1: inventory is nan"),
        ([{"camera": [40, 40]}], ":1: not a row"),
        ({"a": 1}, "holds dict"),
    ],
)
def test_what_is_no_recording_is_refused_with_its_frame(tmp_path, found, sentence):
    torch.save(found, tmp_path / "a.actions.pt")
    with pytest.raises(T2WError, match=sentence):
        read(str(tmp_path / "a.actions.pt"))


def test_a_recording_with_code_is_refused_and_nothing_runs(tmp_path):
    torch.save([{"camera": Trap(tmp_path / "caught")}], tmp_path / "a.actions.pt")
    with pytest.raises(T2WError, match="not read"):
        read(str(tmp_path / "a.actions.pt"))
    assert not (tmp_path / "caught").exists()


def test_a_recording_drives_a_film_of_oasis(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tiny_oasis.save(tmp_path / "weights")
    torch.save(as_dicts(recording(2)), "walk.actions.pt")
    write_png("start.png", np.full((50, 80, 3), 128, np.uint8))
    words = ("roll", "start.png", "--world", "oasis:weights", "--actions", "walk.actions.pt", "--out", "out", "--frames-out", "frames")
    result = CliRunner().invoke(app, [*words, "--no-preview"])
    assert result.exit_code == 0, result.output
    assert len(list((tmp_path / "frames").iterdir())) == 3
    assert (tmp_path / "out/takes/01/take.mp4").is_file()
