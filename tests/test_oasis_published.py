"""Oasis beside the code that its authors published: the same random weights, start frame, actions and noise in both, and the same frames out.

    git clone https://github.com/etched-ai/open-oasis && pip install timm torchvision
    T2W_OPEN_OASIS=open-oasis pytest -m slow -s tests/test_oasis_published.py

Their own generate.py runs, three lines of it changed: where (the CPU, and so single precision) and whose noise. Sizes are small, the structure is whole.
"""

import importlib
import os
import sys
from argparse import Namespace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import tiny_oasis
import torch
from safetensors.torch import save_model

from t2w.actions import policy as policies
from t2w.worlds import registry
from t2w.worlds.oasis import controls
from t2w.worlds.oasis.sampling import Dream, Sampling

THEIRS = os.environ.get("T2W_OPEN_OASIS", "")
CHANGED = {
    "assert torch.cuda.is_available()": "",
    'device = "cuda:0"': 'device = "cpu"',
    "torch.randn((B, 1, *x.shape[-3:]), device=device)": "torch.randn((1, 1, 16, 18, 32), generator=noise)",
}
N, SEED = 24, 7
REST = {"num_frames": N + 1, "n_prompt_frames": 1, "ddim_steps": 10, "video_offset": None, "prompt_path": "", "output_path": "", "fps": 20}
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not THEIRS, reason="T2W_OPEN_OASIS names no checkout of github.com/etched-ai/open-oasis"),
]


@pytest.fixture
def published(monkeypatch, tmp_path) -> ModuleType:
    """Their generate.py. Pictures and films are ours to read and write: what it uses for them is gone from torchvision."""
    pytest.importorskip("timm", reason="the published code needs timm and torchvision")
    source = (Path(THEIRS) / "generate.py").read_text("utf-8")
    for line, changed in CHANGED.items():
        assert source.count(line) == 1, f"generate.py is not the one of 2024 any more, it lacks: {line}"
        source = source.replace(line, changed)
    (tmp_path / "generate.py").write_text(source)
    for name, words in {"io": "read_image read_video write_video", "transforms.functional": "resize"}.items():
        files = ModuleType(f"torchvision.{name}")
        vars(files).update(dict.fromkeys(words.split()))
        monkeypatch.setitem(sys.modules, files.__name__, files)
    monkeypatch.syspath_prepend(THEIRS)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("generate")
    for name in ("generate", "dit", "vae", "utils", "attention", "rotary_embedding_torch"):
        del sys.modules[name]


def random(model: torch.nn.Module) -> torch.nn.Module:
    """Theirs are made with zeros in places, which would hide what they do. Tables of frequencies are parameters too, and stay."""
    tables = {name: table.clone() for name, table in model.state_dict().items() if name.endswith("freqs")}
    tiny_oasis.randomise(model).load_state_dict(tables, strict=False)
    return model


def dreamt(generate: ModuleType, folder: Path, window: int, picture: np.ndarray, actions: torch.Tensor) -> torch.Tensor:
    """Frames (t c h w) of their loop, as their autoencoder decodes them; the weights of both networks are left in `folder`."""
    from dit import DiT
    from vae import AutoencoderKL

    network = random(DiT(hidden_size=64, num_heads=2, depth=4, max_frames=window))
    # Latents, height, width and patch; then width, depth and heads of encoder and decoder.
    autoencoder = random(AutoencoderKL(16, 360, 640, 20, *(128, 6, 2), *(128, 12, 2)))
    files = {"oasis_ckpt": "oasis500m.safetensors", "vae_ckpt": "vit-l-20.safetensors", "actions_path": "a.one_hot_actions.pt"}
    files = {name: str(folder / file) for name, file in files.items()}
    save_model(network, files["oasis_ckpt"])
    save_model(autoencoder, files["vae_ckpt"])
    torch.save(actions, files["actions_path"])
    decode, seen = autoencoder.decode, []
    autoencoder.decode = lambda latents: seen.append(decode(latents)) or seen[0]
    generate.DiT_models["DiT-S/2"] = lambda: network
    generate.VAE_models["vit-l-20-shallow-encoder"] = lambda: autoencoder
    generate.noise = torch.Generator().manual_seed(SEED)
    generate.load_prompt = lambda *_, **__: torch.from_numpy(picture).movedim(-1, 0)[None, None] / 255
    generate.write_video = lambda *_, **__: None
    generate.main(Namespace(**files, **REST))
    return seen[0]


@pytest.mark.parametrize(("window", "ways"), [(32, ("exact", "cached", "renewed")), (6, ("exact", "renewed"))])
def test_frames_are_those_of_the_published_code(published, tmp_path, window, ways):
    picture = np.random.default_rng(0).integers(0, 255, (360, 640, 3), np.uint8)
    policy = policies.make("random", controls.SPACE, 20.0, 3)
    actions = torch.from_numpy(np.stack([controls.vector(policy(picture, t)) for t in range(N)]))
    theirs = dreamt(published, tmp_path, window, picture, actions)[1:]
    assert len(theirs) == N and actions.std(0).count_nonzero() > 3 and theirs.std() > 0.1
    for way in ways:
        world = registry.load(f"oasis:{tmp_path}", "cpu", "float32")
        first = world.begin(picture).dream.frames[:, 0]
        with torch.inference_mode():
            dream = Dream(world.network, first, torch.Generator().manual_seed(SEED), Sampling(way, window=window))
            ours = torch.cat([world.autoencoder.decode(dream.step(action[None])) for action in actions])
        off = float((ours - theirs).abs().max())
        print(f"\nwindow {window}, {way}: {N} frames of {theirs.min():.2f} to {theirs.max():.2f}, largest difference {off:.1e}")
        assert off < 1e-3
