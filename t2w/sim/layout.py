"""Where things are to stand, before there is any ground: a Spec and a Generator in, a Layout out."""

import math
from dataclasses import dataclass

import numpy as np

from t2w.sim.ground import height_at
from t2w.sim.spec import Spec

ISOMETRIC = math.atan2(0.52, 0.60)  # the isometric camera looks this way from north, clockwise
FOOTPRINT = {"none": 0.0, "cabin": 5.0, "tower": 4.0, "ruins": 5.5, "pyramid": 6.5}  # radius of its level ground
ASIDE = math.radians(40)  # most that a start looks past its landmark


@dataclass(frozen=True)
class Layout:
    start: tuple[float, float]
    landmark: tuple[float, float] | None
    footprint: float
    aside: float  # yaw of the start, away from the landmark
    isometric: bool

    def off_path(self, x: float, y: float) -> float:
        """Metres from the line of sight between the start and what the camera looks at, or looks from."""
        away = math.inf if self.landmark is None else from_segment((x, y), self.start, self.landmark)
        if self.isometric:
            back = (self.start[0] - 11 * math.sin(ISOMETRIC), self.start[1] - 11 * math.cos(ISOMETRIC))
            away = min(away, from_segment((x, y), self.start, back) + 1.0)
        return away

    def from_start(self, x: float, y: float) -> float:
        return math.hypot(x - self.start[0], y - self.start[1])

    def from_landmark(self, x: float, y: float) -> float:
        return math.inf if self.landmark is None else math.hypot(x - self.landmark[0], y - self.landmark[1])


def from_segment(p: tuple[float, float], a: tuple[float, float], b: tuple[float, float]) -> float:
    dx, dy = b[0] - a[0], b[1] - a[1]
    k = min(max(((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / (dx * dx + dy * dy), 0.0), 1.0)
    return math.hypot(p[0] - a[0] - k * dx, p[1] - a[1] - k * dy)


def plan(spec: Spec, rng: np.random.Generator) -> Layout:
    """The landmark stands north of the start, so that its front, which looks south, is seen first."""
    x, y = 64 + rng.uniform(-3, 3), 62 + rng.uniform(-2, 2)
    around, away, much, turn = rng.random(4)
    isometric = spec.view == "isometric"
    bearing = ISOMETRIC + math.radians(30 * around - 15) if isometric else math.radians(60 * around - 30)
    # The isometric picture ends about 13 m ahead.
    distance = FOOTPRINT[spec.landmark] + 2.5 + away if isometric else 12 + 3 * away
    # In third person a start that looks straight at the landmark would hide it behind the character.
    least, most = (math.radians(15), ASIDE) if much < 1 / 3 else (math.radians(3), math.radians(14))
    aside = math.copysign(least + (most - least) * abs(2 * turn - 1), turn - 0.5)
    landmark = None if spec.landmark == "none" else (x + distance * math.sin(bearing), y + distance * math.cos(bearing))
    return Layout((x, y), landmark, FOOTPRINT[spec.landmark], aside, isometric)


def start_yaw(layout: Layout, height: np.ndarray, rng: np.random.Generator) -> float:
    """Faces the landmark, or else the first of a few random ways that no hill closes off."""
    x, y = layout.start
    yaws = rng.uniform(-math.pi, math.pi, 8)
    if layout.landmark is not None:
        return math.atan2(x - layout.landmark[0], layout.landmark[1] - y) + layout.aside
    here = height_at(height, x, y)

    def rise(yaw: float) -> float:
        return max(height_at(height, x - math.sin(yaw) * d, y + math.cos(yaw) * d) - here for d in (4.0, 8.0, 14.0))

    rises = [rise(yaw) for yaw in yaws]
    return float(next((yaw for yaw, up in zip(yaws, rises) if up < 1.5), yaws[int(np.argmin(rises))]))
