"""Scripts in YAML: every mistake is told with its line and column; actions are written back as steps in seconds."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from math import inf

import yaml

from t2w.actions.action import Action, legal_key
from t2w.actions.steps import MAX_FRAMES, MAX_SECONDS, Say, Says, Script, Step, error_at, legal_text, runs
from t2w.actions.yaml_nodes import List, Mapping, Node, Scalar, compose, fields, scalar, shown, wrong
from t2w.errors import T2WError

FIELDS = ("hold", "look", "for", "wait", "repeat", "steps", "say")
DIRECTIONS = {"right": (1, 0), "left": (-1, 0), "down": (0, 1), "up": (0, -1)}
UNITS = {"s": Fraction(1), "": Fraction(1), "ms": Fraction(1, 1000)}
EXAMPLE = "steps: [{hold: [w], for: 2s}]"
TIMES = "write 2s, 0.4s, 500ms or 12f (frames)"


@dataclass(frozen=True)
class _Length:
    """How much there is, counted before it is written out, so that no count of repeats can fill the memory."""

    seconds: Fraction = Fraction(0)
    frames: int = 0
    steps: int = 0

    def __add__(self, other: "_Length") -> "_Length":
        return _Length(self.seconds + other.seconds, self.frames + other.frames, self.steps + other.steps)

    def __mul__(self, times: int) -> "_Length":
        return _Length(self.seconds * times, self.frames * times, self.steps * times)

    def check(self, node: Node) -> None:
        if self.seconds > MAX_SECONDS or max(self.frames, self.steps) > MAX_FRAMES:
            raise wrong(node, "the script becomes longer than an hour here; make it shorter")


Steps = tuple[list[Step | Say], _Length]


def parse(text: str, source: str) -> Script:
    """Raises T2WError `source:line:column: what is wrong, what would be right`."""
    root = compose(text, source)
    if root is None:
        raise error_at(source, 1, 1, f"the script is empty; write {EXAMPLE}")
    if not isinstance(root, Mapping):
        raise wrong(root, f"a script begins with `steps:`, not with {shown(root)}; write {EXAMPLE}")
    found = fields(root, ("steps",))
    if "steps" not in found:
        raise wrong(root, f"there are no steps; write {EXAMPLE}")
    steps, _ = _steps(found["steps"][1])
    if not any(isinstance(step, Step) for step in steps):
        raise wrong(root, "no step takes any time; add one such as {wait: 1s}")
    return Script(source, tuple(steps))


def to_yaml(actions: Iterable[Action], fps: float, says: Says = ()) -> str:
    """The text of a script. Each step ends at the millisecond nearest to its last frame, so nothing drifts."""
    lines, frame, at = [], 0, Fraction(0)
    grain = 1000 if fps <= 250 else 10**6
    for run in runs(actions, says):
        if isinstance(run, str):
            text = yaml.safe_dump(run, default_style='"', width=inf, allow_unicode=True).strip()
            lines.append(f"  - {{say: {text}}}\n")
            continue
        action, frames = run
        frame += frames
        end = Fraction(round(frame / Fraction(fps) * grain), grain)
        seconds = _plain(Decimal((end - at).numerator) / (end - at).denominator)
        lines.append(f"  - {_written(action, frames, seconds + 's')}\n")
        at = end
    return f"# {frame} frames at {fps:g} frames/s\nsteps:\n" + "".join(lines)


def _steps(node: Node) -> Steps:
    if not isinstance(node, List):
        raise wrong(node, f"steps is a list, not {shown(node)}; begin each step with a dash, such as - {{hold: [w], for: 2s}}")
    if not node.value:
        raise wrong(node, "steps is empty; add one such as {hold: [w], for: 2s}")
    made: list[Step | Say] = []
    length = _Length()
    for item in node.value:
        steps, more = _step(item)
        length += more
        length.check(item)
        made += steps
    return made, length


def _step(node: Node) -> Steps:
    if not isinstance(node, Mapping):
        raise wrong(node, f"a step is a mapping such as {{hold: [w], for: 2s}}, not {shown(node)}")
    found = fields(node, FIELDS)
    line = node.start_mark.line + 1
    if "repeat" in found:
        return _repeat(node, found)
    if "say" in found:
        _alone(found, "say")
        return [Say(_text(found["say"][1]), line)], _Length(steps=1)
    if "wait" in found:
        _alone(found, "wait")
        return _timed(Step(line=line), found["wait"][1])
    if "steps" in found:
        raise wrong(found["steps"][0], "steps within a step need a count; write {repeat: 2, steps: [...]}")
    if "hold" not in found and "look" not in found:
        raise wrong(node, "a step holds, looks, waits, repeats or says something; write for example {hold: [w], for: 2s}")
    keys = _keys(found["hold"][1]) if "hold" in found else frozenset()
    look = _look(found["look"][1]) if "look" in found else (Fraction(0), Fraction(0))
    if "for" not in found:
        raise wrong(node, "the step does not say how long; add for: 1s")
    return _timed(Step(keys, look, line=line), found["for"][1])


def _repeat(node: Node, found: dict[str, tuple[Node, Node]]) -> Steps:
    _alone(found, "repeat", "steps")
    count = found["repeat"][1]
    if not re.fullmatch("0*[1-9][0-9]{0,8}", scalar(count)):
        raise wrong(count, f"repeat is a whole number from 1, not {shown(count)}; write for example repeat: 2")
    if "steps" not in found:
        raise wrong(node, "repeat needs the steps to repeat; write {repeat: 2, steps: [...]}")
    steps, length = _steps(found["steps"][1])
    length *= int(scalar(count))
    length.check(count)
    return steps * int(scalar(count)), length


def _alone(found: dict[str, tuple[Node, Node]], name: str, *partners: str) -> None:
    others = [other for other in found if other not in (name, *partners)]
    if others:
        right = "write wait: 1s" if (name, others[0]) == ("wait", "for") else "make it a step of its own"
        raise wrong(found[others[0]][0], f"{others[0]!r} does not go with {name!r}; {right}")


def _timed(step: Step, node: Node) -> Steps:
    seconds, frames = _time(node)
    return [Step(step.keys, step.look, seconds, frames, step.line)], _Length(seconds or Fraction(0), frames, 1)


def _keys(node: Node) -> frozenset[str]:
    items = node.value if isinstance(node, List) else [node]
    if not items:
        raise wrong(node, "hold names no key; write for example hold: [w], or {wait: 1s}")
    for item in items:
        if not isinstance(item, Scalar):
            raise wrong(item, f"a key is a name such as w or space, not {shown(item)}")
        try:
            legal_key(scalar(item))
        except T2WError as error:
            raise wrong(item, str(error)) from None
    return frozenset(scalar(item) for item in items)


def _look(node: Node) -> tuple[Fraction, Fraction]:
    if not isinstance(node, Mapping) or not node.value:
        raise wrong(node, "look is a direction and degrees, such as {right: 90} or {left: 30, up: 5}")
    found = fields(node, tuple(DIRECTIONS))
    for one, other in (("right", "left"), ("down", "up")):
        if one in found and other in found:
            raise wrong(found[other][0], f"{one!r} and {other!r} undo each other; write one of them")
    turns = [(DIRECTIONS[name], _degrees(value)) for name, (_, value) in found.items()]
    return sum((x * turn for (x, _), turn in turns), Fraction(0)), sum((y * turn for (_, y), turn in turns), Fraction(0))


def _degrees(node: Node) -> Fraction:
    text = scalar(node)
    number = re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", text, re.ASCII)
    if len(text) > 80 or not number or abs(float(text)) > 1e9:
        raise wrong(node, f"{shown(node)} is not a number of degrees; write for example 90")
    return Fraction(text)


def _time(node: Node) -> tuple[Fraction | None, int]:
    """(seconds, 0) or (None, frames)."""
    match = re.fullmatch(r"([+-]?)(\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})\s*([a-zA-Z]*)", scalar(node), re.ASCII)
    if not match or match[3] not in (*UNITS, "f"):
        raise wrong(node, f"{shown(node)} is not a time; {TIMES}")
    sign, number, unit = match.groups()
    if sign == "-" or Fraction(number) == 0:
        raise wrong(node, f"a time is more than zero, not {shown(node)}; {TIMES}")
    if unit == "f" and "." in number:
        raise wrong(node, f"frames are whole, not {shown(node)}; write for example 12f")
    return (None, int(number)) if unit == "f" else (Fraction(number) * UNITS[unit], 0)


def _text(node: Node) -> str:
    try:
        return legal_text(node.value if isinstance(node, Scalar) else None)
    except T2WError as error:
        raise wrong(node, str(error)) from None


def _written(action: Action, frames: int, time: str) -> str:
    """One step as a line of YAML."""
    dx, dy = action.mouse
    sides = [("right" if dx > 0 else "left", dx)] * (dx != 0) + [("down" if dy > 0 else "up", dy)] * (dy != 0)
    looks = ", ".join(f"{side}: {_total(degrees, frames)}" for side, degrees in sides)
    parts = [f"hold: [{', '.join(sorted(action.keys))}]"] * bool(action.keys) + [f"look: {{{looks}}}"] * bool(looks)
    return f"{{{', '.join([*parts, f'for: {time}'])}}}" if parts else f"{{wait: {time}}}"


def _total(degrees: float, frames: int) -> str:
    """The shortest decimal that, divided by the frames, is the same float again."""
    with localcontext(prec=60):
        exact = abs(Decimal(repr(float(degrees))) * frames)  # does so, but 1/3 x 3 reads 0.9999999999999999
    for places in range(10):
        rounded = round(exact, places) if exact < 10**12 else exact
        if float(Fraction(rounded) / frames) == abs(degrees):
            return _plain(rounded)
    return _plain(exact)


def _plain(number: Decimal) -> str:
    with localcontext(prec=60):
        number = number.normalize()
    return f"{number:f}" if -12 < number.adjusted() < 12 else str(number)
