"""t2w collect: episodes of the simulator on disk, to train on."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from t2w.cli import options as o
from t2w.cli.output import Output, minutes


def collect(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Where the shards go.")] = Path("data"),
    episodes: Annotated[int, typer.Option("--episodes", "-n", min=1, help="How many worlds to record.")] = 9000,
    frames: Annotated[int, typer.Option("--frames", min=16, max=10_000, help="Frames of a walk.")] = 96,
    only: Annotated[
        Literal["play", "palindrome", "branch", "event", "change", "body", "still", "face", "start"] | None,
        typer.Option(
            help="Nothing but this; start: the first frames of worlds, to teach a painter; change: what keys change, for events; body: how players move."
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", "-s", min=0, help="Seed of the first world; keep data to test on far away.")] = 0,
    workers: Annotated[int, typer.Option("--workers", "-j", min=0, help="Processes; 0: one a core.")] = 0,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Records walks, there-and-backs, branch sets, events, stills and faces of the simulator, or one kind alone. Stopped, the same command goes on.

    Example: t2w collect --out data --episodes 9000
    Example: t2w collect --out starts --episodes 24000 --only start
    Example: t2w collect --out changes --episodes 480 --only change
    Example: t2w collect --out bodies --episodes 2640 --frames 32 --only body
    """
    import time

    from t2w.data.collect import CollectConfig, alone, collect
    from t2w.media.folders import make_folder
    from t2w.processes import cores

    output, began, made, seen = Output(json, quiet), time.monotonic(), 0, 0
    config = CollectConfig(episodes=episodes, frames=frames, seed=seed, **(alone(only) if only else {}))
    shards = -(-episodes // config.shard)
    make_folder(out)
    for n in collect(out, config, workers or cores()):
        made, seen = made + n, seen + 1
        rate = made / (time.monotonic() - began)
        left = (shards - seen) * (time.monotonic() - began) / seen
        output.event("shard", shard=seen, of=shards, frames=made, rate=round(rate, 1))
        output.say(f"shard {seen}/{shards}, {made} frames, {rate:.0f} frames/s, {minutes(left)} left")
    output.done(out, folder=out, shards=shards, frames=made)
