"""t2w grid: takes side by side in one film."""

from pathlib import Path
from typing import Annotated

import typer

from t2w.cli import options as o
from t2w.cli.output import Output
from t2w.errors import T2WError
from t2w.media.folders import quoted

Takes = Annotated[
    list[Path], typer.Argument(metavar="TAKE…", help="Takes: folders, take.json or MP4 files; a world's folder is all its takes.")
]


def grid(
    takes: Takes,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="The film to write, .mp4.")] = Path("grid.mp4"),
    label: Annotated[
        list[str] | None,
        typer.Option("--label", "-l", metavar="WORDS", help="What stands under a take; once for each.", show_default="what differs"),
    ] = None,
    no_metadata: o.NoMetadata = False,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Takes side by side in one film: a cell each, its keys and mouse in it, what sets it apart beneath; shorter ones hold their last frame.

    Example: t2w grid worlds/snowy-pine-forest-7f3a/takes/* --out grid.mp4
    """
    from t2w.batch import grid

    output = Output(json, quiet)
    films = [film for take in takes for film in _films(take)]
    grid.check(len(films))
    if out.suffix.lower() != ".mp4":
        raise T2WError(f"--out {out} is no film; give it a name that ends in .mp4")
    if any(out.resolve() == film.resolve() for film in films):
        raise T2WError(f"--out {out} is one of the takes; choose another name")
    if label and len(label) != len(films):
        raise T2WError(f"there are {len(films)} takes and {len(label)} labels; give one --label for each, or none")
    manifests = [_manifest(film) for film in films]
    labels = label or grid.labels([manifest or {} for manifest in manifests], [_name(film) for film in films])
    cells = [grid.Cell(film, words) for film, words in zip(films, labels, strict=True)]
    n = 0
    with output.console.status("writing the grid …") as status:
        for n in grid.write(cells, out, None if no_metadata else grid.describe(cells, manifests)):
            output.event("frame", often=True, t=n)
            status.update(f"writing the grid, {n} frames …")
    output.say(f"film        {out}")
    output.done(out, grid=out, films=films, labels=labels, frames=n)


def _films(take: Path) -> list[Path]:
    """The films that a path means."""
    if take.is_dir() and (take / "world.json").is_file():
        found = sorted(take.glob("takes/*/take.mp4"))
        if not found:
            raise T2WError(f"{take} has no takes yet; `t2w roll {quoted(take)}` makes one")
        return found
    if take.is_dir() or take.name == "take.json":
        film = take / "take.mp4" if take.is_dir() else take.with_name("take.mp4")
        if not film.is_file():
            raise T2WError(f"{take} is no take: there is no {film}; give a take's folder, such as worlds/NAME/takes/01, or an MP4")
        return [film]
    return [take]


def _manifest(film: Path) -> dict | None:
    """Any film will do; those that are not t2w's have none."""
    from t2w.media.metadata import read_metadata
    from t2w.rollout import takes

    try:
        beside = film.with_name("take.json")
        return takes.read(beside) if film.name in ("take.mp4", "clean.mp4") and beside.is_file() else read_metadata(film)
    except T2WError:
        return None


def _name(film: Path) -> str:
    return film.parent.name if film.name in ("take.mp4", "clean.mp4") else film.stem
