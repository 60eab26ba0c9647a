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
    """What a painter is, how it is called, and the words that it knows: other words of a prompt are ignored.

    Example: t2w painters show starter
    """
    from rich.table import Table

    from t2w.start import painters
    from t2w.start.vocabulary import listing

    painters.check(name)
    settings = painters.settings(name)
    fields = {"name": name, "about": painters.about(name), "settings": settings}
    words = listing() if name in painters.OURS else {}
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_row("[bold]name[/bold]", name)
    table.add_row("[bold]about[/bold]", fields["about"])
    table.add_row("[bold]settings[/bold]", ", ".join(f"{k} {v}" for k, v in settings.items()) or "the pipeline's own")
    table.add_row("[bold]words[/bold]", "each, and what else is read as it; slips of the pen are mended" if words else "any")
    for category, values in words.items():
        for value, others in values.items():
            table.add_row(f"[bold]{category}[/bold]", f"{value}[dim]: {', '.join(others)}[/dim]" if others else value)
            category = ""
    Output(json).answer(table, **fields, words=words)
