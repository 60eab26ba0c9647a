"""Where episodes start: a wish such as "door" in, a free place and a heading beside one out."""

import math

import numpy as np

from t2w.errors import T2WError
from t2w.sim.creatures import can_stand
from t2w.sim.ground import height_at
from t2w.sim.rows import KIND, LANDMARK
from t2w.sim.walking import EDGE, SIZE, inside

NEAR = ("crate", "door", "shore", "creature", "landmark", "open")
MIDDLE = (64.0, 66.0)
RANGE, SHORES = 24.0, 36.0  # metres from the middle
TRIES = 40


def heading(x: float, y: float, to_x: float, to_y: float) -> float:
    return math.atan2(x - to_x, to_y - y)


def between(rng, low: float, high: float) -> float:
    return low + (high - low) * rng.random()


def find(near: str, rng, scene, state) -> tuple[str, tuple[float, float, float, float]]:
    """The place's name ("open" when the wish cannot be met) and x, y, z, yaw."""
    if near not in NEAR:
        raise T2WError(f"no place called {near!r}; there are: {', '.join(NEAR)}")
    propose = {"crate": _crate, "door": _door, "shore": _shore, "creature": _creature, "landmark": _landmark, "open": _open}
    heights = np.ascontiguousarray(scene.height, np.float64)
    for name in (near, "open"):
        for _ in range(TRIES):
            place = propose[name](rng, scene, state)
            if place is not None and _free(place[0], place[1], scene, state, heights):
                return name, (place[0], place[1], float(height_at(heights, place[0], place[1])), place[2])
    x, y, z, yaw = (float(v) for v in scene.start)
    return "open", (x, y, z, yaw)


def _free(x: float, y: float, scene, state, heights) -> bool:
    if not (EDGE < x < SIZE - EDGE and EDGE < y < SIZE - EDGE) or math.hypot(x - MIDDLE[0], y - MIDDLE[1]) > SHORES + 2:
        return False
    z = float(height_at(heights, x, y))
    if inside(x, y, z, scene.shelter):
        return False
    dry = z > scene.water_level + 0.15
    alone = len(state.creatures) == 0 or np.hypot(state.creatures[:, 0] - x, state.creatures[:, 1] - y).min() > 1.0
    ground = (heights, float(scene.water_level), bool(scene.lava))
    return bool(dry and alone and can_stand(x, y, z, *ground, scene.circles, state.boxes, state.crates))


def _beside(rng, x: float, y: float, nearest: float, farthest: float) -> tuple[float, float, float]:
    """A point around (x, y), about facing it."""
    angle, far = between(rng, 0, 2 * math.pi), between(rng, nearest, farthest)
    px, py = x + far * math.cos(angle), y + far * math.sin(angle)
    return px, py, heading(px, py, x, y) + between(rng, -0.25, 0.25)


def _pick(rng, things: np.ndarray):
    return None if len(things) == 0 else things[int(rng.random() * len(things))]


def _crate(rng, scene, state):
    crate = _pick(rng, state.crates[state.crates[:, 7] > 0])
    return None if crate is None else _beside(rng, crate[0], crate[1], crate[3] + 0.8, crate[3] + 2.2)


def _creature(rng, scene, state):
    creature = _pick(rng, state.creatures)
    return None if creature is None else _beside(rng, creature[0], creature[1], 1.5, 3.5)


def _door(rng, scene, state):
    """Outside, before the middle of the door: away from the inside of the building."""
    if state.door[0] < 0:
        return None
    x, y = state.door[2], state.door[3]
    out_x, out_y = outward(scene, state)
    far, aside = between(rng, 1.0, 2.4), between(rng, -0.3, 0.3)
    px, py = x + out_x * far - out_y * aside, y + out_y * far + out_x * aside
    return px, py, heading(px, py, x, y)


def outward(scene, state) -> tuple[float, float]:
    """Unit vector along x or y from the inside of the building out of its door."""
    dx = state.door[2] - (scene.shelter[0] + scene.shelter[1]) / 2
    dy = state.door[3] - (scene.shelter[2] + scene.shelter[3]) / 2
    return (math.copysign(1.0, dx), 0.0) if abs(dx) > abs(dy) else (0.0, math.copysign(1.0, dy))


def _shore(rng, scene, state):
    """Dry ground with water (or lava) a few steps ahead, the deeper the better."""
    level = scene.water_level
    rows, columns = np.indices(scene.height.shape)
    within = np.hypot(columns - MIDDLE[0], rows - MIDDLE[1]) < SHORES
    cell = _pick(rng, np.argwhere(within & (scene.height > level + 0.15) & (scene.height < level + 1.2)))
    if cell is None:
        return None
    x, y, yaw = cell[1] + between(rng, -0.4, 0.4), cell[0] + between(rng, -0.4, 0.4), between(rng, -math.pi, math.pi)
    ways = [yaw + turn * math.pi / 4 for turn in range(8)]
    ahead = [[height_at(scene.height, x - math.sin(a) * d, y + math.cos(a) * d) - level for d in (1.0, 3.0, 5.0)] for a in ways]
    wet = [(deep, a) for a, (near, middle, deep) in zip(ways, ahead) if near < 0.8 and middle < -0.2 and deep < -0.4]
    return (x, y, min(wet)[1]) if wet else None


def _landmark(rng, scene, state):
    rows = scene.rows[scene.rows[:, KIND] == LANDMARK]
    if len(rows) == 0:
        return None
    x, y = rows[:, 9].mean(), rows[:, 10].mean()
    return _beside(rng, x, y, 7.0, 14.0)


def _open(rng, scene, state):
    angle, far = between(rng, 0, 2 * math.pi), RANGE * math.sqrt(rng.random())
    return MIDDLE[0] + far * math.cos(angle), MIDDLE[1] + far * math.sin(angle), between(rng, -math.pi, math.pi)
