"""t2w eval: worlds and painters held against the simulator. Stopped, the same command goes on."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Self

import typer

from t2w.cli import options as o
from t2w.cli.output import Output, minutes

app = typer.Typer(help="Figures about worlds and painters, against the simulator's truth.", no_args_is_help=True)

Only = Annotated[list[str] | None, typer.Option("--only", metavar="PART", help="This part; give it again for more.", show_default="all")]
Cases = Annotated[
    int | None, typer.Option("-n", "--cases", min=1, help="Walks, starts or prompts in each part.", show_default="the part's own")
]
Quick = Annotated[bool, typer.Option("--quick", help="A minute or two: a few cases of each part.")]
Noise = Annotated[int, typer.Option("--seed", "-s", metavar="N", help="Of the model's own noise; the held-out worlds stay the same.")]
Referee = Annotated[
    Path | None, typer.Option("--judge", metavar="DIR", help="What `t2w train judge` has made.", show_default="the one that ships")
]
Out = Annotated[
    Path | None, typer.Option("--out", "-o", metavar="DIR", help="Where cases and the page are kept.", show_default="runs/eval-NAME")
]


@app.command("world")
def world(
    name: Annotated[str, typer.Argument(metavar="NAME|DIR")] = "starter",
    out: Out = None,
    cases: Cases = None,
    quick: Quick = False,
    only: Only = None,
    start: Annotated[list[Path] | None, typer.Option("--start", metavar="IMAGE", help="Begin here: only what needs no truth.")] = None,
    seed: Noise = 0,
    judge: Referee = None,
    device: o.Device = "auto",
    dtype: o.Dtype = "auto",
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Nearness to the truth, control, counterfactuals, a minute's drift, coming back, events: tables, and a page with pictures.

    Parts: horizon, control, obey, counterfactual, drift, hold, revisit, events. Cases that are kept are not measured again.

    Example: t2w eval world starter --quick
    """
    from t2w.cli import making

    making.settle(offline=False)
    from t2w.evaluate import backbones, judging
    from t2w.evaluate.part import Ask, knows_the_simulator
    from t2w.evaluate.store import digest
    from t2w.evaluate.world import parts
    from t2w.media.pixels import read_picture
    from t2w.nn.judge import load
    from t2w.start.start import check_seed
    from t2w.start.weights import of_world
    from t2w.worlds import device as devices
    from t2w.worlds import registry

    devices.check(device, dtype)
    output, spec, pictures = Output(json, quiet), registry.spec(name), tuple(map(read_picture, start or []))
    plan = _plan(parts(spec, quick, bool(pictures)), only, cases, quick)
    place = judge or judging.STARTER
    referee = load(place)
    about = {"world": name, "seed": check_seed(seed), "device": device, "dtype": dtype, "judge": digest([place])}
    decides = {**about, "weights": of_world(name), "start": digest(start or [])}
    if pictures or not knows_the_simulator(spec):
        output.note("only what needs no truth is measured: control, drift and coming back")

    def ask(tick):
        output.say(f"loading the world {name} …")
        return Ask(registry.load(name, device, dtype), referee, seed, pictures, tick)

    notes = [backbones.left_out()] if any(part.name == "horizon" for part in plan) else []
    _evaluate(output, f"The world {name}", plan, ask, out or Path(f"runs/eval-{Path(name).name}"), about, decides, notes)


