"""Stage three: pictures and captions in, a painter out: a diffusers pipeline folder.

Captions are written anew each time from what is in view, so that many wordings lead to the same picture.
"""

import json
import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import torch
from diffusers import AutoencoderDC, PRXPipeline
from torch import Tensor, nn
from torch.utils.data import Dataset
from transformers import PreTrainedTokenizerFast

from t2w.data.latents import encode_shards
from t2w.data.pictures import Pictures, split
from t2w.data.shard import Shard
from t2w.errors import MISSING, T2WError
from t2w.media.atomic import whole_folder
from t2w.nn.measure import sheet
from t2w.nn.painter import PainterConfig, build, tokenizer
from t2w.nn.reader import Reader
from t2w.sim.understand import understand
from t2w.train.distil import Asked, Critics, Former, Text, Told, distilled
from t2w.train.judge import ATTRIBUTES, answers, numbered
from t2w.train.loop import Batch, FitConfig, Loss, Run, accelerator
from t2w.train.reader import LESSONS, taught
from t2w.train.stage import Stage, given, loader, train
from t2w.worlds.pretrained import check_latents, load_autoencoder

SILENT = 0.1  # share of pictures without words, for guidance
CRITIC_LR = 1e-3  # who looks close up has to be quicker than the painter
EVERY = 6  # of a walk's frames, one in so many is painted
CALL = {"num_inference_steps": 24, "guidance_scale": 3.0, "height": 96, "width": 160}
CALL |= {"use_resolution_binning": False, "skip_text_cleaning": True}
FEW = CALL | {"num_inference_steps": 5, "guidance_scale": 1.0}  # of one that is distilled
PROMPTS = (
    "a snowy pine forest at sunset with a red cabin",
    "third-person view of a blue robot in a desert at noon",
    "first-person view of a tropical island at dawn",
    "an alien world at night with a purple tower",
    "isometric view of a green knight in a meadow at noon with white sheep",
    "a foggy swamp with ancient ruins",
    "autumn forest in the rain, a yellow cabin",
    "volcanic land at sunset with a grey pyramid",
)


class Captioned(Dataset):
    """Latents with words. An item: {"latents": (c h w), "tokens": (n), "mask": (n)}; with `read`, also {"shows": (q), "says": (q)}: what is to
    be seen and what of it the words say, as answers to ATTRIBUTES."""

    def __init__(self, found: Iterator[tuple[Shard, Tensor]], words: PreTrainedTokenizerFast, seed: int, read: bool = False):
        both = list(found)
        self.pictures = Pictures([shard for shard, _ in both], every=EVERY)
        self.latents = [latents for _, latents in both]
        self.words, self.rng, self.read = words, random.Random(seed), read

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, k: int) -> dict[str, Tensor]:
        s, i, _ = self.pictures.index[k]
        text = "" if self.rng.random() < SILENT else self.pictures.words(k, self.rng)
        item = {"latents": self.latents[s][i].float()} | dict(zip(("tokens", "mask"), tokens_of(text, self.words)))
        if self.read:
            shows, named = answers(*self.pictures.told(k)), understand(text)
            says = {name: value for name, value in shows.items() if named.get(name) == value}
            item |= {"shows": torch.tensor(numbered(shows)), "says": torch.tensor(numbered(says))}
        return item


def tokens_of(text: str, words: PreTrainedTokenizerFast) -> tuple[Tensor, Tensor]:
    """Its tokens (n), and which of them say something (n)."""
    found = words(text, padding="max_length", truncation=True, max_length=words.model_max_length, return_tensors="pt")
    return found["input_ids"][0], found["attention_mask"][0].bool()


