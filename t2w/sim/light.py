"""Sun, sky and fog: a Spec in, a Light out."""

import math
from dataclasses import dataclass

import numpy as np

from t2w.sim.spec import Spec


@dataclass(frozen=True)
class Light:
    sun: np.ndarray  # colours (3,)
    zenith: np.ndarray
    horizon: np.ndarray
    ambient: np.ndarray
    fog: float  # a metre
    direction: np.ndarray  # (3,), towards the sun or the moon
    night: bool
    cloud: float


# time: elevation of the sun, its colour, zenith, horizon, ambient
SKIES = {
    "dawn": (0.22, (1.15, 0.78, 0.62), (0.38, 0.48, 0.75), (0.95, 0.72, 0.66), (0.42, 0.42, 0.52)),
    "noon": (0.95, (1.00, 0.95, 0.84), (0.22, 0.45, 0.85), (0.70, 0.82, 0.93), (0.40, 0.44, 0.52)),
    "sunset": (0.16, (1.35, 0.62, 0.28), (0.25, 0.25, 0.50), (1.00, 0.52, 0.25), (0.40, 0.32, 0.38)),
    "night": (0.70, (0.52, 0.62, 0.88), (0.02, 0.03, 0.10), (0.09, 0.12, 0.24), (0.29, 0.33, 0.46)),
}
# weather: how bright its grey is, sun, ambient, fog
DAY_WEATHER = {"foggy": (1.0, 0.35, 1.25, 0.055), "rainy": (0.62, 0.30, 0.85, 0.024), "snowy": (0.9, 0.45, 1.2, 0.034)}
NIGHT_WEATHER = {"foggy": (1.5, 0.60, 1.30, 0.040), "rainy": (1.2, 0.60, 1.15, 0.020), "snowy": (1.4, 0.65, 1.20, 0.028)}
GLARE = {"desert": 0.88, "snowfield": 0.90}  # bright ground under the noon sun would burn out


def light(spec: Spec) -> Light:
    elevation, *colors = SKIES[spec.time]
    sun, zenith, horizon, ambient = (np.array(c) for c in colors)
    night, fog = spec.time == "night", 0.010
    if spec.biome == "volcanic":
        horizon, zenith, fog = horizon * (0.8, 0.45, 0.38), zenith * (0.6, 0.4, 0.4), 0.018
    elif spec.biome == "alien" and night:  # a green sky over purple ground: the moon must not be blue on blue
        sun, ambient = np.array((0.74, 0.58, 0.70)), np.array((0.40, 0.33, 0.42))
        zenith, horizon = np.array((0.01, 0.08, 0.09)), np.array((0.06, 0.26, 0.22))
    elif spec.biome == "alien":
        horizon, zenith = horizon * (0.75, 1.0, 0.95), zenith * (1.6, 0.6, 1.2)
    if spec.time == "noon":
        sun = sun * GLARE.get(spec.biome, 1.0)
    if spec.weather != "clear":
        grey, of_sun, of_ambient, fog = (NIGHT_WEATHER if night else DAY_WEATHER)[spec.weather]
        tint = (0.7, 1.15, 1.1) if spec.biome == "alien" and night else (0.95, 1.0, 1.05)
        cloud = horizon.mean() * grey * np.array(tint)
        horizon, zenith = horizon * 0.25 + cloud * 0.75, zenith * 0.3 + cloud * 0.7
        sun, ambient = sun * of_sun, ambient * of_ambient
    if spec.view == "isometric":  # seen from 15 m away
        fog *= 0.5
    azimuth = 0.6 + (spec.seed % 7) * 0.9
    across = math.cos(elevation)
    direction = np.array((math.cos(azimuth) * across, math.sin(azimuth) * across, math.sin(elevation)))
    return Light(sun, zenith, horizon, ambient, fog, direction, night, 0.0 if night else 0.55)
