"""Calm textures: a tiling noise picture, one shade per board or stone, lines that fade once thinner than a pixel."""

import math

import numpy as np
from numba import njit

from t2w.sim.vectors import INLINE, clamp

TILE = 128  # texels a side
BOARD, BOARD_LENGTH = 1 / 3, 2.4  # metres
STONE_HEIGHT, STONE_WIDTH = 0.625, 1.1


def noise_tile(seed: int = 5) -> np.ndarray:
    """(TILE TILE) float32 in [0, 1] that repeats without a seam: five octaves of smoothed random grids."""
    rng = np.random.default_rng(seed)
    tile = np.zeros((TILE, TILE))
    for cells, strength in ((8, 1.0), (16, 0.7), (32, 0.5), (64, 0.35), (128, 0.25)):
        grid = rng.random((cells, cells))
        position = np.arange(TILE) * cells / TILE
        low = position.astype(int)
        high = (low + 1) % cells
        share = position - low
        share = share * share * (3 - 2 * share)
        columns = grid[:, low] * (1 - share) + grid[:, high] * share
        tile += strength * (columns[low] * (1 - share[:, None]) + columns[high] * share[:, None])
    return ((tile - tile.min()) / (tile.max() - tile.min())).astype(np.float32)


@njit(**INLINE)
def noise(tile, u, v):
    """Bilinear look-up; the tile repeats every 1 in u and v."""
    u *= TILE
    v *= TILE
    floor_u = math.floor(u)
    floor_v = math.floor(v)
    i = int(floor_u) & (TILE - 1)
    j = int(floor_v) & (TILE - 1)
    u -= floor_u
    v -= floor_v
    right = (i + 1) & (TILE - 1)
    below = (j + 1) & (TILE - 1)
    return (tile[j, i] * (1 - u) + tile[j, right] * u) * (1 - v) + (tile[below, i] * (1 - u) + tile[below, right] * u) * v


@njit(**INLINE)
def hashed(i, j):
    """Two whole numbers => a fixed number in [0, 1) that looks random."""
    h = (int(i) * 73856093) ^ (int(j) * 19349663)
    h = (h ^ (h >> 13)) * 1274126177
    return ((h >> 8) & 0xFFFF) / 65536.0


@njit(**INLINE)
def detail(size, pixel):
    """How much of a feature of this size survives when a pixel covers `pixel` metres: 1 near, 0 far."""
    return clamp((size / pixel - 0.4) * 0.8, 0.0, 1.0)


@njit(**INLINE)
def line(distance, width, pixel):
    """Coverage of a line `distance` away; one thinner than a pixel is drawn a pixel wide and paler."""
    drawn = max(width, pixel)
    return clamp(0.5 + (0.5 * drawn - distance) / pixel, 0.0, 1.0) * width / drawn


@njit(**INLINE)
def seam(position, period, width, pixel):
    """Lines across `position` every `period` metres."""
    fraction = position / period
    fraction -= math.floor(fraction)
    return line(min(fraction, 1 - fraction) * period, width, pixel)


@njit(**INLINE)
def planks(tile, across, up, variant, pixel):
    """Brightness of a boarded wall at (across up) metres."""
    board = math.floor(up / BOARD)
    shift = hashed(board, variant + 7) * BOARD_LENGTH
    shade = (hashed(board, variant) - 0.5) * 0.26
    if pixel < 0.05:
        shade += (noise(tile, across * 0.12 + board * 0.37, up * 2.1) - 0.5) * 0.3 * detail(0.04, pixel)
    gaps = max(seam(up, BOARD, 0.055, pixel), seam(across + shift, BOARD_LENGTH, 0.04, pixel))
    return (1.0 + shade * detail(BOARD, pixel)) * (1.0 - 0.5 * gaps)


@njit(**INLINE)
def stones(tile, across, up, variant, pixel):
    """Brightness of a wall of dressed stone with mortar; every second course is shifted by half a stone."""
    course = math.floor(up / STONE_HEIGHT)
    shifted = across + 0.5 * STONE_WIDTH * (int(course) & 1)
    stone = math.floor(shifted / STONE_WIDTH)
    shade = (hashed(stone + variant, course) - 0.5) * 0.3
    if pixel < 0.05:
        shade += (noise(tile, across * 0.8, up * 0.8) - 0.5) * 0.3 * detail(0.04, pixel)
    mortar = max(seam(up, STONE_HEIGHT, 0.08, pixel), seam(shifted, STONE_WIDTH, 0.08, pixel))
    return (1.0 + shade * detail(0.6, pixel)) * (1.0 - 0.4 * mortar)
