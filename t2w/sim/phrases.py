"""A prompt in, its parts out: phrases that are known, slips of the pen mended; words that are not known; what links them."""

import difflib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain

from t2w.sim.captions import GLUE, SPOKEN
from t2w.sim.heard import HEARD, HINTS, NO, PLAIN, SILENT, UNDRAWN
from t2w.sim.words import COLOR_WORDS, NOUNS, TIME_PHRASES, VIEW_PHRASES, WEATHER_ADJECTIVES, WEATHER_PHRASES, bare, singular, words

Key = tuple[str, ...]  # a phrase as singular words


@dataclass(frozen=True)
class Part:
    """A piece of a prompt. Its kind is thing, color, unknown, link, no or break; a thing has a field of Spec, or a hint, or both."""

    kind: str
    said: str  # as in the prompt, in lower case
    field: str = ""
    value: str = ""
    hint: str = ""  # a biome that it speaks of
    taught: bool = False  # these very words are in captions

    @property
    def telling(self) -> bool:
        return self.kind in ("thing", "color", "unknown")


def key(phrase: str) -> Key:
    return tuple(map(singular, words(phrase)))


def keys(*tables: tuple[str, dict]) -> dict[Key, tuple[str, str]]:
    """Every phrase with its field and value; the first table that has it counts, and two words may be written as one."""
    rows = [(key(bare(phrase)), (field, value)) for field, table in tables for value, phrases in table.items() for phrase in phrases]
    return dict([((k[0] + k[1],), meant) for k, meant in rows if len(k) == 2] + rows[::-1])


def lone(*tables: dict[str, tuple[str, ...]]) -> set[str]:
    return {k[0] for table in tables for k in map(key, chain(*table.values())) if len(k) == 1}


WEATHER = (("weather", WEATHER_ADJECTIVES), ("weather", WEATHER_PHRASES))
MEANINGS = keys(*NOUNS.items(), ("time", TIME_PHRASES), *WEATHER, ("view", VIEW_PHRASES), ("color", COLOR_WORDS), *HEARD.items())
HINTED = {key(phrase): biome for biome, phrases in HINTS.items() for phrase in phrases}
LONGEST = max(map(len, MEANINGS))
EXACT = frozenset(form for table in SPOKEN for phrase in chain(*table.values()) for form in (phrase, bare(phrase)))
KINDS = {word: field for field, many in UNDRAWN.items() for word in map(singular, many.split())}
OURS = frozenset(word for phrase in (*MEANINGS, *HINTED) for word in phrase) - SILENT - GLUE
LINKS = SILENT | GLUE
# What a slip may be of: long words that mean something alone, or are in captions.
TARGETS = sorted(w for w in {*chain(*map(key, EXACT)), *lone(*HEARD.values(), HINTS)} - LINKS if len(w) >= 5)
SOUNDS = ("aeiouy", "sz", "ck", "gj")  # letters that are mistaken for each other


def slip(said: str, meant: str) -> bool:
    """One slip apart: a letter too many or too few, two neighbours swapped, a letter for another of its sound. The first letter is
    seldom forgotten, and a wrong consonant makes another word more often than a slip: towel, horse, cattle, sheet."""
    first = said[0] == meant[0]
    while said and meant and said[0] == meant[0]:
        said, meant = said[1:], meant[1:]
    while said and meant and said[-1] == meant[-1]:
        said, meant = said[:-1], meant[:-1]
    if len(said) + len(meant) == 1:
        return first
    if len(said) == len(meant) == 2:
        return said == meant[::-1]
    return len(said) == len(meant) == 1 and any(said in letters and meant in letters for letters in SOUNDS)


@cache
def mended(word: str) -> str:
    """The word of ours that a singular word of five letters or more is a slip of; else the word itself."""
    if len(word) < 5 or not word.isalpha() or word in OURS or word in LINKS or word in PLAIN or word in KINDS:
        return word
    near = [ours for ours in TARGETS if slip(word, ours)]
    if not near and len(word) >= 8:  # long words may hold two slips
        near = difflib.get_close_matches(word, [ours for ours in TARGETS if ours[0] == word[0] and len(ours) >= 7], 1, 0.86)
    return near[0] if near else word


def fold(text: str) -> str:
    """Lower case, Latin letters without accents, typographic marks as plain ones; other scripts and emoji as they are."""
    folded = ""
    for letter in unicodedata.normalize("NFC", text.lower()):
        plain, kind = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode(), unicodedata.category(letter)
        if plain:
            folded += plain.lower()
        elif letter in "\u2018\u2019\u02bc":
            folded += "'"
        elif kind.startswith("P"):
            folded += {"Pi": " ", "Pf": " "}.get(kind, "-" if letter in "\u2010\u2011" else ",")
        elif kind != "Mn" or not folded[-1:].isascii():
            folded += letter
    return folded


TOKEN = re.compile(r"(?P<word>[a-z0-9]+(?:'[a-z]+)*)|(?P<unknown>[^\x00-\x7f\s]+)|(?P<break>[,.;:!?()\[\]|&+/\n])")


def parts(prompt: str) -> Iterator[Part]:
    """The longest phrase that is known, again and again from left to right."""
    text = fold(prompt)
    tokens = list(TOKEN.finditer(text))
    forms = ["" if t.lastgroup != "word" else mended(singular(t[0].removesuffix("'s").replace("'", ""))) for t in tokens]
    i = 0
    while i < len(tokens):
        n = next((n for n in range(min(LONGEST, len(tokens) - i), 0, -1) if known(tokens[i : i + n], tuple(forms[i : i + n]))), 0)
        if n:
            yield thing(text[tokens[i].start() : tokens[i + n - 1].end()], tuple(forms[i : i + n]))
        else:
            yield Part(kind(tokens[i]), tokens[i][0])
        i += n or 1


def known(tokens: list[re.Match], form: Key) -> bool:
    """A wizard's tower shows no wizard; a bird's eye view is a phrase."""
    return (form in MEANINGS or form in HINTED) and not (len(tokens) == 1 and tokens[0][0].endswith("'s"))


def thing(said: str, form: Key) -> Part:
    field, value = MEANINGS.get(form, ("", ""))
    return Part("color" if field == "color" else "thing", said, field, value, HINTED.get(form, ""), said in EXACT)


def kind(token: re.Match) -> str:
    if token.lastgroup != "word":
        return token.lastgroup
    word = token[0].replace("'", "")
    return "no" if word in NO else "link" if word in LINKS else "unknown"
