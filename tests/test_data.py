"""Episodes on disk: every kind, written once, taken up where it was stopped, read back as pictures and windows."""

import math
import random
from dataclasses import replace

import numpy as np
import pytest
import torch

from t2w.actions import Action
from t2w.data.collect import CollectConfig, alone, collect, kind_of
from t2w.data.latents import encode_shards
from t2w.data.pictures import Pictures
from t2w.data.record import about, back, follow
from t2w.data.shard import Episode, Shard, path_of, seen, shards
from t2w.errors import T2WError
from t2w.nn import autoencoder
from t2w.nn.parallax import ParallaxConfig
from t2w.nn.view import turned
from t2w.sim.camera import ISOMETRIC
from t2w.sim.render import Renderer
from t2w.sim.simulator import SPACE, Simulator
from t2w.sim.spec import VIEWS, sample
from t2w.sim.walking import SWIMMING

SMALL = CollectConfig(
    episodes=12,
    frames=16,
    seed=77,
    width=64,
    height=48,
    mix=(("play", 1), ("palindrome", 1), ("branch", 1), ("event", 1), ("still", 1), ("face", 1)),
    shard=6,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("data")
    assert len(list(collect(path, SMALL, workers=1))) == 2
    return path


def test_a_shard_holds_every_kind(folder):
    shard = Shard(path_of(folder, 0))
    assert {row["kind"] for row in shard.rows} == {"play", "palindrome", "branch", "event", "still", "face"}
    assert len(shard) == sum(row["frames"] for row in shard.rows) == len(shard.actions) == len(shard.events) == len(shard.visible)
    assert shard.frame(len(shard) - 1).shape == (48, 64, 3)


def test_branches_begin_with_the_same_picture_and_part(folder):
    shard = Shard(path_of(folder, 0))
    branches = [row for row in shard.rows if row["kind"] == "branch"]
    first = [shard.frame(row["start"]) for row in branches]
    last = [shard.frame(row["start"] + row["frames"] - 1) for row in branches]
    assert all(np.array_equal(first[0], other) for other in first)
    assert not all(np.array_equal(last[0], other) for other in last)


def test_collecting_again_writes_nothing_and_goes_on_after_a_loss(folder):
    before = path_of(folder, 0).stat().st_mtime_ns
    whole = path_of(folder, 1).read_bytes()
    path_of(folder, 1).unlink()
    list(collect(folder, SMALL, workers=1))
    assert path_of(folder, 0).stat().st_mtime_ns == before
    assert path_of(folder, 1).read_bytes() == whole


def test_more_episodes_fill_the_last_shard_up(tmp_path):
    less = replace(SMALL, episodes=2)
    encoder = autoencoder.build(autoencoder.TINY)
    for config in (less, replace(SMALL, episodes=4)):
        list(collect(tmp_path, config, workers=1))
        ((shard, latents),) = encode_shards(shards(tmp_path), encoder, torch.device("cpu"))
        assert len({row["seed"] for row in shard.rows}) == config.episodes and len(latents) == len(shard)


def test_other_settings_are_refused(folder):
    with pytest.raises(T2WError, match="other settings"):
        list(collect(folder, replace(SMALL, seed=78), workers=1))


def test_a_broken_shard_is_named(folder, tmp_path):
    (tmp_path / "shard-00000.safetensors").write_bytes(b"nothing")
    (tmp_path / "shard-00000.jsonl").write_text("")
    with pytest.raises(T2WError, match="shard-00000"):
        Shard(tmp_path / "shard-00000.safetensors")


def test_captions_say_only_what_is_in_view(folder):
    pictures = Pictures([Shard(path_of(folder, 0))])
    for k in range(len(pictures)):
        s, i, row = pictures.index[k]
        if "creature" not in seen(int(pictures.shards[s].visible[i])):
            assert row["spec"]["creature"] == "none" or row["spec"]["creature"] not in pictures.words(k, random.Random(k))


def test_the_way_back_undoes_the_way_out():
    assert back(Action(frozenset({"w", "d", "space"}), (3.0, -1.0))) == Action(frozenset({"s", "a"}), (-3.0, 1.0))


def test_every_turn_of_the_mix_has_every_kind():
    kinds = [kind_of(k, CollectConfig()) for k in range(CollectConfig().shard)]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == dict(CollectConfig().mix)


def test_how_one_walks_is_learnt_from_actions_alone(folder):
    from t2w.data.pairs import Walks
    from t2w.nn.parallax import TINY, Gait
    from t2w.train.smallparts import learn_gait

    walks = Walks(shards(folder), TINY.gait)
    one = walks.batch(64)
    assert one["history"].shape == (64, TINY.gait, TINY.actions + 1) and one["view"].max() < TINY.gaits
    assert list(learn_gait(Gait(TINY), walks, steps=300))[-1]["off"] < 0.6 * walks.steps["shift"].norm(dim=1).mean()


def test_how_the_eye_turns_follows_from_the_mouse_and_its_tilt(folder):
    from t2w.data.pairs import Walks

    steps = Walks(shards(folder), 1).steps
    turns = steps["history"][:, 0, -3:-1].float() * math.radians(SPACE.turn) * (steps["view"] != VIEWS.index(ISOMETRIC))[:, None]
    rotation = turned(steps["tilt"], turns, ParallaxConfig.tilts)
    assert (rotation - steps["rotation"]).abs().max() < 2e-3 and turns.norm(dim=1).max() > 0.1


def test_what_is_small_counts_more_than_what_fills_the_view():
    from t2w.train.parallax import small

    near = torch.full((1, 48, 80), 0.05)
    near[:, 10:40, 20:24], near[:, 20:40, 40:52], near[:, 6:18, 60:68] = 0.2, 0.2, -1  # a post, a wall, the player
    counts = small(near)
    assert counts[0, 28, 20:24].min() == 1 and counts[0, 24:36].sum() == 4 * 12  # of the post, and of nothing else down there


def test_an_error_that_is_the_same_all_over_a_thing_does_not_tear_it():
    from t2w.train.parallax import slopes

    off, told = torch.zeros(1, 48, 80), torch.ones(1, 48, 80)
    assert slopes(off + 0.3, told) == 0
    leaning = off + torch.linspace(0, 0.3, 80)
    torn = off.clone()
    torn[..., 40:] = 0.3
    assert slopes(leaning, told) > 0 and slopes(torn, told) > 0
    told[..., 30:50] = 0
    assert slopes(torn, told) == 0  # what lies between nobody knows


def test_a_picture_that_none_follows_is_followed_by_itself(folder):
    from t2w.data.pairs import Pairs, measured

    pairs = Pairs(shards(folder), 4)
    k = next(k for k, (_, row, _) in enumerate(pairs.index) if row["kind"] == "still")
    item = pairs[k]
    assert torch.equal(item["picture"], item["next"]) and item["history"][0].tolist() == [0.0] * 9 + [1.0]
    assert measured({name: part[None] for name, part in item.items()})["shift"].norm() < 1e-5


def test_a_shard_says_which_way_the_player_faces_beside_the_eye(folder):
    for shard in shards(folder):
        for row in shard.rows:
            facing = shard.facing[row["start"] : row["start"] + row["frames"]]
            assert np.allclose(np.linalg.norm(facing, axis=1), 1, atol=1e-4)
            if row["spec"]["view"] != ISOMETRIC:  # one goes where one looks
                assert np.allclose(facing, [1, 0], atol=1e-3)


def test_a_player_seen_from_above_turns_beside_the_eye():
    sim = Simulator(sample(3, view=ISOMETRIC), renderer=Renderer(160, 96))
    turn = Episode({})
    follow(sim, turn, iter([Action(mouse=(9.0, 0.0))] * 5))
    angles = np.unwrap([np.arctan2(sin, cos) for cos, sin in turn.facing])
    assert np.allclose(np.diff(angles), np.deg2rad(9.0), atol=0.02)  # the eye itself, which looks at him, turns hardly


def test_which_way_one_faces_is_learnt_from_pictures(folder):
    from t2w.data.pairs import Faces
    from t2w.nn.parallax import TINY, Facing
    from t2w.train.smallparts import learn_facing

    torch.manual_seed(0)
    net = Facing(TINY)
    faces = Faces(shards(folder), net.side)
    one = faces.batch(16)
    assert one["middle"].shape == (16, 3, 48, 48) and one["facing"].shape == (16, 2)
    assert list(learn_facing(net, faces, steps=300))[-1]["off"] < 0.5  # who knows nothing is off by 1


def test_how_far_down_one_looks_is_learnt_from_pictures(folder):
    from t2w.data.pairs import Readings
    from t2w.nn.parallax import TINY, Parallax
    from t2w.train.smallparts import learn_readings

    torch.manual_seed(0)
    pictures = Readings(shards(folder), 200)
    height, width = pictures[0]["picture"].shape[1:]
    net = Parallax(replace(TINY, height=height // 8, width=width // 8, slant=64))
    true = torch.stack([item["tilt"] for item in pictures])
    assert len(pictures) <= 200 and true.std() > 0.1
    off = {log["part"]: log["off"] for log in learn_readings(net, pictures, steps=600)}
    assert off["tilt"] < 0.8 * (true - true.median()).abs().mean()  # who knows nothing says the median


def test_who_swims_is_recorded_and_learnt(tmp_path):
    from t2w.data.pairs import Readings, Walks
    from t2w.data.shard import write
    from t2w.nn.parallax import TINY, Parallax
    from t2w.train.smallparts import learn_readings

    def episode(seed: int, place: str) -> Episode:
        """Into the water from the shore, or about in the open; then four frames."""
        sim = Simulator(replace(sample(seed), biome="tropical island", view=VIEWS[0]), 64, 48)
        sim.place(place, random.Random(seed))
        for _ in range(40):
            sim.step(Action(frozenset("w")))
        found = Episode(about(sim, "play"))
        follow(sim, found, iter([Action()] * 4))
        return found

    torch.manual_seed(0)
    episodes = [episode(seed, place) for seed in range(4) for place in ("shore", "open")]
    write(tmp_path, 0, episodes)
    found = shards(tmp_path)
    pictures, net = Readings(found, 200), Parallax(replace(TINY, height=6, width=8))
    afloat = torch.stack([item["afloat"] for item in pictures])
    share = afloat.mean()
    assert share == sum(bool(bits & SWIMMING) for one in episodes for bits in one.events) / 32 and 0.2 < share < 0.8
    assert Walks(found, TINY.gait).steps["afloat"].mean() == share
    unsure = -(share * share.log() + (1 - share) * (1 - share).log())  # of who knows but how often it is so
    assert list(learn_readings(net, pictures, steps=1000))[-1]["off"] < 0.5 * unsure


def test_who_needs_walks_says_so_where_there_are_none(tmp_path):
    from t2w.data.pairs import Walks
    from t2w.train.judge import Views

    list(collect(tmp_path, CollectConfig(episodes=2, seed=5, **alone("start")), workers=1))
    for learner in (lambda found: Walks(found, 32), Views):
        with pytest.raises(T2WError, match="learns from walks"):
            learner(shards(tmp_path))


def test_frames_of_another_size_are_refused(tmp_path):
    from t2w.data.pictures import split
    from t2w.data.shard import write

    sim, found = Simulator(sample(5), 128, 64), Episode({"kind": "walk"})
    follow(sim, found, iter([Action()] * 4))
    write(tmp_path, 0, [found])
    with pytest.raises(T2WError, match="are 128×64; t2w trains on 160×96"):
        split(tmp_path)


def test_starts_are_first_frames_of_worlds(tmp_path):
    config = CollectConfig(episodes=3, seed=5, **alone("start"))
    assert sum(collect(tmp_path, config, workers=1)) == 3
    (shard,) = shards(tmp_path)
    assert [row["seed"] for row in shard.rows] == [5, 6, 7]
    first = Simulator(sample(6), 160, 96).frame()
    assert np.abs(shard.frame(1).astype(int) - first).mean() < 4  # what JPEG makes of it
