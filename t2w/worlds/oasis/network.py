"""Oasis's network: latent frames with noise in them, their noise levels and actions in; the velocity of each frame out.

A diffusion transformer (Peebles & Xie 2023) whose every block attends first within a frame, then from each place back in time to
the same place (diffusion forcing, Chen et al. 2024). Parameters carry the names of the published files (Decart and Etched 2024, MIT).
"""

from dataclasses import dataclass
from math import log

import torch
import torch.nn.functional as F
from einops import einsum, rearrange
from torch import Tensor, nn

from t2w.worlds.oasis.rotary import Turn, places, rotate, times

Memory = list[tuple[Tensor, Tensor]]  # keys, turned to their frame's time, and values of past frames ((b n) m t d), one pair a block
HIGHEST = 256.0  # of the frequencies of places


@dataclass(frozen=True)
class OasisConfig:
    """The published size. All but `heads` is seen in the shapes of the weights."""

    channels: int = 16  # of a latent
    patch: int = 2  # latents a token, along each side
    d: int = 1024
    heads: int = 16
    depth: int = 16
    hidden: int = 4096  # within an MLP
    waves: int = 256  # size of the sinusoid that tells the noise level
    actions: int = 25  # size of the action vector


class Attention(nn.Module):
    def __init__(self, d: int, heads: int):
        super().__init__()
        self.heads = heads
        self.to_qkv = nn.Linear(d, 3 * d, bias=False)
        self.to_out = nn.Linear(d, d)

    def forward(self, x: Tensor, turn: Turn, past: tuple[Tensor, Tensor] | None = None, causal: bool = False):
        """x (b n d) => the same, and its own keys and values (b m n d)."""
        qkv = rearrange(self.to_qkv(x), "b n (three m d) -> three b m n d", three=3, m=self.heads)
        (q, k), v = rotate(qkv[:2], turn), qkv[2]
        y = F.scaled_dot_product_attention(q, k, v, is_causal=causal) if past is None else look_back(q, k, v, *past)
        return self.to_out(rearrange(y, "b m n d -> b n (m d)")), (k, v)


def look_back(q: Tensor, k: Tensor, v: Tensor, past_k: Tensor, past_v: Tensor) -> Tensor:
    """Attention of one frame to itself and to the past, which is read where it lies: joining the two costs more than the attention."""
    scores = torch.cat([einsum(q, past_k, "b m q d, b m k d -> b m q k"), (q * k).sum(-1, keepdim=True)], -1)
    weights = (scores.float() * q.shape[-1] ** -0.5).softmax(-1).to(v.dtype)
    return torch.addcmul(einsum(weights[..., :-1], past_v, "b m q k, b m k d -> b m q d"), weights[..., -1:], v)


class Mlp(nn.Module):
    def __init__(self, d: int, hidden: int, approximate: str = "none"):
        super().__init__()
        self.approximate = approximate
        self.fc1, self.fc2 = nn.Linear(d, hidden), nn.Linear(hidden, d)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x), approximate=self.approximate))


class Block(nn.Module):
    """Names that begin with s are of the half that looks within a frame, those with t of the half that looks back in time."""

    def __init__(self, c: OasisConfig):
        super().__init__()
        self.s_attn, self.t_attn = Attention(c.d, c.heads), Attention(c.d, c.heads)
        self.s_mlp, self.t_mlp = Mlp(c.d, c.hidden, "tanh"), Mlp(c.d, c.hidden, "tanh")
        self.s_adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(c.d, 6 * c.d))
        self.t_adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(c.d, 6 * c.d))

    def forward(self, x: Tensor, condition: Tensor, place: Turn, time: Turn, past: tuple[Tensor, Tensor] | None):
        """x (b t n d), condition (b t d) => x, and the keys and values that later frames may look back at."""
        b, t, _, _ = x.shape

        shift, scale, gate, *second = self.s_adaLN_modulation(condition)[:, :, None].chunk(6, -1)
        y = rearrange(modulated(x, shift, scale), "b t n d -> (b t) n d")
        x = torch.addcmul(x, gate, rearrange(self.s_attn(y, place)[0], "(b t) n d -> b t n d", b=b))
        x = second_half(x, self.s_mlp, *second)

        shift, scale, gate, *second = self.t_adaLN_modulation(condition)[:, :, None].chunk(6, -1)
        y = rearrange(modulated(x, shift, scale), "b t n d -> (b n) t d")
        y, kept = self.t_attn(y, time, past, causal=t > 1)
        x = torch.addcmul(x, gate, rearrange(y, "(b n) t d -> b t n d", b=b))
        return second_half(x, self.t_mlp, *second), kept


