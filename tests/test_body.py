"""How the player's body moves: recorded twice, learnt, and drawn into a dream where the player is and nowhere else."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny_training import FIT

from t2w.data.bodies import Stances, walks
from t2w.data.collect import CollectConfig, collect
from t2w.data.shard import shards
from t2w.errors import T2WError
from t2w.nn import body, dynamics, parallax
from t2w.sim.camera import ISOMETRIC
from t2w.sim.walking import PHASE, SPEED

LATENTS = (12, 20)


@pytest.fixture(scope="module")
def bodies(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bodies")
    list(collect(folder, CollectConfig(episodes=5, frames=24, seed=40, mix=(("body", 1),), shard=5), workers=1))
    return folder


def test_a_walk_is_recorded_as_it_was_and_as_if_the_player_stood_as_he_did_earlier(bodies):
    (shard,) = shards(bodies)
    moved = 0
    for now, earlier in walks(shard):
        assert (now["stands"], earlier["stands"]) == ("now", "earlier")
        assert np.array_equal(shard.frame(now["start"]), shard.frame(earlier["start"]))
        near, pose = shard.geometry
        for t in range(1, now["frames"]):
            a, b = now["start"] + t, earlier["start"] + t
            assert np.array_equal(pose[a], pose[b])
            apart = np.abs(shard.frame(a).astype(int) - shard.frame(b)).max(2) > 24
            world = ((near[a] >= 0) & (near[b] >= 0)).repeat(2, 0).repeat(2, 1)
            moved += apart.sum() > 20
            assert (apart & world).mean() < 0.01  # his shadow
    assert moved > 20


def test_who_is_posed_as_he_stood_is_where_he_is():
    from t2w.actions.action import Action
    from t2w.sim.simulator import Simulator
    from t2w.sim.spec import sample

    sim = Simulator(replace(sample(7), view=ISOMETRIC))
    since = sim.state.copy()
    for _ in range(8):
        sim.step(Action(frozenset("w"), (6.0, 0.0)))
    posed = sim.posed(since)
    sim.frame()  # from which one faces somewhere
    assert sim.state.player[PHASE] > posed.state.player[PHASE] == 0 and posed.state.player[SPEED] == 0
    assert np.array_equal(posed.state.player[:3], sim.state.player[:3])
    assert posed.facing() != pytest.approx(sim.facing()) and sim.stance()[1] > 3


def test_how_one_stands_is_learnt_from_actions_alone(bodies):
    from t2w.train.body import learn_standing

    stances = Stances(shards(bodies), body.BodyConfig().history)
    phase = stances.steps["phase"]
    standing = body.Body(body.BodyConfig()).standing
    list(learn_standing(standing, stances, steps=300))
    with torch.no_grad():
        guess, rest = standing(stances.steps["history"].float(), stances.steps["afloat"])
    assert (guess - phase).abs().mean() < 0.3 * (phase - phase.mean()).abs().mean()
    assert (rest[:, 1] - stances.steps["rest"][:, 1]).abs().mean() < 0.2  # on the ground, or not


def test_bodies_are_learnt_and_go_into_a_world(bodies, data, encoder, tmp_path):
    from t2w.train.body import train_body
    from t2w.train.dynamics import train_dynamics
    from t2w.train.parallax import of
    from t2w.worlds import registry
    from t2w.worlds.check import check
    from t2w.worlds.pretrained import load_autoencoder, save_part

    logs = list(train_body(bodies, encoder, tmp_path / "body", body.TINY, replace(FIT, steps=100, batch=16, lr=3e-3)))
    assert logs[-1]["look"]["left"] < 1 and 0 < logs[-1]["moves"] < 0.5
    save_part(of(load_autoencoder(encoder), parallax.TINY), tmp_path / "parallax")
    how = {"body": tmp_path / "body", "frames": 16, "dreams": 0.0}
    with pytest.raises(T2WError, match="--parallax"):
        next(train_dynamics(data, encoder, tmp_path / "world", dynamics.TINY, FIT, **how))
    list(train_dynamics(data, encoder, tmp_path / "world", dynamics.TINY, FIT, parallax=tmp_path / "parallax", **how))
    world = registry.load(str(tmp_path / "world"))
    assert all(ok for _, ok, _ in check(world))
    assert world.carrier.body.config.channels == body.TINY.channels
    with pytest.raises(T2WError, match="--only body"):
        next(train_body(data, encoder, tmp_path / "none", body.TINY, FIT))


def test_who_swims_is_drawn_without_a_look_at_where_he_was():
    player = torch.zeros(2, 1, 12, 20)
    player[:, 0, 5, 7] = 1
    who_walks, who_swims = body.hiding(player, torch.tensor([0.0, 1.0]))
    assert who_walks.sum() == 9 and who_walks[0, 4:7, 6:9].all() and who_swims.all()


def test_he_is_drawn_in_his_window_and_nowhere_else():
    config = replace(body.TINY, high=4, wide=5)
    model = body.Body(config)
    player = torch.zeros(2, *LATENTS)
    player[0, 6:8, 10:12] = player[1, 11, 19] = 1  # in the middle, and in a corner
    at = model.around(player)
    assert at.tolist() == [[5, 8], [8, 15]]
    assert model.around(torch.zeros(1, *LATENTS)).tolist() == [[4, 8]]
    frame, first, hidden = torch.randn(2, 8, *LATENTS), torch.randn(2, 8, *LATENTS), torch.zeros(2, 1, *LATENTS)
    new, share = model(frame, first, torch.randn(2, 15), hidden, at)
    drawn = model.drawn(frame, new, share, at)
    changed = (drawn != frame).any(1)
    assert changed.sum().item() == 2 * 4 * 5 and changed[0, 5:9, 8:13].all() and changed[1, 8:, 15:].all()
    assert torch.equal(body.cut(drawn, at, (4, 5))[0], drawn[0, :, 5:9, 8:13])


def test_what_is_hidden_of_him_has_no_say():
    model = body.Body(body.TINY)
    frame, first, told, at = torch.randn(1, 8, *LATENTS), torch.randn(1, 8, *LATENTS), torch.randn(1, 15), torch.tensor([[2, 5]])
    hidden = torch.zeros(1, 1, *LATENTS)
    hidden[..., 4:7, 8:10] = 1
    other = torch.where(hidden > 0, torch.randn_like(frame), frame)
    assert torch.equal(model(frame, first, told, hidden, at)[0], model(other, first, told, hidden, at)[0])
    assert not torch.equal(model(frame, first, told, 0 * hidden, at)[0], model(other, first, told, 0 * hidden, at)[0])
