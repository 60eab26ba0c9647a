"""A batch on the screen: its plan, its progress stage by stage with frames a second and time left, and its state."""

import time
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

from t2w.cli.output import Output, counting
from t2w.media.folders import quoted

LOG_SECONDS = 10
LONGEST, MOST = 300, 20  # letters of a reason; reasons, or models, that are told
NAMES = {"paint": "candidates", "roll": "takes"}
UNITS = {"paint": "pictures", "roll": "frames"}


def table(found):
    """The plan, as an Estimate has it."""
    from rich.console import Group
    from rich.table import Column, Table
    from rich.text import Text

    stages = Table("stage", "jobs", "done", "left", box=None, padding=(0, 3, 0, 0))
    for stage in found.stages:
        stages.add_row(NAMES[stage.name], f"{stage.jobs:,}", f"{stage.done:,}", f"{stage.left:,} {UNITS[stage.name]}")
    models = Table(Column("model", no_wrap=True), "jobs", "on disk", "a second", "time", "from", "memory", box=None, padding=(0, 2, 0, 0))
    for model in found.models[:MOST]:
        speed = ("unknown", "", "") if model.fps is None else (f"{model.fps:.3g}", clock(model.seconds), model.basis)
        memory = "unknown" if model.memory_mib is None else f"{model.memory_mib:,} MiB"
        name = f"{model.kind} {model.name}" + f"\n  {model.asked}" * bool(model.asked)
        row = (Text(name), f"{model.jobs:,}", "yes" if model.here else "no", *speed, memory)
        models.add_row(*row)
    if len(found.models) > MOST:
        models.add_row(f"and {len(found.models) - MOST} more")
    missing = [Text(f"missing: {sentence}") for sentence in dict.fromkeys(model.missing for model in found.models if not model.here)]
    parts = [stages, "", models, "", *missing, *_totals(found)] if found.models else [stages, "nothing is left to do"]
    return Group(*parts)


def _totals(found) -> list[str]:
    if found.seconds is None:
        time = "time    unknown; t2w bench --world NAME --painter NAME measures what is missing"
    elif found.workers == 1:
        time = f"time    {clock(found.seconds)}"
    else:
        time = f"time    {clock(found.seconds)} of work, at best {clock(found.seconds / found.workers)} with {found.workers} workers"
    memory = (
        "unknown" if found.memory_mib is None else f"about {found.memory_mib:,} MiB with {found.workers} worker{'s' * (found.workers > 1)}"
    )
    return [time, f"disk    about {found.disk_mib:,.0f} MiB, by a rule of thumb; {found.free_mib:,.0f} MiB are free", f"memory  {memory}"]


def status(folder: Path, counts: dict, errors: list, running: bool, seconds: float):
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    states = ("done", "running", "pending", "blocked", "waiting", "failed", "cancelled")
    shown = Table("stage", *states, box=None, padding=(0, 3, 0, 0))
    for stage, found in counts.items():
        shown.add_row(NAMES[stage], *(f"{found.get(state, 0):,}" for state in states))
    states = {state for found in counts.values() for state in found}
    about = f"nobody is at work; t2w batch resume {quoted(folder)} goes on"
    if running:
        about = "a batch is at work"
    elif states <= {"done", "failed", "waiting"} and "waiting" in states:
        about = f"the rest waits for your pick: t2w pick {quoted(folder)}, then t2w batch resume {quoted(folder)}"
    elif states <= {"done", "failed"}:
        about = (
            f"nothing is left to do but what failed; t2w batch retry {quoted(folder)} tries it again"
            if "failed" in states
            else "all is done"
        )
    left = f"; about {clock(seconds)} of work left" if seconds else ""
    return Group(shown, *map(Text, (about + left, *failures(errors))))


def failures(errors: list[tuple[str, str]]) -> list[str]:
    """What failed, by its reason: many fail for the same. results.jsonl has all of it."""
    reasons: dict[str, list[str]] = {}
    for what, why in errors:
        reasons.setdefault(why.split("\n")[0][:LONGEST], []).append(what)
    more = [f" and {len(which) - 1} more" * (len(which) > 1) for which in reasons.values()]
    return [f"failed      {which[0]}{others}: {why}" for (why, which), others in zip(reasons.items(), more, strict=True)][:MOST]


class Screen:
    """Shows the events of a run as they come."""

    def __init__(self, output: Output, found):
        self.output, self.console, self.live = output, output.console, None
        self.left = {stage.name: stage.left for stage in found.stages}
        self.jobs = {stage.name: stage.jobs - stage.done for stage in found.stages}
        self.made = dict.fromkeys(self.left, 0)
        self.ended = dict.fromkeys(self.left, 0)
        self.began: dict[str, float] = {}
        self.start = self.logged = time.monotonic()
        self.work = 0.0  # seconds of all workers, loading included
        self.frames = 0  # of takes that were made, not found

    def run(self, events: Generator) -> None:
        try:
            with closing(events):  # an interruption here ends the workers at once, too
                for event in events:
                    getattr(self, f"_{type(event).__name__.lower()}")(event)
        finally:
            if self.live is not None:
                self.live.stop()

    def told(self) -> dict[str, float]:
        """How long it took, and how much of it was work."""
        wall = time.monotonic() - self.start
        return {"wall_s": round(wall, 1), "work_s": round(self.work, 1), "frames_per_s": round(self.frames / wall, 1)}

    def _counts(self, event) -> None:
        self.output.event("counts", **event.stages)
        if self.console.is_terminal and not self.console.quiet:
            self.live = counting(self.console)
            self.live.start()
            self.tasks = {stage: self.live.add_task(NAMES[stage], total=n, rate="", start=False) for stage, n in self.left.items() if n}

    def _moved(self, event) -> None:
        now = time.monotonic()
        self.began.setdefault(event.stage, now)
        self.made[event.stage] += event.n
        rate = self.made[event.stage] / max(0.001, now - self.began[event.stage])
        self.output.event("progress", often=True, stage=event.stage, made=self.made[event.stage], of=self.left[event.stage])
        shown = f"{rate:.1f} {UNITS[event.stage]}/s" if now - self.began[event.stage] > 1 else ""
        if self.live is not None:
            task = self.tasks[event.stage]
            self.live.start_task(task)
            self.live.update(task, completed=self.made[event.stage], rate=shown)
        elif now - self.logged >= LOG_SECONDS:
            self.logged = now
            left = f", {clock((self.left[event.stage] - self.made[event.stage]) / rate)} left" if shown and rate else ""
            done = f"{self.ended[event.stage]}/{self.jobs[event.stage]} {NAMES[event.stage]}"
            self.output.say(
                f"{done}, {self.made[event.stage]}/{self.left[event.stage]} {UNITS[event.stage]}{', ' * bool(shown)}{shown}{left}"
            )

    def _ended(self, event) -> None:
        place = event.job.folder if event.number is None else f"{event.job.folder}/takes/{event.number:02d}"
        took = None if event.took is None else round(event.took, 3)
        error = {"error": event.error} if event.error else {}
        self.output.event("job", stage=event.stage, state=event.state, place=place, took=took, **error)
        if event.took is not None:
            self.work += event.took
            self.frames += event.job.size if event.stage == "roll" else 0
        if event.state == "again":
            self.output.note(f"{place}: {event.error}; it is tried again")
        else:
            self.ended[event.stage] += 1

    def _unsent(self, event) -> None:
        self.output.note(f"{event.error}; the batch goes on, and sends what is missing at its end")


def clock(seconds: float | None) -> str:
    if seconds is None:
        return "unknown"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
