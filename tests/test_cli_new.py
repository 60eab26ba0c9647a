"""The main job through the command line, with the simulator as painter and as world: the film, its neighbours, and the same bytes again."""

import hashlib
import json
from contextlib import chdir
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from t2w.cli import app

SIM = ("--world", "sim", "--painter", "sim")
PROMPT = "a snowy pine forest at sunset with a red cabin"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def t2w(*words: object, code: int = 0):
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, (result.exit_code, result.output, result.exception)
    return result


def lines(result) -> list[dict]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def new(*words: object, code: int = 0):
    return t2w("new", PROMPT, *SIM, "-n", "2", "--frames", "4", *words, code=code)


def files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


def test_new_makes_a_world_and_a_film(here):
    result = new("--json")
    rows = lines(result)
    assert [row["event"] for row in rows].count("result") == 1 and rows[-1]["event"] == "result"
    end = rows[-1]
    folder = Path(end["folder"])
    assert end["ok"] and end["frames"] == 4 and folder.parent == Path("worlds")
    assert folder.name.startswith("snowy-pine-forest-sunset-red-cabin-")
    made = {"world.json", "sheet.png", "frames/1.png", "frames/2.png", "takes/01/take.mp4", "takes/01/take.json", "takes/01/actions.jsonl"}
    assert set(files(folder)) == made


def test_frames_n_means_n_new_frames_and_the_start_frame():
    from t2w.media.pixels import read_picture
    from t2w.media.video import read_film

    end = lines(new("--frames-out", "png", "--clean", "--json"))[-1]
    pngs = sorted(Path("png").iterdir())
    assert [path.name for path in pngs] == [f"{t:06d}.png" for t in range(5)]
    film = list(read_film(end["take"]))
    assert len(film) == 5 and film[0].shape[1] >= 640
    assert len(list(read_film(Path(end["take"]).with_name("clean.mp4")))) == 5
    assert np.array_equal(read_picture(pngs[0]), read_picture(Path(end["folder"]) / "frames" / "1.png"))
    assert len(Path(end["actions"]).read_text().splitlines()) == 4


def test_the_same_command_again_gives_the_same_bytes():
    first = lines(new("--frames-out", "png", "--json"))[-1]
    before = files(Path(first["folder"])), files(Path("png"))
    second = lines(new("--frames-out", "png", "--json"))[-1]
    assert {**first, "rate": 0} == {**second, "rate": 0}
    assert (files(Path(first["folder"])), files(Path("png"))) == before


def test_another_walk_is_the_next_take_and_the_same_again_is_not():
    takes = [Path(lines(new("--json", *words))[-1]["take"]).parent.name for words in ((), ("--policy", "random"), (), ("--seed", "1"))]
    assert takes == ["01", "02", "01", "01"]  # another seed is another world
    assert len(list(Path("worlds").iterdir())) == 2


def test_a_candidate_is_the_same_whatever_their_number():
    digests = []
    for n in (1, 3):
        folder = Path(lines(t2w("frames", PROMPT, *SIM, "-n", n, "--seed", "8", "--out", f"w{n}", "--json"))[-1]["folder"])
        digests.append(files(folder / "frames")["1.png"])
    assert digests[0] == digests[1]


def test_a_pick_is_what_the_film_begins_with():
    from t2w.media.pixels import read_picture

    end = lines(new("--pick", "2", "--frames-out", "png", "--json"))[-1]
    assert end["pick"] == 2
    assert json.loads((Path(end["folder"]) / "world.json").read_text())["pick"] == 2
    assert np.array_equal(read_picture("png/000000.png"), read_picture(Path(end["folder"]) / "frames" / "2.png"))


def test_without_a_terminal_the_first_is_picked_and_it_says_so():
    assert "first of 2 candidates is picked" in new().stderr


def test_frames_then_pick_then_roll():
    folder = lines(t2w("frames", PROMPT, *SIM, "-n", "2", "--json"))[-1]["folder"]
    assert lines(t2w("pick", folder, "2", "--json"))[-1]["pick"] == 2
    end = lines(t2w("roll", folder, "--world", "sim", "--frames", "2", "--json"))[-1]
    assert end["pick"] == 2 and Path(end["take"]).is_file()
    assert lines(t2w("roll", f"{folder}/frames/1.png", "--world", "sim", "--frames", "2", "--json"))[-1]["pick"] == 1
    assert lines(t2w("roll", folder, "--world", "sim", "--frames", "2", "--pick", "1", "--json"))[-1]["pick"] == 1
    assert sorted(path.name for path in (Path(folder) / "takes").iterdir()) == ["01", "02"]
    assert json.loads((Path(folder) / "world.json").read_text())["pick"] == 2


def test_a_script_leads_and_sets_the_length():
    end = lines(t2w("new", PROMPT, *SIM, "-n", "1", "--actions", "w-3,wl-2", "--json"))[-1]
    rows = [json.loads(line) for line in Path(end["actions"]).read_text().splitlines()]
    assert end["frames"] == 5 and [row["keys"] for row in rows] == [["w"]] * 5
    assert [row["mouse"][0] > 0 for row in rows] == [False, False, False, True, True]
    assert lines(t2w("roll", end["folder"], "--world", "sim", "--actions", end["actions"], "--json"))[-1]["sha256"] == end["sha256"]


