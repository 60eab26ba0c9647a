"""Stage two: latents and actions in, a dynamics model out.

Every row runs in two lanes at once. The clean lane holds the past as a rollout will find it: frames with a little noise that is
told to the network. In the noisy lane every frame is to be found again from its own noise level, looking back at the clean
lane only. So each frame is trained in just the situation it is sampled in, all frames of a row in one pass.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch
from diffusers import AutoencoderDC
from torch import Tensor, nn

from t2w.data.latents import Windows, encode_shards
from t2w.data.pictures import split
from t2w.nn.autoencoder import decode
from t2w.nn.dynamics import Dynamics, DynamicsConfig
from t2w.nn.flow import on_the_way, ramp
from t2w.nn.imagine import Dream, Sampling
from t2w.nn.measure import psnr, sheet
from t2w.sim.simulator import SPACE
from t2w.train.loop import Batch, FitConfig, Run, accelerator
from t2w.train.stage import Stage, loader, train
from t2w.worlds.pretrained import load_autoencoder, save_world

FPS = 15.0  # of the simulator's episodes
CONTEXT_NOISE = 0.15  # the most noise in the clean lane
UNTOLD = 0.12  # share of frames that are not told their action, so that guidance has something to lean on


def lanes(t: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Frame positions (2t-2) of the clean lane 0..t-2 and the noisy lane 1..t-1, and who may look at whom (2t-2 2t-2)."""
    frames = torch.arange(t, device=device)
    position = torch.cat([frames[:-1], frames[1:]])
    clean = torch.arange(2 * t - 2, device=device) < t - 1
    earlier = position[:, None] > position[None]
    same = torch.eye(2 * t - 2, dtype=torch.bool, device=device)
    return position, same | (clean[None] & earlier)


def dynamics_loss(model: nn.Module, batch: Batch, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
    z, actions, jump = batch["latents"], batch["actions"], batch["jump"]
    b, t = z.shape[:2]

    def uniform(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator, device=z.device)

    def noise() -> Tensor:
        return torch.randn(z[:, 1:].shape, generator=generator, device=z.device)

    past_tau = 1 - CONTEXT_NOISE * uniform(b, t - 1)
    past = on_the_way(z[:, :-1], noise(), past_tau)
    tau = uniform(b, t - 1) ** 1.5  # more often far from the data, where the action decides
    now = on_the_way(z[:, 1:], noise(), tau)
    led = torch.cat([torch.zeros_like(actions[:, :1]), actions[:, :-1]], 1)  # led[i]: the action that led to frame i
    told = torch.ones(b, t, device=z.device)
    told[:, 0] = 0
    told[:, 1] *= 1 - jump
    position, allowed = lanes(t, z.device)
    guess = model(
        torch.cat([past, now], 1),
        torch.cat([past[:, :1], past[:, :-1], past], 1),
        torch.cat([past_tau, tau], 1),
        torch.cat([led[:, :-1], led[:, 1:]], 1),
        torch.cat([told[:, :-1], told[:, 1:] * (uniform(b, t - 1) > UNTOLD)], 1),
        position,
        allowed,
    )[0][:, t - 1 :]
    error = (guess.float() - z[:, 1:]).square().flatten(2).mean(2)
    counts = torch.ones_like(error)
    counts[:, 0] -= jump  # a jump cannot be foreseen
    value = (ramp(tau) * error * counts).sum() / counts.sum()
    far = (tau < 0.1) & (counts > 0)
    still = (z[:, 1:] - z[:, :-1]).square().mean()
    first = error[far].mean() if far.any() else error.mean()
    return value, {"first guess": first.item(), "standing still": still.item()}


def look_at(held: Windows, autoencoder: AutoencoderDC, device: torch.device):
    """Held-out windows dreamt from their first frame: dB at 1, 5, 15 frames ahead beside standing still and the autoencoder."""
    k = len(held) // 16
    items = [held[i * k] for i in range(16)]
    latents = torch.stack([item["latents"] for item in items]).to(device)
    actions = torch.stack([item["actions"] for item in items]).to(device)

    @torch.no_grad()
    def look(model: nn.Module) -> tuple[dict[str, float], Tensor]:
        dream = Dream(model, latents[:, 0], torch.Generator(device).manual_seed(0))
        frames = [dream.step(actions[:, t]) for t in range(latents.shape[1] - 1)]
        figures: dict[str, float] = {}
        for ahead in (1, 5, 15):
            truth, first = decode(autoencoder, latents[:, ahead]), decode(autoencoder, latents[:, 0])
            figures[f"dB {ahead}"] = psnr(decode(autoencoder, frames[ahead - 1]), truth).mean().item()
            figures[f"still {ahead}"] = psnr(first, truth).mean().item()
        figures["size"] = (frames[-1].std() / latents[:, -1].std()).item()
        times = (0, 2, 4, 7, 11, 15)
        rows = []
        for row in range(0, 12, 2):
            rows.append(decode(autoencoder, latents[row, list(times)]).cpu())
            rows.append(decode(autoencoder, torch.stack([latents[row, 0]] + [frames[t - 1][row] for t in times[1:]])).cpu())
        return figures, sheet(rows)

    return look


def train_dynamics(
    data: Path,
    autoencoder: Path,
    out: Path,
    config: DynamicsConfig,
    fit_config: FitConfig,
    frames: int = 16,
    dtype: str = "auto",
    workers: int = 0,
) -> Iterator[dict]:
    """Yields the figures of every step; at the end `out` holds config.json and dynamics.safetensors."""
    learn, held = split(data)
    where = accelerator(dtype)
    encoder = load_autoencoder(autoencoder)
    with where.main_process_first():
        windows = Windows(encode_shards(learn, encoder, where.device), frames, jump=0.3, seed=fit_config.seed + 1)
        unseen = Windows(encode_shards(held, encoder, where.device), 16, stride=16)
    torch.manual_seed(fit_config.seed)  # the weights' first values: PyTorch's layers take no generator
    run = Run(Dynamics(replace(config, channels=encoder.config.latent_channels)), fit_config, out / "run", where)
    stage = Stage(dynamics_loss, look_at(unseen, encoder, where.device))
    yield from train(stage, run, loader(windows, run, workers))
    with run.averaged() as model:
        save_world(model, encoder, out, Sampling(window=frames - 2), fps=FPS, keys=list(SPACE.keys), turn=SPACE.turn)
