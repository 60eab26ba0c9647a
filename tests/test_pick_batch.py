"""The artist's stop: all sheets of a batch are walked through, on a terminal or a page, and what is picked is what is rolled."""

import json
import os
import re
import shlex
import shutil
from html import unescape

import pytest
from browser import MISSING, Browser
from small_batch import RECIPE, rows, set_up, t2w
from test_cli_terminal import Terminal
from typer.testing import CliRunner

from t2w.batch import picks
from t2w.cli import app
from t2w.start import folder as disk

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the batches of the tests need signals")


@pytest.fixture(scope="module")
def painted(tmp_path_factory):
    """A batch that has painted three candidates of each of three prompts, and waits."""
    here = tmp_path_factory.mktemp("painted")
    env = set_up(here, RECIPE + "candidates: 3\npick: ask\n")
    code, said = t2w(here, env, "r.yaml", "--out", "b")
    assert code == 0 and said[-1]["takes"] == {"waiting": 6}
    return here, env


@pytest.fixture
def here(painted, tmp_path, monkeypatch):
    shutil.copytree(painted[0], tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def pick(*words: str, said: str | None = None):
    result = CliRunner().invoke(app, ["pick", *words, "--json"], input=said)
    return result.exit_code, json.loads(result.stdout.splitlines()[-1])


def test_what_waits_is_a_world_each_in_the_order_of_the_plan(here):
    found = picks.waiting(here / "b")
    assert [world.prompt for world in found] == ["a red sea", "a blue sea", "a green sea"]
    assert all(world.candidates == 3 and world.takes == 2 and world.pick is None for world in found)


def test_picks_in_a_file_are_what_is_rolled(here, painted):
    first, second, third = (world.name for world in picks.waiting(here / "b"))
    (here / "picks.txt").write_text(f"# mine\n{first} 3\n\n  {third} 2\n")
    code, result = pick("b", "--picks", "picks.txt")
    assert code == 0 and result["picked"] == {first: 3, third: 2} and result["left"] == 1
    code, said = t2w(here, painted[1], "resume", "b")
    assert code == 0 and said[-1]["takes"] == {"done": 4, "waiting": 2}
    assert {row["folder"]: row["pick"] for row in rows(here / "b")} == {first: 3, second: None, third: 2}
    assert pick("b", "--picks", "-", said=f"{second} 1")[1]["picked"] == {second: 1}
    t2w(here, painted[1], "resume", "b")
    assert pick("b")[1] == {"event": "result", "ok": True, "folder": "b", "picked": {}, "left": 0}


@pytest.mark.parametrize(
    "line, said",
    [
        ("NAME", "p.txt:2: a world and the number of a candidate are wanted"),
        ("NAME 4", "p.txt:2: NAME has 3 candidates, 1 to 3; 4 is none"),
        ("NAME 0", "has 3 candidates, 1 to 3; 0 is none"),
        ("worlds/nowhere 1", "p.txt:2: no world worlds/nowhere waits"),
        ("NAME 1\nNAME 2", "p.txt:3: NAME is picked twice, 1 and 2"),
    ],
)
def test_a_wrong_line_is_told_and_nothing_is_picked(here, line, said):
    first, second, _ = (world.name for world in picks.waiting(here / "b"))
    (here / "p.txt").write_text(f"{second} 1\n" + line.replace("NAME", first))
    code, result = pick("b", "--picks", "p.txt")
    assert code == 2 and said.replace("NAME", first) in result["error"]
    assert [world.pick for world in picks.waiting(here / "b")] == [None] * 3


def test_wrong_use_is_told(here):
    world = picks.waiting(here / "b")[0].name
    for words, said in (
        (["b"], "--html"),
        (["b", "2"], "a batch with many worlds"),
        (["b", "--picks", "nowhere.txt"], "there is no file nowhere.txt"),
        ([f"b/{world}", "--html"], "is no batch"),
        (["site"], "no world.json"),
    ):
        code, result = pick(*words)
        assert code == 2 and said in result["error"], words


def test_what_the_page_says_works_where_the_picks_were_saved(here, monkeypatch):
    (here / "b").rename(here / "the artist's b")
    names = [world.name for world in picks.waiting(here / "the artist's b")]
    pick("the artist's b", "--html")
    page = (here / "the artist's b" / "pick.html").read_text("utf-8")
    command, after = (shlex.split(unescape(said)) for said in re.findall("<code>(.*?)</code>", page))
    (here / "downloads").mkdir()
    monkeypatch.chdir(here / "downloads")
    (here / "downloads" / "picks.txt").write_text(f"{names[1]} 2\n")
    assert command[:2] == ["t2w", "pick"] and pick(*command[2:])[1]["picked"] == {names[1]: 2}
    assert after == ["t2w", "batch", "resume", command[2]]


def test_on_a_terminal_sheets_come_one_after_another(here):
    names = [world.name for world in picks.waiting(here / "b")]
    terminal = Terminal(here, "pick", "b")
    terminal.until("1/3")
    terminal.until("Which one?")
    assert "▀" in terminal.seen and "38;2;" in terminal.seen
    terminal.say("7\n")
    terminal.until("a number from 1 to 3")
    terminal.say("3\n")
    terminal.until("2/3")
    terminal.say("\n")  # later
    terminal.until("3/3")
    terminal.say("b\n")
    terminal.seen = ""
    terminal.until("2/3")
    terminal.say("1\n")
    terminal.until("3/3")
    terminal.say("q\n")
    terminal.until("2 picked, 1 left; t2w pick b goes on")
    assert terminal.process.wait(30) == 0
    assert [disk.read(here / "b" / name)["pick"] for name in names] == [3, 1, None]
    again = Terminal(here, "pick", "b", "--no-preview")
    again.until("1/1")
    os.killpg(again.process.pid, 2)
    assert again.process.wait(30) == 130 and "▀" not in again.seen


@pytest.mark.skipif(MISSING is not None, reason=str(MISSING))
def test_in_a_browser_keys_pick_and_the_page_says_what_to_do(here, tmp_path_factory):
    names = [world.name for world in picks.waiting(here / "b")]
    code, result = pick("b", "--html")
    assert code == 0 and result["page"] == "b/pick.html" and result["left"] == 3
    with Browser(tmp_path_factory.mktemp("profile")) as browser:
        browser.open(here / "b" / "pick.html")
        browser.until("return [...document.querySelectorAll('#sheet img')].every(image => image.complete && image.naturalWidth)")
        for key in ("2", "9", "3", "\ue012", "0", "1"):  # 9 is no candidate; left, take it back, another
            browser.press(key)
        assert browser.run("return document.querySelector('#picks').value") == f"{names[0]} 2\n{names[1]} 1\n"
        assert f"t2w pick {here / 'b'} --picks picks.txt" in browser.run("return document.body.textContent")
        browser.open(here / "b" / "pick.html")  # opened again, it goes on where it was
        assert browser.run("return document.querySelector('#prompt').textContent").startswith("3/3")
        browser.run("document.querySelectorAll('#sheet button')[2].click()")
        text = browser.run("return document.querySelector('#picks').value")
        assert browser.complaints() == []
    assert pick("b", "--picks", "-", said=text)[1]["picked"] == dict(zip(names, (2, 1, 3), strict=True))
