"""Shapes and words to sprites: smooth-edged pieces of picture, made once and laid over frames fast."""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

Color = tuple[int, int, int]
FOLDS = {
    "ß": "ss",
    "æ": "ae",
    "œ": "oe",
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "–": "-",
    "—": "-",
    "‘": "'",
    "’": "'",
    "“": '"',
    "”": '"',
    "…": "...",
}


@dataclass(frozen=True)
class Sprite:
    """Colour times cover, and the share of the picture beneath that stays; both (h w c) uint16 up to 255 * 255 and 255."""

    color: np.ndarray
    keep: np.ndarray


class Canvas:
    """A transparent sheet on which layers are laid, the first one lowest."""

    def __init__(self, height: int, width: int):
        self.color = np.zeros((height, width, 3), np.float32)  # already multiplied by cover
        self.cover = np.zeros((height, width, 1), np.float32)

    def lay(self, cover: np.ndarray, color: Color | np.ndarray, opacity: float = 1.0) -> "Canvas":
        """One layer: `cover` (h w) in 0..1."""
        cover = (cover * opacity)[..., None]
        self.color = self.color * (1 - cover) + np.asarray(color, np.float32) * cover
        self.cover = self.cover * (1 - cover) + cover
        return self

    def sprite(self) -> Sprite:
        keep = np.round(255 * (1 - self.cover)).astype(np.uint16)
        most = 255 * (255 - keep.astype(np.float32))  # so that the sum in `blend` stays within 16 bits
        return Sprite(np.minimum(np.round(self.color * 255), most).astype(np.uint16), keep)


def blend(picture: np.ndarray, sprite: Sprite, x: int, y: int) -> None:
    """Lays a sprite on a picture (h w c), in place; what lies outside is left out."""
    height, width = sprite.keep.shape[:2]
    left, top, right, bottom = max(x, 0), max(y, 0), min(x + width, picture.shape[1]), min(y + height, picture.shape[0])
    if left >= right or top >= bottom:
        return
    inside = np.s_[top - y : bottom - y, left - x : right - x]
    region = picture[top:bottom, left:right]
    region[:] = (region * sprite.keep[inside] + sprite.color[inside]) // 255


def grid(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """The x (1 w) and y (h 1) of the pixels' centres."""
    return np.arange(width, dtype=np.float32)[None] + 0.5, np.arange(height, dtype=np.float32)[:, None] + 0.5


def box(x: np.ndarray, y: np.ndarray, left: float, top: float, width: float, height: float, radius: float) -> np.ndarray:
    """Distance (h w) to a rounded box, negative inside. After Inigo Quilez, "2D distance functions"."""
    dx = np.abs(x - left - width / 2) - width / 2 + radius
    dy = np.abs(y - top - height / 2) - height / 2 + radius
    return np.hypot(np.maximum(dx, 0), np.maximum(dy, 0)) + np.minimum(np.maximum(dx, dy), 0) - radius


def line(x: np.ndarray, y: np.ndarray, start: tuple[float, float], end: tuple[float, float], thickness: float) -> np.ndarray:
    """Distance (h w) to a line with round ends."""
    (x0, y0), (x1, y1) = start, end
    along = ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / max((x1 - x0) ** 2 + (y1 - y0) ** 2, 1e-6)
    along = np.clip(along, 0, 1)
    return np.hypot(x - x0 - along * (x1 - x0), y - y0 - along * (y1 - y0)) - thickness / 2


def triangle(
    x: np.ndarray, y: np.ndarray, tip: tuple[float, float], toward: tuple[float, float], length: float, width: float
) -> np.ndarray:
    """Distance (h w) to an isosceles triangle: its tip, the unit vector it points along, its length and its width at the base."""
    forward = (x - tip[0]) * toward[0] + (y - tip[1]) * toward[1]  # 0 at the tip, -length at the base
    side = np.abs((y - tip[1]) * toward[0] - (x - tip[0]) * toward[1])
    slope = np.hypot(length, width / 2)
    return np.maximum((forward * width / 2 + side * length) / slope, -length - forward)


def fill(distance: np.ndarray) -> np.ndarray:
    """Cover of a shape with a smooth edge, one pixel wide."""
    return np.clip(0.5 - distance, 0, 1)


def ring(distance: np.ndarray, thickness: float) -> np.ndarray:
    """Cover of a shape's inner border."""
    return fill(np.abs(distance + thickness / 2) - thickness / 2)


def glow(distance: np.ndarray, reach: float) -> np.ndarray:
    """A soft shadow or shine: 1 inside, fading out over `reach` pixels."""
    fade = np.clip(1 - np.maximum(distance, 0) / reach, 0, 1)
    return fade * fade * (3 - 2 * fade)


@lru_cache
def font(size: int) -> ImageFont.FreeTypeFont:
    """The scalable font that comes with Pillow."""
    return ImageFont.load_default(size)


def spell(text: str) -> str:
    """The text in the letters that the font has (ASCII): accents are dropped, emoji left out; nothing if most of it is in another script."""
    folded = unicodedata.normalize("NFKD", "".join(FOLDS.get(letter, letter) for letter in text))
    kept = "".join(letter for letter in folded if letter.isascii() and (letter.isprintable() or letter.isspace()))
    letters, kept_letters = (sum(letter.isalpha() for letter in words) for words in (text, kept))
    return " ".join(kept.split()) if 2 * kept_letters >= letters else ""


def text_width(text: str, size: int) -> float:
    return font(4 * size).getlength(text) / 4


def text_cover(text: str, size: int, margin: int) -> np.ndarray:
    """Cover (h w) of a line of text; height and baseline depend on the size alone. `margin` is left free on all sides."""
    ascent, descent = font(size).getmetrics()
    width, height = int(np.ceil(text_width(text, size))) + 2 * margin, ascent + descent + 2 * margin
    fine = 4  # drawn large and shrunk: letters then stand at fractions of a pixel, evenly spaced
    image = Image.new("L", (width * fine, height * fine))
    ImageDraw.Draw(image).text((margin * fine, (margin + ascent) * fine), text, fill=255, font=font(size * fine), anchor="ls")
    cover = np.asarray(image.reduce(fine), np.float32) / 255
    return np.minimum(1, cover * 1.25)  # thin strokes lose strength when shrunk


def shadowed_text(text: str, size: int, color: Color, opacity: float = 1.0) -> Sprite:
    """A line of text over its own soft shadow; the sprite reaches `size` // 2 beyond the text on all sides."""
    cover = text_cover(text, size, margin=size // 2)
    return Canvas(*cover.shape).lay(shadow(cover, size / 7), (0, 0, 0), 0.85).lay(cover, color, opacity).sprite()


def shadow(cover: np.ndarray, reach: float) -> np.ndarray:
    """The blurred shadow of any cover, strong enough to carry thin letters on snow."""
    blurred = Image.fromarray((cover * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(reach))
    return np.clip(np.asarray(blurred, np.float32) / 255 * 2.2, 0, 1)
