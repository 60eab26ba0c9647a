"""Latents of a whole data folder, encoded once and kept beside it as half floats; and windows of them, with actions.

`folder/latents-<key>/shard-00007.safetensors` holds (n c h w) for the n frames of that shard; the key is the encoder's.
"""

from collections.abc import Iterator

import numpy as np
import torch
from diffusers import AutoencoderDC
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.utils.data import Dataset

from t2w.data.pictures import to_picture
from t2w.data.shard import ALONE, Shard
from t2w.errors import T2WError
from t2w.media.atomic import atomically, sweep
from t2w.nn.autoencoder import encode, key_of
from t2w.nn.precision import bfloat16_is_fast

BATCH = 32


@torch.no_grad()
def encode_shards(found: list[Shard], autoencoder: AutoencoderDC, device: torch.device) -> Iterator[tuple[Shard, Tensor]]:
    """Each shard with its latents (n c h w) in half precision; what was encoded before is read."""
    autoencoder = autoencoder.to(device, memory_format=torch.channels_last).eval()
    folder = found[0].path.parent / f"latents-{key_of(autoencoder)}"
    folder.mkdir(exist_ok=True)
    sweep(folder)
    for shard in found:
        path = folder / shard.path.name
        latents = load_file(path)["latents"] if path.exists() else None
        if latents is None or len(latents) != len(shard):  # t2w collect may have filled the shard up since
            firsts, which = shard.firsts()
            parts = [_encode(shard, firsts[i : i + BATCH], autoencoder, device) for i in range(0, len(firsts), BATCH)]
            latents = torch.cat(parts)[which]
            with atomically(path) as temporary:
                save_file({"latents": latents}, temporary)
        yield shard, latents


def _encode(shard: Shard, frames: list[int], autoencoder: AutoencoderDC, device: torch.device) -> Tensor:
    pictures = torch.stack([to_picture(shard.frame(i)) for i in frames]).to(device, memory_format=torch.channels_last)
    with torch.autocast(device.type, torch.bfloat16, enabled=bfloat16_is_fast()):
        return encode(autoencoder, pictures).half().contiguous().cpu()


class Windows(Dataset):
    """Runs of frames. An item: {"latents": (t c h w), "actions": (t a), "heading": (t 2), "jump": 0 or 1}.

    Action i leads from frame i to frame i+1; the heading is what the mouse has turned the view by then, in the action's units.
    With jump 1 the first frame comes from earlier in the episode: a world keeps its first frame in memory long after the frames
    that followed it are forgotten.
    """

    def __init__(self, found: Iterator[tuple[Shard, Tensor]], frames: int, stride: int = 4, jump: float = 0.0, seed: int = 0):
        self.frames, self.jump = frames, jump
        self.generator = torch.Generator().manual_seed(seed)
        self.shards: list[Shard] = []
        self.latents: list[Tensor] = []
        self.actions: list[Tensor] = []
        self.headings: list[Tensor] = []  # counted from the shard's first frame: only differences within an episode mean anything
        self.episodes: list[tuple[int, int, int]] = []  # shard, first frame, frames
        self.index: list[tuple[int, int, int]] = []  # shard, first frame of the episode, first frame of the window
        for s, (shard, latents) in enumerate(found):
            self.shards.append(shard)
            self.latents.append(latents)
            self.actions.append(torch.from_numpy(np.asarray(shard.actions)))
            turns = self.actions[-1][:, -2:].double()
            self.headings.append(turns.cumsum(0) - turns)
            for row in shard.rows:
                last = row["frames"] - frames
                if row["kind"] not in ALONE and last >= 0:
                    self.episodes.append((s, row["start"], row["frames"]))
                    self.index += [(s, row["start"], row["start"] + t) for t in range(0, last + 1, stride)]
        if not self.index:
            raise T2WError(
                f"no episode has {frames} frames in a row; take fewer --frames, or collect longer episodes: t2w collect --frames"
            )

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, k: int) -> dict[str, Tensor]:
        s, begin, first = self.index[k]
        here = list(range(first, first + self.frames))
        jumps = first > begin and torch.rand((), generator=self.generator) < self.jump
        if jumps:
            here[0] = torch.randint(begin, first, (), generator=self.generator).item()
        heading = self.headings[s][here]
        return {
            "latents": self.latents[s][here].float(),
            "actions": self.actions[s][first : first + self.frames],
            "heading": (heading - heading[:1]).float(),
            "jump": torch.tensor(float(jumps)),
        }
