"""Events: frames as they would be had nothing but the eye moved in; out comes what keys have changed.

The simulator shows both, frame by frame. A dream shows neither: so frames are a little wrong here, and now and then late, as they were before a
crate burst that should have burst by now.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import torch
from diffusers import AutoencoderDC
from torch import Tensor, nn

from t2w.data.changes import Changes
from t2w.data.latents import encode_shards
from t2w.data.pictures import split
from t2w.data.record import CHANGED
from t2w.nn.autoencoder import decode
from t2w.nn.events import Events, EventsConfig, changing
from t2w.nn.measure import sheet
from t2w.train.loop import Batch, FitConfig, Run, accelerator
from t2w.train.stage import Stage, given, loader, some_of, train
from t2w.worlds.pretrained import check_latents, load_autoencoder, load_events, save_part

WEIGHT = 1.2  # of the mean error where something has changed, beside that of the whole frame;
FEW = 4  # of a change of so few latents, half of that
LATE, PARTLY = 0.2, 0.4  # share of frames that are as before the event, and as half way from there
NOISE = 0.3  # the most in a frame
NOW, AGO, BEFORE = CHANGED


def events_loss(model: nn.Module, batch: Batch, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
    def uniform() -> Tensor:
        return torch.rand((len(batch[NOW]), 1, 1, 1), generator=generator, device=batch[NOW].device)

    which = uniform()
    late = torch.where(which < PARTLY, uniform(), (which < PARTLY + LATE).float())
    noise = torch.randn(batch[NOW].shape, generator=generator, device=batch[NOW].device)
    frame = torch.lerp(batch[AGO], batch[BEFORE], late) + NOISE * uniform().square() * noise
    off = (model(frame, batch["pressed"]) - batch[NOW]).square().mean(1, keepdim=True)
    where = changing(batch[NOW], batch[AGO])
    there = (where * off).sum((1, 2, 3)) / (where.sum((1, 2, 3)) + FEW)
    return off.mean() + WEIGHT * there.mean(), {"changed": where.mean().item()}


def look_at(held: Changes, autoencoder: AutoencoderDC, device: torch.device) -> Callable[[nn.Module], tuple[dict[str, float], Tensor]]:
    """Held-out frames: what is left of the error where something has changed, and how great one is made elsewhere; a few of them, unchanged, as
    they were made, and as they are."""
    batch = some_of(held, 512, device)

    @torch.no_grad()
    def look(model: Events) -> tuple[dict[str, float], Tensor]:
        made, where = model(batch[AGO], batch["pressed"]), changing(batch[NOW], batch[AGO])
        left, was = (((part - batch[NOW]).square().mean(1, keepdim=True) * where).sum() for part in (made, batch[AGO]))
        beside = ((made - batch[AGO]).square().mean(1, keepdim=True) * (1 - where)).mean()
        shown = [decode(autoencoder, part[:384:32]).float().cpu() for part in (batch[AGO], made, batch[NOW])]
        return {"left": (left / was.clamp(min=1e-6)).item(), "beside": beside.item()}, sheet(shown)

    return look


def train_events(
    data: Path,
    autoencoder: Path,
    out: Path,
    config: EventsConfig,
    fit_config: FitConfig,
    dtype: str = "auto",
    workers: int = 0,
    weights: Path | None = None,
) -> Iterator[dict]:
    """Yields the figures of every step; at the end `out` holds config.json and events.safetensors."""
    learn, held = split(data)
    where = accelerator(dtype)
    encoder = load_autoencoder(autoencoder).requires_grad_(False).to(where.device, memory_format=torch.channels_last)
    torch.manual_seed(fit_config.seed)  # the weights' first values: PyTorch's layers take no generator
    model = load_events(weights) if weights else Events(replace(config, channels=encoder.config.latent_channels))
    if weights:
        check_latents(weights, model.config.channels, encoder)
    with where.main_process_first():
        changes, unseen = (Changes(encode_shards(part, encoder, where.device), model.config, fit_config.seed) for part in (learn, held))
    run = Run(
        model.to(memory_format=torch.channels_last).requires_grad_(True),
        fit_config,
        out / "run",
        where,
        given=given(data, encoder, weights=weights),
    )
    yield from train(Stage(events_loss, look_at(unseen, encoder, where.device)), run, loader(changes, run, workers))
    if where.is_main_process:
        with run.averaged() as model:
            save_part(model, out, encoder)
    where.wait_for_everyone()
