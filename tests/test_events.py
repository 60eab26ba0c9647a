"""What keys change in the world: recorded both ways, learnt, and dreamt without being taken back."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny_training import FIT
from torch import nn

from t2w.actions.action import Action
from t2w.data.collect import CollectConfig, collect
from t2w.data.record import CHANGE_FRAMES, CHANGED
from t2w.data.shard import shards
from t2w.errors import T2WError
from t2w.nn import dynamics, events, parallax
from t2w.sim.walking import BREAK, DOOR

FRAME = np.random.default_rng(0).integers(0, 255, (96, 160, 3), np.uint8)


@pytest.fixture(scope="module")
def changes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("changes")
    list(collect(folder, CollectConfig(episodes=5, frames=24, seed=3, mix=(("change", 1),), shard=5), workers=1))
    return folder


def test_a_change_is_recorded_as_it_was_and_as_if_it_had_not_been(changes):
    (shard,) = shards(changes)
    told = set()
    for now, ago, before in zip(*(shard.rows[k :: len(CHANGED)] for k in range(3))):
        assert [row["unchanged_since"] for row in (now, ago, before)] == list(CHANGED)
        bits = shard.events[now["start"] : now["start"] + now["frames"]]
        for t in np.flatnonzero(bits[:-1] & (BREAK | DOOR)):
            shown, without, then = (shard.frame(row["start"] + t + 1).astype(int) for row in (now, ago, before))
            assert np.array_equal(without, then)  # one frame after the event, both are as before it
            told.add(int(bits[t]) & (BREAK | DOOR) if np.abs(shown - without).max() > 24 else 0)
        if not (bits & (BREAK | DOOR)).any() and now["place"] == "crate":
            assert np.array_equal(shard.frame(now["start"] + 5), shard.frame(before["start"] + 5))
    assert told >= {BREAK, DOOR}


def test_equal_frames_are_encoded_once(changes):
    (shard,) = shards(changes)
    firsts, which = shard.firsts()
    assert len(firsts) < len(shard) == len(which)
    assert all(np.array_equal(shard.frame(i), shard.frame(firsts[k])) for i, k in list(enumerate(which))[::17])


def test_events_are_learnt_and_go_into_a_world(changes, data, encoder, tmp_path):
    from t2w.train.dynamics import train_dynamics
    from t2w.train.events import train_events
    from t2w.train.parallax import of
    from t2w.worlds import registry
    from t2w.worlds.check import check
    from t2w.worlds.pretrained import load_autoencoder, save_part

    logs = list(train_events(changes, encoder, tmp_path / "events", events.TINY, replace(FIT, steps=30, batch=16, lr=1e-2)))
    assert logs[-1]["look"]["left"] < 1 and 0 < logs[-1]["changed"] < 0.5
    save_part(of(load_autoencoder(encoder), parallax.TINY), tmp_path / "parallax")
    how = {"events": tmp_path / "events", "frames": 16, "dreams": 0.0}
    with pytest.raises(T2WError, match="--parallax"):
        next(train_dynamics(data, encoder, tmp_path / "world", dynamics.TINY, FIT, **how))
    list(train_dynamics(data, encoder, tmp_path / "world", dynamics.TINY, FIT, parallax=tmp_path / "parallax", **how))
    world = registry.load(str(tmp_path / "world"))
    assert all(ok for _, ok, _ in check(world))
    assert world.carrier.events.config.channels == events.TINY.channels
    with pytest.raises(T2WError, match="--only change"):
        next(train_events(data, encoder, tmp_path / "none", events.TINY, FIT))


def test_only_after_a_key_is_anything_changed_and_then_for_a_while():
    torch.manual_seed(0)
    model = events.Events(events.TINY)
    model.out.weight.data.mul_(10)  # at first little is changed
    frame, actions = torch.randn(2, 8, 12, 20), torch.zeros(2, 3, 9)
    actions[:, :, 0] = 1
    assert model.after(frame, actions) is None
    actions[1, 1, 6] = 1
    changed, where = model.after(frame, actions)
    assert torch.equal(changed[0], frame[0]) and not torch.equal(changed[1], frame[1])
    assert where.shape == (2, 1, 12, 20) and where[0].max() == 0 < where[1].max() == 1
    assert torch.equal(changed[1] != frame[1], where[1].expand(8, -1, -1) > 0)  # what hardly changes does not
    pressed = model.config.pressed(actions)
    assert pressed.shape == (2, 11, 2) and pressed[1].nonzero().tolist() == [[9, 1]]
    assert model.after(frame, torch.cat([actions, torch.zeros(2, 4, 9)], 1)) is None
    actions[1, 1, 5] = 1
    assert model.after(frame, torch.cat([actions, torch.zeros(2, 9, 9)], 1)) is not None
    assert model.after(frame, torch.cat([actions, torch.zeros(2, 10, 9)], 1)) is None


def test_it_is_not_asked_longer_than_it_was_shown():
    """A moment that is recorded begins with the key, and its first frame is not changed yet."""
    assert events.EventsConfig().history == (CHANGE_FRAMES["door"] - 1, CHANGE_FRAMES["crate"] - 1)


class Black(nn.Module):
    """In place of what is learnt: the left half becomes other latents when a key is pressed."""

    def __init__(self, config):
        super().__init__()
        self.config = config

    def forward(self, frame, pressed):
        share = torch.zeros_like(frame[:, :1])
        share[..., :10] = 1
        return torch.lerp(frame, -4 * torch.ones_like(frame), share)

    after = events.Events.after


def test_what_a_key_has_changed_is_not_taken_back():
    from t2w.worlds import registry

    world = registry.load("starter", "cpu")
    world.carrier = replace(world.carrier, events=Black(events.EventsConfig(history=(1, 1))))
    session = world.begin(FRAME)
    session.step([Action()])
    other = session.fork()
    struck = session.step([Action(frozenset({"lmb"}))])[-1].astype(int)
    assert all(view.known[:, 8:-8, 8:32].max() < 0.1 < view.known[:, 8:-8, 48:].min() for view in session.dream.around.kept[:1])
    assert session.dream.carried.sure[:, :, :36].max() == 0
    changed, plain = session.step([Action()] * 4)[-1].astype(int), other.step([Action()] * 5)[-1]
    apart, since = (np.abs(changed - frame).mean((0, 2)) for frame in (plain, struck))
    assert apart[:64].mean() > 3 * apart[96:].mean() and since[:64].mean() < 0.1 * apart[:64].mean()


def test_the_player_is_drawn_over_what_a_key_has_changed(monkeypatch):
    from t2w.nn.body import Player
    from t2w.worlds import registry

    def drawn(player, body, carried, onto):
        return torch.cat([torch.full_like(onto[..., :5], 7.0), onto[..., 5:]], 3)

    world = registry.load("starter", "cpu")
    world.carrier = replace(world.carrier, events=Black(events.EventsConfig(history=(1, 1))))
    session = world.begin(FRAME)
    session.step([Action()])
    monkeypatch.setattr(Player, "drawn", drawn)
    session.step([Action(frozenset({"lmb"}))])
    frame = session.dream.last
    assert (frame[..., :5] == 7).all() and (frame[..., 5:10] == -4).all() and (frame[..., 10:] != -4).any()


def test_no_key_changes_the_player():
    from t2w.worlds import registry

    world = registry.load("starter", "cpu")
    world.carrier = replace(world.carrier, events=Black(events.EventsConfig(history=(1, 1))))
    session = world.begin(FRAME)
    session.step([Action()])
    dream, player = session.dream, torch.zeros(1, 48, 80)
    player[:, :, :18] = 1  # of the fifth latent, half
    dream.around = replace(dream.around, last=replace(dream.around.last, player=player))
    with torch.inference_mode():
        dream.actions[:, -1, 6] = 1
        frame, _ = dream._changed(dream.last, dream.carried)
    assert frame[..., :4].equal(dream.last[..., :4]) and (frame[..., 4:10] == -4).all() and frame[..., 10:].equal(dream.last[..., 10:])
