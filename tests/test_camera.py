"""Keys and mouse become a camera path: x right, y down, z ahead; what is undone in reverse order leads back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2w.actions.action import Action
from t2w.worlds.camera import HIGHEST, Camera, intrinsics, moves, path, poses

W, A, S, D = (Action(frozenset(key)) for key in "wasd")
RIGHT = Action(mouse=(90.0, 0.0))


def last(*actions: Action, speed: float = 1.0) -> np.ndarray:
    return poses(path(Camera(), actions, speed))[-1]


def place(*actions: Action) -> list[float]:
    return last(*actions)[:3, 3].round(5).tolist()


def test_standing_still_is_the_identity():
    assert np.array_equal(poses(path(Camera(), [Action()] * 3, 0.05)), np.stack([np.eye(4)] * 4))


@pytest.mark.parametrize(("key", "where"), [(W, [0, 0, 1]), (S, [0, 0, -1]), (D, [1, 0, 0]), (A, [-1, 0, 0])])
def test_keys_walk_ahead_back_and_aside(key, where):
    assert place(key) == where
    assert place(key, key, key) == [3 * x for x in where]


def test_speed_is_the_way_in_a_frame_on_the_diagonal_too():
    assert last(W, W, speed=0.05)[2, 3] == pytest.approx(0.1)
    assert np.linalg.norm(last(Action(frozenset("wd")))[:3, 3]) == pytest.approx(1)
    assert place(Action(frozenset("ws"))) == place(Action(frozenset("wasd"))) == [0, 0, 0]


def test_after_a_turn_ahead_is_where_the_camera_looks():
    assert place(RIGHT, W) == [1, 0, 0]
    assert last(RIGHT)[:3, 2].round(5).tolist() == [1, 0, 0]  # its z is the world's x
    assert place(RIGHT, D) == [0, 0, -1]
    assert place(RIGHT, RIGHT, W) == [0, 0, -1]
    assert place(Action(mouse=(-90.0, 0.0)), W) == [-1, 0, 0]


def test_looking_up_raises_the_view_and_not_the_walker():
    up = Action(mouse=(0.0, -30.0))
    assert last(up)[:3, 2] == pytest.approx([0, -0.5, 3**0.5 / 2])
    assert place(up, W, RIGHT, W) == [1, 0, 1]


def test_nobody_looks_behind_over_his_head():
    assert path(Camera(), [Action(mouse=(0.0, -50.0))] * 3, 1)[-1].pitch == HIGHEST
    assert path(Camera(), [Action(mouse=(0.0, 50.0))] * 3, 1)[-1].pitch == -HIGHEST


actions = st.lists(
    st.builds(Action, st.frozensets(st.sampled_from("wasd")), st.tuples(st.floats(-20, 20), st.floats(-4, 4))), min_size=1, max_size=20
)


@given(actions)
def test_what_is_undone_in_reverse_order_leads_back(there):
    opposite = {"w": "s", "s": "w", "a": "d", "d": "a"}
    back = [Action(frozenset(opposite[key] for key in a.keys), (-a.mouse[0], -a.mouse[1])) for a in reversed(there)]
    assert np.allclose(last(*there, *back), np.eye(4), atol=1e-4)


@given(actions)
def test_poses_are_rigid_and_moves_chained_give_them_back(walk):
    c2w = poses(path(Camera(pitch=10.0), walk, 0.3))
    rotations = c2w[:, :3, :3]
    assert np.allclose(rotations @ rotations.transpose(0, 2, 1), np.eye(3), atol=1e-5) and np.allclose(np.linalg.det(rotations), 1)
    pose = c2w[0].astype(np.float64)
    for row, wanted in zip(moves(c2w), c2w[1:], strict=True):
        move = np.eye(4)
        move[:3, 3], x, y = row[:3], row[3:6], row[6:]
        move[:3, :3] = np.stack([x, y, np.cross(x, y)], axis=1)
        pose = pose @ move
        assert np.allclose(pose, wanted, atol=1e-4)


def test_a_move_is_told_as_the_camera_before_it_sees_it():
    still, ahead = moves(poses(path(Camera(), [Action(), W], 0.1)))
    assert still.tolist() == [0, 0, 0, 1, 0, 0, 0, 1, 0]
    assert moves(poses(path(Camera(yaw=77.0), [W], 0.1)))[0] == pytest.approx(ahead, abs=1e-6)
    assert ahead[:3] == pytest.approx([0, 0, 0.1])


def test_the_field_of_view_reaches_from_edge_to_edge():
    fx, fy, cx, cy = intrinsics(1280, 704, 90.0)
    assert (fx, fy, cx, cy) == pytest.approx((640, 640, 640, 352))
    edge = np.degrees(np.arctan2(1280 - cx, intrinsics(1280, 704, 70.0)[0]))
    assert 2 * edge == pytest.approx(70)


def test_turning_right_moves_the_picture_left():
    fx, _, cx, _ = intrinsics(640, 360, 70.0)
    far = np.array([0, 0, 10, 1])
    x, _, z, _ = np.linalg.inv(last(Action(mouse=(5.0, 0.0)))) @ far
    assert cx + fx * x / z < cx - 30
    _, y, z, _ = np.linalg.inv(last(Action(mouse=(0.0, -5.0)))) @ far
    assert y > 0  # looking up moves it down
