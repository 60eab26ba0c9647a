"""A direction => the colour of the sky: gradient, sun or moon, drifting clouds, stars; and the fog that leads over to it."""

import math

from numba import njit

from t2w.sim.texture import hashed, noise
from t2w.sim.vectors import INLINE, along, clamp, dot, faded, mix, scaled

STAR_CELLS = 26.0  # star cells per unit of the stereographic plane
STAR_SHARE = 0.13  # cells with a star
CLEAR = 0.02  # more fog than this hides sun disc and stars


@njit(**INLINE)
def gradient(env, direction):
    """Horizon to zenith with the glow around the sun."""
    height = math.sqrt(max(direction[2], 0.0))
    s = max(dot(direction, env.direction), 0.0)
    s2 = s * s
    s8 = s2 * s2 * s2 * s2
    return along(mix(env.horizon, env.zenith, height), env.sun, 0.35 * s8 * s8 * s8 * (1.0 - env.night))


@njit(**INLINE)
def star(env, direction):
    """Brightness of a star in this direction: a soft point about a pixel wide, somewhere in its cell."""
    x = direction[0] / (1 + direction[2]) * STAR_CELLS
    y = direction[1] / (1 + direction[2]) * STAR_CELLS
    i, j = math.floor(x), math.floor(y)
    if hashed(i, j) > STAR_SHARE:
        return 0.0
    dx = x - i - 0.25 - 0.5 * hashed(i + 5, j)
    dy = y - j - 0.25 - 0.5 * hashed(i, j + 5)
    size = 0.55 * STAR_CELLS * max(env.pixel, 0.008)  # of a pixel in cells, halfway up the sky
    fall = 1.0 - (dx * dx + dy * dy) / (size * size * 1.0)
    return max(fall, 0.0) * (0.35 + 0.75 * hashed(i + 9, j + 3))


@njit(**INLINE)
def sky(env, tile, direction):
    color = gradient(env, direction)
    clear = env.fog < CLEAR
    if clear and dot(direction, env.direction) > 0.9985:
        color = along(color, env.sun, 3.0 if env.night > 0.5 else 1.5)
    if direction[2] <= 0.02:
        return color
    if clear and env.night > 0.5:
        color = along(color, (0.8, 0.85, 1.0), star(env, direction) * min(direction[2] * 4.0, 1.0))
    far = 1.0 / (direction[2] + 0.12)
    x, y, t = direction[0] * far, direction[1] * far, env.time
    cover = 0.6 * noise(tile, x * 0.06 + t * 0.002, y * 0.06 + t * 0.002) + 0.4 * noise(tile, x * 0.17 + t * 0.003, y * 0.17)
    share = clamp((cover - 0.46) * 5.0, 0.0, 1.0)
    share = share * share * (3 - 2 * share) * env.cloud * min(direction[2] * 5.0, 1.0)
    return mix(color, along(scaled(env.sun, 0.75), env.ambient, 0.6), share)


@njit(**INLINE)
def fogged(env, color, direction, distance):
    """The colour after `distance` metres of air."""
    thickness = distance * env.fog
    haze = gradient(env, (direction[0], direction[1], max(direction[2], 0.0) + 0.02))
    return mix(color, haze, 1.0 - faded(thickness * math.sqrt(thickness)))
