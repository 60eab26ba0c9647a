"""A batch's folder in; index.html, a contact sheet, grid films and a Parquet file beside results.jsonl out, made from it and the takes."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import get_args, get_type_hints

import numpy as np
from PIL import Image

from t2w.batch import counterfactuals, results
from t2w.batch.grid import marked
from t2w.batch.report_page import BODY, SCRIPT, STYLE
from t2w.batch.results import Row
from t2w.dream import versions
from t2w.errors import T2WError
from t2w.media.atomic import atomically
from t2w.media.folders import make_folder, quoted
from t2w.media.html import data, jpeg, write_page
from t2w.media.pixels import fit, read_picture, write_png
from t2w.media.sheet import contact_sheet
from t2w.media.video import last_frame
from t2w.rollout import takes

NAME, SHEET, TABLE, POSTERS = "index.html", "contact-sheet.png", "results.parquet", "posters"
WIDTH = 320  # of a poster
QUALITY = 78
AT_ONCE = 4  # films that are opened
MOST_ENDS = 500  # takes whose last frame is looked up: those on the sheet


@dataclass(frozen=True)
class Report:
    page: Path
    sheet: Path | None  # None: no take is done
    table: Path | None
    grids: tuple[Path, ...]
    notes: tuple[str, ...]  # what is left out, and why


def make(folder: Path) -> Report:
    """All of it, each file whole or not at all; what is there already and up to date stays. Raises T2WError."""
    rows = results.read(folder)
    table, notes = _table(folder, rows)
    grids = list(counterfactuals.write(folder, rows))
    ends = _ends(folder, _done(rows)[:MOST_ENDS])
    shown = [_take(folder, row) | {"end": ends.get(row.key)} for row in rows]
    films = [_grid(folder, grid) for grid in grids]
    title = f"{folder.resolve().name}: {len(rows):,} takes"
    body = BODY.format(title=escape(folder.resolve().name), counts=_counts(folder, rows))
    write_page(folder / NAME, title, STYLE, body + data("takes", shown) + data("grids", films), SCRIPT)
    _sweep(folder, [picture for one in (*shown, *films) for picture in (one["poster"], one.get("end")) if picture])
    return Report(folder / NAME, _sheet(folder, rows, ends), table, tuple(folder / grid.film for grid in grids), notes)


def _counts(folder: Path, rows: list[Row]) -> str:
    counts = Counter(row.status for row in rows)
    said = ", ".join(f"{counts[state]:,} {state}" for state in results.STATES if counts[state]) or "no takes"
    batch = quoted(folder.resolve())  # wherever the page is read
    waiting = f"t2w pick {batch}, then t2w batch resume {batch}" if counts["waiting"] else ""
    files = [("contact sheet", SHEET)] * bool(counts["done"]) + [("results.jsonl", results.NAME)]
    links = " ".join(f'<a href="{path}">{name}</a>' for name, path in files)
    return f"{escape(said)} {links}" + (f" <code>{escape(waiting)}</code>" if waiting else "")


def _take(folder: Path, row: Row) -> dict:
    """What the page knows of a take."""
    found = asdict(row) | {"acts": _acts(row), "start": None if row.pick is None else row.seed + row.pick - 1}
    found = {name: value for name, value in found.items() if name not in ("key", "sha256")}
    found["poster"] = _poster(folder, row.poster or row.sheet)
    return found | _made(folder, row) if row.status == "done" else found


def _made(folder: Path, row: Row) -> dict:
    """What the take's manifest says more than its row."""
    try:
        manifest = takes.read(folder / row.take / "take.json")
        sharp = [second["sharpness"] for second in manifest["seconds"]]
        kept = round(sharp[-1] / sharp[0], 3) if sharp and sharp[0] else None
        return {"size": manifest["size"], "device": f"{manifest['device']} {manifest['dtype']}", "kept": kept}
    except (T2WError, KeyError, TypeError, IndexError):
        return {}  # moved away by hand: its row is shown all the same