class OasisNetwork(nn.Module):
    def __init__(self, config: OasisConfig):
        super().__init__()
        c = self.config = config
        values = c.channels * c.patch**2
        self.x_embedder = nn.ModuleDict({"proj": nn.Conv2d(c.channels, c.d, c.patch, stride=c.patch)})
        self.t_embedder = nn.ModuleDict({"mlp": nn.Sequential(nn.Linear(c.waves, c.d), nn.SiLU(), nn.Linear(c.d, c.d))})
        self.external_cond = nn.Linear(c.actions, c.d)
        self.blocks = nn.ModuleList(Block(c) for _ in range(c.depth))
        modulation = nn.Sequential(nn.SiLU(), nn.Linear(c.d, 2 * c.d))
        self.final_layer = nn.ModuleDict({"linear": nn.Linear(c.d, values), "adaLN_modulation": modulation})

    def forward(self, x: Tensor, level: Tensor, action: Tensor, first: int = 0, memory: Memory | None = None) -> tuple[Tensor, Memory]:
        """The velocity of each frame (b t c h w), and what later frames may look back at.

        x       (b t c h w)  latent frames, numbers first, first + 1, …
        level   (b t)        of noise, 0 to 999
        action  (b t a)      the action that led to each frame
        memory  of the frames before; then x is one frame
        """
        assert memory is None or x.shape[1] == 1, "many frames after a memory would need a mask"
        p, kind, head = self.config.patch, self.external_cond.weight.dtype, self.config.d // self.config.heads
        b, t, _, h, w = x.shape
        place, time = places(h // p, w // p, head // 4, HIGHEST).to(x.device), times(first, t, head).to(x.device)
        condition = self.t_embedder["mlp"](waves(level, self.config.waves).to(kind)) + self.external_cond(action.to(kind))
        tokens = self.x_embedder["proj"](rearrange(x.to(kind), "b t c h w -> (b t) c h w"))
        tokens = rearrange(tokens, "(b t) d h w -> b t (h w) d", b=b)
        kept: Memory = []
        for block in self.blocks:
            tokens, own = block(tokens, condition, place, time, memory[len(kept)] if memory else None)
            kept.append(own)
        shift, scale = self.final_layer["adaLN_modulation"](condition)[:, :, None].chunk(2, -1)
        out = self.final_layer["linear"](modulated(tokens, shift, scale)).to(x.dtype)
        return rearrange(out, "b t (h w) (p q c) -> b t c (h p) (w q)", h=h // p, p=p, q=p), kept


def modulated(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    return torch.addcmul(shift, F.layer_norm(x, x.shape[-1:], eps=1e-6), 1 + scale)


def second_half(x: Tensor, mlp: Mlp, shift: Tensor, scale: Tensor, gate: Tensor) -> Tensor:
    return torch.addcmul(x, gate, mlp(modulated(x, shift, scale)))


def waves(level: Tensor, d: int) -> Tensor:
    """Noise levels (…) => cosines, then sines (… d)."""
    frequency = torch.exp(-log(10000) * torch.arange(d // 2, device=level.device) / (d // 2))
    angle = level.float()[..., None] * frequency
    return torch.cat([angle.cos(), angle.sin()], -1)
