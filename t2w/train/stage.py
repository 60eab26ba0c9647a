"""What all stages share around the loop: the batches' loader, and looking at held-out pictures now and then."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import AutoencoderDC
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, default_collate

from t2w.data.pictures import Forever
from t2w.media.pixels import to_frames, write_png
from t2w.nn.autoencoder import key_of
from t2w.train.loop import Batch, Loss, Run, fit

Look = Callable[[nn.Module], tuple[dict[str, float], Tensor]]


@dataclass(frozen=True)
class Stage:
    """A stage is its loss and its look: the model with averaged weights in, figures and a picture (c h w) in [-1, 1] out."""

    loss: Loss
    look: Look


def given(data: Path, autoencoder: AutoencoderDC | None = None, **folders: Path | None) -> dict[str, str]:
    """What a run learns from, by name, as `Run` keeps it: how the data were collected, whose latents, and other folders."""
    settings = data / "collect.json"
    found = {"data": hashlib.sha256(settings.read_bytes()).hexdigest()[:8]} if settings.is_file() else {}
    found |= {} if autoencoder is None else {"autoencoder": key_of(autoencoder)}
    return found | {name: str(folder) for name, folder in folders.items() if folder is not None}


def some_of(held: Dataset, n: int, device: torch.device) -> Batch:
    """So many items, evenly spread, as a batch to look at."""
    return {name: part.to(device) for name, part in default_collate([held[i * len(held) // n] for i in range(n)]).items()}


def loader(items: Dataset, run: Run, workers: int) -> DataLoader:
    """Batches without end, in an order of their own on each device and after each time that the run is taken up."""
    seed = run.config.seed + run.step + 1_000_003 * run.accelerator.process_index
    how = {"num_workers": workers, "persistent_workers": workers > 0, "pin_memory": run.accelerator.device.type == "cuda"}
    return DataLoader(Forever(items, seed), batch_size=run.config.batch, **how)


def train(stage: Stage, run: Run, batches: DataLoader) -> Iterator[dict]:
    """Steps until the run is done; a step at which held-out pictures were looked at carries "look" (figures) and "picture" (path)."""
    folder = run.folder / "looks"
    folder.mkdir(parents=True, exist_ok=True)
    seen = int(run.progress * run.config.looks)
    for logs in fit(run, stage.loss, batches):
        due = int(run.progress * run.config.looks)
        if due > seen and run.accelerator.is_main_process:
            seen = due
            with run.averaged() as model:
                figures, picture = stage.look(model)
            path = folder / f"{run.step:07d}.png"
            write_png(path, to_frames(picture[None, None])[0])
            run.save()
            logs |= {"look": figures, "picture": str(path)}
        yield logs
