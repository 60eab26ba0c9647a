"""Scripts: what they say, how their mistakes are told, and that each format gives the same actions back."""

from math import fsum
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from t2w.actions import KEYS, Action, short_form, yaml_script
from t2w.actions.rows import parse as parse_rows
from t2w.actions.script import read
from t2w.errors import T2WError

RECIPES = sorted((Path(__file__).parent.parent / "recipes" / "actions").glob("*.yaml"))
SCRIPT = """\
steps:
  - {hold: [w], for: 2s}
  - {hold: [w, space], for: 0.4s}
  - {look: {right: 90}, for: 1.5s}
  - {hold: [w], look: {left: 30, up: 5}, for: 1s}
  - {repeat: 2, steps: [{hold: [e], for: 2f}, {wait: 500ms}]}
  - {say: "snow begins to fall"}
  - {wait: 1}
"""
DEGREES = st.one_of(st.just(0.0), st.sampled_from([4.0, -4.0, 1.2, 1 / 3]), st.floats(-180, 180))
KEYSETS = st.frozensets(st.sampled_from(KEYS), max_size=4)
RATES = st.sampled_from([1, 8, 10, 12.5, 15, 23.976, 24, 29.97, 30, 60, 144, 240, 1000])


def keys(*names, mouse=(0.0, 0.0)):
    return Action(frozenset(names), mouse)


def told(text, parse=yaml_script.parse, source="visit.yaml"):
    with pytest.raises(T2WError) as error:
        parse(text, source)
    assert error.value.code == 2
    return str(error.value)


def test_a_script_becomes_one_action_a_frame():
    actions = yaml_script.parse(SCRIPT, "visit.yaml").actions(10)
    assert actions[:24] == [keys("w")] * 20 + [keys("w", "space")] * 4
    assert actions[24:39] == [keys(mouse=(6.0, 0.0))] * 15
    assert actions[39:49] == [keys("w", mouse=(-3.0, -0.5))] * 10
    assert actions[49:63] == ([keys("e")] * 2 + [keys()] * 5) * 2
    assert actions[63:] == [keys()] * 10


def test_a_script_fits_any_frame_rate_and_says_its_words_in_time():
    script = yaml_script.parse(SCRIPT, "visit.yaml")
    assert (script.seconds(10), script.seconds(20)) == (7.3, 7.1)
    assert script.says(10) == [(63, "snow begins to fall")]


def test_a_script_knows_where_each_key_is_used_first():
    assert yaml_script.parse(SCRIPT, "visit.yaml").uses() == {
        "w": "visit.yaml:2", "space": "visit.yaml:3", "mouse": "visit.yaml:4", "e": "visit.yaml:6",
    }  # fmt: skip


@given(RATES, st.lists(st.integers(1, 3000), min_size=1, max_size=30))
def test_rounding_to_frames_does_not_add_up(fps, milliseconds):
    steps = ", ".join(f"{{hold: [w], for: {ms}ms}}" for ms in milliseconds)
    frames = len(yaml_script.parse(f"steps: [{steps}]", "a").actions(fps))
    exact = sum(milliseconds) / 1000 * fps
    assert abs(frames - exact) <= 0.5 + 1e-9 or frames > exact and min(milliseconds) * fps < 1000


def test_a_press_shorter_than_a_frame_is_not_lost_and_takes_no_time_from_the_whole():
    actions = yaml_script.parse("steps: [{hold: [e], for: 10ms}, {wait: 990ms}]", "a").actions(15)
    assert actions == [keys("e")] + [keys()] * 14


@given(st.decimals(-720, 720, places=2).filter(bool), st.integers(1, 5000), RATES)
def test_all_degrees_are_turned_however_the_time_rounds(degrees, milliseconds, fps):
    script = yaml_script.parse(f"steps: [{{look: {{right: {degrees}}}, for: {milliseconds}ms}}]", "a")
    actions = script.actions(fps)
    assert fsum(action.mouse[0] for action in actions) == pytest.approx(float(degrees), rel=1e-12)
    assert len(set(actions)) == 1


