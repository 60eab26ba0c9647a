"""t2w frames: candidates and their contact sheet. t2w pick: which of them is rolled."""

from pathlib import Path
from typing import Annotated

import typer

from t2w.cli import options as o
from t2w.cli.output import Output


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
    seconds: o.Seconds = None,
    frames: o.Frames = None,
    actions: o.Actions = None,
    policy: o.Policy = None,
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
    """Candidates and a numbered contact sheet only, at the size of the world they are for.

    Candidate k of seed s is the same picture whatever -n is. A line of `t2w new` works here too: what it says of the
    walk is checked, and nothing is walked.

    Example: t2w frames "a swamp in the fog" -n 8 --seed 40
    """
    from t2w.cli import making
    from t2w.cli.screen import Screen
    from t2w.worlds import registry

    output = Output(json, quiet)
    making.settle(offline)
    how = {"negative": negative, "guidance": guidance, "steps": painter_steps, "lora": lora or (), "quantize": quantize}
    start = making.start(prompt, painter, seed, n, registry.spec(world), **how)
    walk = {"seconds": seconds, "frames": frames, "actions": actions, "policy": policy}
    making.walk(output, world=world, seed=seed, device=device, dtype=dtype, strict=strict, memory=memory, **walk)
    understood = making.tell(output, start)
    from t2w.dream import candidates
    from t2w.start.folder import place

    folder = place(start, out)
    screen = Screen(output, not no_preview).run(candidates(start, n, folder, device, dtype, not no_metadata, memory))
    output.say(f"t2w pick {folder} N, then t2w roll {folder}")
    output.done(folder, folder=folder, sheet=screen.sheet, seeds=start.seeds(n), **understood)


def pick(
    world: Annotated[Path, typer.Argument(metavar="WORLD", help="A folder that t2w new or t2w frames made.")],
    number: Annotated[str | None, typer.Argument(metavar="[N]", help="Which candidate; without it you are shown them and asked.")] = None,
    no_preview: o.NoPreview = False,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Say which candidate of a world is rolled.

    Example: t2w pick worlds/swamp-fog-1b2c 3
    """
    from t2w.cli import making
    from t2w.cli.screen import Screen, shown
    from t2w.dream import picked
    from t2w.start import folder as disk

    output = Output(json, quiet)
    n = disk.read(world)["candidates"]
    choose = making.chooser(output, number or "ask", n)
    if number is None and not no_preview:
        from t2w.media.terminal import show

        show([disk.read_candidate(world, k) for k in range(1, n + 1)], output.console, numbered=True)
    k = choose(n)
    disk.read_candidate(world, k)
    Screen(output).run(picked(world, k))
    output.say(f"picked      {shown(disk.frame_path(world, k))}")
    output.done(disk.frame_path(world, k), folder=world, pick=k)
