"""t2w train: the parts beside the stages, each for the world that `t2w train dynamics` makes, and the judge of what is made."""

from pathlib import Path
from typing import Annotated

import typer

from t2w.cli import fitting as f
from t2w.cli import options as o
from t2w.cli.output import Output
from t2w.cli.watch import watch


def parallax(
    data: f.Data,
    autoencoder: f.Encoder = Path("runs/autoencoder"),
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR")] = Path("runs/parallax"),
    minutes: f.Minutes = None,
    steps: Annotated[
        int, typer.Option("--steps", min=0, help="Optimizer steps, where --minutes is not given. 0: only the small parts learn.")
    ] = 20_000,
    batch: f.Batch = 24,
    lr: f.Rate = 2e-3,
    seed: f.Seed = 0,
    dtype: f.Dtype = "auto",
    workers: f.Workers = 1,
    size: f.Size = "starter",
    weights: f.Weights = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Between stages one and two: how a picture moves under an action. For: t2w train dynamics … --parallax runs/parallax

    --weights keep who faces where, and their encoder; with another autoencoder, begin without. The small parts, which take minutes,
    are how one walks and swims, how far the eye looks down, and whether the player is afloat.

    Example: t2w train parallax data --autoencoder runs/autoencoder --out runs/parallax --minutes 10
    """
    from t2w.nn.parallax import TINY, ParallaxConfig
    from t2w.train.loop import FitConfig
    from t2w.train.parallax import train_parallax

    fit = FitConfig(steps=steps, minutes=minutes, batch=batch, lr=lr, muon_lr=lr, seed=seed)
    config = f.sized(size, ParallaxConfig(), TINY)
    watch(Output(json, quiet), train_parallax(data, autoencoder, out, config, fit, dtype, workers, weights), out)


def outpainter(
    data: f.Data,
    autoencoder: f.Encoder = Path("runs/autoencoder"),
    parallax: Annotated[Path, typer.Option("--parallax", metavar="DIR", help="What `t2w train parallax` has made.")] = Path(
        "runs/parallax"
    ),
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR")] = Path("runs/outpainter"),
    minutes: f.Minutes = None,
    steps: f.Steps = 20_000,
    batch: f.Batch = 16,
    lr: f.Rate = 2e-3,
    seed: f.Seed = 0,
    dtype: f.Dtype = "auto",
    workers: f.Workers = 1,
    size: f.Size = "starter",
    weights: f.Weights = None,
    painter: Annotated[
        Path | None, typer.Option("--painter", metavar="DIR", help="Begin with the transformer of what `t2w train painter` has made.")
    ] = None,
    chains: Annotated[bool, typer.Option("--chains", help="Learn from what it has painted itself, too, and painted on from that.")] = False,
    distil: f.Distil = False,
    compile: f.Compile = False,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Between painter and world: what nobody has seen of a view yet. For: t2w train dynamics … --outpainter runs/outpainter

    Example: t2w train outpainter data --autoencoder runs/autoencoder --parallax runs/parallax --painter runs/painter --minutes 60
    """
    from t2w.nn.outpainter import TINY, OutpainterConfig
    from t2w.train.loop import FitConfig
    from t2w.train.outpainter import train_outpainter

    fit = FitConfig(steps=steps, minutes=minutes, batch=batch, lr=lr, muon_lr=lr, seed=seed, compile=compile)
    config = f.sized(size, OutpainterConfig(), TINY)
    logs = train_outpainter(data, autoencoder, parallax, out, config, fit, dtype, workers, weights, painter, chains, distil)
    watch(Output(json, quiet), logs, out)


def events(
    data: f.Data,
    autoencoder: f.Encoder = Path("runs/autoencoder"),
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR")] = Path("runs/events"),
    minutes: f.Minutes = None,
    steps: f.Steps = 3_000,
    batch: f.Batch = 256,
    lr: f.Rate = 2e-3,
    seed: f.Seed = 0,
    dtype: f.Dtype = "auto",
    workers: f.Workers = 0,
    size: f.Size = "starter",
    weights: f.Weights = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """What keys change in the world: crates burst, doors open. For: t2w train dynamics … --events runs/events

    Example: t2w train events changes --autoencoder runs/autoencoder --minutes 8
    """
    from t2w.nn.events import TINY, EventsConfig
    from t2w.train.events import train_events
    from t2w.train.loop import FitConfig

    fit = FitConfig(steps=steps, minutes=minutes, batch=batch, lr=lr, muon_lr=lr, seed=seed)
    watch(Output(json, quiet), train_events(data, autoencoder, out, f.sized(size, EventsConfig(), TINY), fit, dtype, workers, weights), out)


def body(
    data: f.Data,
    autoencoder: f.Encoder = Path("runs/autoencoder"),
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR")] = Path("runs/body"),
    minutes: f.Minutes = None,
    steps: f.Steps = 6_000,
    batch: f.Batch = 128,
    lr: f.Rate = 2e-3,
    seed: f.Seed = 0,
    dtype: f.Dtype = "auto",
    workers: f.Workers = 0,
    size: f.Size = "starter",
    weights: f.Weights = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """How the player's body moves. For: t2w train dynamics … --body runs/body

    Example: t2w train body bodies --autoencoder runs/autoencoder --minutes 30
    """
    from t2w.nn.body import TINY, BodyConfig
    from t2w.train.body import train_body
    from t2w.train.loop import FitConfig

    fit = FitConfig(steps=steps, minutes=minutes, batch=batch, lr=lr, muon_lr=lr, seed=seed)
    watch(Output(json, quiet), train_body(data, autoencoder, out, f.sized(size, BodyConfig(), TINY), fit, dtype, workers, weights), out)


def judge(
    data: f.Data,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR")] = Path("runs/judge"),
    minutes: f.Minutes = None,
    steps: f.Steps = 2_000,
    batch: f.Batch = 32,
    lr: f.Rate = 3e-3,
    seed: f.Seed = 0,
    dtype: f.Dtype = "auto",
    workers: f.Workers = 0,
    size: f.Size = "starter",
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """What `t2w eval` judges with: what is in view, which keys were pressed, how unlike two pictures are.

    Example: t2w train judge data --out runs/judge --minutes 10
    """
    from t2w.train.judge import STARTER, TINY, train_judge
    from t2w.train.loop import FitConfig

    fit = FitConfig(steps=steps, minutes=minutes, batch=batch, lr=lr, seed=seed)
    watch(Output(json, quiet), train_judge(data, out, f.sized(size, STARTER, TINY), fit, dtype, workers), out)
