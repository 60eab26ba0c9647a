"""The page of a batch: what is in it, what is made beside it, and that a browser shows it without a complaint."""

import json
import re
import shlex
import sys
from dataclasses import replace
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from browser import MISSING, Browser
from many_takes import SCRIPTS, batch, take

from t2w.batch import counterfactuals, report, results
from t2w.errors import T2WError
from t2w.media.metadata import read_metadata
from t2w.media.pixels import read_picture
from t2w.media.video import last_frame, read_film


def data(folder: Path, name: str) -> list[dict]:
    """What the page's script reads."""
    page = (folder / "index.html").read_text("utf-8")
    return json.loads(page.partition(f'id="{name}">')[2].partition("</script>")[0])


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """24 takes: two failed, four waiting; the folder and its report."""
    folder = tmp_path_factory.mktemp("b")
    batch(folder, 24, failed=2, waiting=4)
    return folder, report.make(folder)


def test_the_page_has_every_take_and_names_only_files_that_are_there(small):
    folder, made = small
    takes = data(folder, "takes")
    assert made.page == folder / "index.html" and len(takes) == 24
    assert [one["status"] for one in takes] == ["failed"] * 2 + ["done"] * 18 + ["waiting"] * 4
    done, waiting = takes[2:20], takes[20:]
    assert all((folder / one[name]).is_file() for one in done for name in ("film", "poster", "end", "sheet"))
    assert all(one["size"] == [8, 8] and one["kept"] > 0 and one["start"] == 7 for one in done)
    assert takes[0]["error"].startswith("the worker was ended") and takes[0]["end"] is None
    assert all((folder / one["poster"]).is_file() and one["start"] is None for one in waiting)


def test_what_the_page_says_of_the_waiting_works_wherever_it_is_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    batch(Path("the artist's b"), 2, waiting=1)
    page = report.make(Path("the artist's b")).page.read_text("utf-8")
    pick, after = (shlex.split(part) for part in unescape(re.search("<code>(.*?)</code>", page)[1]).split(", then "))
    assert pick == ["t2w", "pick", str(tmp_path / "the artist's b")] and after == ["t2w", "batch", "resume", pick[2]]


def test_the_page_asks_for_nothing_from_elsewhere_and_words_stay_words(small):
    page = (small[0] / "index.html").read_text("utf-8")
    assert "http:" not in page and "https:" not in page and "//" not in page.partition("<script>")[0].replace("://", "")
    assert "<b>seen" not in page and "<b>seen</b>" in data(small[0], "takes")[3]["prompt"]


def test_a_contact_sheet_and_a_table_lie_beside_it(small):
    folder, made = small
    assert made.sheet == folder / "contact-sheet.png" and read_picture(made.sheet).shape[1] > 600
    told = read_metadata(made.sheet)
    assert told["kind"] == "contact sheet" and len(told["takes"]) == 18
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is an extra")
    table = parquet.read_table(made.table).to_pylist()
    assert [results.Row(**row) for row in table] == results.read(folder) and made.notes == ()


