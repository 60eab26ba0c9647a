"""Words for a world and back: a Spec and what is in view in, a caption out; a prompt in, the attributes it names out."""

import random
from itertools import chain

from t2w.sim.spec import Spec
from t2w.sim.words import (
    COLOR_WORDS,
    LAND,
    LONGEST,
    MEANINGS,
    NOUNS,
    PLURAL,
    TIME_PHRASES,
    VIEW_PHRASES,
    WEATHER_ADJECTIVES,
    WEATHER_PHRASES,
    bare,
    singular,
    words,
)  # fmt: skip

FRAMES = ("a picture of", "a painting of", "screenshot of a game:")
DOING = ("standing", "walking", "exploring")
GLUE = frozenset(
    words("a an in on at of with and near by the some view " + " ".join(FRAMES + DOING))
)  # words that mean nothing by themselves
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

    def thing(field: str) -> str:
        noun = NOUNS[field][getattr(spec, field)][0]
        color = "" if getattr(spec, field) == "ruins" else getattr(spec, f"{field}_color") + " "
        return article(color + noun, noun)

    place = NOUNS["biome"][spec.biome][0]
    place = article(place if spec.weather == "clear" else f"{spec.weather} {place}", place)
    subject = f"{thing('character')} in " if names(spec, visible, "character") else ""
    things = [thing(field) for field in ("landmark", "creature") if names(spec, visible, field)]
    scene = f"{spec.view} view of {subject}{place} {TIME_PHRASES[spec.time][0]}"
    return scene + (" with " + " and ".join(things) if things else "")


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


def understand(text: str) -> dict[str, str]:
    """The attributes that a text names: longest phrase first, the first naming counts, a colour belongs to the noun after it."""
    heard = [singular(word) for word in words(text)]
    found: dict[str, str] = {}
    color, since, i = "", 0, 0
    while i < len(heard):
        length = next((n for n in range(LONGEST, 0, -1) if tuple(heard[i : i + n]) in MEANINGS), 0)
        if not length:
            since += 1
            color = "" if heard[i] in GLUE or since > 2 else color
            i += 1
            continue
        field, value = MEANINGS[tuple(heard[i : i + length])]
        if field == "color":
            color, since = value, 0
        else:
            if field not in found and color and field in ("landmark", "creature", "character"):
                found[f"{field}_color"] = color
            found.setdefault(field, value)
            color = ""
        i += length
    if found.get("landmark") == "ruins":
        found.pop("landmark_color", None)
    return found
