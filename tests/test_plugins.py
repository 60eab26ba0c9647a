"""A package that brings a world, a painter and a policy is really installed, listed, checked and used; broken ones break nothing."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from t2w.errors import MISSING

EXAMPLE = Path(__file__).parent / "example_plugin"


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """A folder with the example installed in it, by pip and without any network."""
    source = Path(shutil.copytree(EXAMPLE, tmp_path_factory.mktemp("source") / "example"))
    target = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--target", target, source]
    try:
        run = subprocess.run([*pip, "--disable-pip-version-check"], check=False, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("no pip here")
    if "No module named pip" in run.stderr:
        pytest.skip("no pip here")
    assert run.returncode == 0, run.stderr
    return target


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def t2w(site: Path, *words: str, code: int = 0) -> list[dict]:
    """The rows that t2w prints as JSON, run beside what is installed in a folder."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), str(EXAMPLE.parents[1])])}
    run = subprocess.run([sys.executable, "-m", "t2w", *words, "--json"], check=False, capture_output=True, text=True, env=env)
    assert run.returncode == code and "Traceback" not in run.stderr, run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()]


def named(rows: list[dict]) -> dict[str, dict]:
    return {row["name"]: row for row in rows}


def test_it_appears_with_all_that_it_says_of_itself(site):
    worlds, painters = (named(t2w(site, verb, "list")[-1][verb]) for verb in ("worlds", "painters"))
    hills = worlds["hills"]
    assert (hills["width"], hills["height"], hills["fps"], hills["horizon"]) == (64, 48, 10.0, 20.0)
    assert hills["keys"] == ["w", "s"] and hills["mouse"] and not hills["text"] and hills["on_disk"]
    assert hills["licence"] == "Apache-2.0" and hills["territory"] == "the Moon"
    assert painters["sunset"]["about"].startswith("an example") and painters["sunset"]["on_disk"]
    assert t2w(site, "worlds", "show", "hills")[-1]["about"] == "an example of a world in another package"
    assert t2w(site, "painters", "show", "sunset")[-1]["licence"] == "Apache-2.0"


def test_it_passes_the_check_of_worlds(site):
    rows = t2w(site, "worlds", "check", "hills")
    assert len(rows) > 8 and all(row["ok"] for row in rows)


def test_it_makes_a_film(site, here):
    from t2w.media.pixels import read_picture

    rows = t2w(
        site, "new", "red hills", "--world", "hills", "--painter", "sunset", "--policy", "spin", "--seconds", "1", "--frames-out", "png"
    )
    end = rows[-1]
    assert end["frames"] == 10 and Path(end["take"]).is_file()
    frames = [read_picture(path) for path in sorted(Path("png").iterdir())]
    # The policy walks on (down by one) and turns nine degrees (left by nine); the sky's first rows flicker.
    assert len(frames) == 11 and np.array_equal(frames[2][6:], np.roll(frames[1], (1, -9), (0, 1))[6:])
    assert t2w(site, "again", end["take"])[-1]["same"]


def test_it_is_gone_when_it_is_not_installed(tmp_path):
    assert "hills" not in named(t2w(tmp_path, "worlds", "list")[-1]["worlds"])


BROKEN = {
    "missing": ("import no_such_module", "no_such_module"),
    "raising": ("raise RuntimeError('out of order')", "out of order"),
    "leaving": ("raise SystemExit('good bye')", "good bye"),
    "unwritten": ("def f(:", "invalid syntax"),
    "dividing": ("1 / 0", "division by zero"),
    "silent": ("", "has no SPEC"),
    "lying": ("SPEC = {'name': 'lying'}", "has no SPEC"),
}


@pytest.fixture
def broken(tmp_path) -> Path:
    """An installed package whose worlds and painters are each broken in another way."""
    info = tmp_path / "broken_things-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-things\nVersion: 0.1\n")
    lines = [f"{name} = broken_{name}\n" for name in BROKEN]
    (info / "entry_points.txt").write_text(
        f"[t2w.worlds]\n{''.join(lines)}[t2w.painters]\n{''.join(lines)}[t2w.policies]\nlost = nowhere:f\n"
    )
    for name, (text, _) in BROKEN.items():
        (tmp_path / f"broken_{name}.py").write_text(text + "\n")
    return tmp_path


@pytest.mark.parametrize("verb", ["worlds", "painters"])
def test_a_broken_one_is_shown_with_its_error_and_breaks_nothing(broken, verb):
    rows = named(t2w(broken, verb, "list")[-1][verb])
    assert rows["sim"]["on_disk"] and "error" not in rows["starter"]
    for name, (_, words) in BROKEN.items():
        assert words in rows[name]["error"] and name in rows[name]["error"] and "\n" not in rows[name]["error"]


def test_a_broken_one_is_a_sentence_where_it_is_asked_for(broken, here):
    (row,) = t2w(broken, "worlds", "check", "raising", code=MISSING)
    assert "the plug-in 'raising' of the package broken-things (broken_raising) does not load: RuntimeError: out of order" in row["error"]
    base = ("new", "a meadow", "--frames", "1", "-n", "1")
    (row,) = t2w(broken, *base, "--world", "sim", "--painter", "leaving", code=MISSING)
    assert "good bye" in row["error"]
    (row,) = t2w(broken, *base, "--world", "sim", "--painter", "sim", "--policy", "lost", code=MISSING)
    assert "nowhere" in row["error"] and list(here.glob("worlds/*")) == []
