"""Crates and their splinters: sliding, floating, sinking, breaking. Edits the crates' and the debris' rows."""

import math

from numba import njit

from t2w.sim.ground import height_at
from t2w.sim.walking import EDGE, SIZE, X, Y, Z

DEBRIS = 10  # splinters of one crate


@njit(cache=True)
def chance(random):
    """The next of a row of numbers in [0, 1); random (1,) int64 is its state."""
    random[0] = (random[0] * 1103515245 + 12345) & 0x7FFFFFFF
    return random[0] / 2147483648.0


@njit(cache=True)
def strike_crate(player, fx, fy, crates, debris, random):
    """Breaks the first crate within reach of a blow in direction (fx, fy)."""
    for c in range(crates.shape[0]):
        dx = crates[c, 0] - player[X]
        dy = crates[c, 1] - player[Y]
        d = math.hypot(dx, dy)
        if crates[c, 7] > 0 and d < 2.0 and dx * fx + dy * fy > 0.6 * d and abs(crates[c, 2] - player[Z]) < 1.6:
            crates[c, 7] = 0.0
            for k in range(debris.shape[0]):
                debris[k, 0], debris[k, 1], debris[k, 2] = crates[c, 0], crates[c, 1], crates[c, 2] + 0.4
                for q in range(3):
                    debris[k, 3 + q] = (2 * chance(random) - 1) * 2.5
                debris[k, 5] = abs(debris[k, 5]) + 2.0
                debris[k, 6] = 1.6
            return True
    return False


@njit(cache=True)
def free(crates, c, boxes, circles):
    """Whether crate c touches no wall, trunk or other crate."""
    x, y, z, half = crates[c, 0], crates[c, 1], crates[c, 2], crates[c, 3]
    if not (EDGE < x < SIZE - EDGE and EDGE < y < SIZE - EDGE):
        return False
    for b in range(boxes.shape[0]):
        near = boxes[b, 0] - half < x < boxes[b, 1] + half and boxes[b, 2] - half < y < boxes[b, 3] + half
        if boxes[b, 6] > 0 and near and z < boxes[b, 5] - 0.05 and z + 2 * half > boxes[b, 4]:
            return False
    for k in range(circles.shape[0]):
        r = min(circles[k, 2], 0.5) + half  # crowns are no obstacle to a crate, trunks are
        dx, dy = x - circles[k, 0], y - circles[k, 1]
        if abs(dx) < r and abs(dy) < r and z < circles[k, 3] and dx * dx + dy * dy < r * r:
            return False
    for k in range(crates.shape[0]):
        reach = half + crates[k, 3]
        near = abs(x - crates[k, 0]) < reach and abs(y - crates[k, 1]) < reach and abs(z - crates[k, 2]) < 0.6
        if k != c and crates[k, 7] > 0 and near:
            return False
    return True


@njit(cache=True)
def slide(crates, heights, water, lava, circles, boxes, h):
    """h seconds of all crates: friction, walls, gravity; water carries them, lava swallows them."""
    for c in range(crates.shape[0]):
        if crates[c, 7] <= 0:
            continue
        half, x, y = crates[c, 3], crates[c, 0], crates[c, 1]
        if abs(crates[c, 4]) + abs(crates[c, 5]) > 0.01:
            was_free = free(crates, c, boxes, circles)  # one that starts out wedged may still be pushed out
            crates[c, 0] += crates[c, 4] * h
            crates[c, 1] += crates[c, 5] * h
            if was_free and not free(crates, c, boxes, circles):
                crates[c, 0], crates[c, 1] = x, y
        rub = max(0.0, 1.0 - 6.0 * h)
        crates[c, 4] *= rub
        crates[c, 5] *= rub
        crates[c, 6] -= 12.0 * h
        under = water - half - crates[c, 2]
        if under > 0 and not lava:
            crates[c, 6] += h * (12.0 + under * 20.0) - crates[c, 6] * 3.0 * h
        if lava and crates[c, 2] < water:
            crates[c, 6] = max(crates[c, 6], -0.6)
            if crates[c, 2] + 2 * half < water:
                crates[c, 7] = 0.0
        crates[c, 2] += crates[c, 6] * h
        ground = height_at(heights, crates[c, 0], crates[c, 1])
        if crates[c, 2] < ground:
            crates[c, 2] = ground
            crates[c, 6] = 0.0


@njit(cache=True)
def scatter(debris, heights, dt):
    """Splinters (x y z vx vy vz seconds left) fly, fall and bounce."""
    for k in range(debris.shape[0]):
        if debris[k, 6] <= 0:
            continue
        debris[k, 6] -= dt
        debris[k, 5] -= 12.0 * dt
        for q in range(3):
            debris[k, q] += debris[k, 3 + q] * dt
        ground = height_at(heights, debris[k, 0], debris[k, 1]) + 0.05
        if debris[k, 2] < ground:
            debris[k, 2] = ground
            debris[k, 3] *= 0.5
            debris[k, 4] *= 0.5
            debris[k, 5] *= -0.3
