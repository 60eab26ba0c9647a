"""The events of a dream in; pictures, progress with frames/s and time left, and the result out."""

import os
import time
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

from t2w.cli.output import Output, counting

LOG_SECONDS = 5


class Screen:
    """Shows each event as it comes. After `run`, `folder`, `pick` and `take` hold what was made."""

    def __init__(self, output: Output, preview: bool = True):
        self.output, self.preview = output, preview
        self.console = output.console
        self.live = None  # the one moving thing on the screen
        self.frames = []
        self.began = self.logged = 0.0
        self.folder = self.pick = self.take = self.sheet = None

    def run(self, events: Generator) -> "Screen":
        try:
            with closing(events):  # what an interruption leaves half done is taken away at once
                for event in events:
                    getattr(self, f"_{type(event).__name__.lower()}")(event)
        finally:
            self._still()
        return self

    def _still(self) -> None:
        if self.live is not None:
            self.live.stop()
            self.live = None

    def _stage(self, event) -> None:
        self._still()
        self.output.event("stage", text=event.text)
        if self.console.is_terminal:
            self.live = self.console.status(f"{event.text} …")
            self.live.start()

    def _note(self, event) -> None:
        self._still()
        self.output.note(event.text)

    def _candidate(self, event) -> None:
        self.frames.append(event.frame)
        self.output.event("candidate", k=event.k, seed=event.seed, path=event.path)
        if self.live is not None:
            self.live.update(f"candidate {event.k} painted …")

    def _sheet(self, event) -> None:
        self._still()
        self.sheet = event.path
        self.output.event("sheet", path=event.path)
        if self.preview and self.console.is_terminal:
            from t2w.media.terminal import show

            show(self.frames, self.console, numbered=True)
        self.output.say(f"candidates  {shown(event.path)}")

    def _picked(self, event) -> None:
        self.folder, self.pick = event.folder, event.k
        self.output.event("picked", k=event.k, folder=event.folder)

    def _frame(self, event) -> None:
        self.output.event("frame", often=event.t < event.n, t=event.t, n=event.n)
        if self.console.is_terminal:
            if event.t == 1 or self.live is None:
                self._still()
                self.live = counting(self.console, transient=True)
                self.live.start()
                self.live.add_task("rolling", total=event.n, rate="")
            elapsed = self.live.tasks[0].elapsed or 0
            self.live.update(0, completed=event.t, rate=f"{event.t / elapsed:.1f} frames/s" if elapsed > 0.5 else "")
        else:
            self._log(event)

    def _log(self, event) -> None:
        """Where nothing can move, a line every few seconds."""
        now = time.monotonic()
        if event.t == 1:
            self.began = self.logged = now
        if now - self.logged >= LOG_SECONDS:
            self.logged, rate = now, (event.t - 1) / (now - self.began)
            self.output.say(f"{event.t}/{event.n} frames, {rate:.1f} frames/s, {(event.n - event.t) / rate:.0f} s left")

    def _take(self, event) -> None:
        self._still()
        self.take = event
        self.output.say(f"film        {shown(event.folder / 'take.mp4')}")
        self.output.say(f"rolled {event.manifest['frames']} frames at {event.rate:.1f} frames/s, HUD and film included")


def shown(path: Path) -> str:
    """A path as short as it can be said here."""
    short = os.path.relpath(path)
    return str(path) if short.startswith("..") else short


def result(screen: Screen) -> dict:
    """The fields of the result object of a take."""
    take = screen.take
    folder = take.folder
    made = {"folder": folder.parents[1], "pick": take.manifest["pick"], "take": folder / "take.mp4", "manifest": folder / "take.json"}
    return {
        **made,
        "actions": folder / "actions.jsonl",
        "frames": take.manifest["frames"],
        "sha256": take.manifest["sha256"],
        "rate": round(take.rate, 2),
    }