class Denoise(nn.Module):
    """The pipeline's two learnt parts in one call: words and a noisy latent in, the way from data to noise out."""

    def __init__(self, pipeline: PRXPipeline):
        super().__init__()
        self.transformer, self.text_encoder = pipeline.transformer, pipeline.text_encoder

    def forward(self, noisy: Tensor, sigma: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
        words = self.text_encoder(input_ids=tokens, attention_mask=mask).last_hidden_state
        return self.transformer(hidden_states=noisy, timestep=sigma, encoder_hidden_states=words, attention_mask=mask, return_dict=False)[0]


def painter_loss(model: nn.Module, batch: Batch, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
    data = batch["latents"]
    noise = torch.randn(data.shape, generator=generator, device=data.device)
    # Logit-normal levels (Esser et al. 2024): most of the learning is half way.
    sigma = torch.randn(len(data), generator=generator, device=data.device).add(0.3).sigmoid()
    s = sigma[:, None, None, None]
    way = model((1 - s) * data + s * noise, sigma, batch["tokens"], batch["mask"])
    return (way.float() - (noise - data)).square().mean(), {}


def guess(model: Denoise, noisy: Tensor, sigma: Tensor, told: Told) -> Tensor:
    """What noisy latents (n c h w) will be."""
    return noisy - sigma[:, None, None, None] * model(noisy, sigma, told["tokens"], told["mask"]).float()


def former_of(pipeline: PRXPipeline) -> Former:
    tokens, mask = tokens_of("", pipeline.tokenizer)

    def silent(told: Told) -> Told:
        return {"tokens": tokens.to(told["tokens"]).expand_as(told["tokens"]), "mask": mask.to(told["mask"]).expand_as(told["mask"])}

    model = deepcopy(Denoise(pipeline))
    return Former(model, model.transformer, guess, silent, CALL["guidance_scale"])


def distil_loss(former: Former, critics: nn.Module, reader: Reader) -> Loss:
    def loss(model: nn.Module, batch: Batch, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        told, text = {"tokens": batch["tokens"], "mask": batch["mask"]}, Text(reader, batch["says"])
        value, _, figures = distilled(model, former, critics, Asked(batch["latents"], told, text=text), generator)
        return value, figures

    return loss


def look_at(pipeline: PRXPipeline, call: dict):
    """The same prompts with the same seeds each time."""

    @torch.no_grad()
    def look(model: nn.Module) -> tuple[dict[str, float], Tensor]:
        pipeline.set_progress_bar_config(disable=True)
        rows = []
        for seed in range(2):  # one prompt at a time: with guidance, PRXPipeline takes no more
            made = [pipeline(p, generator=torch.Generator().manual_seed(seed), output_type="pt", **call).images for p in PROMPTS]
            rows.append(torch.cat(made).cpu() * 2 - 1)
        return {"contrast": rows[0].std().item()}, sheet(rows)

    return look


def train_painter(
    data: Path,
    autoencoder: Path,
    out: Path,
    config: PainterConfig,
    fit_config: FitConfig,
    dtype: str = "auto",
    workers: int = 0,
    weights: Path | None = None,
    distil: bool = False,
) -> Iterator[dict]:
    """With `distil`, learns to need few steps, from what `weights` paints in many. Yields the figures of every step; at the end `out` is a
    diffusers pipeline folder."""
    if distil and not weights:
        raise T2WError("--distil learns from a painter that needs many steps; give it with --weights")
    learn, _ = split(data)
    where = accelerator(dtype)
    encoder = load_autoencoder(autoencoder)
    before = load_painter(weights, encoder) if weights else None
    with where.main_process_first():
        words = kept(out / "run" / "tokenizer", lambda: before.tokenizer if before else learnt_words(learn, config, fit_config.seed))
    torch.manual_seed(fit_config.seed)  # the weights' first values: PyTorch's layers take no generator
    pipeline = before or build(replace(config, channels=encoder.config.latent_channels), words, encoder)
    pipeline.register_modules(tokenizer=words)
    pipeline.to(where.device)
    with where.main_process_first():
        items = Captioned(encode_shards(learn, encoder, where.device), words, fit_config.seed + 1, read=distil)
    former = former_of(pipeline).to(where.device) if distil else None
    critics = Critics(former, encoder.config.latent_channels) if former else None
    fit_config = replace(fit_config, critic_lr=CRITIC_LR)
    run = Run(Denoise(pipeline), fit_config, out / "run", where, critics, given(data, encoder, weights=weights))
    loss, call = painter_loss, CALL
    if former:
        reader, steps = Reader(*items[0]["latents"].shape, ATTRIBUTES).to(where.device), min(LESSONS, fit_config.steps)
        with where.main_process_first():
            yield from taught(out / "run" / "reader.safetensors", reader, items, steps, fit_config.seed + 2, where.autocast)
        loss, call = distil_loss(former, run.critic, reader), FEW
    yield from train(Stage(loss, look_at(pipeline, call)), run, loader(items, run, workers))
    if where.is_main_process:
        with run.averaged():
            save(pipeline, out, call)
    where.wait_for_everyone()


def learnt_words(learn: list[Shard], config: PainterConfig, seed: int) -> PreTrainedTokenizerFast:
    """A tokenizer learnt from captions."""
    rng, pictures = random.Random(seed), Pictures(learn, every=EVERY)
    return tokenizer([pictures.words(rng.randrange(len(pictures)), rng) for _ in range(20_000)], config)


def kept(folder: Path, make: Callable[[], PreTrainedTokenizerFast]) -> PreTrainedTokenizerFast:
    """The tokenizer in `folder`, made first if it is not there: a run that is taken up must read as it did before."""
    if not (folder / "tokenizer_config.json").is_file():
        with whole_folder(folder) as temporary:
            make().save_pretrained(temporary)
    return PreTrainedTokenizerFast.from_pretrained(folder)


def load_painter(folder: Path, encoder: AutoencoderDC) -> PRXPipeline:
    """A painter to train on, in single precision, on the CPU, with this autoencoder. Raises T2WError where it is none, or does not fit."""
    try:
        if "PRXPipeline" not in (folder / "model_index.json").read_text("utf-8"):
            raise ValueError("its model_index.json names another pipeline")
        pipeline = PRXPipeline.from_pretrained(folder, vae=encoder, dtype=torch.float32, local_files_only=True)
    except (OSError, ValueError) as error:
        raise T2WError(f"{folder} holds no painter ({error}); make one with: t2w train painter", MISSING) from error
    check_latents(folder, pipeline.transformer.config.in_channels, encoder)
    return pipeline


def save(pipeline: PRXPipeline, out: Path, call: dict) -> None:
    """Half precision on disk, but for the text model: transformers loads what it finds, diffusers what it is told."""
    pipeline.transformer.half()
    pipeline.vae.half()
    with whole_folder(out) as temporary:
        pipeline.save_pretrained(temporary)
        (temporary / "t2w.json").write_text(json.dumps(call) + "\n")
