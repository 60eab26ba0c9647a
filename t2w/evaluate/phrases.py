"""The same wish in other words: attributes in, a prompt out that says each in a way that plain captions do not.

Half of the words are rarer ones of the captions that painters learn from; half are read only, and were never taught.
"""

import random
from collections.abc import Mapping

from t2w.sim.heard import HEARD
from t2w.sim.words import COLOR_WORDS, NOUNS, TIME_PHRASES, VIEW_PHRASES, WEATHER_ADJECTIVES, WEATHER_PHRASES, bare

WEATHER = {value: (*words, *WEATHER_PHRASES[value]) for value, words in WEATHER_ADJECTIVES.items()}
TAUGHT = {**NOUNS, "time": TIME_PHRASES, "view": VIEW_PHRASES, "weather": WEATHER}


def paraphrase(said: Mapping[str, str], rng: random.Random) -> str:
    """Tags in random order, the place first: 'glacier, golden hour, violet barn, droid, pov'."""
    tags = []
    for field, value in said.items():
        if value == "none" or field.endswith("_color") or field == "biome":
            continue
        color = said.get(f"{field}_color")
        tags.append(" ".join(filter(None, (color and rng.choice(COLOR_WORDS[color]), _other(field, value, rng)))))
    rng.shuffle(tags)
    return ", ".join([_other("biome", said["biome"], rng), *tags])


def _other(field: str, value: str, rng: random.Random) -> str:
    """A phrase for it that is not the first that captions use, if there is one."""
    taught, heard = TAUGHT[field][value], HEARD.get(field, {}).get(value, ())
    choices = heard if heard and rng.random() < 0.5 else taught[1:] or taught
    return bare(rng.choice(choices))
