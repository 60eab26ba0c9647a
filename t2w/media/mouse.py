"""The mouse of a HUD: a dial with an arrow for the turn of the view, and the mouse's buttons and wheel when the world knows them."""

import numpy as np

from t2w.media.keycaps import ACCENT, INK, PAPER, gap, reach
from t2w.media.shapes import Canvas, Sprite, blend, box, fill, glow, grid, line, ring, triangle

BUTTONS = ("lmb", "mmb", "rmb", "scroll_up", "scroll_down")


class Mouse:
    """Pictures made once; `draw` lays the dial with its arrow and the held buttons on a frame."""

    def __init__(self, keys: tuple[str, ...], turns: bool, turn: float, size: int, left: int, bottom: int):
        """`size` of a keycap, `left` and `bottom` in pixels; `turn` degrees make the arrow full length."""
        self.turn = turn
        self.margin = reach(size)
        self.height = 2 * size + gap(size)
        self.top = bottom - self.height
        self.dial_left, self.right = left, left
        self._dial = _dial(self.height, self.margin) if turns else None
        if turns:
            self.right += self.height
        self.body_left = self.right + (size // 2 if turns else 0)
        names = self.buttons(keys)
        self._body = _body(size, self.height, self.margin) if names else None
        self._lit = {name: _lit(size, self.height, self.margin, name) for name in names}
        if names:
            self.right = self.body_left + _body_width(size)

    @staticmethod
    def buttons(keys: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in BUTTONS if name in keys)

    def draw(self, picture: np.ndarray, held: frozenset[str], turned: tuple[float, float]) -> None:
        """`turned`: degrees to the right and down."""
        if self._dial:
            blend(picture, self._dial, self.dial_left - self.margin, self.top - self.margin)
            blend(picture, _arrow(self.height, turned, self.turn), self.dial_left, self.top)
        if self._body:
            for sprite in (self._body, *(self._lit[name] for name in self._lit if name in held)):
                blend(picture, sprite, self.body_left - self.margin, self.top - self.margin)


def _dial(height: int, margin: int) -> Sprite:
    side = height + 2 * margin
    x, y = grid(side, side)
    disc = np.hypot(x - side / 2, y - side / 2) - height / 2
    canvas = Canvas(side, side).lay(glow(disc, margin), (0, 0, 0), 0.30).lay(fill(disc), INK, 0.58)
    canvas.lay(ring(disc, max(1.2, height / 48)), PAPER, 0.45)
    for dx, dy in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        inner, outer = ((side / 2 + dx * height * r, side / 2 + dy * height * r) for r in (0.38, 0.43))
        canvas.lay(fill(line(x, y, inner, outer, max(1.2, height / 45))), PAPER, 0.45)
    return canvas.sprite()


def _arrow(height: int, turned: tuple[float, float], full: float) -> Sprite:
    """Small turns would be invisible on a straight scale, so the length goes with the root of the turn."""
    x, y = grid(height, height)
    middle, thick = height / 2, height / 13
    degrees = float(np.hypot(*turned))
    canvas = Canvas(height, height)
    if degrees < 1e-3:
        return canvas.lay(fill(np.hypot(x - middle, y - middle) - thick * 0.8), PAPER, 0.6).sprite()
    dx, dy = turned[0] / degrees, turned[1] / degrees
    length = height * (0.20 + 0.23 * min(1.0, degrees / full) ** 0.5)
    head = height * 0.16
    tip = (middle + dx * length, middle + dy * length)
    neck = (tip[0] - dx * head, tip[1] - dy * head)
    shape = np.minimum(line(x, y, (middle, middle), neck, thick), triangle(x, y, tip, (dx, dy), head, head * 1.25))
    return canvas.lay(glow(shape, thick), (0, 0, 0), 0.35).lay(fill(shape), ACCENT).sprite()


def _body_width(size: int) -> int:
    return round(size * 1.4)


def _outline(size: int, height: int, margin: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    width = _body_width(size)
    x, y = grid(height + 2 * margin, width + 2 * margin)
    return x, y, box(x, y, margin, margin, width, height, width * 0.46)


def _body(size: int, height: int, margin: int) -> Sprite:
    x, y, body = _outline(size, height, margin)
    canvas = Canvas(*body.shape).lay(glow(body, margin), (0, 0, 0), 0.30).lay(fill(body), INK, 0.58)
    canvas.lay(ring(body, max(1.2, height / 48)), PAPER, 0.45)
    middle, seam = margin + _body_width(size) / 2, margin + height * 0.42
    canvas.lay(fill(body) * fill(np.abs(y - seam) - 0.6 + 0 * x), PAPER, 0.35)
    canvas.lay(fill(body) * fill(np.abs(x - middle) - 0.6 + 0 * y) * (y < seam), PAPER, 0.35)
    return canvas.lay(fill(_wheel(x, y, size, height, margin)), PAPER, 0.55).sprite()


def _lit(size: int, height: int, margin: int, name: str) -> Sprite:
    x, y, body = _outline(size, height, margin)
    middle, seam = margin + _body_width(size) / 2, margin + height * 0.42
    canvas, wheel = Canvas(*body.shape), _wheel(x, y, size, height, margin)
    if name in ("lmb", "rmb"):
        side = x - middle if name == "lmb" else middle - x
        part = np.maximum(np.maximum(body + 1.5, side + 1.2), y - seam + 1.2)
        canvas.lay(glow(part, 3) * fill(body), ACCENT, 0.35).lay(fill(part), ACCENT, 0.97)
        return canvas.lay(fill(wheel - 1.2), INK, 0.9).lay(fill(wheel), PAPER, 0.9).sprite()
    canvas.lay(glow(wheel, margin / 2), ACCENT, 0.45).lay(fill(wheel - 1), ACCENT)
    if name != "mmb":
        up = -1 if name == "scroll_up" else 1
        tip = (middle, margin + height * (0.09 if up < 0 else 0.58))
        canvas.lay(fill(triangle(x, y, tip, (0, up), size * 0.22, size * 0.4)), ACCENT)
    return canvas.sprite()


def _wheel(x: np.ndarray, y: np.ndarray, size: int, height: int, margin: int) -> np.ndarray:
    width = size * 0.2
    return box(x, y, margin + _body_width(size) / 2 - width / 2, margin + height * 0.17, width, height * 0.17, width / 2)
