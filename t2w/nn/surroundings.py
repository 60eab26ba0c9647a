"""The surroundings of a dream: what was seen in it, and from where, and the next view put together from that.

What goes out of the picture would be lost, and what is moved on a hundred times comes apart. So some pictures are kept, with how near
all is in them and where the eye was. A place of a new view is moved there from a kept picture that shows it well, else from the last
one, and so where something has changed: geometry as memory (Ren et al. 2025, "GEN3C"; Wu et al. 2025, "Spatial memory").
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from t2w.nn.parallax import ALIKE, NEAREST, Motion, enlarged, inside, nearer, per_pixel, projected, values_at, warped
from t2w.nn.view import places

KEPT = 10  # pictures besides the very first
EVERY = 16  # frames from one to the next
MISSED = 0.1  # how well a place is known of which another view is asked as well
INVENTED = 0.2  # how good a place is of which nothing was known when it came into view
BETTER = 0.1  # by how much a kept place must be better than the last one's; one as good is taken too: it has been moved but once
CHANGED = 0.2  # but not where the last picture, in [-1, 1], now shows something else
ASKED = 4  # kept views that are asked in one frame
MOST = 2  # and whose pictures are looked into
COARSE = 4  # places, to tell who sees much of a view
GOOD = 0.8  # how good a place is whose details stay; of a worse one they
GAPS = 2  # places between points that were seen side by side, to each side, when one is nearer to them
FADE = 0.9  # fade by this in every frame: noise that the autoencoder does not see would pile up in them


@dataclass(frozen=True)
class View:
    """A picture, and from where it was seen; what it knows, place by place."""

    picture: Tensor  # (b 3 8h 8w)
    near: Tensor  # (b H W) 1 / metres
    known: Tensor  # (b H W) how good each place is: 1 as the first picture's, less where it was enlarged since
    player: Tensor  # (b H W) whether he is there: 1, else 0
    rotation: Tensor  # (b 3 3) and place (b 3): a point at x in this view is at rotation @ x + place in the first one's
    place: Tensor
    lens: Tensor  # (b 2)


@dataclass(frozen=True)
class Surroundings:
    """Nothing of it is written in place: a forked dream may go on with it."""

    last: View
    kept: tuple[View, ...]  # the very first and those kept since
    sure: Tensor | None = None  # (b H W) what is kept of the details of the last view's places: 0 where it came into view
    frames: int = 0

    @staticmethod
    def of(picture: Tensor, standing: Motion) -> "Surroundings":
        """The first picture, and the motion that a parallax sees in it when nothing is done: it says how near things are."""
        b, like = len(picture), standing.near
        turned = torch.eye(3, device=like.device).expand(b, 3, 3)
        player = (standing.player > 0).float()
        first = View(picture, like, torch.ones_like(like), player, turned, like.new_zeros(b, 3), standing.lens)
        return Surroundings(first, (first,))

    def seen(self, picture: Tensor) -> "Surroundings":
        """The last view turned out to look so (b 3 8h 8w)."""
        last = replace(self.last, picture=picture)
        seen = replace(self, last=last)
        return seen.keeping(last) if self.frames and self.frames % EVERY == 0 else seen

    def keeping(self, view: View) -> "Surroundings":
        """One more is kept; if there are too many, the oldest but the first goes."""
        first, *others = self.kept
        return replace(self, kept=(first, *others[1 - KEPT :], view))

    def onward(self, motion: Motion) -> "Surroundings":
        """The next view, as far as it is known; its picture is to be `seen` before the next one."""
        old = self.last
        picture = warped(old.picture, motion.flow)
        player = (motion.player > 0).float()
        known, behind, near = values_at(motion.flow, old.known, old.player, old.near)
        hidden = (nearer(motion.near, motion.ahead, near) < -ALIKE).float()
        behind = torch.maximum(behind, hidden) * (1 - player)
        known = known * (1 - behind) * inside(motion.flow) * enlarged(motion.flow)
        place = old.place + (old.rotation @ motion.shift[..., None])[..., 0]
        rotation = old.rotation @ motion.rotation
        kept = seeing(self.kept, rotation, place, motion.lens)
        carried, came = _filled(View(picture, motion.near, known, player, rotation, place, motion.lens), kept[:MOST])
        new, taken = _better(carried, kept)
        taken = torch.maximum(taken, came)
        # The player is made anew in every frame, but for what is as it was in a kept picture: of his own last one, noise would stay for good.
        sure = torch.where((new.known > GOOD) | (taken > 0), 1.0, FADE) * (new.known > 0) * torch.where(new.player > 0, taken, 1.0)
        return Surroundings(replace(new, known=new.known.clamp(min=INVENTED)), self.kept, sure, self.frames + 1)


def _stacked(views: Sequence[View]) -> View:
    """k of b rows each => one of k b rows."""
    return View(*(torch.cat(parts) for parts in zip(*(vars(view).values() for view in views))))


def seeing(kept: Sequence[View], rotation: Tensor, place: Tensor, lens: Tensor) -> list[View]:
    """Of kept views those that see most of one from elsewhere (rotation b 3 3, place b 3, lens b 2), at most ASKED of them, the best first.
    The very first is always among them: it knows the player."""
    near, player = (torch.cat([part[:, ::COARSE, ::COARSE] for part in parts]) for parts in zip(*((v.near, v.player) for v in kept)))
    at, ahead = _thrown(replace(_stacked(kept), near=near), rotation, place, lens)
    counts = (inside(at) > 0) & (ahead > NEAREST) & (player == 0)
    best = counts.unflatten(0, (len(kept), -1)).sum((1, 2, 3)).argsort(descending=True)[:ASKED].tolist()
    return [kept[i] for i in (best if 0 in best else [*best[:-1], 0])]


def glimpse(kept: Sequence[View], rotation: Tensor, place: Tensor, lens: Tensor) -> View:
    """What kept views know of one from elsewhere; of the player, nothing. Each is asked only of what those before it do not know: no two
    say quite the same of how near things are."""
    b, (h, w) = len(place), kept[0].near.shape[1:]
    none = kept[0].near.new_zeros(b, h, w)
    seen = View(torch.zeros_like(kept[0].picture, dtype=torch.float32), none, none, none, rotation, place, lens)
    for view in kept:
        near = _fallen(view, rotation, place, lens)
        to, known = _found(replace(seen, near=near.clamp(min=0)), view)
        fits = (near >= 0) & (known > 0)
        use = _without_specks(fits & (known > seen.known) & (seen.known < MISSED)) & fits
        picture = torch.lerp(seen.picture, warped(view.picture, to).float(), per_pixel(use.float(), seen.picture))
        seen = replace(seen, picture=picture, near=torch.where(use, near, seen.near), known=torch.where(use, known, seen.known))
    return seen


def _thrown(kept: View, rotation: Tensor, place: Tensor, lens: Tensor) -> tuple[Tensor, Tensor]:
    """Where the places of kept views (k b rows) are seen from elsewhere, and how far ahead, as `projected` says."""
    k = len(kept.near) // len(place)
    back = rotation.mT.repeat(k, 1, 1)
    there = (back @ (kept.place - place.repeat(k, 1))[..., None])[..., 0]
    return projected(kept.near, back @ kept.rotation, there, kept.lens, lens.repeat(k, 1))


def _fallen(kept: View, rotation: Tensor, place: Tensor, lens: Tensor) -> Tensor:
    """How near all is, seen from elsewhere (b H W): what a kept view knows falls onto places there, the nearest stays; -1 where nothing fell."""
    at, ahead = _thrown(kept, rotation, place, lens)
    counts, near = (inside(at) > 0) & (ahead > NEAREST) & (kept.player == 0), kept.near / ahead.clamp(min=NEAREST)
    b, h, w = near.shape
    x, y = ((at.clamp(-1, 1) + 1) / 2 * at.new_tensor([w, h])).long().unbind(-1)
    cell = torch.where(counts, y.clamp(max=h - 1) * w + x.clamp(max=w - 1), h * w).flatten(1)
    found = near.new_full((b, h * w + 1), -1.0).scatter_reduce_(1, cell, near.flatten(1), "amax")[:, :-1].unflatten(1, (h, w))
    for _ in range(GAPS):
        fell = (found >= 0).float()
        sums, beside = F.avg_pool2d(torch.stack([found * fell, fell], 1), 3, 1, 1).unbind(1)
        found = torch.where((found < 0) & (beside > 0), sums / beside.clamp(min=1e-6), found)
    return found


def _found(new: View, kept: View) -> tuple[Tensor, Tensor]:
    """Where the places of a view are in kept ones (k b rows): (k b H W 2), and how well they are known there (k b H W)."""
    k = len(kept.near) // len(new.near)
    back, near = kept.rotation.mT, new.near.repeat(k, 1, 1)
    there = (back @ (new.place.repeat(k, 1) - kept.place)[..., None])[..., 0]
    player = new.player.repeat(k, 1, 1) > 0  # he is looked for where he is now
    to, ahead = projected(near, back @ new.rotation.repeat(k, 1, 1), there, new.lens.repeat(k, 1), kept.lens)
    to = torch.where(player[..., None], places(*near.shape[1:], near.device), to)
    near_there, known, player_there = values_at(to, kept.near, kept.known, kept.player)
    scene = (1 - player_there) * inside(to) * enlarged(to) * ((ahead > NEAREST) & (nearer(near, ahead, near_there).abs() < ALIKE))
    return to, known * torch.where(player, (player_there > 0.5).float(), scene)


def _without_specks(where: Tensor) -> Tensor:
    """(b H W): as most around there."""
    return F.avg_pool2d(where.float()[:, None], 3, 1, 1)[:, 0] > 0.5


def _filled(new: View, kept: Sequence[View]) -> tuple[View, Tensor]:
    """Where it is not known, with what kept views know of it: there is nothing else to see by how near it is. And where that was (b H W)."""
    wanted = (new.known <= INVENTED) & (new.player == 0)
    if not wanted.any():
        return new, wanted.float()
    there = glimpse(kept, new.rotation, new.place, new.lens)
    use = wanted & (there.known > INVENTED)
    picture = torch.lerp(new.picture, there.picture.to(new.picture.dtype), per_pixel(use.float(), new.picture))
    near, known = torch.where(use, there.near, new.near), torch.where(use, there.known, new.known)
    return replace(new, picture=picture, near=near, known=known), use.float()


def _better(new: View, kept: Sequence[View]) -> tuple[View, Tensor]:
    """With what kept views know better, or as well; and where that was taken (b H W)."""
    to, known = (part.unflatten(0, (len(kept), -1)) for part in _found(new, _stacked(kept)))
    known, which = known.max(0)
    better = (known > new.known + BETTER) & (new.player == 0)
    as_good = ~better & (known > new.known - BETTER) & (new.known > 0)
    picture, taken = new.picture, torch.zeros_like(new.known)
    for i in _most_used(which[better | as_good]):
        found = warped(kept[i].picture, to[i])
        apart = (found - new.picture).abs().mean(1)
        changed = torch.where(new.player > 0, F.avg_pool2d(apart, 6, 2, 2), F.avg_pool2d(apart, 10, 2, 4))
        use = (which == i) & (better | as_good & (changed < CHANGED))
        use = _without_specks(use) & (known > 0)
        picture = torch.lerp(picture, found, per_pixel(use.float(), picture))
        new, taken = replace(new, known=torch.where(use, known, new.known)), torch.where(use, 1.0, taken)
    return replace(new, picture=picture), taken


def _most_used(which: Tensor) -> list[int]:
    """Those numbers that stand here most often, at most MOST of them: each costs time."""
    times = which.bincount()
    return [i for i in times.argsort(descending=True)[:MOST].tolist() if times[i]]
