"""Scripts with one JSON object a frame (.jsonl), as every take writes beside its film: {"keys": ["w"], "mouse": [4.0, 0.0]}."""

import json
from collections.abc import Iterable
from fractions import Fraction

from t2w.actions.action import Action
from t2w.actions.steps import MAX_FRAMES, Say, Says, Script, Step, error_at, legal_text, runs
from t2w.errors import T2WError

EXAMPLE = '{"keys": ["w"], "mouse": [0, 0]}'


def parse(text: str, source: str) -> Script:
    """Other fields than keys, mouse and say are allowed and ignored; so are empty lines. Raises T2WError with file, line and column."""
    steps: list[Step | Say] = []
    for line, written in enumerate(text.split("\n"), 1):
        if not written.strip():
            continue
        if line > MAX_FRAMES:
            raise error_at(source, line, 1, f"more than {MAX_FRAMES} frames; cut the script into shorter ones")
        steps += _row(written, source, line)
    if not steps:
        raise error_at(source, 1, 1, f"no actions; write one row a frame, such as {EXAMPLE}")
    return Script(source, tuple(steps))


def to_rows(actions: Iterable[Action], says: Says = ()) -> str:
    """The text of a .jsonl script; `parse` gives the same actions back. A text said after the last action has no row and is dropped."""
    rows, waiting = [], []
    for run in runs(actions, says):
        if isinstance(run, str):
            waiting.append(run)
            continue
        action, frames = run
        first = action.to_row() | ({"say": waiting if len(waiting) > 1 else waiting[0]} if waiting else {})
        rows += [first] + [action.to_row()] * (frames - 1)
        waiting = []
    return "".join(json.dumps(row) + "\n" for row in rows)


def _row(written: str, source: str, line: int) -> list[Step | Say]:
    column = len(written) - len(written.lstrip()) + 1
    try:
        row = json.loads(written)
        action = Action.from_row(row)
        said = row.get("say", [])
        texts = [legal_text(text) for text in (said if isinstance(said, list) else [said])]
    except json.JSONDecodeError as error:
        raise error_at(source, line, error.colno, f"not JSON ({error.msg}); a row looks like {EXAMPLE}") from None
    except (ValueError, RecursionError):  # thousands of digits or brackets
        raise error_at(source, line, column, f"not a row of actions; a row looks like {EXAMPLE}") from None
    except T2WError as error:
        raise error_at(source, line, column, str(error)) from None
    look = (Fraction(action.mouse[0]), Fraction(action.mouse[1]))
    return [*(Say(text, line) for text in texts), Step(action.keys, look, frames=1, line=line)]
