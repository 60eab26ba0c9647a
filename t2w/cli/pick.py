"""t2w pick: which candidate is rolled, of one world or of all that wait in a batch."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from t2w.cli import options as o
from t2w.cli.output import Output
from t2w.errors import T2WError
from t2w.media.folders import quoted

Html = Annotated[bool, typer.Option("--html", help="Of a batch: write a page with keys 1-9, to pick in a browser.")]
Picks = Annotated[str | None, typer.Option("--picks", metavar="FILE", help="Of a batch: take the picks of that page; - reads them here.")]


def pick(
    world: Annotated[Path, typer.Argument(metavar="WORLD|BATCH", help="A world's folder, or a batch's that waits for you.")],
    number: Annotated[
        str | None, typer.Argument(metavar="[N]", help="Which candidate, or first; without it you are shown them and asked.")
    ] = None,
    html: Html = False,
    picks: Picks = None,
    no_preview: o.NoPreview = False,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Say which candidate of a world is rolled.

    On a batch whose recipe says `pick: ask`, walk through all its sheets; `t2w batch resume` then rolls what you picked.

    Example: t2w pick worlds/swamp-fog-1b2c 3
    """
    output = Output(json, quiet)
    if (world / "queue.sqlite").is_file() and not (world / "world.json").is_file():
        if number is not None:
            raise T2WError(
                f"{world} is a batch with many worlds; `t2w pick {quoted(world)}` walks through them, t2w pick {quoted(world / 'worlds' / 'NAME')} {number}"
            )
        _batch(output, world, html, picks, not no_preview)
    elif html or picks is not None:
        raise T2WError(f"{world} is no batch; --html and --picks are for the folder of `t2w batch`")
    else:
        _world(output, world, number, not no_preview)


def _world(output: Output, world: Path, number: str | None, preview: bool) -> None:
    from t2w.cli import making
    from t2w.cli.screen import Screen, shown
    from t2w.dream import picked
    from t2w.start import folder as disk

    n = disk.read(world)["candidates"]
    choose = making.chooser(output, number or "ask", n, f"t2w pick {quoted(world)} ")
    if number is None and preview:
        from t2w.media.terminal import show

        show([disk.read_candidate(world, k) for k in range(1, n + 1)], output.console, numbered=True)
    k = choose(n)
    disk.read_candidate(world, k)
    Screen(output).run(picked(world, k))
    output.say(f"picked      {shown(disk.frame_path(world, k))}")
    output.done(disk.frame_path(world, k), folder=world, pick=k)


def _batch(output: Output, folder: Path, html: bool, source: str | None, preview: bool) -> None:
    from t2w.batch import picks

    worlds = picks.waiting(folder)
    if not worlds:
        output.say(f"nothing waits for a pick in {folder}; `t2w batch status {quoted(folder)}` shows how far it is")
        output.done(folder, folder=folder, picked={}, left=0)
        return
    if html:
        page = picks.write(folder, worlds)
        output.say(f"{len(worlds)} sheets   {page}")
        output.say("open it in a browser; it says what to do with the picks")
        output.done(page, folder=folder, page=page, left=len(worlds))
        return
    if source is not None:
        found = picks.parse(_read(source), source, worlds)
        picks.keep(folder, found)
    else:
        found = _walk(output, folder, worlds, preview)
    left = sum(world.pick is None and world.name not in found for world in worlds)
    output.say(
        f"{len(found)} picked, {left} left{f'; t2w pick {quoted(folder)} goes on' if left else ''}; t2w batch resume {quoted(folder)} rolls them"
    )
    output.done(folder, folder=folder, picked=found, left=left)


def _read(source: str) -> str:
    try:
        return sys.stdin.read() if source == "-" else Path(source).read_text("utf-8-sig")
    except FileNotFoundError:
        raise T2WError(f"there is no file {source}; the page that `t2w pick BATCH --html` writes saves it") from None
    except (OSError, UnicodeDecodeError) as error:
        raise T2WError(f"{source} cannot be read as text: {error}") from error


def _walk(output: Output, folder: Path, worlds: list, preview: bool) -> dict[str, int]:
    """Sheet after sheet on the terminal; what is picked is kept at once, so that one may leave and go on later."""
    from t2w.batch import picks

    if not output.is_terminal:
        raise T2WError(
            f"to be asked needs a terminal; `t2w pick {quoted(folder)} --html` writes a page to pick on, t2w pick WORLD N picks one"
        )
    todo, found, at = [world for world in worlds if world.pick is None], {}, 0
    if not todo:
        output.say("all are picked; t2w pick WORLD N changes one")
    while at < len(todo):
        k = _ask(output, folder, todo[at], f"{at + 1}/{len(todo)}", preview)
        if k == "q":
            break
        if isinstance(k, int):
            picks.keep(folder, {todo[at].name: k})
            found[todo[at].name] = k
            output.event("picked", k=k, folder=folder / todo[at].name)
        at = max(0, at - 1) if k == "b" else at + 1
    return found


def _ask(output: Output, folder: Path, world, where: str, preview: bool) -> int | str:
    """The number of a candidate; "" to leave the world for later, b back, q quit."""
    from t2w.cli.screen import shown
    from t2w.start import folder as disk

    output.say(f"\n{where}  {world.prompt}   {shown(folder / world.name / 'sheet.png')}")
    if preview:
        from t2w.media.terminal import show

        show([disk.read_candidate(folder / world.name, k) for k in range(1, world.candidates + 1)], output.console, numbered=True)
    while True:
        output.console.print(f"Which one? [dim]1-{world.candidates}, Enter leaves it for later, b goes back, q ends[/dim] ", end="")
        line = sys.stdin.readline()
        word = line.strip().lower()
        if not line:
            raise KeyboardInterrupt
        if word in ("", "b", "q"):
            return word
        if word.isascii() and word.isdigit() and 1 <= int(word) <= world.candidates:
            return int(word)
        output.say(f"a number from 1 to {world.candidates}, please")
