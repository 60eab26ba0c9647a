"""Actions to a camera path: keys walk the camera over the ground, the mouse turns it, every frame has a camera-to-world matrix.

Coordinates are OpenCV's: x right, y down, z ahead. The world's axes are those of a camera that stands level at the beginning: turning right
by 90 degrees makes the camera's z the world's x, looking up makes y smaller. Lengths are in the unit that the world model was trained with.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import cos, hypot, radians, sin, tan

import numpy as np

from t2w.actions.action import Action

KEYS = ("w", "a", "s", "d")
HIGHEST = 85.0  # degrees up or down; straight up there is no ahead


@dataclass(frozen=True)
class Camera:
    """Where a walker's eye is. Its height never changes."""

    x: float = 0.0
    z: float = 0.0
    yaw: float = 0.0  # degrees, right +
    pitch: float = 0.0  # degrees, up +

    def after(self, action: Action, speed: float) -> "Camera":
        """The camera one frame later. `speed` is its way in a frame; two keys at once are no faster than one, opposite keys stand still.

        It goes along the middle of the old heading and the new one, so that actions undone in reverse order lead back to the same place.
        A turn is taken as it is said, however fast.
        """
        ahead = ("w" in action.keys) - ("s" in action.keys)
        aside = ("d" in action.keys) - ("a" in action.keys)
        step = speed / max(1.0, hypot(ahead, aside))
        dx, dy = action.mouse
        heading = radians(self.yaw + dx / 2)
        return Camera(
            self.x + step * (ahead * sin(heading) + aside * cos(heading)),
            self.z + step * (ahead * cos(heading) - aside * sin(heading)),
            self.yaw + dx,
            max(-HIGHEST, min(HIGHEST, self.pitch - dy)),
        )

    def pose(self) -> np.ndarray:
        """Camera to world, (4 4) float64: yaw about the world's y after pitch about the camera's x."""
        a, b = radians(self.yaw), radians(self.pitch)
        yaw = np.array([[cos(a), 0, sin(a)], [0, 1, 0], [-sin(a), 0, cos(a)]])
        pitch = np.array([[1, 0, 0], [0, cos(b), -sin(b)], [0, sin(b), cos(b)]])
        pose = np.eye(4)
        pose[:3, :3] = yaw @ pitch
        pose[:3, 3] = self.x, 0, self.z
        return pose


def path(camera: Camera, actions: Sequence[Action], speed: float) -> list[Camera]:
    """n actions => n + 1 cameras, the given one first: action t leads from camera t to camera t+1."""
    cameras = [camera]
    for action in actions:
        cameras.append(cameras[-1].after(action, speed))
    return cameras


def poses(cameras: Sequence[Camera]) -> np.ndarray:
    """Camera-to-world matrices (t 4 4) float32."""
    return np.stack([camera.pose() for camera in cameras]).astype(np.float32)


def moves(c2w: np.ndarray) -> np.ndarray:
    """Camera-to-world (t 4 4) => (t-1 9) float32: each pose as the one before sees it, its place and the first two columns of its rotation.

    Two columns are a rotation that a network learns easily: Zhou et al. 2019, "On the Continuity of Rotation Representations".
    """
    c2w = c2w.astype(np.float64)
    rows = []
    for before, after in pairwise(c2w):
        back = before[:3, :3].T
        rows.append(np.concatenate([back @ (after[:3, 3] - before[:3, 3]), *(back @ after[:3, :2]).T]))
    return np.array(rows, np.float32).reshape(-1, 9)


def intrinsics(width: int, height: int, degrees: float) -> tuple[float, float, float, float]:
    """Focal lengths and centre (fx, fy, cx, cy) in pixels of a camera that sees `degrees` from the left edge to the right one."""
    focal = width / 2 / tan(radians(degrees) / 2)
    return focal, focal, width / 2, height / 2
