"""t2w roll: another take of a world, or the first of any picture."""

from pathlib import Path
from typing import Annotated

import typer

from t2w.cli import options as o
from t2w.cli.output import Output


def roll(
    source: Annotated[Path, typer.Argument(metavar="WORLD|IMAGE", help="A world's folder, one of its frames, or any picture.")],
    out: o.Out = None,
    seed: o.TakeSeed = 0,
    pick: o.Pick = None,
    prompt: Annotated[str, typer.Option("--prompt", help="Words for a picture, for worlds that begin from words too.")] = "",
    seconds: o.Seconds = None,
    frames: o.Frames = None,
    world: o.World = "starter",
    painter: Annotated[str, typer.Option("--painter", "-p", hidden=True, help="Not needed: the picture is painted.")] = "starter",
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
    """Another take of a world, or the first take of a picture.

    A picture of any size is scaled to cover the world's frame and cropped to the centre; it gets a folder of its own.

    The same command again makes the same take in its place again; other options make the next take.

    Example: t2w roll worlds/snowy-pine-forest-7f3a --actions w-60,wl-30 --clean
    """
    from t2w.cli import making
    from t2w.cli.screen import Screen, result
    from t2w.dream import roll

    output = Output(json, quiet)
    making.settle(offline)
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
    folder, k = _source(output, source, pick, out, prompt, ask.world, not no_preview, not no_metadata)
    screen = Screen(output, not no_preview).run(roll(folder, k, ask, making.keep(clean, frames_out, no_metadata)))
    output.done(screen.take.folder / "take.mp4", **result(screen))


def _source(output: Output, source: Path, pick, out, prompt: str, world: str, preview: bool, metadata: bool) -> tuple[Path, int]:
    """The world folder and the candidate that a path means."""
    from t2w.dream import picked
    from t2w.errors import T2WError
    from t2w.start import folder as disk

    found = disk.split(source)
    if found is None and not source.is_dir():
        return _picture(output, source, pick, out, prompt, world, metadata)
    folder, k = found or (source, None)
    if out is not None or prompt:
        raise T2WError(f"{folder} is a world already: its takes go into it and it has its prompt; --out and --prompt are for pictures")
    manifest = disk.read(folder)
    if k is not None:
        if pick not in (None, str(k)):
            raise T2WError(f"{source} is candidate {k} of its world; for another, give the world's folder and --pick, or that frame")
        return folder, k
    if pick is None and manifest["pick"] is not None:
        return folder, manifest["pick"]
    k = _choose(output, folder, pick, manifest["candidates"], preview)
    if manifest["pick"] is None:
        for _ in picked(folder, k):
            output.event("picked", k=k, folder=folder)
    return folder, k


def _choose(output: Output, folder: Path, pick: str | None, n: int, preview: bool) -> int:
    from t2w.cli import making
    from t2w.start import folder as disk

    choose = making.chooser(output, pick, n)
    if output.is_terminal and preview and pick in (None, "ask"):
        from t2w.media.terminal import show

        show([disk.read_candidate(folder, k) for k in range(1, n + 1)], output.console, numbered=True)
    return choose(n)


def _picture(output: Output, source: Path, pick, out, prompt: str, world: str, metadata: bool) -> tuple[Path, int]:
    from t2w.dream import bring
    from t2w.errors import T2WError
    from t2w.media.pixels import fit, read_picture
    from t2w.start.start import clean_prompt
    from t2w.worlds import registry

    if pick not in (None, "first", "1"):
        raise T2WError("--pick is for worlds; a picture is the one start frame")
    picture, spec = read_picture(source), registry.spec(world)
    height, width, _ = picture.shape
    if (width, height) != (spec.width, spec.height):
        output.note(f"{source.name}, {width}×{height}, is scaled to cover {spec.width}×{spec.height} and cropped to the centre")
    return bring(fit(picture, spec.width, spec.height), clean_prompt(prompt) if prompt else "", source.stem, out, metadata), 1
