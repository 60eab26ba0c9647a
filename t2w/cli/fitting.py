"""What all verbs of `t2w train` ask alike."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[Path, typer.Argument(metavar="DATA", help="A folder that `t2w collect` has filled.")]
Encoder = Annotated[Path, typer.Option("--autoencoder", metavar="DIR", help="What `t2w train autoencoder` has made.")]
Minutes = Annotated[float | None, typer.Option("--minutes", min=0.01, help="Train by the clock, all sessions of the run added up.")]
Steps = Annotated[int, typer.Option("--steps", min=1, help="Optimizer steps, where --minutes is not given.")]
Batch = Annotated[int, typer.Option("--batch", min=1, help="Rows in a batch, on each device.")]
Rate = Annotated[float, typer.Option("--lr", min=1e-7, max=1.0, help="Learning rate.")]
Seed = Annotated[
    int, typer.Option("--seed", "-s", min=0, max=2**31 - 1, help="Of weights, order and noise; other --workers draw otherwise.")
]
Dtype = Annotated[str, typer.Option("--dtype", metavar="NAME", help="auto, float32, bfloat16.")]
Workers = Annotated[int, typer.Option("--workers", "-j", min=0, help="Processes that read data.")]
Weights = Annotated[
    Path | None, typer.Option("--weights", metavar="DIR", help="Begin from these weights, which this stage has made, not at random.")
]
Distil = Annotated[bool, typer.Option("--distil", help="Learn to need few steps and no guidance, from what --weights paints in many.")]
Compile = Annotated[
    bool, typer.Option("--compile/--no-compile", help="Fuse by torch.compile: minutes at the start, faster after; needs a C++ compiler.")
]
Size = Annotated[str, typer.Option("--size", metavar="starter|tiny", help="The one that ships, or one that trains in seconds.")]


def sized(name: str, starter, tiny):
    """The config of that name."""
    from t2w.errors import T2WError

    if name not in ("starter", "tiny"):
        raise T2WError(f"--size {name} is neither starter nor tiny")
    return starter if name == "starter" else tiny
