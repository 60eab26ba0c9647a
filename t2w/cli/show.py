"""t2w show: the manifest of anything that t2w has made."""

from pathlib import Path
from typing import Annotated

import typer

from t2w.cli import options as o
from t2w.cli.output import Output


def show(
    file: Annotated[Path, typer.Argument(help="A PNG or MP4 of t2w, a take or a world: file or folder.")],
    json: o.Json = False,
) -> None:
    """Print the manifest of a picture, film, take or world: what it was made from.

    Example: t2w show worlds/snowy-pine-forest-7f3a/takes/01/take.mp4
    """
    from rich.table import Table

    from t2w.cli.manifest import of

    manifest = of(file)
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for name, value in _flat(manifest):
        table.add_row(f"[bold]{name}[/bold]", _word(value))
    Output(json).answer(table, manifest=manifest)


def _flat(manifest: dict, prefix: str = ""):
    for name, value in manifest.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _word(value: object):
    from rich.text import Text

    if isinstance(value, list) and value and isinstance(value[0], dict):
        return Text("\n".join("  ".join(f"{name} {_short(part)}" for name, part in row.items()) for row in value))
    return Text(_short(value))


def _short(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)
