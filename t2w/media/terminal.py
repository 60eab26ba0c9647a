"""Pictures => the terminal itself: two pixels a character everywhere, real pixels where the terminal and the `preview` extra can."""

import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from math import ceil

import numpy as np
from PIL import Image
from rich.color import Color
from rich.console import Console
from rich.segment import Segment, Segments
from rich.style import Style

from t2w.media.keycaps import ACCENT
from t2w.media.sheet import contact_sheet

GAP = 2
NARROWEST, WIDEST = 24, 56  # columns of one picture, where there is a choice
NUMBER = Style(color=Color.from_rgb(*ACCENT), bold=True)


def show(frames: Sequence[np.ndarray], console: Console, numbered: bool = True) -> bool:
    """Prints the pictures side by side with their numbers beneath. False, and nothing printed, where colours cannot be shown."""
    if not frames or not can_show(console):
        return False
    if not _show_sharp(frames, console, numbered):
        console.print(Segments(list(_half_blocks(frames, console.width, console.height, numbered))), end="")
    return True


def can_show(console: Console) -> bool:
    """A terminal with colours that are wanted (NO_COLOR), half blocks in its encoding, and room."""
    colors = console.is_terminal and not console.is_dumb_terminal and not console.no_color and console.color_system is not None
    return colors and console.encoding.startswith("utf") and console.width >= 16


def _layout(count: int, aspect: float, width: int, height: int) -> tuple[int, int]:
    """Pictures in a row, and columns of each: as large as they can be with all of them on the screen, or else small ones that scroll."""
    best = (0, 1)
    for across in range(1, count + 1):
        lines = (height - 3) // ceil(count / across) - 1
        best = max(best, (min(WIDEST, (width + GAP) // across - GAP, int(2 * lines / aspect)), across))
    if best[0] < NARROWEST:
        return max(1, (width + GAP) // (NARROWEST + GAP)), min(NARROWEST, width)
    return best[1], best[0]


def _half_blocks(frames: Sequence[np.ndarray], width: int, height: int, numbered: bool) -> Iterator[Segment]:
    """The upper half of a character in one colour, the lower half in another."""
    across, columns = _layout(len(frames), frames[0].shape[0] / frames[0].shape[1], width, height)
    for first in range(0, len(frames), across):
        row = [_small(frame, columns) for frame in frames[first : first + across]]
        for y in range(0, max(len(picture) for picture in row), 2):
            for picture in row:
                for upper, lower in zip(*picture[y : y + 2].tolist()) if y < len(picture) else ():
                    yield Segment("▀", Style.from_color(Color.from_rgb(*upper), Color.from_rgb(*lower)))
                yield Segment(" " * (GAP if y < len(picture) else columns + GAP) * (picture is not row[-1]))
            yield Segment.line()
        if numbered:
            numbers = (str(first + i + 1).center(columns) for i in range(len(row)))
            yield Segment((" " * GAP).join(numbers).rstrip(), NUMBER)
            yield Segment.line()


def _small(frame: np.ndarray, columns: int) -> np.ndarray:
    rows = max(1, round(columns * frame.shape[0] / frame.shape[1] / 2))
    return np.asarray(Image.fromarray(frame).resize((columns, 2 * rows), Image.Resampling.LANCZOS))


def _show_sharp(frames: Sequence[np.ndarray], console: Console, numbered: bool) -> bool:
    """A contact sheet in real pixels. textual-image talks to the terminal through the standard streams, so they must be it."""
    if not find_spec("textual_image") or not all(stream and stream.isatty() for stream in (sys.__stdin__, sys.__stdout__)):
        return False
    from textual_image import renderable  # importing asks the terminal what it can

    if renderable.Image not in (renderable.SixelImage, renderable.TGPImage):
        return False
    sheet = contact_sheet(frames, [""] * len(frames), numbered=numbered)
    on_screen = round(2 * (console.height - 4) * sheet.shape[1] / sheet.shape[0])
    console.print(renderable.Image(Image.fromarray(sheet), width=min(console.width, 2 * WIDEST, on_screen), height="auto"))
    return True
