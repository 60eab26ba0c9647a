"""The view turns: by how much each place of a picture moves then, and a frame moved so. (b t 2) radians in, (b t c h w) out.

Rotation alone, seen through a lens: Longuet-Higgins & Prazdny 1980, eq. 2.5. How near things are does not matter to it.
"""

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor

from t2w.nn.once import once

CIRCLE = 360.0  # degrees


@once
def places(h: int, w: int, device: torch.device) -> Tensor:
    """(h w 2): x and y of each place's middle, -1..1."""
    y, x = torch.meshgrid(*((torch.arange(n, device=device) * 2 + 1) / n - 1 for n in (h, w)), indexing="ij")
    return torch.stack([x, y], -1)


def flow(turn: Tensor, lens: Tensor, h: int, w: int) -> Tensor:
    """Turns (b t 2: right, down) in radians => where each place of the new view was in the old one (b t h w 2: x, y in -1..1).

    lens (2): half width and half height of the picture at distance 1.
    """
    x, y = (places(h, w, turn.device) * lens).unbind(-1)
    right, down = turn[:, :, None, None].unbind(-1)
    return torch.stack([x + right * (1 + x * x) + down * x * y, y + down * (1 + y * y) + right * x * y], -1) / lens


def turned(tilt: Tensor, by: Tensor, tilts: tuple[float, float]) -> Tensor:
    """How an eye turns that looks down by `tilt` (b), when it turns to the right and down (b 2), all in radians: to the right around what is
    upright, and up and down as far as it can. => rotation (b 3 3), from the new view to the old one, across, down and ahead."""
    right, down = by.unbind(1)
    down = (tilt + down).clamp(*tilts) - tilt.clamp(*tilts)
    upright = torch.stack([torch.zeros_like(tilt), tilt.cos(), tilt.sin()], 1)
    return around(right[:, None] * upright) @ tilted(down)


def tilted(down: Tensor) -> Tensor:
    """How an eye turns that looks down by so many radians more (b) => rotation (b 3 3), from the new view to the old one."""
    return around(F.pad(-down[:, None], (0, 2)))


def around(axis: Tensor) -> Tensor:
    """Rotation (b 3 3) around an axis (b 3), by as many radians as that is long (Rodrigues)."""
    a, b, c = axis.unbind(1)
    none, turns = torch.zeros_like(a), axis.norm(dim=1)[:, None, None] / torch.pi
    cross = torch.stack([none, -c, b, c, none, -a, -b, a, none], -1).unflatten(1, (3, 3))
    return torch.eye(3, device=axis.device) + turns.sinc() * cross + (turns / 2).sinc().square() / 2 * cross @ cross


def rotated(facing: Tensor, by: Tensor) -> Tensor:
    """Cosines and sines of angles (b 2), and by how many radians they grow (b) => (b 2)."""
    cos, sin = by.cos(), by.sin()
    return torch.stack([facing[:, 0] * cos - facing[:, 1] * sin, facing[:, 1] * cos + facing[:, 0] * sin], 1)


def moved(frames: Tensor, to: Tensor, mode: str = "bilinear") -> Tensor:
    """Frames (b t c h w), each place from where `to` (b t h w 2) says; what was out of the picture is as its edge."""
    flat, grid = rearrange(frames, "b t c h w -> (b t) c h w").float(), rearrange(to, "b t h w k -> (b t) h w k").float()
    found = F.grid_sample(flat, grid, mode, "border", align_corners=False)
    return rearrange(found, "(b t) c h w -> b t c h w", b=len(frames))


def window(panorama: Tensor, steps: Tensor, h: int, w: int) -> Tensor:
    """What of a panorama (b c H W), which closes on itself, is seen after whole steps (b 2: right, down) => (b c h w)."""
    x, y = ((steps[:, k, None].long() + torch.arange(n, device=steps.device)) % panorama.shape[3 - k] for k, n in ((0, w), (1, h)))
    each = torch.arange(len(panorama), device=steps.device)[:, None, None]
    return rearrange(panorama[each, :, y[:, :, None], x[:, None]], "b h w c -> b c h w")
