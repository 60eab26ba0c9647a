"""The dynamics: a block-causal transformer over latent frames that says what the next frame is like, under an action.

A frame is a few fat tokens (2x2 latents each). Every block attends within a frame; every second one also attends, for all places
at once, to the frames that came before, so that what leaves one place can arrive in another. Noise level and action enter by
adaptive normalisation (Peebles & Xie 2023), once a frame. Positions are rotary in time, height and width; keys and values
of past frames are kept by the caller, so that a new frame costs only its own tokens.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

Memory = list[tuple[Tensor, Tensor]]  # keys and values of past frames (b m (t n) d), one pair a block that looks back


@dataclass(frozen=True)
class DynamicsConfig:
    channels: int = 32  # of a latent
    height: int = 6  # latents
    width: int = 10
    patch: int = 2
    actions: int = 9  # size of the action vector
    d: int = 192
    heads: int = 3
    depth: int = 6
    back: int = 2  # every how many blocks one looks back in time
    condition: int = 96


TINY = DynamicsConfig(channels=8, d=32, heads=2, depth=2, condition=16)  # learns in seconds; the tests use it


def angles(position: Tensor, d: int, base: float) -> Tensor:
    """Positions (…) => cosines and sines (… d), for d/2 pairs."""
    frequency = base ** (-torch.arange(d // 2, device=position.device) / (d // 2))
    angle = position.float()[..., None] * frequency
    return torch.cat([angle.cos(), angle.sin()], -1)


def rotate(x: Tensor, turn: Tensor) -> Tensor:
    """Turns pairs of x (… d) by (cosines | sines) (… d). Su et al. 2021."""
    a, b = x.chunk(2, -1)
    cos, sin = turn.chunk(2, -1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], -1).to(x.dtype)


@dataclass(frozen=True)
class Rotary:
    """Tables of cosines and sines: of the places in a frame (n d), of the tokens asked for ((t n) d), of those looked at."""

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

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        q, k, v = rearrange(self.qkv(x), "b n (s m d) -> s b m n d", s=3, m=self.heads)
        return self.norm_q(q), self.norm_k(k), v

    def forward(self, q: Tensor, k: Tensor, v: Tensor, allowed: Tensor | None = None) -> Tensor:
        # Plain products: for a few hundred tokens they are several times faster on a CPU than the fused kernel.
        score = q @ k.mT * q.shape[-1] ** -0.5
        if allowed is not None:
            score = score.masked_fill(~allowed, -1e4)
        return self.out(rearrange(score.softmax(-1) @ v, "b m n d -> b n (m d)"))


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

    def forward(self, x: Tensor, condition: Tensor, tables: Rotary, past: tuple[Tensor, Tensor] | None, allowed: Tensor | None):
        """x (b t n d), condition (b t c) => x, and the keys (not yet turned) and values that later frames may look back at."""
        t = x.shape[1]
        shift, scale, gate, shift2, scale2, gate2 = self.modulation(condition)[:, :, None].chunk(6, -1)
        y = torch.addcmul(shift, self.norm(x), 1 + scale)
        y, kept = (self._look_back if self.back else self._look_within)(y, tables, past, allowed)
        x = torch.addcmul(x, gate, rearrange(y, "b (t n) d -> b t n d", t=t))
        a, g = self.up(torch.addcmul(shift2, self.norm(x), 1 + scale2)).chunk(2, -1)
        return torch.addcmul(x, gate2, self.down(a * F.silu(g))), kept

    def _look_within(self, y: Tensor, tables: Rotary, past: None, allowed: None) -> tuple[Tensor, None]:
        b = len(y)
        q, k, v = self.attention.project(rearrange(y, "b t n d -> (b t) n d"))
        y = self.attention(rotate(q, tables.place), rotate(k, tables.place), v)
        return rearrange(y, "(b t) n d -> b (t n) d", b=b), None

    def _look_back(self, y: Tensor, tables: Rotary, past: tuple[Tensor, Tensor] | None, allowed: Tensor | None):
        q, k, v = self.attention.project(rearrange(y, "b t n d -> b (t n) d"))
        kept = (k, v)
        if past is not None:
            k, v = torch.cat([past[0], k], 2), torch.cat([past[1], v], 2)
        return self.attention(rotate(q, tables.now), rotate(k, tables.all), v, allowed), kept


class Dynamics(nn.Module):
    """forward(): what frames are like without their noise, given their actions and what came before."""

    def __init__(self, config: DynamicsConfig):
        super().__init__()
        self.config = config
        p, d = config.patch, config.d
        self.tokens = (config.height // p) * (config.width // p)
        values = config.channels * p * p
        # A frame comes in beside the one before it; what goes out is the change.
        self.into = nn.Linear(2 * values, d)
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
        """Frame positions asked for (t) and remembered (t) => rotary tables. Half of a head turns with time, a quarter with y, with x."""
        c = self.config
        d, h, w = c.d // c.heads, c.height // c.patch, c.width // c.patch
        y, x = torch.meshgrid(torch.arange(h, device=now.device), torch.arange(w, device=now.device), indexing="ij")
        place = torch.cat([angles(y.flatten(), d // 4, 30.0), angles(x.flatten(), d // 4, 30.0)], -1)

        def table(t: Tensor) -> Tensor:
            time = angles(t, d // 2, 300.0)
            parts = [rearrange(time, "t d -> t 1 d").expand(-1, h * w, -1), place.expand(len(t), -1, -1)]
            return mix(torch.cat(parts, -1), d)

        still = torch.zeros(1, device=now.device)
        asked = rearrange(table(now), "t n d -> (t n) d")
        looked = asked if past is None else rearrange(table(torch.cat([past, now])), "t n d -> (t n) d")
        return Rotary(table(still)[0], asked, looked)

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
        allowed    (t t)        which frame may look at which; None: no limit (a single new frame)
        memory     past keys and values, remembered (t) their frame numbers
        """
        c, p = self.config, self.config.patch
        pair = rearrange([x, before], "s b t c (h p) (w q) -> b t (h w) (s c p q)", p=p, q=p)
        kind = self.place.dtype
        tokens = self.into(pair.to(kind)) + self.place
        level = angles(tau.float() * 100.0, 64, 1000.0).to(kind)
        known = torch.cat([action * told[..., None], told[..., None]], -1).to(kind)
        condition = F.silu(self.noise_level(level) + self.action(known))
        tables = self.tables(position, remembered)
        if allowed is not None:
            allowed = allowed.repeat_interleave(self.tokens, 0).repeat_interleave(self.tokens, 1)
        kept: Memory = []
        for block in self.blocks:
            past = memory[len(kept)] if memory is not None and block.back else None
            tokens, keys = block(tokens, condition, tables, past, allowed)
            if block.back:
                kept.append(keys)
        change = rearrange(self.out(self.norm(tokens)), "b t (h w) (c p q) -> b t c (h p) (w q)", h=c.height // p, c=c.channels, p=p, q=p)
        return before + change, kept


def mix(parts: Tensor, d: int) -> Tensor:
    """Joins (cos|sin) tables of several axes (… cos|sin cos|sin cos|sin) into one (… cosines | sines)."""
    time, y, x = parts.split([d // 2, d // 4, d // 4], -1)
    halves = [table.chunk(2, -1) for table in (time, y, x)]
    return torch.cat([cos for cos, _ in halves] + [sin for _, sin in halves], -1)
