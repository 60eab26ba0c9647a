"""The other formats of a script: each gives the same actions back, and tells its mistakes with their place."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from t2w.actions import KEYS, Action, short_form, yaml_script
from t2w.actions.rows import parse as parse_rows
from t2w.actions.script import read, to_rows, to_short, to_yaml
from t2w.errors import T2WError

DEGREES = st.one_of(st.just(0.0), st.sampled_from([4.0, -4.0, 1.2, 1 / 3]), st.floats(-180, 180))
KEYSETS = st.frozensets(st.sampled_from(KEYS), max_size=4)
RUNS = st.lists(st.tuples(st.builds(Action, KEYSETS, st.tuples(DEGREES, DEGREES)), st.integers(1, 40)), min_size=1, max_size=12)
RATES = st.sampled_from([1, 8, 10, 12.5, 15, 23.976, 24, 29.97, 30, 60, 144, 240, 1000])
WORDS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1).filter(str.strip)


def flat(runs):
    return [action for action, frames in runs for _ in range(frames)]


def keys(*names, mouse=(0.0, 0.0)):
    return Action(frozenset(names), mouse)


def told(text, parse=yaml_script.parse, source="visit.yaml"):
    with pytest.raises(T2WError) as error:
        parse(text, source)
    assert error.value.code == 2
    return str(error.value)


@given(RUNS)
def test_rows_give_the_same_actions_back(runs):
    assert parse_rows(to_rows(flat(runs)), "a.jsonl").actions(15) == flat(runs)


@given(RUNS, RATES, st.lists(st.tuples(st.integers(0, 60), WORDS), max_size=4))
@settings(deadline=None)
def test_yaml_gives_the_same_actions_and_words_back(runs, fps, says):
    actions = flat(runs)
    says = sorted(((min(t, len(actions)), text) for t, text in says), key=lambda said: said[0])
    script = yaml_script.parse(to_yaml(actions, fps, says), "a.yaml")
    assert script.actions(fps) == actions
    assert [text for _, text in script.says(fps)] == [text.strip("\n") and text for _, text in says]
    assert [t for t, _ in script.says(fps)] == [t for t, _ in says]


@given(st.lists(st.tuples(KEYSETS, st.sampled_from([0, 4, -4]), st.sampled_from([0, 4, -4]), st.integers(1, 40)), min_size=1, max_size=12))
def test_the_short_form_gives_the_same_actions_back(runs):
    actions = flat([(Action(held, (dx, dy)), frames) for held, dx, dy, frames in runs])
    assert short_form.parse(to_short(actions)).actions(15) == actions


def test_rows_carry_words():
    text = to_rows([keys("w")] * 3, [(1, "snow"), (1, "and wind"), (3, "lost")])
    assert parse_rows(text, "a").says(15) == [(1, "snow"), (1, "and wind")]


def test_the_short_form_reads_as_the_field_writes_it():
    actions = short_form.parse("w-2, wd-1,l-1,w+space-1,ij-1,none-1,up-1,wl+lmb-1\n").actions(15)
    assert actions == [
        keys("w"), keys("w"), keys("w", "d"), keys(mouse=(4.0, 0.0)), keys("w", "space"), keys(mouse=(-4.0, -4.0)),
        keys(), keys("up"), keys("w", "lmb", mouse=(4.0, 0.0)),
    ]  # fmt: skip
    assert to_short([keys("w"), keys("w"), keys("w", "space", mouse=(4.0, 0.0)), keys()]) == "w-2,wl+space-1,none-1"


def test_the_short_form_says_when_it_cannot_say_a_turn():
    with pytest.raises(T2WError, match="action 1 turns by 3 and 0; convert to .yaml or .jsonl"):
        to_short([keys("w"), keys(mouse=(3.0, 0.0))])
    with pytest.raises(T2WError, match="there are no actions to write"):
        to_short([])


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        ("w-30,wd", "1:6", "'wd' has no count of frames; write for example w-15"),
        ("w-30, x-5", "1:7", "unknown key 'x'"),
        ("w-30\nw+spcae-5", "2:1", "did you mean 'space'?"),
        ("w-0", "1:1", "lasts no frame"),
        ("w--5", "1:1", "unknown key 'w-'"),
        ("w+-5", "1:1", "unknown key ''"),
        ("ww-5", "1:1", "'w' is held twice"),
        ("w-999999999", "1:1", "more than 216000 frames"),
        (",", "1:1", "no actions"),
    ],
)
def test_a_mistake_in_the_short_form_is_told_with_its_place(text, where, words):
    sentence = told(text, short_form.parse, "short form")
    assert sentence.startswith(f"short form:{where}: ") and words in sentence, sentence


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        ("", "1:1", "no actions"),
        ('{"keys": ["w"]}\n\n{"keys": ["x"]}', "3:1", "unknown key 'x'"),
        ('{"keys": ["w"]}\n  {"keys": [w]}', "2:13", "not JSON (Expecting value)"),
        ('{"mouse": ["a", 0]}', "1:1", '"mouse" is two numbers of degrees'),
        ("[1]", "1:1", "an action is an object"),
        ('{"keys": [], "say": 3}', "1:1", "say takes words"),
        ("[" * 100_000, "1:1", "not a row of actions"),
        ('{"mouse": [1, ' + "9" * 5000 + "]}", "1:1", "not a row of actions"),
    ],
)
def test_a_mistake_in_a_row_is_told_with_its_line(text, where, words):
    sentence = told(text, parse_rows, "take.jsonl")
    assert sentence.startswith(f"take.jsonl:{where}: ") and words in sentence, sentence


def test_read_takes_each_format_by_its_suffix_and_the_short_form_by_itself(tmp_path):
    want = [keys("w")] * 2
    (tmp_path / "a.yaml").write_text("\ufeffsteps: [{hold: [w], for: 2f}]", encoding="utf-8")
    (tmp_path / "a.jsonl").write_text(to_rows(want))
    (tmp_path / "a.txt").write_bytes(b"w-1,\r\nw-1\r\n")
    for source in (tmp_path / "a.yaml", str(tmp_path / "a.jsonl"), tmp_path / "a.txt", "w-2"):
        assert read(source).actions(15) == want


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("", "an empty name is no script"),
        ("none.txt", "no script 'none.txt'; give a .yaml, .jsonl or .txt file, or a short form"),
        ("vist.yaml", "(did you mean 'visit.yaml'?)"),
        ("explore", "'explore' is neither a script file nor a short form"),
        ("folder.yaml", "is a folder"),
        ("walk.json", "does not end as a script does"),
        ("latin.yaml", "latin.yaml:2:4: byte 0xe9 is not UTF-8; save the file as UTF-8"),
        ("w-" + "9" * 10_000, "short form:1:1"),
        ("w-3\0", "short form:1:1"),
    ],
)
def test_what_cannot_be_read_is_told_in_a_sentence(source, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "visit.yaml").write_text("steps: [{wait: 1s}]")
    (tmp_path / "walk.json").write_text("{}")
    (tmp_path / "latin.yaml").write_bytes(b"steps:\n# \xff\xe9".replace(b"\xff", b"x"))
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(T2WError) as error:
        read(source)
    assert words in str(error.value) and len(str(error.value)) < 300
