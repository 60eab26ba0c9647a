"""Dreams and their critic, tiny, for real: what a training of the dynamics has of them."""

import json
from dataclasses import replace

import pytest
from tiny_training import FIT

from t2w.errors import T2WError
from t2w.nn import dynamics, parallax


def test_what_is_moved_is_learnt_with_depth_and_data_without_it_is_refused_at_once(data, encoder, tmp_path):
    import shutil

    from safetensors.numpy import load_file, save_file

    from t2w.train.dynamics import train_dynamics
    from t2w.train.parallax import of, train_parallax
    from t2w.worlds.pretrained import load_autoencoder, save_part

    old = shutil.copytree(data, tmp_path / "old")
    for path in old.glob("shard-*.safetensors"):
        save_file({name: part for name, part in load_file(path).items() if name not in ("nearness", "pose")}, path)
    folder = tmp_path / "parallax"
    folder.mkdir()
    save_part(of(load_autoencoder(encoder), parallax.TINY), folder)
    with pytest.raises(T2WError, match="kept no fine depth with its frames"):
        next(train_parallax(old, encoder, tmp_path / "another", parallax.TINY, FIT))
    assert not (tmp_path / "another").exists()
    with pytest.raises(T2WError, match="kept no fine depth with its frames"):
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
    about = json.loads((tmp_path / "run" / "run.json").read_text())
    (tmp_path / "run" / "run.json").write_text(json.dumps(about | {"given": {}}))  # so that it may go on at another rate
    rest = list(train_dynamics(data, encoder, tmp_path, dynamics.TINY, replace(fit, lr=1e-9, muon_lr=1e-9), frames=8, dreams=1.0))
    assert [logs["step"] for logs in rest][-1] == 6
    on = load_file(next((tmp_path / "run").glob("checkpoint-*")))
    names = [name for name in kept if name.startswith("critic.")]
    assert names and all((on[name] - kept[name]).abs().max() < 1e-5 for name in names)
