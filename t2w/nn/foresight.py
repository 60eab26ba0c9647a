"""Foresight: outpainting ahead of the eye. Where it will be soon, what nobody has seen is painted before it gets there, and kept with what was
seen.

In its first frames all around, as far as turning goes; later on ahead, whenever much of a view there would be new. And what one looks at
is painted anew, and again, where it was painted, or was seen and has been enlarged threefold: from what was painted before, so that it stays
what it is, is crisp again, and comes nearer. But for the first frames that is done beside the next ones, and is there some frames later,
however long it took; it fades in.
"""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from t2w.nn.beside import begun
from t2w.nn.carrier import Carrier
from t2w.nn.geometry import SKY, evened, in_the_way, mean_around, per_latent, per_pixel, stopped
from t2w.nn.glimpse import Eye, View, best_glimpse, glimpse
from t2w.nn.parallax import Motion
from t2w.nn.precision import exactly
from t2w.nn.surroundings import PAINTED, Coming, Surroundings
from t2w.nn.view import tilted

AHEAD = 20  # frames, if it goes on so
LOOKS = 16  # frames from one look ahead to the next
WIDEST = 0.8  # radians: more than that the eye is not thought to turn
NEW = 0.12  # share of a view that is new, from which on it is painted
KNOWN = 0.04  # how well a place is known, at least, that is not new: what is new the outpainter is not shown, however it looks
MENDS = 8  # frames from one mending to the next
LATER = 4  # frames that painting may take
FADES = 4  # frames in which what was painted anew fades in
YOUNG = 16  # frames before the first: till then what is worn is better than what is made up
WORN, SOUND = 0.11, 0.15  # how well a place is known that is painted anew, as all that was painted is, and one that is left as it is
CLOSE = 3.0  # metres: what stands nearer is not painted anew
AROUND = (5, -5, 10, -10, 15)  # turns of the mouse by 1, to the right and to the left
ASIDE = ((0, 1), (1, 0), (-1, 0), (0, -1), (0, 2))  # half pictures to the right and onward, for an eye that does not turn
LEAST = 0.3  # sine of the angle by which such an eye looks down, at least

Noise = Callable[[], Tensor]


def looked_around(around: Surroundings, first: Tensor, noise: Noise, carrier: Carrier) -> Surroundings:
    """In each of a world's first frames, one view more of all that is seen in turning around where it began, or, from above, in going anywhere.
    `first` (b c h w) are its latents, `noise` makes fresh noise of that size. Rows are painted together: when much is new to one, all are."""
    if around.frames >= len(AROUND):
        return around
    turns, view = AROUND[around.frames], around.kept[0]
    mouse = first.new_zeros(len(first), 1, carrier.parallax.config.actions)
    mouse[..., -2] = 1.0 if turns > 0 else -1.0
    motion = carrier.motion(view.picture, mouse)
    rotation, place, lens = _gone(view, motion, first.new_full((len(first),), float(abs(turns))))
    place = torch.where(motion.manner.from_above[:, None], _aside(view, motion.tilt, *ASIDE[around.frames]), place)
    return around.keeping(_foreseen(around, rotation, place, lens, first, noise(), carrier))


def looked_ahead(around: Surroundings, motion: Motion, first: Tensor, noise: Noise, carrier: Carrier) -> Surroundings:
    """What will be seen if it goes on as with this motion, up to what is in the way, is painted; and what has been painted is kept. `first`
    and `noise` as above."""
    if around.ahead and around.ahead.frame == around.frames:
        around = replace(around.keeping(around.ahead.view()), ahead=None)
    if around.frames % LOOKS:
        return around
    eye, fresh = _eye_after(AHEAD, around.last, motion), noise()

    def look() -> View | None:
        return _foreseen(around, *eye, first, fresh, carrier)

    if not around.frames:  # what is right ahead of the first frame is wanted in the second
        return around.keeping(look())
    return replace(around, ahead=Coming(around.frames + LATER, begun(look)))


def mended(
    around: Surroundings, picture: Tensor, motion: Motion, first: Tensor, noise: Noise, carrier: Carrier
) -> tuple[Surroundings, Tensor]:
    """The last view, to which a motion led, turned out to look like `picture` (b 3 8h 8w): both, where it is worn as it has been painted anew. If
    much of it is worn, it is painted, as large as it will be before the next is: what is enlarged softens. The player stays as he is. `first` and
    `noise` as above."""
    if around.anew and around.anew.frame <= around.frames:
        around, picture = _patched(around, picture, around.anew)
    due = around.frames + LATER
    if due < YOUNG or due % MENDS:
        return around, picture
    last = around.last
    if ((_sound(around) < WORN) & (last.player == 0)).float().mean((1, 2)).max() < NEW:
        return around, picture
    eye, fresh = _eye_after(LATER + MENDS, last, motion), noise()

    def paint() -> View:
        return _painted(best_glimpse(around.kept, *eye), first, fresh, carrier)

    return replace(around, anew=Coming(due, begun(paint))), picture


