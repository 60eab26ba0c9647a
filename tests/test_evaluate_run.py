"""An evaluation as a command: it is kept case by case, goes on where it stopped, and ends in a page that needs no other file."""

import base64
import json
import os
import random
import re
import signal
import subprocess
import sys
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image

from t2w.cli.app import app
from t2w.evaluate import plots, run, store
from t2w.evaluate.painter import wish
from t2w.evaluate.part import Found, Part, Strip
from t2w.evaluate.phrases import paraphrase
from t2w.evaluate.store import Store, digest, picture
from t2w.evaluate.truth import world
from t2w.nn.judge import Judge
from t2w.sim.understand import understand
from t2w.train.judge import TINY, save

FRAME = np.zeros((4, 6, 3), np.uint8)


def counting(asked: list[int], fails: int | None = None, **more) -> Part:
    """A part whose case k is k; it is told which were measured."""

    def case(ask, k):
        if k == fails:
            raise KeyboardInterrupt
        asked.append(k)
        return Found({"k": k, "nothing": float("nan")}, (Strip("two films", [np.stack([FRAME] * 3)] * 2),))

    return Part(
        "counting", "Counts.", case, lambda cases: {"counting": [{"sum": sum(c["k"] for c in cases)}]}, n=4, few=1, frames=1, **more
    )


def test_what_is_measured_once_is_not_measured_again(tmp_path):
    asked, store = [], Store(tmp_path, {"world": "a"})
    with pytest.raises(KeyboardInterrupt):
        list(run.measure({counting(asked, fails=2): 4}, None, store))
    assert asked == [0, 1] and run.left({counting(asked): 4}, store) == 2
    kept = [done.kept for done in run.measure({counting(asked): 4}, None, store)]
    assert asked == [0, 1, 2, 3] and kept == [True, True, False, False]
    assert run.tables(counting(asked), 4, store) == {"counting": [{"sum": 6}]}


@pytest.mark.parametrize("change", [{"about": {"world": "b"}}, {"settings": (2,)}, {"code": "other"}])
def test_other_settings_and_other_code_are_measured_anew(tmp_path, change, monkeypatch):
    asked, about, code = [], change.pop("about", {"world": "a"}), change.pop("code", store.code())
    list(run.measure({counting(asked): 1}, None, Store(tmp_path, {"world": "a"})))
    monkeypatch.setattr(store, "code", lambda: code)
    list(run.measure({counting(asked, **change): 1}, None, Store(tmp_path, about)))
    assert asked == [0, 0]


def test_a_digest_changes_with_the_weights_and_not_with_a_card(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "x.safetensors").write_bytes(b"1")
    before = digest([tmp_path])
    (tmp_path / "card.json").write_text("{}")
    assert digest([tmp_path]) == before
    (tmp_path / "x.safetensors").write_bytes(b"2")
    assert digest([tmp_path]) != before


def test_films_lie_below_each_other_and_time_goes_to_the_right():
    films = [np.stack([np.full_like(FRAME, 40 * row + t) for t in range(3)]) for row in range(2)]
    shown = picture(Strip("", films))
    assert shown.shape == (2 * 4 + 2, 3 * 6 + 2 * 2, 3)
    assert shown[0, [0, 8, 16], 0].tolist() == [0, 1, 2] and shown[6, 0, 0] == 40 and shown[5, 0, 0] == 255


