"""A world as arrays: a Spec in, everything that physics and the renderer need out. The same Spec gives the same Scene."""

from dataclasses import dataclass

import numpy as np

from t2w.sim.biomes import BIOME
from t2w.sim.furnish import crates, creatures, lamp_posts
from t2w.sim.ground import height_at
from t2w.sim.landmarks import BUILDERS, Building
from t2w.sim.layout import plan, start_yaw
from t2w.sim.light import Light, light
from t2w.sim.parts import Parts, table
from t2w.sim.spec import COLORS, Spec
from t2w.sim.terrain import terrain
from t2w.sim.vegetation import grow


@dataclass
class Scene:
    spec: Spec
    height: np.ndarray  # (129, 129) metres
    normal: np.ndarray  # (129, 129, 3)
    color: np.ndarray  # (129, 129, 3) float32
    water_level: float
    water_color: tuple[float, float, float]
    lava: bool
    light: Light
    rows: np.ndarray  # (n, 18) instances that never move
    circles: np.ndarray  # (n, 4) x y r top
    boxes: np.ndarray  # (n, 7) x0 x1 y0 y1 z0 z1 active
    crates: np.ndarray  # (n, 8) x y z half vx vy vz alive
    creatures: np.ndarray  # (n, 8) x y z yaw phase timer speed flee
    lamps: np.ndarray  # (n, 3)
    door: np.ndarray  # (6,) box index or -1, target open, x, y, cooldown, openness
    hinge: np.ndarray  # (4,) x y z width
    shelter: np.ndarray  # (6,) x0 x1 y0 y1 z0 z1 inside the building; zeros if there is no inside
    start: tuple[float, float, float, float]  # x y z yaw


def build(spec: Spec) -> Scene:
    # One stream a part, so that a changed attribute leaves the other parts of the same seed alone.
    rngs = np.random.default_rng(spec.seed).spawn(7)
    biome = BIOME[spec.biome]
    layout = plan(spec, rngs[0])
    ground = terrain(spec, layout, rngs[1])
    yaw = start_yaw(layout, ground.height, rngs[2])
    parts, building, dry = Parts(), Building(), biome.water + 0.2
    if layout.landmark is not None:
        draws = rngs[3].random(8).tolist()
        building = BUILDERS[spec.landmark](parts, *layout.landmark, ground.landmark_z, COLORS[spec.landmark_color], draws)
    grow(parts, spec, ground, layout, rngs[4])
    lamp_posts(parts, ground.height, dry, layout, yaw, rngs[5])
    animal_rng, crate_rng = rngs[6].spawn(2)
    animals = [] if spec.creature == "none" else creatures(ground.height, dry, layout, yaw, animal_rng)
    x, y = layout.start
    return Scene(
        spec=spec,
        height=ground.height,
        normal=ground.normal,
        color=ground.color,
        water_level=biome.water,
        water_color=biome.water_color,
        lava=spec.biome == "volcanic",
        light=light(spec),
        rows=parts.rows(),
        circles=table(parts.circles, 4),
        boxes=table(parts.boxes, 7),
        crates=table(crates(ground.height, dry, layout, crate_rng), 8),
        creatures=table(animals, 8),
        lamps=table(parts.lamps, 3),
        door=building.door,
        hinge=building.hinge,
        shelter=building.shelter,
        start=(x, y, float(height_at(ground.height, x, y)), yaw),
    )
