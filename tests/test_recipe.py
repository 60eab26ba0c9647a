"""Recipes: what they make, and what they say when they are wrong; the recipes of this repository."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from t2w.batch import recipe
from t2w.batch.fields import schema
from t2w.batch.plan import Plan, from_json, plan, to_json
from t2w.cli import app
from t2w.errors import T2WError

ROOT = Path(__file__).parents[1]
RECIPES = sorted((ROOT / "recipes").glob("*.yaml"))
SIM = "painter: sim\nworld: sim\n"


def made(text: str, here: Path) -> Plan:
    (here / "r.yaml").write_text(text)
    return plan(recipe.read(here / "r.yaml"))


def prompts(text: str, here: Path) -> list[str]:
    return [paint.start.prompt for paint in made(f"{SIM}{text}", here).paints]


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_the_recipes_of_this_repository_are_right(path):
    assert path.read_text().startswith("# yaml-language-server: $schema=recipe.schema.json\n")
    found = plan(recipe.read(path))
    assert found.rolls and not found.notes


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_the_schema_accepts_what_is_right(path):
    jsonschema = pytest.importorskip("jsonschema")
    yaml = pytest.importorskip("yaml")
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(yaml.safe_load(path.read_text()), schema())


def test_the_schema_beside_the_recipes_is_the_one_of_this_version():
    assert json.loads((ROOT / "recipes" / "recipe.schema.json").read_text()) == schema()


def test_alternatives_are_combined(tmp_path):
    assert prompts("prompts: a {red|{dark|light} blue} {cabin|}", tmp_path) == [
        *("a red cabin", "a red", "a dark blue cabin", "a dark blue", "a light blue cabin", "a light blue")
    ]


def test_names_stand_for_the_lines_of_files(tmp_path):
    (tmp_path / "wildcards").mkdir()
    (tmp_path / "wildcards" / "place.txt").write_text("# places\ndesert\n3::__cold__ land\n")
    (tmp_path / "wildcards" / "cold.txt").write_text("snowy\nicy\n")
    assert prompts("prompts: a __place__ at noon", tmp_path) == ["a desert at noon", "a snowy land at noon", "a icy land at noon"]


def test_a_weight_decides_how_often_a_word_is_drawn(tmp_path):
    letters = "|".join("abcdefghijklmnopqrst")
    drawn = prompts("prompts: '{1000::red|blue} {%s}{%s}'\nsample: 60" % (letters, letters), tmp_path)  # noqa: UP031
    assert len(set(drawn)) == 60 and sum(prompt.startswith("red") for prompt in drawn) > 55
    assert drawn == prompts("prompts: '{1000::red|blue} {%s}{%s}'\nsample: 60" % (letters, letters), tmp_path)  # noqa: UP031


def test_the_number_of_prompts_is_capped_and_said(tmp_path):
    found = made(f"{SIM}prompts: '{'{a|b|c|d|e|f|g|h}' * 30}'\ncap: 5", tmp_path)
    assert len(found.paints) == 5 and "of which the first 5 are made" in found.notes[0]


def test_prompts_lie_in_a_file_too(tmp_path):
    (tmp_path / "p.txt").write_text("# not one\na {red|blue} sea\n\nland\n")
    assert prompts("prompts: [{file: p.txt}, sky]", tmp_path) == ["a red sea", "a blue sea", "land", "sky"]


def test_everything_is_made_with_everything(tmp_path):
    text = "prompts: [a sea, land]\nseeds: [0-1, 7]\ncandidates: 2\npick: all\nactions: [w-30, l-10]\npolicy: random\ntakes: 2\nseconds: 2"
    found = made(SIM + text, tmp_path)
    assert len(found.paints) == 6 and len(found.rolls) == 6 * 2 * 3 * 2
    assert {roll.walk.frames for roll in found.rolls} == {30} and {roll.walk.seed for roll in found.rolls} == {0, 1, 2, 7, 8}


def test_a_film_is_as_long_as_its_script_where_nothing_is_said(tmp_path):
    found = made(f"{SIM}prompts: land\nactions: w-20\npolicy: idle", tmp_path)
    assert [roll.walk.frames for roll in found.rolls] == [20, 150]


def test_a_matrix_goes_over_any_field(tmp_path):
    text = "prompts: land\nmatrix: {world: [sim, starter], seconds: [1, 2], actions: [[w-5, l-5], [d-5]]}"
    walks = [(roll.walk.world, roll.walk.frames, roll.actions) for roll in made(f"painter: sim\n{text}", tmp_path).rolls]
    assert len(set(walks)) == len(walks) == 2 * 2 * 3


def test_defaults_are_under_parts_and_includes_under_all(tmp_path):
    (tmp_path / "base.yaml").write_text("painter: sim\nworld: sim\nseconds: 2\nprompts: land\n")
    text = "include: base.yaml\ndefaults: {seconds: 4}\nparts: [{seeds: 1}, {seconds: 6, prompts: a sea}]"
    assert [(r.walk.frames, r.walk.seed) for r in made(text, tmp_path).rolls] == [(60, 1), (90, 0)]


def test_what_is_asked_for_twice_is_made_once(tmp_path):
    found = made(f"{SIM}parts: [{{prompts: land, seeds: 0-1}}, {{prompts: [land, land], seeds: 1-2, candidates: 3}}]", tmp_path)
    assert (len(found.paints), len(found.rolls), found.same) == (3, 3, 1)
    assert [paint.n for paint in found.paints] == [1, 3, 3]


def test_jobs_survive_the_queue(tmp_path):
    found = made(f"{SIM}prompts: land\nactions: w-20\npick: ask", tmp_path)
    (paint,), (roll,) = found.paints, found.rolls
    assert from_json(to_json(paint)) == paint and from_json(to_json(roll), roll.walk.actions) == roll


WRONG = {
    "wolrd: sim\nprompts: a": "r.yaml:1:1: unknown field 'wolrd'; did you mean 'world'?",
    "prompts: a\nworld: stater": "r.yaml:2:8: no world named 'stater'; did you mean 'starter'?",
    "prompts: a\nprompts: b": "r.yaml:2:1: 'prompts' is written twice",
    "prompts: a\nseeds: [1, x]": "r.yaml:2:12: a seed is a whole number such as 7",
    "prompts: a\nseeds: 9-3": "r.yaml:2:8: seeds go up",
    "prompts: a\npick: 3": "r.yaml:2:7: candidate 3 is picked, and 1 painted; write candidates: 3",
    "prompts: a\npick: best": "r.yaml:2:7: pick is a candidate's number",
    "prompts: a\nseconds: -1": "r.yaml:2:10: a length in seconds is wanted here",
    "prompts: a\nactions: [w-3, gone.yaml]": "r.yaml:2:16: no script",
    "prompts: a\npolicy: expolre": "r.yaml:2:9: no policy named 'expolre'",
    "prompts: a\ntakes: 0": "r.yaml:2:8: a whole number from 1",
    "prompts: a {b": "r.yaml:1:10: a { without its }",
    "prompts: [a {b|c} d]": "a prompt with braces goes in quotes",
    "prompts: a __sea__": "r.yaml:1:10: __sea__ has no file",
    "prompts: {file: no.txt}": "r.yaml:1:17: there is no file",
    "prompts: a\nmatrix: {seconds: 3}": "r.yaml:2:19: a list of values of seconds",
    "prompts: a\nmatrix: {second: [3]}": "r.yaml:2:10: unknown field 'second'; did you mean 'seconds'?",
    "prompts: a\ninclude: r.yaml": "r.yaml:2:10: ",
    "parts: [{seeds: 3}]": "r.yaml:1:9: this part has no prompts",
    "seeds: 3": "r.yaml:1:1: the recipe has no prompts",
    "- a": "r.yaml:1:1: a recipe is a mapping, not a list",
    "": "r.yaml:1:1: the recipe is empty",
    "prompts: &a [x]\nseeds: *a": "references such as *a are not read; use defaults or include",
    "prompts: a\nclean: 1": "r.yaml:2:8: true or false",
    "prompts: a\nguidance: 200": "r.yaml:2:11: a number from 0, none, to 100 is wanted here",
    "prompts: a\npainter-steps: 0": "r.yaml:2:16: a whole number from 1 to 1,000",
    "prompts: a\nguidence: 2": "r.yaml:2:1: unknown field 'guidence'; did you mean 'guidance'?",
    "prompts: a\nquantize: 3bit": "r.yaml:2:11: one of none, 8bit, 4bit is wanted here",
    "prompts: a\nlora: ['x:inf']": "r.yaml:2:8: --lora x:inf: the scale is a number",
    "prompts: a\nmemory: lots": "r.yaml:2:9: one of auto, low, max is wanted here",
    "prompts: a\npainter: sim\nguidance: 2": "r.yaml:3:11: the painter sim takes no guidance_scale",
    "prompts: a\nguidance: 1\nnegative: fog": "r.yaml:2:11: what is not wanted is kept away by guidance",
    "prompts: a\nmatrix: {guidance: [3, 0], negative: [fog]}": "r.yaml:2:24: what is not wanted is kept away by guidance",
    "prompts: a\nnegative: fog": "r.yaml:2:11: what is not wanted is kept away by guidance",
    "prompts: a\nnegative: fog\nguidance: 2\nlora: r.yaml": "r.yaml:4:7: --lora ",
    "prompts: a\nseconds: 2\nframes: 3": "r.yaml:3:9: seconds and frames both say how long",
    "prompts: a\ndevice: gpu": "r.yaml:2:9: --device gpu is none of",
}


@pytest.mark.parametrize("text", WRONG)
def test_mistakes_are_told_where_they_are(text, tmp_path):
    with pytest.raises(T2WError) as caught:
        made(text, tmp_path)
    assert WRONG[text] in str(caught.value) and caught.value.code == 2


def test_a_script_that_a_world_does_not_understand_is_said_or_refused(tmp_path):
    text = f"{SIM}prompts: land\nactions: w+tab-5\n"
    assert "does not understand the key 'tab'" in made(text, tmp_path).notes[0]
    with pytest.raises(T2WError, match="does not understand the key 'tab'"):
        made(f"{text}strict: true", tmp_path)


def test_a_recipe_to_begin_with_is_right_and_has_its_schema(tmp_path):
    path = tmp_path / "mine.yaml"
    result = CliRunner().invoke(app, ["recipe", "init", str(path), "--json"])
    assert result.exit_code == 0 and json.loads((tmp_path / "recipe.schema.json").read_text()) == schema()
    assert CliRunner().invoke(app, ["recipe", "init", str(path)]).exit_code == 2  # nothing is overwritten
    checked = CliRunner().invoke(app, ["recipe", "check", str(path), "--json"])
    assert json.loads(checked.stdout)["recipes"][0]["takes"] == 16
