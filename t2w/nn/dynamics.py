"""The dynamics: a block-causal transformer over latent frames that says what the next frame is like, under an action.

A frame comes in beside the one before it, and beside that one as the action carries it on (see `parallax`; at least: as it turns the view). Convolutions look at it latent by
latent; two by two they become tokens. Most blocks attend within the frame, to the frame before and to the first of all; there a place is
looked for where the view's turn has brought it (rotary positions that turn with the view), so that what was seen is found again. Every few
blocks, places look back in time. Noise level and action enter by adaptive normalisation (Peebles & Xie 2023), once a frame. Keys and
values of past frames are kept by the caller, so that a new frame costs only its own tokens.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from t2w.nn.once import once
from t2w.nn.view import CIRCLE, flow, moved

Memory = list[tuple[Tensor, Tensor]]  # keys (not yet turned) and values of past frames (b t m n d), one pair a block


@dataclass(frozen=True)
class DynamicsConfig:
    channels: int = 16  # of a latent
    height: int = 12  # latents
    width: int = 20
    patch: int = 2  # latents a token, along each side
    actions: int = 9  # size of the action vector; the last two are the mouse
    turn: float = 12.0  # degrees of view turn that a mouse of 1 means
    lens: tuple[float, float] = (1.2, 0.72)  # half width and half height of the picture at distance 1, to begin learning with
    fine: int = 48  # width of the convolutions
    d: int = 128
    heads: int = 4
    depth: int = 6
    back: int = 3  # every how many blocks one looks back in time
    condition: int = 128


TINY = DynamicsConfig(channels=8, fine=16, d=32, heads=2, depth=2, back=2, condition=16)  # learns in seconds; the tests use it


@dataclass(frozen=True)
class Sight:
    """Where t frames stand, and at which of `past` remembered frames and of themselves (numbered after these) they look."""

    time: Tensor  # (t) frame numbers; only differences count
    heading: Tensor  # (b t 2) how far the view has been turned by then, in units of the mouse
    before: Tensor  # (t) which frame came before each
    allowed: Tensor | None = None  # (t past+t) which frames each may look back at; None: all
    past_time: Tensor | None = None  # (past)
    past_heading: Tensor | None = None  # (b past 2)
    first: Tensor | None = None  # (t) which frame each takes for the first of all; None: number 0

    def firsts(self) -> Tensor:
        return torch.zeros_like(self.before) if self.first is None else self.first

    def all_headings(self) -> Tensor:
        return self.heading if self.past_heading is None else torch.cat([self.past_heading, self.heading], 1)

    def all_times(self) -> Tensor:
        return self.time if self.past_time is None else torch.cat([self.past_time, self.time])


def angles(position: Tensor, d: int, base: float) -> Tensor:
    """Positions (…) => angles (… d/2)."""
    return position.float()[..., None] * _frequencies(d // 2, base, position.device)


@once
def _frequencies(n: int, base: float, device: torch.device) -> Tensor:
    """(n) of angles."""
    return base ** (-torch.arange(n, device=device) / n)


@once
def _spots(h: int, w: int, d: int, device: torch.device) -> Tensor:
    """(h*w d/2) the angles of places in a frame."""
    rows, columns = torch.meshgrid(torch.arange(h, device=device), torch.arange(w, device=device), indexing="ij")
    return torch.cat([angles(part.flatten(), d // 2, 30.0) for part in (rows, columns)], -1)


def turn(angle: Tensor) -> Tensor:
    """Angles (… d/2) => cosines and sines (2 … d) for `rotate`."""
    return torch.stack([torch.cat([angle.cos(), angle.cos()], -1), torch.cat([-angle.sin(), angle.sin()], -1)])


def rotate(x: Tensor, by: Tensor) -> Tensor:
    """Turns the pairs (i, i + d/2) of x (… d). Su et al. 2021."""
    cos, sin = by
    return (x * cos + x.roll(x.shape[-1] // 2, -1) * sin).to(x.dtype)


@dataclass(frozen=True)
class Rotary:
    """Cosines and sines: of the places in a frame (2 n d); of these, of those of the frame before and of the first as they stand in each new
    frame's view (2 b t 1 3n d); and of the frames' times, those asked for (2 t d) and all (2 past+t d)."""

    place: Tensor
    seen: Tensor
    now: Tensor
    all: Tensor


class Attention(nn.Module):
    """Normalised queries and keys (Henry et al. 2020); three kinds of keys, each with an inclination of its own in every head."""

    def __init__(self, d: int, heads: int):
        super().__init__()
        self.heads = heads
        self.qkv, self.out = nn.Linear(d, 3 * d, bias=False), nn.Linear(d, d, bias=False)
        self.norm_q, self.norm_k = nn.RMSNorm(d // heads), nn.RMSNorm(d // heads)
        self.inclination = nn.Parameter(torch.zeros(heads, 3))

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        q, k, v = rearrange(self.qkv(x), "b t n (s m d) -> s b t m n d", s=3, m=self.heads)
        return self.norm_q(q), self.norm_k(k), v

    def within(self, q: Tensor, k: Tensor, v: Tensor, keys: Tensor, values: Tensor, sight: Sight, tables: Rotary) -> Tensor:
        """Each frame's places (b t m n d) to their own, to those of the frame before and of the first frame of all."""
        first = sight.firsts()
        seen = rotate(torch.cat([k, keys[:, sight.before], keys[:, first]], 3), tables.seen)
        score = rotate(q, tables.place) @ seen.mT * q.shape[-1] ** -0.5
        score = score + self.inclination[:, None, :, None].expand(-1, 1, 3, k.shape[3]).flatten(2).to(score.dtype)
        # Plain products: for a few hundred tokens they are several times faster on a CPU than the fused kernel.
        return score.softmax(-1) @ torch.cat([v, values[:, sight.before], values[:, first]], 3)

    def back(self, q: Tensor, keys: Tensor, values: Tensor, sight: Sight, tables: Rotary) -> Tensor:
        """Each place (b t m n d) to the same place in the frames that it may look back at."""
        q, keys, values = (rearrange(part, "b t m n d -> b n m t d") for part in (q, keys, values))
        score = rotate(q, tables.now) @ rotate(keys, tables.all).mT * q.shape[-1] ** -0.5
        if sight.allowed is not None:
            score = score.masked_fill(~sight.allowed, -1e4)
        return rearrange(score.softmax(-1) @ values, "b n m t d -> b t m n d")


