"""Everything else that moves: crates, creatures, door and splinters as instance rows, gathered with the player's figure."""

import math

import numpy as np
from numba import njit

from t2w.sim.crates import DEBRIS
from t2w.sim.figures import arm, character, limb, part
from t2w.sim.rows import BARREL, BOX, COLUMNS, CRATE, CREATURE, CYLINDER, LANDMARK, PLAIN, PLANKS, SPHERE, put
from t2w.sim.rows import DEBRIS as DEBRIS_KIND

NONE, SHEEP, SLIMES, DEER = range(4)  # the order of spec.CREATURES
HORN, BLACK = (0.80, 0.75, 0.60), (0.03, 0.03, 0.03)


@njit(cache=True)
def draw_crates(rows, n, crates):
    """Every third one is a barrel."""
    for c in range(crates.shape[0]):
        if crates[c, 7] > 0:
            x, y, z, side = crates[c, 0], crates[c, 1], crates[c, 2], 2 * crates[c, 3]
            if c % 3 == 2:
                n = put(rows, n, CYLINDER, x, y, z + side / 2, side, side, side, 0.0, 0.0, 0.50, 0.27, 0.13, BARREL, CRATE)
            else:
                n = put(rows, n, BOX, x, y, z + side / 2, side, side, side, 0.0, 0.0, 0.62, 0.42, 0.22, PLANKS, CRATE)
    return n


@njit(cache=True)
def draw_slime(rows, n, creature, color):
    """Hops and squashes."""
    wave = math.sin(creature[4])
    speed = 1.0 if creature[7] > 0 else min(creature[6], 1.0)
    hop, squash = abs(wave) * 0.5 * speed, 1.0 - 0.25 * wave
    at = (creature[0], creature[1], creature[2], creature[3])
    wide = 0.95 / math.sqrt(squash)
    n = part(rows, n, SPHERE, at, 0.0, 0.0, 0.40 * squash + hop, wide, wide, 0.8 * squash, 0.0, color, 1.0, PLAIN, CREATURE)
    for side in (-0.16, 0.16):
        n = part(rows, n, SPHERE, at, side, 0.42 * wide, 0.5 * squash + hop, 0.14, 0.14, 0.18, 0.0, BLACK, 1.0, PLAIN, CREATURE)
    return n


@njit(cache=True)
def draw_beast(rows, n, creature, color, deer):
    """A sheep, or a deer with neck and antlers, on four swinging legs."""
    at = (creature[0], creature[1], creature[2], creature[3])
    swing = math.sin(creature[4]) * 0.6
    legs = 0.8 if deer else 0.45
    for side in (-1.0, 1.0):
        n = limb(rows, n, at, 0.18 * side, 0.28, legs, 0.13, legs, swing * side, color, 0.5, CREATURE)
        n = limb(rows, n, at, 0.18 * side, -0.28, legs, 0.13, legs, -swing * side, color, 0.5, CREATURE)
    face = (color[0] * 0.55 + 0.1, color[1] * 0.55 + 0.1, color[2] * 0.55 + 0.1)
    if not deer:
        n = part(rows, n, SPHERE, at, 0.0, 0.0, legs + 0.22, 0.75, 1.05, 0.65, 0.0, color, 1.0, PLAIN, CREATURE)
        return part(rows, n, BOX, at, 0.0, 0.62, legs + 0.35, 0.26, 0.38, 0.28, 0.0, face, 1.0, PLAIN, CREATURE)
    n = part(rows, n, BOX, at, 0.0, 0.0, legs + 0.22, 0.42, 1.05, 0.45, 0.0, color, 1.0, PLAIN, CREATURE)
    n = part(rows, n, BOX, at, 0.0, 0.62, legs + 0.75, 0.26, 0.38, 0.28, 0.0, face, 1.0, PLAIN, CREATURE)
    n = part(rows, n, BOX, at, 0.0, 0.48, legs + 0.5, 0.18, 0.2, 0.6, -0.3, color, 1.0, PLAIN, CREATURE)
    for side in (-0.14, 0.14):
        n = part(rows, n, BOX, at, side, 0.60, legs + 1.10, 0.04, 0.04, 0.45, 0.3, HORN, 1.0, PLAIN, CREATURE)
    return n


@njit(cache=True)
def draw_door(rows, n, door, hinge):
    """Swings about its hinge (x, y, z, width)."""
    angle, wide = door[5] * 1.5, hinge[3]
    x, y = hinge[0] + math.cos(angle) * wide / 2, hinge[1] + math.sin(angle) * wide / 2
    return put(rows, n, BOX, x, y, hinge[2] + 1.0, wide, 0.1, 2.0, angle, 0.0, 0.33, 0.20, 0.10, PLANKS, LANDMARK)


@njit(cache=True)
def draw_debris(rows, n, debris):
    for k in range(debris.shape[0]):
        if debris[k, 6] > 0:
            x, y, z = debris[k, 0], debris[k, 1], debris[k, 2]
            n = put(rows, n, BOX, x, y, z, 0.28, 0.12, 0.2, 1.0 * k, debris[k, 6] * 5, 0.6, 0.4, 0.2, PLAIN, DEBRIS_KIND)
    return n


@njit(cache=True)
def draw(rows, player, crates, creatures, door, hinge, debris, who, color, beast, beast_color, first, near, eye):
    """All moving rows; returns their number and how many of the first belong to the eye itself (they throw no shadow)."""
    n, own = 0, 0
    if first:
        n = own = arm(rows, n, player, eye, color)
    elif not near:
        n = character(rows, n, player, who, color)
    n = draw_crates(rows, n, crates)
    for c in range(creatures.shape[0]):
        if beast == SLIMES:
            n = draw_slime(rows, n, creatures[c], beast_color)
        else:
            n = draw_beast(rows, n, creatures[c], beast_color, beast == DEER)
    if door[0] >= 0:
        n = draw_door(rows, n, door, hinge)
    return draw_debris(rows, n, debris), own


def room(crates, creatures) -> np.ndarray:
    """Rows enough for `draw`."""
    return np.zeros((16 + len(crates) + 10 * len(creatures) + DEBRIS, COLUMNS))
