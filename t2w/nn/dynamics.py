"""The dynamics: a block-causal transformer over latent frames that says what the next frame is like, under an action.

A latent is a token, and sees the neighbours of its place in the frame before, so that what moves in from there is at hand. Blocks
attend in turn within a frame and, place by place, to the frames that came before. Noise level and action enter by adaptive
normalisation (Peebles & Xie 2023), once a frame. Positions are rotary, in time or in height and width; keys and values of past
frames are kept by the caller, so that a new frame costs only its own tokens.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

Memory = list[tuple[Tensor, Tensor]]  # keys and values of past frames ((b n) m t d), one pair a block that looks back


@dataclass(frozen=True)
class DynamicsConfig:
    channels: int = 32  # of a latent
    height: int = 6  # latents
    width: int = 10
    patch: int = 1  # latents a token, along each side
    actions: int = 9  # size of the action vector
    d: int = 96
    heads: int = 3
    depth: int = 6
    back: int = 2  # every how many blocks one looks back in time
    condition: int = 96


TINY = DynamicsConfig(channels=8, d=32, heads=2, depth=2, condition=16)  # learns in seconds; the tests use it


def angles(position: Tensor, d: int, base: float) -> Tensor:
    """Positions (…) => angles (… d/2)."""
    return position.float()[..., None] * base ** (-torch.arange(d // 2, device=position.device) / (d // 2))


def turn(angle: Tensor) -> Tensor:
    """Angles (… d/2) => cosines and sines (2 … d) for `rotate`."""
    return torch.stack([torch.cat([angle.cos(), angle.cos()], -1), torch.cat([-angle.sin(), angle.sin()], -1)])


def rotate(x: Tensor, by: Tensor) -> Tensor:
    """Turns the pairs (i, i + d/2) of x (… d). Su et al. 2021."""
    cos, sin = by
    return (x * cos + x.roll(x.shape[-1] // 2, -1) * sin).to(x.dtype)


@dataclass(frozen=True)
class Rotary:
    """Cosines and sines: of the places in a frame (2 n d), of the frames asked for (2 t d), of those looked at (2 t d)."""

    place: Tensor
    now: Tensor
    all: Tensor


class Attention(nn.Module):
    """Queries of these tokens to keys of these and, if given, of earlier ones. Normalised queries and keys (Henry et al. 2020)."""

    def __init__(self, d: int, heads: int):
        super().__init__()
        self.heads = heads
        self.qkv, self.out = nn.Linear(d, 3 * d, bias=False), nn.Linear(d, d, bias=False)
        self.norm_q, self.norm_k = nn.RMSNorm(d // heads), nn.RMSNorm(d // heads)

    def project(self, x: Tensor, to: str) -> tuple[Tensor, Tensor, Tensor]:
        q, k, v = rearrange(self.qkv(x), f"b t n (s m d) -> s {to}", s=3, m=self.heads)
        return self.norm_q(q), self.norm_k(k), v

    def forward(self, q: Tensor, k: Tensor, v: Tensor, allowed: Tensor | None = None) -> Tensor:
        # Plain products: for a few hundred tokens they are several times faster on a CPU than the fused kernel.
        score = q @ k.mT * q.shape[-1] ** -0.5
        if allowed is not None:
            score = score.masked_fill(~allowed, -1e4)
        return score.softmax(-1) @ v


class Block(nn.Module):
    def __init__(self, config: DynamicsConfig, back: bool):
        super().__init__()
        d, inner = config.d, config.d * 8 // 3 // 32 * 32
        self.back, self.attention = back, Attention(d, config.heads)
        self.up, self.down = nn.Linear(d, 2 * inner, bias=False), nn.Linear(inner, d, bias=False)
        self.norm = nn.RMSNorm(d, elementwise_affine=False)
        self.modulation = nn.Linear(config.condition, 6 * d)
        nn.init.zeros_(self.modulation.weight)
        nn.init.zeros_(self.modulation.bias)

    def forward(self, x: Tensor, modulation: Tensor, tables: Rotary, past: tuple[Tensor, Tensor] | None, allowed: Tensor | None):
        """x (b t n d), modulation (b t 6d) => x, and the keys (not yet turned) and values that later frames may look back at."""
        shift, scale, gate, shift2, scale2, gate2 = modulation[:, :, None].chunk(6, -1)
        y = torch.addcmul(shift, self.norm(x), 1 + scale)
        y, kept = (self._look_back if self.back else self._look_within)(y, tables, past, allowed)
        x = torch.addcmul(x, gate, y)
        a, g = self.up(torch.addcmul(shift2, self.norm(x), 1 + scale2)).chunk(2, -1)
        return torch.addcmul(x, gate2, self.down(a * F.silu(g))), kept

    def _look_within(self, y: Tensor, tables: Rotary, past: None, allowed: None) -> tuple[Tensor, None]:
        q, k, v = self.attention.project(y, "(b t) m n d")
        found = self.attention(rotate(q, tables.place), rotate(k, tables.place), v)
        return self.attention.out(rearrange(found, "(b t) m n d -> b t n (m d)", b=len(y))), None

    def _look_back(self, y: Tensor, tables: Rotary, past: tuple[Tensor, Tensor] | None, allowed: Tensor | None):
        q, k, v = self.attention.project(y, "(b n) m t d")
        kept = (k, v)
        if past is not None:
            k, v = torch.cat([past[0], k], 2), torch.cat([past[1], v], 2)
        found = self.attention(rotate(q, tables.now), rotate(k, tables.all), v, allowed)
        return self.attention.out(rearrange(found, "(b n) m t d -> b t n (m d)", b=len(y))), kept


class Dynamics(nn.Module):
    """forward(): what frames are like without their noise, given their actions and what came before."""

    def __init__(self, config: DynamicsConfig):
        super().__init__()
        self.config = config
        p, d = config.patch, config.d
        self.tokens = (config.height // p) * (config.width // p)
        values = config.channels * p * p
        # A frame comes in beside the one before it, of which a token sees a rim of its neighbours too: what moves in from there.
        # What goes out is the change.
        self.into = nn.Linear(values + config.channels * (p + 2) ** 2, d)
        self.place = nn.Parameter(0.02 * torch.randn(self.tokens, d))
        self.noise_level = nn.Sequential(nn.Linear(64, config.condition), nn.SiLU(), nn.Linear(config.condition, config.condition))
        self.action = nn.Sequential(
            nn.Linear(config.actions + 1, config.condition), nn.SiLU(), nn.Linear(config.condition, config.condition)
        )
        self.blocks = nn.ModuleList(Block(config, back=i % config.back == config.back - 1) for i in range(config.depth))
        self.norm = nn.RMSNorm(d)
        self.out = nn.Linear(d, values)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def tables(self, now: Tensor, past: Tensor | None) -> Rotary:
        """Frame positions asked for (t) and remembered (t) => rotary tables."""
        c = self.config
        d, h, w = c.d // c.heads, c.height // c.patch, c.width // c.patch
        y, x = torch.meshgrid(torch.arange(h, device=now.device), torch.arange(w, device=now.device), indexing="ij")
        place = turn(torch.cat([angles(y.flatten(), d // 2, 30.0), angles(x.flatten(), d // 2, 30.0)], -1))
        asked = turn(angles(now, d, 300.0))
        return Rotary(place, asked, asked if past is None else turn(angles(torch.cat([past, now]), d, 300.0)))

    def forward(
        self,
        x: Tensor,
        before: Tensor,
        tau: Tensor,
        action: Tensor,
        told: Tensor,
        position: Tensor,
        allowed: Tensor | None = None,
        memory: Memory | None = None,
        remembered: Tensor | None = None,
    ) -> tuple[Tensor, Memory]:
        """The frames without noise, and what later frames may look back at.

        x, before  (b t c h w)  the frames with noise; the frames before them
        tau        (b t)        0 noise, 1 data
        action     (b t a)      the action that led to each frame; told (b t) 1 where it is known, 0 where not
        position   (t)          frame numbers; only differences count
        allowed    (t past+t)   which frame may look at which; None: no limit (a single new frame)
        memory     past keys and values, remembered (t) their frame numbers
        """
        return self.look(x, before, self.modulations(tau, action, told), self.tables(position, remembered), allowed, memory)

    def modulations(self, tau: Tensor, action: Tensor, told: Tensor) -> list[Tensor]:
        """What noise level and action say to each block (b t 6d). Those who look more than once make them for all looks together."""
        kind = self.place.dtype
        level = angles(tau.float() * 100.0, 64, 1000.0)
        known = torch.cat([action * told[..., None], told[..., None]], -1).to(kind)
        condition = F.silu(self.noise_level(torch.cat([level.cos(), level.sin()], -1).to(kind)) + self.action(known))
        return [block.modulation(condition) for block in self.blocks]

    def look(
        self, x: Tensor, before: Tensor, modulations: list[Tensor], tables: Rotary, allowed: Tensor | None, memory: Memory | None
    ) -> tuple[Tensor, Memory]:
        """The costly part of forward()."""
        c, p = self.config, self.config.patch
        now = rearrange(x, "b t c (h p) (w q) -> b t (h w) (c p q)", p=p, q=p)
        last = F.unfold(rearrange(before, "b t c h w -> (b t) c h w"), p + 2, stride=p, padding=1)
        last = rearrange(last, "(b t) values n -> b t n values", b=len(x))
        tokens = self.into(torch.cat([now, last], -1).to(self.place.dtype)) + self.place
        kept: Memory = []
        for block, modulation in zip(self.blocks, modulations):
            past = memory[len(kept)] if memory and block.back else None
            tokens, keys = block(tokens, modulation, tables, past, allowed)
            if block.back:
                kept.append(keys)
        change = rearrange(self.out(self.norm(tokens)), "b t (h w) (c p q) -> b t c (h p) (w q)", h=c.height // p, c=c.channels, p=p, q=p)
        return before + change, kept
