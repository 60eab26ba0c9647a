"""The short form, `w-30,wd-15,l-20,w+space-6,none-15`: what is held, a dash, for how many frames."""

import re
from collections.abc import Iterable
from fractions import Fraction

from t2w.actions.action import KEYS, Action, legal_key
from t2w.actions.steps import MAX_FRAMES, Script, Step, error_at, runs
from t2w.errors import T2WError

LOOK_DEGREES = 4.0  # in each frame
LOOK = {"i": (0, -1), "j": (-1, 0), "k": (0, 1), "l": (1, 0)}
EXAMPLE = "w-30,wd-15,l-20,w+space-6,none-15"


def parse(text: str, source: str = "short form") -> Script:
    """Letters are held together, `+` joins named keys, i j k l look up left down right. Commas or new lines part the steps."""
    steps, total = [], 0
    for line, written in enumerate(text.split("\n"), 1):
        parts = [part for part in re.finditer("[^,]+", written) if part[0].strip()]
        for part in parts:
            column = part.start() + len(part[0]) - len(part[0].lstrip()) + 1
            try:
                steps.append(_step(part[0].strip(), line))
            except T2WError as error:
                raise error_at(source, line, column, str(error)) from None
            total += steps[-1].frames
            if total > MAX_FRAMES:
                raise error_at(source, line, column, f"more than {MAX_FRAMES} frames by here; make the script shorter")
    if not steps:
        raise error_at(source, 1, 1, f"no actions; write for example {EXAMPLE}")
    return Script(source, tuple(steps))


def to_short(actions: Iterable[Action]) -> str:
    """One line that `parse` turns back into the same actions. T2WError where a mouse turn is none of i j k l."""
    parts, t = [], 0
    for action, frames in runs(actions):
        parts.append(f"{_held(action, t)}-{frames}")
        t += frames
    return ",".join(parts)


def _step(part: str, line: int) -> Step:
    match = re.fullmatch(r"(.+?)\s*-\s*(\d{1,9})", part)
    if not match:
        raise T2WError(f"{part[:40]!r} has no count of frames; write for example w-15")
    frames = int(match[2])
    if frames == 0:
        raise T2WError(f"{part[:40]!r} lasts no frame; write 1 or more after the dash")
    names = [] if match[1] == "none" else [name for token in match[1].split("+") for name in _names(token.strip())]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise T2WError(f"{twice[0]!r} is held twice in {part[:40]!r}; write it once")
    turns = [LOOK[name] for name in names if name in LOOK]
    look = tuple(Fraction(LOOK_DEGREES) * sum(turn[axis] for turn in turns) * frames for axis in (0, 1))
    return Step(frozenset(name for name in names if name not in LOOK), look, frames=frames, line=line)


def _names(token: str) -> list[str]:
    """A named key, or letters held together."""
    if token in KEYS:
        return [token]
    if token and all(letter in KEYS or letter in LOOK for letter in token):
        return list(token)
    return [legal_key(token)]


def _held(action: Action, t: int) -> str:
    turns = [degrees / LOOK_DEGREES for degrees in action.mouse]
    if any(turn not in (-1, 0, 1) for turn in turns):
        raise T2WError(
            f"the short form turns by {LOOK_DEGREES:g} degrees a frame or not at all, and action {t} turns by "
            f"{action.mouse[0]:g} and {action.mouse[1]:g}; convert to .yaml or .jsonl"
        )
    letters = "".join(key for key in "wasd" if key in action.keys)
    looks = "".join(letter for letter, (dx, dy) in LOOK.items() if (dx and dx == turns[0]) or (dy and dy == turns[1]))
    named = [key for key in KEYS if key in action.keys and key not in tuple("wasd")]
    return "+".join([name for name in (letters + looks, *named) if name]) or "none"
