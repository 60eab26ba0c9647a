"""t2w train: the stages, and the judge of what they make. Each can be stopped at any moment and goes on with the same command."""

from pathlib import Path
from typing import Annotated

import typer

from t2w.cli import options as o
from t2w.cli.output import Output
from t2w.cli.watch import watch

app = typer.Typer(help="Train your own: autoencoder, then painter, parallax, outpainter, events and dynamics.", no_args_is_help=True)

Data = Annotated[Path, typer.Argument(metavar="DATA", help="A folder that `t2w collect` has filled.")]
Encoder = Annotated[Path, typer.Option("--autoencoder", metavar="DIR", help="What `t2w train autoencoder` has made.")]
Minutes = Annotated[float | None, typer.Option("--minutes", min=0.01, help="Train by the clock, all sessions of the run added up.")]
Steps = Annotated[int, typer.Option("--steps", min=1, help="Optimizer steps, where --minutes is not given.")]
Batch = Annotated[int, typer.Option("--batch", min=1, help="Rows in a batch, on each device.")]
Rate = Annotated[float, typer.Option("--lr", min=1e-7, max=1.0, help="Learning rate.")]
Seed = Annotated[int, typer.Option("--seed", "-s", min=0, max=2**31 - 1, help="Of weights, order and noise.")]
Workers = Annotated[int, typer.Option("--workers", "-j", min=0, help="Processes that read data.")]
Weights = Annotated[
    Path | None, typer.Option("--weights", metavar="DIR", help="Begin from these weights, which this stage has made, not at random.")
]
Distil = Annotated[bool, typer.Option("--distil", help="Learn to need few steps and no guidance, from what --weights paints in many.")]
Compile = Annotated[
    bool, typer.Option("--compile/--no-compile", help="Fuse by torch.compile: minutes at the start, faster after; needs a C++ compiler.")
]
Size = Annotated[str, typer.Option("--size", metavar="starter|tiny", help="The one that ships, or one that trains in seconds.")]


