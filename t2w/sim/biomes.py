"""The ten biomes in numbers: name in, colours, hilliness, water level and trees out."""

from dataclasses import dataclass

Color = tuple[float, float, float]


@dataclass(frozen=True)
class Biome:
    ground: Color
    high: Color  # ground of the hilltops
    shore: Color
    hills: float  # metres
    water: float  # level, metres
    tree: str
    trees: int  # wished for
    water_color: Color


BIOME = {
    "meadow": Biome((0.33, 0.55, 0.18), (0.42, 0.52, 0.25), (0.74, 0.66, 0.42), 3.5, -0.8, "oak", 90, (0.12, 0.33, 0.45)),
    "pine forest": Biome((0.20, 0.38, 0.16), (0.36, 0.37, 0.28), (0.45, 0.38, 0.26), 5.0, -1.6, "pine", 300, (0.10, 0.25, 0.33)),
    "autumn forest": Biome((0.45, 0.36, 0.14), (0.50, 0.40, 0.20), (0.50, 0.40, 0.28), 4.0, -1.4, "autumn", 210, (0.13, 0.25, 0.30)),
    "snowfield": Biome((0.82, 0.85, 0.92), (0.88, 0.90, 0.96), (0.62, 0.68, 0.76), 5.0, -1.6, "snowpine", 130, (0.20, 0.38, 0.50)),
    "desert": Biome((0.72, 0.54, 0.31), (0.66, 0.46, 0.25), (0.66, 0.56, 0.34), 4.0, -2.6, "cactus", 60, (0.10, 0.42, 0.46)),
    "tropical island": Biome((0.36, 0.62, 0.20), (0.30, 0.52, 0.20), (0.88, 0.79, 0.56), 4.0, 0.2, "palm", 90, (0.05, 0.50, 0.58)),
    "canyon": Biome((0.72, 0.38, 0.22), (0.80, 0.50, 0.30), (0.66, 0.46, 0.30), 9.0, -2.5, "bush", 50, (0.16, 0.40, 0.42)),
    "volcanic": Biome((0.17, 0.15, 0.16), (0.26, 0.20, 0.19), (0.22, 0.13, 0.10), 8.0, -1.4, "dead", 45, (1.00, 0.33, 0.05)),
    "swamp": Biome((0.24, 0.30, 0.14), (0.30, 0.33, 0.17), (0.25, 0.22, 0.13), 1.6, 0.05, "willow", 140, (0.17, 0.21, 0.10)),
    "alien": Biome((0.40, 0.22, 0.52), (0.34, 0.42, 0.58), (0.62, 0.42, 0.66), 5.0, -1.2, "mushroom", 130, (0.25, 0.75, 0.62)),
}
SNOW_COLOR = (0.88, 0.91, 0.97)


def mix(a: Color, b: Color, share: float) -> Color:
    return (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share)


def shade(color: Color, factor: float) -> Color:
    return (min(color[0] * factor, 1.0), min(color[1] * factor, 1.0), min(color[2] * factor, 1.0))
