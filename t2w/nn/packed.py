"""Weights laid out once as the processor's matrix unit wants them. By themselves, convolutions and linear layers in bfloat16 lay theirs out anew
in every call, which is a third of their time where pictures are small.

It is what torch's compiler does with frozen weights, by the same operators of oneDNN, for those who have no compiler. What comes out is the
same but for its last digit.
"""

from typing import TypeVar

import torch
from torch import Tensor, nn

Model = TypeVar("Model", bound=nn.Module)


class Convolution(nn.Module):
    """A Conv2d, for inference alone.

    Its weights are laid out for inputs of one size, as often as there are sizes: the layout that is best whatever the size may leave a
    processor only a loop that is a hundred times slower (11 ms for .12, on an EPYC without a matrix unit)."""

    def __init__(self, plain: nn.Conv2d):
        super().__init__()
        self.how = list(plain.padding), list(plain.stride), list(plain.dilation), plain.groups
        self.weight, self.bias = plain.weight, plain.bias
        self.laid_out: dict[torch.Size, Tensor] = {}

    def forward(self, x: Tensor) -> Tensor:
        if x.shape not in self.laid_out:
            self.laid_out[x.shape] = torch.ops.mkldnn._reorder_convolution_weight(self.weight.detach(), *self.how, list(x.shape))
        return torch.ops.mkldnn._convolution_pointwise(x, self.laid_out[x.shape], self.bias, *self.how, "none", [], "")


class Linear(nn.Module):
    """A Linear, for inference alone."""

    def __init__(self, plain: nn.Linear):
        super().__init__()
        self.weight, self.bias = torch.ops.mkldnn._reorder_linear_weight(plain.weight.detach()), plain.bias

    def forward(self, x: Tensor) -> Tensor:
        return torch.ops.mkldnn._linear_pointwise(x, self.weight, self.bias, "none", [], "")


def packed(model: Model) -> Model:
    """The same model, its weights in place of those it had. It cannot learn any more, nor be saved."""
    for name, part in model.named_children():
        new = {nn.Conv2d: Convolution, nn.Linear: Linear}.get(type(part))
        setattr(model, name, new(part)) if new else packed(part)
    return model
