"""Wrong input through the command line: one sentence on stderr, the right exit code, no traceback, nothing half made."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from t2w.cli import app

SIM = ("--world", "sim", "--painter", "sim")
NEW = ("new", "a meadow", *SIM, "-n", "4", "--frames", "2")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(*words: object, code: int = 2) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, (result.exit_code, result.output, result.exception)
    assert isinstance(result.exception, SystemExit) and "Traceback" not in result.output
    assert result.stdout == ""
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith("error: ")
    return last


@pytest.mark.parametrize("prompt", ["", "   ", "x" * 10_000])
def test_prompts_of_no_use(here, prompt):
    refused("new", prompt, *SIM)
    assert list(here.iterdir()) == []


def test_emoji_are_words_too(here):
    result = CliRunner().invoke(app, ["frames", "🌲❄️ 雪の森 \U0001f3f0", *SIM, "-n", "1"])
    assert result.exit_code == 0 and next((here / "worlds").iterdir()).name.startswith("world-")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--seconds", "0"), "--seconds 0 is out of range"),
        (("--seconds", "-1"), "--seconds -1 is out of range"),
        (("--seconds", "1e9"), "out of range"),
        (("--seconds", "nan"), "out of range"),
        (("--frames", "0"), "--frames 0 is out of range"),
        (("--frames", "999999999"), "out of range"),
        (("--seconds", "1", "--frames", "4"), "give one of them"),
        (("--actions", "w-3", "--policy", "random"), "give one of them"),
        (("--pick", "9"), "--pick 9 is out of range: there are 4 candidates"),
        (("--pick", "0"), "out of range"),
        (("--pick", "third"), "no choice"),
        (("--pick", "ask"), "no terminal to ask on"),
        (("-n", "0"), "-n 0 is out of range"),
        (("-n", "1000"), "out of range"),
        (("--seed", "-1"), "out of range"),
        (("--world", "strater"), "did you mean 'starter'"),
        (("--painter", "smi"), "did you mean 'sim'"),
        (("--policy", "exlpore"), "explore"),
        (("--policy", "no_module:thing"), "no_module"),
        (("--device", "gpu"), "--device gpu is none of"),
        (("--dtype", "int8"), "--dtype int8 is none of"),
        (("--actions", "no/such.yaml"), "no/such.yaml"),
        (("--actions", "wz-3"), "z"),
        (("--actions", "w-0"), "w-0"),
        (("--actions", ""), "empty"),
    ],
)
def test_options_of_no_use(here, words, said):
    given = [
        word for pair in zip(NEW[2::2], NEW[3::2], strict=True) for word in pair if pair[0] not in ("--frames",) and pair[0] not in words
    ]
    length = () if {"--seconds", "--frames"} & set(words) else ("--frames", "2")
    assert said in refused("new", "a meadow", *given, *length, *words)
    assert list(here.iterdir()) == []  # told before anything was made


def test_a_script_with_a_fault_says_where(here):
    Path("walk.yaml").write_text("steps:\n  - {hold: [w], for: 2s}\n  - {hold: [warp], for: 1s}\n")
    assert "walk.yaml:3:" in refused(*NEW[:-2], "--actions", "walk.yaml")
    Path("walk.yaml").write_text("steps:\n  - {hold: [w], for: -2s}\n")
    assert "walk.yaml:2:" in refused(*NEW[:-2], "--actions", "walk.yaml")


def picture(name: str, size: tuple[int, int] = (20, 20), mode: str = "RGB") -> str:
    Image.new(mode, size).save(name)
    return name


def test_pictures_of_no_use(here):
    roll = ("--world", "sim", "--frames", "1")
    assert "no file" in refused("roll", "missing.png", *roll)
    assert "1×1" in refused("roll", picture("dot.png", (1, 1)), *roll)
    assert "megapixels" in refused("roll", picture("huge.png", (9000, 9000), "1"), *roll)
    whole = Path(picture("whole.png", (200, 200))).read_bytes()
    Path("cut.png").write_bytes(whole[: len(whole) // 2])
    assert "broken or cut-off" in refused("roll", "cut.png", *roll)
    Path("text.png").write_text("not a picture")
    assert "not a picture" in refused("roll", "text.png", *roll)
    assert "no world.json" in refused("roll", here, *roll)
    assert not Path("worlds").exists()


def test_a_picture_with_alpha_is_fine(here):
    result = CliRunner().invoke(app, ["roll", picture("clear.png", (50, 30), "RGBA"), "--world", "sim", "--frames", "1"])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("verb", ["show", "again"])
def test_files_without_a_manifest(here, verb):
    assert "no file" in refused(verb, "missing.mp4")
    assert "no manifest" in refused(verb, picture("plain.png"))
    Path("film.mp4").write_bytes(b"\0\0\0\x18ftypisom" + b"\0" * 100)
    assert "no manifest" in refused(verb, "film.mp4")
    Path("take.json").write_text("{")
    assert "take.json" in refused(verb, "take.json")
    Path("folder").mkdir()
    assert "no world.json" in refused(verb, "folder")


def test_manifests_that_are_not_enough(here):
    for manifest in (
        {"kind": "take"},
        {"kind": "take", "start": 3, "script": None},
        {"kind": "candidate"},
        {"kind": "frame"},
        {"kind": "world"},
    ):
        Path("take.json").write_text(json.dumps(manifest))
        refused("again", "take.json")


def test_a_folder_of_another_world_is_left_alone(here):
    assert CliRunner().invoke(app, ["frames", "a meadow", *SIM, "-n", "1", "--out", "mine"]).exit_code == 0
    assert "already holds another world" in refused("frames", "a desert", *SIM, "-n", "1", "--out", "mine")


def test_a_batch_is_not_poured_into_a_world(here):
    assert CliRunner().invoke(app, ["frames", "a meadow", *SIM, "-n", "1", "--out", "mine"]).exit_code == 0
    Path("r.yaml").write_text("prompts: a meadow\npainter: sim\nworld: sim\nseconds: 1\n")
    before = sorted(Path("mine").rglob("*"))
    assert "mine is a world" in refused("batch", "r.yaml", "--out", "mine")
    assert sorted(Path("mine").rglob("*")) == before


def test_with_json_a_policy_that_breaks_is_a_result_too(here):
    Path("broken.py").write_text("def make(space, fps, seed):\n    raise ValueError('boom')\n")
    command = [sys.executable, "-m", "t2w", "new", "a meadow", *SIM, "-n", "1", "--frames", "1", "--policy", "broken.py:make", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and json.loads(done.stdout.splitlines()[-1])["error"] == "ValueError: boom" and "boom" in done.stderr


def test_what_is_said_can_be_pasted(here):
    said = CliRunner().invoke(app, ["frames", "a meadow", *SIM, "-n", "1", "--out", "the artist's"]).output
    (line,) = (line for line in said.splitlines() if line.startswith("t2w pick "))
    pick, after = (shlex.split(part) for part in line.split(", then "))
    assert pick == ["t2w", "pick", "the artist's", "N"] and after == ["t2w", "roll", "the artist's"]


def test_places_that_cannot_be_written(here):
    Path("file").write_text("")
    for words in (("--out", "file"), ("--out", "file/w"), ("--frames-out", "file"), ("--out", "/proc/t2w")):
        assert "cannot use the folder" in refused(*NEW, *words, code=1)


def test_names_that_are_too_long(here):
    name = "x" * 300
    for words in ((*NEW, "--out", name), ("roll", name, "--world", "sim"), (*NEW[:2], "--world", name), ("show", name)):
        assert "too long" in refused(*words, code=1)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission(here):
    Path("locked").mkdir(mode=0o500)
    assert "permission" in refused(*NEW, "--out", "locked/w", code=1)


FULL = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)),) * 2)
from t2w.cli import main
main()
"""


