"""Stage one: pictures in, an autoencoder out. Squared, absolute and gradient error, and that of local contrast: where exact texture
cannot be known, the errors alone would have it smooth. Noise on the latent, which is kept small.

The noise makes the decoder forgive what the dynamics will get slightly wrong; the penalty keeps the encoder from
shouting over it.
"""

from collections.abc import Iterator
from pathlib import Path

import torch
from diffusers import AutoencoderDC
from torch import Tensor, nn

from t2w.data.pictures import Pictures, split
from t2w.errors import T2WError
from t2w.nn.autoencoder import AutoencoderConfig, build
from t2w.nn.measure import contrast, gradient, psnr, sheet
from t2w.train.loop import Batch, FitConfig, Run, accelerator
from t2w.train.stage import Stage, given, loader, train
from t2w.worlds.pretrained import load_autoencoder, save_autoencoder

NOISE = 0.1
CONTRAST = 2.0  # weight of the local contrast's error
SMALL = 1e-3  # weight of the latent's mean square


class Reconstruct(nn.Module):
    """(b c h w) and noise (b c h/8 w/8) => the same picture again, and its latent without the noise."""

    def __init__(self, autoencoder: AutoencoderDC):
        super().__init__()
        self.autoencoder = autoencoder.to(memory_format=torch.channels_last)

    def forward(self, pictures: Tensor, noise: Tensor | None = None) -> tuple[Tensor, Tensor]:
        latents = self.autoencoder.encode(pictures.to(memory_format=torch.channels_last)).latent
        return self.autoencoder.decode(latents if noise is None else latents + noise).sample, latents


def reconstruction_loss(channels: int, down: int):
    """For latents of so many channels, so many pixels a side."""

    def loss(model: nn.Module, batch: Batch, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        x = batch["picture"]
        b, _, h, w = x.shape
        y, latents = model(x, NOISE * torch.randn(b, channels, h // down, w // down, generator=generator, device=x.device))
        error = y.float() - x
        squared, size = error.square().mean(), latents.float().square().mean()
        texture = sum((a - b).abs().mean() for a, b in zip(contrast(y.float()), contrast(x)))
        value = 4 * squared + error.abs().mean() + gradient(error) + CONTRAST * texture + SMALL * size
        return value, {"dB": (-10 * (squared.detach() / 4).log10()).item(), "latent": size.sqrt().item()}

    return loss


def look_at(pictures: Tensor):
    """Held-out pictures (b c h w): dB, sharpness beside the truth's, and eight of them above their reconstructions."""

    @torch.no_grad()
    def look(model: nn.Module) -> tuple[dict[str, float], Tensor]:
        made = [model(part) for part in pictures.split(16)]
        y, latents = (torch.cat(parts) for parts in zip(*made, strict=True))
        figures = {"dB": psnr(y, pictures).mean().item(), "sharpness": (gradient(y.clamp(-1, 1)) / gradient(pictures)).item()}
        return figures | {"latent": latents.std().item()}, sheet([pictures[:8].cpu(), y[:8].cpu()])

    return look


def train_autoencoder(
    data: Path,
    out: Path,
    config: AutoencoderConfig,
    fit_config: FitConfig,
    dtype: str = "auto",
    workers: int = 0,
    weights: Path | None = None,
    decoder_only: bool = False,
) -> Iterator[dict]:
    """Yields the figures of every step; at the end `out` holds the autoencoder in diffusers' layout.

    With `decoder_only` the encoder of `weights` stays as it is: what was trained on its latents gets a better picture, and no less.
    """
    if decoder_only and weights is None:
        raise T2WError("--decoder-only leaves the encoder as it is, so it wants one: --weights DIR")
    learn, held = split(data)
    where = accelerator(dtype)
    torch.manual_seed(fit_config.seed)  # the weights' first values: PyTorch's layers take no generator
    model = load_autoencoder(weights) if weights else build(config)
    model.encoder.requires_grad_(not decoder_only)
    run = Run(Reconstruct(model), fit_config, out / "run", where, given=given(data, weights=weights))
    items = Pictures(held, every=7)
    some = torch.stack([items[k]["picture"] for k in range(0, len(items), max(1, len(items) // 96))]).to(where.device)
    stage = Stage(reconstruction_loss(model.config.latent_channels, model.spatial_compression_ratio), look_at(some))
    yield from train(stage, run, loader(Pictures(learn), run, workers))
    if where.is_main_process:
        with run.averaged() as model:
            if not decoder_only:
                measure_size(model.autoencoder, some)
            save_autoencoder(model.autoencoder, out)
    where.wait_for_everyone()


@torch.no_grad()
def measure_size(autoencoder: AutoencoderDC, pictures: Tensor) -> None:
    """Sets `scaling_factor`, which brings latents to unit size."""
    size = autoencoder.encode(pictures).latent.std().item()
    autoencoder.register_to_config(scaling_factor=round(1 / size, 4))
