"""Captions say true things in many ways, and prompts are read back."""

import random

from t2w.sim.captions import VOCABULARY, canonical, caption, plain
from t2w.sim.spec import CHOICES, COLORS, Spec, sample
from t2w.sim.understand import understand
from t2w.sim.words import words

SPEC = Spec(1, "pine forest", "sunset", "snowy", "cabin", "white", "third-person", "slimes", "blue", "knight", "red")


def named(spec: Spec) -> dict:
    """What the canonical caption says."""
    fields = {"biome": spec.biome, "time": spec.time, "view": spec.view}
    if spec.weather != "clear":
        fields["weather"] = spec.weather
    for field in ("landmark", "creature") + (("character",) if spec.view != "first-person" else ()):
        if getattr(spec, field) != "none":
            fields[field] = getattr(spec, field)
            if getattr(spec, field) != "ruins":
                fields[f"{field}_color"] = getattr(spec, f"{field}_color")
    return fields


def test_the_canonical_caption_reads_as_documented():
    said = "third-person view of a red knight in a snowy pine forest at sunset with a white cabin and blue slimes"
    assert canonical(SPEC) == said
    assert canonical(sample(5, biome="volcanic", view="first-person", weather="clear", time="night"), frozenset()) == (
        "first-person view of a volcanic land at night"
    )


def test_a_canonical_caption_is_understood_in_full():
    for seed in range(300):
        spec = sample(seed)
        assert understand(canonical(spec, None)) == named(spec)


def test_a_part_of_the_attributes_makes_a_plain_sentence():
    assert plain({}) == ""
    assert plain({"time": "dawn"}) == "at dawn"
    assert plain({"view": "isometric", "weather": "foggy"}) == "isometric view, in fog"
    assert plain({"landmark": "cabin", "weather": "rainy", "time": "night"}) == "a cabin in the rain at night"
    assert plain({"character": "robot", "creature": "sheep", "view": "third-person"}) == "third-person view of a robot with sheep"
    assert plain({"character": "robot", "biome": "alien", "weather": "clear"}) == "a robot on a clear alien world"


def test_plain_sentences_are_understood_in_full_and_in_the_vocabulary():
    rng = random.Random(3)
    for seed in range(500):
        spec = named(sample(seed))
        part = {field: spec[field] for field in spec if field in CHOICES and "_" not in field and rng.random() < 0.6}
        part |= {field: spec[field] for field in spec if field.removesuffix("_color") in part and rng.random() < 0.8}
        assert understand(plain(part)) == part
        assert set(words(plain(part))) <= VOCABULARY


def test_no_caption_is_understood_wrongly_or_leaves_the_vocabulary():
    rng = random.Random(0)
    for seed in range(3000):
        spec = sample(seed)
        text = caption(spec, None, rng)
        truth = spec.to_dict()
        wrong = {field: value for field, value in understand(text).items() if truth[field] != value}
        assert not wrong, (text, wrong)
        assert set(words(text)) <= VOCABULARY, text


def test_captions_name_only_what_is_in_view():
    rng = random.Random(1)
    for seed in range(200):
        heard = understand(caption(sample(seed), frozenset(("ground", "sky")), rng))
        assert not {"landmark", "creature", "character"} & set(heard)


def test_captions_vary_and_leave_things_out():
    rng = random.Random(2)
    texts = [caption(SPEC, None, rng) for _ in range(300)]
    heard = [understand(text) for text in texts]
    assert len(set(texts)) > 250
    assert 0.4 < sum("view" in h for h in heard) / 300 < 0.7
    assert 0.8 < sum("time" in h for h in heard) / 300 < 0.97
    assert sum("biome" in h for h in heard) / 300 > 0.9


def test_people_are_understood():
    assert understand("A misty forest at dusk, with a crimson wooden hut.") == {
        "biome": "pine forest",
        "weather": "foggy",
        "time": "sunset",
        "landmark": "cabin",
        "landmark_color": "red",
    }
    assert understand("robots and GREEN slimes on an island by day") == {
        "biome": "tropical island",
        "time": "noon",
        "creature": "slimes",
        "creature_color": "green",
        "character": "robot",
    }
    assert understand("hello there") == {}


def test_every_color_is_a_word():
    assert set(COLORS) <= VOCABULARY
