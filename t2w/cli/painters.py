"""t2w painters: which there are, and what one is."""

from typing import Annotated

import typer

from t2w.cli import options as o
from t2w.cli.output import Output

app = typer.Typer(help="Painters: list, show NAME.", no_args_is_help=True)


@app.command("list")
def list_(json: o.Json = False) -> None:
    """All painters: ours, published ones by a short name, and those of installed plug-ins.

    Any diffusers text-to-image pipeline is one too, by folder or hub id.

    Example: t2w painters list
    """
    from rich.table import Table
    from rich.text import Text

    from t2w.cli.output import gib
    from t2w.errors import T2WError
    from t2w.start import painters

    table, rows = Table("painter", "here", "to fetch", "memory", "size", "licence", "about", box=None, padding=(0, 2, 0, 0)), []
    for name in painters.names():
        try:
            row = _fields(name)
        except T2WError as error:
            rows.append({"name": name, "error": str(error)})
            table.add_row(name, "", "", "", "", "", Text(str(error), "red"))
            continue
        rows.append(row)
        fetch = f"{row['download_gb']:g} GB" if row["download_gb"] else ""
        size = f"{row['side']}×{row['side']}" if row["side"] else "the world's"
        table.add_row(name, "yes" if row["on_disk"] else "no", fetch, gib(row["memory_mib"]), size, row["licence"], row["about"])
    table.add_row("DIR or ORG/MODEL", "", "", "", "", "", "any text-to-image pipeline of diffusers, from a folder or the hub's cache")
    Output(json).answer(table, painters=rows)


@app.command("show")
def show(name: Annotated[str, typer.Argument(metavar="NAME|DIR|ID")], json: o.Json = False) -> None:
    """What a painter is, how it is called, and the words that it knows: other words of a prompt are ignored.

    Example: t2w painters show starter
    """
    from rich.table import Table

    from t2w.cli.output import gib
    from t2w.start import painters
    from t2w.start.vocabulary import listing

    fields = _fields(name)
    words = listing() if name in painters.OURS else {}
    shape = ", squares only" if fields["square"] else ", in the world's shape"
    rows = {
        "name": name,
        "about": fields["about"],
        "licence": fields["licence"] or "not known here; its page tells",
        "territory": fields["territory"] or "no place is left out by the licence, as far as is known here",
        "repository": fields["hub"],
        "on this disk": "yes" if fields["on_disk"] else f"no; get it with: t2w models pull {name}",
        "to fetch": f"{fields['download_gb']:g} GB" if fields["download_gb"] else "",
        "memory": gib(fields["memory_mib"]),
        "reckoned": f"{', '.join(fields['reckoned'])}: not from the model card" if fields["reckoned"] else "",
        "paints at": f"about {fields['side']}×{fields['side']} pixels{shape}" if fields["side"] else "the size of the world, or its own",
        "settings": ", ".join(f"{k} {v!r}" if v == " " else f"{k} {v}" for k, v in fields["settings"].items()) or "the pipeline's own",
        "words": "each, and what else is read as it; slips of the pen are mended" if words else "any",
    }
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for title, value in rows.items():
        if value:
            table.add_row(f"[bold]{title}[/bold]", value)
    for category, values in words.items():
        for value, others in values.items():
            table.add_row(f"[bold]{category}[/bold]", f"{value}[dim]: {', '.join(others)}[/dim]" if others else value)
            category = ""
    Output(json).answer(table, **fields, words=words)


def _fields(name: str) -> dict:
    from dataclasses import asdict

    from t2w.start import painters

    fields = asdict(painters.spec(name))
    del fields["call"]
    return {**fields, "settings": painters.settings(name), "on_disk": painters.on_disk(name)}
