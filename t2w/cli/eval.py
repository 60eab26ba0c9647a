"""t2w eval: a world held against the simulator."""

from typing import Annotated

import typer

from t2w.cli import options as o
from t2w.cli.output import Output

app = typer.Typer(help="Figures about a world, against the simulator's truth.", no_args_is_help=True)


@app.command("world")
def world(
    name: Annotated[str, typer.Argument(metavar="NAME|DIR")] = "starter",
    walks: Annotated[int, typer.Option("--walks", "-n", min=1, help="Held-out walks to average over.")] = 32,
    only: Annotated[str | None, typer.Option("--only", metavar="horizon|control|hold")] = None,
    device: o.Device = "auto",
    dtype: o.Dtype = "auto",
    json: o.Json = False,
) -> None:
    """Nearness to the truth 1, 5 and 15 frames ahead; opposite commands; ten seconds second by second.

    Example: t2w eval world starter
    """
    from rich.table import Table

    from t2w.cli import making
    from t2w.errors import T2WError
    from t2w.evaluate import world as evaluate
    from t2w.worlds import registry

    making.settle(offline=False)
    parts = {
        "horizon": lambda: evaluate.horizon(model, walks),
        "control": lambda: evaluate.control(model),
        "hold": lambda: evaluate.hold(model),
    }
    if only is not None and only not in parts:
        raise T2WError(f"--only {only} is none of {', '.join(parts)}")
    output, model = Output(json), registry.load(name, device, dtype)
    found = {}
    for part, rows in parts.items():
        if only in (None, part):
            output.say(f"{part} …")
            found[part] = list(rows())
            table = Table(*found[part][0], box=None, padding=(0, 2, 0, 0), title=part, title_justify="left")
            for row in found[part]:
                table.add_row(*(f"{v:.4g}" if isinstance(v, float) else str(v) for v in row.values()))
            if not json:
                output.answer(table)
    if json:
        output.done(world=name, **found)
