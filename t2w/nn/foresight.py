"""Foresight: where the eye will be soon, what nobody has seen is painted before it gets there, and kept with what was seen.

In its first frames all around, as far as turning goes; later on ahead, whenever much of a view there would be new.
"""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from t2w.nn.geometry import per_latent, stopped
from t2w.nn.glimpse import View, glimpse, seeing
from t2w.nn.parallax import Carrier, Motion
from t2w.nn.surroundings import Surroundings

AHEAD = 20  # frames, if it goes on so
LOOKS = 16  # frames from one look ahead to the next
WIDEST = 0.8  # radians: more than that the eye is not thought to turn
NEW = 0.12  # share of a view that is new, from which on it is painted
KNOWN = 0.3  # how well a place is known, at least, that is not new
PAINTED = 0.5  # how good a painted place is: better than a haze, less than what was seen and is enlarged a little
AROUND = (5, -5, 10, -10, 15)  # turns of the mouse by 1, to the right and to the left

Noise = Callable[[], Tensor]


def looked_around(around: Surroundings, first: Tensor, noise: Noise, carrier: Carrier) -> Surroundings:
    """In each of a world's first frames, one view more of all that is seen in turning around where it began. `first` (b c h w) are
    its latents, `noise` makes fresh noise of that size. Rows are painted together: when much is new to one, all are."""
    if around.frames >= len(AROUND):
        return around
    turns, view = AROUND[around.frames], around.kept[0]
    mouse = first.new_zeros(len(first), 1, carrier.parallax.config.actions)
    mouse[..., -2] = 1.0 if turns > 0 else -1.0
    motion = carrier.motion(view.picture, mouse)
    return _foreseen(around, *_gone(view, motion, first.new_full((len(first),), float(abs(turns)))), first, noise, carrier)


def looked_ahead(around: Surroundings, motion: Motion, first: Tensor, noise: Noise, carrier: Carrier) -> Surroundings:
    """What will be seen if it goes on as with this motion, up to what is in the way; `first` and `noise` as above."""
    if around.frames % LOOKS:
        return around
    angle = ((motion.rotation.diagonal(dim1=1, dim2=2).sum(1) - 1) / 2).clamp(-1, 1).acos()
    frames = (WIDEST / angle.clamp(min=1e-3)).clamp(max=AHEAD).round()
    way = stopped(motion.here, motion.player <= 0, frames[:, None] * motion.shift, motion.lens)
    motion = motion._replace(shift=way / frames[:, None])
    return _foreseen(around, *_gone(around.last, motion, frames), first, noise, carrier)


def _gone(view: View, motion: Motion, frames: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Rotation, place and lens after as many times (b) the same motion."""
    for i in range(int(frames.max())):
        more, (rotation, place) = i < frames[:, None], view.onward(motion)
        view = replace(view, rotation=torch.where(more[..., None], rotation, view.rotation), place=torch.where(more, place, view.place))
    return view.rotation, view.place, motion.lens


def _foreseen(
    around: Surroundings, rotation: Tensor, place: Tensor, lens: Tensor, first: Tensor, noise: Noise, carrier: Carrier
) -> Surroundings:
    """With the view from there, if much of it is new. It is painted whole: what was seen of it is in other kept views as it was, and
    seen from here it is often in shreds, which the outpainter knows to mend."""
    seen = glimpse(seeing((*around.kept, around.last), rotation, place, lens), rotation, place, lens)
    if (seen.known < KNOWN).float().mean((1, 2)).max() < NEW:
        return around
    latents = carrier.outpainter.painted(carrier.encode(seen.picture), per_latent(seen.known), first, noise())
    picture = carrier.picture(latents).float()
    view = replace(seen, picture=picture).told(*carrier.parallax.depth(picture))
    return around.keeping(replace(view, known=PAINTED * (1 - view.player)))  # who he is, is not made up
