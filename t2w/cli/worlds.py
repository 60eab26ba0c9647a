"""t2w worlds: which there are, what one is and how it was trained, and whether it keeps the protocol."""

from pathlib import Path
from typing import Annotated

import typer

from t2w.cli import options as o
from t2w.cli.output import Output

app = typer.Typer(help="Worlds: list, show NAME, check NAME.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME|DIR", help="A name of `t2w worlds list`, or a folder with a trained world.")]


@app.command("list")
def list_(json: o.Json = False) -> None:
    """All worlds: ours and those of installed plug-ins; what each takes, what it needs, and whether it is on this disk.

    Example: t2w worlds list
    """
    from rich.table import Table
    from rich.text import Text

    from t2w.cli.output import gib
    from t2w.errors import T2WError
    from t2w.worlds import registry

    heads = ("world", "here", "size", "frames/s", "seconds", "takes", "memory", "licence", "about")
    table, rows = Table(*heads, box=None, padding=(0, 2, 0, 0)), []
    for name in registry.names():
        try:
            spec, here = registry.spec(name), registry.on_disk(name)
        except T2WError as error:
            table.add_row(name, *[""] * (len(heads) - 2), Text(str(error), "red"))
            rows.append({"name": name, "error": str(error)})
            continue
        seconds = "any" if spec.horizon is None else f"{spec.horizon:g}"
        size, licence = f"{spec.width}×{spec.height}", spec.licence + (f"; not in {spec.territory}" if spec.territory else "")
        table.add_row(
            name, "yes" if here else "no", size, f"{spec.fps:g}", seconds, _takes(spec), gib(spec.memory_mib), licence, spec.about
        )
        rows.append({"name": name, "on_disk": here, **_fields(spec)})
    Output(json).answer(table, worlds=rows)


@app.command("show")
def show(
    name: Name,
    history: Annotated[bool, typer.Option("--history", help="Every training of it so far, with its figures and what was learnt.")] = False,
    json: o.Json = False,
) -> None:
    """What a world takes and gives, and how it was trained.

    Example: t2w worlds show starter --history
    """
    from rich.table import Table
    from rich.text import Text

    from t2w.worlds import registry

    spec = registry.spec(name)
    fields, card = {**_fields(spec), "on_disk": registry.on_disk(name)}, _card(name)
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for key, value in {**fields, **{f"trained: {key}": value for key, value in card.items()}}.items():
        if value != "":
            table.add_row(Text(key, "bold"), Text(_word(value)))
    tries = _history(name) if history else []
    for k, row in enumerate(tries, 1):
        for key, value in row.items():
            table.add_row(Text(f"try {k}: {key}", "bold"), Text(_word(value)))
    Output(json).answer(table, **fields, card=card, **({"history": tries} if history else {}))


@app.command("check")
def check(name: Name, device: o.Device = "auto", dtype: o.Dtype = "auto", json: o.Json = False) -> None:
    """The conformance test: shapes, determinism, forks. Exit code 1 when a claim does not hold.

    Example: t2w worlds check sim
    """
    from t2w.cli import making
    from t2w.errors import FAILED
    from t2w.worlds import registry
    from t2w.worlds.check import check

    making.settle(offline=False)
    output, failed = Output(json), 0
    for claim, ok, detail in check(registry.load(name, device, dtype)):
        failed += not ok
        output.event("claim", claim=claim, ok=ok, detail=detail)
        output.console.print(
            f"{'[green]ok[/green]    ' if ok else '[red]FAILED[/red]'}  {claim}{f'  ({detail})' if detail and not ok else ''}"
        )
    output.done(ok=not failed, world=name, failed=failed)
    if failed:
        raise typer.Exit(FAILED)


def _fields(spec) -> dict:
    from dataclasses import asdict

    fields = asdict(spec)
    space = fields.pop("space")
    return {**fields, "keys": list(space["keys"]), "mouse": space["mouse"], "turn": space["turn"]}


def _card(name: str) -> dict:
    """How it was trained: card.json beside the weights."""
    import json

    path = _folder(name) / "card.json"
    return json.loads(path.read_text("utf-8")) if path.is_file() else {}


def _history(name: str) -> list[dict]:
    """What was tried: history.jsonl beside the weights, one object a training, the first one first."""
    import json

    path = _folder(name) / "history.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.is_file() else []


def _folder(name: str) -> Path:
    import t2w

    return Path(t2w.__file__).parent / "starter" / "world" if name == "starter" else Path(name)


def _takes(spec) -> str:
    return " ".join([*spec.space.keys, *["mouse"] * spec.space.mouse, *["words"] * spec.text])


def _word(value: object) -> str:
    if isinstance(value, dict):
        return "\n".join(f"{key}: {_word(part)}" for key, part in value.items())
    if isinstance(value, list | tuple):
        return " ".join(map(_word, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)
