"""Rows of a batch in, a grid film out for each start frame that was rolled under many scripts: the same place, what differs is what was done."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from t2w.batch import grid
from t2w.batch.results import Row
from t2w.media.folders import make_folder
from t2w.rollout import takes

FOLDER = "grids"
LEAST = 3  # scripts or policies; two are seen as well on the page
MOST = 24  # grid films of a batch; `t2w grid` makes others


@dataclass(frozen=True)
class Grid:
    film: str  # grids/NAME.mp4, in the batch's folder
    rows: tuple[Row, ...]  # a take each

    @property
    def labels(self) -> list[str]:
        return [Path(row.actions or row.policy).name for row in self.rows]


def find(rows: list[Row]) -> list[Grid]:
    """The grids of a batch, of takes that are made; none where some are still to come."""
    groups: dict[tuple, list[Row]] = {}
    for row in rows:
        groups.setdefault((row.folder, row.pick, row.world, row.take_seed), []).append(row)
    found = []
    for group in groups.values():
        done = [row for row in group if row.status == "done"][: grid.MOST]
        if len({row.actions or row.policy for row in done}) >= LEAST and all(row.status in ("done", "failed") for row in group):
            found.append(Grid(f"{FOLDER}/{_name(done)}.mp4", tuple(done)))
    return found[:MOST]


def write(folder: Path, rows: list[Row]) -> Iterator[Grid]:
    """Each grid when its film is there; those that lie there are of the same takes, their names say so. Raises T2WError.

    A grid still to be made of a take that was moved away by hand is left out.
    """
    grids = find(rows)
    for found in grids:
        path = make_folder(folder / FOLDER) / Path(found.film).name
        if not path.is_file():
            if not all((folder / row.take / name).is_file() for row in found.rows for name in ("take.mp4", "take.json")):
                continue
            cells = [grid.Cell(folder / row.film, label) for row, label in zip(found.rows, found.labels, strict=True)]
            for _ in grid.write(cells, path, _manifest(cells)):
                pass
        yield found
    named = {Path(found.film).name for found in grids}
    for path in (folder / FOLDER).glob("*.mp4"):
        if path.name not in named and re.search(r"-[0-9a-f]{12}\.mp4$", path.name):
            path.unlink()  # of an earlier recipe


def _name(rows: list[Row]) -> str:
    decides = " ".join(f"{row.sha256} {row.actions or row.policy}" for row in rows)
    return f"{Path(rows[0].folder).name[:60]}-{hashlib.sha256(decides.encode()).hexdigest()[:12]}"


def _manifest(cells: list[grid.Cell]) -> dict | None:
    """None where the takes have none inside either."""
    if not grid.marked(cells[0].film):
        return None
    return grid.describe(cells, [takes.read(cell.film.with_name("take.json")) for cell in cells])
