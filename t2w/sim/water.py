"""Water and lava: the flat layer in front of what was hit => colour and how much of it hides what lies below."""

from numba import njit

from t2w.sim.sky import gradient
from t2w.sim.texture import noise
from t2w.sim.vectors import INLINE, along, clamp, dot, faded, mix, scaled, times, unit

WAVE = 0.34  # slope of the waves


@njit(**INLINE)
def depth_at(env, heights, x, y):
    """Depth of the water in metres; 2 outside the world."""
    if x <= 0 or y <= 0 or x >= 127.9 or y >= 127.9:
        return 2.0
    i, j = int(x), int(y)
    u, v = x - i, y - j
    above = heights[j, i] * (1 - u) + heights[j, i + 1] * u
    below = heights[j + 1, i] * (1 - u) + heights[j + 1, i + 1] * u
    return env.water_level - above * (1 - v) - below * v


@njit(**INLINE)
def glint(direction, env):
    """The sun in a mirror of waves: a sharp power of the angle."""
    s = max(dot(direction, env.direction), 0.0)
    s *= s
    s *= s
    s8 = s * s
    s16 = s8 * s8
    return 1.2 * s16 * s16 * s16 * s16 * s8 * s8 * s8


@njit(**INLINE)
def water(env, around, ray, distance):
    """Colour and opacity of the water that the unit ray meets after `distance` metres."""
    tile, t = around.tile, env.time
    x, y, _ = along(env.eye, ray, distance)
    depth = depth_at(env, around.heights, x, y)
    w0 = noise(tile, x * 0.10 + t * 0.02, y * 0.10 + t * 0.02) + noise(tile, x * 0.31 - t * 0.03, y * 0.31 - t * 0.03) - 1.0
    if env.lava > 0.5:
        heat = noise(tile, x * 0.12 + t * 0.006, y * 0.12 + t * 0.006) + w0 * 0.15
        heat = clamp((heat - 0.35) * 3.7, 0.0, 1.0)
        return (0.25 + 1.15 * heat, 0.03 + 0.52 * heat, 0.01 + 0.07 * heat), 1.0
    w1 = noise(tile, y * 0.13 - t * 0.018, x * 0.13 - t * 0.018) + noise(tile, y * 0.29 + t * 0.026, x * 0.29) - 1.0
    slope = WAVE * (1.0 if distance < 10.0 else 10.0 / distance)
    normal = unit((w0 * slope, w1 * slope, 1.0))
    facing = -dot(normal, ray)
    grazing = 1.0 - max(facing, 0.0)
    fresnel = 0.04 + 0.96 * grazing * grazing * grazing * grazing
    mirrored = along(ray, normal, 2 * facing)
    mirrored = (mirrored[0], mirrored[1], abs(mirrored[2]))
    body = times(env.water_color, along(scaled(env.sun, 0.25 + 0.45 * max(env.direction[2], 0.0)), env.ambient, 0.8))
    color = along(mix(body, gradient(env, mirrored), min(fresnel, 0.85)), env.sun, glint(mirrored, env))
    foam = 0.5 * clamp((0.25 - depth - w0 * 0.25) * 4.0, 0.0, 1.0)
    color = mix(color, scaled(along(env.ambient, env.sun, 0.5), 0.9), foam)
    for k in range(around.lamps.shape[0]):
        lamp = around.lamps[k]
        way = (lamp[0] - x, lamp[1] - y, lamp[2] - env.water_level)
        color = along(color, (1.0, 0.6, 0.3), lamp[3] * 0.8 / (1 + dot(way, way)) * (0.5 + w0))
    return color, clamp(0.42 + depth * 0.35 + fresnel * 0.5, 0.0, 0.96)


@njit(**INLINE)
def submerged(env, color, distance):
    """What is seen from below the surface: a tint that thickens with the way."""
    if env.lava > 0.5:
        return mix(color, (0.95, 0.28, 0.03), 1.0 - 0.6 * faded(distance))
    share = 1.0 - faded(min(distance, 200.0) * 0.12)
    return mix(color, scaled((0.05, 0.22, 0.28), 1.0 - 0.8 * env.night), share)
