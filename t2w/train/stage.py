"""What all stages share around the loop: the batches' loader, and looking at held-out pictures now and then."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, default_collate

from t2w.data.pictures import Forever
from t2w.media.pixels import to_frames, write_png
from t2w.train.loop import Batch, Loss, Run, fit

Look = Callable[[nn.Module], tuple[dict[str, float], Tensor]]


@dataclass(frozen=True)
class Stage:
    """A stage is its loss and its look: the model with averaged weights in, figures and a picture (c h w) in [-1, 1] out."""

    loss: Loss
    look: Look


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
            logs |= {"look": figures, "picture": str(path)}
        yield logs