class Block(nn.Module):
    def __init__(self, config: DynamicsConfig, back: bool):
        super().__init__()
        d, inner = config.d, config.d * 8 // 3 // 32 * 32
        self.back, self.attention = back, Attention(d, config.heads)
        self.up, self.down = nn.Linear(d, 2 * inner, bias=False), nn.Linear(inner, d, bias=False)
        self.norm = nn.RMSNorm(d, elementwise_affine=False)
        self.modulation = blank(config.condition, 6 * d)

    def forward(self, x: Tensor, modulation: Tensor, sight: Sight, tables: Rotary, past: tuple[Tensor, Tensor] | None):
        """x (b t n d), modulation (b t 6d) => x, and the keys and values that later frames may look at."""
        shift, scale, gate, shift2, scale2, gate2 = modulation[:, :, None].chunk(6, -1)
        q, k, v = self.attention.project(torch.addcmul(shift, self.norm(x), 1 + scale))
        keys, values = (k, v) if past is None else (torch.cat([past[0], k], 1), torch.cat([past[1], v], 1))
        if self.back:
            found = self.attention.back(q, keys, values, sight, tables)
        else:
            found = self.attention.within(q, k, v, keys, values, sight, tables)
        x = torch.addcmul(x, gate, self.attention.out(rearrange(found, "b t m n d -> b t n (m d)")))
        a, g = self.up(torch.addcmul(shift2, self.norm(x), 1 + scale2)).chunk(2, -1)
        return torch.addcmul(x, gate2, self.down(a * F.silu(g))), (k, v)


class Fine(nn.Module):
    """A residual block of convolutions, latent by latent: x (f h w c), modulation (f 1 1 3c)."""

    def __init__(self, width: int, condition: int):
        super().__init__()
        self.one, self.two = nn.Conv2d(width, width, 3, padding=1, bias=False), nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm = nn.RMSNorm(width, elementwise_affine=False)
        self.modulation = blank(condition, 3 * width)

    def forward(self, x: Tensor, modulation: Tensor) -> Tensor:
        shift, scale, gate = modulation.chunk(3, -1)
        y = torch.addcmul(shift, self.norm(x), 1 + scale)
        y = self.two(F.silu(self.one(rearrange(y, "f h w c -> f c h w"))))
        return torch.addcmul(x, gate, rearrange(y, "f c h w -> f h w c"))


def blank(into: int, out: int) -> nn.Linear:
    """A layer that says nothing before it has learnt."""
    layer = nn.Linear(into, out)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


