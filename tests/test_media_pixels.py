"""Pictures in and out: every file a user may have, and every way to be wrong."""

import os
import stat
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from t2w.errors import FAILED, WRONG_USE, T2WError
from t2w.media import atomic, metadata, pixels

RED, BLUE = (200, 30, 20), (20, 40, 210)


def picture(width=12, height=10) -> np.ndarray:
    """Red on the left, blue on the right."""
    frame = np.empty((height, width, 3), np.uint8)
    frame[:, : width // 2], frame[:, width // 2 :] = RED, BLUE
    return frame


def looks_like(frame: np.ndarray, expected: np.ndarray, tolerance=12) -> bool:
    return frame.dtype == np.uint8 and frame.shape == expected.shape and np.abs(frame.astype(int) - expected).max() <= tolerance


def test_pixels_survive_the_way_to_a_tensor_and_back():
    frames = np.arange(2 * 4 * 6 * 3, dtype=np.uint8).reshape(2, 4, 6, 3) * 5
    x = pixels.to_tensor(frames)
    assert x.shape == (1, 2, 3, 4, 6) and -1 <= x.min() and x.max() <= 1
    assert np.array_equal(pixels.to_frames(x), frames)
    assert pixels.to_frames(x * 9).max() == 255, "what is too bright is clipped, it does not wrap around"


@pytest.mark.parametrize("mode, suffix", [("RGB", "png"), ("P", "png"), ("RGB", "bmp"), ("P", "gif"), ("RGB", "webp"), ("RGB", "tiff")])
def test_common_formats_are_read(tmp_path, mode, suffix):
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(picture()).convert(mode, palette=Image.Palette.ADAPTIVE).save(path, **({"lossless": True} if suffix == "webp" else {}))
    assert looks_like(pixels.read_picture(path), picture())


def test_alpha_is_laid_over_white(tmp_path):
    half = np.dstack([picture(), np.full((10, 12), 128, np.uint8)])
    half[:, :6, 3] = 0
    Image.fromarray(half).save(tmp_path / "a.png")
    frame = pixels.read_picture(tmp_path / "a.png")
    assert (frame[:, :6] == 255).all() and np.abs(frame[0, -1].astype(int) - (137, 147, 232)).max() <= 1


@pytest.mark.parametrize("mode", ["I;16", "F", "L", "1", "LA"])
def test_grey_of_any_depth_is_read(tmp_path, mode):
    grey = np.tile(np.array([0, 255] * 6, np.uint8), (10, 1))
    deep = {"I;16": grey.astype(np.uint16) * 257, "F": (grey / 255).astype(np.float32)}
    image = Image.fromarray(deep[mode]) if mode in deep else Image.fromarray(grey).convert(mode)
    image.save(tmp_path / "a.tiff")
    assert looks_like(pixels.read_picture(tmp_path / "a.tiff"), np.dstack([grey] * 3), tolerance=0)


def test_cmyk_photos_are_read(tmp_path):
    Image.fromarray(picture(64, 48)).convert("CMYK").save(tmp_path / "a.jpg", quality=95)
    assert looks_like(pixels.read_picture(tmp_path / "a.jpg")[:, [4, -4]], picture(64, 48)[:, [4, -4]], tolerance=20)


def test_photos_are_turned_upright(tmp_path):
    exif = Image.Exif()
    exif[0x112] = 6  # the camera was held on its side
    Image.fromarray(np.rot90(picture(64, 48))).save(tmp_path / "a.jpg", exif=exif, quality=95)
    assert looks_like(pixels.read_picture(tmp_path / "a.jpg")[:, [4, -4]], picture(64, 48)[:, [4, -4]], tolerance=20)


def test_an_animation_gives_its_first_frame(tmp_path):
    first, second = Image.fromarray(picture()), Image.new("RGB", (12, 10), "green")
    first.save(tmp_path / "a.gif", save_all=True, append_images=[second])
    assert looks_like(pixels.read_picture(tmp_path / "a.gif"), picture())


def refuse(path, *words):
    with pytest.raises(T2WError) as error:
        pixels.read_picture(path)
    sentence = str(error.value)
    assert error.value.code == WRONG_USE and "\n" not in sentence and all(word in sentence for word in (path.name, *words)), sentence


def test_what_is_not_a_picture_is_refused_in_a_sentence(tmp_path):
    refuse(tmp_path / "missing.png", "there is no file")
    refuse(tmp_path, "is a folder")
    (tmp_path / "empty.png").touch()
    refuse(tmp_path / "empty.png", "not a picture")
    (tmp_path / "notes.png").write_text("hello " * 100)
    refuse(tmp_path / "notes.png", "not a picture")


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "gif", "tiff"])
def test_broken_and_cut_off_pictures_are_refused(tmp_path, suffix):
    rng = np.random.default_rng(0)
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(rng.integers(0, 256, (40, 60, 3), dtype=np.uint8)).save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    refuse(path)
    if suffix == "png":
        path.write_bytes(whole[:60] + bytes(200) + whole[260:])
        refuse(path, "broken")


