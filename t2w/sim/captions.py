"""A Spec and what is in view in, a caption out: the language that the painter is taught. understand.py reads it back."""

import random
from collections.abc import Mapping
from itertools import chain

from t2w.sim.spec import Spec
from t2w.sim.words import (
    COLOR_WORDS,
    LAND,
    NOUNS,
    PLURAL,
    TIME_PHRASES,
    VIEW_PHRASES,
    WEATHER_ADJECTIVES,
    WEATHER_PHRASES,
    bare,
    words,
)  # fmt: skip

FRAMES = ("a picture of", "a painting of", "screenshot of a game:")
THINGS = ("character", "landmark", "creature")
DOING = ("standing", "walking", "exploring")
GLUE = frozenset(words("a an in on under at of with and near the view " + " ".join(FRAMES + DOING)))  # mean nothing by themselves
SPOKEN = (*NOUNS.values(), TIME_PHRASES, WEATHER_ADJECTIVES, WEATHER_PHRASES, VIEW_PHRASES, COLOR_WORDS)
VOCABULARY = GLUE | {word for table in SPOKEN for phrase in chain(*table.values()) for word in words(phrase)}


def names(spec: Spec, visible: frozenset[str] | None, field: str) -> bool:
    """Whether a caption may name it: it is there, and in view. In first person the character is the camera."""
    there = getattr(spec, field) != "none" and (field != "character" or spec.view != "first-person")
    return there and (visible is None or field in visible)


def article(noun: str, head: str) -> str:
    """`head` is the noun without its adjectives: it says whether there are many."""
    if head in PLURAL:
        return noun
    return ("an " if noun[0] in "aeiou" else "a ") + noun


def canonical(spec: Spec, visible: frozenset[str] | None = None) -> str:
    """The fixed plain wording: 'third-person view of a red knight in a snowy pine forest at sunset with a white cabin'."""
    said = {"view": spec.view, "biome": spec.biome, "time": spec.time}
    if spec.weather != "clear":
        said["weather"] = spec.weather
    for field in THINGS:
        if names(spec, visible, field):
            said |= {field: getattr(spec, field), f"{field}_color": getattr(spec, f"{field}_color")}
    return plain(said)


def plain(said: Mapping[str, str]) -> str:
    """The fixed plain wording of some attributes of a Spec; what they do not name stays unsaid."""

    def thing(field: str) -> str:
        if said.get(field, "none") == "none":
            return ""
        noun = NOUNS[field][said[field]][0]
        color = "" if said[field] == "ruins" else said.get(f"{field}_color", "")
        return article(f"{color} {noun}".strip(), noun)

    place = NOUNS["biome"][said["biome"]][0] if "biome" in said else ""
    weather = said.get("weather", "")
    who = "" if said.get("view") == "first-person" else thing("character")
    seen = " and ".join(filter(None, map(thing, ("landmark", "creature"))))
    if place:
        core = article(f"{weather} {place}".strip(), place)
        core = f"{who} {'on' if place in LAND else 'in'} {core}" if who else core
    else:
        core = " ".join(filter(None, (who or seen, WEATHER_PHRASES[weather][0] if weather else "")))
    moment = TIME_PHRASES[said["time"]][0] if "time" in said else ""
    text = " ".join(filter(None, (core, moment, f"with {seen}" if seen and (who or place) else "")))
    if "view" not in said:
        return text
    return f"{said['view']} view of {text}" if who or place or seen else f"{said['view']} view, {text}".rstrip(", ")


def usual(rng: random.Random, choices: tuple[str, ...]) -> str:
    """The first word half of the time."""
    return choices[0] if rng.random() < 0.5 else rng.choice(choices)


