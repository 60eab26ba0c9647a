"""Films: whole or not there, with what they carry inside."""

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from t2w.errors import FAILED, T2WError
from t2w.media.metadata import read_metadata
from t2w.media.video import Film, play, read_film

MANIFEST = {"prompt": 'a; b=c # \\ "snow" 🎉\n' * 5000, "seed": 3}


def frames(count=5, height=48, width=64) -> list[np.ndarray]:
    """Grey that grows lighter."""
    return [np.full((height, width, 3), 40 + 20 * i, np.uint8) for i in range(count)]


def write(path, pictures, **settings):
    with Film(path, 15, **settings) as film:
        for frame in pictures:
            film.write(frame)


def test_a_film_gives_back_its_frames_and_manifest(tmp_path):
    write(tmp_path / "take.mp4", frames(), metadata=MANIFEST)
    back = list(read_film(tmp_path / "take.mp4"))
    assert len(back) == 5 and play(tmp_path / "take.mp4")[0] == 15
    assert all(np.abs(new.astype(int) - old).max() <= 3 for new, old in zip(back, frames()))
    assert read_metadata(tmp_path / "take.mp4") == MANIFEST
    whole = (tmp_path / "take.mp4").read_bytes()
    assert b"trainedAlgorithmicMedia" in whole and whole.index(b"moov") < whole.index(b"mdat"), "marked, and playable while it loads"
    assert os.listdir(tmp_path) == ["take.mp4"]


def test_colours_come_back(tmp_path):
    colours = [np.full((64, 64, 3), c, np.uint8) for c in ((200, 40, 30), (30, 160, 60), (40, 60, 200))]
    write(tmp_path / "a.mp4", colours)
    assert all(np.abs(new.astype(int) - old).max() <= 5 for new, old in zip(read_film(tmp_path / "a.mp4"), colours))


def test_the_same_frames_make_the_same_bytes(tmp_path):
    for name in ("a.mp4", "b.mp4"):
        write(tmp_path / name, frames(), metadata=MANIFEST)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_odd_sizes_grow_by_a_pixel(tmp_path):
    write(tmp_path / "a.mp4", frames(2, 33, 41))
    assert next(read_film(tmp_path / "a.mp4")).shape == (34, 42, 3)


def test_no_metadata_means_none(tmp_path):
    write(tmp_path / "a.mp4", frames())
    assert b"xmp" not in (tmp_path / "a.mp4").read_bytes()
    with pytest.raises(T2WError, match="no manifest"):
        read_metadata(tmp_path / "a.mp4")


def test_an_error_in_the_middle_leaves_nothing(tmp_path):
    with pytest.raises(KeyError), Film(tmp_path / "a.mp4", 15, MANIFEST) as film:
        film.write(frames()[0])
        raise KeyError
    with pytest.raises(T2WError, match="no frames"):
        write(tmp_path / "a.mp4", [])
    assert os.listdir(tmp_path) == []


def test_an_interruption_while_the_encoder_starts_leaves_nothing(tmp_path, monkeypatch):
    def interrupted(thread):
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    with pytest.raises(KeyboardInterrupt), Film(tmp_path / "a.mp4", 15, MANIFEST) as film:
        film.write(frames()[0])
    assert film._encoder.returncode is not None and os.listdir(tmp_path) == []


def test_unwritable_places_are_told_before_the_first_frame(tmp_path):
    (tmp_path / "take.mp4").mkdir()
    for path, words in ((tmp_path / "take.mp4", "a folder has that name"), (tmp_path / "no" / "take.mp4", "there is no folder")):
        with pytest.raises(T2WError, match=words) as error:
            Film(path, 15).__enter__()
        assert error.value.code == FAILED


def test_what_is_not_a_film_is_refused(tmp_path):
    (tmp_path / "a.mp4").write_text("hello")
    for path, words in ((tmp_path / "a.mp4", "not a film"), (tmp_path / "b.mp4", "there is no file"), (tmp_path, "folder")):
        with pytest.raises(T2WError, match=words):
            list(read_film(path))
        with pytest.raises(T2WError, match=words):
            play(path)


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_killed_run_leaves_no_half_film_and_the_next_one_sweeps(tmp_path):
    path = tmp_path / "take.mp4"
    code = f"""
import numpy as np
from t2w.media.video import Film
with Film({str(path)!r}, 15, {{"seed": 1}}) as film:
    for i in range(10**6):
        film.write(np.random.default_rng(i).integers(0, 256, (96, 160, 3), dtype=np.uint8))
        print(i, flush=True)
"""
    run = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    while int(run.stdout.readline()) < 60:
        pass
    run.send_signal(signal.SIGKILL)
    run.communicate()
    assert not path.exists() and all(name.startswith(".") for name in os.listdir(tmp_path))
    time.sleep(0.3)  # the encoder sees the end of its pipe and stops
    write(path, frames())
    assert os.listdir(tmp_path) == ["take.mp4"] and len(list(read_film(path))) == 5


@pytest.fixture
def tiny_disk(tmp_path):
    """One megabyte, where mounting is permitted."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", tmp_path]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("may not mount a small disk")
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


@pytest.mark.parametrize("count", [8, 60])
def test_a_full_disk_is_told(tiny_disk, count):
    """With few frames ffmpeg finds out at the end, with many in the middle."""
    rng = np.random.default_rng(0)
    with pytest.raises(T2WError, match="no space left on device") as error:
        write(tiny_disk / "take.mp4", (rng.integers(0, 256, (384, 640, 3), dtype=np.uint8) for _ in range(count)), metadata=MANIFEST)
    assert error.value.code == FAILED and os.listdir(tiny_disk) == []
