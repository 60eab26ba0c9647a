"""What nobody has seen: views put together from elsewhere by true geometry, painted, kept, and learnt to be painted."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny_training import FIT

from t2w.actions.action import Action
from t2w.errors import T2WError
from t2w.nn import dynamics, outpainter, parallax
from t2w.nn.carrier import FAINT, Carried, Carrier
from t2w.nn.geometry import ROOM
from t2w.nn.glimpse import View, glimpse
from t2w.nn.parallax import Seen
from t2w.nn.surroundings import Surroundings


def test_what_is_known_from_elsewhere_is_what_is_truly_there(views):
    from t2w.data.pictures import to_picture
    from t2w.data.views import kept_views
    from t2w.nn.geometry import per_pixel

    items = [views[k] for k in range(0, len(views), 7)]
    batch = {name: torch.stack([item[name] for item in items]) for name in items[0]}
    true = torch.stack([to_picture(views.found[s][0].frame(row["start"] + t)) for s, row, t in views.index[::7]])
    n = len(true)
    kept, lens = kept_views(batch, torch.ones(batch["near"].shape[:2]))
    seen = glimpse(kept, torch.eye(3).expand(n, 3, 3), torch.zeros(n, 3), lens)
    known = per_pixel((seen.known > 0.7).float(), true) > 0.99
    off, unmoved = ((picture - true).abs().mean(1, keepdim=True)[known].mean() for picture in (seen.picture, kept[0].picture))
    assert known.float().mean() > 0.2 and off < 0.5 * unmoved
    nothing = per_pixel((seen.known > 0).float(), true) == 0
    assert nothing.any() and seen.picture[nothing.expand_as(true)].abs().max() == 0  # and of the rest, nothing is shown


def test_what_was_seen_from_far_is_known_badly_and_the_player_not_at_all():
    lens, wall = torch.tensor([[1.2, 0.72]]), torch.full((1, 24, 40), 0.1)
    player = torch.zeros_like(wall)
    player[:, 8:16, 16:24] = 1
    kept = View(torch.rand(1, 3, 48, 80), wall, torch.ones_like(wall), player, torch.eye(3)[None], torch.zeros(1, 3), lens)
    here = glimpse([kept], kept.rotation, kept.place, lens)
    there = glimpse([kept], kept.rotation, torch.tensor([[0.0, 0.0, 5.0]]), lens)
    assert here.known[:, 10:14, 18:22].max() == 0 and here.known[:, 2:5, 2:-2].min() > 0.9
    assert (here.picture - kept.picture)[..., 6:10, 6:-6].abs().max() < 1e-4
    assert 0.1 < there.known[:, 2:5, 2:-2].mean() < 0.5 and (there.near[there.known > 0] - 0.2).abs().max() < 1e-3


def test_all_around_is_painted_where_nobody_looked_and_nowhere_else(carrier):
    from t2w.nn.foresight import looked_ahead, looked_around
    from t2w.nn.parallax import histories

    torch.manual_seed(0)
    latents = torch.randn(1, 8, 12, 20)
    with torch.no_grad():
        picture = carrier.picture(latents).float()
        standing = carrier.parallax(picture, histories(torch.zeros(1, 1, 9), parallax.TINY.gait)[:, -1])
        begun = Surroundings.of(picture, standing)
        around = begun
        for i in range(20):
            around = looked_around(replace(around, frames=i), latents, lambda: torch.randn(1, 8, 12, 20), carrier)
        wall = torch.full_like(begun.last.near, 0.1)  # depth that was not learnt is all edges
        seen = replace(begun.last, near=wall, player=0 * wall)
        alone = replace(begun, last=seen, kept=(seen,))
        staying = standing._replace(shift=torch.zeros(1, 3), rotation=torch.eye(3)[None])
        still = looked_ahead(alone, staying, latents, lambda: torch.randn(1, 8, 12, 20), carrier)
    rows = len(around.kept)
    assert rows > 4 and around.kept[0].picture.equal(picture) and around.last is begun.last
    assert still is alone  # nothing is new to him who stays where he is
    axis = torch.cat([view.rotation[:, :, 2] for view in around.kept])
    assert (axis @ axis.T).min() < -0.9  # somebody looked behind him, too


def test_from_above_one_looks_to_all_sides_and_does_not_turn(carrier, monkeypatch):
    """Ten metres above a plain, looking down by half a right angle: half a picture to each side, over ground that stays as far below."""
    from t2w.nn.foresight import looked_around
    from t2w.nn.parallax import Manner, Motion, Seen

    lens, none = torch.tensor([[1.0, 0.6]]), torch.zeros(1, 48, 80)
    near = torch.full((1, 48, 80), 0.5**0.5 / 10)
    from_above = Manner(torch.tensor([[1.0, 0.0]]), torch.tensor([math.pi / 4]), torch.tensor([[0.0, 0.0, 9.0]]), lens, torch.zeros(1, 3))
    picture, turned, seen = torch.rand(1, 3, 96, 160), torch.eye(3)[None], Seen(near, none - 1, none)
    stands = Motion(none, near, seen, turned, torch.zeros(1, 3), none + 1, from_above.tilt, torch.zeros(1), from_above)
    around, first = Surroundings.of(picture, stands), torch.randn(1, 8, 12, 20)
    monkeypatch.setattr(Carrier, "motion", lambda *_: stands)
    for i in range(5):
        around = looked_around(replace(around, frames=i), first, lambda: torch.randn(1, 8, 12, 20), carrier)
    places = torch.cat([view.place for view in around.kept[1:]])
    up = torch.tensor([0.0, -(0.5**0.5), 0.5**0.5])  # what is level and onward, as the eye sees it
    onward, right = places @ up, places[:, 0]
    assert torch.allclose(right, torch.tensor([0.0, 200**0.5, -(200**0.5), 0.0, 0.0]), atol=1e-3)
    assert torch.allclose(onward, torch.tensor([12.0, 0.0, 0.0, -12.0, 24.0]), atol=1e-3)
    assert (places @ torch.tensor([0.0, 0.5**0.5, 0.5**0.5])).abs().max() < 1e-4  # nobody rises or falls
    assert all(view.rotation.equal(turned) for view in around.kept)


def test_what_is_hardly_known_is_not_shown(carrier):
    """What had melted was believed, and a snowy wood became a meadow."""
    from t2w.nn.foresight import KNOWN, _painted

    torch.manual_seed(0)
    first, known, noise = torch.randn(1, 8, 12, 20), torch.full((1, 48, 80), 2 * KNOWN), torch.randn(1, 8, 12, 20)
    known[..., 40:] = KNOWN / 2
    shown = torch.rand(1, 3, 96, 160)
    left, right = shown.clone(), shown.clone()
    left[..., :70], right[..., 90:] = 0.3, 0.3
    views = (
        View(picture, known, known, 0 * known, torch.eye(3)[None], torch.zeros(1, 3), torch.ones(1, 2)) for picture in (shown, left, right)
    )
    with torch.no_grad():
        painted, other_left, other_right = (_painted(view, first, noise, carrier).picture for view in views)
    assert painted.equal(other_right) and not painted.equal(other_left)


def test_nobody_looks_ahead_from_behind_a_wall(carrier):
    from t2w.nn.foresight import AHEAD, looked_ahead

    torch.manual_seed(0)
    latents, wall = torch.randn(1, 8, 12, 20), torch.full((1, 48, 80), 1 / 8)
    with torch.no_grad():
        motion = carrier.motion(carrier.picture(latents).float(), torch.zeros(1, 1, 9))
        motion = motion._replace(
            seen=Seen(wall, -wall, wall), near=wall, rotation=torch.eye(3)[None], shift=torch.tensor([[0.0, 0.0, 0.5]])
        )
        around = Surroundings.of(carrier.picture(latents).float(), motion)
        painted = looked_ahead(around, motion, latents, lambda: torch.randn(1, 8, 12, 20), carrier).kept
    assert AHEAD * 0.5 > 8 and len(painted) == 2 and 8 - 1.1 * ROOM < painted[-1].place[0, 2] < 8 - 0.9 * ROOM


def test_what_is_worn_is_painted_anew_and_nothing_else(carrier, monkeypatch):
    from t2w.nn.foresight import FADES, LATER, MENDS, PAINTED, YOUNG, mended

    torch.manual_seed(0)
    latents, wall = torch.randn(1, 8, 12, 20), torch.full((1, 48, 80), 0.2)
    with torch.no_grad():
        picture = carrier.picture(latents).float()
        standing = carrier.motion(picture, torch.zeros(1, 1, 9))
        begun = Surroundings.of(picture, standing)
        seen = Seen(wall, -wall, wall)
        standing = standing._replace(rotation=torch.eye(3)[None], shift=torch.zeros(1, 3), seen=seen)
        # What is painted is not as near as what was there.
        monkeypatch.setattr(carrier.parallax, "seen", lambda painted: seen)
        known, player = torch.ones(1, 48, 80), torch.zeros(1, 48, 80)
        known[:, :, 40:], player[:, 20:28, 50:60] = 0.05, 1.0
        worn = replace(begun, last=replace(begun.last, known=known, player=player), frames=YOUNG - LATER)
        well = replace(worn, last=replace(worn.last, known=torch.ones(1, 48, 80)))
        before_a_wall = replace(worn, near=torch.full_like(known, 0.9))  # as kept views say
        for other in (replace(worn, frames=worn.frames + 1), replace(worn, frames=worn.frames - MENDS), well, before_a_wall):
            assert mended(other, picture, standing, latents, None, carrier) == (other, picture)
        coming, same = mended(worn, picture, standing, latents, lambda: torch.randn(1, 8, 12, 20), carrier)
        assert same is picture and coming.anew.frame == YOUNG and coming.last is worn.last
        for early in range(1, LATER):
            waiting = replace(coming, frames=worn.frames + early)
            assert mended(waiting, picture, standing, latents, None, carrier) == (waiting, picture)
        walking = standing._replace(shift=torch.tensor([[0.0, 0.0, 0.1]]))
        onward, _ = mended(worn, picture, walking, latents, lambda: torch.randn(1, 8, 12, 20), carrier)
        around, films = replace(coming, frames=YOUNG), [picture]
        for late in range(FADES):
            around, new = mended(replace(around, frames=YOUNG + late), films[-1], standing, latents, None, carrier)
            films.append(new)
            assert (around.anew is None) == (late == FADES - 1) and len(around.kept) == len(worn.kept) + 1
        other, forgotten = mended(replace(coming.forgetting(0 * known), frames=YOUNG), picture, standing, latents, None, carrier)
    farther = onward.anew.view().place[0] - worn.last.place[0]
    torch.testing.assert_close(farther, torch.tensor([0.0, 0.0, 0.1 * (LATER + MENDS)]))  # it is painted for when the next one comes
    assert other.anew is None and forgotten is picture  # something has changed meanwhile: it was painted as it had been
    whole = new - picture
    for late, film in enumerate(films):
        torch.testing.assert_close(
            (film - picture)[..., :30, 100:], late / FADES * whole[..., :30, 100:], atol=1e-4, rtol=1e-4
        )  # it fades in
    changed = whole.abs().mean(1)
    assert changed[..., :74].max() == 0 and changed[:, 42:54, 102:118].max() == 0 < changed[:, :38, 90:].mean()
    anew = around.last.known == PAINTED
    assert not (anew & ((known > 0.5) | (player > 0))).any() and anew[:, :18, 44:].float().mean() > 0.9
    assert around.last.known[~anew].equal(known[~anew]) and worn.last.known is known


def test_a_faint_change_by_the_dynamics_is_none_and_a_great_one_is_believed(carrier):
    """Where a place had been in view; of one that came into view, all is believed."""
    torch.manual_seed(0)
    latents, picture = torch.randn(1, 8, 12, 20), torch.rand(1, 3, 96, 160) * 2 - 1
    plain, away = carrier.picture(latents).float(), torch.randn(1, 8, 12, 20)
    seen, new = (Carried(latents, picture, torch.full((1, 48, 80), sure), lambda: plain) for sure in (1.0, 0.0))
    size = (carrier.picture(latents + away).float() - plain).square().mean().sqrt()
    for much, believed in ((0.1 * FAINT, 0.0), (20 * FAINT, 1.0)):
        changed = latents + away * much / size
        made = carrier.picture(changed).float()
        assert torch.allclose(carrier.renewed(changed, new), made, atol=1e-5)
        assert torch.allclose(carrier.renewed(changed, replace(seen, settled=torch.ones(1, 48, 80))), picture, atol=1e-5)
        kept, whole = (carrier.renewed(changed, seen) - picture).abs().mean(), (made - plain).abs().mean()
        assert (kept / whole).item() == pytest.approx(believed, abs=0.05)


def test_a_world_paints_what_nobody_has_seen(data, encoder, tmp_path):
    from t2w.train.dynamics import train_dynamics
    from t2w.train.outpainter import train_outpainter
    from t2w.train.parallax import of
    from t2w.worlds import registry
    from t2w.worlds.check import check
    from t2w.worlds.pretrained import load_autoencoder, load_outpainter, save_part

    folder, painted = tmp_path / "parallax", tmp_path / "outpainter"
    guessing = of(load_autoencoder(encoder), parallax.TINY)
    guessing.unet.last.bias.data[4:] = -5.0  # untrained, it might take all for the player, of whom nothing is kept
    save_part(guessing, folder)
    read, *logs = train_outpainter(data, encoder, folder, painted, outpainter.TINY, replace(FIT, steps=40, batch=4))
    assert read["part"] == "reader" and logs[-1]["loss"] < logs[0]["loss"] and "unknown off" in logs[-1]["look"]
    how = {"frames": 16, "dreams": 0.0}
    with pytest.raises(T2WError, match="--parallax"):
        next(train_dynamics(data, encoder, tmp_path / "world", dynamics.TINY, FIT, outpainter=painted, **how))
    list(train_dynamics(data, encoder, tmp_path / "world", dynamics.TINY, FIT, parallax=folder, outpainter=painted, **how))
    world = registry.load(str(tmp_path / "world"))
    assert all(ok for _, ok, _ in check(world))
    session = world.begin(np.full((96, 160, 3), 90, np.uint8))
    session.step([Action()])
    fork, painted_then = session.fork(), len(session.dream.around.kept)
    fork.step([Action()])
    assert len(fork.dream.around.kept) > painted_then == len(session.dream.around.kept) > 1
    mended, short = tmp_path / "mended", replace(FIT, steps=2, batch=4)
    own = {"weights": painted, "chains": True}
    assert "off, of chains" in list(train_outpainter(data, encoder, folder, mended, outpainter.TINY, short, **own))[-1]
    logs = list(train_outpainter(data, encoder, folder, tmp_path / "few", outpainter.TINY, replace(short, steps=8), distil=True, **own))
    assert {"lies told", "known off", "misread"} <= logs[-1].keys()
    few, many = (load_outpainter(folder) for folder in (tmp_path / "few", painted))
    assert few.config == replace(many.config, steps=5, guidance=1.0) and dict(few.config.kinds)["view"][2] == "isometric"
    assert all(few.reader.state_dict()[name].equal(weights) for name, weights in many.reader.state_dict().items())
    save_part(outpainter.Outpainter(outpainter.TINY), tmp_path / "old")
    with pytest.raises(T2WError, match="of an older t2w"):
        next(train_outpainter(data, encoder, folder, mended, outpainter.TINY, short, weights=tmp_path / "old"))
    with pytest.raises(T2WError, match="give it with --weights"):
        next(train_outpainter(data, encoder, folder, mended, outpainter.TINY, short, distil=True))
    (tmp_path / "world" / "outpainter.safetensors").unlink()
    with pytest.raises(T2WError, match="outpainter.safetensors is missing"):
        registry.load(str(tmp_path / "world"))


def test_of_starts_alone_nothing_can_be_learnt(views):
    from t2w.data.views import Views

    shard, latents = views.found[0]
    still = type("", (), {"rows": [row | {"kind": "still"} for row in shard.rows]})()
    with pytest.raises(T2WError, match="t2w collect"):
        Views([(still, latents)])


def test_an_outpainter_is_told_what_is_read_of_the_first_frame():
    torch.manual_seed(0)
    kinds = (("view", ("near", "far", "above")), ("time", ("day", "night")))
    model = outpainter.Outpainter(replace(outpainter.TINY, kinds=kinds))
    read = model.reader.kind(torch.randn(2, 8, 12, 20))
    torch.testing.assert_close(read[:, :3].sum(1), torch.ones(2))
    assert read.shape == (2, 5)
    told = []
    model.transformer.img_in.register_forward_hook(lambda _, given, __: told.append(given[0]))
    first = torch.randn(2, 8, 12, 20)
    model(torch.zeros(2, 8, 12, 20), torch.tensor([0.2, 0.7]), torch.zeros(2, 8, 12, 20), torch.zeros(2, 1, 12, 20), first)
    said = told[0].unflatten(2, (-1, 4))[:, :, 17:]  # channels, and the latents of a token
    torch.testing.assert_close(said, outpainter.LOUD * model.reader.kind(first)[:, None, :, None].expand_as(said))


def test_an_outpainter_begins_with_a_painter_of_its_size():
    from diffusers import PRXTransformer2DModel

    torch.manual_seed(0)
    model = outpainter.Outpainter(outpainter.TINY)
    size = {"patch_size": 2, "in_channels": 8, "context_in_dim": 16, "hidden_size": 32, "mlp_ratio": 2.5, "num_heads": 2, "depth": 2}
    painter = PRXTransformer2DModel(**size, axes_dim=[8, 8], theta=100)
    model.begin_with(painter)
    noisy, tau, first = torch.randn(2, 8, 12, 20), torch.tensor([0.2, 0.7]), torch.randn(2, 8, 12, 20)
    words = model.first(first).flatten(2).mT + model.spot
    away = painter(hidden_states=noisy, timestep=1 - tau, encoder_hidden_states=words, return_dict=False)[0]
    expected = noisy - (1 - tau)[:, None, None, None] * away
    assert torch.allclose(model(noisy, tau, torch.randn_like(noisy), torch.rand(2, 1, 12, 20), first), expected, atol=1e-5)
    model.begin_with(PRXTransformer2DModel(**{**size, "depth": 3}, axes_dim=[8, 8], theta=100))  # a deeper one
    with pytest.raises(RuntimeError):
        model.begin_with(PRXTransformer2DModel(**{**size, "depth": 1}, axes_dim=[8, 8], theta=100))
