"""Outpainter: views of walks, as far as they are known from elsewhere in the same walk, in; out comes what they truly look like.

What is known is moved and encoded by the parallax, as in a rollout: by the depth that it guesses. And as there, places are a little wrong,
so that what does not fit together is not kept as it is.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from t2w.data.kinds import KINDS, Kinds
from t2w.data.latents import encode_shards
from t2w.data.pictures import split
from t2w.data.views import Views, kept_views
from t2w.errors import T2WError
from t2w.nn.carrier import Carrier
from t2w.nn.flow_matching import on_the_way
from t2w.nn.geometry import per_latent
from t2w.nn.glimpse import glimpse
from t2w.nn.measure import gradient, sheet
from t2w.nn.outpainter import Outpainter, OutpainterConfig
from t2w.nn.reader import Reader
from t2w.train.chains import FREE, Chains
from t2w.train.distil import Asked, Critics, Former, Text, Told, distilled
from t2w.train.loop import Batch, FitConfig, Loss, Run, accelerator
from t2w.train.painter import load_painter
from t2w.train.reader import LESSONS, learn_to_read
from t2w.train.stage import Stage, given, loader, some_of, train
from t2w.worlds.pretrained import check_latents, load_autoencoder, load_carrier, load_outpainter, save_part

KNOWN = 0.1  # weight of the error where all is known, beside 1 where nothing is
WORST = 0.6  # how well a view is known, at least
HAZY = 0.2  # share of known views of which only light and layout are
HAZE = 0.5  # how well these are known
BLUR = 16  # pixels
LEVELS = 2  # of noise at which each view is painted: to put it together costs as much as to learn from it
ASTRAY = 0.15  # how wrong places are, of the way between them, at most
SILENT = 0.1  # share of views of which nothing is told, for guidance
UNSEEN = 0.1  # share of which nothing is shown but the world's first frame
CHAINED = 3  # views of chains for each of a walk
NOISE = 0.1  # the most in the latents of what is seen
CRITIC_LR = 2.5e-4  # faster than the outpainter, who goes on at 1e-4
STAYS = 0.1  # weight of what is known in distilling: the more of it, the softer what is painted again and again
LAYOUT, COARSE = 0.2, 4  # weight of the layout, and of how many latents a part of it is the mean, to each side
FEW = {"steps": 5, "guidance": 1.0}  # of one that is distilled; in three, what is painted again and again is softer


@torch.no_grad()
def seen_of(batch: Batch, carrier: Carrier, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Latents of what is seen (b c h w), and how well it is known (b 1 h w)."""
    (b, k), device = batch["near"].shape[:2], batch["near"].device
    known = WORST + (1 - WORST) * torch.rand((b, k), generator=generator, device=device)
    hazy = torch.rand((b, k), generator=generator, device=device) < HAZY
    much = ASTRAY * torch.rand(b, 1, generator=generator, device=device)
    kept, lens = kept_views(batch, torch.where(hazy, HAZE, known))
    kept = [view.told(carrier.parallax.seen(view.picture)) for view in kept]  # as a dream sees it, not as it truly is
    astray = [1 + much * torch.randn((b, 3), generator=generator, device=device) for _ in kept]
    kept = [replace(v, picture=_hazy(v.picture, at), place=v.place * by) for v, at, by in zip(kept, hazy.unbind(1), astray)]
    here = torch.eye(3, device=device).expand(b, 3, 3), torch.zeros(b, 3, device=device)
    view = glimpse(kept, *here, lens)
    return carrier.encode(view.picture), per_latent(view.known)


def _hazy(picture: Tensor, which: Tensor) -> Tensor:
    """Pictures (b c h w), of some (b) their light and layout only."""
    blurred = F.interpolate(F.avg_pool2d(picture, BLUR), size=picture.shape[-2:], mode="bilinear", align_corners=False)
    return torch.where(which[:, None, None, None], blurred, picture)


@dataclass(frozen=True)
class Drawn:
    data: Tensor  # (n c h w) what is true
    told: Told  # of a share, nothing
    free: Tensor  # (n 1 1 1) 1 where what is told is made up, so that the truth is another; else 0
    says: Tensor  # (n q) what kind of world it is, as answers to KINDS; -1 where nothing is told


