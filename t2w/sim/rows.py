"""Instance rows: a primitive with its place, size, colour, material and kind => 18 numbers that every renderer part reads.

Columns: 0-11 the 3x4 matrix by columns (local to world), 12-14 rgb, 15 material, 16 primitive, 17 kind.
"""

import math

from numba import njit

COLUMNS = 18
MATRIX, COLOR, MATERIAL, PRIMITIVE, KIND = 0, 12, 15, 16, 17  # first column of each part

# Primitives: unit solids centred on the origin; PRISM is a roof with its ridge along x.
BOX, CONE, SPHERE, CYLINDER, PRISM = range(5)

# Materials. A value between 0 and 1 is a plain surface that glows that much at night.
PLAIN, WINDOW, PLANKS, BARREL, STONE = 0.0, 1.0, 2.0, 3.0, 4.0

KINDS = (
    "sky", "ground", "water", "tree", "rock", "plant", "landmark",
    "crate", "lamp", "creature", "character", "tool", "debris",
)  # fmt: skip
SKY, GROUND, WATER, TREE, ROCK, PLANT, LANDMARK, CRATE, LAMP, CREATURE, CHARACTER, TOOL, DEBRIS = range(13)


@njit(cache=True)
def put(rows, n, primitive, x, y, z, sx, sy, sz, yaw, pitch, r, g, b, material, kind):
    """Write row n: rotated by Rz(yaw) Rx(pitch), scaled by (sx sy sz), centred on (x y z). Returns n + 1."""
    c, s, cp, sp = math.cos(yaw), math.sin(yaw), math.cos(pitch), math.sin(pitch)
    row = rows[n]
    row[0], row[1], row[2] = c * sx, s * sx, 0.0
    row[3], row[4], row[5] = -s * cp * sy, c * cp * sy, sp * sy
    row[6], row[7], row[8] = s * sp * sz, -c * sp * sz, cp * sz
    row[9], row[10], row[11] = x, y, z
    row[12], row[13], row[14] = r, g, b
    row[15], row[16], row[17] = material, primitive, kind
    return n + 1