def test_words_are_read_as_keys_and_numbers_as_people_write_them():
    script = "steps: [{hold: w, for: 1 s}, {hold: [1, q], for: .5s}, {look: {left: 1e1, down: -2.5}, for: 2f}]"
    assert yaml_script.parse(script, "a").actions(2) == [keys("w")] * 2 + [keys("1", "q")] + [keys(mouse=(-5.0, -1.25))] * 2


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
@pytest.mark.parametrize("fps", [8, 15, 24, 60])
def test_our_recipes_suit_the_starter_world(path, fps):
    script = read(path)
    assert 3 <= script.seconds(fps) <= 15
    assert set(script.uses()) <= {"w", "a", "s", "d", "space", "mouse"}
    assert max(abs(degrees) for action in script.actions(fps) for degrees in action.mouse) <= 60 / fps
    assert path.read_text().startswith("# ") and f" {script.seconds(15):.0f} s\n" in path.read_text()


def test_there_are_recipes():
    assert len(RECIPES) >= 5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("¦", "the script is empty"),
        ("¦# nothing\n", "the script is empty"),
        ("¦- {hold: [w], for: 2s}", "begins with `steps:`, not with a list"),
        ("¦w-30", "begins with `steps:`, not with 'w-30'"),
        ("¦{}", "there are no steps"),
        ("¦step: []", "unknown field 'step'; did you mean 'steps'?"),
        ("¦fps: 15\nsteps: []", "unknown field 'fps'; legal here: steps"),
        ("steps: ¦[]", "steps is empty"),
        ("steps:¦", "steps is a list, not nothing"),
        ("steps:\n  ¦{hold: [w], for: 2s}", "steps is a list, not a mapping"),
        ("steps:\n  - ¦w", "a step is a mapping such as {hold: [w], for: 2s}, not 'w'"),
        ("steps:\n  - {hold: [w], ¦fro: 2s}", "unknown field 'fro'; did you mean 'for'?"),
        ("steps:\n  - {hold: [w], ¦[a]: 2s}", "unknown field a list"),
        ("steps:\n  - {hold: [w], for: 2s, ¦for: 3s}", "'for' is written twice"),
        ("steps:\n  - {hold: [w, ¦spcae], for: 2s}", "unknown key 'spcae'; did you mean 'space'?"),
        ("steps:\n  - {hold: [¦ß], for: 2s}", "unknown key 'ß'; the keys are w a s d space"),
        ("steps:\n  - {hold: [¦[w]], for: 2s}", "a key is a name such as w or space, not a list"),
        ("steps:\n  - {hold: ¦[], for: 2s}", "hold names no key"),
        ("steps:\n  - ¦{hold: [w]}", "does not say how long; add for: 1s"),
        ("steps:\n  - ¦{for: 1s}", "a step holds, looks, waits, repeats or says something"),
        ("steps:\n  - {wait: ¦-2s}", "a time is more than zero, not '-2s'"),
        ("steps:\n  - {wait: ¦0}", "a time is more than zero, not '0'"),
        ("steps:\n  - {wait: ¦0.0s}", "a time is more than zero"),
        ("steps:\n  - {wait: ¦2min}", "'2min' is not a time; write 2s, 0.4s, 500ms or 12f (frames)"),
        ("steps:\n  - {wait: ¦1:30}", "'1:30' is not a time"),
        ("steps:\n  - {wait: ¦soon}", "'soon' is not a time"),
        ("steps:\n  - {wait:¦ }", "nothing is not a time"),
        ("steps:\n  - {wait: ¦[1s]}", "a list is not a time"),
        ("steps:\n  - {wait: ¦.nan}", "'.nan' is not a time"),
        ("steps:\n  - {wait: ¦٣s}", "is not a time"),
        ("steps:\n  - {wait: ¦2.5f}", "frames are whole, not '2.5f'"),
        ("steps:\n  - {wait: 1s, ¦for: 2s}", "'for' does not go with 'wait'; write wait: 1s"),
        ("steps:\n  - {wait: 1s, ¦hold: [w]}", "'hold' does not go with 'wait'"),
        ("steps:\n  - {look: ¦90, for: 1s}", "look is a direction and degrees"),
        ("steps:\n  - {look: {¦rihgt: 90}, for: 1s}", "unknown field 'rihgt'; did you mean 'right'?"),
        ("steps:\n  - {look: {right: ¦far}, for: 1s}", "'far' is not a number of degrees; write for example 90"),
        ("steps:\n  - {look: {right: ¦90deg}, for: 1s}", "'90deg' is not a number of degrees"),
        ("steps:\n  - {look: {right: ¦.inf}, for: 1s}", "'.inf' is not a number of degrees"),
        ("steps:\n  - {look: {right: ¦1e999}, for: 1s}", "'1e999' is not a number of degrees"),
        ("steps:\n  - {look: {right: 1, ¦left: 2}, for: 1s}", "'right' and 'left' undo each other"),
        ("steps:\n  - {say: , ¦hold: [w]}", "'hold' does not go with 'say'; make it a step of its own"),
        ("steps:\n  - {say: ¦''}", "say takes words"),
        ("steps:\n  - {say: ¦\"\\e[2J\"}", "control character U+001B"),
        ("steps:\n  - {say: ¦\"\\ud83d\"}", "control character U+D83D"),
        ("¦steps:\n  - {say: hi}", "no step takes any time"),
        ("steps:\n  - {¦steps: [{wait: 1s}]}", "steps within a step need a count"),
        ("steps:\n  - ¦{repeat: 2}", "repeat needs the steps to repeat"),
        ("steps:\n  - {repeat: ¦-2, steps: [{wait: 1s}]}", "repeat is a whole number from 1, not '-2'"),
        ("steps:\n  - {repeat: ¦1.5, steps: [{wait: 1s}]}", "repeat is a whole number from 1"),
        ("steps:\n  - {repeat: 2, steps: ¦[]}", "steps is empty"),
        ("steps:\n  - {repeat: ¦3601, steps: [{wait: 1s}]}", "longer than an hour"),
        ("steps:\n  - {repeat: ¦999999999, steps: [{say: hi}]}", "longer than an hour"),
        ("steps:\n  - {repeat: ¦9999, steps: [{repeat: 9999, steps: [{wait: 1f}]}]}", "longer than an hour"),
        ("steps:\n  - {wait: 1800s}\n  - ¦{wait: 1801s}", "longer than an hour"),
        ("steps:\n  - ¦{wait: 999999999999999s}", "longer than an hour"),
        ("steps:\n  - {wait: 1s¦", "not YAML: expected ',' or '}'"),
        ("steps:\n¦\t- {wait: 1s}", "indent with spaces"),
        ("steps: [{wait: 1s}]\n¦---\nsteps: []", "a second document begins"),
        ("steps: [{wait: 1s}]\n# ¦\x07", "the character U+0007 is not allowed"),
        ("a: &a [1]\nsteps: ¦*a", "references such as *a are not read; use repeat"),
        ("steps: &a [¦*a]", "references such as *a are not read"),
        ("steps: " + "[" * 39 + "¦" + "[" * 5000, "nested more than 40 deep"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place_and_what_would_be_right(text, words):
    """The place is where ¦ stands."""
    before = text.split("¦")[0]
    place = f"visit.yaml:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}: "
    sentence = told(text.replace("¦", ""))
    assert sentence.startswith(place) and words in sentence, sentence
    assert "\n" not in sentence


@given(st.text())
@settings(max_examples=300, deadline=None)
def test_no_text_breaks_a_reader(text):
    for parse in (yaml_script.parse, parse_rows, short_form.parse):
        try:
            parse(text, "x").actions(15)
        except T2WError as error:
            assert str(error).startswith("x:")


def test_an_hour_is_the_longest_at_any_rate():
    script = yaml_script.parse("steps: [{wait: 72000f}]", "a.yaml")
    assert script.seconds(60) == 1200
    with pytest.raises(T2WError, match="a.yaml:1: the script is longer than an hour at 15 frames/s"):
        script.actions(15)