@app.command("painter")
def painter(
    name: Annotated[str, typer.Argument(metavar="NAME|DIR|ID")] = "starter",
    out: Out = None,
    cases: Cases = None,
    quick: Quick = False,
    only: Only = None,
    seed: Noise = 0,
    judge: Referee = None,
    device: o.Device = "auto",
    dtype: o.Dtype = "auto",
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Whether pictures show what held-out prompts and paraphrases name, how different seeds are, how near they are to the simulator's.

    Parts: words, diversity. Cases that are kept are not measured again.

    Example: t2w eval painter starter --quick
    """
    from t2w.cli import making

    making.settle(offline=False)
    from t2w.evaluate import judging
    from t2w.evaluate.painter import PARTS, PainterAsk
    from t2w.evaluate.store import digest
    from t2w.nn.judge import load
    from t2w.start import painters
    from t2w.start.start import check_seed
    from t2w.start.weights import of_painter
    from t2w.worlds import device as devices

    devices.check(device, dtype)
    painters.check(name)
    output, plan, call = Output(json, quiet), _plan(PARTS, only, cases, quick), painters.settings(name)
    place = judge or judging.STARTER
    referee = load(place)
    about = {"painter": name, "seed": check_seed(seed), "device": device, "dtype": dtype, "judge": digest([place])}
    decides = {**about, "weights": of_painter(name), "call": call}

    def ask(tick):
        return PainterAsk(name, referee, seed, device, dtype, call, tick)

    _evaluate(output, f"The painter {name}", plan, ask, out or Path(f"runs/eval-painter-{Path(name).name}"), about, decides, [])


def _plan(parts: dict, only: list[str] | None, cases: int | None, quick: bool) -> dict:
    """The parts that are asked for, and how many cases of each."""
    from t2w.errors import T2WError

    for name in only or []:
        if name not in parts:
            raise T2WError(f"--only {name} is none of {', '.join(parts)}")
    return {part: cases or (part.few if quick else part.n) for name, part in parts.items() if not only or name in only}


def _evaluate(output: Output, title: str, plan: dict, ask: Callable, out: Path, about: dict, decides: dict, notes: list[str]) -> None:
    """Measures what is not there yet, shows each part's tables as it is done, and writes eval.json and eval.html."""
    from t2w.errors import INTERRUPTED, T2WError
    from t2w.evaluate import run
    from t2w.evaluate.store import Store
    from t2w.media.folders import make_folder

    store, found = Store(make_folder(out), decides), {}
    steps = [f"{part.name} {k + 1}/{n}" for part, n in plan.items() for k in range(n)]
    try:
        with _Bar(output, run.left(plan, store)) as bar:
            bar.at(steps[0])
            for done, coming in zip(run.measure(plan, ask(bar.tick) if bar.total else None, store), [*steps[1:], ""], strict=True):
                output.event("case", part=done.part.name, case=done.k + 1, of=done.n, kept=done.kept)
                bar.at(coming)
                if done.k + 1 == done.n:
                    tables = run.tables(done.part, done.n, store)
                    found |= tables
                    bar.above(lambda tables=tables: _show(output, tables))
    except KeyboardInterrupt:
        kept = "what was measured is kept" if any(out.rglob("cases/*/*.json")) else "nothing was measured yet"
        raise T2WError(f"interrupted; {kept} in {out}, and the same command goes on from there", INTERRUPTED) from None
    paths = run.report(title, plan, store, about, notes)
    for note in notes:
        output.say(note)
    output.say(f"page  {paths['page']}")
    output.done(paths["page"], **about, folder=out, page=paths["page"], **found)


def _show(output: Output, tables: dict) -> None:
    """To people on stdout, unless they asked for JSON or quiet."""
    from rich.table import Table

    from t2w.evaluate.page import shown

    for title, rows in tables.items():
        if output.as_json or output.quiet or not rows:
            continue
        table = Table(*rows[0], box=None, padding=(0, 2, 0, 0), title=title, title_justify="left")
        for row in rows:
            table.add_row(*(shown(row.get(name)) for name in rows[0]))
        output.answer(table)


class _Bar:
    """Progress in frames, with the time left: a moving bar on a terminal, a line now and then elsewhere."""

    SECONDS = 10

    def __init__(self, output: Output, total: int):
        self.output, self.total, self.done, self.text = output, total, 0, ""
        self.began = self.told = time.monotonic()
        self.live = None

    def __enter__(self) -> Self:
        if self.output.console.is_terminal and self.total:
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

            columns = TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn()
            self.live = Progress(*columns, console=self.output.console, transient=True)
            self.live.start()
            self.live.add_task(self.text, total=self.total)
        return self

    def __exit__(self, *_: object) -> None:
        if self.live is not None:
            self.live.stop()

    def tick(self, frames: int) -> None:
        self.done += frames
        if self.live is not None:
            self.live.update(0, completed=self.done)
        elif time.monotonic() - self.told > self.SECONDS:
            self.told = time.monotonic()
            left = (self.total - self.done) * (self.told - self.began) / self.done
            self.output.say(f"{self.text}, {self.done}/{self.total} frames, {minutes(left)} left")

    def at(self, text: str) -> None:
        self.text = text
        if self.live is not None:
            self.live.update(0, description=text)

    def above(self, show: Callable[[], None]) -> None:
        """Something printed while the bar moves."""
        if self.live is not None:
            self.live.stop()
        show()
        if self.live is not None:
            self.live.start()
