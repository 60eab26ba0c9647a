"""Rollouts: which action leads to which frame, chunks, forks; and takes as they lie on disk."""

import json
import subprocess
import sys

import numpy as np
import pytest
from strip import SPEC, Strip

from t2w.actions import policy
from t2w.actions.action import Action
from t2w.errors import T2WError
from t2w.rollout import measure, takes
from t2w.rollout.recorder import Recorder, Recording
from t2w.rollout.rollout import rollout, walk

RIGHT = Action(mouse=(1.0, 0.0))


def start() -> np.ndarray:
    frame = np.zeros((8, 8, 3), np.uint8)
    frame[:, 3] = 255
    return frame


def test_looking_right_moves_the_picture_left():
    frames = [frame for frame, _ in rollout(Strip(), start(), policy.scripted([RIGHT, RIGHT]), 2)]
    assert [frame[0, :, 0].argmax() for frame in frames] == [2, 1]


def test_each_new_frame_comes_with_the_action_that_led_to_it():
    asked = [Action(), RIGHT, Action(), RIGHT]
    places = [(frame[0, :, 0].argmax(), action) for frame, action in rollout(Strip(), start(), policy.scripted(asked), 4)]
    assert places == [(3, asked[0]), (2, asked[1]), (2, asked[2]), (1, asked[3])]


@pytest.mark.parametrize("chunk", [1, 2, 3, 5, 7, None])
def test_n_frames_come_whatever_the_chunk_of_the_world(chunk):
    seen = list(rollout(Strip(chunk), start(), policy.scripted([RIGHT] * 3), 7))
    plain = list(rollout(Strip(), start(), policy.scripted([RIGHT] * 3), 7))
    assert len(seen) == 7
    assert all(np.array_equal(a, b) and left == right for (a, left), (b, right) in zip(seen, plain, strict=True))


def test_a_policy_sees_the_newest_frame():
    def away(frame: np.ndarray, t: int) -> Action:
        return RIGHT if frame[0, :, 0].argmax() > 1 else Action()

    frames = [frame for frame, _ in rollout(Strip(), start(), away, 6)]
    assert [frame[0, :, 0].argmax() for frame in frames] == [2, 1, 1, 1, 1, 1]


def test_a_policy_cannot_write_on_the_film_and_returns_actions():
    def scribbler(frame, t):
        frame[:] = 0
        return RIGHT

    with pytest.raises(ValueError, match="read-only"):
        list(rollout(Strip(), start(), scribbler, 1))
    with pytest.raises(T2WError, match="for action 0 the policy returned NoneType"):
        list(rollout(Strip(), start(), lambda frame, t: None, 1))


def test_a_walk_goes_on_from_a_fork():
    session = Strip().begin(start(), seed=3)
    last = [frame for frame, _ in walk(session, start(), policy.scripted([RIGHT]), 2)][-1]
    fork = session.fork()
    ways = [[frame for frame, _ in walk(one, last, policy.scripted([RIGHT]), 3)] for one in (session, fork)]
    assert np.array_equal(*ways)


def manifest(frames: int, **other) -> dict:
    start = {"prompt": "a strip", "painter": "sim", "seed": 0, "width": 8, "height": 8}
    fixed = {"kind": "take", "prompt": "a strip", "start": start, "pick": 1, "world": "strip", "policy": "idle", "script": None, "seed": 0}
    return {**fixed, "frames": frames, "device": "cpu", "dtype": "auto", **other}


def record(folder, n: int, **keep) -> dict:
    recording = Recording(takes.place(folder, manifest(n)), **keep)
    with Recorder(recording, SPEC, manifest(n)) as recorder:
        recorder.write(start())
        for frame, action in rollout(Strip(), start(), policy.scripted([RIGHT] * n), n):
            recorder.write(frame, action)
    return recorder.manifest


def test_a_take_is_a_film_its_actions_and_a_manifest(tmp_path):
    from t2w.media.metadata import read_metadata
    from t2w.media.video import read_film

    made = record(tmp_path, 5, clean=True, frames_out=tmp_path / "png")
    folder = tmp_path / "takes" / "01"
    assert sorted(path.name for path in folder.iterdir()) == ["actions.jsonl", "clean.mp4", "take.json", "take.mp4"]
    assert [json.loads(line) for line in (folder / "actions.jsonl").read_text().splitlines()] == [RIGHT.to_row()] * 5
    assert json.loads((folder / "take.json").read_text()) == made
    film = list(read_film(folder / "take.mp4"))
    assert len(film) == 6 and film[0].shape[1] >= 640
    assert read_metadata(folder / "take.mp4")["start"] == made["start"]
    assert sorted(path.name for path in (tmp_path / "png").iterdir()) == [f"{t:06d}.png" for t in range(6)]


