"""Films in, one film out that shows them side by side: a cell each with its label beneath, the HUD as it is, shorter ones hold their end."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from math import ceil, sqrt
from pathlib import Path

import numpy as np
from PIL import Image

from t2w.actions.short_form import to_short
from t2w.dream import versions
from t2w.errors import T2WError
from t2w.media.hud import wrap
from t2w.media.metadata import read_metadata
from t2w.media.shapes import Canvas, blend, spell, text_cover, text_width
from t2w.media.sheet import PAGE, WORDS
from t2w.media.video import Film, play
from t2w.rollout.takes import from_runs

MOST = 36
WIDTH, WIDEST, NARROWEST = 1920, 640, 240  # of the film, about, and of a cell
GAP = 8
LINES = 2  # of a label


@dataclass(frozen=True)
class Cell:
    film: Path
    label: str


def write(cells: Sequence[Cell], out: Path, metadata: dict | None = None) -> Iterator[int]:
    """The grid film, at the rate of its fastest film; yields the number of frames written so far. Raises T2WError."""
    check(len(cells))
    with ExitStack() as stack:
        films = []
        for cell in cells:
            films.append(play(cell.film))
            stack.enter_context(closing(films[-1][1]))
        fps = max(rate for rate, _ in films)
        readers = [_Reader(cell.film, frames, rate / fps) for cell, (rate, frames) in zip(cells, films, strict=True)]
        page = _Page(readers[0].frame, [cell.label for cell in cells])
        film = stack.enter_context(Film(out, fps, metadata))
        while not all(reader.ended for reader in readers):
            film.write(page.with_frames([reader.frame for reader in readers]))
            yield film.frames
            for reader in readers:
                reader.go_to(film.frames)


def describe(cells: Sequence[Cell], manifests: Sequence[dict | None]) -> dict:
    """The manifest of a grid film. A manifest is None where a film is not t2w's."""
    takes = [
        {"film": "/".join(cell.film.parts[-5:]), "label": cell.label, "sha256": (manifest or {}).get("sha256")}
        for cell, manifest in zip(cells, manifests, strict=True)
    ]
    return {"kind": "grid", "takes": takes, "versions": versions()}


def marked(file: Path) -> bool:
    """Whether a film or picture carries a manifest; what is made of it then does too."""
    try:
        return bool(read_metadata(file))
    except T2WError:
        return False


def labels(manifests: Sequence[dict], names: Sequence[str]) -> list[str]:
    """What sets each take apart from the others; its name where nothing does."""
    told = [_told(manifest) for manifest in manifests]
    differing = [field for field in {field: None for one in told for field in one} if len({one.get(field) for one in told}) > 1]
    return [", ".join(one[field] for field in differing if one.get(field)) or name for one, name in zip(told, names, strict=True)]


def _told(manifest: dict) -> dict[str, str]:
    """What takes can differ in, in words."""
    start = manifest.get("start") or {}
    return {
        "prompt": manifest.get("prompt", ""),
        "painter": start.get("painter", ""),
        "world": manifest.get("world", ""),
        "start": f"start {start['seed'] + manifest['pick'] - 1}" if "seed" in start and manifest.get("pick") else "",
        "acts": _acts(manifest),
        "seed": f"seed {manifest['seed']}" if "seed" in manifest else "",
        **{name: f"{name.replace('_', ' ')} {value}" for name, value in (start.get("settings") or {}).items()},
    }


def _acts(manifest: dict) -> str:
    """The script in the short form where there is one, else its length; or the policy."""
    script = manifest.get("script")
    if script is None:
        return manifest.get("policy") or ""
    try:
        return to_short(from_runs(script))
    except T2WError:
        return f"script of {sum(run['frames'] for run in script)} frames"


def check(n: int) -> None:
    if not 1 <= n <= MOST:
        raise T2WError(f"a grid has 1 to {MOST} films, not {n}; make several grids")


class _Reader:
    """A film's frame at any later time; after its end, its last one."""

    def __init__(self, film: Path, frames: Iterator[np.ndarray], rate: float):
        """`rate`: its frames a frame of the grid."""
        self.frames, self.rate = frames, rate
        self.frame, self.at, self.ended = next(frames, None), 0, False
        if self.frame is None:
            raise T2WError(f"{film} holds no frames")

    def go_to(self, t: int) -> None:
        while not self.ended and self.at < int(t * self.rate + 1e-6):
            found = next(self.frames, None)
            self.ended = found is None
            self.frame, self.at = self.frame if found is None else found, self.at + 1


class _Page:
    """The sheet that the films lie on, labels written once."""

    def __init__(self, frame: np.ndarray, labels: Sequence[str]):
        self.columns = ceil(sqrt(len(labels)))
        self.width = min(WIDEST, max(NARROWEST, WIDTH // self.columns)) // 2 * 2
        self.height = round(self.width * frame.shape[0] / frame.shape[1])
        size = max(13, self.width // 30)
        lines = [wrap(spell(label), size, self.width - size, LINES) for label in labels]
        self.label = round(size * (1.35 * max(map(len, lines)) + 0.7)) if any(lines) else 0
        rows, across, down = ceil(len(labels) / self.columns), self.width + GAP, self.height + self.label + GAP
        self.sheet = np.empty((GAP + rows * down, GAP + self.columns * across, 3), np.uint8)
        self.sheet[:] = PAGE
        self.places = [(GAP + i // self.columns * down, GAP + i % self.columns * across) for i in range(len(labels))]
        for (y, x), found in zip(self.places, lines, strict=True):
            for i, line in enumerate(found):
                left = x + round((self.width - text_width(line, size)) / 2)
                _write(self.sheet, line, size, left, y + self.height + round(size * (0.3 + 1.35 * i)))

    def with_frames(self, frames: Sequence[np.ndarray]) -> np.ndarray:
        page = self.sheet.copy()
        for (y, x), frame in zip(self.places, frames, strict=True):
            picture = self._fitted(frame)
            height, width = picture.shape[:2]
            top, left = y + (self.height - height) // 2, x + (self.width - width) // 2
            page[top : top + height, left : left + width] = picture
        return page

    def _fitted(self, frame: np.ndarray) -> np.ndarray:
        """As large as the cell allows, none of it cut off."""
        height, width = frame.shape[:2]
        scale = min(self.width / width, self.height / height)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        return frame if size == (width, height) else np.asarray(Image.fromarray(frame).resize(size, Image.Resampling.LANCZOS))


def _write(page: np.ndarray, text: str, size: int, x: int, y: int) -> None:
    cover = text_cover(text, size, margin=2)
    blend(page, Canvas(*cover.shape).lay(cover, WORDS).sprite(), x - 2, y - 2)