def test_without_pyarrow_one_sentence_says_what_is_left_out(small, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    made = report.make(small[0])
    assert made.table is None and "pip install 't2w[parquet]'" in made.notes[0]


def test_what_is_there_is_not_made_again_and_what_is_gone_is_done_without(tmp_path):
    rows = batch(tmp_path, 4)
    report.make(tmp_path)
    small = {path: path.stat().st_mtime_ns for path in (tmp_path / "posters").iterdir()}
    (tmp_path / "posters" / "0000.jpg").write_bytes(b"of an earlier batch")
    report.make(tmp_path)
    assert small == {path: path.stat().st_mtime_ns for path in (tmp_path / "posters").iterdir()} and len(small) == 5
    for path in (tmp_path / rows[0].take).iterdir():
        path.unlink()
    (tmp_path / rows[1].poster).write_bytes(b"broken")
    report.make(tmp_path)
    assert len(data(tmp_path, "takes")) == 4 and "kept" not in data(tmp_path, "takes")[0]


def test_a_row_is_a_row_whatever_letters_are_in_it(tmp_path):
    batch(tmp_path, 2)
    found = [replace(row, error="one\u2028two\u0085three") for row in results.read(tmp_path)]
    results.write(tmp_path, found)
    assert results.read(tmp_path) == found


def test_no_batch_is_told(tmp_path):
    with pytest.raises(T2WError, match="is no batch"):
        report.make(tmp_path)


def test_a_start_frame_under_many_scripts_becomes_a_grid_film(tmp_path):
    batch(tmp_path, 20, failed=1, scripts=SCRIPTS, sources=[take(tmp_path / ".s" / str(k), f"w-{k + 3}") for k in range(5)])
    made = report.make(tmp_path)
    grids = data(tmp_path, "grids")
    assert len(made.grids) == 4 and [one["film"] for one in grids] == [path.relative_to(tmp_path).as_posix() for path in made.grids]
    assert grids[0]["acts"] == ["l-8", "none-8", "w-4,l-4", "visit.yaml"]  # one failed
    assert grids[1]["acts"] == [Path(script).name for script in SCRIPTS] and read_metadata(made.grids[1])["kind"] == "grid"
    assert len(list(read_film(made.grids[0]))) == 8  # as long as its longest
    before = {path.name: path.stat().st_mtime_ns for path in made.grids}
    rows = results.read(tmp_path)
    results.write(tmp_path, rows[1:4] + rows[5:])  # a recipe with one script fewer for the first seed
    after = {path.name: path.stat().st_mtime_ns for path in report.make(tmp_path).grids}
    assert set(after) == {path.name for path in (tmp_path / "grids").iterdir()} and len(after) == 4
    assert len(before.items() & after.items()) == 3  # only that one is made anew


def test_a_grid_of_a_take_that_is_gone_is_done_without(tmp_path):
    rows = batch(tmp_path, 20, scripts=SCRIPTS)
    (tmp_path / rows[0].film).unlink()
    (tmp_path / rows[1].take / "take.json").unlink()
    made = report.make(tmp_path)
    assert made.page.is_file() and len(made.grids) == 2 and len(data(tmp_path, "grids")) == 2


def test_takes_that_are_still_to_come_are_waited_for_and_two_scripts_are_no_grid(tmp_path):
    rows = batch(tmp_path, 20, scripts=SCRIPTS)
    assert len(counterfactuals.find(rows)) == 4
    assert len(counterfactuals.find([*rows[:-1], replace(rows[-1], status="pending")])) == 3
    assert counterfactuals.find(rows[:8]) == []


def test_the_last_frame_of_a_film_is_found_however_short_it_is(tmp_path):
    for n in (1, 40):
        film = take(tmp_path / str(n), f"w-{n}") / "take.mp4"
        *_, last = read_film(film)
        assert np.array_equal(last_frame(film), last)


@pytest.mark.skipif(MISSING is not None, reason=str(MISSING))
def test_five_hundred_takes_are_shown_by_a_browser_without_a_complaint(tmp_path):
    batch(tmp_path / "b", 500, failed=6, waiting=20)
    report.make(tmp_path / "b")
    with Browser(tmp_path / "profile") as browser:
        browser.open(tmp_path / "b" / "index.html")
        browser.until(
            "return [...document.querySelectorAll('#cards img')].slice(0, 8).every(image => image.complete && image.naturalWidth)"
        )
        cards = browser.run("return document.querySelectorAll('#cards article').length")
        assert 8 < cards <= 240  # the others come when they are scrolled to
        assert browser.run("return document.querySelectorAll('video').length") == 0
        assert "number 0, <b>seen</b>" in browser.run("return document.querySelector('#cards article').textContent")
        browser.run("document.querySelector('#status').value = 'done'; document.querySelector('#status').onchange()")
        browser.run("document.querySelector('#search').value = 'RED l-8'; document.querySelector('#search').oninput()")
        assert browser.run("return document.querySelector('#count').textContent") == "46 of 500 takes"
        browser.hover("#cards article:nth-child(2) .film")
        browser.until("return document.querySelector('#cards video')?.currentTime > 0.2")
        assert browser.run("return document.querySelectorAll('video').length") == 1
        browser.run("document.querySelector('#cards article:nth-child(5) .film').click()")
        tabs = browser.run("return [...document.querySelectorAll('dialog nav button')].map(button => button.textContent)")
        assert tabs == [
            "this take",
            *(f"beside {what}" for what in ("1 of another script", "3 of another take seed", "59 of another prompt")),
        ]
        browser.run("document.querySelectorAll('dialog nav button')[2].click()")
        browser.until("return [...document.querySelectorAll('dialog video')].filter(video => video.currentTime > 0).length == 4")
        assert browser.complaints() == []