def test_frames_on_disk_are_the_frames(tmp_path):
    from t2w.media.pixels import read_picture

    record(tmp_path, 2, frames_out=tmp_path / "png")
    assert np.array_equal(read_picture(tmp_path / "png" / "000000.png"), start())
    assert read_picture(tmp_path / "png" / "000002.png")[0, :, 0].argmax() == 1


def test_frames_of_a_longer_film_are_not_mixed_in(tmp_path):
    record(tmp_path, 4, frames_out=tmp_path / "png")
    record(tmp_path, 4, frames_out=tmp_path / "png")
    with pytest.raises(T2WError, match="000003.png|000004.png"):
        record(tmp_path, 2, frames_out=tmp_path / "png")


def test_the_same_recipe_is_the_same_take_and_another_is_the_next(tmp_path):
    first = record(tmp_path, 3)
    assert record(tmp_path, 3) == first
    record(tmp_path, 2)
    record(tmp_path, 3)
    assert sorted(path.name for path in (tmp_path / "takes").iterdir()) == ["01", "02"]


def test_a_take_of_other_weights_is_another(tmp_path):
    for weights in ("one", "other", "one"):
        with Recorder(
            Recording(takes.place(tmp_path, manifest(1, fingerprint=weights))), SPEC, manifest(1, fingerprint=weights)
        ) as recorder:
            recorder.write(start())
    assert sorted(path.name for path in (tmp_path / "takes").iterdir()) == ["01", "02"]


def test_an_unfinished_take_gives_its_number_back(tmp_path):
    (tmp_path / "takes" / "01").mkdir(parents=True)
    (tmp_path / "takes" / "01" / "actions.jsonl").write_text("{}")
    assert takes.place(tmp_path, manifest(3)).name == "01"


def test_a_number_under_which_another_process_writes_is_not_given_away(tmp_path):
    place = takes.place(tmp_path, manifest(3))
    place.mkdir(parents=True)
    code = "import sys; from t2w.media.atomic import temporary_name; from pathlib import Path\n"
    code += "temporary_name(Path(sys.argv[1])).touch(); print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code, place / "take.mp4"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        assert takes.place(tmp_path, manifest(3)).name == "02"
        other.communicate(b"\n")
    assert takes.place(tmp_path, manifest(3)) == place


def test_a_walk_that_breaks_off_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt), Recorder(Recording(tmp_path / "take", clean=True), SPEC, manifest(3)) as recorder:
        recorder.write(start())
        recorder.write(start(), RIGHT)
        raise KeyboardInterrupt
    assert not (tmp_path / "take").exists()


def test_an_error_of_the_policy_is_its_own(tmp_path):
    with pytest.raises(FileNotFoundError, match="table.csv"), Recorder(Recording(tmp_path / "take"), SPEC, manifest(3)) as recorder:
        recorder.write(start())
        (tmp_path / "table.csv").read_text()
    assert not (tmp_path / "take").exists()


def test_actions_come_back_from_their_runs():
    actions = [RIGHT, RIGHT, Action(), Action(frozenset({"w", "space"})), RIGHT]
    runs = takes.to_runs(actions)
    assert [run["frames"] for run in runs] == [2, 1, 1, 1]
    assert takes.from_runs(json.loads(json.dumps(runs))) == actions


def test_sharpness_falls_with_blur_and_grey_has_no_colour():
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 255, (32, 32, 3), np.uint8)
    flat = np.full((32, 32, 3), 90, np.uint8)
    blurred = ((noise[:-1].astype(int) + noise[1:]) // 2).astype(np.uint8)
    assert measure.sharpness(noise) > measure.sharpness(blurred) > measure.sharpness(flat) == 0
    assert measure.colourfulness(flat) == 0 < measure.colourfulness(noise)


def test_seconds_are_measured_one_by_one():
    seconds = measure.Seconds(fps=4)
    for _ in range(9):
        seconds.add(np.zeros((8, 8, 3), np.uint8))
    assert len(seconds.rows()) == 2
    assert seconds.rows()[1] == {"sharpness": 0.0, "colourfulness": 0.0, "change": 0.0}
