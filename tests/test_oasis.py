"""Oasis: its schedule, its three ways to look at the past, its weights from files, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
import tiny_oasis
import torch
from safetensors.torch import load_file, save_file

from t2w.actions import Action
from t2w.errors import MISSING, WRONG_USE, T2WError
from t2w.media.pixels import fit
from t2w.worlds import registry
from t2w.worlds.check import check
from t2w.worlds.oasis.sampling import Dream, Sampling, denoise, levels, schedule
from t2w.worlds.oasis.weights import load_autoencoder, load_network


def frames(network, n: int, **how) -> list[torch.Tensor]:
    """n latent frames of one dream, each under another action."""
    generator = torch.Generator().manual_seed(3)
    first, actions = torch.randn(1, 16, 4, 6, generator=generator), torch.rand(n, 1, 25, generator=generator)
    with torch.inference_mode():
        dream = Dream(network, first, generator, Sampling(denoising_steps=3, **how))
        return [dream.step(action) for action in actions]


def differences(a: list[torch.Tensor], b: list[torch.Tensor]) -> list[float]:
    return [float((x - y).abs().max()) for x, y in zip(a, b, strict=True)]


def test_the_schedule_is_the_published_sigmoid():
    """(s(3) - s(6k/1000 - 3)) / (s(3) - s(-3)) after k levels, s the logistic function; of the last level a thousandth is left."""
    shares = schedule()
    pinned = {14: 0.9953206, 99: 0.9605072, 499: 0.5, 899: 0.0394928, 998: 3.0028e-4, 999: 3.0028e-7}
    assert len(shares) == 1000
    assert [float(shares[level]) for level in pinned] == pytest.approx(list(pinned.values()), rel=1e-3)
    assert levels(10) == [999, 899, 799, 699, 599, 499, 399, 299, 199, 99]


def test_steps_lead_to_the_data_whose_velocity_is_told():
    data, noise = torch.randn(2, 1, 5, generator=torch.Generator().manual_seed(0))

    def velocity(x: torch.Tensor, level: int) -> torch.Tensor:
        share = schedule()[level]
        pure = (x - share.sqrt() * data) / (1 - share).sqrt()
        return share.sqrt() * pure - (1 - share).sqrt() * data

    assert torch.allclose(denoise(velocity, noise, 10), data, atol=1e-4)


def test_the_three_ways_make_the_same_frames_until_the_window_is_full():
    network = tiny_oasis.network()
    exact = frames(network, 10, way="exact", window=6)
    cached, renewed = (differences(frames(network, 10, way=way, window=6), exact) for way in ("cached", "renewed"))
    assert max(cached[:5]) < 1e-4
    assert max(renewed) < 1e-4  # and beyond
    assert min(cached[6:]) > 1e-3  # what is kept of a frame knows of frames that the exact way has forgotten


def test_the_oldest_frame_leaves_the_full_window():
    """With one block, keys know of their own frame only: then the cached way is exact for ever, if it forgets the right frames."""
    network = tiny_oasis.network(replace(tiny_oasis.NETWORK, depth=1))
    exact, cached = (frames(network, 10, way=way, window=4) for way in ("exact", "cached"))
    assert max(differences(cached, exact)) < 1e-4
    assert max(differences(exact, frames(network, 10, way="exact", window=5))) > 1e-3


def test_a_frame_costs_one_draw_of_noise_and_the_seed_is_drawn_on_the_cpu():
    generator, expected = (torch.Generator().manual_seed(5) for _ in range(2))
    dream = Dream(tiny_oasis.network(), torch.zeros(1, 16, 4, 6), generator, Sampling(denoising_steps=2))
    for _ in range(3):
        dream.step(torch.zeros(1, 25))
        torch.randn((1, 1, 16, 4, 6), generator=expected)
    assert torch.equal(generator.get_state(), expected.get_state())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_oasis.save(tmp_path_factory.mktemp("oasis"))


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (90, 200, 3), np.uint8)


def test_it_passes_the_check_of_worlds(folder):
    assert [(claim, detail) for claim, ok, detail in check(registry.load(f"oasis:{folder}", "cpu")) if not ok] == []


def test_sizes_are_read_from_the_file(folder):
    assert load_network(folder / "oasis500m.safetensors").config == tiny_oasis.NETWORK
    assert load_autoencoder(folder / "vit-l-20.safetensors").config == tiny_oasis.AUTOENCODER


def test_without_rotary_tables_heads_are_64_wide(tmp_path):
    found = tiny_oasis.tensors(replace(tiny_oasis.NETWORK, d=128, heads=4))
    save_file({name: tensor for name, tensor in found.items() if "freqs" not in name}, tmp_path / "a.safetensors")
    assert load_network(tmp_path / "a.safetensors").config.heads == 2


def test_safetensors_and_pickled_tensors_make_the_same_world(folder, tmp_path, picture):
    pickled = tiny_oasis.save_pickled(tmp_path) / "oasis500m.pt"
    actions = [Action(frozenset({"w", "space"}), (4.0, 1.0))] * 2
    a, b, c = (
        registry.load(f"oasis:{place}", "cpu").begin(start, seed=1).step(actions)
        for place, start in ((folder, picture), (pickled, picture), (f"exact:{folder}", fit(picture, 640, 360)))
    )
    assert np.abs(a.astype(int) - b).max() <= 1 and a.std() > 5
    assert np.abs(a.astype(int) - c).max() <= 1  # a start frame of any size covers 640 x 360, cropped to the centre


def test_half_precision_makes_nearly_the_same_frame(folder, picture):
    whole, half = (registry.load(f"oasis:{folder}", "cpu", dtype).begin(picture).step([Action()]) for dtype in ("float32", "bfloat16"))
    assert 0 < np.abs(whole.astype(int) - half).mean() < 3


def test_actions_change_the_next_frame(folder, picture):
    session = registry.load(f"oasis:{folder}", "cpu").begin(picture)
    still, walking, turning = (session.fork().step([action]) for action in (Action(), Action(frozenset("w")), Action(mouse=(5, 0))))
    assert not np.array_equal(still, walking) and not np.array_equal(still, turning)


def test_missing_files_are_a_sentence_with_the_command_that_gets_them(tmp_path, folder):
    with pytest.raises(T2WError, match=f"get it, 3.3 GB, with: t2w models pull oasis --out {tmp_path}") as caught:
        registry.spec(f"oasis:{tmp_path}")
    assert caught.value.code == MISSING
    save_file(load_file(folder / "oasis500m.safetensors"), tmp_path / "mine.safetensors")
    with pytest.raises(T2WError, match=f"lacks vit-l-20; get it, 3.3 GB, with: t2w models pull oasis --out {tmp_path}") as caught:
        registry.load(f"oasis:{tmp_path / 'mine.safetensors'}")
    assert caught.value.code == MISSING
    with pytest.raises(T2WError, match="there is no file"):
        registry.spec(f"oasis:{tmp_path / 'other.safetensors'}")
    registry.ready(f"oasis:exact:{folder}")
    with pytest.raises(T2WError, match="cached, renewed, exact, not exakt"):
        registry.ready(f"oasis:exakt:{folder}")
    with pytest.raises(T2WError, match="t2w models pull oasis") as caught:
        registry.ready(f"oasis:renewed:{tmp_path}")
    assert caught.value.code == MISSING


def test_a_world_that_has_its_weights_takes_no_folder():
    with pytest.raises(T2WError, match="write it as sim"):
        registry.spec("sim:worlds/1")
    with pytest.raises(T2WError, match="oasis:FOLDER"):
        registry.load("oasis:")


class Trap:
    """Code that runs when it is unpickled without care."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_a_pickle_with_code_is_refused_and_nothing_runs(tmp_path):
    caught = tmp_path / "caught"
    for name, content in (("a.pt", {"w": Trap(caught)}), ("b.pt", Trap(caught))):
        torch.save(content, tmp_path / name)
        torch.save(content, tmp_path / f"old-{name}", _use_new_zipfile_serialization=False)
        for path in (tmp_path / name, tmp_path / f"old-{name}"):
            with pytest.raises(T2WError, match="not read"):
                load_network(path)
    assert not caught.exists()


