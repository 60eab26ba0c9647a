"""The visibility buffer => the picture and the kind of every pixel: each surface in a pixel is shaded once."""

import math

import numpy as np
from numba import njit

from t2w.sim.raster import TERRAIN
from t2w.sim.rows import GROUND, KIND, SKY, WATER
from t2w.sim.sky import fogged, sky
from t2w.sim.surface import ground, instance
from t2w.sim.vectors import FAST, INLINE, along, mix, scaled
from t2w.sim.water import submerged, water

ENDLESS = 1e4  # metres, of a ray that meets only sky
GAMMA_STEPS = 1024


def gamma_table() -> np.ndarray:
    """Light 0..1 in GAMMA_STEPS steps => uint8."""
    return (np.linspace(0, 1, GAMMA_STEPS) ** 0.85 * 255 + 0.5).astype(np.uint8)


@njit(**INLINE)
def water_distance(env, ray):
    """Metres along the unit ray to the water plane; ENDLESS * 2 when it is not met from above."""
    if env.eye[2] < env.water_level or ray[2] > -1e-4:
        return ENDLESS * 2
    return (env.water_level - env.eye[2]) / ray[2]


@njit(**INLINE)
def shade(env, around, number, nearness, ray, stretch):
    """Colour of surface `number`; nearness = 1 / depth along the view axis, stretch = metres of ray per metre of depth."""
    distance = ENDLESS
    if number < 0:
        color = sky(env, around.tile, ray)
    else:
        distance = stretch / nearness
        point = along(env.eye, ray, distance)
        if number == TERRAIN:
            color = ground(env, around, point, distance * env.pixel)
        else:
            color = instance(env, around, number, point, distance * env.pixel)
    surface = water_distance(env, ray)
    if surface < distance or (number < 0 and surface < ENDLESS):
        top, share = water(env, around, ray, surface)
        color = mix(color, top, 1.0 if number < 0 else share)
        distance = surface
    if distance < ENDLESS:
        color = fogged(env, color, ray, distance)
    if env.eye[2] < env.water_level:
        color = submerged(env, color, distance)
    return color


@njit(**INLINE)
def kind_of(env, around, number, nearness, ray, stretch):
    distance = ENDLESS if number < 0 else stretch / nearness
    if water_distance(env, ray) < distance:
        return WATER
    if number < 0:
        return SKY
    if number == TERRAIN:
        return GROUND
    return int(around.rows[number, KIND])


@njit(**FAST)
def resolve(picture, kinds, near, ids, samples, env, around, axes, table):
    """Fill picture (h w 3) and kinds (h w); axes (3 3) = view right, up (both scaled to the picture's edge) and forward."""
    h, w = kinds.shape
    numbers = np.empty(samples * samples, np.int64)
    depths = np.empty(samples * samples)
    counts = np.empty(samples * samples)
    middle = samples // 2
    for y in range(h):
        for x in range(w):
            found = 0
            for j in range(y * samples, (y + 1) * samples):
                for i in range(x * samples, (x + 1) * samples):
                    slot = 0
                    while slot < found and numbers[slot] != ids[j, i]:
                        slot += 1
                    if slot == found:
                        numbers[slot], depths[slot], counts[slot] = ids[j, i], 0.0, 0.0
                        found += 1
                    depths[slot] += near[j, i]
                    counts[slot] += 1.0
            right, up = (x + 0.5) / w * 2 - 1, 1 - (y + 0.5) / h * 2
            way = (
                axes[2, 0] + axes[0, 0] * right + axes[1, 0] * up,
                axes[2, 1] + axes[0, 1] * right + axes[1, 1] * up,
                axes[2, 2] + axes[0, 2] * right + axes[1, 2] * up,
            )
            stretch = math.sqrt(way[0] * way[0] + way[1] * way[1] + way[2] * way[2])
            ray = scaled(way, 1.0 / stretch)
            color = (0.0, 0.0, 0.0)
            for k in range(found):
                part = shade(env, around, numbers[k], depths[k] / counts[k], ray, stretch)
                color = along(color, (min(part[0], 1.0), min(part[1], 1.0), min(part[2], 1.0)), counts[k] / (samples * samples))
            for c in range(3):
                picture[y, x, c] = table[int(min(max(color[c], 0.0), 1.0) * (GAMMA_STEPS - 1))]
            j, i = y * samples + middle, x * samples + middle
            kinds[y, x] = kind_of(env, around, ids[j, i], near[j, i], ray, stretch)
