"""Weights in eight bits: nearly what they were, half as large on disk, and the same again when saved again."""

import torch

from t2w.nn import outpainter
from t2w.nn.eightbits import SCALE, grown, shrunk
from t2w.worlds.pretrained import load_outpainter, save_part


def test_rows_keep_their_own_scale():
    weight = torch.randn(64, 16, 3, 3) * torch.logspace(-4, 2, 64)[:, None, None, None]
    weight[5] = 0
    small = shrunk({"weight": weight, "bias": torch.randn(64)})
    assert small["weight"].dtype == torch.int8 and small["weight"].shape == weight.shape and small["weight" + SCALE].shape == (64,)
    again = grown(small)
    assert set(again) == {"weight", "bias"} and torch.equal(again["bias"], small["bias"])
    off = (again["weight"] - weight).flatten(1).norm(dim=1) / weight.flatten(1).norm(dim=1).clamp(min=1e-9)
    assert off.max() < 0.02 and again["weight"][5].abs().max() < 1e-6


def test_an_outpainter_is_kept_so(tmp_path):
    model = outpainter.Outpainter(outpainter.TINY)
    save_part(model, tmp_path / "one")
    save_part(load_outpainter(tmp_path / "one"), tmp_path / "two")
    one, two = ((tmp_path / name / "outpainter.safetensors").read_bytes() for name in ("one", "two"))
    assert one == two and len(one) < 0.9 * 2 * sum(p.numel() for p in model.parameters())
