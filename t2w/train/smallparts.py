"""The small parts of a parallax, each of which is learnt by itself and in minutes: how the player walks and swims, which way he faces, and what is
read of a picture's depths."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import DataLoader

from t2w.data.pairs import Faces, Readings, Walks
from t2w.nn.parallax import Facing, Gait, Parallax
from t2w.train.loop import Batch, alone

GAIT_STEPS, GAIT_BATCH = 12000, 512
FACING_STEPS, FACING_BATCH = 4000, 96
READING_STEPS, READING_BATCH, READ = 3000, 128, 24000  # in 8,000 they are learnt by heart


def learn_gait(gait: Gait, walks: Walks, steps: int) -> Iterator[dict]:
    """How one walks and swims is learnt from actions alone, six million of them in two minutes; how far off that is, in metres."""

    def off(batch: Batch) -> Tensor:
        told = (batch[name] for name in ("history", "facing", "tilt", "rotation", "afloat"))
        guess = gait(*told)[torch.arange(GAIT_BATCH, device=batch["view"].device), batch["view"]]
        return (guess - batch["shift"]).norm(dim=1).mean()

    yield from alone(gait, off, lambda: walks.batch(GAIT_BATCH), steps, decay=0.01)


def learn_facing(facing: Facing, faces: Faces, steps: int, shortened: Callable = nullcontext) -> Iterator[dict]:
    """Which way one faces, from small pictures, some 400,000 of them in five minutes; `shortened`: autocast, where that is quicker; how far
    off that is from the true cosine and sine."""
    facing.to(memory_format=torch.channels_last)

    def off(batch: Batch) -> Tensor:
        with shortened():
            said = facing.of_middle(batch["middle"].contiguous(memory_format=torch.channels_last))
        return (said - batch["facing"]).norm(dim=1).mean()

    yield from alone(facing, off, lambda: faces.batch(FACING_BATCH), steps, decay=0.05)


def learn_readings(model: Parallax, pictures: Readings, steps: int, shortened: Callable = nullcontext) -> Iterator[dict]:
    """How far the eye looks down and whether the player swims, from what is in the depths of pictures of all kinds: walks alone show too few
    worlds, and an error stays for a whole dream. How far off they are: in radians, and a cross-entropy."""
    device, found = next(model.parameters()).device, []
    with torch.no_grad(), shortened():
        for batch in DataLoader(pictures, READING_BATCH):
            shown = batch["picture"].to(device, memory_format=torch.channels_last)
            found.append((model.unet(shown)[1].half(), batch["tilt"], batch["afloat"]))
    deep, tilt, afloat = (torch.cat(parts).to(device) for parts in zip(*found))
    draw = torch.Generator().manual_seed(0)

    def some() -> Batch:
        at = torch.randint(len(deep), (READING_BATCH,), generator=draw)
        return {"deep": deep[at].float(), "tilt": tilt[at], "afloat": afloat[at]}

    for name, error in (("tilt", F.l1_loss), ("afloat", F.binary_cross_entropy_with_logits)):
        part = getattr(model, name).requires_grad_(True)
        for log in alone(part, lambda batch, part=part, name=name, error=error: error(part(batch["deep"]), batch[name]), some, steps, 1.0):
            yield log | {"part": name}
