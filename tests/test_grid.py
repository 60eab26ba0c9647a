"""Grids: films side by side, each in its cell at its own time, with what sets it apart beneath."""

import numpy as np
import pytest
from many_takes import take
from typer.testing import CliRunner

from t2w.batch import grid
from t2w.batch.grid import GAP, Cell
from t2w.cli import app
from t2w.media.metadata import read_metadata
from t2w.media.video import Film, play, read_film


def film(path, brightness: list[int], fps: float = 10.0, width: int = 64, height: int = 48):
    with Film(path, fps) as out:
        for value in brightness:
            out.write(np.full((height, width, 3), value, np.uint8))
    return path


def centres(frame: np.ndarray, n: int, width: int = 640, height: int = 480) -> list[int]:
    """The brightness in the middle of each of n cells in a row."""
    return [int(frame[GAP + height // 2, GAP + i * (width + GAP) + width // 2].mean()) for i in range(n)]


def test_each_film_has_its_cell_and_a_shorter_one_holds_its_end(tmp_path):
    cells = [Cell(film(tmp_path / "a.mp4", [40, 80, 120, 160]), ""), Cell(film(tmp_path / "b.mp4", [200, 220]), "")]
    written = list(grid.write(cells, tmp_path / "g.mp4"))
    frames = list(read_film(tmp_path / "g.mp4"))
    assert written == [1, 2, 3, 4] and len(frames) == 4
    assert np.allclose([centres(frame, 2) for frame in frames], [[40, 200], [80, 220], [120, 220], [160, 220]], atol=4)


def test_films_of_different_rates_stay_in_time(tmp_path):
    slow = film(tmp_path / "slow.mp4", [20, 60, 100], fps=5)
    fast = film(tmp_path / "fast.mp4", [20, 40, 60, 80, 100, 120], fps=10)
    list(grid.write([Cell(slow, ""), Cell(fast, "")], tmp_path / "g.mp4"))
    frames = [centres(frame, 2) for frame in read_film(tmp_path / "g.mp4")]
    assert play(tmp_path / "g.mp4")[0] == 10
    assert np.allclose(frames, [[20, 20], [20, 40], [60, 60], [60, 80], [100, 100], [100, 120]], atol=4)


def test_a_film_of_another_shape_is_shown_whole(tmp_path):
    cells = [Cell(film(tmp_path / "a.mp4", [200]), ""), Cell(film(tmp_path / "tall.mp4", [200], width=24, height=48), "")]
    list(grid.write(cells, tmp_path / "g.mp4"))
    frame = next(read_film(tmp_path / "g.mp4"))
    inside = frame[GAP + 240, GAP + 640 + GAP :, 0] > 100
    assert centres(frame, 2)[1] > 190 and 200 < inside.sum() < 260 and not inside[:200].any()


def test_labels_are_written_beneath_and_many_films_stay_narrow(tmp_path):
    one = film(tmp_path / "a.mp4", [0])
    list(grid.write([Cell(one, "w-30")], tmp_path / "with.mp4"))
    list(grid.write([Cell(one, "")], tmp_path / "without.mp4"))
    labelled, bare = (next(read_film(tmp_path / name)) for name in ("with.mp4", "without.mp4"))
    assert len(labelled) > len(bare) and (labelled[GAP + 480 :] > 180).any() and not (bare > 60).any()
    list(grid.write([Cell(one, "x")] * 9, tmp_path / "nine.mp4"))
    assert 1900 < next(read_film(tmp_path / "nine.mp4")).shape[1] < 2000


def test_a_label_is_what_sets_a_take_apart(tmp_path):
    takes = [take(tmp_path / "1", "w-5"), take(tmp_path / "2", "l-3,none-4"), take(tmp_path / "3", "w-5", seed=4)]
    result = CliRunner().invoke(app, ["grid", *map(str, takes), "--out", str(tmp_path / "g.mp4"), "--quiet"])
    assert result.exit_code == 0 and result.stdout.strip() == str(tmp_path / "g.mp4")
    told = read_metadata(tmp_path / "g.mp4")
    assert told["kind"] == "grid" and [row["label"] for row in told["takes"]] == ["w-5, seed 0", "l-3,none-4, seed 0", "w-5, seed 4"]
    assert all(row["sha256"] for row in told["takes"]) and len(list(read_film(tmp_path / "g.mp4"))) == 8
    same = grid.labels([{"prompt": "a", "seed": 1}] * 2, ["01", "02"])
    assert same == ["01", "02"]


@pytest.mark.parametrize(
    "words, said",
    [
        (["nowhere.mp4"], "there is no file nowhere.mp4"),
        (["."], "give a take's folder"),
        (["a.mp4", "--out", "a.mp4"], "is one of the takes"),
        (["a.mp4", "--out", "g.avi"], "ends in .mp4"),
        (["a.mp4", "a.mp4", "--label", "one"], "2 takes and 1 labels"),
        (["a.mp4"] * 37, "1 to 36 films, not 37"),
        (["text.mp4"], "not a film"),
    ],
)
def test_what_cannot_be_is_told(tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    film(tmp_path / "a.mp4", [10])
    (tmp_path / "text.mp4").write_text("no film")
    result = CliRunner().invoke(app, ["grid", *words])
    assert result.exit_code == 2 and said in result.stderr and not (tmp_path / "grid.mp4").exists()


def test_a_grid_that_is_broken_off_leaves_nothing(tmp_path):
    cells = [Cell(film(tmp_path / "a.mp4", [10] * 9), "")]
    writing = grid.write(cells, tmp_path / "g.mp4")
    next(writing)
    writing.close()
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]
