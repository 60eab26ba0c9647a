"""Rain and snow: particles in a box that travels with the eye, drawn over the picture where nothing is nearer."""

import math

import numpy as np
from numba import njit

from t2w.sim.raster import DEPTH, NEARNESS, SCREEN_X, SCREEN_Y, project
from t2w.sim.vectors import FAST, PLAIN, clamp

BOX = 14.0  # metres a side
CLOSEST = 1.8  # metres; nearer ones would be blots
FALL = {"rainy": (0.6, 0.3, -9.0), "snowy": (0.7, 0.4, -1.3)}  # metres a second
COUNT = {"rainy": 600, "snowy": 620}
INDOOR_MARGIN = 0.4  # metres around the shelter that stay dry for an eye inside


def particles(count: int = 900, seed: int = 11) -> np.ndarray:
    """(count 3) fixed places in the unit box."""
    return np.random.default_rng(seed).random((count, 3))


@njit(**PLAIN)
def blend(picture, y, x, color, share):
    for c in range(3):
        picture[y, x, c] = int(picture[y, x, c] + (color[c] - picture[y, x, c]) * share)


@njit(**PLAIN)
def inside(box, x, y, z, margin):
    return box[0] - margin < x < box[1] + margin and box[2] - margin < y < box[3] + margin and box[4] - margin < z < box[5] + margin


@njit(**PLAIN)
def streak(picture, near, samples, point, strength, color):
    """A drop: an upright line, shared between the two columns it falls between."""
    h, w = picture.shape[0], picture.shape[1]
    half = 0.24 * h / point[DEPTH]
    left = math.floor(point[SCREEN_X] - 0.5)
    for x in range(max(left, 0), min(left + 2, w)):
        share = strength * 0.42 * (1.0 - abs(point[SCREEN_X] - 0.5 - x))
        for y in range(max(int(point[SCREEN_Y] - half), 0), min(int(point[SCREEN_Y] + half), h - 1) + 1):
            if point[NEARNESS] > near[y * samples, x * samples]:
                blend(picture, y, x, color, share)


@njit(**PLAIN)
def flake(picture, near, samples, point, strength, color):
    """A soft disc."""
    h, w = picture.shape[0], picture.shape[1]
    radius = max(0.045 * h / point[DEPTH], 0.75)
    for y in range(max(int(point[SCREEN_Y] - radius - 0.5), 0), min(int(point[SCREEN_Y] + radius + 0.5) + 1, h)):
        for x in range(max(int(point[SCREEN_X] - radius - 0.5), 0), min(int(point[SCREEN_X] + radius + 0.5) + 1, w)):
            away = math.sqrt((x + 0.5 - point[SCREEN_X]) ** 2 + (y + 0.5 - point[SCREEN_Y]) ** 2)
            share = strength * clamp(radius + 0.35 - away, 0.0, 1.0)
            if share > 0.0 and point[NEARNESS] > near[y * samples, x * samples]:
                blend(picture, y, x, color, share)


@njit(**FAST)
def fall(picture, near, samples, places, matrix, eye, time, velocity, rain, color, shelter, water_level):
    """Draw all particles at this time; none inside the shelter, none below the water."""
    h, w = picture.shape[0], picture.shape[1]
    point = np.empty(6)
    margin = INDOOR_MARGIN if inside(shelter, eye[0], eye[1], eye[2], 0.0) else 0.0
    for k in range(places.shape[0]):
        dx = (places[k, 0] * BOX + velocity[0] * time - eye[0] + BOX / 2) % BOX - BOX / 2
        dy = (places[k, 1] * BOX + velocity[1] * time - eye[1] + BOX / 2) % BOX - BOX / 2
        dz = (places[k, 2] * BOX + velocity[2] * time - eye[2] + BOX / 2) % BOX - BOX / 2
        distance = math.sqrt(dx * dx + dy * dy + dz * dz)
        x, y, z = eye[0] + dx, eye[1] + dy, eye[2] + dz
        if distance < CLOSEST or z < water_level or inside(shelter, x, y, z, margin):
            continue
        project(matrix, False, w, h, x, y, z, point)
        if point[DEPTH] < 0.1:
            continue
        strength = clamp(1.2 - distance / (BOX / 2), 0.0, 1.0)
        if rain:
            streak(picture, near, samples, point, strength, color)
        else:
            flake(picture, near, samples, point, strength * 0.85, color)
