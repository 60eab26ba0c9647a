"""t2w again: a film or a candidate is made anew from the manifest inside it, and compared byte for byte."""

from pathlib import Path
from typing import Annotated

import typer

from t2w.cli import options as o
from t2w.cli.output import Output


def again(
    file: Annotated[Path, typer.Argument(help="take.mp4, take.json, a candidate's PNG, or a take's folder.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="Where the repeat goes.", show_default="worlds/<name>-again")
    ] = None,
    json: o.Json = False,
    offline: o.Offline = False,
    quiet: o.Quiet = False,
) -> None:
    """Repeat a film or a candidate from its manifest, and say whether the frames are the same bytes.

    The original is left alone: the repeat goes to worlds/<name>-again. Exit code 0 when the bytes are the same, 1 when not.

    Example: t2w again worlds/snowy-pine-forest-7f3a/takes/01/take.mp4
    """
    from t2w.cli import making
    from t2w.cli.manifest import of, repeatable
    from t2w.errors import FAILED, T2WError
    from t2w.media.video import last_frame

    output = Output(json, quiet)
    making.settle(offline)
    manifest = repeatable(file, of(file))
    if out is not None and out.resolve() in (file.resolve(), *file.resolve().parents):
        raise T2WError(f"{file} lies in {out}, and the original is left alone; choose another --out")
    if "sha256" not in manifest:
        last_frame(file)  # one that is cut off is told now
    repeat = _take if manifest["kind"] == "take" else _candidate
    path, sha256 = repeat(output, file, manifest, out)
    same = sha256 == manifest["sha256"] if "sha256" in manifest else _same_film(file, path)
    output.say(f"made again  {path}")
    output.say("the frames are the same bytes" if same else f"the frames are NOT the same bytes ({_why(manifest)})")
    output.done(path, path=path, same=same, sha256=sha256)
    if not same:
        raise typer.Exit(FAILED)


def _same_film(old: Path, new: Path) -> bool:
    """A film alone does not hold the sha256 of its frames: they are not known before it is written. Then the films are compared."""
    from itertools import zip_longest

    import numpy as np

    from t2w.media.video import read_film

    return all(a is not None and b is not None and np.array_equal(a, b) for a, b in zip_longest(read_film(old), read_film(new)))


def _take(output: Output, file: Path, manifest: dict, out: Path | None) -> tuple[Path, str]:
    from t2w.cli.screen import Screen
    from t2w.dream import Keep, again, asked
    from t2w.start.folder import BASE

    take = (file if file.is_dir() else file.parent).resolve()
    folder = out or BASE / f"{asked(manifest)[0].name()}-again"
    film = "clean" if manifest.get("film") == "clean" else "take"
    screen = Screen(output, preview=False).run(again(manifest, take.parent.parent, folder, Keep(clean=film == "clean")))
    return screen.take.folder / f"{film}.mp4", screen.take.manifest["sha256"]


def _candidate(output: Output, file: Path, manifest: dict, out: Path | None) -> tuple[Path, str]:
    from t2w.dream import versions
    from t2w.errors import T2WError
    from t2w.start import folder as disk
    from t2w.start import painters
    from t2w.start.start import Start

    try:
        start, k = Start.from_manifest(manifest), int(manifest["candidate"])
    except (KeyError, TypeError, ValueError) as error:
        raise T2WError(f"the manifest of {file} is not enough to paint the candidate again ({error})") from error
    painters.ready(start.painter, start.settings)
    folder = disk.place(start, out or disk.BASE / f"{start.name()}-again")
    painted = {name: how for name, how in manifest.get("painted", {}).items() if name in ("device", "dtype")}
    (frame,) = painters.paint(start.painter, start.prompt, [start.seed + k - 1], start.width, start.height, call=start.settings, **painted)
    return disk.write_candidate(folder, start, k, frame, versions(), painted), disk.digest(frame)


def _why(manifest: dict) -> str:
    from t2w.dream import versions

    then, now = manifest.get("versions", {}), versions()
    changed = [
        f"{name} {then.get(name, 'none')} then, {now.get(name, 'none')} now"
        for name in sorted({*then, *now})
        if then.get(name) != now.get(name)
    ]
    return "; ".join(changed) or "all versions are the same: the machine or the weights differ, or a GPU painted several at once"