@app.command("autoencoder")
def autoencoder(
    data: Data,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR")] = Path("runs/autoencoder"),
    minutes: Minutes = None,
    steps: Steps = 100_000,
    batch: Batch = 16,
    lr: Rate = 1e-3,
    seed: Seed = 0,
    dtype: o.Dtype = "auto",
    workers: Workers = 1,
    size: Size = "starter",
    weights: Weights = None,
    decoder_only: Annotated[
        bool, typer.Option("--decoder-only", help="Leave the encoder of --weights alone: worlds and painters made with it stay right.")
    ] = False,
    compile: Compile = False,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Stage one: pictures to latents and back.

    Example: t2w train autoencoder data --out runs/autoencoder --minutes 60
    """
    from t2w.nn.autoencoder import TINY, AutoencoderConfig
    from t2w.train.autoencoder import train_autoencoder
    from t2w.train.loop import FitConfig

    fit = FitConfig(steps=steps, minutes=minutes, batch=batch, lr=lr, seed=seed, compile=compile)
    config = _size(size, AutoencoderConfig(), TINY)
    watch(Output(json, quiet), train_autoencoder(data, out, config, fit, dtype, workers, weights, decoder_only), out)


@app.command("parallax")
def parallax(
    data: Data,
    autoencoder: Encoder = Path("runs/autoencoder"),
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR")] = Path("runs/parallax"),
    minutes: Minutes = None,
    steps: Annotated[
        int, typer.Option("--steps", min=0, help="Optimizer steps, where --minutes is not given. 0: only the small parts learn.")
    ] = 20_000,
    batch: Batch = 24,
    lr: Rate = 2e-3,
    seed: Seed = 0,
    dtype: o.Dtype = "auto",
    workers: Workers = 1,
    size: Size = "starter",
    weights: Weights = None,
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
    config = _size(size, ParallaxConfig(), TINY)
    watch(Output(json, quiet), train_parallax(data, autoencoder, out, config, fit, dtype, workers, weights), out)


@app.command("dynamics")
def dynamics(
    data: Data,
    autoencoder: Encoder = Path("runs/autoencoder"),
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR")] = Path("runs/dynamics"),
    minutes: Minutes = None,
    steps: Steps = 50_000,
    batch: Batch = 8,
    frames: Annotated[int, typer.Option("--frames", min=4, help="Frames in a window.")] = 16,
    lr: Rate = 2e-3,
    seed: Seed = 0,
    dtype: o.Dtype = "auto",
    workers: Workers = 0,
    size: Size = "starter",
    weights: Weights = None,
    dreams: Annotated[
        float, typer.Option("--dreams", min=0.0, max=1.0, help="The last share of the run, in which it learns from its own dreams as well.")
    ] = 0.4,
    parallax: Annotated[
        Path | None, typer.Option("--parallax", metavar="DIR", help="What `t2w train parallax` has made: frames are carried on by depth.")
    ] = None,
    outpainter: Annotated[
        Path | None, typer.Option("--outpainter", metavar="DIR", help="What `t2w train outpainter` has made: paints what nobody has seen.")
    ] = None,
    events: Annotated[
        Path | None, typer.Option("--events", metavar="DIR", help="What `t2w train events` has made: crates burst, doors open.")
    ] = None,
    compile: Compile = False,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Stage two: the world. The folder it makes is a world: t2w roll WORLD --world runs/dynamics

    Example: t2w train dynamics data --autoencoder runs/autoencoder --out runs/dynamics --minutes 120
    """
    from t2w.nn.dynamics import TINY, DynamicsConfig
    from t2w.train.dynamics import train_dynamics
    from t2w.train.loop import FitConfig

    fit = FitConfig(steps=steps, minutes=minutes, batch=batch, lr=lr, muon_lr=lr, seed=seed, compile=compile)
    config = _size(size, DynamicsConfig(), TINY)
    logs = train_dynamics(data, autoencoder, out, config, fit, frames, dtype, workers, weights, dreams, parallax, outpainter, events)
    watch(Output(json, quiet), logs, out)


@app.command("outpainter")
def outpainter(
    data: Data,
    autoencoder: Encoder = Path("runs/autoencoder"),
    parallax: Annotated[Path, typer.Option("--parallax", metavar="DIR", help="What `t2w train parallax` has made.")] = Path(
        "runs/parallax"
    ),
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR")] = Path("runs/outpainter"),
    minutes: Minutes = None,
    steps: Steps = 20_000,
    batch: Batch = 16,
    lr: Rate = 2e-3,
    seed: Seed = 0,
    dtype: o.Dtype = "auto",
    workers: Workers = 1,
    size: Size = "starter",
    weights: Weights = None,
    painter: Annotated[
        Path | None, typer.Option("--painter", metavar="DIR", help="Begin with the transformer of what `t2w train painter` has made.")
    ] = None,
    world: Annotated[
        Path | None, typer.Option("--world", metavar="DIR", help="Learn from the dreams of this world, too, which come apart.")
    ] = None,
    distil: Distil = False,
    compile: Compile = False,
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
    config = _size(size, OutpainterConfig(), TINY)
    logs = train_outpainter(data, autoencoder, parallax, out, config, fit, dtype, workers, weights, painter, world, distil)
    watch(Output(json, quiet), logs, out)


@app.command("painter")
def painter(
    data: Data,
    autoencoder: Encoder = Path("runs/autoencoder"),
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR")] = Path("runs/painter"),
    minutes: Minutes = None,
    steps: Steps = 50_000,
    batch: Batch = 32,
    lr: Rate = 1e-3,
    seed: Seed = 0,
    dtype: o.Dtype = "auto",
    workers: Workers = 0,
    size: Size = "starter",
    weights: Weights = None,
    distil: Distil = False,
    compile: Compile = False,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Stage three: words to start frames. The folder it makes is a diffusers pipeline: t2w new … --painter runs/painter

    Example: t2w train painter data --autoencoder runs/autoencoder --out runs/painter --minutes 60
    """
    from t2w.nn.painter import TINY, PainterConfig
    from t2w.train.loop import FitConfig
    from t2w.train.painter import train_painter

    fit = FitConfig(steps=steps, minutes=minutes, batch=batch, lr=lr, muon_lr=lr, seed=seed, compile=compile)
    config = _size(size, PainterConfig(), TINY)
    watch(Output(json, quiet), train_painter(data, autoencoder, out, config, fit, dtype, workers, weights, distil), out)


@app.command("events")
def events(
    data: Data,
    autoencoder: Encoder = Path("runs/autoencoder"),
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR")] = Path("runs/events"),
    minutes: Minutes = None,
    steps: Steps = 3_000,
    batch: Batch = 256,
    lr: Rate = 2e-3,
    seed: Seed = 0,
    dtype: o.Dtype = "auto",
    workers: Workers = 0,
    size: Size = "starter",
    weights: Weights = None,
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
    watch(Output(json, quiet), train_events(data, autoencoder, out, _size(size, EventsConfig(), TINY), fit, dtype, workers, weights), out)


@app.command("judge")
def judge(
    data: Data,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR")] = Path("runs/judge"),
    minutes: Minutes = None,
    steps: Steps = 2_000,
    batch: Batch = 32,
    lr: Rate = 3e-3,
    seed: Seed = 0,
    dtype: o.Dtype = "auto",
    workers: Workers = 0,
    size: Size = "starter",
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """What `t2w eval` judges with: what is in view, which keys were pressed, how unlike two pictures are.

    Example: t2w train judge data --out runs/judge --minutes 10
    """
    from t2w.train.judge import STARTER, TINY, train_judge
    from t2w.train.loop import FitConfig

    fit = FitConfig(steps=steps, minutes=minutes, batch=batch, lr=lr, seed=seed)
    watch(Output(json, quiet), train_judge(data, out, _size(size, STARTER, TINY), fit, dtype, workers), out)


def _size(name: str, starter, tiny):
    from t2w.errors import T2WError

    if name not in ("starter", "tiny"):
        raise T2WError(f"--size {name} is neither starter nor tiny")
    return starter if name == "starter" else tiny