@dataclass(frozen=True)
class Rows:
    """What is learnt from: views of walks, at LEVELS of noise each, and of chains where there are some."""

    carrier: Carrier
    chained: Callable[[int], Batch] | None = None  # so many views, as of `Chains`

    def __call__(self, batch: Batch, generator: torch.Generator) -> Drawn:
        seen, known = seen_of(batch, self.carrier, generator)
        rows = {"seen": seen, "known": known, "latents": batch["latents"], "first": batch["first"]}
        rows["free"] = torch.zeros_like(known[:, :, :1, :1])
        rows = {name: part.repeat(LEVELS, 1, 1, 1) for name, part in rows.items()} | {"says": batch["says"].repeat(LEVELS, 1)}
        if self.chained:
            more = self.chained(CHAINED * len(seen))
            rows = {name: torch.cat([part, more[name].to(part.device)]) for name, part in rows.items()}
        data, free, says, seen = rows.pop("latents"), rows.pop("free"), rows.pop("says"), rows["seen"]

        def uniform() -> Tensor:
            return torch.rand(len(data), generator=generator, device=data.device)

        rows["seen"] = on_the_way(seen, torch.randn(seen.shape, generator=generator, device=seen.device), 1 - NOISE * uniform())
        told, shown = ((uniform() >= share).float()[:, None, None, None] for share in (SILENT, UNSEEN))
        rows |= {name: shown * rows[name] for name in ("seen", "known")}
        return Drawn(data, {name: told * part for name, part in rows.items()}, free, torch.where(told[:, :, 0, 0] > 0, says, -1))


