"""What a verb has to say, in and out: words and progress for people on stderr, one JSON object a line on stdout with --json."""

import json
import sys
import time
from contextlib import suppress
from functools import cached_property
from pathlib import Path

WIDEST, PROSE = 600, 200  # columns in a pipe, of rows that stay on a line, and of those that cannot


class Output:
    """One a command. Every line of --json has an "event"; the last is the one result: {"event": "result", "ok": true, …}."""

    def __init__(self, as_json: bool = False, quiet: bool = False):
        self.as_json, self.quiet = as_json, quiet
        self.last = 0.0

    @cached_property
    def console(self):
        from rich.console import Console

        return Console(stderr=True, highlight=False, quiet=self.as_json or self.quiet)

    @property
    def is_terminal(self) -> bool:
        """A person can be shown pictures and asked."""
        return not self.as_json and not self.quiet and all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))

    def event(self, event: str, /, often: bool = False, **fields: object) -> None:
        """A line of --json. Events that come often are thinned to ten a second."""
        now = time.monotonic()
        if self.as_json and (not often or now - self.last >= 0.1):
            self.last = now if often else self.last
            _line({"event": event, **fields})

    def say(self, text: str) -> None:
        self.console.print(text, markup=False, soft_wrap=True)

    def note(self, text: str) -> None:
        """Something the user should know: said to people, and an event to programs."""
        self.event("note", text=text)
        self.console.print(f"[yellow]note:[/yellow] {_escape(text)}", soft_wrap=True)

    def done(self, path: Path | str | None = None, /, **fields: object) -> None:
        """The one result. With --quiet its path is all there is, on stdout."""
        if self.as_json:
            _line({"event": "result"} | {"ok": True} | fields)
        elif self.quiet and path is not None:
            print(path)

    def answer(self, table: object, /, **fields: object) -> None:
        """For verbs that are asked for words: the rich thing on stdout, or the same as the result object."""
        if self.as_json:
            _line({"event": "result", "ok": True, **fields})
        else:
            from rich.console import Console

            console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDEST)
            if not sys.stdout.isatty():  # there a row stays on its line, unless it is prose
                wanted = console.measure(table).maximum
                console.width = wanted if wanted < WIDEST else PROSE
            console.print(table)


def counting(console, transient: bool = False):
    """A bar that counts, with its rate and the time left."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn()
    return Progress(*columns, console=console, transient=transient)


def minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def gib(mib: float) -> str:
    """An amount of memory for people."""
    return f"{mib / 1024:.1f} GiB" if mib >= 1000 else f"{mib:g} MiB" if mib else ""


def fail(sentence: str, code: int, as_json: bool) -> None:
    """The last word of a command that did not do what was asked."""
    if as_json:
        with suppress(OSError):  # nobody may be there to read it, or no room
            _line({"event": "result", "ok": False, "error": sentence, "code": code})
    print(f"error: {sentence}", file=sys.stderr)


def _line(row: dict) -> None:
    print(json.dumps(row, default=_plain), flush=True)


def _plain(value: object) -> object:
    return value.item() if hasattr(value, "item") else str(value)


def _escape(text: str) -> str:
    from rich.markup import escape

    return escape(text)