class Page(HTMLParser):
    """Opened and closed tags, and what they load."""

    def __init__(self, text: str):
        super().__init__()
        self.open, self.tags, self.loads = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.loads += [value for name, value in attributes if name in ("src", "href")]
        if tag not in ("meta", "img", "line", "rect", "circle", "polyline"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_a_page_is_whole_and_loads_nothing(tmp_path):
    store, plan = Store(tmp_path, {}), {counting([], plots=lambda tables: [plots.lines("a < b", [1, 2], {"x": [0.0, float("nan")]})]): 2}
    list(run.measure(plan, None, store))
    paths = run.report("A <world>", plan, store, {"seed": 0}, ["left out"])
    page = Page(text := paths["page"].read_text("utf-8"))
    assert page.open == [] and {"table", "svg", "img"} <= set(page.tags) and "A &lt;world&gt;" in text and "nan" not in text
    assert page.loads and all(load.startswith("data:image/jpeg;base64,") for load in page.loads)
    assert Image.open(BytesIO(base64.b64decode(page.loads[0].partition(",")[2]))).size == (3 * 6 + 4, 2 * 4 + 2)
    found = json.loads(paths["json"].read_text("utf-8"))
    assert found["counting"] == [{"sum": 1}] and found["cases"] == {"counting": 2}


@pytest.mark.parametrize("values", [[0.0, 0.0], [1e-9, -3.0], [float("nan")] * 2, [25.0, 1000.0]])
def test_drawings_stay_on_their_paper(values):
    for drawing in (plots.bars("t", ["a", "b"], {"x": values}), plots.lines("t", [0, 1], {"x": values})):
        for name, number in re.findall(r' (c?[xy]|width|height)="(-?[\d.]+)"', drawing):
            assert -1 <= float(number) <= plots.WIDTH, (name, drawing)


@pytest.fixture(scope="module")
def judge(tmp_path_factory):
    path = tmp_path_factory.mktemp("judge")
    torch.manual_seed(0)
    save(Judge(TINY), path, {})
    return path


def command(capsys, *words: str) -> dict:
    with pytest.raises(SystemExit):
        app([*words, "--json"])
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_the_simulator_is_evaluated_from_the_command_line(tmp_path, judge, capsys):
    words = ("eval", "world", "sim", "--only", "control", "--only", "revisit", "-n", "1", "--out", str(tmp_path), "--judge", str(judge))
    found = command(capsys, *words)
    assert found["ok"] and found["control"][0]["right"] == 1 and found["revisit"][0]["ssim"] == found["revisit"][0]["true ssim"]
    assert (tmp_path / "eval.html").stat().st_size > 20_000
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("0*.json")}
    assert command(capsys, *words)["control"] == found["control"]
    assert before and before == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("0*.json")}


def test_the_simulator_as_a_painter_is_evaluated_from_the_command_line(tmp_path, judge, capsys):
    found = command(capsys, "eval", "painter", "sim", "-n", "2", "--out", str(tmp_path), "--judge", str(judge))
    assert found["ok"] and {"view", "landmark with its colour"} < {row["attribute"] for row in found["words"]}
    assert found["diversity"][0]["painter"] == found["diversity"][0]["simulator"] > 0


def test_a_paraphrase_is_understood_as_what_it_paraphrases():
    """Nothing that is said in other words is lost: what the painter makes of it names the same."""
    for k in range(30):
        said = wish(world(k))
        heard = understand(paraphrase(said, random.Random(k)))
        assert {name: heard.get(name) for name in said} == said


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
def test_interrupted_it_says_how_to_go_on(tmp_path, judge):
    command = [sys.executable, "-m", "t2w", "eval", "world", "sim", "--only", "control", "-n", "500", "--json", "--out", str(tmp_path)]
    process = subprocess.Popen([*command, "--judge", str(judge)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert json.loads(process.stdout.readline())["event"] == "case"
    process.send_signal(signal.SIGINT)
    last = json.loads(process.communicate()[0].splitlines()[-1])
    assert process.returncode == last["code"] == 130 and "the same command goes on" in last["error"]
    assert len(list(tmp_path.rglob("0000.json"))) == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("world", "sim", "--only", "obedience"), "--only obedience is none of horizon, control, obey"),
        (("world", "nowhere"), "no world named 'nowhere'"),
        (("world", "sim", "--start", "nowhere.png"), "there is no file nowhere.png"),
        (("painter", "nothing"), "no painter named 'nothing'"),
        (("world", "sim", "--only", "obey", "-n", "1", "--judge", "nowhere", "--out", "out"), "nowhere holds no judge"),
    ],
)
def test_wrong_use_is_a_sentence(words, sentence, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = command(capsys, "eval", *words)
    assert not found["ok"] and sentence in found["error"]
