"""A script is a list of steps that last seconds or frames; at a frame rate it becomes one action a frame."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from math import floor
from unicodedata import category

from t2w.actions.action import Action
from t2w.errors import T2WError

MAX_SECONDS = 3600
MAX_FRAMES = 216_000  # an hour at 60 frames/s
Says = Sequence[tuple[int, str]]  # (frame, text) in the order of the frames


@dataclass(frozen=True)
class Step:
    """Keys held and degrees turned over a stretch of time, given in `seconds` or, where `seconds` is None, in `frames`."""

    keys: frozenset[str] = frozenset()
    look: tuple[Fraction, Fraction] = (Fraction(0), Fraction(0))  # over the whole step: right +, down +
    seconds: Fraction | None = None
    frames: int = 0
    line: int = 1


@dataclass(frozen=True)
class Say:
    """Words for the worlds that take them on the way. Takes no time."""

    text: str
    line: int = 1


@dataclass(frozen=True)
class Script:
    """What was read from `source`, repeats written out."""

    source: str
    steps: tuple[Step | Say, ...]

    def actions(self, fps: float) -> list[Action]:
        """One action a frame; N actions make N+1 frames, the start frame included."""
        made = []
        for step, start, end in _placed(self, fps):
            if isinstance(step, Step):
                made += [Action(step.keys, _spread(step.look, end - start))] * (end - start)
        return made

    def seconds(self, fps: float) -> float:
        """How long the actions last at this frame rate."""
        return max(end for _, _, end in _placed(self, fps)) / fps

    def says(self, fps: float) -> list[tuple[int, str]]:
        """(t, text): said before action t."""
        return [(start, step.text) for step, start, _ in _placed(self, fps) if isinstance(step, Say)]

    def uses(self) -> dict[str, str]:
        """The first place of each key, and of "mouse": {"w": "visit.yaml:3"}."""
        places: dict[str, str] = {}
        for step in self.steps:
            if isinstance(step, Step):
                for name in [*sorted(step.keys), *["mouse"] * any(step.look)]:
                    places.setdefault(name, f"{self.source}:{step.line}")
        return places


def error_at(source: str, line: int, column: int, sentence: str) -> T2WError:
    """The error of every script format: file:line:column: what is wrong, what would be right."""
    return T2WError(f"{source}:{line}:{column}: {sentence}")


def legal_text(text: object) -> str:
    """`text` if it can be said, else a T2WError."""
    if not isinstance(text, str) or not text.strip():
        raise T2WError('say takes words, such as "snow begins to fall"')
    odd = next((letter for letter in text if category(letter) in ("Cc", "Cs") and letter not in "\n\t"), None)
    if odd is not None:
        raise T2WError(f"say holds the control character U+{ord(odd):04X}; remove it")
    return text


def runs(actions: Iterable[Action], says: Says = ()) -> Iterator[tuple[Action, int] | str]:
    """Equal neighbours joined: (action, frames), with each text to say before the run it precedes. Raises T2WError if there is no action."""
    actions, said = list(actions), dict[int, list[str]]()
    if not actions:
        raise T2WError("there are no actions to write; a script makes at least one frame")
    for t, text in says:
        said.setdefault(min(t, len(actions)), []).append(text)
    times = sorted(said)
    # A run ends where the action changes and where something is said.
    for _, group in groupby(enumerate(actions), key=lambda numbered: (bisect_right(times, numbered[0]), numbered[1])):
        members = list(group)
        start, action = members[0]
        yield from said.get(start, [])
        yield action, len(members)
    yield from said.get(len(actions), [])


def _placed(script: Script, fps: float) -> Iterator[tuple[Step | Say, int, int]]:
    """Each step with its first frame and the one after its last.

    Seconds are rounded where they end up, not one by one, so the rounding does not add up. A step lasts at least one frame, or a short
    press of a key would be lost; the steps after it give the frame back.
    """
    assert fps > 0, fps
    rate, exact, frame = Fraction(fps), Fraction(0), 0
    for step in script.steps:
        start = frame
        if isinstance(step, Step) and step.seconds is None:
            exact, frame = exact + step.frames, frame + step.frames
        elif isinstance(step, Step):
            exact += step.seconds * rate
            frame = max(frame + 1, floor(exact + Fraction(1, 2)))
        if frame > MAX_SECONDS * rate:
            raise T2WError(f"{script.source}:{step.line}: the script is longer than an hour at {fps:g} frames/s; make it shorter")
        yield step, start, frame


def _spread(look: tuple[Fraction, Fraction], frames: int) -> tuple[float, float]:
    return float(look[0] / frames), float(look[1] / frames)
