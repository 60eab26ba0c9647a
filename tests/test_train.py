"""All three stages, tiny, for real: what they write is a world and a painter that the rest of t2w can use."""

from dataclasses import replace

import numpy as np
import pytest
from tiny_training import FIT

from t2w.actions import Action
from t2w.errors import T2WError
from t2w.nn import autoencoder, dynamics, painter, parallax


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
    from t2w.nn.autoencoder import key_of
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
        next(train_autoencoder(data, encoder, replace(autoencoder.TINY, channels=4), replace(FIT, batch=4)))
    with pytest.raises(T2WError, match="begun with another batch"):
        next(train_autoencoder(data, encoder, autoencoder.TINY, FIT))


def test_a_run_that_is_interrupted_is_saved_after_the_step(data, tmp_path):
    import os
    import signal

    from t2w.train.autoencoder import train_autoencoder

    fit = replace(FIT, steps=50)
    logs = train_autoencoder(data, tmp_path, autoencoder.TINY, fit)
    next(logs)
    os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        next(logs)
    assert next(train_autoencoder(data, tmp_path, autoencoder.TINY, fit))["step"] == 2


def test_parts_that_know_other_latents_are_refused(data, encoder, tmp_path):
    import torch

    from t2w.train.autoencoder import train_autoencoder
    from t2w.train.parallax import of
    from t2w.worlds.pretrained import load_autoencoder, load_carrier, save_part

    save_part(of(load_autoencoder(encoder), parallax.TINY), tmp_path / "parallax", load_autoencoder(encoder))
    list(train_autoencoder(data, tmp_path / "other", autoencoder.TINY, replace(FIT, seed=5)))
    with pytest.raises(T2WError, match="the latents of another autoencoder"):
        load_carrier(tmp_path / "parallax", load_autoencoder(tmp_path / "other"), torch.device("cpu"))


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


def test_a_world_carries_its_frames_on_by_a_parallax(data, encoder, tmp_path, monkeypatch):
    from t2w.train.dynamics import train_dynamics
    from t2w.train.parallax import train_parallax
    from t2w.worlds import registry
    from t2w.worlds.check import check

    for steps in ("GAIT_STEPS", "FACING_STEPS", "READING_STEPS"):
        monkeypatch.setattr(f"t2w.train.parallax.{steps}", 60)
    monkeypatch.setattr("t2w.train.parallax.FEWER", 1)
    logs = list(train_parallax(data, encoder, tmp_path / "parallax", parallax.TINY, replace(FIT, steps=60, batch=8)))
    logs = [log for log in logs if "part" not in log]
    assert logs[-1]["loss"] < logs[0]["loss"] and logs[-1]["look"]["pixels off"] > 0
    how = {"frames": 16, "dreams": 1.0, "parallax": tmp_path / "parallax"}
    assert list(train_dynamics(data, encoder, tmp_path / "world", dynamics.TINY, FIT, **how))[-1]["step"] == 6
    world = registry.load(str(tmp_path / "world"))
    assert all(ok for _, ok, _ in check(world)) and world.carrier is not None
    (tmp_path / "world" / "parallax.safetensors").unlink()
    with pytest.raises(T2WError, match="parallax.safetensors is missing"):
        registry.load(str(tmp_path / "world"))


def test_the_small_parts_of_a_parallax_learn_alone(data, encoder, tmp_path, monkeypatch):
    from safetensors.torch import load_file

    from t2w.train.parallax import of, train_parallax
    from t2w.worlds.pretrained import load_autoencoder, save_part

    for steps in ("GAIT_STEPS", "READING_STEPS"):
        monkeypatch.setattr(f"t2w.train.parallax.{steps}", 60)
    monkeypatch.setattr("t2w.train.parallax.FEWER", 1)
    save_part(of(load_autoencoder(encoder), parallax.TINY), tmp_path / "old")
    fit = replace(FIT, steps=0, batch=8)
    assert list(train_parallax(data, encoder, tmp_path / "new", parallax.TINY, fit, weights=tmp_path / "old"))[-1]["part"] == "afloat"
    old, new = (load_file(tmp_path / name / "parallax.safetensors") for name in ("old", "new"))
    with pytest.raises(T2WError, match="give the --weights"):
        next(train_parallax(data, encoder, tmp_path / "none", parallax.TINY, fit))
    assert {name.partition(".")[0] for name in old if not old[name].equal(new[name])} == {"gait", "tilt", "afloat"}


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


def test_a_painter_learns_to_need_few_steps(data, encoder, tmp_path):
    import json

    from safetensors.torch import load_file

    from t2w.train.painter import train_painter

    with pytest.raises(T2WError, match="give it with --weights"):
        next(train_painter(data, encoder, tmp_path / "few", painter.TINY, FIT, distil=True))
    list(train_painter(data, encoder, tmp_path / "many", painter.TINY, FIT))
    config = replace(FIT, steps=30, lr=1e-2)
    logs = list(train_painter(data, encoder, tmp_path / "few", painter.TINY, config, weights=tmp_path / "many", distil=True))
    assert logs[-1]["step"] == 30 and {"misread", "close up"} <= logs[-1].keys()  # the reader and the second critic took part
    call = json.loads((tmp_path / "few" / "t2w.json").read_text())
    assert (
        call["guidance_scale"] == 1
        and call["num_inference_steps"] < json.loads((tmp_path / "many" / "t2w.json").read_text())["num_inference_steps"]
    )
    parts = ("transformer/diffusion_pytorch_model.safetensors", "text_encoder/model.safetensors")
    for before, after in (((tmp_path / name / part for name in ("many", "few"))) for part in parts):
        before, after = load_file(before), load_file(after)
        assert before.keys() == after.keys() and any((before[name] != after[name]).any() for name in before)


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
