"""Stage two: latents and actions in, a dynamics model out.

Every row runs in two lanes at once. The clean lane holds the past as a rollout will find it: frames with a little noise that is
told to the network. In the noisy lane every frame is to be found again from its own noise level, looking back at the clean
lane only. So each frame is trained in just the situation it is sampled in, all frames of a row in one pass.

In the last part of a run three of four rows are the network's own dreams, every other one a second and a half long, the rest several: what
drifts there must be brought back. And a critic sees to it that what is guessed from noise alone looks true, beside the frame before it
and under its action: by error alone it would be the mean of all that may come, which is a blur.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers import AutoencoderDC
from einops import rearrange
from torch import Tensor, nn

from t2w.data.latents import Windows, encode_shards
from t2w.data.pictures import split
from t2w.errors import T2WError
from t2w.nn.autoencoder import decode
from t2w.nn.carrier import Carrier
from t2w.nn.critic import Critic
from t2w.nn.dynamics import Dynamics, DynamicsConfig, Sight
from t2w.nn.flow_matching import on_the_way, ramp
from t2w.nn.geometry import inside, per_latent, warped
from t2w.nn.imagine import Dream, Sampling
from t2w.nn.measure import gradient, psnr, sheet
from t2w.nn.parallax import histories
from t2w.sim.spec import FPS, SPACE
from t2w.train.dreams import STEPS, Dreams, joined
from t2w.train.loop import Batch, FitConfig, Run, accelerator
from t2w.train.rivalry import Steps, rivalry
from t2w.train.stage import Stage, given, loader, train
from t2w.worlds.pretrained import (
    check_latents,
    load_autoencoder,
    load_body,
    load_carrier,
    load_dynamics,
    load_events,
    load_outpainter,
    save_world,
)

CONTEXT_NOISE = 0.15  # the most noise in the clean lane
FIRST = 0.45  # share of frames that are guessed from noise alone: there the action decides, and few steps are taken afterwards
SECOND = 0.25  # and of those that are guessed half-way, as in sampling by two steps
# Share of steps in which every frame is found from the one before it alone, of which nothing is told. From a past that moves, how to go
# on is copied, and the action not listened to; then a dream that stands still for once never moves again.
COLD = 0.25
DETAIL = 0.25  # how much an error in details counts where what is true cannot be known
UNTOLD = 0.12  # share of frames that are not told their action, so that guidance has something to lean on


def lanes(heading: Tensor, led: Tensor, cold: bool = False) -> Sight:
    """How the clean lane 0..t-2 and the noisy lane 1..t-1 stand and look, given headings (b t 2) and those that the noisy lane believes (b t-1 2).

    Cold, each clean frame is as the first of a world: it looks at itself, and is looked at by the next one alone.
    """
    t, device = heading.shape[1], heading.device
    frames = torch.arange(t, device=device)
    time = torch.cat([frames[:-1], frames[1:]])
    clean = torch.arange(2 * t - 2, device=device) < t - 1
    ago = time[:, None] - time[None]
    seen = (ago == 1) & ~clean[:, None] if cold else ago > 0
    same = torch.eye(2 * t - 2, dtype=torch.bool, device=device)
    before = torch.cat([frames[:-1] if cold else (frames[:-1] - 1).clamp(min=0), frames[:-1]])
    first = before if cold else torch.zeros_like(before)
    return Sight(time, torch.cat([heading[:, :-1], led], 1), before, same | (clean[None] & seen), first=first)


@dataclass(frozen=True)
class Row:
    """What the network is told of a batch besides the frames: actions that led to each frame (b t a), where these are known (b t), and
    how far the view had been turned by then (b t 2)."""

    led: Tensor
    told: Tensor
    heading: Tensor

    @staticmethod
    def of(batch: Batch) -> "Row":
        actions = batch["actions"]
        led = torch.cat([torch.zeros_like(actions[:, :1]), actions[:, :-1]], 1)
        told = torch.ones_like(led[..., 0])
        told[:, 0] = 0
        told[:, 1] = 1 - batch["jump"]
        return Row(led, told, batch["heading"])


def guess(
    model: nn.Module,
    row: Row,
    past: Tensor,
    past_tau: Tensor,
    now: Tensor,
    tau: Tensor,
    known: Tensor | float = 1.0,
    cold: bool = False,
    carried: Tensor | None = None,
) -> Tensor:
    """Frames 1..t-1 without their noise, from both lanes: past (b t-1 c h w) and now (b t-1 c h w), each with its tau (b t-1).

    carried (b t-1 c h w): the past as the actions carry it on; None: as far as they turn the view.
    """
    told = row.told[:, 1:] * known
    past_told = row.told[:, :-1] * (not cold)
    before = past if cold else torch.cat([past[:, :1], past[:, :-1]], 1)
    if carried is not None:  # who is not told of an action sees nothing move
        old = torch.where(past_told[..., None, None, None] > 0, torch.cat([past[:, :1], carried[:, :-1]], 1), before)
        carried = torch.cat([old, torch.where(told[..., None, None, None] > 0, carried, past)], 1)
    led = row.heading[:, :-1] + told[..., None] * row.led[:, 1:, -2:]  # who is not told of a turn believes in none
    return model(
        torch.cat([past, now], 1),
        torch.cat([before, past], 1),
        torch.cat([past_tau, tau], 1),
        torch.cat([row.led[:, :-1], row.led[:, 1:]], 1),
        torch.cat([past_told, told], 1),
        lanes(row.heading, led, cold),
        asked=now.shape[1],
        carried=carried,
    )[0]


@torch.no_grad()
def onward(batch: Batch, carrier: Carrier | None) -> Batch:
    """With it "carried" (b t c h w): the frame before each as the actions carry it on, and "seen" (b t 1 h w), how much of that was in it."""
    if carrier is None:
        return batch
    z = batch["latents"]
    history = histories(batch["actions"][:, :-1], carrier.parallax.config.gait)
    frames = rearrange(z[:, :-1], "b t c h w -> (b t) c h w").contiguous(memory_format=torch.channels_last)
    pictures = carrier.picture(frames)
    motion = carrier.parallax(pictures, rearrange(history, "b t n a -> (b t) n a"))
    parts = carrier.encode(warped(pictures, motion.flow)), per_latent(inside(motion.flow))
    found, seen = (rearrange(part, "(b t) c h w -> b t c h w", b=len(z)) for part in parts)
    return batch | {"carried": torch.cat([z[:, :1], found], 1), "seen": torch.cat([torch.ones_like(seen[:, :1]), seen], 1)}


def coarse(frames: Tensor) -> Tensor:
    """(b t c h w) without their details."""
    flat = rearrange(frames, "b t c h w -> (b t) c h w")
    return rearrange(F.avg_pool2d(flat, 3, stride=1, padding=1, count_include_pad=False), "(b t) c h w -> b t c h w", b=len(frames))


def dynamics_loss(
    model: nn.Module, batch: Batch, generator: torch.Generator, critic: nn.Module | None = None
) -> tuple[Tensor, dict[str, float]]:
    """What follows each frame of "latents" is the next one of "goal", where there is one: what a dream should have become. It is found
    from "noise", where there is some: that from which it was dreamt. The critic compares it with "truth".

    Where what is true cannot be "known" (b t 1 h w), it is the coarse part of the error that counts: the mean of all details would be a
    blur. They are the critic's matter there, who is shown the frames before without their own, be they made or true.
    """
    z, jump, row = batch["latents"], batch["jump"], Row.of(batch)
    true, truth = batch.get("truth", z), batch.get("goal", z)[:, 1:]
    known_truth = batch["known"] if "known" in batch else torch.ones_like(z[:, :, :1])
    b, t = truth.shape[:2]

    def uniform() -> Tensor:
        return torch.rand((b, t), generator=generator, device=z.device)

    def noise() -> Tensor:
        return torch.randn(truth.shape, generator=generator, device=z.device)

    own = batch["noise"][:, 1:] if "noise" in batch else noise()
    past_tau, kind = 1 - CONTEXT_NOISE * uniform(), uniform()
    tau = torch.where(kind < FIRST, 0.0, torch.where(kind < FIRST + SECOND, 0.5, uniform()))
    known = (uniform() > UNTOLD).float()
    cold = torch.rand((), generator=generator, device=z.device).item() < COLD
    past = on_the_way(z[:, :-1], noise(), past_tau)
    carried = on_the_way(batch["carried"][:, 1:], noise(), past_tau) if "carried" in batch else None
    found = guess(model, row, past, past_tau, on_the_way(truth, own, tau), tau, known, cold, carried).float()
    off = found - truth
    error = torch.lerp(coarse(off), off, known_truth[:, 1:].clamp(min=DETAIL)).square().flatten(2).mean(2)
    counts = torch.ones_like(error)
    counts[:, 0] -= jump  # a jump cannot be foreseen
    value = (ramp(tau) * error * counts).sum() / counts.sum()
    blind = (tau == 0) & (counts > 0)
    still = (truth[:, 1:] - truth[:, :-1]).square().mean()
    figures = {"first guess": error.detach()[blind if blind.any() else ...].mean().item(), "standing still": still.item()}
    asked = (kind < FIRST + SECOND) & (counts > 0)
    if critic is not None and asked.any():
        told = torch.cat([row.led[:, 1:] * known[..., None], known[..., None]], 2)
        dreamt, before = (torch.lerp(coarse(x), true, known_truth)[:, :-1] for x in (z, true))
        steps = Steps(*(x[asked] for x in (found, true[:, 1:], dreamt, before, z[:, :1].expand_as(truth), told)))
        value = value + rivalry(critic, value, found, asked, steps, generator, figures)
    return value, figures


def look_at(held: Windows, autoencoder: AutoencoderDC, device: torch.device, sampling: Sampling, carrier: Carrier | None = None):
    """Held-out windows dreamt from their first frame: dB at 1, 5, 15 frames ahead beside standing still and the autoencoder."""
    items = [held[i * len(held) // 16] for i in range(16)]
    latents = torch.stack([item["latents"] for item in items]).to(device)
    actions = torch.stack([item["actions"] for item in items]).to(device)

    @torch.no_grad()
    def look(model: nn.Module) -> tuple[dict[str, float], Tensor]:
        dream = Dream(model, latents[:, 0], torch.Generator(device).manual_seed(0), sampling, carrier)
        true = [decode(autoencoder, frames) for frames in latents.unbind(1)]
        made = true[:1]
        for t in range(latents.shape[1] - 1):
            frame = dream.step(actions[:, t])
            made.append(dream.picture().float() if carrier else decode(autoencoder, frame))
        figures: dict[str, float] = {}
        for ahead in (1, 5, 15):
            figures[f"dB {ahead}"] = psnr(made[ahead], true[ahead]).mean().item()
            figures[f"still {ahead}"] = psnr(true[0], true[ahead]).mean().item()
        figures["sharpness"] = (gradient(made[-1]) / gradient(true[-1])).item()
        times = (0, 2, 4, 7, 11, 15)
        return figures, sheet([torch.stack([film[t][row] for t in times]).cpu() for row in range(0, 12, 2) for film in (true, made)])

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
    weights: Path | None = None,
    dreams: float = 0.4,
    parallax: Path | None = None,
    outpainter: Path | None = None,
    events: Path | None = None,
    body: Path | None = None,
) -> Iterator[dict]:
    """`dreams`: the last share of the run, in which it learns from its dreams and from a critic as well. `outpainter`, `events` and `body`
    are not learnt here: they go into the world, and need a `parallax`. Yields the figures of every step; at the end `out` holds config.json
    and dynamics.safetensors."""
    learn, held = split(data, depth=bool(parallax and dreams))
    where = accelerator(dtype)
    encoder = load_autoencoder(autoencoder)
    model = load_dynamics(weights) if weights else None
    if model is not None:
        check_latents(weights, model.config.channels, encoder)
    carrier = None
    if parallax is not None:
        carrier = load_carrier(parallax, encoder, where.device)
    for name, folder, load, why in (
        ("outpainter", outpainter, load_outpainter, "an outpainter paints where a parallax says that nothing was seen"),
        ("events", events, load_events, "events change frames that a parallax has carried on"),
        ("body", body, load_body, "a body is drawn into frames that a parallax has carried on"),
    ):
        if folder is None:
            continue
        if carrier is None:
            raise T2WError(f"{why}; give --parallax as well")
        part = load(folder).to(where.device)
        check_latents(folder, part.config.channels, encoder)
        carrier = replace(carrier, **{name: part})
    with where.main_process_first():
        windows = Windows(encode_shards(learn, encoder, where.device), frames, jump=0.3, seed=fit_config.seed + 1)
        unseen = Windows(encode_shards(held, encoder, where.device), 16, stride=16)
    torch.manual_seed(fit_config.seed)  # the weights' first values: PyTorch's layers take no generator
    model = model or Dynamics(replace(config, channels=encoder.config.latent_channels, turn=SPACE.turn))
    rows = fit_config.batch * 3 // 4 if dreams else 0  # of dreams
    critic = Critic(model.config.channels, model.config.actions + 1) if rows else None
    run = Run(model, fit_config, out / "run", where, critic, given(data, encoder, weights=weights, parallax=parallax))
    sampling = Sampling(denoising_steps=STEPS, window=frames - 2, steady=float(rows > 0))  # how not to run away with it, dreams teach
    asleep = Dreams(windows, rows, frames, sampling, fit_config.seed + run.step + 1_000_003 * where.process_index, carrier)

    def loss(model: nn.Module, batch: Batch, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        if rows == 0 or run.progress < 1 - dreams:
            return dynamics_loss(model, onward(batch, carrier), generator)
        awake = onward({name: part[rows:] for name, part in batch.items()}, carrier)
        return dynamics_loss(model, joined(awake, asleep.batch(run.model), generator), generator, run.critic)

    stage = Stage(loss, look_at(unseen, encoder, where.device, sampling, carrier))
    yield from train(stage, run, loader(windows, run, workers))
    if where.is_main_process:
        with run.averaged() as model:
            save_world(model, encoder, out, sampling, carrier, fps=FPS, keys=list(SPACE.keys), turn=SPACE.turn)
    where.wait_for_everyone()
