"""What there is, through the command line: worlds, painters, the state of the machine; and words for people or programs."""

import json

import numpy as np
import pytest
from strip import SPEC
from typer.testing import CliRunner

from t2w.cli import app


def t2w(*words: str, code: int = 0):
    result = CliRunner().invoke(app, words)
    assert result.exit_code == code, (result.exit_code, result.output, result.exception)
    return result


def lines(result) -> list[dict]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_worlds_are_listed_for_people_and_programs():
    words = t2w("worlds", "list").stdout
    assert "starter" in words and "sim" in words and "160×96" in words
    assert all(" " in line and line[0] != " " for line in words.splitlines())  # a row stays on its line
    (row,) = lines(t2w("worlds", "list", "--json"))
    assert row["event"] == "result" and {world["name"] for world in row["worlds"]} >= {"starter", "sim"}


def test_a_world_is_shown_with_its_keys():
    assert "lmb" in t2w("worlds", "show", "sim").stdout
    (row,) = lines(t2w("worlds", "show", "sim", "--json"))
    assert row["keys"] == ["w", "a", "s", "d", "space", "e", "lmb"] and row["fps"] == 15
    assert "no world named" in t2w("worlds", "show", "nowhere", code=2).stderr


@pytest.mark.weights
def test_the_starter_world_says_how_it_was_trained():
    (row,) = lines(t2w("worlds", "show", "starter", "--json"))
    assert row["card"]
    assert "trained" in t2w("worlds", "show", "starter").stdout
    (row,) = lines(t2w("worlds", "show", "starter", "--history", "--json"))
    assert len(row["history"]) >= 1 and all({"what", "figures", "learnt"} <= set(one) for one in row["history"])


def test_a_world_is_checked():
    rows = lines(t2w("worlds", "check", "sim", "--json"))
    assert len(rows) > 5 and all(row["ok"] for row in rows) and rows[-1]["failed"] == 0
    assert "ok" in t2w("worlds", "check", "sim").stderr


def test_painters_are_listed_and_shown():
    assert "diffusers" in t2w("painters", "list").stdout
    assert lines(t2w("painters", "show", "sim", "--json"))[0]["name"] == "sim"
    assert "no painter named" in t2w("painters", "show", "nobody", code=2).stderr


def test_doctor_looks_at_everything_once():
    result = CliRunner().invoke(app, ["doctor", "--json"])
    rows = lines(result)
    found = {row["name"]: row["ok"] for row in rows if row["event"] == "finding"}
    assert {"python", "torch", "device", "ffmpeg", "starter painter", "starter world", "free disk", "writable folder"} <= set(found)
    missing = [name for name, ok in found.items() if ok is False]
    assert rows[-1]["missing"] == missing and result.exit_code == (1 if missing else 0) and rows[-1]["ok"] == (not missing)


def test_version_and_help():
    assert t2w("--version").stdout.startswith("t2w ")
    assert "roll" in t2w("--help").stdout


def test_a_world_says_when_a_picture_is_not_of_its_kind():
    from dataclasses import replace

    from t2w.dream import fitted
    from t2w.start.start import Start

    frame, spec = np.zeros((16, 16, 3), np.uint8), replace(SPEC, pictures="pictures of strips")
    start = Start("", "picture", 0, 16, 16)
    made, notes = fitted(frame, start, spec)
    assert made.shape == (8, 8, 3) and "trained on pictures of strips" in notes[0] and "16×16" in notes[1]
    assert fitted(frame[:8, :8], replace(start, painter="sim"), spec)[1] == []
