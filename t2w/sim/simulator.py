"""The simulator: a Spec becomes a world; actions go in one a frame, pictures and event bits come out."""

import copy
import math
from dataclasses import dataclass, fields, replace

import numpy as np

from t2w.actions import Action
from t2w.sim.camera import FIRST, ISOMETRIC, THIRD, foliage, look
from t2w.sim.crates import DEBRIS
from t2w.sim.moving import draw, room
from t2w.sim.physics import step
from t2w.sim.places import find
from t2w.sim.render import Renderer
from t2w.sim.rows import KINDS, ROCK, TREE
from t2w.sim.scene import Scene, build
from t2w.sim.spec import CHARACTERS, COLORS, CREATURES, FPS, HEIGHT, SPACE, WIDTH, Spec
from t2w.sim.walking import ATTACK, GROUND, PHASE, PITCH, PLAYER, SAFE_X, SAFE_Y, SPEED, SWIM, VZ, YAW, Z

SEEN = 0.005  # share of a picture's pixels that makes a kind of thing visible
HIDDEN = 1.0  # a third-person camera nearer than this would fill the picture with the player's back
STANCE = (PHASE, SPEED, GROUND, VZ, SWIM, ATTACK)  # of the player's row: what his limbs follow


@dataclass
class State:
    """All that changes: nothing else of a Simulator does. Columns as in walking.py, crates.py, creatures.py, physics.py."""

    player: np.ndarray
    crates: np.ndarray
    creatures: np.ndarray
    boxes: np.ndarray
    door: np.ndarray
    debris: np.ndarray
    random: np.ndarray
    frame: int = 0

    def copy(self) -> "State":
        return State(**{f.name: copy.copy(getattr(self, f.name)) for f in fields(self)})


def start(scene: Scene) -> State:
    player = np.zeros(PLAYER)
    player[:3], player[YAW] = scene.start[:3], scene.start[3]
    player[[SAFE_X, SAFE_Y]] = scene.start[:2]
    parts = (scene.crates, scene.creatures, scene.boxes, scene.door)
    crates, creatures, boxes, door = (np.array(part, np.float64, order="C") for part in parts)
    random = np.array([scene.spec.seed * 7919 + 17], np.int64) & 0x7FFFFFFF
    return State(player, crates, creatures, boxes, door, np.zeros((DEBRIS, 7)), random)


class Simulator:
    """A walkable world. The same spec and actions give the same bytes; forks share scene and renderer and nothing else."""

    def __init__(self, spec: Spec, width: int = WIDTH, height: int = HEIGHT, fps: float = FPS, renderer: Renderer | None = None):
        assert renderer is None or (renderer.width, renderer.height) == (width, height)
        self.spec, self.fps = spec, fps
        self.scene = build(spec)
        self.renderer = renderer or Renderer(width, height)
        self.state = start(self.scene)
        self._fixed = tuple(np.ascontiguousarray(a, np.float64) for a in (self.scene.height, self.scene.circles, self.scene.shelter))
        self._blobs = foliage(self.scene.rows, (TREE, ROCK))
        self._rows = room(self.state.crates, self.state.creatures)
        self._visible: frozenset[str] | None = None

    def step(self, action: Action) -> int:
        """One frame on; returns the bits of what happened, in the order of physics.EVENTS. Keys outside SPACE do nothing."""
        s, scene, (heights, circles, shelter) = self.state, self.scene, self._fixed
        act = np.zeros(9)
        act[:7] = [key in action.keys for key in SPACE.keys]
        act[7:] = math.radians(action.mouse[0]), math.radians(action.mouse[1])
        water, lava, dt = float(scene.water_level), bool(scene.lava), 1.0 / self.fps
        s.frame += 1
        self._visible = None
        return step(s.player, act, heights, water, lava, circles, s.boxes, shelter, s.crates, s.creatures, s.door, s.debris, s.random, dt)

    def facing(self) -> np.ndarray:
        """Which way the player faces, seen from where the eye of the last picture looks: cosine and sine of the angle, to the right (2,)."""
        ahead, yaw = self.renderer.pose[6:8], self.state.player[YAW]
        (x, y), (to_x, to_y) = ahead / max(np.linalg.norm(ahead), 1e-6), (-math.sin(yaw), math.cos(yaw))
        return np.array((x * to_x + y * to_y, y * to_x - x * to_y), np.float32)

    def stance(self) -> np.ndarray:
        """What the player's limbs follow (7,): the phase of his steps in radians, metres a second, 1 on the ground, metres a second upwards,
        1 in water, seconds that a blow still takes, and how many metres a swimmer's feet are under water."""
        player = self.state.player
        deep = self.scene.water_level - player[Z] if player[SWIM] > 0 else 0.0
        return np.append(player[list(STANCE)], deep).astype(np.float32)

    def frame(self) -> np.ndarray:
        """The picture (h w c) of this moment."""
        s, spec, (heights, circles, shelter) = self.state, self.spec, self._fixed
        eye, forward, fov, distance = look(spec.view, s.player, heights, circles, s.boxes, s.crates, shelter, self._blobs)
        near = spec.view == THIRD and distance < HIDDEN
        who, beast = CHARACTERS.index(spec.character), CREATURES.index(spec.creature)
        color, beast_color = COLORS[spec.character_color], COLORS[spec.creature_color]
        things = (s.player, s.crates, s.creatures, s.door, np.asarray(self.scene.hinge, np.float64), s.debris)
        n, own = draw(self._rows, *things, who, color, beast, beast_color, spec.view == FIRST, near, eye)
        if self.renderer.scene is not self.scene:
            self.renderer.load(self.scene)
        picture = self.renderer.render(eye, forward, fov, self._rows[:n], s.player[:3], s.frame / self.fps, own)
        share = np.bincount(self.renderer.kinds.ravel(), minlength=len(KINDS)) / self.renderer.kinds.size
        self._visible = frozenset(name for name, part in zip(KINDS, share) if part >= SEEN)
        return picture

    def visible(self) -> frozenset[str]:
        """Names of the kinds of things that cover at least 0.5 % of this moment's picture."""
        if self._visible is None:
            self.frame()
        return self._visible

    def fork(self) -> "Simulator":
        """A second future of the same moment: the same actions lead both to the same pictures."""
        other = copy.copy(self)
        other.state, other._rows = self.state.copy(), self._rows.copy()
        return other

    def unchanged(self, since: State) -> "Simulator":
        """A fork in which crates and door are as they were then, and no splinters fly; all else is as it is now."""
        other, then = self.fork(), since.copy()
        other.state = replace(other.state, crates=then.crates, door=then.door, boxes=then.boxes, debris=np.zeros_like(then.debris))
        return other

    def posed(self, since: State) -> "Simulator":
        """A fork in which the player stands as he did then, where he is now; seen from above, he faces where he did, too."""
        other = self.fork()
        columns = [*STANCE, YAW] if self.spec.view == ISOMETRIC else list(STANCE)
        other.state.player[columns] = since.player[columns]
        return other

    def place(self, near: str, rng) -> str:
        """Moves the player in front of a "crate", "door", "shore", "creature", "landmark" or into the "open".

        rng needs .random(). Returns where it led: "open" if there is no such place.
        """
        player = self.state.player
        led, (x, y, z, yaw) = find(near, rng, self.scene, self.state)
        player[:] = 0
        player[:3], player[YAW], player[PITCH] = (x, y, z), yaw, -0.2 * rng.random()
        player[[SAFE_X, SAFE_Y]] = x, y
        self._visible = None
        return led