def _patched(around: Surroundings, picture: Tensor, coming: Coming) -> tuple[Surroundings, Tensor]:
    """The last view and how it looks, where it is worn as it is in one some frames before, which has been painted anew. That may be nearer
    or farther off there than what has melted: how near it is, the painted picture says. It fades in."""
    last, anew, left = around.last, coming.view(), coming.frame + FADES - around.frames
    seen = glimpse([anew], *last.eye)
    worn = ((SOUND - _sound(around)) / (SOUND - WORN)).clamp(0, 1)
    worn = mean_around(worn, 3) * (seen.known > 0) * (1 - last.player)
    known = torch.where(worn > 0.5, last.known.clamp(min=PAINTED), last.known)
    around = replace(around, last=replace(last, known=known), anew=coming if left > 1 else None)
    if left == FADES:
        around = around.painted_over((worn > 0.5).float()).keeping(anew)
    painted = torch.lerp(picture.float(), seen.picture, per_pixel(worn, picture) / left)
    return around, painted.to(picture.dtype)


def _sound(around: Surroundings) -> Tensor:
    """How well places of the last view are known (b H W); as well as can be, where kept views say that something stands in the way, close by:
    however blurred a wall is before which one stands, painted anew it would be another thing."""
    stands = in_the_way(around.near, around.last.lens) & (CLOSE * around.near > 1)
    return torch.where(stands, 1.0, around.last.known)


def shown(seen: View) -> View:
    """What of a view the outpainter is shown: nothing of what is hardly known. What has melted it would believe all the same, and soon the place
    is another."""
    known = seen.known * (seen.known >= KNOWN)
    return replace(seen, picture=seen.picture * (per_pixel((known > 0).float(), seen.picture) > 0.5), known=known)


def _painted(seen: View, first: Tensor, noise: Tensor, carrier: Carrier) -> View:
    """A view as the outpainter thinks that it should be, and how near all is in that. It is painted whole: seen from here, what was seen is often
    in shreds, which the outpainter knows to mend. Who the player is, is not made up."""
    told = shown(seen)
    latents = carrier.outpainter.painted(carrier.encode(told.picture), per_latent(told.known), first, noise)
    view = pictured(seen, latents, carrier)
    return replace(view, known=PAINTED * (1 - view.player))


def pictured(view: View, latents: Tensor, carrier: Carrier) -> View:
    """A view that looks as latents (b c h w) say, and how near all is in that."""
    picture = carrier.picture(latents).float()
    view = replace(view, picture=picture).told(carrier.parallax.seen(picture))
    return replace(view, near=evened(view.near))


def _eye_after(most: int, view: View, motion: Motion) -> Eye:
    """From where a view is seen some frames later, at most so many, if it goes on as with this motion, up to what is in the way."""
    angle = ((motion.rotation.diagonal(dim1=1, dim2=2).sum(1) - 1) / 2).clamp(-1, 1).acos()
    frames = (WIDEST / angle.clamp(min=1e-3)).clamp(max=most).round()
    way = stopped(motion.seen.near, motion.player <= 0, frames[:, None] * motion.shift, motion.lens, motion.head, motion.tilt)
    return _gone(view, motion._replace(shift=way / frames[:, None]), frames)


def _gone(view: View, motion: Motion, frames: Tensor) -> Eye:
    """Rotation, place and lens after as many times (b) the same motion."""
    for i in range(int(frames.max())):
        more, (rotation, place) = i < frames[:, None], view.onward(motion)
        view = replace(view, rotation=torch.where(more[..., None], rotation, view.rotation), place=torch.where(more, place, view.place))
    return view.rotation, view.place, motion.lens


def _aside(view: View, tilt: Tensor, right: int, onward: int) -> Tensor:
    """Where an eye that looks down by `tilt` (b) sees as many half pictures more to the right and onward, over level ground (b 3)."""
    away = 1 / view.near.flatten(1).median(1).values.clamp(min=SKY)
    across, ahead = (away[:, None] * view.lens * away.new_tensor([right, onward])).unbind(1)
    level = torch.stack([across, torch.zeros_like(across), ahead / tilt.sin().clamp(min=LEAST)], 1)
    with exactly(away.device):
        return view.place + (view.rotation @ tilted(tilt).mT @ level[..., None])[..., 0]


def _foreseen(
    around: Surroundings, rotation: Tensor, place: Tensor, lens: Tensor, first: Tensor, noise: Tensor, carrier: Carrier
) -> View | None:
    """The view from there, painted, if much of it is new."""
    seen = best_glimpse(around.kept, rotation, place, lens)
    if (seen.known < KNOWN).float().mean((1, 2)).max() < NEW:
        return None
    return _painted(seen, first, noise, carrier)
