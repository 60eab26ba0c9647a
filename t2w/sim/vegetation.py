"""What grows and lies about: a Spec, its Terrain and Layout in; trees, rocks, grass and flowers out, into Parts."""

import math

import numpy as np

from t2w.sim.biomes import BIOME, SNOW_COLOR, mix, shade
from t2w.sim.ground import SIZE, height_at
from t2w.sim.layout import Layout
from t2w.sim.parts import Parts
from t2w.sim.rows import CONE, PLANT, ROCK, SPHERE
from t2w.sim.spec import Spec
from t2w.sim.terrain import Terrain
from t2w.sim.trees import TREES, Crown

GRASSY = ("meadow", "pine forest", "tropical island", "swamp", "autumn forest", "alien")
PETALS = ((0.90, 0.20, 0.20), (0.95, 0.85, 0.20), (0.90, 0.90, 0.95), (0.60, 0.30, 0.80))
HEAD = 2.2  # a crown that reaches lower is walked around
NEAR = 0.25  # share of the trees that stand within 30 m of the start, where they are seen
PLAYER = 0.3  # radius


def grow(parts: Parts, spec: Spec, ground: Terrain, layout: Layout, rng: np.random.Generator) -> None:
    snow = spec.weather == "snowy"
    plant_trees(parts, spec, ground, layout, rng, snow)
    lay_rocks(parts, spec, ground, layout, rng, snow)
    sow(parts, spec, ground, layout, rng, snow)


def plant_trees(parts: Parts, spec: Spec, ground: Terrain, layout: Layout, rng: np.random.Generator, snow: bool) -> None:
    biome = BIOME[spec.biome]
    tree, lowest = TREES[biome.tree], biome.water + (-0.6 if biome.tree == "willow" else 0.3)
    draws = rng.random((int(biome.trees * 1.6), 9))
    near = rng.random(len(draws)) < NEAR
    angle, away = 2 * math.pi * draws[near, 0], 6 + 24 * np.sqrt(draws[near, 1])
    draws[:, :2] = 5 + draws[:, :2] * (SIZE - 10)
    draws[near, 0], draws[near, 1] = layout.start[0] + away * np.cos(angle), layout.start[1] + away * np.sin(angle)
    draws[:, 2] = 0.72 + 0.78 * draws[:, 2]
    for x, y, k, *u in draws.tolist():
        z, up = height_at(ground.height, x, y), ground.normal[int(y), int(x), 2]
        if up < 0.75 or z < lowest:
            continue
        if layout.from_start(x, y) < 5 + 1.9 * k or layout.from_landmark(x, y) < layout.footprint + 2.5:
            continue
        if layout.off_path(x, y) < 2 + 1.9 * k:
            continue
        crown = tree(parts, x, y, z - 0.1, k, u, snow)
        keep_off(parts, x, y, z, math.sqrt(1 / up**2 - 1), crown)


def keep_off(parts: Parts, x: float, y: float, z: float, slope: float, crown: Crown) -> None:
    """A circle as wide as the crown where eyes would enter it, uphill of the tree too; else as wide as the trunk."""
    if crown.radius <= 0:
        return
    low = crown.bottom - slope * crown.radius < HEAD
    radius = max(crown.radius - PLAYER + 0.2, crown.trunk) if low else crown.trunk
    parts.circles.append((x, y, radius, z + crown.top))


def lay_rocks(parts: Parts, spec: Spec, ground: Terrain, layout: Layout, rng: np.random.Generator, snow: bool) -> None:
    gray = tuple(0.6 * c + 0.12 for c in BIOME[spec.biome].high)
    for x, y, size, turn, tone in rng.random((70, 5)).tolist():
        x, y, k = 4 + x * (SIZE - 8), 4 + y * (SIZE - 8), 0.3 + size
        z = height_at(ground.height, x, y)
        if layout.from_start(x, y) < 3 or layout.from_landmark(x, y) < layout.footprint + 1 or layout.off_path(x, y) < 0.8 * k:
            continue
        color = shade(gray, 0.88 + 0.24 * tone)
        place, wide = (x, y, z + 0.15 * k), (1.2 * k, k, 0.9 * k)
        parts.add(ROCK, SPHERE, place, wide, mix(color, SNOW_COLOR, 0.5) if snow else color, 3 * turn)
        if k > 0.7:
            parts.circles.append((x, y, 0.5 * k, z + 0.5 * k))


def sow(parts: Parts, spec: Spec, ground: Terrain, layout: Layout, rng: np.random.Generator, snow: bool) -> None:
    """Tufts and flowers where it is green, pebbles elsewhere; only near the start, where they are seen."""
    biome = BIOME[spec.biome]
    for x, y, size, tone, flower, petal in rng.random((260, 6)).tolist():
        x, y = 40 + 50 * x, 40 + 50 * y
        z = height_at(ground.height, x, y)
        if z < biome.water + 0.2 or layout.from_landmark(x, y) < layout.footprint - 1.5:
            continue
        if spec.biome in GRASSY:
            color = shade(biome.ground, 0.8 + 0.5 * tone)
            parts.add(PLANT, CONE, (x, y, z + 0.15), (0.22, 0.22, 0.3 + 0.4 * size), mix(color, SNOW_COLOR, 0.4) if snow else color)
            if flower < 0.3 and not snow:
                parts.add(PLANT, SPHERE, (x + 0.2, y, z + 0.35), (0.16, 0.16, 0.16), PETALS[int(petal * 4)])
        elif flower < 0.4:
            parts.add(ROCK, SPHERE, (x, y, z), (0.3, 0.25, 0.2), shade(biome.high, 0.7 + 0.2 * tone))
