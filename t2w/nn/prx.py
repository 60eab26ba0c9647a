"""PRX's transformer, at the sizes of ours: painter and outpainter are the same one, so that either may begin with the other's weights."""

from typing import Protocol

from diffusers import PRXTransformer2DModel

PATCH = 2  # latents a token, along each side


class Size(Protocol):
    d: int
    heads: int
    depth: int
    mlp: float
    words: int  # width of what it is told


def transformer(size: Size, channels: int) -> PRXTransformer2DModel:
    """For latents of so many channels, with untrained weights."""
    head = size.d // size.heads
    return PRXTransformer2DModel(
        patch_size=PATCH,
        in_channels=channels,
        context_in_dim=size.words,
        hidden_size=size.d,
        mlp_ratio=size.mlp,
        num_heads=size.heads,
        depth=size.depth,
        axes_dim=[head // 2, head // 2],
        theta=100,
    )
