"""All three stages, tiny, for real: what they write is a world and a painter that the rest of t2w can use."""

from dataclasses import replace

import numpy as np
import pytest

from t2w.actions import Action
from t2w.data.collect import CollectConfig, collect
from t2w.errors import T2WError
from t2w.nn import autoencoder, dynamics, painter, parallax
from t2w.train.loop import FitConfig

FIT = FitConfig(steps=6, batch=2, warmup=2)
DATA = CollectConfig(episodes=6, frames=24, mix=(("play", 2), ("still", 1)), shard=3)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("data")
    list(collect(path, DATA, workers=1))
    return path


@pytest.fixture(scope="module")
def encoder(data, tmp_path_factory):
    from t2w.train.autoencoder import train_autoencoder

    out = tmp_path_factory.mktemp("autoencoder")
    logs = list(train_autoencoder(data, out, autoencoder.TINY, replace(FIT, steps=60, batch=4)))
    assert logs[-1]["loss"] < logs[0]["loss"] and "look" in logs[-1]
    return out


def test_a_run_cut_off_goes_on_where_it_was(data, tmp_path):
    from t2w.train.autoencoder import train_autoencoder

    half = train_autoencoder(data, tmp_path, autoencoder.TINY, replace(FIT, save_minutes=0))
    for _ in range(4):
        next(half)
    half.close()
    rest = list(train_autoencoder(data, tmp_path, autoencoder.TINY, replace(FIT, save_minutes=0)))
    assert [logs["step"] for logs in rest] == [4, 5, 6]
    assert list(train_autoencoder(data, tmp_path, autoencoder.TINY, FIT)) == []
    assert (tmp_path / "config.json").exists()


def test_a_decoder_learns_on_without_touching_the_latents(data, encoder, tmp_path):
    from t2w.data.latents import key_of
    from t2w.train.autoencoder import train_autoencoder
    from t2w.worlds.pretrained import load_autoencoder

    list(train_autoencoder(data, tmp_path, autoencoder.TINY, FIT, weights=encoder, decoder_only=True))
    before, after = load_autoencoder(encoder), load_autoencoder(tmp_path)
    assert key_of(before) == key_of(after)
    pairs = list(zip(before.decoder.parameters(), after.decoder.parameters(), strict=True))
    assert any((a != b).any() for a, b in pairs)
    with pytest.raises(T2WError, match="--weights"):
        next(train_autoencoder(data, tmp_path / "other", autoencoder.TINY, FIT, decoder_only=True))


def test_a_resumed_optimizer_holds_its_moments_as_its_weights_lie(data, tmp_path):
    """Fused AdamW walks weights and moments in memory order; convolutions' weights are channels-last. Muon takes them too."""
    from t2w.train.autoencoder import Reconstruct
    from t2w.train.loop import Run, accelerator

    def run():
        return Run(Reconstruct(autoencoder.build(autoencoder.TINY)), FIT, tmp_path / "run", accelerator())

    first = run()
    for p in first.model.parameters():
        p.grad = p.detach().clone()
    for optimizer in first.optimizers:
        optimizer.step()
    first.save()
    again, seen = run(), set()
    for old, new in zip(first.optimizers, again.optimizers, strict=True):
        for p, q in zip(old.param_groups[0]["params"], new.param_groups[0]["params"], strict=True):
            for name in {"exp_avg", "momentum"} & set(old.state[p]):
                before, after = old.state[p][name], new.state[q][name]
                assert before.stride() == after.stride() == q.stride() and before.equal(after)
                seen.add(name)
    assert seen == {"exp_avg", "momentum"}


def test_a_run_of_another_kind_is_refused_in_a_sentence(data, encoder):
    from t2w.train.autoencoder import train_autoencoder

    with pytest.raises(T2WError, match="another kind"):
        next(train_autoencoder(data, encoder, replace(autoencoder.TINY, channels=4), FIT))


def test_windows_longer_than_any_walk_are_refused(data, encoder, tmp_path):
    from t2w.train.dynamics import train_dynamics

    with pytest.raises(T2WError, match="no episode has 200 frames"):
        next(train_dynamics(data, encoder, tmp_path, dynamics.TINY, FIT, frames=200))
    with pytest.raises(T2WError, match="holds no autoencoder"):
        next(train_dynamics(data, tmp_path / "nowhere", tmp_path, dynamics.TINY, FIT))


