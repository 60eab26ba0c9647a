"""t2w painters: which there are, and what one is."""

from typing import Annotated

import typer

from t2w.cli import options as o
from t2w.cli.output import Output

app = typer.Typer(help="Painters: list, show NAME.", no_args_is_help=True)


@app.command("list")
def list_(json: o.Json = False) -> None:
    """All painters: ours and those of installed plug-ins. Any diffusers text-to-image pipeline is one too, by folder or hub id.

    Example: t2w painters list
    """
    from rich.table import Table

    from t2w.start import painters

    table = Table("painter", "about", box=None, padding=(0, 2, 0, 0))
    rows = [{"name": name, "about": painters.about(name)} for name in painters.names()]
    for row in rows:
        table.add_row(row["name"], row["about"])
    table.add_row("DIR or ORG/MODEL", "any text-to-image pipeline of diffusers, from a folder or the hub")
    Output(json).answer(table, painters=rows)


@app.command("show")
def show(name: Annotated[str, typer.Argument(metavar="NAME|DIR|ID")], json: o.Json = False) -> None:
    """What a painter is and how it is called.

    Example: t2w painters show starter
    """
    from rich.table import Table

    from t2w.start import painters

    painters.check(name)
    fields = {"name": name, "about": painters.about(name), "settings": painters.settings(name)}
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for key, value in fields.items():
        table.add_row(
            f"[bold]{key}[/bold]",
            ", ".join(f"{k} {v}" for k, v in value.items()) or "the pipeline's own" if isinstance(value, dict) else value,
        )
    Output(json).answer(table, **fields)
