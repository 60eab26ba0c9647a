"""Candidates and their captions => one numbered contact sheet, uint8 (h w c)."""

from collections.abc import Sequence
from math import ceil, sqrt

import numpy as np
from PIL import Image

from t2w.media.hud import wrap
from t2w.media.keycaps import ACCENT, INK
from t2w.media.shapes import Canvas, blend, box, fill, font, grid, spell, text_cover, text_width

PAGE = (20, 23, 29)
WORDS = (232, 235, 240)
QUIET = (150, 158, 172)
MARGIN = 28
WIDTH = 1320  # of all pictures in a row, about


def contact_sheet(frames: Sequence[np.ndarray], labels: Sequence[str], title: str = "", numbered: bool = True) -> np.ndarray:
    """Pictures of one size in a grid, numbered from 1, each with its label beneath; the title above."""
    assert len(frames) == len(labels) > 0
    columns = ceil(sqrt(len(frames)))
    rows = ceil(len(frames) / columns)
    width = min(640, max(160, WIDTH // columns))
    height = round(width * frames[0].shape[0] / frames[0].shape[1])
    size = max(13, width // 26)
    gap, caption = max(10, width // 28), size * 2 if any(labels) else 0
    lines = wrap(spell(title), 24, columns * (width + gap) - gap, most=2)
    top = MARGIN + (len(lines) * 32 + 16 if lines else 0)
    page = np.empty((top + rows * (height + caption + gap) - gap + MARGIN, 2 * MARGIN + columns * (width + gap) - gap, 3), np.uint8)
    page[:] = PAGE
    for i, line in enumerate(lines):
        _write(page, line, 24, WORDS, MARGIN, MARGIN + 32 * i)
    for i, (frame, label) in enumerate(zip(frames, labels)):
        x, y = MARGIN + i % columns * (width + gap), top + i // columns * (height + caption + gap)
        _paste(page, frame, x, y, width, height)
        if numbered:
            _badge(page, str(i + 1), x, y, size)
        for line in wrap(spell(label), size, width, most=1):
            _write(page, line, size, QUIET, x + 2, y + height + size // 3)
    return page


def _paste(page: np.ndarray, frame: np.ndarray, x: int, y: int, width: int, height: int) -> None:
    """The picture with round corners."""
    picture = np.asarray(Image.fromarray(frame).resize((width, height), Image.Resampling.LANCZOS))
    across, down = grid(height, width)
    blend(page, Canvas(height, width).lay(fill(box(across, down, 0, 0, width, height, width / 50)), picture).sprite(), x, y)


def _badge(page: np.ndarray, number: str, x: int, y: int, size: int) -> None:
    height = round(size * 1.7)
    width = max(height, round(text_width(number, size) + size))
    across, down = grid(height, width)
    plate = box(across, down, 0, 0, width, height, height / 2)
    inset = size // 2
    blend(page, Canvas(height, width).lay(fill(plate), ACCENT).sprite(), x + inset, y + inset)
    ascent, _ = font(size).getmetrics()
    left = x + inset + round((width - text_width(number, size)) / 2)
    _write(page, number, size, INK, left, y + inset + round(height / 2 + size * 0.36 - ascent))


def _write(page: np.ndarray, text: str, size: int, color: tuple, x: int, y: int) -> None:
    cover = text_cover(text, size, margin=2)
    blend(page, Canvas(*cover.shape).lay(cover, color).sprite(), x - 2, y - 2)
