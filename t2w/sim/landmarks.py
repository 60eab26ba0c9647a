"""The building of a world: its sort, colour and place in; its primitives, walls, door and inside out."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from t2w.sim.biomes import Color, mix, shade
from t2w.sim.parts import Parts
from t2w.sim.rows import BOX, CONE, CYLINDER, LANDMARK, PLANKS, PRISM, STONE
from t2w.sim.rows import WINDOW as LIT

LAMPLIGHT = (1.0, 0.85, 0.45)


def no_door() -> np.ndarray:
    return np.array([-1.0, 0, 0, 0, 0, 0])


@dataclass(frozen=True)
class Building:
    door: np.ndarray = field(default_factory=no_door)  # box index, target, x, y, cooldown, openness
    hinge: np.ndarray = field(default_factory=lambda: np.zeros(4))  # x, y, z, width
    shelter: np.ndarray = field(default_factory=lambda: np.zeros(6))  # x0 x1 y0 y1 z0 z1


def cabin(parts: Parts, x: float, y: float, z: float, color: Color, u: list[float]) -> Building:
    """Walls of planks over a stone base, posts at the corners, two lit windows; the door looks south."""
    w, d, h = 3.0, 2.4, 2.6
    dark = shade(color, 0.62)

    def wall(x0, x1, y0, y1, z0, z1):
        parts.boxes.append((x + x0, x + x1, y + y0, y + y1, z + z0, z + z1, 1.0))
        below = 0.4 if z0 == 0 else 0.0
        parts.span(LANDMARK, BOX, (x + x0, x + x1, y + y0, y + y1, z + z0 - below, z + z1), color, PLANKS)

    def trim(x0, x1, y0, y1, z0, z1, tone, material=0.0):
        parts.span(LANDMARK, BOX, (x + x0, x + x1, y + y0, y + y1, z + z0, z + z1), tone, material)

    for bounds in (
        (-w, w, d - 0.2, d, 0, h),
        (-w, -w + 0.2, -d, d, 0, h),
        (w - 0.2, w, -d, d, 0, h),
        (-w, -0.6, -d, -d + 0.2, 0, h),
        (0.6, w, -d, -d + 0.2, 0, h),
        (-0.6, 0.6, -d, -d + 0.2, 2.0, h),
    ):
        wall(*bounds)
    base = (0.42, 0.40, 0.38)
    for bounds in ((-w, w, d, d + 0.06), (-w - 0.06, -w, -d, d), (w, w + 0.06, -d, d), (-w, -0.7, -d - 0.06, -d), (0.7, w, -d - 0.06, -d)):
        trim(*bounds, -0.3, 0.38, base, STONE)
    for sx in (-1, 1):
        for sy in (-1, 1):
            parts.add(LANDMARK, BOX, (x + sx * w, y + sy * d, z + h / 2 - 0.1), (0.26, 0.26, h + 0.2), dark)
        parts.add(LANDMARK, BOX, (x + sx * 0.66, y - d - 0.03, z + 1.02), (0.14, 0.14, 2.1), dark)
        window(parts, (x + sx * 1.8, y - d, z + 1.4), True, dark)
        window(parts, (x + sx * w, y + 0.1, z + 1.4), False, dark)
    parts.add(LANDMARK, BOX, (x, y - d - 0.03, z + 2.1), (1.5, 0.14, 0.18), dark)
    roof = mix((0.30, 0.20, 0.16), (0.25, 0.27, 0.33), u[0])
    parts.add(LANDMARK, PRISM, (x, y, z + h + 0.8), (2 * w + 0.9, 2 * d + 0.9, 1.7), roof, material=PLANKS)
    parts.add(LANDMARK, BOX, (x + (1.8 if u[1] < 0.5 else -1.8), y + 0.8, z + h + 1.3), (0.6, 0.6, 1.6), (0.45, 0.30, 0.28), material=STONE)
    parts.add(LANDMARK, BOX, (x, y, z - 0.02), (2 * w, 2 * d, 0.1), (0.40, 0.28, 0.18))
    parts.lamps += [(x - 1.8, y - d - 0.8, z + 1.5), (x + 1.8, y - d - 0.8, z + 1.5)]
    parts.boxes.append((x - 0.6, x + 0.6, y - d, y - d + 0.2, z, z + 2, 1.0))
    return Building(
        np.array([len(parts.boxes) - 1.0, 0, x, y - d, 0, 0]),
        np.array([x - 0.6, y - d + 0.1, z, 1.2]),
        np.array([x - w + 0.2, x + w - 0.2, y - d + 0.2, y + d - 0.2, z, z + h]),
    )


def window(parts: Parts, place: tuple[float, float, float], south: bool, frame: Color) -> None:
    """A lit pane in a dark frame, crossed by a bar, on a wall that looks south or to a side."""
    flat = (lambda a, depth, b: (a, depth, b)) if south else (lambda a, depth, b: (depth, a, b))
    parts.add(LANDMARK, BOX, place, flat(1.04, 0.06, 1.04), frame)
    parts.add(LANDMARK, BOX, place, flat(0.8, 0.10, 0.8), LAMPLIGHT, material=LIT)
    parts.add(LANDMARK, BOX, place, flat(0.07, 0.13, 0.84), frame)


def tower(parts: Parts, x: float, y: float, z: float, color: Color, u: list[float]) -> Building:
    wall = tuple(0.5 * c + 0.25 for c in color)
    tall = 7.5 + 2.0 * u[0]
    parts.add(LANDMARK, CYLINDER, (x, y, z + tall / 2 - 0.5), (4.4, 4.4, tall), wall, material=STONE)
    parts.add(LANDMARK, CYLINDER, (x, y, z + 0.1), (4.9, 4.9, 0.9), shade(wall, 0.7), material=STONE)
    parts.add(LANDMARK, CYLINDER, (x, y, z + tall * 0.5), (4.55, 4.55, 0.3), shade(wall, 0.75), material=STONE)
    parts.add(LANDMARK, CYLINDER, (x, y, z + tall - 0.7), (5.2, 5.2, 0.9), shade(wall, 0.85), material=STONE)
    parts.add(LANDMARK, CONE, (x, y, z + tall + 1.5), (5.6, 5.6, 3.6), color)
    for a, up in ((-1.9, 4.4), (-1.2, 5.8), (-2.6, 3.0), (0.4, 4.6)):
        place = (x + 2.15 * math.cos(a), y + 2.15 * math.sin(a), z + up)
        parts.add(LANDMARK, BOX, place, (0.74, 0.21, 1.14), shade(wall, 0.55), a + 1.57)
        parts.add(LANDMARK, BOX, place, (0.5, 0.27, 0.9), (1.0, 0.8, 0.35), a + 1.57, material=LIT)
    parts.add(LANDMARK, BOX, (x, y - 2.3, z + 1.05), (1.6, 0.3, 2.5), shade(wall, 0.6), material=STONE)
    parts.add(LANDMARK, BOX, (x, y - 2.35, z + 0.95), (1.2, 0.3, 2.2), (0.30, 0.18, 0.10), material=PLANKS)
    parts.circles.append((x, y, 2.4, z + tall))
    parts.lamps.append((x - 1, y - 3.0, z + 2.4))
    return Building()


def ruins(parts: Parts, x: float, y: float, z: float, color: Color, u: list[float]) -> Building:
    for i in range(8):
        a, tall = i * math.pi / 4 + 0.39, 0.9 + 2.7 * u[i]
        cx, cy = x + 4 * math.cos(a), y + 4 * math.sin(a)
        parts.add(LANDMARK, CYLINDER, (cx, cy, z + tall / 2), (0.8, 0.8, tall), (0.72, 0.69, 0.60), material=STONE)
        parts.add(LANDMARK, BOX, (cx, cy, z + 0.1), (1.2, 1.2, 0.35), (0.66, 0.63, 0.55), material=STONE)
        if i in (1, 2):
            parts.add(LANDMARK, CYLINDER, (cx, cy, z + 1.75), (0.8, 0.8, 3.5), (0.70, 0.67, 0.58), material=STONE)
        parts.circles.append((cx, cy, 0.5, z + max(tall, 3.5 if i in (1, 2) else 0)))
    parts.add(LANDMARK, BOX, (x, y, z + 0.02), (5, 5, 0.25), (0.62, 0.60, 0.53), material=STONE)
    parts.add(LANDMARK, BOX, (x + 1.5, y, z + 0.4), (0.8, 3.4, 0.8), (0.70, 0.67, 0.60), 0.5, material=STONE)
    parts.add(LANDMARK, BOX, (x, y + 4 * math.sin(1.963), z + 3.8), (4.4, 0.9, 0.6), (0.70, 0.67, 0.60), material=STONE)
    return Building()


def pyramid(parts: Parts, x: float, y: float, z: float, color: Color, u: list[float]) -> Building:
    stone = tuple(min(0.45 * c + s, 1.0) for c, s in zip(color, (0.42, 0.36, 0.22)))
    for i in range(5):
        q = 4.6 - 0.9 * i
        parts.boxes.append((x - q, x + q, y - q, y + q, z + i * 0.9 - 0.5, z + i * 0.9 + 0.9, 1.0))
        parts.add(LANDMARK, BOX, (x, y, z + i * 0.9 + 0.2), (2 * q, 2 * q, 1.4), shade(stone, 1.0 - 0.12 * (i % 2)), material=STONE)
    parts.add(LANDMARK, BOX, (x, y, z + 4.9), (0.7, 0.7, 0.9), (1.0, 0.8, 0.2), material=LIT)
    parts.lamps.append((x, y, z + 5.6))
    return Building()


Builder = Callable[[Parts, float, float, float, Color, list[float]], Building]
BUILDERS: dict[str, Builder] = {"cabin": cabin, "tower": tower, "ruins": ruins, "pyramid": pyramid}
