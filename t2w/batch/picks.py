"""The artist's stop: the worlds of a batch that wait for a pick in, picks out, from words or from a page that needs no server."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from pathlib import Path

from t2w.batch.picks_page import BODY, SCRIPT, STYLE
from t2w.batch.queue import Queue
from t2w.dream import picked
from t2w.errors import T2WError
from t2w.media.folders import quoted
from t2w.media.html import data, write_page
from t2w.start import folder as disk

NAME, PICKS = "pick.html", "picks.txt"


@dataclass(frozen=True)
class Asked:
    """A world whose takes wait for a pick."""

    name: str  # worlds/NAME, in the batch's folder
    prompt: str
    candidates: int
    pick: int | None  # already picked, and not rolled yet
    takes: int


def waiting(folder: Path) -> list[Asked]:
    """In the order of the plan. Raises T2WError where there is no batch."""
    takes: dict[str, int] = {}
    for row in Queue(folder, dry=True).rows():
        if row.status == "waiting":
            takes[row.folder] = takes.get(row.folder, 0) + 1
    worlds = {name: disk.read(folder / name) for name in takes}
    return [Asked(name, world["prompt"], world["candidates"], world["pick"], takes[name]) for name, world in worlds.items()]


def parse(text: str, source: str, worlds: Iterable[Asked]) -> dict[str, int]:
    """Lines such as `worlds/swamp-fog-1b2c 3` => {world: candidate}. Raises T2WError, with line and what would be right."""
    known, found = {world.name: world for world in worlds}, dict[str, int]()
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        read = re.fullmatch(r"\s*(\S+)\s+(\d{1,4})\s*", line, re.ASCII)
        if not read:
            raise T2WError(f"{source}:{number}: a world and the number of a candidate are wanted, such as worlds/swamp-fog-1b2c 3")
        name, k = read[1].removeprefix("./").rstrip("/"), int(read[2])
        if name not in known:
            raise T2WError(f"{source}:{number}: no world {name} waits for a pick here; `t2w pick {name} {k}` picks in any world")
        if not 1 <= k <= known[name].candidates:
            raise T2WError(f"{source}:{number}: {name} has {known[name].candidates} candidates, 1 to {known[name].candidates}; {k} is none")
        if found.get(name, k) != k:
            raise T2WError(f"{source}:{number}: {name} is picked twice, {found[name]} and {k}; leave one out")
        found[name] = k
    if not found:
        raise T2WError(f"{source} holds no picks; write a line for each world, such as worlds/swamp-fog-1b2c 3")
    return found


def keep(folder: Path, picks: dict[str, int]) -> None:
    for name, k in picks.items():
        disk.read_candidate(folder / name, k)  # it is there
    for name, k in picks.items():
        list(picked(folder / name, k))


def write(folder: Path, worlds: Iterable[Asked]) -> Path:
    """The page that shows every sheet, with keys 1 to 9, and makes the picks file."""
    shown = [
        {"name": world.name, "prompt": world.prompt, "pick": world.pick, "takes": world.takes}
        | {"frames": [disk.frame_path(Path(world.name), k).as_posix() for k in range(1, world.candidates + 1)]}
        for world in worlds
    ]
    batch = quoted(folder.resolve())  # the commands are given where the browser has saved the picks
    command, after = f"t2w pick {batch} --picks {PICKS}", f"t2w batch resume {batch}"
    body = BODY.format(title=escape(folder.resolve().name), command=escape(command), after=escape(after), file=PICKS)
    write_page(folder / NAME, f"pick: {folder.resolve().name}", STYLE, body + data("worlds", shown), SCRIPT)
    return folder / NAME
