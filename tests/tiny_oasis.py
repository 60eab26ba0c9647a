"""Oasis with random weights, made in code and saved under the published names: real networks, some hundred kilobytes."""

from pathlib import Path

import torch
from safetensors.torch import save_file

from t2w.worlds.oasis.autoencoder import AutoencoderConfig, OasisAutoencoder
from t2w.worlds.oasis.network import HIGHEST, OasisConfig, OasisNetwork
from t2w.worlds.oasis.rotary import place_frequencies, time_frequencies

NETWORK = OasisConfig(d=32, heads=2, depth=2, hidden=64, waves=16)
AUTOENCODER = AutoencoderConfig(d=64, heads=1, depth=1, hidden=64, decoder_d=64, decoder_heads=1, decoder_depth=1, decoder_hidden=64)


def network(config: OasisConfig = NETWORK) -> OasisNetwork:
    return randomise(OasisNetwork(config))


def tensors(config: OasisConfig = NETWORK) -> dict[str, torch.Tensor]:
    """What the published file holds: the network's parameters and, under the first block's name, the tables of its rotary positions."""
    head = config.d // config.heads
    tables = {
        "blocks.0.s_attn.rotary_emb.freqs": place_frequencies(head // 4, HIGHEST),
        "blocks.0.t_attn.rotary_emb.freqs": time_frequencies(head).float(),
    }
    return network(config).state_dict() | tables


def autoencoder() -> OasisAutoencoder:
    return randomise(OasisAutoencoder(AUTOENCODER))


def save(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors(), folder / "oasis500m.safetensors")
    save_file(autoencoder().state_dict(), folder / "vit-l-20.safetensors")
    return folder


def save_pickled(folder: Path) -> Path:
    """As torch writes it: the tables once for the network and again in every block."""
    folder.mkdir(parents=True, exist_ok=True)
    found = tensors()
    for half, name in (("s", "spatial"), ("t", "temporal")):
        found[f"{name}_rotary_emb.freqs"] = found[f"blocks.1.{half}_attn.rotary_emb.freqs"] = found[
            f"blocks.0.{half}_attn.rotary_emb.freqs"
        ]
    torch.save(found, folder / "oasis500m.pt")
    torch.save(autoencoder().state_dict(), folder / "vit-l-20.pt")
    return folder


def randomise(model: torch.nn.Module) -> torch.nn.Module:
    """The same weights each time, none of them zero."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            size = parameter[0].numel() ** -0.5 if parameter.ndim > 1 else 0.1
            parameter.copy_(size * torch.randn(parameter.shape, generator=generator))
    return model.eval().requires_grad_(False)
