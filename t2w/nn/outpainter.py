"""The outpainter: what of a view nobody has seen is made up as a whole, before the eye gets there.

Frame by frame, what comes into view is a strip at the edge, or what was too far away to be told, and the likeliest of it is a haze. So a view from
farther on is put together from what was seen, as far as that goes, and latent diffusion paints the rest of it (Rombach et al. 2022; as in
Yu et al. 2024, "WonderJourney"). It is the painter's transformer; instead of words, the world's first frame tells it what is fitting: as it is,
and by the kind of world that a small network reads in it. From the frame alone, it had not learnt to tell who looks down from above.
"""

from dataclasses import dataclass

import torch
from diffusers import PRXTransformer2DModel
from torch import Tensor, nn

from t2w.nn.flow_matching import sample
from t2w.nn.judge import Questions
from t2w.nn.prx import PATCH, transformer
from t2w.nn.reader import Reader

LOUD = 4.0  # how loud an outpainter is told what is read, beside latents of unit size


@dataclass(frozen=True)
class OutpainterConfig:
    channels: int = 16  # of a latent
    height: int = 12  # latents
    width: int = 20
    d: int = 192
    heads: int = 3
    depth: int = 6
    mlp: float = 2.5
    words: int = 128  # width of what the first frame says
    kinds: Questions = ()  # what is read of the first frame
    reader: int = 96  # width of who reads it
    steps: int = 8  # in which a view is painted
    guidance: float = 2.5  # how much more than believed what was seen is to count


TINY = OutpainterConfig(channels=8, d=32, heads=2, depth=2, words=16, reader=16, steps=2)


class Outpainter(nn.Module):
    """forward(): latents without their noise."""

    def __init__(self, config: OutpainterConfig):
        super().__init__()
        self.config = config
        words = (config.height // PATCH) * (config.width // PATCH)
        self.first = nn.Conv2d(config.channels, config.words, PATCH, PATCH)
        self.spot = nn.Parameter(0.02 * torch.randn(words, config.words))
        self.reader = Reader(config.channels, config.height, config.width, config.kinds, config.reader) if config.kinds else None
        self.transformer = transformer(config, 2 * config.channels + 1 + sum(len(words) for _, words in config.kinds))

    def forward(self, noisy: Tensor, tau: Tensor, seen: Tensor, known: Tensor, first: Tensor) -> Tensor:
        """noisy (b c h w) with its tau (b): 0 noise, 1 data; what is seen of the view (b c h w), how well each place of it is known
        (b 1 h w), and the world's first frame (b c h w) => (b c h w)."""
        return self._guess(noisy, tau, *self._told(seen, known, first))

    def _told(self, seen: Tensor, known: Tensor, first: Tensor) -> tuple[Tensor, Tensor]:
        """What it is told, of each latent (b k h w) and in words (b n d): the same in all steps."""
        first = first.to(self.spot.dtype)
        told, words = torch.cat([seen, known], 1).to(first.dtype), self.first(first).flatten(2).mT + self.spot
        if self.reader is not None:
            read = LOUD * self.reader.kind(first)
            told = torch.cat([told, read[:, :, None, None].expand(-1, -1, *told.shape[2:])], 1)
        return told, words

    def _guess(self, noisy: Tensor, tau: Tensor, told: Tensor, words: Tensor) -> Tensor:
        x = torch.cat([noisy.to(told.dtype), told], 1)
        away = self.transformer(hidden_states=x, timestep=1 - tau, encoder_hidden_states=words, return_dict=False)[0]
        return noisy - (1 - tau)[:, None, None, None] * away[:, : noisy.shape[1]].float()

    @torch.no_grad()
    def painted(self, seen: Tensor, known: Tensor, first: Tensor, noise: Tensor) -> Tensor:
        """The whole view (b c h w), of the same arguments and noise (b c h w); guided by what is told (Ho & Salimans 2022), beside one who is told nothing."""
        guidance = self.config.guidance
        rows = 1 if guidance == 1 else 2
        told = self._told(*(torch.cat([part, torch.zeros_like(part)][:rows]) for part in (seen, known, first)))

        def guess(x: Tensor, tau: Tensor) -> Tensor:
            found = self._guess(x.repeat(rows, 1, 1, 1), tau.repeat(rows), *told)
            believed, blind = found[: len(x)], found[-len(x) :]
            return blind + guidance * (believed - blind)

        return sample(guess, noise, self.config.steps)

    def begin_with(self, painter: PRXTransformer2DModel) -> None:
        """A painter's transformer knows what worlds look like. It has not heard of a view that is half seen, nor of first frames; of a deeper
        one, the first blocks are taken.

        Raises RuntimeError or KeyError where it is of another size or kind."""
        new = self.transformer.state_dict()
        own = {name: weights for name, weights in painter.state_dict().items() if name in new}
        for name in ("img_in.weight", "final_layer.linear.weight", "final_layer.linear.bias"):
            wide, axis = torch.zeros_like(new[name]), int(name == "img_in.weight")
            wide.narrow(axis, 0, own[name].shape[axis]).copy_(own[name])
            own[name] = wide
        self.transformer.load_state_dict(own)