def test_dynamics_become_a_world(data, encoder, tmp_path):
    from t2w.train.dynamics import train_dynamics
    from t2w.worlds import registry
    from t2w.worlds.check import check

    logs = list(train_dynamics(data, encoder, tmp_path, dynamics.TINY, FIT, frames=16))
    assert logs[-1]["step"] == 6 and "dB 15" in logs[-1]["look"]
    world = registry.load(str(tmp_path))
    assert all(ok for _, ok, _ in check(world))
    frame = np.zeros((96, 160, 3), np.uint8)
    assert world.begin(frame).step([Action(frozenset("w"))]).shape == (1, 96, 160, 3)
    assert world.reconstruct(frame[None]).shape == (1, 96, 160, 3)
    on = next(train_dynamics(data, encoder, tmp_path / "on", dynamics.DynamicsConfig(), FIT, frames=16, weights=tmp_path))
    assert on["step"] == 1  # the size of the weights, not the one asked for
    half = registry.load(str(tmp_path), dtype="bfloat16")
    assert half.begin(frame).step([Action(frozenset("w"))]).shape == (1, 96, 160, 3)


def test_a_world_carries_its_frames_on_by_a_parallax(data, encoder, tmp_path):
    from t2w.train.dynamics import train_dynamics
    from t2w.train.parallax import train_parallax
    from t2w.worlds import registry
    from t2w.worlds.check import check

    logs = list(train_parallax(data, encoder, tmp_path / "parallax", parallax.TINY, replace(FIT, steps=60, batch=8)))
    assert logs[-1]["loss"] < logs[0]["loss"] and logs[-1]["look"]["pixels off"] > 0
    how = {"frames": 16, "dreams": 1.0, "parallax": tmp_path / "parallax"}
    assert list(train_dynamics(data, encoder, tmp_path / "world", dynamics.TINY, FIT, **how))[-1]["step"] == 6
    world = registry.load(str(tmp_path / "world"))
    assert all(ok for _, ok, _ in check(world)) and world.carrier is not None
    (tmp_path / "world" / "parallax.safetensors").unlink()
    with pytest.raises(T2WError, match="parallax.safetensors is missing"):
        registry.load(str(tmp_path / "world"))


def test_dreams_that_are_moved_want_depth_and_say_so_at_once(data, encoder, tmp_path):
    import shutil

    from safetensors.numpy import load_file, save_file

    from t2w.train.dynamics import train_dynamics
    from t2w.train.parallax import of
    from t2w.worlds.pretrained import load_autoencoder, save_parallax

    old = shutil.copytree(data, tmp_path / "old")
    for path in old.glob("shard-*.safetensors"):
        save_file({name: part for name, part in load_file(path).items() if name not in ("near", "pose")}, path)
    folder = tmp_path / "parallax"
    folder.mkdir()
    save_parallax(of(load_autoencoder(encoder), parallax.TINY), folder)
    with pytest.raises(T2WError, match="before depth was kept"):
        next(train_dynamics(old, encoder, tmp_path / "world", dynamics.TINY, FIT, frames=16, dreams=0.1, parallax=folder))


@pytest.fixture(scope="module")
def windows(data, encoder):
    import torch

    from t2w.data.latents import Windows, encode_shards
    from t2w.data.shard import shards
    from t2w.worlds.pretrained import load_autoencoder

    return Windows(encode_shards(shards(data), load_autoencoder(encoder), torch.device("cpu")), 8)


