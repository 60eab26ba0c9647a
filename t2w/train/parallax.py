"""Parallax: latents and actions in, out comes where the next picture's places were. Learnt from the simulator's depth and from the pictures.

First of all a new one's gait, from actions without pictures, then the rest. Its encoder learns beside it: of a decoded picture it is to make the
latents that it came from, and of a moved one those that such a picture truly has: where the two are alike, the next frame's.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers import AutoencoderDC
from torch import Tensor, nn

from t2w.data.latents import encode_shards
from t2w.data.pairs import Pairs, Walks, measured
from t2w.data.pictures import split
from t2w.nn.measure import psnr, sheet
from t2w.nn.parallax import Carrier, Gait, Motion, Parallax, ParallaxConfig, compared, inside, per_latent, warped
from t2w.sim.simulator import SPACE
from t2w.train.loop import Batch, FitConfig, Run, accelerator
from t2w.train.stage import Stage, loader, train
from t2w.worlds.pretrained import check_channels, load_autoencoder, load_parallax, save_part

FLOW, DEPTH = 0.3, 0.3  # weights of the errors: of flow in pixels, of nearness
PLAYER = 0.5  # of who is taken for the player
TURN, SHIFT, LENS = 12.0, 3.0, 2.0  # of the eye's motion: in radians, in metres; of the logarithm of the lens
PICTURE, LATENTS = 2.0, 2.0  # of the moved picture, of its latents
FAITHFUL = 3.0  # and of latents that are decoded and encoded again, in some rows
AGAIN = 3  # one row in so many
FARTHEST = 20.0  # pixels: who is farther off than this is not pulled at harder
GAIT = 0.3  # of which way to walk it is
GAIT_STEPS, GAIT_BATCH = 3000, 512
SMOOTH = 0.03  # where the absolute error of a picture begins to be round
ALIKE = 0.05  # a moved picture's error at which the next frame's latents are no longer taken for its own
NOISE = 0.05  # the most in the latents: a dream's are not perfect


def off_by(flow: Tensor, batch: Batch) -> Tensor:
    """Distance in pixels between a flow (b H W 2) and the true one, where that is known: (b 2h 2w)."""
    h, w = batch["next"].shape[-2:]
    at = flow.shape[1] // batch["flow"].shape[1]
    return ((flow[:, ::at, ::at] - batch["flow"]) * flow.new_tensor([w / 2, h / 2])).square().sum(-1).add(0.01).sqrt()


def eye_off_by(motion: Motion, batch: Batch) -> tuple[Tensor, Tensor]:
    """By how much the eye is said to turn otherwise than it does, in radians, where it is little; and to move, in metres."""
    turned = (motion.rotation - batch["rotation"]).flatten(1).norm(dim=1).mean() / 2**0.5
    return turned, (motion.shift - batch["shift"]).norm(dim=1).mean()


def mean_where(values: Tensor, weight: Tensor) -> Tensor:
    return (values * weight).sum() / weight.sum().clamp(min=1e-6)


class Onward(nn.Module):
    """Latents (b c h w), history (b n a+1), other latents (n c h w) => the motion, the moved picture, its latents, and the others' through
    decoder and encoder."""

    def __init__(self, parallax: Parallax, autoencoder: AutoencoderDC):
        super().__init__()
        self.parallax = parallax.to(memory_format=torch.channels_last)
        self.carrier = Carrier(parallax, autoencoder)  # the autoencoder is not learnt

    def forward(self, latents: Tensor, history: Tensor, others: Tensor) -> tuple[Motion, Tensor, Tensor, Tensor]:
        with torch.no_grad():
            pictures = self.carrier.picture(torch.cat([latents, others]).contiguous(memory_format=torch.channels_last))
        picture, other = pictures.split([len(latents), len(others)])
        motion = self.parallax(latents, picture, history)
        moved = warped(picture, motion.flow)
        found, again = self.carrier.encode(torch.cat([moved.detach(), other])).split([len(latents), len(others)])
        return motion, moved, found, again


def parallax_loss(model: nn.Module, batch: Batch, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
    batch = measured(batch)
    z, true = batch["latents"], batch["next"]
    much, noise = (
        torch.rand(len(z), 1, 1, 1, generator=generator, device=z.device),
        torch.randn(z.shape, generator=generator, device=z.device),
    )
    others = batch["next latents"][: -(-len(z) // AGAIN)]
    motion, moved, latents, again = model(z + NOISE * much * noise, batch["history"], others)
    flow, near = motion.flow, motion.near
    known, at = batch["known"], near.shape[1] // batch["near"].shape[1]
    off = mean_where(off_by(flow, batch).clamp(max=FARTHEST), known)
    there = known & (batch["near"] >= 0)
    depth = mean_where((compared(near[:, ::at, ::at]) - compared(batch["near"].clamp(min=0))).abs(), there)
    player = F.binary_cross_entropy_with_logits(motion.player[:, ::at, ::at], (batch["near"] < 0).float())
    turned, shifted = eye_off_by(motion, batch)
    lens = (motion.lens.log() - batch["lens"].log()).abs().mean()
    gait = F.cross_entropy(motion.gait, batch["view"])
    unlike = (moved - true).square().add(SMOOTH**2).sqrt().mean()
    down = true.shape[-1] // z.shape[-1]
    alike = per_latent(inside(flow)) * torch.exp(-F.avg_pool2d((moved - true).detach().abs().mean(1, keepdim=True), down) / ALIKE)
    wrong = mean_where((latents - batch["next latents"]).square().mean(1, keepdim=True), alike)
    unfaithful = (again - others).square().mean()
    figures = {"pixels off": off, "depth": depth, "picture": unlike, "latents": wrong, "again": unfaithful}
    figures |= {"player": player, "turned": turned, "shifted": shifted, "lens": lens, "gait": gait}
    value = FLOW * off + DEPTH * depth + PLAYER * player + TURN * turned + SHIFT * shifted + LENS * lens + GAIT * gait
    value = value + PICTURE * unlike + LATENTS * wrong + FAITHFUL * unfaithful
    return value, {name: figure.item() for name, figure in figures.items()}


def learn_gait(gait: Gait, walks: Walks, steps: int = GAIT_STEPS) -> float:
    """How one walks is learnt from actions alone, a million and a half of them in seconds. Returns the mean error in metres at the end."""
    optimizer = torch.optim.AdamW(gait.parameters(), lr=1e-3)
    falling = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, 2 * (1 - step / steps)))
    off, device = torch.zeros(()), next(gait.parameters()).device
    for _ in range(steps):
        batch = {name: part.to(device) for name, part in walks.batch(GAIT_BATCH).items()}
        guess = gait(batch["history"])[torch.arange(GAIT_BATCH, device=device), batch["view"]]
        off = (guess - batch["shift"]).norm(dim=1).mean()
        optimizer.zero_grad()
        off.backward()
        optimizer.step()
        falling.step()
    return off.item()


def look_at(held: Pairs, device: torch.device) -> Callable[[nn.Module], tuple[dict[str, float], Tensor]]:
    """Held-out pairs: by how many pixels the flow is off; dB of the moved picture, of what its latents are decoded to, and of the one
    that was not moved; and eight of them: before, moved, true."""
    items = [held[i * len(held) // 96] for i in range(96)]
    batch = measured({name: torch.stack([item[name] for item in items]).to(device) for name in items[0]})

    @torch.no_grad()
    def look(model: Onward) -> tuple[dict[str, float], Tensor]:
        motion, moved, latents, _ = model(batch["latents"], batch["history"], batch["latents"][:1])
        before, after = (model.carrier.picture(part) for part in (batch["latents"], latents))
        films = {"dB": moved, "dB decoded": after, "still": before}
        figures = {name: psnr(film.float(), batch["next"]).mean().item() for name, film in films.items()}
        figures["pixels off"] = mean_where(off_by(motion.flow, batch), batch["known"]).item()
        turned, shifted = eye_off_by(motion, batch)
        figures |= {"degrees off": turned.item() * 180 / torch.pi, "metres off": shifted.item()}
        return figures, sheet([part[::12].float().cpu() for part in (before, after, batch["next"])])

    return look


def train_parallax(
    data: Path,
    autoencoder: Path,
    out: Path,
    config: ParallaxConfig,
    fit_config: FitConfig,
    dtype: str = "auto",
    workers: int = 0,
    weights: Path | None = None,
) -> Iterator[dict]:
    """`weights` keep their gait. Yields the figures of every step; at the end `out` holds config.json and parallax.safetensors."""
    learn, held = split(data)
    where = accelerator(dtype)
    theirs = load_autoencoder(autoencoder).requires_grad_(False)
    torch.manual_seed(fit_config.seed)  # the weights' first values: PyTorch's layers take no generator
    model = load_parallax(weights).requires_grad_(True) if weights else of(theirs, config)
    if weights:
        check_channels(weights, model.config.channels, theirs)
    if not weights and not (out / "run" / "run.json").exists():
        learn_gait(model.gait.to(where.device), Walks(learn, model.config.gait, fit_config.seed))
    model.gait.requires_grad_(False)
    with where.main_process_first():
        pairs, unseen = (
            Pairs(list(encode_shards(part, theirs, where.device)), model.config.gait, fit_config.seed + 1) for part in (learn, held)
        )
    run = Run(Onward(model, theirs), fit_config, out / "run", where)
    yield from train(Stage(parallax_loss, look_at(unseen, where.device)), run, loader(pairs, run, workers))
    if where.is_main_process:
        with run.averaged() as model:
            save_part(model.parallax, out)
    where.wait_for_everyone()


def of(autoencoder: AutoencoderDC, config: ParallaxConfig) -> Parallax:
    """A new one, for this autoencoder's latents; it begins with its encoder."""
    widths, blocks = autoencoder.config.encoder_block_out_channels[1:], autoencoder.config.encoder_layers_per_block[1:]
    encoder = {"encoder_widths": tuple(widths), "encoder_blocks": tuple(blocks)}
    model = Parallax(replace(config, channels=autoencoder.config.latent_channels, turn=SPACE.turn, **encoder))
    model.encoder.load_state_dict(autoencoder.encoder.state_dict())
    return model
