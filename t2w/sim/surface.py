"""A point on the ground or on an instance => its colour in the light of the scene."""

import math

from numba import njit

from t2w.sim.rows import BARREL, BOX, CONE, CYLINDER, PLANKS, SPHERE, STONE, WINDOW
from t2w.sim.shadow import lit
from t2w.sim.texture import detail, hashed, line, noise, planks, stones
from t2w.sim.vectors import INLINE, faded, unit

NO_TEXTURE_BEYOND = 0.36  # metres a pixel: about 25 m at 160x96


@njit(**INLINE)
def ground(env, around, point, pixel):
    """Height samples give the normal, vertex colours the hue, two scales of noise the grain."""
    heights, colors, tile = around.heights, around.colors, around.tile
    x = min(max(point[0], 0.0), 127.99)
    y = min(max(point[1], 0.0), 127.99)
    i, j = int(x), int(y)
    u, v = x - i, y - j
    h00, h10, h01, h11 = heights[j, i], heights[j, i + 1], heights[j + 1, i], heights[j + 1, i + 1]
    nx = (h00 - h10) * (1 - v) + (h01 - h11) * v
    ny = (h00 - h01) * (1 - u) + (h10 - h11) * u
    grain = 0.55 * noise(tile, x * 0.09, y * 0.09) + 0.225
    if pixel < NO_TEXTURE_BEYOND:
        fine = noise(tile, x * 0.6, y * 0.6) - 0.5
        near = min(1.0, 2.0 - 2.0 * pixel / NO_TEXTURE_BEYOND)
        grain += 0.45 * fine * near
        nx += (grain - 0.5) * 0.25 * near
        ny += (noise(tile, y * 0.6, x * 0.6) - 0.5) * 0.25 * near
    shade = 0.73 + 0.54 * grain
    w00, w10, w01, w11 = (1 - u) * (1 - v) * shade, u * (1 - v) * shade, (1 - u) * v * shade, u * v * shade
    r = colors[j, i, 0] * w00 + colors[j, i + 1, 0] * w10 + colors[j + 1, i, 0] * w01 + colors[j + 1, i + 1, 0] * w11
    g = colors[j, i, 1] * w00 + colors[j, i + 1, 1] * w10 + colors[j + 1, i, 1] * w01 + colors[j + 1, i + 1, 1] * w11
    b = colors[j, i, 2] * w00 + colors[j, i + 1, 2] * w10 + colors[j + 1, i, 2] * w01 + colors[j + 1, i + 1, 2] * w11
    depth = env.water_level - point[2]
    if depth > 0.0:  # water swallows red first
        r, g, b = r * faded(0.9 * depth), g * faded(0.45 * depth), b * faded(0.35 * depth)
    return lit(env, around, point, unit((nx, ny, 1.0)), (r, g, b), 0.0)


@njit(**INLINE)
def sign(value):
    return 1.0 if value > 0.0 else -1.0


@njit(**INLINE)
def local_normal(primitive, x, y, z):
    """Normal of a unit solid at its local point (x y z), in local axes, any length."""
    ax, ay, az = abs(x), abs(y), abs(z)
    if primitive == BOX:
        if ax >= ay and ax >= az:
            return (sign(x), 0.0, 0.0)
        if ay >= az:
            return (0.0, sign(y), 0.0)
        return (0.0, 0.0, sign(z))
    if primitive == CONE:
        if z < -0.49:
            return (0.0, 0.0, -1.0)
        inverse = 1.0 / (math.sqrt(x * x + y * y) + 1e-6)
        return (x * inverse, y * inverse, 0.5)
    if primitive == SPHERE:
        return (x, y, z)
    if primitive == CYLINDER:
        return (0.0, 0.0, sign(z)) if az > 0.49 else (x, y, 0.0)
    if ax > 0.495:
        return (sign(x), 0.0, 0.0)
    if z < -0.495:
        return (0.0, 0.0, -1.0)
    return (0.0, 2.0 * sign(y), 1.0)


@njit(**INLINE)
def edged(x, y, z):
    """Whether a local point lies near an edge of a box: the frame of a crate."""
    ax, ay, az = abs(x), abs(y), abs(z)
    return max(max(min(ax, ay), min(ay, az)), min(ax, az)) > 0.41


@njit(**INLINE)
def pattern(tile, material, primitive, local, size, normal, variant, pixel):
    """Brightness of the material's texture; `local` and `size` in the instance's own axes, so that it turns with it."""
    x, y, z = local[0] * size[0], local[1] * size[1], local[2] * size[2]
    if abs(normal[2]) > 0.5:
        across, up = x, y
    elif abs(normal[0]) > 0.5:
        across, up = y, z
    else:
        across, up = x, z
    if material == PLANKS:
        shade = planks(tile, across, up, variant, pixel)
        if size[0] < 1.3 and size[1] < 1.3 and edged(local[0], local[1], local[2]):
            shade *= 0.66
        return shade
    if material == STONE:
        if primitive == CYLINDER and abs(normal[2]) < 0.5:
            across = math.atan2(local[1], local[0]) * 0.5 * size[0]
        return stones(tile, across, up, variant, pixel)
    if material == BARREL:
        stave = math.floor((math.atan2(local[1], local[0]) + math.pi) * 12.0 / (2 * math.pi))
        shade = 1.0 + (hashed(stave, variant) - 0.5) * 0.3 * detail(0.15, pixel)
        return shade * (1.0 - 0.55 * line(abs(abs(local[2]) - 0.3) * size[2], 0.12 * size[2], pixel))
    shade = noise(tile, across * 0.35 + variant * 0.17, up * 0.35) * 0.6 + 0.2
    if pixel < NO_TEXTURE_BEYOND:
        shade += (noise(tile, across * 1.3, up * 1.3 + variant * 0.31) - 0.5) * 0.4 * (1.0 - pixel / NO_TEXTURE_BEYOND)
    return 0.8 + 0.4 * shade


@njit(**INLINE)
def instance(env, around, number, point, pixel):
    """Back to the solid's own axes for normal and texture, then light."""
    row = around.rows[number]
    sx = row[0] * row[0] + row[1] * row[1] + row[2] * row[2]
    sy = row[3] * row[3] + row[4] * row[4] + row[5] * row[5]
    sz = row[6] * row[6] + row[7] * row[7] + row[8] * row[8]
    dx, dy, dz = point[0] - row[9], point[1] - row[10], point[2] - row[11]
    x = (dx * row[0] + dy * row[1] + dz * row[2]) / sx
    y = (dx * row[3] + dy * row[4] + dz * row[5]) / sy
    z = (dx * row[6] + dy * row[7] + dz * row[8]) / sz
    primitive = int(row[16])
    own = local_normal(primitive, x, y, z)
    ax, ay, az = own[0] / sx, own[1] / sy, own[2] / sz
    normal = unit((
        row[0] * ax + row[3] * ay + row[6] * az,
        row[1] * ax + row[4] * ay + row[7] * az,
        row[2] * ax + row[5] * ay + row[8] * az,
    ))  # fmt: skip
    size = (math.sqrt(sx), math.sqrt(sy), math.sqrt(sz))
    material = row[15]
    variant = math.floor((row[12] + 3 * size[0] + 7 * size[2]) * 41.0)  # the same whatever else is in the scene
    shade = pattern(around.tile, material, primitive, (x, y, z), size, unit((ax * size[0], ay * size[1], az * size[2])), variant, pixel)
    glow = 0.9 if material == WINDOW else (material * env.night if material < WINDOW else 0.0)
    return lit(env, around, point, normal, (row[12] * shade, row[13] * shade, row[14] * shade), glow)
