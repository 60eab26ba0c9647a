"""The keys of a world to caps in keyboard layout: where each one stands, and its pictures unlit and lit."""

from dataclasses import dataclass

import numpy as np

from t2w.media.shapes import Canvas, Sprite, box, fill, font, glow, grid, ring, text_cover, text_width, triangle

INK = (16, 19, 26)
PAPER = (245, 247, 250)
ACCENT = (255, 193, 59)

# Left, top, width and height of a cap; 1 is a cap and the gap to the next.
DIGITS = {digit: (0.62 * place, 0.0, 0.62, 0.66) for place, digit in enumerate("1234567890")}
UPPER = {"tab": (0, 0.7, 1.5, 1), "q": (1.5, 0.7, 1, 1), "w": (2.5, 0.7, 1, 1), "e": (3.5, 0.7, 1, 1), "r": (4.5, 0.7, 1, 1)}
HOME = {"shift": (0, 1.7, 1.5, 1), "a": (1.5, 1.7, 1, 1), "s": (2.5, 1.7, 1, 1), "d": (3.5, 1.7, 1, 1), "f": (4.5, 1.7, 1, 1)}
LOWER = {"ctrl": (0, 2.7, 1.5, 1), "space": (1.5, 2.7, 3, 1)}
ARROWS = {"up": (1, 0, 1, 1), "left": (0, 1, 1, 1), "down": (1, 1, 1, 1), "right": (2, 1, 1, 1)}
POINTS = {"up": (0, -1), "left": (-1, 0), "down": (0, 1), "right": (1, 0)}
CLUSTERS = (DIGITS | UPPER | HOME | LOWER, ARROWS)


@dataclass(frozen=True)
class Cap:
    """A cap's two pictures, and where they go: x from the left and y from the bottom edge of the caps, in pixels."""

    x: int
    y: int
    unlit: Sprite
    lit: Sprite


def make_caps(keys: tuple[str, ...], size: int) -> tuple[dict[str, Cap], int]:
    """Caps for the keys that stand on a keyboard, `size` pixels a cap, and the width of them all."""
    caps, right = {}, 0.0
    pitch = size + gap(size)
    for cluster in CLUSTERS:
        places = {key: cluster[key] for key in keys if key in cluster}
        if not places:
            continue
        left = min(x for x, _, _, _ in places.values())
        bottom = max(y + h for _, y, _, h in places.values())
        start = right + (0.6 if right else 0)
        for key, (x, y, width, height) in places.items():
            unlit, lit = (_picture(key, width * pitch - gap(size), height * pitch - gap(size), size, held) for held in (False, True))
            caps[key] = Cap(round((start + x - left) * pitch) - reach(size), round((y - bottom) * pitch) - reach(size), unlit, lit)
        right = start + max(x + w for x, _, w, _ in places.values()) - left
    return caps, max(0, round(right * pitch) - gap(size))


def gap(size: int) -> int:
    """Pixels between two caps."""
    return max(2, round(size / 8))


def reach(size: int) -> int:
    """Pixels that a picture goes beyond its cap, for the shadow."""
    return max(3, round(size / 4))


def _picture(key: str, width: float, height: float, size: int, held: bool) -> Sprite:
    """A cap of dark glass with a light rim; held, it is lit, glows and sits a little lower."""
    margin, lip = reach(size), max(1.0, size / 15)
    x, y = grid(round(height) + 2 * margin, round(width) + 2 * margin)
    radius = min(size * 0.22, height / 3)
    body = box(x, y, margin, margin, width, height, radius)
    face = box(x, y, margin, margin + (lip if held else 0), width, height - lip, radius)
    canvas = Canvas(*body.shape)
    if held:
        canvas.lay(glow(body, margin), ACCENT, 0.55)
        canvas.lay(fill(face), _shade(y, margin, height, (255, 208, 92), (248, 178, 40)), 0.97)
        canvas.lay(ring(face, 1), (255, 236, 190), 0.9)
    else:
        canvas.lay(glow(body, margin), (0, 0, 0), 0.30)
        canvas.lay(fill(body), INK, 0.50)
        canvas.lay(fill(face), _shade(y, margin, height, (78, 86, 102), (34, 39, 50)), 0.55)
        canvas.lay(ring(face, 1), PAPER, 0.38)
    middle = (margin + width / 2, margin + (height - lip) / 2 + (lip if held else 0))
    return _label(canvas, key, x, y, middle, min(size, height), INK if held else PAPER).sprite()


def _label(canvas: Canvas, key: str, x: np.ndarray, y: np.ndarray, middle: tuple[float, float], size: float, color: tuple) -> Canvas:
    if key in POINTS:
        dx, dy = POINTS[key]
        tip = (middle[0] + dx * size * 0.2, middle[1] + dy * size * 0.2)
        return canvas.lay(fill(triangle(x, y, tip, (dx, dy), size * 0.36, size * 0.46)), color, 0.95)
    height = round(size * (0.52 if len(key) == 1 else 0.36))
    word = key.upper() if len(key) == 1 else key
    cover = text_cover(word, height, margin=0)
    ascent, _ = font(height).getmetrics()
    left = round(middle[0] - text_width(word, height) / 2)
    top = round(middle[1] - ascent + height * (0.36 if len(key) == 1 else 0.28))
    whole = np.zeros(canvas.cover.shape[:2], np.float32)
    whole[top : top + cover.shape[0], left : left + cover.shape[1]] = cover[: whole.shape[0] - top, : whole.shape[1] - left]
    return canvas.lay(whole, color, 0.97)


def _shade(y: np.ndarray, top: float, height: float, upper: tuple, lower: tuple) -> np.ndarray:
    """A colour (h 1 c) that goes from upper to lower."""
    share = np.clip((y - top) / height, 0, 1)[..., None]
    return np.asarray(upper, np.float32) * (1 - share) + np.asarray(lower, np.float32) * share
