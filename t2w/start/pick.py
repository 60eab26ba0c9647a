"""How a candidate is chosen: the word of --pick in, a number from 1 out."""

import re

from t2w.errors import T2WError


def parse(word: str | None, n: int) -> int | str | None:
    """The number in range, "ask" or "first"; None stays None (the caller decides by whether a person is there)."""
    if word is None or word in ("ask", "first"):
        return word
    if not re.fullmatch(r"[+-]?[0-9]+", word):
        raise T2WError(f"--pick {word} is no choice; say a number from 1 to {n}, ask, or first")
    if not 1 <= int(word) <= n:
        raise T2WError(f"--pick {word} is out of range: there are {n} candidates, 1 to {n}")
    return int(word)
