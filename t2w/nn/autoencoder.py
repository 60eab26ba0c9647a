"""The autoencoder: pictures (b c h w) in [-1, 1] to latents (b c h/8 w/8) of about unit size, and back.

It is diffusers' AutoencoderDC (Chen et al. 2024, "Deep Compression Autoencoder"), small: every stage moves space into
channels, no convolution runs at the picture's full width, so that a laptop decodes a frame in some 10 ms.
"""

import hashlib
from dataclasses import dataclass

from diffusers import AutoencoderDC
from torch import Tensor


@dataclass(frozen=True)
class AutoencoderConfig:
    """Widths are those at 1/2, 1/4, 1/8 … of the picture's size; blocks are residual blocks at each of these."""

    channels: int = 16
    encoder_widths: tuple[int, ...] = (32, 64, 128)
    decoder_widths: tuple[int, ...] = (32, 64, 128)
    encoder_blocks: tuple[int, ...] = (1, 1, 2)
    decoder_blocks: tuple[int, ...] = (2, 2, 3)


TINY = AutoencoderConfig(8, (8, 8, 16), (8, 8, 16), (1, 1, 1), (1, 1, 1))


def build(config: AutoencoderConfig) -> AutoencoderDC:
    plain = ((),) * (len(config.encoder_widths) + 1)
    # AutoencoderDC skips its first stage when it has no blocks: the network then begins at half size.
    return AutoencoderDC(
        latent_channels=config.channels,
        encoder_block_out_channels=config.encoder_widths[:1] + config.encoder_widths,
        decoder_block_out_channels=config.decoder_widths[:1] + config.decoder_widths,
        encoder_layers_per_block=(0,) + config.encoder_blocks,
        decoder_layers_per_block=(0,) + config.decoder_blocks,
        encoder_qkv_multiscales=plain,
        decoder_qkv_multiscales=plain,
    )


def encode(autoencoder: AutoencoderDC, pictures: Tensor) -> Tensor:
    """(b c h w) in [-1, 1] => latents (b c h/8 w/8), scaled to about unit size."""
    return autoencoder.encode(pictures).latent * autoencoder.config.scaling_factor


def decode(autoencoder: AutoencoderDC, latents: Tensor) -> Tensor:
    """Latents (b c h w), about unit size => pictures (b c 8h 8w), about [-1, 1]."""
    return autoencoder.decode(latents / autoencoder.config.scaling_factor).sample


def key_of(autoencoder: AutoencoderDC) -> str:
    """Eight hex digits that change with the encoder's weights."""
    digest = hashlib.sha256(str(autoencoder.config.scaling_factor).encode())
    for weights in autoencoder.encoder.state_dict().values():
        digest.update(weights.half().cpu().numpy().tobytes())
    return digest.hexdigest()[:8]
