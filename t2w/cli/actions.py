"""t2w actions: check, show and convert scripts. A script file or a short form goes in, a report, a timeline or another script comes out."""

from itertools import pairwise
from math import atan2, ceil, pi
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from t2w.cli import options as o
from t2w.cli.output import Output

if TYPE_CHECKING:
    from rich.table import Table

    from t2w.actions import Action
    from t2w.actions.script import Script

app = typer.Typer(help="Scripts of actions: check, show, convert.", no_args_is_help=True)
Source = Annotated[str, typer.Argument(metavar="FILE|SHORT", help="A script (.yaml, .jsonl, .txt) or a short form: w-30,wl-15.")]
Target = Annotated[str, typer.Argument(metavar="FILE", help="A name ending in .yaml, .jsonl or .txt (short form), or - for stdout.")]
Rate = Annotated[float, typer.Option("--fps", metavar="N", help="Frames a second of the world that will play it.")]

ARROWS = "→↘↓↙←↖↑↗"
SHADES = "·░▒▓█"


@app.command("check")
def check(script: Source, fps: Rate = 15.0, json: o.Json = False) -> None:
    """Is the script right, how long is it, what does it use? Exit code 2 when it is wrong.

    Example: t2w actions check recipes/actions/visit.yaml
    """
    from rich.table import Table
    from rich.text import Text

    read, actions = _read(script, fps)
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_row(Text("length", "bold"), f"{len(actions)} frames, {len(actions) / fps:.1f} s at {fps:g} frames/s")
    for name, place in read.uses().items():
        table.add_row(Text(name, "bold"), Text(f"first at {place}"))
    for frame, text in read.says(fps):
        table.add_row(Text("say", "bold"), Text(f"at {frame / fps:.1f} s: {text}"))
    Output(json).answer(table, **_facts(read, actions, fps))


@app.command("show")
def show(script: Source, fps: Rate = 15.0, json: o.Json = False) -> None:
    """A script as a timeline, a row a key; with --json every action.

    Example: t2w actions show w-30,wd-15,l-20,w+space-6,none-15
    """
    from rich.console import Console

    read, actions = _read(script, fps)
    table = _timeline(actions, read.says(fps), fps, Console().width)
    Output(json).answer(table, **_facts(read, actions, fps), actions=[action.to_row() for action in actions])


@app.command("convert")
def convert(
    script: Source,
    out: Target,
    to: Annotated[str, typer.Option("--to", metavar="NAME", help="What to print for -: yaml, jsonl or txt.")] = "yaml",
    fps: Rate = 15.0,
    json: o.Json = False,
) -> None:
    """A script in another format; the suffix of the second file says which.

    Example: t2w actions convert take/actions.jsonl walk.yaml
    """
    from t2w.actions import script as scripts
    from t2w.errors import T2WError
    from t2w.media.atomic import write_text

    if out == "-" and json:
        raise T2WError("--json and - both write to stdout; give a file name or leave --json out")
    if out == "-" and to not in scripts.SUFFIXES.values():
        raise T2WError(f"--to is yaml, jsonl or txt, not {to!r}")
    kind = to if out == "-" else scripts.format_of(Path(out))
    read, actions = _read(script, fps)
    text = scripts.write(kind, actions, fps, read.says(fps))
    if out == "-":
        return typer.echo(text, nl=False)
    write_text(Path(out), text)
    output = Output(json)
    output.say(f"{len(actions)} frames in {out}")
    output.done(out, **_facts(read, actions, fps), out=out)


def _read(script: str, fps: float) -> tuple["Script", list["Action"]]:
    from t2w.errors import T2WError
    from t2w.rollout.scripts import read

    if not 0 < fps <= 1000:
        raise T2WError(f"--fps is more than 0 and at most 1000, not {fps:g}")
    found = read(script)
    return found, found.actions(fps)


def _facts(script: "Script", actions: list["Action"], fps: float) -> dict:
    says = [{"frame": frame, "text": text} for frame, text in script.says(fps)]
    return {
        "script": script.source,
        "fps": fps,
        "frames": len(actions),
        "seconds": len(actions) / fps,
        "uses": script.uses(),
        "says": says,
    }


def _timeline(actions: list["Action"], says: list[tuple[int, str]], fps: float, width: int) -> "Table":
    """A row a key: blocks where it is held, shaded where for a part of the cell only; arrows where the view turns."""
    from rich.table import Table
    from rich.text import Text

    from t2w.actions import KEYS

    length, turned = f"{len(actions)} frames, {len(actions) / fps:.1f} s", _turned(actions)
    cells = max(10, min(len(actions), width - 15 - max(len(length), len(turned))))
    cells = min(cells, len(actions))
    bounds = [cell * len(actions) // cells for cell in range(cells + 1)]
    parts = [actions[start:end] for start, end in pairwise(bounds)]
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", style="bold")
    table.add_column(no_wrap=True)
    table.add_column(style="dim", no_wrap=True)
    table.add_row("", Text(_ruler(cells, len(actions) / fps), "dim"), length)
    for key in (key for key in KEYS if any(key in action.keys for action in actions)):
        held = [sum(key in action.keys for action in part) / len(part) for part in parts]
        row = "".join(SHADES[ceil(4 * share)] for share in held)
        table.add_row(key, Text(row, "yellow"), f"{sum(key in action.keys for action in actions) / fps:.1f} s")
    if turned:
        table.add_row("mouse", Text("".join(_arrow(part) for part in parts), "cyan"), turned)
    for frame, text in says:
        table.add_row("say", Text(f"{frame / fps:.1f} s: {text}", overflow="ellipsis"), "")
    return table


def _ruler(cells: int, seconds: float) -> str:
    """Seconds at round places: 0····1····2····"""
    step = next((step for step in (0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300) if cells * step / seconds >= 6), 600)
    line = [" "] * cells
    for mark in range(int(seconds / step) + 1):
        start, label = round(mark * step / seconds * cells), f"{mark * step:g}"
        if start + len(label) <= cells:
            line[start : start + len(label)] = label
    return "".join(line)


def _arrow(actions: list["Action"]) -> str:
    dx, dy = (sum(action.mouse[axis] for action in actions) for axis in (0, 1))
    return ARROWS[round(atan2(dy, dx) / (pi / 4)) % 8] if dx or dy else SHADES[0]


def _turned(actions: list["Action"]) -> str:
    """Degrees in all to each side: →90 ←30."""
    sides = (("→", 0, 1), ("←", 0, -1), ("↑", 1, -1), ("↓", 1, 1))
    sums = [(side, sum(max(0.0, sign * action.mouse[axis]) for action in actions)) for side, axis, sign in sides]
    return " ".join(f"{side}{degrees:.0f}°" for side, degrees in sums if degrees)
