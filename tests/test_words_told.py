"""What the command line says of a prompt: understood, ignored, what there is instead; and that the pictures follow it."""

import hashlib
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from t2w.cli import app
from t2w.sim.spec import BIOMES, CREATURES
from t2w.sim.understand import read
from t2w.start.vocabulary import listing, told

SIM = ("--world", "sim", "--painter", "sim", "-n", "1")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def t2w(*words: str):
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, (result.output, result.exception)
    return result


def frames(prompt: str) -> dict:
    return json.loads(t2w("frames", prompt, *SIM, "--json").stdout.splitlines()[-1])


def first(folder: str) -> str:
    return hashlib.sha256((Path(folder) / "frames" / "1.png").read_bytes()).hexdigest()


def test_people_are_told_what_was_understood_and_what_was_not():
    said = t2w("frames", "woods at dusk with a castel and a dragon", *SIM).stderr.splitlines()
    assert said[:2] == [
        "understood  woods -> pine forest, dusk -> sunset, castel -> tower",
        "note: ignored: dragon; creatures it can draw: sheep, slimes, deer",
    ]


def test_programs_and_manifests_are_told_too():
    result = frames("woods at dusk with a castel and a dragon")
    assert result["understood"]["attributes"] == {"biome": "pine forest", "time": "sunset", "landmark": "tower"}
    assert result["understood"]["ignored"] == ["dragon"]
    world = json.loads((Path(result["folder"]) / "world.json").read_text())
    assert world["prompt"] == "woods at dusk with a castel and a dragon"
    assert world["understood"] == result["understood"]


def test_nothing_understood_is_said_and_painted_all_the_same():
    result = t2w("frames", "🌲 雪の森", *SIM)
    assert "knows no word of this prompt" in result.stderr and "a snowy pine forest at sunset with a red cabin" in result.stderr
    assert next(Path("worlds").iterdir()).joinpath("sheet.png").is_file()


def test_slips_and_paraphrases_give_the_same_picture(here):
    from t2w.start.painters import paint

    one, other = (
        next(paint("sim", prompt, [3], 32, 24))
        for prompt in ("woods at dusk with a crimson castel", "a pine forest at sunset with a red tower")
    )
    assert (one == other).all()


@pytest.mark.weights
def test_the_starter_painter_gets_its_own_words_and_a_seed_its_own_picture():
    from t2w.start.painters import paint, settings

    call = {**settings("starter"), "num_inference_steps": 2}
    alone, (first, second) = (
        list(paint("starter", prompt, seeds, 160, 96, "cpu", call=call))
        for prompt, seeds in (("woods at dusk with a crimson castel", [1]), ("a pine forest at sunset with a red tower", [0, 1]))
    )
    assert (alone[0] == second).all() and not (first == second).all()


def test_a_sentence_of_what_was_said():
    assert told(read("a desert and a forest"), "sim") == ("desert", "left out: forest (one biome at a time)")
    assert told(read("winter, no cabin"), "sim") == ("winter -> snowy snowfield, no cabin -> no landmark", "")
    assert told(read("a meadow with sheep"), "sim") == ("meadow, sheep", "")
    assert told(read("a shiny meadow"), "sim") == ("meadow", "ignored: shiny; `t2w painters show sim` lists its words")
    many = told(read("a meadow, " + ", ".join(f"{letter}bcdefghijklmnopqrstuvwxyz" for letter in "abcdefgh")), "sim")[1]
    assert len(many) < 300 and "and 2 more" in many


def test_every_word_is_listed():
    words = listing()
    assert tuple(words["biomes"]) == BIOMES and ("none", *words["creatures"]) == CREATURES
    assert list(words) == ["views", "characters", "weather", "biomes", "times", "landmarks", "creatures", "colours"]
    assert "woods" in words["biomes"]["pine forest"] and "dusk" in words["times"]["sunset"]
    shown = t2w("painters", "show", "starter").stdout
    assert all(word in shown for word in ("isometric", "pyramid", "slimes", "wizard", "purple", "bird's eye"))
    assert json.loads(t2w("painters", "show", "sim", "--json").stdout)["words"] == words
