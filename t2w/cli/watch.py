"""What a training says while it runs."""

import os
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from t2w.cli.output import Output


def watch(output: Output, logs: Iterator[dict], out: Path) -> None:
    """A line now and then, and one for each look at held-out pictures."""
    from t2w.media.folders import make_folder

    make_folder(out)
    if int(os.environ.get("RANK", "0")):  # under accelerate launch one process speaks for all
        deque(logs, maxlen=0)
        return
    told, last = 0.0, {}
    for last in logs:
        output.event("step", often="look" not in last, **last)
        if "look" in last:
            output.say(f"looked at step {last['step']}: {_figures(last['look'])}  {last['picture']}")
        if time.monotonic() - told > 10:
            told = time.monotonic()
            figures = {k: v for k, v in last.items() if k not in ("step", "left", "samples/s", "look", "picture")}
            left = f"{int(last['left']) // 60}:{int(last['left']) % 60:02d} left"
            output.say(f"step {last['step']}  {_figures(figures)}  {last['samples/s']:.0f} samples/s  {left}")
    output.say(f"done: {out}")
    output.done(out, folder=out, steps=last.get("step"))


def _figures(values: dict[str, float]) -> str:
    return "  ".join(f"{name} {value:.3f}" for name, value in values.items())