def test_dreams_go_on_from_the_truth_and_come_as_windows(windows):
    import torch

    from t2w.nn.imagine import Sampling
    from t2w.train.dreams import AHEAD, GROUPS, Dreams

    torch.manual_seed(0)
    model = dynamics.Dynamics(replace(dynamics.TINY, channels=windows[0]["latents"].shape[1]))
    dreams = Dreams(windows, rows=2, frames=8, sampling=Sampling(window=6), seed=0)
    first = dreams.batch(model)
    shapes = {name: part.shape[1:] for name, part in first.items() if name not in ("truth", "noise")}
    assert shapes == {name: part.shape for name, part in windows[0].items()}
    assert first["latents"][:, 0].equal(first["truth"][:, 0]) and not first["latents"][:, 1:].equal(first["truth"][:, 1:])
    turned = first["heading"][:, :1] + first["actions"][..., -2:].cumsum(1)
    assert torch.allclose(first["heading"][:, 1:], turned[:, :-1], atol=1e-5)
    assert not first["jump"].any()
    for _ in range(GROUPS - 1):
        dreams.batch(model)
    later = dreams.batch(model)  # the same group, some frames on
    assert later["jump"].all() and later["latents"][:, 0].equal(first["latents"][:, 0])
    assert later["latents"][:, 1 : 8 - AHEAD].equal(first["latents"][:, 1 + AHEAD :])
    assert later["actions"][:, 1 : 7 - AHEAD].equal(first["actions"][:, 1 + AHEAD : 7])
    assert later["noise"][:, 1 : 8 - AHEAD].equal(first["noise"][:, 1 + AHEAD :])


def test_a_dream_is_to_keep_its_details_and_become_true_where_it_is_quite_another():
    import torch

    from t2w.train.dreams import MEND, mended

    carried, seen, known = torch.randn(2, 3, 8, 12, 20), torch.ones(2, 3, 1, 12, 20), torch.ones(2, 3, 1, 12, 20)
    known[..., :10] = 0
    far = mended({"carried": carried, "truth": carried + 2.0, "seen": seen, "known": known}) - carried
    assert torch.allclose(far[..., :10], torch.tensor(MEND * 2.0)) and torch.allclose(far[..., 10:], torch.tensor(2.0))
    near = mended({"carried": carried, "truth": carried + 0.1, "seen": seen, "known": known}) - carried
    assert torch.allclose(near, torch.tensor(MEND * 0.1), atol=1e-3)
    new = mended({"carried": carried, "truth": carried + 0.1, "seen": 0 * seen, "known": 0 * known}) - carried
    assert torch.allclose(new, torch.tensor(0.1), atol=1e-5)