def _poster(folder: Path, picture: str) -> str | None:
    """A small JPEG of a picture, made once; its name says of which."""
    try:
        of = (folder / picture).stat()
    except OSError:
        return None
    return _small(folder, f"{picture} {of.st_size} {of.st_mtime_ns}", lambda: read_picture(folder / picture))


def _ends(folder: Path, rows: list[Row]) -> dict[str, str | None]:
    """Several at once: the time goes into waiting for ffmpeg."""
    with ThreadPoolExecutor(AT_ONCE) as hands:
        return dict(zip((row.key for row in rows), hands.map(lambda row: _end(folder, row), rows), strict=True))


def _end(folder: Path, row: Row) -> str | None:
    """A small JPEG of a take's last frame."""
    return _small(folder, f"end of {row.sha256}", lambda: last_frame(folder / row.film))


def _small(folder: Path, what: str, read: Callable[[], np.ndarray]) -> str | None:
    name = f"{POSTERS}/{hashlib.sha256(what.encode()).hexdigest()[:16]}.jpg"
    if not (folder / name).is_file():
        try:
            image = Image.fromarray(read())
        except T2WError:
            return None  # moved away by hand, or broken: the page does without
        image.thumbnail((WIDTH, WIDTH), Image.Resampling.LANCZOS)
        make_folder(folder / POSTERS)
        with atomically(folder / name) as temporary:
            temporary.write_bytes(jpeg(image, QUALITY))
    return name


def _sweep(folder: Path, wanted: Iterable[str]) -> None:
    """Small pictures of what has been made anew since."""
    names = {Path(picture).name for picture in wanted}
    for path in (folder / POSTERS).glob("*.jpg"):
        if path.name not in names:
            path.unlink()


def _done(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row.status == "done"]


def _acts(row: Row) -> str:
    """The script or policy, as short as it can be told from others."""
    return Path(row.actions or row.policy).name


def _grid(folder: Path, grid: counterfactuals.Grid) -> dict:
    row = grid.rows[0]
    shown = {
        "status": "done",
        "film": grid.film,
        "prompt": row.prompt,
        "world": row.world,
        "poster": _poster(folder, row.poster),
        "acts": grid.labels,
    }
    return shown | {"painter": row.painter, "recipe": row.recipe}


def _sheet(folder: Path, rows: list[Row], ends: dict[str, str | None]) -> Path | None:
    """The last frame of each take: what became of it."""
    done = [row for row in rows if ends.get(row.key)]
    pictures = [read_picture(folder / ends[row.key]) for row in done]
    labels = [f"{_acts(row)}, {row.prompt}" for row in done]
    if not pictures:
        return None
    height, width, _ = pictures[0].shape
    title = f"{len(pictures):,} of " * (len(pictures) < len(rows)) + f"{len(rows):,} takes, each as it ends"
    sheet = contact_sheet([fit(picture, width, height) for picture in pictures], labels, title, numbered=False)
    about = {"kind": "contact sheet", "takes": [row.take for row in done], "versions": versions()}
    write_png(folder / SHEET, sheet, about if marked(folder / done[0].film) else None)
    return folder / SHEET


def _table(folder: Path, rows: list[Row]) -> tuple[Path | None, tuple[str, ...]]:
    """results.parquet, for pandas and the like."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ModuleNotFoundError:
        return None, (f"{TABLE} is left out: it needs pyarrow, which is an extra: pip install 't2w[parquet]'",)
    kinds = {str: pyarrow.string(), int: pyarrow.int64(), float: pyarrow.float64()}
    schema = pyarrow.schema([(name, kinds[(get_args(hint) or (hint,))[0]]) for name, hint in get_type_hints(Row).items()])
    with atomically(folder / TABLE) as temporary:
        parquet.write_table(pyarrow.Table.from_pylist([asdict(row) for row in rows], schema), temporary)
    return folder / TABLE, ()