def test_too_small_and_too_large_pictures_are_refused(tmp_path):
    Image.new("RGB", (1, 1)).save(tmp_path / "dot.png")
    refuse(tmp_path / "dot.png", "1×1", "at least 8")
    Image.new("1", (9000, 9000)).save(tmp_path / "large.png")
    refuse(tmp_path / "large.png", "9000×9000", "64")
    Image.new("1", (14000, 14000)).save(tmp_path / "bomb.png")
    refuse(tmp_path / "bomb.png", "64 megapixels")


def test_fit_covers_and_crops_the_centre():
    tall = np.zeros((90, 30, 3), np.uint8)
    tall[33:57] = 255  # the middle, with a little more for the filter's reach
    assert pixels.fit(tall, 50, 30).shape == (30, 50, 3)
    assert (pixels.fit(tall, 50, 30) == 255).all()
    assert np.array_equal(pixels.fit(picture(), 12, 10), picture()), "a picture of the right size stays as it is"


def test_png_carries_its_manifest_and_the_mark(tmp_path):
    manifest = {"prompt": 'snow 🎉 = ; # \\ "x"\n' * 1000, "seed": 7}
    pixels.write_png(tmp_path / "a.png", picture(), manifest)
    assert metadata.read_metadata(tmp_path / "a.png") == manifest
    assert np.array_equal(pixels.read_picture(tmp_path / "a.png"), picture())
    with Image.open(tmp_path / "a.png") as image:
        assert "trainedAlgorithmicMedia" in image.info["XML:com.adobe.xmp"]


def test_without_metadata_nothing_is_inside(tmp_path):
    pixels.write_png(tmp_path / "a.png", picture())
    with Image.open(tmp_path / "a.png") as image:
        assert not image.info
    for path, words in ((tmp_path / "a.png", "no manifest"), (tmp_path / "b.png", "no file"), (tmp_path, "could not read")):
        with pytest.raises(T2WError, match=words):
            metadata.read_metadata(path)


def test_a_failed_write_leaves_what_was_there(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("before")
    with pytest.raises(KeyError), atomic.atomically(path) as temporary:
        temporary.write_text("half")
        raise KeyError
    assert path.read_text() == "before" and list(tmp_path.iterdir()) == [path]


def test_places_that_cannot_be_written_are_told(tmp_path):
    (tmp_path / "file").touch()
    for path, words in (
        (tmp_path / "no" / "a.png", "there is no folder"),
        (tmp_path, "folder"),
        (tmp_path / "file" / "a.png", "not a directory"),
    ):
        with pytest.raises(T2WError, match=words) as error:
            pixels.write_png(path, picture())
        assert error.value.code == FAILED


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_without_permission_is_told(tmp_path):
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(T2WError, match="permission"):
        pixels.write_png(tmp_path / "a.png", picture())
    tmp_path.chmod(stat.S_IRWXU)


def test_only_leftovers_of_dead_runs_are_swept(tmp_path):
    living = atomic.temporary_name(tmp_path / "take.mp4")
    dead = living.with_name(living.name.replace(f"-{os.getpid()}-", "-4194999-"))  # above the highest process number
    for path in (living, dead, tmp_path / ".hidden.tmp", tmp_path / "take.mp4"):
        path.touch()
    atomic.sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([living.name, ".hidden.tmp", "take.mp4"])


def test_who_has_the_number_of_a_dead_run_is_another(tmp_path):
    path = atomic.temporary_name(tmp_path / "take.mp4")
    path.touch()
    os.utime(path, (0, 0))  # before this process began
    atomic.sweep(tmp_path)
    assert not path.exists()


@pytest.mark.skipif(not hasattr(os, "waitid"), reason="zombies are POSIX's")
def test_a_zombie_writes_no_more(tmp_path):
    zombie = subprocess.Popen([sys.executable, "-c", "pass"])
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and nobody has asked after it
    path = atomic.temporary_name(tmp_path / "take.mp4")
    path.with_name(path.name.replace(f"-{os.getpid()}-", f"-{zombie.pid}-")).touch()
    atomic.sweep(tmp_path)
    assert list(tmp_path.iterdir()) == []
    zombie.wait()