def test_cut_off_and_overwritten_files_are_refused_in_a_sentence(folder, tmp_path):
    pickled = tiny_oasis.save_pickled(tmp_path) / "oasis500m.pt"
    for whole in (folder / "oasis500m.safetensors", pickled):
        data = whole.read_bytes()
        broken = [data[:n] for n in (0, 1, 7, 100, len(data) // 2, len(data) - 1)]
        broken += [b"\xff" * 64 + data[64:], data[:8] + b"\xff" * 64 + data[72:], b"not weights"]
        for content in broken:
            path = tmp_path / f"broken{whole.suffix}"
            path.write_bytes(content)
            with pytest.raises(T2WError) as caught:
                load_network(path)
            assert caught.value.code == WRONG_USE and "\n" not in str(caught.value)


def changed(change) -> dict[str, torch.Tensor]:
    found = tiny_oasis.tensors()
    change(found)
    return found


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        ({"weight": torch.zeros(2)}, "x_embedder.proj.weight"),
        (changed(lambda t: t.pop("blocks.1.t_mlp.fc2.bias")), "blocks.1.t_mlp.fc2.bias is missing"),
        (changed(lambda t: t.update(extra=torch.zeros(1))), "no place for extra"),
        (changed(lambda t: t.update({"final_layer.linear.bias": torch.zeros(3)})), r"\(3,\) where \(64,\) fits"),
        (changed(lambda t: t.update({"external_cond.weight": torch.zeros(32, 9)})), "9 numbers an action"),
        (changed(lambda t: t["external_cond.bias"].fill_(torch.nan)), "finite numbers"),
        (changed(lambda t: t["blocks.0.t_attn.rotary_emb.freqs"].mul_(2)), "other rotary frequencies"),
    ],
)
def test_foreign_weights_are_refused_in_a_sentence(tmp_path, found, sentence):
    save_file(found, tmp_path / "a.safetensors")
    with pytest.raises(T2WError, match=sentence) as caught:
        load_network(tmp_path / "a.safetensors")
    assert caught.value.code == WRONG_USE


def test_network_and_autoencoder_must_belong_together(folder, tmp_path):
    save_file(tiny_oasis.tensors(replace(tiny_oasis.NETWORK, channels=8)), tmp_path / "oasis500m.safetensors")
    save_file(load_file(folder / "vit-l-20.safetensors"), tmp_path / "vit-l-20.safetensors")
    with pytest.raises(T2WError, match="do not belong together"):
        registry.load(f"oasis:{tmp_path}", "cpu")