class Dynamics(nn.Module):
    """forward(): what frames are like without their noise, given their actions and what came before."""

    def __init__(self, config: DynamicsConfig):
        super().__init__()
        self.config = config
        c, p, d, fine = config.channels, config.patch, config.d, config.fine
        self.tokens = (config.height // p) * (config.width // p)
        self.lens = nn.Parameter(torch.tensor(config.lens))
        self.into = nn.Conv2d(3 * c, fine, 3, padding=1)
        self.spot = nn.Parameter(0.02 * torch.randn(config.height, config.width, fine))
        self.fold, self.unfold = nn.Linear(fine * p * p, d), nn.Linear(d, fine * p * p)
        self.place = nn.Parameter(0.02 * torch.randn(self.tokens, d))
        self.noise_level = nn.Sequential(nn.Linear(64, config.condition), nn.SiLU(), nn.Linear(config.condition, config.condition))
        self.action = nn.Sequential(
            nn.Linear(config.actions + 1, config.condition), nn.SiLU(), nn.Linear(config.condition, config.condition)
        )
        self.blocks = nn.ModuleList(Block(config, back=i % config.back == config.back - 1) for i in range(config.depth))
        self.fine_blocks = nn.ModuleList(Fine(fine, config.condition) for _ in range(3))  # one before the tokens, two after
        self.norm = nn.RMSNorm(fine)
        self.out = nn.Conv2d(fine, c + 1, 3, padding=1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def turned(self, steps: Tensor) -> Tensor:
        """Mouse units (… 2) => radians (… 2) of the shorter way round."""
        whole = CIRCLE / self.config.turn
        return ((steps + whole / 2) % whole - whole / 2) * (self.config.turn * torch.pi / 180)

    def tables(self, sight: Sight) -> Rotary:
        c = self.config
        d, h, w, headings = c.d // c.heads, c.height // c.patch, c.width // c.patch, sight.all_headings()
        place = _spots(h, w, d, headings.device)

        def seen(from_heading: Tensor) -> Tensor:
            """Where places of a frame with this heading stand in the view of each frame asked for."""
            gone = self.turned(sight.heading - from_heading) / (2 * self.lens) * torch.tensor([w, h], device=headings.device)
            shift = torch.cat([angles(gone[..., 1], d // 2, 30.0), angles(gone[..., 0], d // 2, 30.0)], -1)
            return turn(place - shift[:, :, None, None])

        before, first = headings[:, sight.before], headings[:, sight.firsts()]
        times = (turn(angles(time, d, 300.0)) for time in (sight.time, sight.all_times()))
        here = turn(place)
        views = here[:, None, None, None].expand(-1, *sight.heading.shape[:2], 1, -1, -1), *map(seen, (before, first))
        return Rotary(here, torch.cat(views, 4), *times)

    def forward(
        self,
        x: Tensor,
        before: Tensor,
        tau: Tensor,
        action: Tensor,
        told: Tensor,
        sight: Sight,
        memory: Memory | None = None,
        asked: int | None = None,
        carried: Tensor | None = None,
    ) -> tuple[Tensor, Memory]:
        """The frames without noise (the last `asked` of them, None: all), and what later frames may look at.

        x, before  (b t c h w)  the frames with noise; the frames before them
        tau        (b t)        0 noise, 1 data
        action     (b t a)      the action that led to each frame; told (b t) 1 where it is known, 0 where not
        memory     past keys and values
        carried    (b t c h w)  the frames before as the actions carry them on; None: as far as they turn the view
        """
        return self.look(x, before, self.modulations(tau, action, told), sight, memory, asked, carried)

    def modulations(self, tau: Tensor, action: Tensor, told: Tensor) -> list[Tensor]:
        """What noise level and action say to each block (b t …). Those who look more than once make them for all looks together."""
        kind = self.place.dtype
        level = angles(tau.float() * 100.0, 64, 1000.0)
        known = torch.cat([action * told[..., None], told[..., None]], -1).to(kind)
        condition = F.silu(self.noise_level(torch.cat([level.cos(), level.sin()], -1).to(kind)) + self.action(known))
        return [block.modulation(condition) for block in (*self.blocks, *self.fine_blocks)]

    def look(
        self,
        x: Tensor,
        before: Tensor,
        modulations: list[Tensor],
        sight: Sight,
        memory: Memory | None,
        asked: int | None = None,
        carried: Tensor | None = None,
    ) -> tuple[Tensor, Memory]:
        """The costly part of forward()."""
        p, b, of = self.config.patch, len(x), slice(-(asked or x.shape[1]), None)
        tables = self.tables(sight)
        if carried is None:
            turns = self.turned(sight.heading - sight.all_headings()[:, sight.before])
            carried = moved(before, flow(turns, self.lens, *before.shape[-2:]))
        kind = self.place.dtype
        seen = rearrange(torch.cat([x, before, carried], 2).to(kind), "b t c h w -> (b t) c h w").contiguous(
            memory_format=torch.channels_last
        )
        fine = rearrange(self.into(seen), "f c h w -> f h w c") + self.spot
        one, two, three = (rearrange(part, "b t c -> (b t) 1 1 c") for part in (modulations[-3], *(m[:, of] for m in modulations[-2:])))
        fine = rearrange(self.fine_blocks[0](fine, one), "(b t) h w c -> b t h w c", b=b)
        tokens = self.fold(rearrange(fine, "b t (h p) (w q) c -> b t (h w) (p q c)", p=p, q=p)) + self.place
        kept: Memory = []
        for i, block in enumerate(self.blocks):
            tokens, keys = block(tokens, modulations[i], sight, tables, memory[i] if memory else None)
            kept.append(keys)
        back = rearrange(self.unfold(tokens[:, of]), "b t (h w) (p q c) -> b t (h p) (w q) c", h=before.shape[-2] // p, p=p, q=p)
        fine = rearrange(fine[:, of] + back, "b t h w c -> (b t) h w c")
        fine = self.norm(self.fine_blocks[2](self.fine_blocks[1](fine, two), three))
        said = rearrange(self.out(rearrange(fine, "f h w c -> f c h w")), "(b t) c h w -> b t c h w", b=b)
        change, share = said.float().split([self.config.channels, 1], 2)
        return before[:, of] + share.sigmoid() * (carried - before)[:, of] + change, kept
