"""A scene, an eye and a time => the named numbers that every shading function reads."""

from typing import NamedTuple

import numpy as np

LAMPS = 4  # only the nearest ones shine

Vector = tuple[float, float, float]


class Environment(NamedTuple):
    """Only floats, so that compiled code gets one type whatever the scene."""

    direction: Vector  # towards the sun
    sun: Vector
    ambient: Vector
    horizon: Vector
    zenith: Vector
    water_color: Vector
    fog: float  # 1 / metres
    cloud: float
    night: float  # 0 or 1
    lava: float  # 0 or 1
    water_level: float
    eye: Vector
    time: float  # seconds
    pixel: float  # metres that a pixel covers at 1 m


class Arrays(NamedTuple):
    """The arrays beside it: what is drawn, its textures, its shadows and lamps."""

    rows: np.ndarray  # (n 18) instances, the moving ones last
    heights: np.ndarray  # (129 129)
    colors: np.ndarray  # (129 129 3) of the ground
    tile: np.ndarray  # noise
    lamps: np.ndarray  # (k 4) x y z strength
    still_shadow: np.ndarray  # (s s) nearness to the sun, whole world
    still_matrix: np.ndarray  # (3 4)
    moving_shadow: np.ndarray  # finer, around the focus
    moving_matrix: np.ndarray


def vector(values) -> Vector:
    return (float(values[0]), float(values[1]), float(values[2]))


def environment(scene, eye, time: float, pixel: float) -> Environment:
    light = scene.light
    return Environment(
        vector(light.direction), vector(light.sun), vector(light.ambient), vector(light.horizon), vector(light.zenith),
        vector(scene.water_color), float(light.fog), float(light.cloud), float(light.night), float(scene.lava),
        float(scene.water_level), vector(eye), float(time), float(pixel),
    )  # fmt: skip


def nearest_lamps(scene, focus) -> np.ndarray:
    """(k 4): the lamps nearest to the focus, bright at night, faint by day."""
    lamps = np.asarray(scene.lamps, np.float64).reshape(-1, 3)
    order = np.argsort(((lamps - np.asarray(focus)) ** 2).sum(axis=1), kind="stable")[:LAMPS]
    shining = np.empty((len(order), 4))
    shining[:, :3] = lamps[order]
    shining[:, 3] = 1.0 if scene.light.night else 0.25
    return shining
