"""The static things of a world while it is being built: primitives, circles, boxes and lamps in, arrays out."""

from dataclasses import dataclass, field

import numpy as np
from numba import njit

from t2w.sim.rows import put


@dataclass
class Parts:
    things: list[tuple] = field(default_factory=list)
    circles: list[tuple] = field(default_factory=list)  # x y r top
    boxes: list[tuple] = field(default_factory=list)  # x0 x1 y0 y1 z0 z1 active
    lamps: list[tuple] = field(default_factory=list)  # x y z

    def add(self, kind, primitive, place, size, color, yaw=0.0, pitch=0.0, material=0.0):
        self.things.append((primitive, *place, *size, yaw, pitch, *color, material, kind))

    def span(self, kind, primitive, bounds, color, material=0.0):
        """The same by its bounds x0 x1 y0 y1 z0 z1."""
        x0, x1, y0, y1, z0, z1 = bounds
        center = ((x0 + x1) / 2, (y0 + y1) / 2, (z0 + z1) / 2)
        self.add(kind, primitive, center, (x1 - x0, y1 - y0, z1 - z0), color, material=material)

    def rows(self) -> np.ndarray:
        """(n, 18) instances."""
        return stack(np.array(self.things, dtype=np.float64).reshape(-1, 14))


@njit(cache=True)
def stack(things):
    rows = np.zeros((things.shape[0], 18))
    n = 0
    for i in range(things.shape[0]):
        t = things[i]
        n = put(rows, n, int(t[0]), t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8], t[9], t[10], t[11], t[12], int(t[13]))
    return rows


def table(rows: list[tuple], width: int) -> np.ndarray:
    return np.array(rows, dtype=np.float64).reshape(-1, width)
