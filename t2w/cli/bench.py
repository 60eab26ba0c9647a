"""t2w bench: how fast worlds and painters run on this machine."""

from typing import Annotated

import typer

from t2w.cli import options as o
from t2w.cli.output import Output

Worlds = Annotated[
    list[str] | None,
    typer.Option("--world", "-w", metavar="NAME|DIR", help="Only what is named; give it again for more.", autocompletion=o._worlds),
]
Painters = Annotated[
    list[str] | None,
    typer.Option("--painter", "-p", metavar="NAME|DIR|ID", help="Only what is named; again for more.", autocompletion=o._painters),
]
N = Annotated[int, typer.Option("--frames", metavar="N", min=10, max=9000, help="Frames that are measured, after ten to warm up.")]
COLUMNS = ("", "frames/s", "without film", "without decoding", "first frame", "loading", "peak MiB", "")


def bench(
    world: Worlds = None,
    painter: Painters = None,
    frames: N = 60,
    device: o.Device = "auto",
    dtype: o.Dtype = "auto",
    json: o.Json = False,
    offline: o.Offline = False,
) -> None:
    """Frames a second, time to the first frame, memory, and the time of each stage, at batch 1: of the embedded models, or of those named.

    Each model runs in a process of its own. OMP_NUM_THREADS sets its threads.

    With --json the result has `rows`, one a model; what a model has not is null:

    [bold]name[/bold], [bold]kind[/bold]  world or painter
    [bold]fps[/bold]  frames a second of a take as `t2w roll` makes it, HUD and film
    included; of a painter, pictures a second
    [bold]first_frame_s[/bold]  from a start picture to the first new frame, by a world that is
    loaded but has not run yet; of a painter, loading and the first picture
    [bold]load_s[/bold]  of a world, torch and weights
    [bold]peak_mib[/bold]  the most memory: resident, or on CUDA what torch had allocated
    [bold]step_fps[/bold]  without HUD and film; [bold]latent_fps[/bold]  without decoding as well
    [bold]stages[/bold]  milliseconds a frame of each stage, medians
    [bold]frames[/bold], [bold]size[/bold], [bold]device[/bold], [bold]dtype[/bold], [bold]denoising_steps[/bold], [bold]threads[/bold]  how it was measured

    Example: t2w bench --world starter --json
    """
    from importlib.util import find_spec

    from rich.console import Group

    from t2w.cli import making

    making.settle(offline)
    from t2w.batch import figures
    from t2w.dream import versions
    from t2w.evaluate.bench import Ask, measure
    from t2w.worlds import device as devices

    devices.check(device, dtype)
    if not world and not painter:
        world = painter = ["starter", "sim"] if find_spec("numba") else ["starter"]
    asked = [("world", name) for name in world or []] + [("painter", name) for name in painter or []]
    asks = [Ask(kind, name, frames, device, dtype) for kind, name in asked]
    output, rows, found = Output(json), [], measure(asks)
    for ask in asks:
        with output.console.status(f"measuring the {ask.kind} {ask.name} …"):
            rows.append(next(found))
        figures.keep(rows[-1:])  # `t2w batch --dry-run` reckons with them
        output.event("row", **rows[-1])
    output.answer(Group(_table(rows), "", _stages(rows)), rows=rows, versions=versions())


def _table(rows: list[dict]):
    from rich.table import Table

    table = Table(*COLUMNS, box=None, padding=(0, 2, 0, 0))
    for row in rows:
        figures = (row["fps"], row.get("step_fps"), row.get("latent_fps"))
        steps = f"{row['denoising_steps']} steps" if row["denoising_steps"] else None
        how = (row["device"], row["dtype"], steps, f"{row['threads']} threads" if row["threads"] > 1 else "1 thread")
        times = (f"{row['first_frame_s']:.2f} s", f"{row['load_s']:.2f} s" if "load_s" in row else "")
        table.add_row(
            f"{row['kind']} {row['name']}",
            *map(_figure, figures),
            *times,
            str(row["peak_mib"] or ""),
            ", ".join(part for part in how if part),
        )
    return table


def _stages(rows: list[dict]):
    from rich.table import Table

    names = list(dict.fromkeys(name for row in rows for name in row["stages"]))
    table = Table("ms a frame", *names, box=None, padding=(0, 2, 0, 0))
    for row in rows:
        table.add_row(f"{row['kind']} {row['name']}", *(_figure(row["stages"].get(name)) for name in names))
    return table


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}" if value < 1000 else f"{value:.0f}"
