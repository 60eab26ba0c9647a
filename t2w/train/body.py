"""Body: frames with the player as he stood come in, and how he stands now; out come frames with him as he stands.

The simulator shows both, frame by frame. How he stands follows from the actions, and is learnt first, from them alone. In a dream he is drawn
where he is not to be seen: so in some frames he is not shown here either, nor is who swims, for how deep he is in the water could be read off him.
And who rises out of it was not there: so some frames have no swimmer, but water, as it is beside him.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import torch
from diffusers import AutoencoderDC
from torch import Tensor, nn

from t2w.data.bodies import EARLIER, NOW, Bodies, Stances
from t2w.data.latents import encode_shards
from t2w.data.pictures import split
from t2w.nn.autoencoder import decode
from t2w.nn.body import UNITS, Body, BodyConfig, Standing, beside, cut, hiding
from t2w.nn.events import changing
from t2w.nn.measure import sheet
from t2w.sim.spec import SPACE
from t2w.train.loop import Batch, FitConfig, Run, accelerator, alone
from t2w.train.stage import Stage, given, loader, some_of, train
from t2w.worlds.pretrained import check_latents, load_autoencoder, load_body, save_part

STANDING_STEPS, STANDING_BATCH = 8000, 512
PHASE = 4.0  # weight of an error in a step's phase, which adds up
WEIGHT = 8.0  # of an error where he moves, beside 1 elsewhere
UNSEEN = 0.3  # share of frames in which he is not shown
GONE, BESIDE = 0.5, 6  # share of swimmers instead of whom there is water, and from how many latents beside them that is
NOISE = 0.3  # the most in a frame


def learn_standing(standing: Standing, stances: Stances, steps: int) -> Iterator[dict]:
    """How one stands is learnt from actions alone."""

    def off(batch: Batch) -> Tensor:
        phase, rest = standing(batch["history"], batch["afloat"])
        each = ((rest - batch["rest"]) / rest.new_tensor(UNITS)).abs().mean(0)
        return PHASE * (phase - batch["phase"]).abs().mean() + each.sum()

    yield from alone(standing, off, lambda: stances.batch(STANDING_BATCH), steps, decay=0.01)


def body_loss(model: nn.Module, batch: Batch, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
    now, earlier, at = batch[NOW], batch[EARLIER], batch["at"]

    def uniform() -> Tensor:
        return torch.rand((len(now), 1, 1, 1), generator=generator, device=now.device)

    gone = (uniform() < GONE) * batch["swims"][:, None, None, None] * beside(batch["player"])
    earlier = torch.lerp(earlier, earlier.roll(BESIDE, 3), gone)
    hidden = hiding(batch["player"] * (uniform() < UNSEEN), batch["swims"])
    noise = torch.randn(now.shape, generator=generator, device=now.device)
    frame = earlier + NOISE * uniform().square() * noise
    new, share = model(frame, batch["first"], batch["told"], hidden, at)
    before, earlier, now = (cut(part, at, new.shape[2:]) for part in (frame, earlier, now))
    off = (torch.lerp(before, new, share) - now).square().mean(1, keepdim=True)
    where = changing(now, earlier)
    return ((1 + WEIGHT * where) * off).mean(), {"moves": where.mean().item()}


def look_at(held: Bodies, autoencoder: AutoencoderDC, device: torch.device) -> Callable[[nn.Module], tuple[dict[str, float], Tensor]]:
    """Held-out frames: what is left of the error where the player has moved, when he is shown and when he is not; a few of them, with him as he
    stood, as he was drawn, and as he stands."""
    batch = some_of(held, 512, device)

    @torch.no_grad()
    def look(model: Body) -> tuple[dict[str, float], Tensor]:
        now, earlier, at = batch[NOW], batch[EARLIER], batch["at"]
        where, figures = changing(now, earlier), {}
        was = ((earlier - now).square().mean(1, keepdim=True) * where).sum().clamp(min=1e-6)
        for name, player in (("left", 0 * batch["player"]), ("left, unseen", batch["player"])):
            hidden = hiding(player, batch["swims"])
            made = model.drawn(earlier, *model(earlier, batch["first"], batch["told"], hidden, at), at)
            figures[name] = (((made - now).square().mean(1, keepdim=True) * where).sum() / was).item()
        shown = [decode(autoencoder, part[:384:32]).float().cpu() for part in (earlier, made, now)]
        return figures, sheet(shown)

    return look


def train_body(
    data: Path,
    autoencoder: Path,
    out: Path,
    config: BodyConfig,
    fit_config: FitConfig,
    dtype: str = "auto",
    workers: int = 0,
    weights: Path | None = None,
) -> Iterator[dict]:
    """Yields the figures of every step; at the end `out` holds config.json and body.safetensors."""
    learn, held = split(data)
    where = accelerator(dtype)
    encoder = load_autoencoder(autoencoder).requires_grad_(False).to(where.device, memory_format=torch.channels_last)
    torch.manual_seed(fit_config.seed)  # the weights' first values: PyTorch's layers take no generator
    model = load_body(weights) if weights else Body(replace(config, channels=encoder.config.latent_channels))
    if weights:
        check_latents(weights, model.config.channels, encoder)
    elif not (out / "run" / "run.json").exists():
        stances = Stances(learn, model.config.history, fit_config.seed)
        yield from learn_standing(model.standing.to(where.device), stances, min(STANDING_STEPS, fit_config.steps))
    with where.main_process_first():
        bodies, unseen = (Bodies(encode_shards(part, encoder, where.device), model, SPACE.turn, fit_config.seed) for part in (learn, held))
    model.requires_grad_(True).standing.requires_grad_(False)
    run = Run(model.to(memory_format=torch.channels_last), fit_config, out / "run", where, given=given(data, encoder, weights=weights))
    yield from train(Stage(body_loss, look_at(unseen, encoder, where.device)), run, loader(bodies, run, workers))
    if where.is_main_process:
        with run.averaged() as model:
            save_part(model, out, encoder)
    where.wait_for_everyone()