@pytest.mark.parametrize("wrong", ["a blur", "a flicker", "another action"])
def test_a_critic_learns_to_tell_wrong_steps_from_the_truth(windows, wrong):
    import torch
    from torch.nn.functional import avg_pool2d

    from t2w.nn.critic import Critic, told_apart

    torch.manual_seed(0)
    rows = [windows[i] for i in range(len(windows))]
    before, true, action = (torch.cat(part) for part in zip(*[(r["latents"][:-1], r["latents"][1:], r["actions"][:-1]) for r in rows]))
    made = {"a blur": avg_pool2d(true, 3, 1, 1), "a flicker": true.roll(3, 0)}.get(wrong, true)
    other = action.roll(len(action) // 2, 0) if wrong == "another action" else action
    critic = Critic(true.shape[1], action.shape[1], width=16)
    optimizer = torch.optim.AdamW(critic.parameters(), 3e-3)
    losses = []
    for _ in range(100):
        loss = told_apart(critic(true, before, true[:1].expand_as(true), action), critic(made, before, true[:1].expand_as(true), other))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[0] == pytest.approx(0.693, abs=0.1) and losses[-1] < 0.3


def test_a_run_without_dreams_may_go_on_with_them(data, encoder, tmp_path):
    """And one that never had any is not told to hold its noise still."""
    import json

    from t2w.train.dynamics import train_dynamics

    fit = replace(FIT, batch=2, steps=2)
    list(train_dynamics(data, encoder, tmp_path, dynamics.TINY, fit, frames=8, dreams=0.0))
    assert json.loads((tmp_path / "config.json").read_text())["sampling"]["steady"] == 0
    logs = list(train_dynamics(data, encoder, tmp_path, dynamics.TINY, replace(fit, steps=4), frames=8, dreams=1.0))
    assert logs[0]["step"] == 3 and "action told" in logs[-1]
    assert json.loads((tmp_path / "config.json").read_text())["sampling"]["steady"] == 1


def test_a_run_with_a_critic_goes_on_with_the_same_one(data, encoder, tmp_path):
    from safetensors.torch import load_file

    from t2w.train.dynamics import train_dynamics

    fit = replace(FIT, batch=3, save_minutes=0)
    half = train_dynamics(data, encoder, tmp_path, dynamics.TINY, fit, frames=8, dreams=1.0)
    assert "told apart" in [next(half) for _ in range(3)][-1]
    half.close()
    kept = load_file(next((tmp_path / "run").glob("checkpoint-*")))
    rest = list(train_dynamics(data, encoder, tmp_path, dynamics.TINY, replace(fit, lr=1e-9, muon_lr=1e-9), frames=8, dreams=1.0))
    assert [logs["step"] for logs in rest][-1] == 6
    on = load_file(next((tmp_path / "run").glob("checkpoint-*")))
    names = [name for name in kept if name.startswith("critic.")]
    assert names and all((on[name] - kept[name]).abs().max() < 1e-5 for name in names)


def test_a_painter_is_a_diffusers_pipeline_that_needs_no_t2w(data, encoder, tmp_path):
    import json

    import torch
    from diffusers import DiffusionPipeline

    from t2w.train.painter import train_painter

    list(train_painter(data, encoder, tmp_path, painter.TINY, FIT))
    assert "t2w" not in (tmp_path / "model_index.json").read_text()
    pipeline = DiffusionPipeline.from_pretrained(tmp_path)
    call = json.loads((tmp_path / "t2w.json").read_text()) | {"num_inference_steps": 2}
    image = pipeline("a red cabin", generator=torch.Generator().manual_seed(0), **call).images[0]
    assert image.size == (160, 96)
    assert next(train_painter(data, encoder, tmp_path / "on", painter.PainterConfig(), FIT, weights=tmp_path))["step"] == 1
    words = "tokenizer/tokenizer.json"
    assert (tmp_path / "on" / "run" / words).read_text() == (tmp_path / words).read_text()
    with pytest.raises(T2WError, match="holds no painter"):
        next(train_painter(data, encoder, tmp_path / "on", painter.TINY, FIT, weights=tmp_path / "nowhere"))


def test_weights_of_another_autoencoder_are_refused(data, tmp_path):
    from t2w.nn.imagine import Sampling
    from t2w.train.dynamics import train_dynamics
    from t2w.worlds.pretrained import save_autoencoder, save_world

    other, mine = (autoencoder.build(replace(autoencoder.TINY, channels=c)) for c in (4, 8))
    save_world(dynamics.Dynamics(replace(dynamics.TINY, channels=4)), other, tmp_path / "world", Sampling())
    save_autoencoder(mine, tmp_path / "mine")
    with pytest.raises(T2WError, match="4 channels"):
        next(train_dynamics(data, tmp_path / "mine", tmp_path / "out", dynamics.TINY, FIT, weights=tmp_path / "world"))


def test_a_loss_that_is_no_number_ends_the_run_and_is_not_saved(tmp_path):
    import torch

    from t2w.train.loop import Run, accelerator, fit

    run = Run(torch.nn.Linear(2, 1), replace(FIT, save_minutes=0), tmp_path / "run", accelerator())
    batches = [{"x": torch.full((1, 2), value)} for value in (1.0, 1.0, float("nan"))]
    with pytest.raises(T2WError, match="smaller --lr"):
        list(fit(run, lambda model, batch, _: (model(batch["x"]).sum(), {}), batches))
    assert Run(torch.nn.Linear(2, 1), FIT, tmp_path / "run", accelerator()).step == 2
    assert all(p.isfinite().all() for p in run.model.parameters())


def test_a_folder_changes_only_when_all_of_it_is_written(tmp_path):
    from t2w.media.atomic import whole_folder

    (tmp_path / "config.json").write_text("old")
    with pytest.raises(T2WError, match="no space left"), whole_folder(tmp_path) as new:
        (new / "config.json").write_text("half")
        raise OSError(28, "No space left on device")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("config.json", "old")]
    with whole_folder(tmp_path) as new:
        (new / "inner").mkdir()
        (new / "inner" / "config.json").write_text("inner")
        (new / "config.json").write_text("new")
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")) == ["config.json", "inner", "inner/config.json"]
    assert (tmp_path / "config.json").read_text() == "new"
