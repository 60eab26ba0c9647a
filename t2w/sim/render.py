"""A scene, an eye and the rows that move => a picture, and the kind of thing in every pixel."""

import math

import numpy as np

from t2w.sim.environment import Arrays, environment, nearest_lamps
from t2w.sim.meshes import meshes
from t2w.sim.raster import GRID, draw_instances, draw_terrain
from t2w.sim.rows import CHARACTER, COLUMNS, TOOL
from t2w.sim.shading import gamma_table, resolve
from t2w.sim.shadow import sun_matrix
from t2w.sim.texture import noise_tile
from t2w.sim.weather import COUNT, FALL, fall, particles

MOST_MOVING = 256  # moving rows that fit without growing the buffer
STILL_SHADOW, STILL_REACH = 768, 64.0  # texels a side, metres from the centre to the edge
MOVING_SHADOW, MOVING_REACH = 160, 8.0
CENTRE = (64.0, 66.0, 2.0)  # of the still shadow map
NO_VIEW = np.zeros(6)
HARDLY_ABOVE = 1.2  # metres: from less far above it, water does not move as what is so near: most of what one sees in it is the sky


def view_axes(forward, fov_degrees: float, aspect: float) -> np.ndarray:
    """(3 3): right and up as long as half the picture at depth 1, and the unit forward. fov is vertical."""
    x, y, z = (float(v) for v in forward)
    length, level = math.hypot(x, y, z), math.hypot(x, y)
    x, y, z, right_x, right_y = x / length, y / length, z / length, y / level, -x / level
    half = math.tan(math.radians(fov_degrees) / 2)
    wide = half * aspect
    return np.array((
        (right_x * wide, right_y * wide, 0.0),
        (right_y * z * half, -right_x * z * half, (right_x * y - right_y * x) * half),
        (x, y, z),
    ))  # fmt: skip


def view_matrix(axes: np.ndarray, eye) -> np.ndarray:
    """(3 4): world => clip x, clip y, depth."""
    matrix = np.empty((3, 4))
    matrix[:, :3] = axes / (axes**2).sum(axis=1, keepdims=True)
    matrix[:, 3] = -matrix[:, :3] @ eye
    return matrix


