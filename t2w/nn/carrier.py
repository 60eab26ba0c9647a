"""What carries latent frames on: they are decoded, their pictures moved, and encoded again."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from diffusers import AutoencoderDC
from torch import Tensor

from t2w.nn.autoencoder import decode
from t2w.nn.beside import begun
from t2w.nn.body import Body
from t2w.nn.events import Events
from t2w.nn.geometry import mean_around, per_pixel
from t2w.nn.outpainter import Outpainter
from t2w.nn.parallax import Manner, Motion, Parallax, Seen, histories

FAINT = 0.05  # root mean square, in pictures in [-1, 1], of a change by the dynamics of which half is believed; of a fainter one, less


@dataclass(frozen=True)
class Carried:
    """A frame as an action carries it on."""

    latents: Tensor  # (b c h w)
    picture: Tensor  # (b 3 8h 8w) whose latents these are
    sure: Tensor  # (b H W) what is kept of its details: 0 where a place came into view
    plain: Callable[[], Tensor]  # its latents, decoded (b 3 8h 8w)
    settled: Tensor | None = None  # (b H W) 1 where a dynamics has no say, else 0


@dataclass(frozen=True)
class Carrier:
    """The networks that do it; the last three in worlds that have them."""

    parallax: Parallax
    autoencoder: AutoencoderDC
    outpainter: Outpainter | None = None
    events: Events | None = None
    body: Body | None = None

    def picture(self, latents: Tensor) -> Tensor:
        """(b c h w) => (b 3 8h 8w)."""
        return decode(self.autoencoder, latents.to(self.autoencoder.dtype))

    def motion(self, picture: Tensor, actions: Tensor, *known: Manner | Seen | None) -> Motion:
        """From a picture (b 3 8h 8w) to the next one, by its actions so far (b t a), the last of which leads there; and what is known of it,
        as a parallax wants it."""
        return self.parallax(picture, histories(actions, self.parallax.config.gait)[:, -1], *known)

    def carried(self, picture: Tensor, sure: Tensor, settled: Tensor | None = None) -> Carried:
        latents = self.encode(picture)
        return Carried(latents, picture, sure, begun(lambda: self.picture(latents)), settled)

    def renewed(self, latents: Tensor, carried: Carried) -> Tensor:
        """The picture (b 3 8h 8w) of latents (b c h w) that a dynamics has made of carried ones.

        Where a place had been in view, the carried picture is kept, and changed as the dynamics has changed what the autoencoder can hold of
        it: else a picture would lose a seventh of its sharpness each time that it goes round. And a faint change is none; nor is any where a key
        has changed the place: a dynamics that has never seen an open door would shut it again, little by little.
        """
        made, plain = self.picture(latents).float(), carried.plain().float()
        change = made - plain
        size = mean_around(change.square().mean(1, keepdim=True), 5)
        believed = size / (size + FAINT**2)
        if carried.settled is not None:
            believed = believed * (1 - per_pixel(carried.settled, made))
        return torch.lerp(made, carried.picture + change * believed, per_pixel(carried.sure, made))

    def encode(self, pictures: Tensor) -> Tensor:
        """(b 3 8h 8w) => latents (b c h w)."""
        pictures = pictures.to(self.parallax.kind, memory_format=torch.channels_last)
        return self.parallax.encoder(pictures).float() * self.autoencoder.config.scaling_factor
