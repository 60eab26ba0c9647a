"""t2w actions: check, show, convert."""

import json

import pytest
from typer.testing import CliRunner

from t2w.actions.script import read
from t2w.cli.app import app


def run(*arguments):
    return CliRunner().invoke(app, ["actions", *map(str, arguments)])


@pytest.fixture
def visit(tmp_path):
    path = tmp_path / "visit.yaml"
    path.write_text("steps:\n  - {hold: [w], for: 2s}\n  - {look: {right: 90}, for: 1s}\n  - {say: snow falls}\n  - {wait: 1s}\n")
    return path


def test_check_says_how_long_and_what_is_used(visit):
    said = run("check", visit)
    assert said.exit_code == 0
    assert "60 frames, 4.0 s at 15 frames/s" in said.output and "snow falls" in said.output
    assert "visit.yaml:2" in said.output.replace("\n", "")


def test_check_answers_programs_with_one_object(visit):
    said = run("check", visit, "--fps", 30, "--json")
    answer = json.loads(said.stdout)
    assert answer["ok"] and (answer["frames"], answer["seconds"]) == (120, 4.0)
    assert answer["uses"] == {"w": f"{visit}:2", "mouse": f"{visit}:3"} and answer["says"] == [{"frame": 90, "text": "snow falls"}]


def test_a_wrong_script_ends_with_code_2_and_one_sentence(visit):
    visit.write_text("steps:\n  - {hold: [w], for: -2s}")
    said = run("check", visit)
    assert said.exit_code == 2
    assert said.stderr.startswith(f"error: {visit}:2:22: a time is more than zero, not '-2s'") and said.stderr.count("\n") == 1
    answer = json.loads(run("check", visit, "--json").stdout)
    assert not answer["ok"] and answer["code"] == 2


@pytest.mark.parametrize("fps", [0, -1, "nan", "inf", 1e9])
def test_a_frame_rate_is_a_sensible_number(fps):
    said = run("check", "w-3", "--fps", fps)
    assert said.exit_code == 2 and "--fps is more than 0 and at most 1000" in said.stderr


def test_show_draws_a_row_a_key():
    lines = run("show", "w-30,wd-15,l-15").output.splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["w", "d", "mouse"]
    assert lines[1].count("█") > 2 * lines[2].count("█") > 0 and "3.0 s" in lines[1]
    assert "→60°" in lines[3]


@pytest.mark.parametrize("script", ["w-1", "none-1", "w-50000", ",".join(["w-1", "l-1"] * 300)])
def test_show_draws_scripts_of_any_length(script):
    said = run("show", script)
    assert said.exit_code == 0 and max(map(len, said.output.splitlines())) <= 80


def test_show_gives_programs_every_action():
    answer = json.loads(run("show", "w-1,l-1", "--json").stdout)
    assert answer["actions"] == [{"keys": ["w"], "mouse": [0.0, 0.0]}, {"keys": [], "mouse": [4.0, 0.0]}]


@pytest.mark.parametrize("suffix", ["yaml", "jsonl", "txt"])
def test_convert_goes_by_the_suffix_and_keeps_every_action(tmp_path, suffix):
    out = tmp_path / f"out.{suffix}"
    assert run("convert", "w-30,wl-15,none-5", out).exit_code == 0
    assert read(out).actions(15) == read("w-30,wl-15,none-5").actions(15)
    assert [path.name for path in tmp_path.iterdir()] == [out.name]


def test_convert_prints_for_a_dash(visit):
    said = run("convert", visit, "-")
    assert said.stdout.startswith("# 60 frames at 15 frames/s\nsteps:\n  - {hold: [w], for: 2s}\n") and not said.stderr
    assert len(run("convert", visit, "-", "--to", "jsonl").stdout.splitlines()) == 60
    assert run("convert", "w-3,l-2", "-", "--to", "txt").stdout == "w-3,l-2\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("w-3", "out.mp4"), "does not end as a script does"),
        (("w-3", "none/out.yaml"), "there is no folder none"),
        (("w-3", "-", "--to", "csv"), "--to is yaml, jsonl or txt, not 'csv'"),
        (("w-3", "-", "--json"), "both write to stdout"),
        (("visit.yaml", "out.txt"), "the short form has no words to say"),
    ],
)
def test_what_cannot_be_converted_is_told_in_a_sentence(visit, arguments, words, monkeypatch):
    monkeypatch.chdir(visit.parent)
    said = run("convert", *arguments)
    assert said.exit_code in (1, 2) and words in said.stderr
    assert [path.name for path in visit.parent.iterdir()] == ["visit.yaml"]