class Renderer:
    """Buffers for one picture size. A picture depends on the scene and the arguments of `render` only, never on earlier ones."""

    def __init__(self, width: int, height: int, samples: int = 2):
        self.width, self.height, self.samples = width, height, samples
        self.scene = None
        self.kinds = np.zeros((height, width), np.uint8)  # of the last frame: numbers of rows.KINDS
        self.pose = np.zeros(12, np.float32)  # of the last frame: the view's axes (3 3), then the eye
        self.meshes = meshes()
        self.tile = noise_tile()
        self.table = gamma_table()
        self.places = particles()
        self.near = np.zeros((height * samples, width * samples), np.float32)
        self.ids = np.zeros((height * samples, width * samples), np.int32)
        self.points = np.zeros((GRID * GRID, 6))
        self.shadow_ids = np.zeros((STILL_SHADOW, STILL_SHADOW), np.int32)
        self.still_shadow = np.zeros((STILL_SHADOW, STILL_SHADOW), np.float32)
        self.moving_shadow = np.zeros((MOVING_SHADOW, MOVING_SHADOW), np.float32)

    def load(self, scene) -> None:
        """Take a scene: its shadows are drawn once, here."""
        self.scene = scene
        self.heights = np.ascontiguousarray(scene.height, np.float64)
        self.colors = np.ascontiguousarray(scene.color, np.float32)
        self.shelter = np.asarray(scene.shelter, np.float64)
        still = np.asarray(scene.rows, np.float64).reshape(-1, COLUMNS)
        self.still_count = len(still)
        self.rows = np.zeros((len(still) + MOST_MOVING, COLUMNS))
        self.rows[: len(still)] = still
        self.still_matrix = sun_matrix(scene.light.direction, CENTRE, STILL_REACH)
        self.still_shadow[:] = 0
        matrix, near, ids = self.still_matrix, self.still_shadow, self.shadow_ids
        draw_terrain(near, ids, matrix, True, self.heights, self.points, NO_VIEW, 0.0, 0.0)
        draw_instances(near, ids, matrix, True, self.rows, self.still_count, self.meshes, 0, NO_VIEW, 0.0, 0.0)

    def render(self, eye, forward, fov_degrees: float, moving_rows: np.ndarray, focus, t: float, hide_first: int = 0) -> np.ndarray:
        """A new uint8 (h w c) picture. The first `hide_first` moving rows cast no shadow; shadows of the others are fine near focus."""
        scene, w, h = self.scene, self.width, self.height
        eye = np.asarray(eye, np.float64)
        axes = view_axes(forward, fov_degrees, w / h)
        matrix = view_matrix(axes, eye)
        count = self._place(moving_rows)
        moving_matrix = self._moving_shadow(moving_rows[hide_first:], focus)
        spread = float(np.linalg.norm(axes[0] + axes[1]))
        far = min(75.0, 2.2 / scene.light.fog)
        view = np.concatenate((eye, axes[2]))
        self.near[:] = 0
        self.ids[:] = -1
        draw_instances(self.near, self.ids, matrix, False, self.rows, count, self.meshes, 0, view, spread, far)
        draw_terrain(self.near, self.ids, matrix, False, self.heights, self.points, view, spread, far)
        pixel = 2 * math.tan(math.radians(fov_degrees) / 2) / h
        env = environment(scene, eye, t, pixel)
        around = Arrays(
            self.rows, self.heights, self.colors, self.tile, nearest_lamps(scene, focus),
            self.still_shadow, self.still_matrix, self.moving_shadow, moving_matrix,
        )  # fmt: skip
        picture = np.empty((h, w, 3), np.uint8)
        resolve(picture, self.kinds, self.near, self.ids, self.samples, env, around, axes, self.table)
        self._weather(picture, matrix, env)
        self.pose = np.concatenate((axes.ravel(), eye)).astype(np.float32)
        return picture

    def nearness(self) -> np.ndarray:
        """Of the last frame, at every other pixel, from the second on (h/2 w/2): 1 / metres along the view; 0 in the sky, -1 where the player is.
        Water is as near as its surface, and not as what lies below it; to an eye that is hardly above it, as if that were HARDLY_ABOVE."""
        near = self.near[self.samples :: 2 * self.samples, self.samples :: 2 * self.samples].astype(np.float16)
        right, down = ((np.arange(n) * 2 + 1 + 0.5 / self.samples) / n - 1 for n in near.shape[::-1])
        axes, eye = self.pose[:9].reshape(3, 3), self.pose[9:]
        above = eye[2] - self.scene.water_level
        if above > 0:
            falls = axes[1, 2] * down[:, None] - axes[0, 2] * right - axes[2, 2]  # of a ray, for each metre ahead
            near = np.maximum(near, (falls / max(above, HARDLY_ABOVE)).astype(np.float16))
        near[np.isin(self.kinds[1::2, 1::2], (CHARACTER, TOOL))] = -1
        return near

    def _place(self, moving_rows: np.ndarray) -> int:
        """Put the moving rows behind the still ones; returns how many rows there are."""
        count = self.still_count + len(moving_rows)
        if count > len(self.rows):
            self.rows = np.concatenate((self.rows[: self.still_count], np.zeros((2 * len(moving_rows), COLUMNS))))
        self.rows[self.still_count : count] = moving_rows
        return count

    def _moving_shadow(self, casting: np.ndarray, focus) -> np.ndarray:
        matrix = sun_matrix(self.scene.light.direction, focus, MOVING_REACH)
        casting = np.ascontiguousarray(casting, np.float64)
        self.moving_shadow[:] = 0
        draw_instances(self.moving_shadow, self.shadow_ids, matrix, True, casting, len(casting), self.meshes, 0, NO_VIEW, 0.0, 0.0)
        return matrix

    def _weather(self, picture: np.ndarray, matrix: np.ndarray, env) -> None:
        weather = self.scene.spec.weather
        if weather not in FALL or env.eye[2] < env.water_level:
            return
        color = np.clip(np.array(env.horizon) * 0.4 + 0.55 * (1 - 0.6 * env.night), 0, 1) * 255
        fall(
            picture, self.near, self.samples, self.places[: COUNT[weather]], matrix, env.eye, env.time, FALL[weather],
            weather == "rainy", (color[0], color[1], color[2]), self.shelter, env.water_level,
        )  # fmt: skip
