"""An autoencoder's stages as the one convolution that each comes to, for inference.

Between its sizes AutoencoderDC moves space into channels and back, and adds a shortcut that averages or repeats channels. All of that is
linear, as a convolution is: asked what it makes of a single bright pixel, for each place and channel, a stage tells the convolution that
makes the same (as Ding et al. 2021, "RepVGG", do with branches). It spares the small steps, which take longer than their sums.
"""

from collections.abc import Callable
from typing import TypeVar

import torch
import torch.nn.functional as F
from diffusers.models.autoencoders.autoencoder_dc import DCDownBlock2d, DCUpBlock2d
from einops import rearrange
from torch import Tensor, nn

Model = TypeVar("Model", bound=nn.Module)


def folded(model: Model) -> Model:
    """The same model, its stages in place of those it had; what comes out is the same but for rounding. It cannot be saved any more."""
    for name, part in model.named_children():
        if isinstance(part, DCDownBlock2d):
            setattr(model, name, _convolution(part, part.conv.in_channels, across=4, stride=2))
        elif isinstance(part, DCUpBlock2d):
            coarse = _convolution(lambda x, up=part: F.pixel_unshuffle(up(x), 2), part.conv.in_channels, across=3, stride=1)
            setattr(model, name, nn.Sequential(coarse, nn.PixelShuffle(2)))
        else:
            folded(part)
    return model


@torch.no_grad()
def _convolution(linear: Callable[[Tensor], Tensor], channels: int, across: int, stride: int) -> nn.Conv2d:
    """The convolution, padded by 1, that does what `linear` does to x (b c h w); it looks no farther than that."""
    pixels = torch.eye(channels * across**2).unflatten(1, (channels, across, across))
    seen = F.pad(pixels, 4 * [stride - 1])  # so that the middle of what comes out has seen all of it
    bias = linear(torch.zeros_like(seen[:1]))[:, :, 1, 1]
    weight = rearrange(linear(seen)[:, :, 1, 1] - bias, "(c h w) o -> o c h w", h=across, w=across)
    convolution = nn.Conv2d(channels, len(weight), across, stride, padding=1)
    convolution.weight.copy_(weight)
    convolution.bias.copy_(bias[0])
    return convolution