def outpainter_loss(rows: Rows) -> Loss:
    def loss(model: nn.Module, batch: Batch, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        drawn = rows(batch, generator)
        data, told = drawn.data, drawn.told
        # Logit-normal levels (Esser et al. 2024), as the painter's.
        sigma = torch.randn(len(data), generator=generator, device=data.device).add(0.3).sigmoid()
        noise = torch.randn(data.shape, generator=generator, device=data.device)
        made = guess(model, on_the_way(data, noise, 1 - sigma), sigma, told)
        off = (made - data).square().mean(1, keepdim=True) / sigma.square()[:, None, None, None]  # of the way, not of where it leads
        weight = KNOWN + (1 - KNOWN) * (1 - told["known"])
        figures = {"unknown": (1 - told["known"]).mean().item()}
        if rows.chained:
            figures["off, of chains"] = off[LEVELS * len(batch["latents"]) :].mean().item()
        return (off * weight).sum() / weight.sum(), figures

    return loss


def guess(model: nn.Module, noisy: Tensor, sigma: Tensor, told: Told) -> Tensor:
    """What noisy latents (n c h w) will be."""
    return model(noisy, 1 - sigma, told["seen"], told["known"], told["first"])


def former_of(model: Outpainter) -> Former:
    model = deepcopy(model)
    return Former(
        model, model.transformer, guess, lambda told: {name: torch.zeros_like(part) for name, part in told.items()}, model.config.guidance
    )


def distil_loss(rows: Rows, former: Former, critics: nn.Module, reader: Reader) -> Loss:
    """What is known of a view is to stay, but of free ones, and those heads judge by the world's first frame alone. A lie about a view is
    another world's first frame. And who reads it is to find that kind of world in it. Of what there is a truth of, the layout is to be about
    the true one: heads, which see what is right beside a place, would not bring the sky down from where it does not belong."""

    def loss(model: nn.Module, batch: Batch, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        drawn = rows(batch, generator)
        judged = drawn.told | {name: drawn.told[name] * (1 - drawn.free) for name in ("seen", "known")}
        lie = judged | {"first": judged["first"].roll(1, 0)}
        asked = Asked(drawn.data, drawn.told, lie, Text(reader, drawn.says), judged)
        value, made, figures = distilled(model, former, critics, asked, generator)
        kept = (judged["known"] * (made - drawn.data).square()).mean()
        true = (drawn.says[:, :1, None, None] >= 0) * (1 - drawn.free)
        layout = (true * F.avg_pool2d(made - drawn.data, COARSE).square()).mean()
        return value + STAYS * kept + LAYOUT * layout, figures | {"known off": kept.item(), "layout off": layout.item()}

    return loss


def look_at(held: Views, carrier: Carrier, device: torch.device) -> Callable[[nn.Module], tuple[dict[str, float], Tensor]]:
    """Held-out views: what was seen of them, as painted, the truth."""
    batch = some_of(held, 24, device)

    @torch.no_grad()
    def look(model: Outpainter) -> tuple[dict[str, float], Tensor]:
        generator = torch.Generator(device).manual_seed(0)
        seen, known = seen_of(batch, carrier, generator)
        noise = torch.randn(seen.shape, generator=generator, device=device)
        pictures = [carrier.picture(z).float() for z in (seen, model.painted(seen, known, batch["first"], noise), batch["latents"])]
        figures = {"sharpness": (gradient(pictures[1]) / gradient(pictures[2])).item()}
        off = (carrier.encode(pictures[1]) - batch["latents"]).square()
        figures |= {"known off": (off * known).mean().item(), "unknown off": (off * (1 - known)).mean().item()}
        rows = [part[i : i + 8].cpu() for i in range(0, 24, 8) for part in pictures]
        return figures, sheet(rows)

    return look


def train_outpainter(
    data: Path,
    autoencoder: Path,
    parallax: Path,
    out: Path,
    config: OutpainterConfig,
    fit_config: FitConfig,
    dtype: str = "auto",
    workers: int = 0,
    weights: Path | None = None,
    painter: Path | None = None,
    chains: bool = False,
    distil: bool = False,
) -> Iterator[dict]:
    """Begins with `weights` or with a painter's; a new one's reader learns first. With `chains`, it learns from what it has painted itself as
    well. With `distil`, it learns to need no guidance, from what `weights` paints with it. Yields the figures of every step; at the end `out`
    holds config.json and outpainter.safetensors."""
    if distil and not weights:
        raise T2WError("--distil learns from an outpainter that needs many steps; give it with --weights")
    if weights and painter:
        raise T2WError("--weights go on where they ended, and --painter begins anew; give one of them")
    learn, held = split(data, depth=True)
    where = accelerator(dtype)
    encoder = load_autoencoder(autoencoder).requires_grad_(False)
    carrier = load_carrier(parallax, encoder, where.device)
    torch.manual_seed(fit_config.seed)  # the weights' first values: PyTorch's layers take no generator
    model = load_outpainter(weights) if weights else Outpainter(replace(config, channels=encoder.config.latent_channels, kinds=KINDS))
    if weights:
        check_latents(weights, model.config.channels, encoder)
        if not model.config.kinds:
            raise T2WError(f"the outpainter in {weights} is of an older t2w, and reads no first frames; begin a new one without --weights")
    elif painter:
        try:
            model.begin_with(load_painter(painter, encoder).transformer)
        except (RuntimeError, KeyError) as error:
            raise T2WError(f"the painter in {painter} is of another size than this outpainter; leave --painter out") from error
    with where.main_process_first():
        known, held = (list(encode_shards(part, encoder, where.device)) for part in (learn, held))
    views, unseen = (Views(part, fit_config.seed + 1) for part in (known, held))
    if not weights and not (out / "run" / "run.json").exists():
        steps = min(LESSONS, fit_config.steps)
        yield from learn_to_read(model.reader.to(where.device), Kinds(known), steps, fit_config.seed + 2, where.autocast)
    former = former_of(model) if distil else None
    if former:
        model.config = replace(model.config, **FEW)
    critics = Critics(former, encoder.config.latent_channels) if former else None
    fit_config = replace(fit_config, critic_lr=CRITIC_LR)
    model.requires_grad_(True).reader.requires_grad_(False)
    run = Run(model, fit_config, out / "run", where, critics, given(data, encoder, weights=weights, painter=painter))
    seed = fit_config.seed + where.process_index
    own = Chains(views, replace(carrier, outpainter=model), seed, FREE if former else 0.0) if chains else None

    def chained(n: int) -> Batch:
        with run.averaged():
            own.onward()
        return own.batch(n)

    rows = Rows(carrier, chained if chains else None)
    loss = distil_loss(rows, former.to(where.device), run.critic, model.reader) if former else outpainter_loss(rows)
    yield from train(Stage(loss, look_at(unseen, carrier, where.device)), run, loader(views, run, workers))
    if where.is_main_process:
        with run.averaged() as model:
            save_part(model, out, encoder)
    where.wait_for_everyone()
