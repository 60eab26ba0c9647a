"""What stands and lives about the start: crates, lamp posts and creatures; their rows out."""

import math

import numpy as np

from t2w.sim.ground import height_at
from t2w.sim.layout import Layout
from t2w.sim.parts import Parts
from t2w.sim.rows import CYLINDER, LAMP, SPHERE
from t2w.sim.rows import WINDOW as LIT

MOST_LAMPS = 4  # lights that the renderer follows
CREATURES = 6


def polar(layout: Layout, yaw: float, distance: float) -> tuple[float, float]:
    return layout.start[0] - math.sin(yaw) * distance, layout.start[1] + math.cos(yaw) * distance


def crates(height: np.ndarray, dry: float, layout: Layout, rng: np.random.Generator) -> list[tuple]:
    """Three to nine: x y z half vx vy vz alive."""
    wanted, found = int(rng.integers(3, 10)), []
    for turn, away, half in rng.random((24, 3)).tolist():
        x, y = polar(layout, 6.283 * turn, 2.6 + 6.0 * away)
        z = height_at(height, x, y)
        far = all(math.hypot(x - c[0], y - c[1]) > 1.2 for c in found)
        if len(found) < wanted and z > dry and far and layout.from_landmark(x, y) > layout.footprint + 1:
            found.append((x, y, z, 0.35 + 0.15 * half, 0.0, 0.0, 0.0, 1.0))
    return found


def lamp_posts(parts: Parts, height: np.ndarray, dry: float, layout: Layout, yaw: float, rng: np.random.Generator) -> None:
    """One to three ahead of the start, beside the way."""
    wanted = min(int(rng.integers(1, 4)), MOST_LAMPS - len(parts.lamps))
    for side, ahead in rng.random((9, 2)).tolist():
        x, y = polar(layout, yaw + (1.6 * side - 0.8), 4.0 + 6.0 * ahead)
        z = height_at(height, x, y)
        if wanted == 0 or z < dry or layout.off_path(x, y) < 0.9 or layout.from_landmark(x, y) < layout.footprint:
            continue
        parts.add(LAMP, CYLINDER, (x, y, z + 1), (0.12, 0.12, 2.2), (0.20, 0.15, 0.10))
        parts.add(LAMP, CYLINDER, (x, y, z + 0.05), (0.34, 0.34, 0.3), (0.16, 0.13, 0.10))
        parts.add(LAMP, SPHERE, (x, y, z + 2.2), (0.36, 0.36, 0.42), (1.0, 0.8, 0.4), material=LIT)
        parts.circles.append((x, y, 0.1, z + 2))
        parts.lamps.append((x, y, z + 2.2))
        wanted -= 1


def creatures(height: np.ndarray, dry: float, layout: Layout, yaw: float, rng: np.random.Generator) -> list[tuple]:
    """Up to six on dry ground, the first four ahead of the start: x y z yaw phase timer speed flee."""
    found = []
    for side, away, turn, phase, timer in rng.random((40, 5)).tolist():
        ahead = len(found) < 4
        x, y = polar(layout, yaw + (2 * side - 1) * (0.7 if ahead else math.pi), 4 + (5 if ahead else 8) * away)
        z = height_at(height, x, y)
        if len(found) < CREATURES and z > dry and layout.from_landmark(x, y) > layout.footprint + 0.5:
            found.append((x, y, z, 6.283 * turn, 6 * phase, 2 * timer, 0.0, 0.0))
    return found
