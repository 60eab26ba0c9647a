"""A glimpse of a place: views that are kept, with how near all is in them, and what they know of a view from elsewhere.

Points of the kept ones fall onto the new one, so nothing need be known of it; then each place is looked up where it came from.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from t2w.nn.geometry import (
    ALIKE,
    NEAREST,
    compared,
    crisp,
    fallen,
    inside,
    mean_around,
    nearer,
    per_pixel,
    projected,
    shifted,
    spread,
    trusted,
    values_at,
    warped,
    whole,
)
from t2w.nn.parallax import EDGE, Motion, Seen
from t2w.nn.precision import exactly
from t2w.nn.view import places

ASKED = 3  # kept views that are asked of a new one
COARSE = 4  # places, to tell who sees much of it
MISSED = 0.1  # how well a place is known of which another view is asked as well; more than what was only invented
MOST = 0.51  # a share that is more than half, however it is rounded
SIDE = 0.35  # of the way from what is behind to what stands before it, from which on a place in between is the latter's
TORN = 12.0  # places by which a thing has moved off what is behind it, from which on nobody knows the fringe of its outline there
GAPS = 2  # places between points that were seen side by side, to each side, when one is nearer to them

Eye = tuple[Tensor, Tensor, Tensor]  # rotation, place and lens of a view


@dataclass(frozen=True)
class View:
    """A picture, and from where it was seen; what it knows, place by place."""

    picture: Tensor  # (b 3 8h 8w)
    near: Tensor  # (b H W) 1 / metres
    known: Tensor  # (b H W) how good each place is: 1 as the first picture's, less if it was enlarged or is seen from aside
    player: Tensor  # (b H W) whether he is there: 1, else 0
    rotation: Tensor  # (b 3 3) and place (b 3): a point at x in this view is at rotation @ x + place in the first one's
    place: Tensor
    lens: Tensor  # (b 2)

    @property
    def eye(self) -> Eye:
        return self.rotation, self.place, self.lens

    def told(self, seen: Seen) -> "View":
        """With how near all is and where the player, as a parallax has seen in its picture."""
        return replace(self, near=crisp(seen.near), player=(seen.player > 0).float())

    def onward(self, motion: Motion) -> tuple[Tensor, Tensor]:
        """Rotation and place after a motion."""
        with exactly(self.place.device):
            return self.rotation @ motion.rotation, self.place + (self.rotation @ motion.shift[..., None])[..., 0]


def stacked(views: Sequence[View]) -> View:
    """k of b rows each => one of k b rows."""
    return View(*(torch.cat(parts) for parts in zip(*(vars(view).values() for view in views))))


def seeing(kept: Sequence[View], rotation: Tensor, place: Tensor, lens: Tensor) -> list[View]:
    """Of kept views those that see most of one from elsewhere (rotation b 3 3, place b 3, lens b 2), at most ASKED of them, the best first.
    The very first is always among them: it knows the player."""
    near, player = (torch.cat([part[:, ::COARSE, ::COARSE] for part in parts]) for parts in zip(*((v.near, v.player) for v in kept)))
    eyes = tuple(map(torch.cat, zip(*(view.eye for view in kept))))
    at, ahead = thrown(near, eyes, (rotation, place, lens))
    counts = (inside(at) > 0) & (ahead > NEAREST) & (player == 0)
    best = counts.unflatten(0, (len(kept), -1)).sum((1, 2, 3)).argsort(descending=True)[:ASKED].tolist()
    return [kept[i] for i in (best if 0 in best else [*best[:-1], 0])]


def best_glimpse(kept: Sequence[View], *eye: Tensor) -> View:
    """What those of many kept views that see most of one from elsewhere (rotation, place, lens, as above) know of it."""
    return glimpse(seeing(kept, *eye), *eye)


def glimpse(kept: Sequence[View], rotation: Tensor, place: Tensor, lens: Tensor) -> View:
    """Novel view synthesis: what kept views know of one from elsewhere; of the player, nothing. Each is asked only of what those before it
    do not know: no two say quite the same of how near things are."""
    b, (h, w) = len(place), kept[0].near.shape[1:]
    none = kept[0].near.new_zeros(b, h, w)
    seen = View(torch.zeros_like(kept[0].picture, dtype=torch.float32), none, none, none, rotation, place, lens)
    for view in kept:
        near = fallen(view.near, *thrown(view.near, view.eye, seen.eye), (view.player == 0) & whole(view.near), GAPS)
        to, known = looked_up(replace(seen, near=near.clamp(min=0)), view)
        fits = (near >= 0) & (known > 0)
        use = without_specks(fits & (known > seen.known) & (seen.known < MISSED)) & fits
        much, before = (per_pixel(part.float(), seen.picture) for part in (use, seen.known > 0))
        much = torch.where((much > 0) & (before == 0), 1.0, much)  # at its edges it is not mixed with what is nothing
        picture = torch.lerp(seen.picture, warped(view.picture, to).float(), much)
        seen = replace(seen, picture=picture, near=torch.where(use, near, seen.near), known=torch.where(use, known, seen.known))
    return seen


def thrown(near: Tensor, eye: Eye, into: Eye) -> tuple[Tensor, Tensor]:
    """Reprojection: where places of views (nearness k b rows H W) are seen by another eye, and how far ahead, as `projected` says; either
    eye may be the same for all k."""
    (turned, place, lens), (back, there, own) = ([tiled(part, len(near) // len(part)) for part in e] for e in (eye, into))
    back = back.mT
    with exactly(near.device):
        return projected(near, back @ turned, (back @ (place - there)[..., None])[..., 0], lens, own)


def looked_up(new: View, kept: View) -> tuple[Tensor, Tensor]:
    """Backward lookup with an occlusion test: where the places of a view are in kept ones (k b rows): (k b H W 2), and how well they are known
    there (k b H W), 0 where something else is seen."""
    k = len(kept.near) // len(new.near)
    near, player, place, lens = (tiled(part, k) for part in (new.near, new.player > 0, new.place, new.lens))
    to, ahead = thrown(near, new.eye, kept.eye)
    to = torch.where(player[..., None], places(*near.shape[1:], near.device), to)  # he is looked for where he is now
    known, player_there, beside = values_at(to, kept.known, kept.player, spread(kept.player, EDGE))
    near_there, before = values_at(to, kept.near, spread(kept.near, 3), mode="nearest")  # between a thing and what is behind it, nothing is
    there = (ahead > NEAREST) & (nearer(near, ahead, near_there).abs() < ALIKE)
    gone = (place - kept.place).norm(dim=1)[:, None, None]
    torn = gone * (before - near_there) * near.shape[2] > 2 * TORN * lens[:, :1, None]
    fringe = torn & (compared(before) - compared(near_there) > ALIKE)  # its colours are those of an outline that is elsewhere now
    scene = (1 - beside) * inside(to) * trusted(to, ahead, lens, kept.lens, gone * near) * there * ~fringe
    return to, known * torch.where(player, (player_there > 0.5).float(), scene)


def outlined(new: View, kept: View) -> tuple[Tensor, Tensor]:
    """Backward warping with an occlusion test for each pixel: pictures of kept views (k b rows) as another eye sees them (k b 3 8h 8w), and
    where they do not show what is seen now (k b 8h 8w).

    An outline is where it is in the kept view, pixel by pixel: does a pixel show what stands before others there, or what is behind it?
    Places are both as near as the nearest beside them and as the farthest, so the two flows go on beyond the outline, and neither breaks
    off at it."""
    size, k = new.picture.shape[-2:], len(kept.near) // len(new.near)
    middle, own, his = compared(new.near), places(*new.near.shape[1:], new.near.device), tiled(new.player, 2 * k)[..., None] > 0
    sides = [torch.where((compared(side) - middle).abs() < ALIKE, new.near, side) for side in (spread(new.near, 3), -spread(-new.near, 3))]
    near = torch.cat([tiled(side, k) for side in sides])
    to, ahead = thrown(near, new.eye, kept.eye)
    moves = torch.where(his, 0.0, to - own).movedim(3, 1)
    expected, (there,) = compared(near / ahead.clamp(min=NEAREST)), values_at(to, tiled(compared(kept.near), 2))
    before, behind = expected.chunk(2)
    beyond = there - tiled(torch.lerp(behind, before, SIDE), 2)
    maps = torch.cat([*moves.chunk(2), *beyond[:, None].chunk(2), (before - behind)[:, None]], 1)
    fine = F.interpolate(maps, size, mode="bilinear", align_corners=False)
    shows, hides, apart = fine[:, 4:].unbind(1)
    found = shifted(kept.picture, torch.where((shows > 0)[:, None], fine[:, :2], fine[:, 2:4]))
    return found, (shows <= 0) & (hides > 0) & (apart > ALIKE)


def tiled(part: Tensor, k: int) -> Tensor:
    """(b …) => the same k times over (k b …)."""
    return part if k == 1 else part.expand(k, *part.shape).flatten(0, 1)


def without_specks(where: Tensor) -> Tensor:
    """(b H W): as most around there."""
    return mean_around(where, 3) > MOST
