"""Frames that follow each other: where each place of one was in the other, and what is told of how it came to that."""

import math
import random

import numpy as np
import pytest
import torch

from t2w.actions import Action
from t2w.data.pairs import at_rest, drawn, flow_between, rigid_between
from t2w.data.pictures import to_picture
from t2w.data.record import follow
from t2w.data.shard import Episode, from_jpeg
from t2w.nn.geometry import projected
from t2w.nn.view import places
from t2w.sim.render import Renderer
from t2w.sim.simulator import Simulator
from t2w.sim.spec import sample
from t2w.sim.walking import SWIM, YAW, X, Y


def test_depth_and_pose_say_where_each_place_was_before():
    """A picture moved so is nearly the next one; moved the other way it is farther off than if it had not been moved."""
    sim = Simulator(sample(3, view="first-person", weather="clear", biome="meadow"), renderer=Renderer(160, 96))
    walk = Episode({})
    follow(sim, walk, iter([Action(frozenset("w"), mouse=(3.0, 0.0))] * 8))
    picture, then = (to_picture(from_jpeg(walk.jpegs[t]))[None] for t in (6, 7))
    near, *poses = (torch.from_numpy(part) for part in (walk.near[7].astype(np.float32), walk.pose[6], walk.pose[7]))
    still, old, new = places(48, 80, near.device), *(pose[None] for pose in poses)
    flow, known = (part[0] for part in flow_between(near[None], old, new))
    assert known.float().mean() > 0.8  # all but the hands
    rotation, shift, lens, _ = rigid_between(old, new)
    rigid, _ = projected(near[None].clamp(min=0), rotation, shift, lens, lens)
    assert torch.allclose(torch.where(near[..., None] < 0, still, rigid[0]), flow, atol=1e-4)
    (a, b), (there, here) = (pose[:9].view(3, 3) for pose in poses), (pose[9:] for pose in poses)  # by hand, in the world's own axes
    x, y = still[..., None].unbind(-2)
    point = x * b[0] - y * b[1] + b[2] + near.clamp(min=0)[..., None] * (here - there)
    across, up, ahead = (point @ (a / a.square().sum(1, keepdim=True)).T).unbind(-1)
    assert torch.allclose(torch.where(near[..., None] < 0, still, torch.stack([across, -up], -1) / ahead[..., None]), flow, atol=1e-4)

    assert unlike(picture, then, flow) < 0.5 * unlike(picture, then, still)
    assert unlike(picture, then, 2 * still - flow) > unlike(picture, then, still)


def unlike(picture: torch.Tensor, then: torch.Tensor, to: torch.Tensor, rows: slice = slice(6, -6)) -> float:
    """How far off a picture is that is moved so, away from the edges: what comes into view there is not in the picture."""
    at = torch.nn.functional.grid_sample(picture, to[None], align_corners=False)
    true = torch.nn.functional.grid_sample(then, places(48, 80, to.device)[None], align_corners=False)
    return (at - true)[..., rows, 12:-12].abs().mean().item()


@pytest.mark.parametrize("seed", [6, 7])
def test_the_sea_moves_as_its_surface_does_and_not_as_its_bed(seed):
    sim = Simulator(sample(seed, view="third-person", weather="clear", time="noon", biome="tropical island"), renderer=Renderer(160, 96))
    assert sim.place("shore", random.Random(seed)) == "shore"
    for _ in range(40):
        sim.step(Action(frozenset("w")))
    assert sim.state.player[SWIM] == 1
    yaw, seen = sim.state.player[YAW], []
    for aside in (0.0, 0.4):
        sim.state.player[X] += aside * math.cos(yaw)
        sim.state.player[Y] += aside * math.sin(yaw)
        picture = to_picture(sim.frame())[None]
        seen.append((picture, sim.renderer.nearness().astype(np.float32), sim.renderer.pose))
    (picture, _, old), (then, near, new) = seen
    bed = np.where(near < 0, near, sim.renderer.near[2::4, 2::4])
    surface, below = (flow_between(*(torch.from_numpy(part)[None] for part in (way, old, new)))[0][0] for way in (near, bed))
    by_surface, by_bed, by_none = (unlike(picture, then, to, slice(28, 42)) for to in (surface, below, places(48, 80, surface.device)))
    assert by_surface < 0.7 * min(by_bed, by_none)


def test_of_what_was_done_only_what_was_before_one_stood_still_is_not_told():
    """A dream begins at rest: who has been going, and of whom that is not told, would go on by himself there."""
    still = torch.zeros(2, 8, dtype=torch.bool)
    still[0, [2, 5]] = True  # two and five actions ago; the other one has been going all the time
    steps = {"history": torch.ones(2, 8, 3).half(), "still": still, "which": torch.arange(2)}
    batch = drawn(steps, 400, torch.Generator().manual_seed(0))
    told, which = batch["history"][..., 0].sum(1), batch["which"]
    assert batch["history"].dtype == torch.float32 and set(batch) == {"history", "which"}
    assert set(told[which == 1].tolist()) == {8.0} and set(told[which == 0].tolist()) == {3.0, 6.0, 8.0}
    assert (told[which == 0] == 8).float().mean() > 0.6  # as a rule all is told
    stood = at_rest(torch.cat([torch.zeros(4, 9), torch.tensor([[0.0] * 3, [0.3, 0, 0], [0.3, 0, 0], [0.3, 0.1, 0]])], 1))
    assert stood.tolist() == [True, False, True, False]
