"""Oasis's autoencoder: pictures (b c h w) in [-1, 1] to latents (b c h/20 w/20) of about unit size, and back.

A vision transformer either way: a token a patch of pixels, attention over the whole picture. Parameters carry the names of the
published files (Decart and Etched 2024, MIT).
"""

from dataclasses import dataclass

import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from t2w.worlds.oasis.network import Mlp
from t2w.worlds.oasis.rotary import Turn, places, rotate

SCALE = 0.07843137255  # the published 20/255: a latent that comes out of the encoder is some 13 large


@dataclass(frozen=True)
class AutoencoderConfig:
    """The published size. All but the heads is seen in the shapes of the weights."""

    latent: int = 16
    patch: int = 20
    d: int = 1024
    heads: int = 16
    depth: int = 6
    hidden: int = 4096
    decoder_d: int = 1024
    decoder_heads: int = 16
    decoder_depth: int = 12
    decoder_hidden: int = 4096


class Attention(nn.Module):
    def __init__(self, d: int, heads: int):
        super().__init__()
        self.heads = heads
        self.qkv, self.proj = nn.Linear(d, 3 * d), nn.Linear(d, d)

    def forward(self, x: Tensor, turn: Turn) -> Tensor:
        qkv = rearrange(self.qkv(x), "b n (three m d) -> three b m n d", three=3, m=self.heads)
        y = F.scaled_dot_product_attention(*rotate(qkv[:2], turn), qkv[2])
        return self.proj(rearrange(y, "b m n d -> b n (m d)"))


class Block(nn.Module):
    def __init__(self, d: int, heads: int, hidden: int):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(d, eps=1e-6), nn.LayerNorm(d, eps=1e-6)
        self.attn, self.mlp = Attention(d, heads), Mlp(d, hidden)

    def forward(self, x: Tensor, turn: Turn) -> Tensor:
        x = x + self.attn(self.norm1(x), turn)
        return x + self.mlp(self.norm2(x))


class OasisAutoencoder(nn.Module):
    def __init__(self, config: AutoencoderConfig):
        super().__init__()
        c = self.config = config
        self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(3, c.d, c.patch, stride=c.patch)})
        self.encoder = nn.ModuleList(Block(c.d, c.heads, c.hidden) for _ in range(c.depth))
        self.enc_norm = nn.LayerNorm(c.d, eps=1e-6)
        self.quant_conv = nn.Linear(c.d, 2 * c.latent)  # mean and log-variance
        self.post_quant_conv = nn.Linear(c.latent, c.decoder_d)
        self.decoder = nn.ModuleList(Block(c.decoder_d, c.decoder_heads, c.decoder_hidden) for _ in range(c.decoder_depth))
        self.dec_norm = nn.LayerNorm(c.decoder_d, eps=1e-6)
        self.predictor = nn.Linear(c.decoder_d, 3 * c.patch**2)

    def encode(self, pictures: Tensor) -> Tensor:
        """(b c h w) in [-1, 1] => latents (b c h/20 w/20): the mean, no noise is drawn."""
        x = self.patch_embed["proj"](pictures.to(self.predictor.weight.dtype))
        h, w = x.shape[-2:]
        x = self._through(self.encoder, rearrange(x, "b d h w -> b (h w) d"), h, w, self.config.heads)
        mean, _ = self.quant_conv(self.enc_norm(x)).float().chunk(2, -1)
        return rearrange(mean * SCALE, "b (h w) c -> b c h w", h=h)

    def decode(self, latents: Tensor) -> Tensor:
        """Latents (b c h w) => pictures (b c 20h 20w), about [-1, 1]."""
        h, w = latents.shape[-2:]
        z = rearrange(latents / SCALE, "b c h w -> b (h w) c").to(self.predictor.weight.dtype)
        x = self._through(self.decoder, self.post_quant_conv(z), h, w, self.config.decoder_heads)
        p = self.config.patch
        return rearrange(self.predictor(self.dec_norm(x)).float(), "b (h w) (c p q) -> b c (h p) (w q)", h=h, p=p, q=p)

    def _through(self, blocks: nn.ModuleList, x: Tensor, h: int, w: int, heads: int) -> Tensor:
        """Half of each head turns with its place, the other half does not."""
        turn = places(h, w, x.shape[-1] // heads // 8, highest=h * w).to(x.device)
        for block in blocks:
            x = block(x, turn)
        return x
