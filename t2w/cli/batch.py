"""t2w batch: recipes become worlds and takes, many of them, over a night; stopped and resumed at will."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from t2w.cli import options as o
from t2w.cli.output import Output
from t2w.errors import SOME_FAILED, T2WError
from t2w.media.folders import quoted

VERBS = ("status", "resume", "retry", "cancel")
Words = Annotated[
    list[str],
    typer.Argument(metavar="RECIPE… | status|resume|retry|cancel DIR", help="Recipe files (.yaml), or a word and a batch's folder."),
]
Out = Annotated[Path | None, typer.Option("--out", "-o", metavar="DIR", help="The batch's folder.", show_default="batches/<recipe>")]
Dry = Annotated[bool, typer.Option("--dry-run", help="Only say what would be made: jobs, models, time, disk, memory.")]
Workers = Annotated[
    int | None, typer.Option("--workers", "-j", metavar="N", min=1, max=256, help="Processes.", show_default="one a GPU, else 1")
]
Retries = Annotated[int, typer.Option("--retries", metavar="N", min=0, max=100, help="How often a job that failed is tried again.")]
Threads = Annotated[
    int | None,
    typer.Option(
        "--threads",
        metavar="N",
        min=1,
        help="Of each worker; kept for the batch: another number, other last bits.",
        show_default="cores / workers",
    ),
]
On = Annotated[str | None, typer.Option("--on", metavar="ray|ray://HOST:PORT", help="Work on a Ray cluster; `ray` starts one here.")]
To = Annotated[str | None, typer.Option("--to", metavar="URL", help="Send what is made there too: s3://…, gs://…, any URL of fsspec.")]


@dataclass(frozen=True)
class How:
    """The options of a run."""

    workers: int | None
    retries: int
    threads: int | None
    on: str | None
    to: str | None
    retry: bool


def batch(
    words: Words,
    out: Out = None,
    dry_run: Dry = False,
    workers: Workers = None,
    retries: Retries = 1,
    threads: Threads = None,
    on: On = None,
    to: To = None,
    json: o.Json = False,
    offline: o.Offline = False,
    quiet: o.Quiet = False,
) -> None:
    """Make all that recipes ask for, in one folder: worlds/, results.jsonl, index.html. The same command again goes on where it stopped.

    Nothing is made twice: what a changed recipe asks for anew is made, the rest stays. Exit code 3 when some takes failed.

    [bold]status DIR[/bold] says how far it is, [bold]resume DIR[/bold] goes on without the recipes (after `t2w pick DIR`, say),
    [bold]retry DIR[/bold] tries what failed again, [bold]cancel DIR[/bold] stops a batch that runs elsewhere.

    Example: t2w batch recipes/tour.yaml --out batches/tour --dry-run
    """
    from t2w.cli import making

    output = Output(json, quiet)
    making.settle(offline)
    verb, folder, recipes = _meant(words, out)
    if dry_run and verb in ("status", "cancel"):
        raise T2WError(
            f"t2w batch {verb} makes nothing, so it takes no --dry-run; t2w batch resume {quoted(folder)} --dry-run says what is left"
        )
    if verb in ("status", "cancel"):
        _status(output, folder) if verb == "status" else _cancel(output, folder)
        return
    plan = _plan(output, recipes) if recipes else None
    if dry_run:
        _dry(output, folder, plan, workers, verb == "retry")
        return
    from t2w.batch import queue
    from t2w.batch.run import locked

    if plan is None:
        queue.check(folder)
    with locked(folder):
        _run(output, folder, plan, How(workers, retries, threads, on, to, verb == "retry"))


def _meant(words: list[str], out: Path | None) -> tuple[str | None, Path, list[Path]]:
    """(verb, the batch's folder, recipes)."""
    if words[0] not in VERBS:
        recipes = [Path(word) for word in words]
        return None, out or Path("batches") / recipes[0].stem, recipes
    if len(words) != 2 or out is not None:
        raise T2WError(f"t2w batch {words[0]} takes the batch's folder and nothing else: t2w batch {words[0]} {out or 'DIR'}")
    return words[0], Path(words[1]), []


def _plan(output: Output, recipes: list[Path]):
    from t2w.batch.plan import plan
    from t2w.batch.recipe import read

    found = plan(part for recipe in recipes for part in read(recipe))
    for sentence in found.notes:
        output.note(sentence)
    if found.same:
        output.note(f"{found.same:,} takes are asked for more than once, and made once")
    return found


def _dry(output: Output, folder: Path, plan, workers: int | None, retry: bool) -> None:
    from t2w.batch.estimate import estimate
    from t2w.batch.machine import gpus
    from t2w.batch.run import prepare
    from t2w.cli.batch_screen import table

    found = estimate(prepare(folder, plan, retry, dry=True), folder, workers or max(1, gpus()))
    output.answer(table(found), folder=folder, **found.to_json())


def _run(output: Output, folder: Path, plan, how: How) -> None:
    from t2w.batch import machine
    from t2w.batch.estimate import estimate
    from t2w.batch.run import prepare, run
    from t2w.batch.send import Away, sending
    from t2w.cli.batch_screen import Screen

    gpus = 0 if how.on else machine.gpus()
    workers = how.workers or max(1, gpus)
    away = Away(folder, how.to) if how.to else None
    queue = prepare(folder, plan, how.retry)
    found = estimate(queue, folder, workers)
    _tell(output, found, how)
    threads = how.threads or int(queue.fact("threads", machine.threads(workers)))
    queue.note("threads", threads)
    events = run(folder, queue, _pool(folder, workers, threads, gpus, how.on), how.retries)
    screen = Screen(output, found)
    screen.run(sending(events, away) if away else events)
    _finish(output, folder, queue, away, screen.told())


def _tell(output: Output, found, how: How) -> None:
    """The plan; a T2WError where a model is not here that this machine is to load."""
    from t2w.cli.batch_screen import table
    from t2w.errors import MISSING

    for model in found.models:
        if not model.here and not how.on:
            raise T2WError(model.missing, MISSING)
    if found.models:
        output.console.print(table(found), width=None if output.console.is_terminal else 120)
    if found.disk_mib > found.free_mib:
        wanted, free = f"about {found.disk_mib:.0f} MiB will be wanted", f"{found.free_mib:.0f} are free"
        output.note(f"{wanted}, {free}; the batch stops in order when the disk is full")


def _pool(folder: Path, workers: int, threads: int, gpus: int, on: str | None):
    if on is None:
        from t2w.batch.local import Workers

        return Workers(folder, workers, threads, gpus)
    from t2w.batch.cluster import Cluster

    return Cluster(folder, workers, threads, on)


def _finish(output: Output, folder: Path, queue, away, told: dict[str, float]) -> None:
    from t2w.batch import machine, report
    from t2w.batch.results import NAME
    from t2w.cli.batch_screen import clock, failures

    counts = queue.counts()["roll"]
    done, failed, waiting = (counts.get(state, 0) for state in ("done", "failed", "waiting"))
    for line in failures(queue.errors()):
        output.say(line)
    if failed:
        output.say(f"t2w batch retry {quoted(folder)} tries them again")
    if waiting:
        output.say(f"{waiting} takes wait for your pick: t2w pick {quoted(folder)}, then t2w batch resume {quoted(folder)}")
    if left := queue.left_over():
        output.note(f"{left} takes in {folder} are of an earlier recipe; they stay, and are not in {NAME}")
    with output.console.status("writing the report …"):
        page = report.make(folder)
    for sentence in page.notes:
        output.note(sentence)
    if away is not None:
        away.send_all()
    if told["frames_per_s"]:
        output.say(f"{told['frames_per_s']:g} frames/s, {clock(told['wall_s'])} in all")
    output.say(f"{done} takes   {page.page}")
    made = {"takes": counts, "candidates": queue.counts()["paint"], "sheet": page.sheet, "table": page.table, "grids": page.grids}
    output.done(folder, folder=folder, results=folder / NAME, report=page.page, **made, cpu_s=machine.cpu_seconds(), **told)
    if failed:
        raise typer.Exit(SOME_FAILED)


def _status(output: Output, folder: Path) -> None:
    from t2w.batch.queue import Queue
    from t2w.batch.run import at_work
    from t2w.cli.batch_screen import status

    queue, running = Queue(folder, dry=True), at_work(folder)
    if not running:
        queue.rest()  # who was killed could not say so
    counts, errors, rates = queue.counts(), queue.errors(), queue.rates()
    seconds = sum(size * rates[model][1] / rates[model][0] for model, (_, size, _) in queue.left().items() if model in rates)
    told = [{"what": what, "error": why} for what, why in errors]
    output.answer(
        status(folder, counts, errors, running, seconds), folder=folder, running=running, **counts, errors=told, seconds_left=round(seconds)
    )


def _cancel(output: Output, folder: Path) -> None:
    from t2w.batch import results
    from t2w.batch.queue import Queue
    from t2w.batch.run import at_work

    queue, running = Queue(folder), at_work(folder)
    n = queue.cancel()
    if not running:
        results.write(folder, queue.rows())
    output.say(f"{n} jobs are cancelled{', the batch stops' if running else ''}; t2w batch resume {quoted(folder)} takes them up again")
    output.done(folder, folder=folder, cancelled=n, running=running)
