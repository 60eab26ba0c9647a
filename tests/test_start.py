"""Start frames: names of worlds, candidates that do not depend on their company, worlds on disk, picks."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tiny_pipeline

from t2w.errors import MISSING, T2WError
from t2w.start import folder as disk
from t2w.start import painters, pick
from t2w.start.start import Start, clean_prompt, slug

START = Start("a snowy pine forest", "sim", 3, 16, 16)


def painted(prompt: str, seeds: list[int]) -> list[str]:
    return [hashlib.sha256(frame.tobytes()).hexdigest() for frame in painters.paint("sim", prompt, seeds, 32, 24)]


def test_a_candidate_is_the_same_whatever_their_number():
    four = painted("a swamp", START.seeds(4))
    assert four[1:3] == painted("a swamp", START.seeds(3)[1:])
    assert len(set(four)) == 4


def test_a_world_is_named_by_its_words_and_all_that_decides_its_pictures():
    assert START.name().startswith("snowy-pine-forest-")
    assert START.name() == Start("a snowy pine forest", "sim", 3, 16, 16).name()
    others = [Start("a snowy pine forest", "sim", 4, 16, 16), Start("a snowy pine forest", "other", 3, 16, 16)]
    assert len({START.name(), *(other.name() for other in others)}) == 3


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a snowy pine forest at sunset with a red cabin", "snowy-pine-forest-sunset-red-cabin"),
        ("Ünïcödé café!", "unicode-cafe"),
        ("🌲🌲", "world"),
        ("雪の森", "world"),
        ("../../etc/passwd", "etc-passwd"),
        ("x" * 300, "x" * 40),
    ],
)
def test_slugs_are_safe_file_names(text, name):
    assert slug(text) == name


@pytest.mark.parametrize("prompt", ["", "   ", "\n\t", "\x07"])
def test_an_empty_prompt_is_refused(prompt):
    with pytest.raises(T2WError, match="empty"):
        clean_prompt(prompt)


def test_a_prompt_is_at_most_a_thousand_characters():
    assert clean_prompt(" a  forest\nat dawn ") == "a forest at dawn"
    assert clean_prompt("a \x1b[31mred\x00 cabin \udcff ") == "a [31mred cabin"
    assert len(clean_prompt("x" * 1000)) == 1000
    with pytest.raises(T2WError, match="10,000 characters"):
        clean_prompt("x" * 10_000)


def test_a_start_comes_back_from_its_manifest():
    start = Start("a prompt", "org/model", 7, 16, 16, {"num_inference_steps": 4})
    assert Start.from_manifest(json.loads(json.dumps({"kind": "world", **start.to_manifest()}))) == start


def test_what_was_understood_is_kept_and_decides_nothing():
    told = Start("a snowy pine forest", "sim", 3, 16, 16, understood=painters.understood("sim", "a snowy pine forest").to_manifest())
    assert told == START and told.name() == START.name()
    back = Start.from_manifest(json.loads(json.dumps(told.to_manifest())))
    assert back.understood["attributes"] == {"weather": "snowy", "biome": "pine forest"}
    assert "understood" not in START.to_manifest()


def test_only_our_own_painters_have_a_vocabulary():
    assert painters.understood("org/model", "a dragon") is None
    assert painters.understood("starter", "a dragon").ignored == ("dragon",)


def test_a_folder_holds_one_world(tmp_path):
    folder = disk.place(START, tmp_path / "w")
    disk.write(folder, START, 2, None, {}, {})
    assert disk.place(START, tmp_path / "w") == folder
    with pytest.raises(T2WError, match="already holds another world"):
        disk.place(Start("a desert", "sim", 3, 16, 16), folder)


def test_names_that_collide_grow(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    other = Start("a desert", "sim", 0, 16, 16)
    first = disk.BASE / START.name()
    first.mkdir(parents=True)
    disk.write(first, other, 1, None, {}, {})
    assert disk.place(START, None).name == START.name(8)


def test_a_damaged_world_is_a_sentence(tmp_path):
    with pytest.raises(T2WError, match="no world.json"):
        disk.read(tmp_path)
    for text in ("{", "[]", "{}", '{"prompt": 1}', '"x"', "\xff"):
        (tmp_path / "world.json").write_bytes(text.encode("latin-1"))
        with pytest.raises(T2WError, match="damaged"):
            disk.read(tmp_path)


def test_candidates_carry_what_they_were_made_from(tmp_path, monkeypatch):
    from t2w.media.metadata import read_metadata

    frame = np.full((16, 16, 3), 7, np.uint8)
    path = disk.write_candidate(tmp_path, START, 2, frame, {"t2w": "0"}, {})
    assert np.array_equal(disk.read_candidate(tmp_path, 2), frame)
    inside = read_metadata(path)
    assert (inside["kind"], inside["candidate"], inside["sha256"]) == ("candidate", 2, disk.digest(frame))
    assert Start.from_manifest(inside) == START
    assert disk.split(path) is None  # no world.json yet
    disk.write(tmp_path, START, 2, None, {}, {})
    assert disk.split(path) == (tmp_path, 2)
    monkeypatch.chdir(path.parent)
    assert disk.split(Path("2.png")) == (tmp_path, 2)


def test_picks_are_numbers_in_range_or_words():
    assert [pick.parse(word, 4) for word in (None, "ask", "first", "1", "4")] == [None, "ask", "first", 1, 4]
    for word in ("0", "5", "9", "-1"):
        with pytest.raises(T2WError, match="out of range"):
            pick.parse(word, 4)
    for word in ("two", "", "1.5", "²", "+-3"):
        with pytest.raises(T2WError, match="no choice"):
            pick.parse(word, 4)


@pytest.mark.parametrize("name", ["strater", "nowhere", "/no/such/folder", "a/b/c", "./x"])
def test_an_unknown_painter_is_a_sentence(name):
    with pytest.raises(T2WError, match="no painter named"):
        painters.check(name)


def test_a_folder_without_a_pipeline_is_a_sentence(tmp_path):
    with pytest.raises(T2WError, match="model_index.json"):
        painters.check(str(tmp_path))


def test_a_pipeline_that_lacks_its_parts_is_missing(tmp_path):
    (tmp_path / "model_index.json").write_text('{"_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "UNet2DConditionModel"]}')
    painters.check(str(tmp_path))
    with pytest.raises(T2WError, match="not whole, it lacks unet") as caught:
        list(painters.paint(str(tmp_path), "a forest", [0], 16, 16, device="cpu"))
    assert caught.value.code == MISSING


def test_settings_of_a_painter_are_those_its_folder_recommends(tmp_path):
    assert painters.settings(str(tmp_path)) == {}
    (tmp_path / "t2w.json").write_text('{"num_inference_steps": 5}')
    assert painters.settings(str(tmp_path)) == {"num_inference_steps": 5}
    (tmp_path / "t2w.json").write_text("[1, 2]")
    with pytest.raises(T2WError, match="no object of names and values; it holds the call's settings"):
        painters.settings(str(tmp_path))


def test_any_diffusers_folder_paints_and_each_seed_alone(tmp_path):
    tiny = tmp_path / "tiny"
    tiny_pipeline.save(tiny)
    command = [
        "frames",
        "a red cabin",
        "--world",
        "sim",
        "--painter",
        str(tiny),
        "-n",
        "1",
        "--seed",
        "1",
        "--out",
        str(tmp_path / "w"),
        "--json",
    ]
    run = subprocess.run([sys.executable, "-m", "t2w", *command], check=False, capture_output=True, text=True)
    assert run.returncode == 0 and run.stderr == "", run.stderr  # no word of the libraries
    first = disk.read_candidate(tmp_path / "w", 1)
    assert first.shape == (96, 160, 3)  # made at the pipeline's size, fitted to the world's
    zero, one = painters.paint(str(tiny), "a red cabin", [0, 1], 160, 96, call=painters.settings(str(tiny)))
    assert np.array_equal(first, one) and not np.array_equal(zero, one)