@pytest.mark.skipif(os.name != "posix", reason="needs resource limits")
@pytest.mark.parametrize("most", [100, 20_000])
def test_a_disk_that_takes_no_more(here, most):
    """Files are limited to some bytes: the first write or the film fails, as on a full disk."""
    run = subprocess.run([sys.executable, "-c", FULL, str(most), *NEW, "--pick", "1"], check=False, capture_output=True, text=True)
    assert run.returncode == 1 and run.stderr.strip().splitlines()[-1].startswith("error: could not write"), run.stderr
    assert not list(here.rglob("take.*")) and not list(here.rglob(".*tmp*"))


def test_json_ends_with_one_result_when_it_fails(here):
    for words in (
        ("new", "", *SIM, "--json"),
        ("new", "a", "--no-such-option", "--json"),
        ("nowhere", "--json"),
        ("roll", "x.png", "--json", "--world", "sim"),
    ):
        result = CliRunner().invoke(app, words)
        rows = [json.loads(line) for line in result.stdout.splitlines()]
        assert result.exit_code == 2 and len(rows) == 1
        assert rows[0]["event"] == "result" and rows[0]["ok"] is False and rows[0]["code"] == 2 and rows[0]["error"]


def test_a_painter_on_the_hub_is_missing_when_offline(here):
    command = [sys.executable, "-m", "t2w", "frames", "a meadow", "--world", "sim", "--painter", "some/model", "--offline"]
    root = Path(__file__).parents[1]
    run = subprocess.run(
        command, check=False, capture_output=True, text=True, env={**os.environ, "HF_HOME": str(here), "PYTHONPATH": str(root)}
    )
    assert run.returncode == 4 and "t2w models pull some/model" in run.stderr and "Traceback" not in run.stderr
