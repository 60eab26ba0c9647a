"""A frame and the action that led to it => the frame of a film: enlarged, with keycaps, mouse, time and prompt around its edges."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from t2w.media.keycaps import PAPER, make_caps
from t2w.media.mouse import Mouse
from t2w.media.shapes import Sprite, blend, shadowed_text, spell, text_width

if TYPE_CHECKING:
    from t2w.actions.action import Action

LEAST_WIDTH = 640


def enlarge(frame: np.ndarray) -> np.ndarray:
    """Scales by the least whole number that makes a frame 640 wide. Lanczos: in a film, nearest-neighbour blocks crawl along edges."""
    height, width = frame.shape[:2]
    factor = -(-LEAST_WIDTH // width)
    if factor == 1:
        return frame.copy()
    return np.array(Image.fromarray(frame).resize((width * factor, height * factor), Image.Resampling.LANCZOS))


class Hud:
    """Draws what the player does on the frames of one take. All pictures are made at the first frame and only laid on after that."""

    def __init__(self, keys: tuple[str, ...], fps: float, prompt: str = "", mouse: bool = True, turn: float = 12.0):
        """`turn`: the degrees of a frame's view turn that make the arrow full length."""
        self.keys = keys
        self.fps = fps
        self.prompt = spell(prompt)
        self.mouse = mouse
        self.turn = turn
        self._size = (0, 0)

    def draw(self, frame: np.ndarray, action: Action | None, t: int) -> np.ndarray:
        """Frame t with the action that led to it (None for the start frame), uint8 (h w c), at least 640 wide."""
        picture = enlarge(frame)
        if picture.shape[:2] != self._size:
            self._make(*picture.shape[:2])
        held = action.keys if action else frozenset()
        for key, cap in self._caps.items():
            blend(picture, cap.lit if key in held else cap.unlit, self._left + cap.x, self._bottom + cap.y)
        if self._mouse:
            self._mouse.draw(picture, held, action.mouse if action else (0.0, 0.0))
        for sprite, x, y in self._words:
            blend(picture, sprite, x, y)
        self._draw_clock(picture, t)
        return picture

    def _make(self, height: int, width: int) -> None:
        self._size = (height, width)
        unit = min(width / 640, height / 384)
        cap = max(12, round(30 * unit))
        self._left = max(6, round(16 * unit))
        self._bottom = height - self._left
        self._caps, right = make_caps(self.keys, cap)
        right += self._left
        self._mouse = None
        if self.mouse or Mouse.buttons(self.keys):
            self._mouse = Mouse(self.keys, self.mouse, self.turn, cap, right + (cap // 2 if self._caps else 0), self._bottom)
            right = self._mouse.right
        self._make_clock(max(10, round(17 * unit)), width - self._left)
        self._make_prompt(max(10, round(16 * unit)), right + cap, width - self._left)

    def _make_prompt(self, size: int, left: int, right: int) -> None:
        """At most two lines, to the right of the caps; none where there is no room."""
        lines = wrap(self.prompt, size, right - left, most=2) if right - left > 8 * size else []
        height = round(size * 1.35)
        self._words = [
            (
                shadowed_text(line, size, PAPER),
                right - round(text_width(line, size)) - size // 2,
                self._bottom - height * (len(lines) - i) + size // 6 - size // 2,
            )
            for i, line in enumerate(lines)
        ]

    def _make_clock(self, size: int, right: int) -> None:
        self._clock_right = right
        small = round(size * 0.72)
        self._clock = {letter: shadowed_text(letter, size, PAPER) for letter in "0123456789:."}
        self._count = {letter: shadowed_text(letter, small, PAPER, 0.8) for letter in [*"0123456789", "frame "]}
        self._clock_size, self._count_size = size, small

    def _draw_clock(self, picture: np.ndarray, t: int) -> None:
        seconds = t / self.fps
        top = self._left - self._clock_size // 3
        time = f"{int(seconds // 60)}:{seconds % 60:04.1f}"
        self._write(picture, [*time], self._clock, self._clock_size, top)
        self._write(picture, ["frame ", *str(t)], self._count, self._count_size, top + round(self._clock_size * 1.2))

    def _write(self, picture: np.ndarray, pieces: list[str], sprites: dict[str, Sprite], size: int, top: int) -> None:
        """Piece by piece from the right; digits have one width, so that the numbers do not tremble."""
        x = float(self._clock_right)
        for piece in reversed(pieces):
            width = text_width(piece, size)
            slot = text_width("0", size) if piece.isdigit() else width
            blend(picture, sprites[piece], round(x - (slot + width) / 2) - size // 2, top - size // 2)
            x -= slot


def wrap(text: str, size: int, width: float, most: int) -> list[str]:
    """The text in one line, or else at most `most` lines of about equal width; what does not fit ends in dots."""
    if text_width(text[:500], size) <= width:
        return [text] if text else []
    for share in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0):
        lines, rest = [], text
        while rest and len(lines) < most:
            line = _start(rest, size, width * share)
            rest = rest[len(line) :].lstrip()
            lines.append(line.rstrip())
        if not rest:
            return lines
    return [*lines[:-1], _start(lines[-1] + " " + rest, size, width - text_width("...", size)).rstrip(" ,;:.-") + "..."]


def _start(text: str, size: int, width: float) -> str:
    """As much of the text as is `width` wide, to the end of a word if there is one."""
    fits = bisect_right(range(1, min(len(text), 500) + 1), width, key=lambda n: text_width(text[:n], size))
    if fits == len(text):
        return text
    return text[: text.rfind(" ", 0, fits + 1) + 1] or text[: max(fits, 1)]
