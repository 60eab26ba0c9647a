"""One tree of each sort: where it stands and how large it is in, its primitives and its crown out."""

import math
from dataclasses import dataclass

from t2w.sim.biomes import SNOW_COLOR, Color, mix, shade
from t2w.sim.parts import Parts
from t2w.sim.rows import BOX, CONE, CYLINDER, SPHERE, TREE

BARK = (0.32, 0.22, 0.13)
AUTUMN = ((0.80, 0.34, 0.07), (0.75, 0.17, 0.07), (0.85, 0.60, 0.12))
CAPS = ((0.85, 0.25, 0.45), (0.25, 0.75, 0.75), (0.85, 0.65, 0.25))
EYE = 2.4  # round crowns begin above this


@dataclass(frozen=True)
class Crown:
    bottom: float  # metres above the foot
    radius: float
    trunk: float  # radius
    top: float


def pine(parts: Parts, x: float, y: float, z: float, k: float, u: list[float], snow: bool, color=(0.10, 0.30, 0.14)) -> Crown:
    parts.add(TREE, CYLINDER, (x, y, z + 0.8 * k), (0.4 * k, 0.4 * k, 1.8 * k), BARK)
    green = shade(color, 0.75 + 0.5 * u[0])
    for i in range(3):
        w = (2.9 - 0.75 * i) * k
        parts.add(TREE, CONE, (x, y, z + (2.1 + 1.15 * i) * k), (w, w, 1.9 * k), green, yaw=u[1])
        if snow:
            parts.add(TREE, CONE, (x, y, z + (2.42 + 1.15 * i) * k), (w * 0.72, w * 0.72, 1.36 * k), (0.92, 0.95, 1.0), yaw=u[1])
    return Crown(1.15 * k, 1.45 * k, 0.25 * k, 5.35 * k)


def snowpine(parts, x, y, z, k, u, snow) -> Crown:
    return pine(parts, x, y, z, k, u, True, (0.16, 0.30, 0.24))


def round_tree(parts: Parts, x: float, y: float, z: float, k: float, u: list[float], snow: bool, leaf: Color) -> Crown:
    first = EYE + k
    parts.add(TREE, CYLINDER, (x, y, z + first * 0.5), (0.42 * k, 0.42 * k, first + 0.2), BARK)
    leaf = mix(leaf, SNOW_COLOR, 0.45) if snow else leaf
    for i in range(3):
        a, w = 6.283 * u[i], (2.5 - 0.3 * i) * k
        place = (x + 0.7 * k * math.cos(a), y + 0.7 * k * math.sin(a), z + first + 0.5 * i * k)
        parts.add(TREE, SPHERE, place, (w, w, 2.0 * k), shade(leaf, 0.88 + 0.24 * u[i + 2]))
    return Crown(EYE, 1.95 * k, 0.28 * k, first + 1.8 * k)


def oak(parts, x, y, z, k, u, snow) -> Crown:
    return round_tree(parts, x, y, z, k, u, snow, shade((0.22, 0.46, 0.13), 0.7 + 0.6 * u[5]))


def willow(parts, x, y, z, k, u, snow) -> Crown:
    return round_tree(parts, x, y, z, k, u, snow, shade((0.25, 0.33, 0.12), 0.8 + 0.4 * u[5]))


def autumn(parts, x, y, z, k, u, snow) -> Crown:
    return round_tree(parts, x, y, z, k, u, snow, AUTUMN[int(u[5] * 3)])


def palm(parts, x, y, z, k, u, snow) -> Crown:
    a, k = 6.283 * u[0], max(k, 0.9)
    for i in range(4):
        bend = 0.12 * i * i * k
        place = (x + bend * math.cos(a), y + bend * math.sin(a), z + (0.5 + i) * k)
        parts.add(TREE, CYLINDER, place, (0.3 * k, 0.3 * k, 1.15 * k), (0.5, 0.38, 0.24))
    tip = (x + 1.2 * math.cos(a) * k, y + 1.2 * math.sin(a) * k, z + 4.0 * k)
    for i in range(7):
        q = i * 0.9 + 0.3 * u[i % 5]
        place = (tip[0] - math.sin(q) * 0.95, tip[1] + math.cos(q) * 0.95, tip[2] - 0.12)
        parts.add(TREE, BOX, place, (0.5, 2.1, 0.06), shade((0.16, 0.50, 0.15), 0.8 + 0.4 * u[i % 5]), q, -0.35)
    return Crown(4.0 * k - 0.5, 1.2 * k + 1.8, 0.25, 4.0 * k)


def cactus(parts, x, y, z, k, u, snow) -> Crown:
    green = shade((0.20, 0.45, 0.20), 0.9 + 0.2 * u[0])
    parts.add(TREE, CYLINDER, (x, y, z + 1.1 * k), (0.55 * k, 0.55 * k, 2.4 * k), green)
    for side, up in ((0.5, 1.5), (-0.5, 1.2)):
        parts.add(TREE, CYLINDER, (x + side * k, y, z + up * k), (0.3 * k, 0.3 * k, 0.9 * k), green)
        parts.add(TREE, BOX, (x + 0.7 * side * k, y, z + (up - 0.35) * k), (0.4 * k, 0.25 * k, 0.25 * k), green)
    return Crown(0.0, 0.65 * k, 0.4 * k, 2.4 * k)


def dead(parts, x, y, z, k, u, snow) -> Crown:
    char, turn = (0.10, 0.08, 0.08), 6.283 * u[0]
    parts.add(TREE, CYLINDER, (x, y, z + 1.4 * k), (0.3 * k, 0.3 * k, 3 * k), char)
    parts.add(TREE, CYLINDER, (x + 0.4 * k, y, z + 2.3 * k), (0.14 * k, 0.14 * k, 1.5 * k), char, turn, 0.7)
    parts.add(TREE, CYLINDER, (x, y, z + 2.6 * k), (0.14 * k, 0.14 * k, 1.6 * k), char, turn + 2.0, -0.8)
    return Crown(1.7 * k, 0.6 * k, 0.2, 3.0 * k)


def mushroom(parts, x, y, z, k, u, snow) -> Crown:
    center = EYE + 0.65 * k
    parts.add(TREE, CYLINDER, (x, y, z + center / 2), (0.5 * k, 0.5 * k, center), (0.85, 0.80, 0.75))
    parts.add(TREE, SPHERE, (x, y, z + center), (2.6 * k, 2.6 * k, 1.3 * k), CAPS[int(u[0] * 3)], material=0.35)
    return Crown(EYE, 1.3 * k, 0.3 * k, center + 0.6 * k)


def bush(parts, x, y, z, k, u, snow) -> Crown:
    leaf = shade((0.42, 0.42, 0.20), 0.88 + 0.24 * u[0])
    parts.add(TREE, SPHERE, (x, y, z + 0.4 * k), (1.3 * k, 1.3 * k, k), mix(leaf, SNOW_COLOR, 0.5) if snow else leaf)
    return Crown(9.0, 0.0, 0.0, 0.0)  # low: one walks through it and looks over it


TREES = {
    "pine": pine,
    "snowpine": snowpine,
    "oak": oak,
    "willow": willow,
    "autumn": autumn,
    "palm": palm,
    "cactus": cactus,
    "dead": dead,
    "mushroom": mushroom,
    "bush": bush,
}
