"""Prompt templates in, plain prompts out: `a {dawn|2::noon} over __biome__` means all of its prompts, or some that are drawn by weight."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from math import prod
from pathlib import Path
from random import Random
from typing import TypeAlias

from t2w.errors import T2WError

NAME = re.compile(r"__([A-Za-z0-9][A-Za-z0-9_-]*?)__")
WEIGHT = re.compile(r"\s*(\d+(?:\.\d+)?|\.\d+)::")
DEEPEST = 8  # files that name files
MOST_CHOICES = 100  # in one template
Parts: TypeAlias = "tuple[str | Choice, ...]"


@dataclass(frozen=True)
class Choice:
    options: tuple[Parts, ...]
    weights: tuple[float, ...]  # for drawing; where all are wanted, all come once


Words = Callable[[str], Choice]  # the name in __name__ => what it stands for


def parse(text: str, words: Words) -> Parts:
    """Raises T2WError for braces that do not match, weights that are none, and names that stand for nothing."""
    if text.count("{") > MOST_CHOICES:
        raise T2WError(f"more than {MOST_CHOICES} choices in one prompt; put some into a file and name it as __name__")
    parts, rest = _sequence(text, words, inside=False)
    assert not rest, rest
    return parts


def count(parts: Parts) -> int:
    """How many prompts a template means, without writing them out."""
    return prod(sum(map(count, part.options)) for part in parts if isinstance(part, Choice))


def every(parts: Parts) -> Iterator[str]:
    """All of them, the first choice changing slowest."""
    if not parts:
        yield ""
        return
    head, tail = parts[0], parts[1:]
    for left in [head] if isinstance(head, str) else (one for option in head.options for one in every(option)):
        for right in every(tail):
            yield left + right


def draw(parts: Parts, rng: Random) -> str:
    chosen = (part if isinstance(part, str) else draw(rng.choices(part.options, part.weights)[0], rng) for part in parts)
    return "".join(chosen)


def some(parts: Parts, n: int, seed: int) -> list[str]:
    """n different ones, drawn by weight; all of them where there are no more."""
    if count(parts) <= n:
        return list(every(parts))
    rng, found = Random(seed), dict[str, None]()
    for _ in range(100 * n):  # what is rare may not come up; then they are fewer
        found[draw(parts, rng)] = None
        if len(found) == n:
            break
    return list(found)


def first(parts: Parts, n: int) -> list[str]:
    return list(islice(every(parts), n))


def files(folder: Path, above: tuple[str, ...] = ()) -> Words:
    """Names stand for the lines of `folder`/NAME.txt, which may be templates themselves."""
    read: dict[str, Choice] = {}

    def words(name: str) -> Choice:
        if name in above or len(above) == DEEPEST:
            raise T2WError(f"__{name}__ leads back to itself: {' -> '.join((*above, name))}; leave one of them out")
        if name not in read:
            read[name] = _of_file(folder / f"{name}.txt", name, files(folder, (*above, name)))
        return read[name]

    return words


def lines(path: Path) -> list[tuple[int, str]]:
    """(number, text) of the lines of a prompt or wildcard file; empty ones and those that begin with # are none."""
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise T2WError(f"there is no file {path}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise T2WError(f"{path} cannot be read: {error}; it is text in UTF-8, one a line") from error
    return [(k, line.strip()) for k, line in enumerate(text.splitlines(), 1) if line.strip() and not line.lstrip().startswith("#")]


def _of_file(path: Path, name: str, words: Words) -> Choice:
    if not path.is_file():
        there = sorted(other.stem for other in path.parent.glob("*.txt")) if path.parent.is_dir() else []
        raise T2WError(f"__{name}__ has no file {path}" + (f"; there are: {', '.join(there)}" if there else "; write its words there"))
    options = []
    for number, line in lines(path):
        try:
            options.append(_option(line, words))
        except T2WError as error:
            raise T2WError(f"{path}:{number}:1: {error}") from None
    if not options:
        raise T2WError(f"{path} holds no words; write one a line")
    return Choice(tuple(parts for parts, _ in options), tuple(weight for _, weight in options))


def _sequence(text: str, words: Words, inside: bool) -> tuple[Parts, str]:
    """Parts up to the | or } that ends this option, and what is left from there on."""
    parts: list[str | Choice] = []
    while text and not (inside and text[0] in "|}"):
        if text[0] == "}":
            raise T2WError("a } without its {; alternatives are written {dawn|noon}")
        if text[0] == "{":
            choice, text = _choice(text[1:], words)
            parts.append(choice)
        elif found := NAME.match(text):
            parts.append(words(found[1]))
            text = text[found.end() :]
        else:
            end = min((at for at in (text.find(mark, 1) for mark in ("{", "}", "__", *("|" * inside))) if at > 0), default=len(text))
            parts.append(text[:end])
            text = text[end:]
    return tuple(parts), text


def _choice(text: str, words: Words) -> tuple[Choice, str]:
    """The choice whose { has been read, and what follows its }."""
    options, weights = [], []
    while True:
        weight = WEIGHT.match(text)
        weights.append(_weight(weight[1]) if weight else 1.0)
        parts, text = _sequence(text[weight.end() :] if weight else text, words, inside=True)
        options.append(parts)
        if not text:
            raise T2WError("a { without its }; alternatives are written {dawn|noon}")
        mark, text = text[0], text[1:]
        if mark == "}":
            return Choice(tuple(options), tuple(weights)), text


def _option(line: str, words: Words) -> tuple[Parts, float]:
    weight = WEIGHT.match(line)
    return parse(line[weight.end() :] if weight else line, words), _weight(weight[1]) if weight else 1.0


def _weight(text: str) -> float:
    if float(text) <= 0:
        raise T2WError(f"a weight is more than zero, not {text}; leave out what is not wanted")
    return float(text)
