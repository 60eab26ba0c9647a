"""The ground of a world: a Spec and a Layout in, height, normal and colour maps (129, 129) out."""

from dataclasses import dataclass

import numpy as np

from t2w.sim.biomes import BIOME, SNOW_COLOR
from t2w.sim.ground import SIZE
from t2w.sim.layout import Layout
from t2w.sim.spec import Spec

N = SIZE + 1
ROCK = np.array((0.45, 0.43, 0.42))


@dataclass(frozen=True)
class Terrain:
    height: np.ndarray  # (129, 129)
    normal: np.ndarray  # (129, 129, 3)
    color: np.ndarray  # (129, 129, 3) float32
    landmark_z: float


def noise(rng: np.random.Generator, base: int, octaves: int, gain: float = 0.5) -> np.ndarray:
    """Value noise (129, 129), octave by octave, smoothed between its grid points."""
    total = np.zeros((N, N))
    for octave in range(octaves):
        cells = base * 2**octave
        grid = rng.standard_normal((cells + 2, cells + 2))
        at = np.linspace(0, cells, N)
        i = np.minimum(at.astype(int), cells)
        f = at - i
        f = f * f * (3 - 2 * f)
        rows = grid[i] * (1 - f[:, None]) + grid[i + 1] * f[:, None]
        total += gain**octave * (rows[:, i] * (1 - f) + rows[:, i + 1] * f)
    return total


def hills(spec: Spec, rng: np.random.Generator) -> np.ndarray:
    biome = BIOME[spec.biome]
    h = noise(rng, 4, 6, 0.48)
    h = h / np.abs(h).max() * biome.hills * 1.25
    y, x = np.mgrid[0:N, 0:N] / SIZE - 0.5
    middle = np.hypot(x, y)
    if spec.biome == "tropical island":
        return h * 0.6 + 5.5 * np.exp(-((middle / 0.22) ** 2)) - 1.9
    if spec.biome == "canyon":
        return np.round(h / 2.2) * 2.2 * 0.85 + h * 0.15
    if spec.biome == "desert":
        return h * 0.7 + np.sin((x * 1.2 + y * 0.5) * 40 + h * 0.6) * 0.55
    if spec.biome == "volcanic":
        return h + np.maximum(0, 22 * (1 - np.hypot(x - 0.3, y - 0.28) / 0.22))
    if spec.biome in ("pine forest", "snowfield"):
        return h + np.maximum(0, (middle - 0.38) * 55)
    return h


def land_at(h: np.ndarray, at: tuple[float, float], least: float) -> np.ndarray:
    """Lifts a low country about the start, so that most starts are not on an islet."""
    y, x = np.ogrid[0:N, 0:N]
    away = np.hypot(x - at[0], y - at[1])
    return h + max(least - h[away < 12].mean(), 0) * np.exp(-((away / 24) ** 2))


def level(h: np.ndarray, at: tuple[float, float], radius: float, z: float) -> np.ndarray:
    y, x = np.ogrid[0:N, 0:N]
    k = np.clip((radius + 5 - np.hypot(x - at[0], y - at[1])) / 5, 0, 1)
    return h * (1 - k) + z * k


def open_path(h: np.ndarray, layout: Layout, z0: float, z1: float, floor: float) -> np.ndarray:
    """No hill between the start and its landmark, and nothing below `floor`."""
    y, x = np.mgrid[0:N, 0:N].astype(float)
    (ax, ay), (bx, by) = layout.start, layout.landmark
    dx, dy = bx - ax, by - ay
    t = np.clip(((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy), 0, 1)
    k = np.clip((7 - np.hypot(x - ax - t * dx, y - ay - t * dy)) / 4, 0, 1)
    return h * (1 - k) + k * np.clip(h, floor, np.maximum(z0 + (z1 - z0) * t + 0.4, floor))


def shape(spec: Spec, layout: Layout, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """Height map, and the height of the landmark's ground (0 without one)."""
    biome = BIOME[spec.biome]
    h = hills(spec, rng)
    if spec.biome != "volcanic":  # lava all around is what one came for
        h = land_at(h, layout.start, biome.water + 1.2)
    dry = biome.water + 0.8
    z0, z1 = max(height_near(h, layout.start), dry), 0.0
    if layout.landmark is not None:
        z1 = float(np.clip(height_near(h, layout.landmark), max(z0 - 1.5, dry), max(z0 + 2.0, dry)))
        h = open_path(h, layout, z0, z1, biome.water + 0.35 if spec.biome == "volcanic" else -np.inf)
        h = level(h, layout.landmark, layout.footprint, z1)
    h = level(h, layout.start, 3, z0)
    if layout.landmark is not None:  # where the two meet, the building stands level
        h = np.where(disc(layout.landmark, layout.footprint + 0.5), z1, h)
    return np.ascontiguousarray(h), z1


def disc(at: tuple[float, float], radius: float) -> np.ndarray:
    y, x = np.ogrid[0:N, 0:N]
    return np.hypot(x - at[0], y - at[1]) < radius


def height_near(h: np.ndarray, at: tuple[float, float]) -> float:
    return float(h[int(at[1]), int(at[0])])


def paint(spec: Spec, h: np.ndarray, slope: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Ground colour by height, shore and steepness; `slope` is the normal's z, (129, 129, 1)."""
    biome, h = BIOME[spec.biome], h[..., None]
    spots = noise(rng, 8, 4)[..., None]
    ground, high, shore = (np.array(c) for c in (biome.ground, biome.high, biome.shore))
    k = np.clip(h / biome.hills + 0.2 * spots, 0, 1)
    c = (ground * (1 - k) + high * k) * (1 + 0.10 * spots)
    k = np.clip((h - biome.water - 0.15) / 0.5 + 0.25 * spots, 0, 1)
    c = shore * (1 - k) + c * k
    k = np.clip((0.80 - slope) / 0.12, 0, 1)
    c = c * (1 - k) + (c * 0.72 if spec.biome in ("canyon", "desert", "alien") else ROCK) * k
    if spec.biome == "canyon":
        c = c * (0.85 + 0.15 * np.sin(h * 5))
    if spec.weather == "snowy" and spec.biome not in ("volcanic", "snowfield"):
        k = np.clip(0.64 + 0.16 * spots, 0.35, 0.9) * np.clip((slope - 0.6) / 0.2, 0.15, 1)
        c = c * (1 - k) + np.array(SNOW_COLOR) * k
    return np.clip(c, 0, 1).astype(np.float32)


def terrain(spec: Spec, layout: Layout, rng: np.random.Generator) -> Terrain:
    h, landmark_z = shape(spec, layout, rng)
    slope_y, slope_x = np.gradient(h)
    normal = np.dstack((-slope_x, -slope_y, np.ones_like(h)))
    normal /= np.linalg.norm(normal, axis=2, keepdims=True)
    return Terrain(h, normal, paint(spec, h, normal[..., 2:], rng), landmark_z)