def test_what_a_world_lacks_is_said_and_strict_makes_it_an_error():
    command = ("new", PROMPT, *SIM, "-n", "1", "--actions", "w+shift-2")
    assert "does not understand the key 'shift'" in t2w(*command).stderr
    assert "shift" in t2w(*command, "--strict", code=2).stderr


def test_a_picture_of_any_size_is_a_start_frame(here):
    from PIL import Image

    Image.effect_mandelbrot((300, 400), (-3, -2.5, 2, 2.5), 50).convert("RGBA").save("Holiday photo.png")
    result = t2w("roll", "Holiday photo.png", "--world", "sim", "--frames", "2", "--json")
    notes = " ".join(row["text"] for row in lines(result) if row["event"] == "note")
    assert "scaled to cover 160×96 and cropped" in notes and "ignores the start frame" in notes
    assert Path(lines(result)[-1]["folder"]).name.startswith("holiday-photo-")


def test_quiet_prints_the_path_alone():
    result = new("--quiet")
    assert result.stderr == "" and Path(result.stdout.strip()).is_file() and len(result.stdout.splitlines()) == 1


def test_again_repeats_a_film_and_a_candidate(here):
    end = lines(new("--pick", "2", "--json", "--clean"))[-1]
    take = Path(end["take"])
    for file in (take, take.parent, take.with_name("take.json")):
        again = lines(t2w("again", file, "--json"))[-1]
        assert again["same"] and again["sha256"] == end["sha256"] and "-again" in again["path"]
    moved = here / "elsewhere" / "film.mp4"
    moved.parent.mkdir()
    take.with_name("clean.mp4").rename(moved)
    assert lines(t2w("again", moved, "--out", "anew", "--json"))[-1]["same"]
    assert lines(t2w("again", Path(end["folder"]) / "frames" / "2.png", "--json"))[-1]["same"]


def test_again_leaves_the_original_alone(here):
    take = Path(lines(t2w("new", PROMPT, *SIM, "-n", "1", "--frames", "2", "--json"))[-1]["take"])
    before = take.read_bytes()
    for file in (take, take.parent):
        assert "lies in" in t2w("again", file, "--out", take.parents[2], code=2).stderr
    assert take.read_bytes() == before


def test_again_knows_how_a_candidate_was_painted_and_spares_other_worlds(here):
    frames = ("frames", "a desert", "--painter", "sim", "--world", "sim", "-n", "1", "--device", "cpu", "--dtype", "float32", "--json")
    folder = Path(lines(t2w(*frames))[-1]["folder"])
    take = Path(lines(t2w("roll", folder, "--world", "sim", "--frames", "2", "--pick", "1", "--json"))[-1]["manifest"])
    painted = {"device": "cpu", "dtype": "float32"}
    assert json.loads(take.read_text())["painted"] == painted and json.loads((folder / "world.json").read_text())["painted"] == painted
    other = Path(lines(new("--json"))[-1]["folder"])
    before = files(other)
    assert "already holds another world" in t2w("again", folder / "frames" / "1.png", "--out", other, code=2).stderr
    assert files(other) == before
    assert "is candidate 1" in t2w("roll", other / "frames" / "1.png", "--pick", "2", "--world", "sim", code=2).stderr


def test_again_repeats_the_take_of_a_picture(here):
    from PIL import Image

    Image.effect_mandelbrot((300, 400), (-3, -2.5, 2, 2.5), 50).save("photo.jpg")
    take = Path(lines(t2w("roll", "photo.jpg", "--world", "sim", "--actions", "w-2,l-1", "--json"))[-1]["take"])
    assert lines(t2w("again", take, "--json"))[-1]["same"]
    with chdir(take.parent):
        assert lines(t2w("again", "take.mp4", "--out", here / "anew", "--json"))[-1]["same"]
    alone = take.rename(here / "alone.mp4")
    assert "began with a picture from outside" in t2w("again", alone, code=2).stderr


def test_again_says_when_the_bytes_differ():
    end = lines(new("--json"))[-1]
    path = Path(end["manifest"])
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps({**manifest, "sha256": "0" * 64}))
    t2w("again", end["take"], code=1)  # a film's frames are those of the take.json beside it
    path.write_text(json.dumps({**manifest, "sha256": "0" * 64, "versions": {"t2w": "0.0.1"}}))
    result = t2w("again", path, code=1)
    assert "NOT the same bytes" in result.stderr and "t2w 0.0.1 then" in result.stderr


def test_show_reads_the_manifest_back():
    end = lines(new("--json"))[-1]
    take = lines(t2w("show", end["take"], "--json"))[-1]["manifest"]
    assert take["prompt"] == PROMPT and take["world"] == "sim" and take["frames"] == 4
    for file in (Path(end["folder"]) / "frames" / "1.png", end["folder"], Path(end["take"]).parent, Path(end["folder"]) / "sheet.png"):
        assert PROMPT in t2w("show", file).stdout


def test_no_metadata_leaves_none():
    end = lines(new("--no-metadata", "--frames-out", "png", "--json"))[-1]
    for file in (end["take"], Path(end["folder"]) / "frames" / "1.png", Path(end["folder"]) / "sheet.png", "png/000000.png"):
        assert "carries no manifest" in t2w("show", file, code=2).stderr
    assert b"trainedAlgorithmicMedia" not in Path(end["take"]).read_bytes()
