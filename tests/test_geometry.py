"""Where points fall, and who is stopped by what: with depths made by hand."""

import math

import pytest
import torch

from t2w.nn.geometry import ROOM, compared, crisp, fallen, head_over_feet, projected, stopped
from t2w.nn.parallax import in_the_next
from t2w.nn.view import places

LENS, H, W = torch.tensor([[1.2, 0.72]]), 24, 40


def test_points_fall_into_the_next_view_the_nearest_on_top_and_leave_no_cracks():
    """A post two metres off, a wall at twenty: after a step to the right the post stands farther left, and is as wide as it was."""
    here, nobody = torch.full((1, H, W), 0.05), -torch.ones(1, H, W)
    here[:, :, 18:22] = 0.5
    still, aside, ahead = (
        in_the_next(here, nobody, torch.eye(3)[None], torch.tensor([shift]), LENS)
        for shift in ([0.0, 0.0, 0.0], [0.72, 0.0, 0.0], [0.0, 0.0, 0.4])
    )
    assert still.equal(here)
    post = (aside[0] > 0.3).float().mean(0)
    assert post[12:16].min() == 1 and post[:11].max() == 0 and post[17:].max() == 0  # 0.72 m of 2.4 m, which are 20 places wide
    assert (compared(aside) - compared(here).amin()).abs()[:, :, 17:].max() < 1e-3  # the wall goes on behind it
    post = (ahead[0] > 0.3).float().mean(0)
    assert post[18:22].min() == 1 and ahead[0, :, 19:21].min() > 0.6  # nearer, and whole


def test_from_above_the_player_is_over_his_feet_and_stops_before_what_stands():
    """Ten metres above a plain, looking down by half a right angle: he stands in the middle, a wall as high as he two metres behind him."""
    lens, tilt = torch.tensor([[0.6, 0.36]]), torch.tensor([math.pi / 4])
    down = places(H, W, tilt.device)[..., 1] * 0.36
    falls, recedes = (1 + down) * 0.5**0.5, (1 - down) * 0.5**0.5  # of a ray, for each metre ahead
    plain = (falls / 10)[None]
    wall = torch.where((recedes * 10 / falls > 12) & (recedes * 8.3 / falls < 12), recedes / 12, plain[0])[None]
    player = torch.full((1, H, W), -9.0)
    player[:, 9:12, 18:22] = 9.0
    head = head_over_feet(plain, player > 0, tilt, lens)
    upright = torch.tensor([[0.0, 0.5**0.5, 0.5**0.5], [0.0, -(0.5**0.5), 0.5**0.5]])  # down and onward, as the eye sees them
    below, onward = (head @ upright.T)[0].tolist()
    assert below == pytest.approx(8.5, abs=0.01) and onward == pytest.approx(10, abs=0.5) and abs(head[0, 0]) < 0.1

    def onto(view: torch.Tensor, far: float) -> float:
        step = far * upright[1:]
        return (stopped(view, player <= 0, step, lens, head, tilt) @ upright[1]).item()

    assert onto(plain, 4.0) == pytest.approx(4.0) and onto(wall, 1.0) == pytest.approx(1.0) and onto(wall, -4.0) == pytest.approx(-4.0)
    assert onto(wall, 4.0) == pytest.approx(12 - onward - ROOM, abs=0.2)


def test_nobody_walks_through_a_wall():
    wall, all_count = torch.full((1, H, W), 1 / 3), torch.ones(1, H, W).bool()

    def step(*to: float, counts: torch.Tensor = all_count, before: float = 0.0) -> list[float]:
        return stopped(wall, counts, torch.tensor([to]), LENS, torch.tensor([[0.0, 0.0, before]]), torch.zeros(1))[0].tolist()

    assert step(0.0, -0.1, 1.0) == pytest.approx([0.0, -0.1, 1.0])  # it is three metres away
    assert step(0.0, 0.0, 9.0) == pytest.approx([0.0, 0.0, 3 - ROOM], abs=0.1)
    # Who is seen from behind is there before the eye.
    assert step(0.0, 0.0, 9.0, before=2.0) == pytest.approx([0.0, 0.0, 1 - ROOM], abs=0.1)
    assert step(0.0, 0.0, -9.0) == pytest.approx([0.0, 0.0, -9.0])  # and not behind
    assert step(0.0, 0.0, 9.0, counts=~all_count) == pytest.approx([0.0, 0.0, 9.0])  # the player does not stand in his own way
    wall = torch.full((1, H, W), 1 / 0.4)  # who stands before one goes along it, and away
    assert step(0.0, 0.0, 0.3)[2] < 0.1 and step(0.3, 0.0, 0.0)[0] > 0.25 and step(0.3, 0.0, 0.1)[0] > 0.25
    assert step(0.0, 0.0, -0.3)[2] == pytest.approx(-0.3)
    wall = torch.full((1, H, W), 1 / 3)
    across, _, on = step(0.4, 0.0, 3.0)
    assert on < 3 - 0.8 * ROOM and across > 0.3  # along it one goes on
    rows = (torch.arange(H) * 2 + 1) / H - 1
    wall = (rows * LENS[0, 1] / 0.5).clamp(min=0)[None, :, None].expand(1, H, W)  # water half a metre below one's eyes is none
    assert step(0.0, 0.0, 3.0) == pytest.approx([0.0, 0.0, 3.0])


def test_what_is_far_is_not_seen_through_what_comes_near():
    """Its points fall farther apart then, and those of the hills behind it as close as ever."""
    near = torch.full((1, H, W), 0.02)
    near[:, 8:16, 14:26] = 1 / 8
    at, ahead = projected(near, torch.eye(3)[None], torch.tensor([[0.0, 0.0, -5.0]]), LENS, LENS)
    found = fallen(near, at, ahead, near > 0, 0)
    large = (slice(None), slice(3, 21), slice(5, 35))  # 8 / 3 times as large
    assert (found[large] - 1 / 3).abs().max() < 1e-4 and found[:, :, :2].max() < 0.05


def test_between_a_thing_and_what_is_behind_it_there_is_nothing():
    slope = torch.linspace(0.05, 0.3, H)[None, :, None].expand(1, H, W)
    for between, found in ((0.3, 0.5), (0.1, 0.02)):
        edge = torch.tensor([0.5] * 20 + [between] + [0.02] * 19).expand(1, H, W)
        assert torch.allclose(crisp(edge), torch.where(edge == between, found, edge), atol=1e-5)
    assert torch.allclose(crisp(slope), slope, atol=1e-5)


def test_who_is_seen_from_above_goes_where_he_faces():
    from t2w.nn.parallax import TINY, Gait, histories

    torch.manual_seed(0)
    gait, told = Gait(TINY), histories(torch.rand(1, 3, TINY.actions), TINY.gait)[:, -1]
    faces = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    tilt = torch.tensor(0.7)
    steps = gait(told.expand(3, -1, -1), faces, tilt.expand(3), torch.eye(3).expand(3, 3, 3), torch.zeros(3))
    assert torch.allclose(steps[0, :-1], steps[1, :-1])  # else one goes where one looks
    ahead, right, back = steps[:, -1]
    up = torch.stack([torch.zeros(()), tilt.cos(), tilt.sin()])  # of what stands upright, in the tilted view
    level = [step - (step @ up) * up for step in (ahead, right, back)]
    assert torch.allclose(level[0], -level[2], atol=1e-5) and abs(level[0] @ level[1]) < 1e-5
    assert torch.allclose(torch.stack([step @ up for step in steps[:, -1]]), (ahead @ up).expand(3), atol=1e-5)
