"""Parallax: pictures and actions in, out comes how near all is in them and how the eye moves. Learnt from the simulator's depth and poses.

First of all the gait, from actions without pictures, and which way a player faces who is seen from above; then the rest; last of all
what is read of its depths (see `smallparts`). Its encoder learns beside it: of a decoded picture it is to make the latents that
it came from, and of a moved one those that such a picture truly has: where the two are alike, the next frame's.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers import AutoencoderDC
from torch import Tensor, nn

from t2w.data.pairs import Faces, Pairs, Readings, Walks, measured
from t2w.data.pictures import split
from t2w.errors import T2WError
from t2w.nn.autoencoder import encode
from t2w.nn.carrier import Carrier
from t2w.nn.geometry import compared, inside, opened, per_latent, per_pixel, warped
from t2w.nn.measure import psnr, sheet
from t2w.nn.parallax import TINY, Motion, Parallax, ParallaxConfig
from t2w.sim.spec import SPACE
from t2w.train.loop import Batch, FitConfig, Run, accelerator
from t2w.train.smallparts import FACING_STEPS, GAIT_STEPS, READ, READING_STEPS, learn_facing, learn_gait, learn_readings
from t2w.train.stage import Stage, given, loader, some_of, train
from t2w.worlds.pretrained import check_latents, load_autoencoder, load_parallax, save_part

FLOW, DEPTH = 0.3, 4.0  # weights of the errors: of flow in pixels, of nearness
SLOPE = 4.0  # of how nearness changes from place to place: who is wrong by as much all over a thing moves it, but does not tear it
SCALES = (1, 2, 4)  # places from one to the next
THINGS = 3.0  # how much more an error counts where something small is: else who is in doubt takes it for what is behind it
SMALL = 0.2  # by how much nearer it is, as `compared`
WIDEST = 9  # places across, of what is small
PLAYER = 1.0  # of who is taken for the player
TURN, SHIFT, LENS = 12.0, 3.0, 2.0  # of the eye's motion: in radians, in metres; of the logarithm of the lens
TILT = 2.0  # of by how many radians it looks down
SWIMS = 0.3  # of whether the player does
LATENTS = 2.0  # of the latents of a moved picture
FAITHFUL = 3.0  # and of latents that are decoded and encoded again, in some rows
BLOTCH = 6  # pixels along a side
AGAIN = 3  # one row in so many
FARTHEST = 20.0  # pixels: who is farther off than this is not pulled at harder
NEVER = 99.0  # as far off as it is from the player
GAIT = 0.3  # of which way to walk it is
FEWER = 100  # times fewer steps, of a tiny parallax's small parts
ALIKE = 0.05  # a moved picture's error at which the next frame's latents are no longer taken for its own


def worn(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Pictures (b 3 h w) as painters and dreams show them: half of them less sharp, with specks and blotches, half in another light."""
    some, size = {"generator": generator, "device": pictures.device}, pictures.shape[-2:]
    much, light = (torch.rand((2, len(pictures), 1, 1, 1), **some) * 2 - 1).clamp(min=0)
    blur = 2 * int(torch.randint(1, 3, (), **some))
    small = F.avg_pool2d(pictures, blur), torch.randn((*pictures.shape[:2], size[0] // BLOTCH, size[1] // BLOTCH), **some)
    soft, blotches = (F.interpolate(part, size=size, mode="bilinear", align_corners=False) for part in small)
    specks = torch.randn(pictures.shape, **some)
    shown = torch.lerp(pictures, soft, much) + much * (0.1 * blotches + 0.03 * specks)
    return shown * (1 + 0.3 * light * torch.randn((len(pictures), 3, 1, 1), **some))


def off_by(flow: Tensor, batch: Batch) -> Tensor:
    """Distance in pixels between a flow (b H W 2) and the true one (b H W)."""
    h, w = batch["picture"].shape[-2:]
    return ((flow - batch["flow"]) * flow.new_tensor([w / 2, h / 2])).square().sum(-1).add(0.01).sqrt()


def eye_off_by(motion: Motion, batch: Batch) -> tuple[Tensor, Tensor]:
    """By how much the eye is said to turn otherwise than it does, in radians, where it is little; and to move, in metres."""
    turned = (motion.rotation - batch["rotation"]).flatten(1).norm(dim=1).mean() / 2**0.5
    return turned, (motion.shift - batch["shift"]).norm(dim=1).mean()


def mean_where(values: Tensor, weight: Tensor) -> Tensor:
    return (values * weight).sum() / weight.sum().clamp(min=1e-6)


class Onward(nn.Module):
    """Pictures (b 3 8h 8w), history (b n a+1), latents of others (n c h w) or None => the motion, and with others the moved pictures, their
    latents, and the others' through decoder and encoder."""

    def __init__(self, parallax: Parallax, autoencoder: AutoencoderDC):
        super().__init__()
        self.parallax = parallax.to(memory_format=torch.channels_last)
        self.carrier = Carrier(parallax, autoencoder)  # the autoencoder is not learnt

    def forward(self, pictures: Tensor, history: Tensor, others: Tensor | None):
        motion = self.parallax(pictures, history)
        if others is None:
            return motion, None, None, None
        with torch.no_grad():
            other = self.carrier.picture(others.contiguous(memory_format=torch.channels_last))
            moved = warped(pictures, motion.flow)
        found, again = self.carrier.encode(torch.cat([moved, other])).split([len(pictures), len(others)])
        return motion, moved, found, again


def small(near: Tensor) -> Tensor:
    """Where something small stands before what is farther off: 1 where that is so by SMALL or more, as `compared`, 0 where it is not (n H W):
    trunks, posts, what lies on the ground."""
    much = torch.where(near < 0, NEVER, compared(near.clamp(min=0)))  # nothing stands before the player
    return ((much - opened(much, WIDEST)) / SMALL).clamp(0, 1)


def slopes(off: Tensor, told: Tensor) -> Tensor:
    """By how much an error (n H W) changes from a place to its neighbours near and far, where both are told of (n H W); after the gradients that
    Li & Snavely 2018 ("MegaDepth") match."""
    errors = []
    for across in SCALES:
        for axis in (1, 2):
            (a, b), (known, too) = ([part.narrow(axis, k, part.shape[axis] - across) for k in (0, across)] for part in (off, told))
            errors.append(mean_where((a - b).abs(), known * too))
    return torch.stack(errors).mean()


def geometry_loss(motion: Motion, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
    near = batch["near"][:, 0]
    told, things = (near >= 0).float(), small(near)
    off = compared(motion.seen.near) - compared(near.clamp(min=0))
    depth, slope = mean_where(off.abs(), told * (1 + THINGS * things)), slopes(off, told)
    player = F.binary_cross_entropy_with_logits(motion.player, 1 - told)
    flow = mean_where(off_by(motion.flow, batch).clamp(max=FARTHEST), batch["known"])
    turned, shifted = eye_off_by(motion, batch)
    lens = (motion.lens.log() - batch["lens"].log()).abs().mean()
    tilt = (motion.tilt - batch["tilt"]).abs().mean()
    gait = F.cross_entropy(motion.manner.gait, batch["view"])
    afloat = F.binary_cross_entropy_with_logits(motion.afloat, batch["afloat"])
    eye = TURN * turned + SHIFT * shifted + TILT * tilt + LENS * lens + GAIT * gait + SWIMS * afloat
    value = FLOW * flow + DEPTH * depth + SLOPE * slope + PLAYER * player + eye
    figures = {
        "pixels off": flow,
        "depth": mean_where(off.abs(), told),
        "slope": slope,
        "things": mean_where(off.abs(), told * things),
        "player": player,
        "turned": turned,
        "shifted": shifted,
        "tilt": tilt,
        "lens": lens,
        "gait": gait,
        "afloat": afloat,
    }
    return value, figures


def parallax_loss(autoencoder: AutoencoderDC, encoder: bool) -> Callable:
    """`encoder`: whether it learns, too."""

    def loss(model: nn.Module, batch: Batch, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        batch = measured(batch)
        shown = worn(batch["picture"], generator)
        with torch.no_grad():
            after = encode(autoencoder, batch["next"]).float() if encoder else None
        others = after[: -(-len(shown) // AGAIN)] if encoder else None
        motion, moved, latents, again = model(shown, batch["history"], others)
        value, figures = geometry_loss(motion, batch)
        if encoder:
            unlike = (moved - batch["next"]).abs().mean(1, keepdim=True)
            alike = per_latent(inside(motion.flow)) * torch.exp(-F.avg_pool2d(unlike, unlike.shape[-1] // after.shape[-1]) / ALIKE)
            wrong = mean_where((latents - after).square().mean(1, keepdim=True), alike)
            unfaithful = (again - others).square().mean()
            value = value + LATENTS * wrong + FAITHFUL * unfaithful
            figures |= {"latents": wrong, "again": unfaithful}
        return value, {name: figure.item() for name, figure in figures.items()}

    return loss


def look_at(held: Pairs, autoencoder: AutoencoderDC, device: torch.device) -> Callable[[nn.Module], tuple[dict[str, float], Tensor]]:
    """Held-out pairs: by how many pixels the flow is off; dB of the moved picture, of what its latents are decoded to, and of the one
    that was not moved; and eight of them: before, moved, true, how near all is and is said to be."""
    batch = measured(some_of(held, 96, device))
    truth = batch["near"][:, 0].clamp(min=0)

    @torch.no_grad()
    def look(model: Onward) -> tuple[dict[str, float], Tensor]:
        before, after = batch["picture"], batch["next"]
        motion, moved, latents, _ = model(before, batch["history"], encode(autoencoder, before[:1]).float())
        films = {"dB": moved, "dB decoded": model.carrier.picture(latents), "still": before}
        figures = {name: psnr(film.float(), after).mean().item() for name, film in films.items()}
        found = geometry_loss(motion, batch)[1]
        figures |= {name: found[name].item() for name in ("pixels off", "depth", "slope", "things")}
        figures |= {"degrees off": found["turned"].item() * 180 / torch.pi, "metres off": found["shifted"].item()}
        figures["tilt off"] = found["tilt"].item()
        depths = [per_pixel(compared(near) / 2 - 1, after).expand(-1, 3, -1, -1) for near in (truth, motion.seen.near)]
        return figures, sheet([part[::12].float().cpu() for part in (before, moved, after, *depths)])

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
    """`weights` keep their eye for who faces where, and their encoder; their gait learns on. Yields the figures of every step; at the end
    `out` holds config.json and parallax.safetensors. Raises T2WError for no steps without weights: the small parts alone see nothing."""
    if not (fit_config.steps or fit_config.minutes or weights):
        raise T2WError("with --steps 0 only the small parts learn; give the --weights that they are parts of")
    learn, held = split(data, depth=True)
    where = accelerator(dtype)
    theirs = load_autoencoder(autoencoder).requires_grad_(False).to(where.device, memory_format=torch.channels_last).eval()
    torch.manual_seed(fit_config.seed)  # the weights' first values: PyTorch's layers take no generator
    model = load_parallax(weights).requires_grad_(True) if weights else of(theirs, config)
    if weights:
        check_latents(weights, model.config.channels, theirs)
        model.encoder.requires_grad_(False)
    small = FEWER if config.condition == TINY.condition else 1
    if not (out / "run" / "run.json").exists():
        yield from learn_gait(model.gait.to(where.device), Walks(learn, model.config.gait, fit_config.seed), GAIT_STEPS // small)
        if not weights and len(faces := Faces(learn, model.facing.side, fit_config.seed)):
            yield from learn_facing(model.facing.to(where.device), faces, FACING_STEPS // small, where.autocast)
    model.gait.requires_grad_(False)
    model.facing.requires_grad_(False)
    pairs = Pairs(learn, model.config.gait, fit_config.seed + 1, both=weights is None)
    unseen = Pairs(held, model.config.gait, fit_config.seed + 1)
    run = Run(Onward(model, theirs), fit_config, out / "run", where, given=given(data, theirs, weights=weights))
    if not run.step:
        run.save()  # what was learnt first
    stage = Stage(parallax_loss(theirs, encoder=weights is None), look_at(unseen, theirs, where.device))
    yield from train(stage, run, loader(pairs, run, workers))
    if where.is_main_process:
        with run.averaged() as model:
            readings = Readings(learn, READ // small, fit_config.seed + 2)
            yield from learn_readings(model.parallax, readings, READING_STEPS // small, where.autocast)
            save_part(model.parallax, out, theirs)
    where.wait_for_everyone()


def of(autoencoder: AutoencoderDC, config: ParallaxConfig) -> Parallax:
    """A new one, for this autoencoder's latents; it begins with its encoder."""
    widths, blocks = autoencoder.config.encoder_block_out_channels[1:], autoencoder.config.encoder_layers_per_block[1:]
    encoder = {"encoder_widths": tuple(widths), "encoder_blocks": tuple(blocks)}
    model = Parallax(replace(config, channels=autoencoder.config.latent_channels, turn=SPACE.turn, **encoder))
    model.encoder.load_state_dict(autoencoder.encoder.state_dict())
    return model
