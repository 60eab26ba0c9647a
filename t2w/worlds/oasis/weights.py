"""Published files in, networks out: sizes are read from the shapes of the tensors, every tensor must find its place."""

import re
from pathlib import Path

import torch
from torch import Tensor, nn

from t2w.errors import T2WError
from t2w.worlds.oasis.autoencoder import AutoencoderConfig, OasisAutoencoder
from t2w.worlds.oasis.controls import NAMES
from t2w.worlds.oasis.network import HIGHEST, OasisConfig, OasisNetwork
from t2w.worlds.oasis.pickles import read
from t2w.worlds.oasis.rotary import place_frequencies, time_frequencies

HEAD = 64  # a head's width where the file does not tell
# Tables of rotary frequencies: the published files hold them once or in every block, under these names.
TABLE = re.compile(r"(?:blocks\.\d+\.)?(?:(spatial|temporal)_rotary_emb|([st])_attn\.rotary_emb)\.freqs")


def load_network(path: Path) -> OasisNetwork:
    """oasis500m.safetensors or .pt, or one of another size, on the CPU. Raises T2WError."""
    tensors = _tensors(path)
    tables = {name: tensors.pop(name) for name in list(tensors) if TABLE.fullmatch(name)}
    try:
        d, channels, patch, _ = tensors["x_embedder.proj.weight"].shape
        hidden, _ = tensors["blocks.0.s_mlp.fc1.weight"].shape
        _, waves = tensors["t_embedder.mlp.0.weight"].shape
        _, actions = tensors["external_cond.weight"].shape
    except (KeyError, ValueError) as error:
        raise _foreign(path, "network", f"{error}") from None
    if actions != len(NAMES):
        raise _foreign(path, "network", f"it reads {actions} numbers an action, not {len(NAMES)}")
    head = _head(tables, d, path)
    config = OasisConfig(channels, patch, d, d // head, _depth(tensors, "blocks"), hidden, waves, actions)
    return _filled(OasisNetwork, config, tensors, path, "network")


def load_autoencoder(path: Path) -> OasisAutoencoder:
    """vit-l-20.safetensors or .pt, or one of another size, on the CPU. Raises T2WError."""
    tensors = _tensors(path)
    try:
        d, _, patch, _ = tensors["patch_embed.proj.weight"].shape
        decoder_d, latent = tensors["post_quant_conv.weight"].shape
        hidden, decoder_hidden = (tensors[f"{part}.0.mlp.fc1.weight"].shape[0] for part in ("encoder", "decoder"))
    except (KeyError, ValueError, IndexError) as error:
        raise _foreign(path, "autoencoder", f"{error}") from None
    depth, decoder_depth = _depth(tensors, "encoder"), _depth(tensors, "decoder")
    heads, decoder_heads = d // _head({}, d, path), decoder_d // _head({}, decoder_d, path)
    config = AutoencoderConfig(latent, patch, d, heads, depth, hidden, decoder_d, decoder_heads, decoder_depth, decoder_hidden)
    return _filled(OasisAutoencoder, config, tensors, path, "autoencoder")


def _tensors(path: Path) -> dict[str, Tensor]:
    found = read(path)
    if not isinstance(found, dict) or not found or not all(isinstance(n, str) and isinstance(t, Tensor) for n, t in found.items()):
        raise T2WError(f"{path} is no file of weights: it holds something else than tensors by name")
    sick = next((name for name, t in found.items() if not (t.is_floating_point() and t.isfinite().all())), None)
    if sick:
        raise T2WError(f"{path} is broken: {sick} holds something else than finite numbers; get it anew")
    return found


def _head(tables: dict[str, Tensor], d: int, path: Path) -> int:
    """A head's width: that of the rotary tables, which must be the known ones; 64 where there are none."""
    lengths = {4 * len(t) if _is_spatial(name) else 2 * len(t) for name, t in tables.items() if t.ndim == 1} or {HEAD}
    head = lengths.pop()
    known = {True: place_frequencies(head // 4, HIGHEST), False: time_frequencies(head).float()}
    strange = [name for name, t in tables.items() if t.shape != known[_is_spatial(name)].shape or not _near(t, known[_is_spatial(name)])]
    if lengths or strange:
        raise T2WError(
            f"{path} has other rotary frequencies than Oasis ({', '.join(strange or tables)[:80]}); t2w knows those of Oasis 500M"
        )
    if d % head or head % 8:
        raise T2WError(f"{path} is {d} wide, which heads {head} wide do not fill; t2w cannot tell how many heads it has")
    return head


def _is_spatial(name: str) -> bool:
    world, half = TABLE.fullmatch(name).groups()
    return (world or half).startswith("s")


def _near(a: Tensor, b: Tensor) -> bool:
    return torch.allclose(a.float(), b, rtol=0.01)  # a file may be of half precision


def _depth(tensors: dict[str, Tensor], blocks: str) -> int:
    return len({name.split(".")[1] for name in tensors if name.startswith(f"{blocks}.")})


def _filled(kind: type[nn.Module], config: object, tensors: dict[str, Tensor], path: Path, what: str) -> nn.Module:
    """A network whose parameters are the tensors: nothing is copied."""
    with torch.device("meta"):
        model = kind(config)
    wanted = {name: tuple(parameter.shape) for name, parameter in model.state_dict().items()}
    for name in sorted(wanted.keys() | tensors.keys()):
        if name not in tensors:
            raise _foreign(path, what, f"{name} is missing")
        if name not in wanted:
            raise _foreign(path, what, f"it has no place for {name}")
        if wanted[name] != tuple(tensors[name].shape):
            raise _foreign(path, what, f"{name} is {tuple(tensors[name].shape)} where {wanted[name]} fits the rest")
    model.load_state_dict(tensors, assign=True)
    return model.eval().requires_grad_(False)


def _foreign(path: Path, what: str, reason: str) -> T2WError:
    return T2WError(f"{path} does not hold Oasis's {what}: {reason}")