def caption(spec: Spec, visible: frozenset[str] | None, rng: random.Random) -> str:
    """One of the many ways to say what is seen; attributes are left out now and then, wrong ones never put in."""
    keep = {"view": 0.55, "time": 0.88, "biome": 0.97, "landmark": 0.9, "creature": 0.85, "character": 0.9, "weather": 0.95}
    keep["weather"] = 0.12 if spec.weather == "clear" else keep["weather"]
    said = {field for field, share in keep.items() if rng.random() < share}
    things = {
        field: noun(spec, field, rng) for field in ("character", "landmark", "creature") if field in said and names(spec, visible, field)
    }
    if not things:
        said.add("biome")
    if rng.random() < 0.22:
        text = tags(spec, said, things, rng)
    else:
        text = sentence(spec, said, {f: article(*pair) for f, pair in things.items()}, rng)
        if rng.random() < 0.06 and text.startswith(("a ", "an ")):
            text = f"{rng.choice(FRAMES)} {text}"
    return text


def noun(spec: Spec, field: str, rng: random.Random) -> tuple[str, str]:
    """'red hut', 'hut'."""
    value = getattr(spec, field)
    head = usual(rng, NOUNS[field][value])
    plain = value == "ruins" or rng.random() < 0.12
    return (head if plain else f"{usual(rng, COLOR_WORDS[getattr(spec, field + '_color')])} {head}"), head


def place_and_weather(spec: Spec, said: set[str], rng: random.Random) -> tuple[str, str, str]:
    """('snowy pine forest', 'pine forest', '') or ('pine forest', 'pine forest', 'in the snow')."""
    place = usual(rng, NOUNS["biome"][spec.biome]) if "biome" in said else ""
    if "weather" not in said:
        return place, place, ""
    if place and rng.random() < 0.7:
        return f"{usual(rng, WEATHER_ADJECTIVES[spec.weather])} {place}", place, ""
    return place, place, usual(rng, WEATHER_PHRASES[spec.weather])


def sentence(spec: Spec, said: set[str], things: dict[str, str], rng: random.Random) -> str:
    place, head, weather = place_and_weather(spec, said, rng)
    place = article(place, head) if place else ""
    within = "on" if head in LAND else "in"
    moment = usual(rng, TIME_PHRASES[spec.time]) if "time" in said else ""
    about = [things[f] for f in ("landmark", "creature") if f in things]
    rng.shuffle(about)
    seen = " and ".join(about)
    who = things.get("character", "")
    if who and rng.random() < 0.2:
        who = f"{who} {rng.choice(DOING)}"
    order = rng.random()
    if who:
        core = f"{who} {within} {place}" if place else who
    else:
        core = place or seen
    if not who and not place:
        parts = [seen, weather, moment]
    elif seen and order < 0.2 and place:
        parts = [f"{who} near {seen}" if who else seen, f"{within} {place}", weather, moment]
    elif seen and order < 0.5:
        parts = [core, f"with {seen}", weather, moment]
    else:
        parts = [core, weather, moment, f"with {seen}" if seen else ""]
    text = " ".join(filter(None, parts))
    if moment and order > 0.9:
        text = f"{moment}, " + " ".join(p for p in parts if p and p != moment)
    return with_view(spec, text, rng) if "view" in said else text


def with_view(spec: Spec, text: str, rng: random.Random) -> str:
    view = usual(rng, VIEW_PHRASES[spec.view])
    if rng.random() < 0.75:
        return f"{view} of {text}" if view.endswith("view") and not text.startswith(("at ", "in ")) else f"{view}, {text}"
    return f"{text}, {view}"


def tags(spec: Spec, said: set[str], things: dict[str, tuple[str, str]], rng: random.Random) -> str:
    """'snowy pine forest, sunset, red cabin'."""
    place, _, weather = place_and_weather(spec, said, rng)
    parts = [bare(weather), bare(usual(rng, TIME_PHRASES[spec.time])) if "time" in said else ""]
    parts += [text for text, _ in things.values()]
    rng.shuffle(parts)
    parts = [place, *parts] if rng.random() < 0.7 else [*parts, place]
    if "view" in said:
        parts.insert(rng.choice((0, len(parts))), usual(rng, VIEW_PHRASES[spec.view]))
    return ", ".join(filter(None, parts))
