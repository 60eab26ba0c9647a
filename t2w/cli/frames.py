"""t2w frames: candidates and their contact sheet."""

from typing import Annotated

import typer

from t2w.cli import options as o
from t2w.cli.output import Output
from t2w.media.folders import quoted


def frames(
    prompt: Annotated[str, typer.Argument(metavar="PROMPT", help="What the world is, in a sentence.")],
    out: o.Out = None,
    seed: o.Seed = 0,
    n: o.Number = 4,
    world: o.World = "starter",
    painter: o.Painter = "starter",
    negative: o.Negative = None,
    guidance: o.Guidance = None,
    painter_steps: o.PainterSteps = None,
    lora: o.Lora = None,
    quantize: o.Quantize = None,
    device: o.Device = "auto",
    dtype: o.Dtype = "auto",
    memory: o.Memory = "auto",
    no_metadata: o.NoMetadata = False,
    no_preview: o.NoPreview = False,
    json: o.Json = False,
    offline: o.Offline = False,
    quiet: o.Quiet = False,
) -> None:
    """Candidates and a numbered contact sheet only, at the size of the world they are for.

    Candidate k of seed s is the same picture whatever -n is.

    Example: t2w frames "a swamp in the fog" -n 8 --seed 40
    """
    from t2w.cli import making
    from t2w.cli.screen import Screen
    from t2w.dream import candidates, check_machine
    from t2w.start.folder import place
    from t2w.worlds import registry

    output = Output(json, quiet)
    making.settle(offline)
    how = {"negative": negative, "guidance": guidance, "steps": painter_steps, "lora": lora or (), "quantize": quantize}
    start = making.start(prompt, painter, seed, n, registry.spec(world), **how)
    check_machine(device, dtype, memory)
    understood = making.tell(output, start)
    folder = place(start, out)
    screen = Screen(output, not no_preview).run(candidates(start, n, folder, device, dtype, not no_metadata, memory))
    output.say(f"t2w pick {quoted(folder)} N, then t2w roll {quoted(folder)}")
    output.done(folder, folder=folder, sheet=screen.sheet, seeds=start.seeds(n), **understood)
