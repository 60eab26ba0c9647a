"""What a training says while it runs."""

import os
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from t2w.cli.output import Output, minutes
from t2w.errors import T2WError


def watch(output: Output, logs: Iterator[dict], out: Path) -> None:
    """A line now and then, and one for each look at held-out pictures."""
    from t2w.media.folders import make_folder

    new = not out.exists()
    make_folder(out)  # where it cannot be, that is told before anything is learnt
    try:
        _told(output, logs, out)
    except T2WError:
        if new and not any(out.iterdir()):
            out.rmdir()
        raise


def _told(output: Output, logs: Iterator[dict], out: Path) -> None:
    if int(os.environ.get("RANK", "0")):  # under accelerate launch one process speaks for all
        deque(logs, maxlen=0)
        return
    told, last, log = 0.0, {}, {}
    for log in logs:
        if "part" in log:
            output.event("part", often=True, **log)
            if time.monotonic() - told > 10 or log["at"] == log["of"]:
                told = time.monotonic()
                output.say(f"{log['part']}: step {log['at']} of {log['of']}, off by {log['off']:.3f}")
            continue
        if not last and log["step"] > 1:
            output.say(f"goes on at step {log['step']}")
        last = log
        output.event("step", often="look" not in last, **last)
        if "look" in last:
            output.say(f"looked at step {last['step']}: {_figures(last['look'])}  {last['picture']}")
        if time.monotonic() - told > 10:
            told = time.monotonic()
            figures = {k: v for k, v in last.items() if k not in ("step", "left", "samples/s", "look", "picture")}
            output.say(f"step {last['step']}  {_figures(figures)}  {last['samples/s']:.0f} samples/s  {minutes(last['left'])} left")
    output.say(f"done: {out}" if log else f"done already: {out}; more --steps or --minutes go on, another --out begins anew")
    output.done(out, folder=out, steps=last.get("step"))


def _figures(values: dict[str, float]) -> str:
    return "  ".join(f"{name} {value:.3f}" for name, value in values.items())
