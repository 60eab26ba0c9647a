"""From the player to the eye: position, direction and field of view of each view; never inside ground, walls or foliage."""

import math

import numpy as np
from numba import njit

from t2w.sim.ground import height_at
from t2w.sim.rows import CONE
from t2w.sim.walking import PITCH, YAW, X, Y, Z

FIRST, THIRD, ISOMETRIC = "first-person", "third-person", "isometric"
FOV = {FIRST: 75.0, THIRD: 68.0, ISOMETRIC: 42.0}  # degrees, vertical
EYE = 1.55
BOOM = 4.2
CLEAR = 0.3  # metres between the eye and anything
STEPS = 24


def foliage(rows, kinds):
    """(n, 6: x y z, half width, half height, 1 if a cone) around the large parts of the given kinds among instance rows."""
    rows = rows[np.isin(rows[:, 17], kinds)]
    matrix = rows[:, :9].reshape(-1, 3, 3)  # n, column, axis
    wide = np.abs(matrix[:, :, :2]).max(axis=(1, 2)) / 2
    high = np.abs(matrix[:, :, 2]).max(axis=1) / 2
    blobs = np.column_stack((rows[:, 9:12], wide, high, rows[:, 16] == CONE))
    return np.ascontiguousarray(blobs[wide > 0.35])


@njit(cache=True)
def nearby(things, x, y, reach):
    """Those rows whose first two columns lie within reach."""
    kept = np.empty(things.shape)
    n = 0
    for i in range(things.shape[0]):
        if abs(things[i, 0] - x) < reach and abs(things[i, 1] - y) < reach:
            kept[n] = things[i]
            n += 1
    return kept[:n]


@njit(cache=True)
def in_foliage(x, y, z, blobs):
    for i in range(blobs.shape[0]):
        dx, dy, dz = x - blobs[i, 0], y - blobs[i, 1], z - blobs[i, 2]
        high, wide = blobs[i, 4] + CLEAR, blobs[i, 3] + CLEAR
        if abs(dz) < high and abs(dx) < wide and abs(dy) < wide:
            if blobs[i, 5] > 0:
                r = blobs[i, 3] * (0.5 - dz / (2 * blobs[i, 4])) + CLEAR
                if dx * dx + dy * dy < r * r:
                    return True
            elif (dx * dx + dy * dy) / (wide * wide) + (dz * dz) / (high * high) < 1.0:
                return True
    return False


@njit(cache=True)
def in_walls(x, y, z, circles, boxes, crates, thin):
    """Whether an eye there is in a wall, a crate or a round thing at least `thin` metres in radius."""
    for b in range(boxes.shape[0]):
        above = 1.2 if boxes[b, 5] - boxes[b, 4] > 2.5 else 0.2  # tall walls carry a roof
        there = boxes[b, 0] - 0.25 < x < boxes[b, 1] + 0.25 and boxes[b, 2] - 0.25 < y < boxes[b, 3] + 0.25
        if there and boxes[b, 6] > 0 and boxes[b, 4] - 0.2 < z < boxes[b, 5] + above:
            return True
    for i in range(circles.shape[0]):
        r = circles[i, 2] + 0.25
        dx, dy = x - circles[i, 0], y - circles[i, 1]
        if circles[i, 2] >= thin and abs(dx) < r and abs(dy) < r and z < circles[i, 3] + 0.2 and dx * dx + dy * dy < r * r:
            return True
    for c in range(crates.shape[0]):
        r = crates[c, 3] + 0.25
        if crates[c, 7] > 0 and abs(x - crates[c, 0]) < r and abs(y - crates[c, 1]) < r and abs(z - crates[c, 2] - crates[c, 3]) < r:
            return True
    return False


@njit(cache=True)
def under_roof(x, y, z, shelter):
    """Whether an eye there is in the roof over a shelter, eaves included."""
    above = shelter[0] - 0.6 < x < shelter[1] + 0.6 and shelter[2] - 0.6 < y < shelter[3] + 0.6
    return above and shelter[5] > shelter[4] and shelter[5] - 0.2 < z < shelter[5] + 1.9


@njit(cache=True)
def boom(head, back, heights, circles, boxes, crates, shelter, blobs):
    """The farthest free point from the head along `back` (3,), lifted over low ground; returns x y z and its distance."""
    x, y, z = head[0], head[1], head[2]
    best_x, best_y, best_z, best = x, y, z, 0.0
    length = math.sqrt(back[0] ** 2 + back[1] ** 2 + back[2] ** 2)
    for k in range(2, STEPS + 1):
        part = k / STEPS
        x, y, z = head[0] + back[0] * part, head[1] + back[1] * part, head[2] + back[2] * part
        ground = height_at(heights, x, y) + 0.35
        if ground - z > 1.0:
            break
        z = max(z, ground)
        last = k == STEPS
        while in_foliage(x, y, z, blobs) and z - 0.2 > max(ground, head[2] - 1.0):
            z -= 0.2  # under the crown
        if in_walls(x, y, z, circles, boxes, crates, 0.35) or in_foliage(x, y, z, blobs):
            break
        if under_roof(x, y, z, shelter):
            break
        if last and in_walls(x, y, z, circles, boxes, crates, 0.0):
            break
        best_x, best_y, best_z, best = x, y, z, length * part
    return best_x, best_y, best_z, best


@njit(cache=True)
def lower(x, y, z, floor, blobs):
    """First person under a crown, in mid-jump: the eye ducks."""
    while z > floor and in_foliage(x, y, z + 0.1, blobs):
        z -= 0.1
    return z


@njit(cache=True)
def above(player, fx, fy, fz, heights, circles, boxes, crates, blobs):
    """The isometric eye: as far as 15 m along the fixed direction, nearer where something stands there."""
    for k in range(10):
        far = 15.0 - k
        x, y, z = player[X] - fx * far, player[Y] - fy * far, player[Z] + 0.8 - fz * far
        z = max(z, height_at(heights, x, y) + 1.5)
        if not (in_walls(x, y, z, circles, boxes, crates, 0.0) or in_foliage(x, y, z, blobs)):
            break
    return x, y, z


def look(view, player, heights, circles, boxes, crates, shelter, blobs):
    """Eye (3,), unit direction (3,), vertical field of view in degrees, and metres between the eye and the player's head."""
    yaw, pitch = player[YAW], player[PITCH]
    forward = np.array((-math.sin(yaw) * math.cos(pitch), math.cos(yaw) * math.cos(pitch), math.sin(pitch)))
    feet = player[:3]
    reach = 13.0 if view == ISOMETRIC else 9.0
    circles, blobs = nearby(circles, feet[0], feet[1], reach), nearby(blobs, feet[0], feet[1], reach)
    if view == FIRST:
        z = lower(feet[0], feet[1], feet[2] + EYE, feet[2] + 0.9, blobs)
        return np.array((feet[0], feet[1], z)), forward, FOV[view], 0.0
    if view == THIRD:
        head = feet + (0.0, 0.0, 1.6)
        back = np.array((0.0, 0.0, 0.4)) - forward * BOOM
        x, y, z, distance = boom(head, back, heights, circles, boxes, crates, shelter, blobs)
        return np.array((x, y, z)), forward, FOV[view], distance
    forward = np.array((0.52, 0.60, -0.78)) / math.sqrt(0.52**2 + 0.60**2 + 0.78**2)
    eye = np.array(above(player, *forward, heights, circles, boxes, crates, blobs))
    forward = feet + (0.0, 0.0, 0.8) - eye
    return eye, forward / np.linalg.norm(forward), FOV[view], 15.0
