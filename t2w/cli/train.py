"""t2w train: the stages. Each can be stopped at any moment and goes on with the same command."""

from pathlib import Path
from typing import Annotated

import typer

from t2w.cli import fitting as f
from t2w.cli import options as o
from t2w.cli import train_parts as parts
from t2w.cli.output import Output
from t2w.cli.watch import watch

app = typer.Typer(no_args_is_help=True)


@app.callback()
def settle() -> None:
    """Train your own: autoencoder, then painter, parallax, outpainter, events, body and dynamics."""
    from t2w.cli import making

    making.settle(offline=False)


@app.command("autoencoder")
def autoencoder(
    data: f.Data,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR")] = Path("runs/autoencoder"),
    minutes: f.Minutes = None,
    steps: f.Steps = 100_000,
    batch: f.Batch = 16,
    lr: f.Rate = 1e-3,
    seed: f.Seed = 0,
    dtype: f.Dtype = "auto",
    workers: f.Workers = 1,
    size: f.Size = "starter",
    weights: f.Weights = None,
    decoder_only: Annotated[
        bool, typer.Option("--decoder-only", help="Leave the encoder of --weights alone: worlds and painters made with it stay right.")
    ] = False,
    compile: f.Compile = False,
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
    config = f.sized(size, AutoencoderConfig(), TINY)
    watch(Output(json, quiet), train_autoencoder(data, out, config, fit, dtype, workers, weights, decoder_only), out)


@app.command("dynamics")
def dynamics(
    data: f.Data,
    autoencoder: f.Encoder = Path("runs/autoencoder"),
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR")] = Path("runs/dynamics"),
    minutes: f.Minutes = None,
    steps: f.Steps = 50_000,
    batch: f.Batch = 8,
    frames: Annotated[int, typer.Option("--frames", min=4, help="Frames in a window.")] = 16,
    lr: f.Rate = 2e-3,
    seed: f.Seed = 0,
    dtype: f.Dtype = "auto",
    workers: f.Workers = 0,
    size: f.Size = "starter",
    weights: f.Weights = None,
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
    body: Annotated[Path | None, typer.Option("--body", metavar="DIR", help="What `t2w train body` has made: the player moves.")] = None,
    compile: f.Compile = False,
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
    config = f.sized(size, DynamicsConfig(), TINY)
    logs = train_dynamics(data, autoencoder, out, config, fit, frames, dtype, workers, weights, dreams, parallax, outpainter, events, body)
    watch(Output(json, quiet), logs, out)


@app.command("painter")
def painter(
    data: f.Data,
    autoencoder: f.Encoder = Path("runs/autoencoder"),
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR")] = Path("runs/painter"),
    minutes: f.Minutes = None,
    steps: f.Steps = 50_000,
    batch: f.Batch = 32,
    lr: f.Rate = 1e-3,
    seed: f.Seed = 0,
    dtype: f.Dtype = "auto",
    workers: f.Workers = 0,
    size: f.Size = "starter",
    weights: f.Weights = None,
    distil: f.Distil = False,
    compile: f.Compile = False,
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
    config = f.sized(size, PainterConfig(), TINY)
    watch(Output(json, quiet), train_painter(data, autoencoder, out, config, fit, dtype, workers, weights, distil), out)


app.command("parallax")(parts.parallax)
app.command("outpainter")(parts.outpainter)
app.command("events")(parts.events)
app.command("body")(parts.body)
app.command("judge")(parts.judge)
