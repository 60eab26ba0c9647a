"""t2w new: the whole way from a sentence to a film."""

from typing import Annotated

import typer

from t2w.cli import options as o
from t2w.cli.output import Output


def new(
    prompt: Annotated[str, typer.Argument(metavar="PROMPT", help="What the world is, in a sentence.")],
    out: o.Out = None,
    seed: o.Seed = 0,
    n: o.Number = 4,
    pick: o.Pick = None,
    seconds: o.Seconds = None,
    frames: o.Frames = None,
    world: o.World = "starter",
    painter: o.Painter = "starter",
    negative: o.Negative = None,
    guidance: o.Guidance = None,
    painter_steps: o.PainterSteps = None,
    lora: o.Lora = None,
    quantize: o.Quantize = None,
    actions: o.Actions = None,
    policy: o.Policy = None,
    clean: o.Clean = False,
    frames_out: o.FramesOut = None,
    device: o.Device = "auto",
    dtype: o.Dtype = "auto",
    memory: o.Memory = "auto",
    strict: o.Strict = False,
    no_metadata: o.NoMetadata = False,
    no_preview: o.NoPreview = False,
    json: o.Json = False,
    offline: o.Offline = False,
    quiet: o.Quiet = False,
) -> None:
    """The whole way: candidates, you pick one, a world is walked into it, a film is written.

    The same command again makes the same files in the same folder again; another walk in it is the next take.

    Example: t2w new "a snowy pine forest at sunset with a red cabin"
    """
    from t2w.cli import making
    from t2w.cli.screen import Screen, result
    from t2w.worlds import registry

    output = Output(json, quiet)
    making.settle(offline)
    how = {"negative": negative, "guidance": guidance, "steps": painter_steps, "lora": lora or (), "quantize": quantize}
    start = making.start(prompt, painter, seed, n, registry.spec(world), **how)
    choose = making.chooser(output, pick, n)
    ask = making.walk(
        output,
        world=world,
        policy=policy,
        actions=actions,
        seconds=seconds,
        frames=frames,
        seed=seed,
        device=device,
        dtype=dtype,
        strict=strict,
        memory=memory,
    )
    understood = making.tell(output, start)
    from t2w.dream import dream

    screen = Screen(output, not no_preview).run(dream(start, n, choose, ask, making.keep(clean, frames_out, no_metadata), out))
    output.done(screen.take.folder / "take.mp4", **result(screen), **understood)
