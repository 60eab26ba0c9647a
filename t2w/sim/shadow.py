"""Shadow maps and lamps: a surface point with its normal and colour => how bright it is."""

import math

import numpy as np
from numba import njit

from t2w.sim.vectors import INLINE, along, clamp, dot, mix, times

LAMP_REACH = 150.0  # squared metres
LAMP_COLOR = (1.0, 0.62, 0.28)


def sun_matrix(direction, centre, reach: float, depth: float = 90.0) -> np.ndarray:
    """(3 4) parallel projection along the sun's rays: a square of +-reach metres, and nearness to the sun about 2."""
    x, y, z = (float(v) for v in direction)
    level = math.hypot(x, y)
    right = (-y / level, x / level, 0.0)
    up = (-right[1] * z, right[0] * z, level)
    matrix = np.empty((3, 4))
    for k, (axis, size) in enumerate(((right, reach), (up, reach), ((x, y, z), depth))):
        matrix[k, :3] = [v / size for v in axis]
        matrix[k, 3] = -sum(v * c for v, c in zip(axis, centre, strict=True)) / size
    matrix[2, 3] += 2.0  # the maps are cleared to 0, so everything drawn must be above
    return matrix


@njit(**INLINE)
def sunlit(near, matrix, x, y, z, bias):
    """Share of the sun that reaches (x y z): four map samples, blended."""
    size = near.shape[0]
    u = ((matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2] * z + matrix[0, 3]) * 0.5 + 0.5) * size - 0.5
    v = (0.5 - (matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2] * z + matrix[1, 3]) * 0.5) * size - 0.5
    limit = matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2] * z + matrix[2, 3] + bias
    i, j = math.floor(u), math.floor(v)
    if i < 0 or j < 0 or i >= size - 1 or j >= size - 1:
        return 1.0
    u -= i
    v -= j
    above = (0.0 if near[j, i] > limit else 1 - u) + (0.0 if near[j, i + 1] > limit else u)
    below = (0.0 if near[j + 1, i] > limit else 1 - u) + (0.0 if near[j + 1, i + 1] > limit else u)
    return above * (1 - v) + below * v


@njit(**INLINE)
def lit(env, around, point, normal, albedo, glow):
    """Sun with shadows, sky light from above, lamps; `glow` shows the bare colour, brightened."""
    sun = max(dot(normal, env.direction), 0.0)
    if sun > 0.0:
        x, y, z = along(point, normal, 0.15)  # off the surface, lest it shades itself
        sun *= sunlit(around.still_shadow, around.still_matrix, x, y, z, 0.0025)
        if sun > 0.0:
            sun *= sunlit(around.moving_shadow, around.moving_matrix, x, y, z, 0.003)
    open_sky = 0.65 + 0.35 * normal[2]
    light = along(along((env.sun[0] * sun, env.sun[1] * sun, env.sun[2] * sun), env.ambient, open_sky), env.horizon, 0.1)
    for k in range(around.lamps.shape[0]):
        lamp = around.lamps[k]
        way = (lamp[0] - point[0], lamp[1] - point[1], lamp[2] - point[2])
        square = dot(way, way)
        if square < LAMP_REACH:
            facing = clamp(dot(way, normal) / math.sqrt(square + 1e-9), 0.0, 1.0) * 0.8 + 0.2
            light = along(light, LAMP_COLOR, lamp[3] * facing * 3.5 / (1.0 + square) * (1.0 - square / LAMP_REACH))
    return mix(times(albedo, light), (albedo[0] * 1.25, albedo[1] * 1.25, albedo[2] * 1.25), glow)
