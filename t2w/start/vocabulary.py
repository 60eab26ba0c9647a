"""The words of our own painters: what was made of a prompt in, a line or two for people out; and all words that are drawn."""

from t2w.sim.heard import HEARD, HINTS
from t2w.sim.phrases import KINDS, MEANINGS, key
from t2w.sim.spec import CHOICES
from t2w.sim.understand import Reading
from t2w.sim.words import COLOR_WORDS, NOUNS, TIME_PHRASES, VIEW_PHRASES, WEATHER_ADJECTIVES, WEATHER_PHRASES, bare

CATEGORIES = {
    "view": "views", "character": "characters", "weather": "weather", "biome": "biomes", "time": "times", "landmark": "landmarks",
    "creature": "creatures", "color": "colours",
}  # fmt: skip
EXAMPLE = "a snowy pine forest at sunset with a red cabin"
MOST, WIDEST = 6, 24  # ignored words that are told, and letters of each


def values(field: str) -> list[str]:
    return [value for value in CHOICES.get(field, tuple(COLOR_WORDS)) if value != "none"]


def listing() -> dict[str, dict[str, list[str]]]:
    """{"biomes": {"meadow": ["meadow", "grassland", …]}}: all that is drawn, each with the words that are read as it."""
    tables = {**NOUNS, "time": TIME_PHRASES, "weather": WEATHER_ADJECTIVES, "view": VIEW_PHRASES, "color": COLOR_WORDS}

    def read_as(field: str, value: str) -> list[str]:
        taught = tables[field][value] + (WEATHER_PHRASES[value] if field == "weather" else ())
        said = (*map(bare, taught), *HEARD.get(field, {}).get(value, ()), *(HINTS.get(value, ()) if field == "biome" else ()))
        return [word for word in dict.fromkeys(said) if word != value]

    return {name: {value: read_as(field, value) for value in values(field)} for field, name in CATEGORIES.items()}


def told(found: Reading, painter: str) -> tuple[str, str]:
    """What was understood, and a sentence about all else; either may be empty."""
    everything = f"`t2w painters show {painter}` lists its words"
    fields = list(dict.fromkeys(filter(None, map(nearest, found.ignored))))
    instead = [f"{CATEGORIES[field]} it can draw: {', '.join(values(field))}" for field in fields[:2]]
    if not found.found:
        nothing = f"the painter {painter} knows no word of this prompt and paints what it likes"
        return "", "; ".join([nothing, *instead, f'it knows "{EXAMPLE}"', everything])
    about = [f"ignored: {shortened(found.ignored)}", *(instead or [everything])] if found.ignored else []
    return ", ".join(understood(found)), "; ".join(about + [f"left out: {words} ({why})" for words, why in found.left.items()])


def understood(found: Reading) -> list[str]:
    """'pine forest', 'dusk -> sunset', 'crimson hut -> red cabin', 'no cabin -> no landmark', 'winter -> snowy snowfield'."""
    meanings: dict[str, list[str]] = {}
    for field in (field for field in CATEGORIES if field in found.found):
        value, color = found.found[field], found.found.get(f"{field}_color", "")
        meanings.setdefault(found.said[field], []).append(f"no {field}" if value == "none" else f"{color} {value}".strip())
    both = ((words, " ".join(meant)) for words, meant in meanings.items())
    return [meant if key(words) == key(meant) else f"{words} -> {meant}" for words, meant in both]


def nearest(ignored: str) -> str:
    """The field that ignored words are of: 'fire breathing dragon' => 'creature'; '' where that is not known."""
    forms = key(ignored)
    color = len(forms) == 1 and MEANINGS.get(forms, ("",))[0] == "color"
    return "" if color else next((KINDS[form] for form in reversed(forms) if form in KINDS), "")


def shortened(many: tuple[str, ...]) -> str:
    shown = [words if len(words) <= WIDEST else words[: WIDEST - 1] + "…" for words in many[:MOST]]
    return ", ".join(shown) + (f" and {len(many) - MOST} more" if len(many) > MOST else "")
