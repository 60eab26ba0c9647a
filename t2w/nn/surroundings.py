"""The surroundings of a dream, a geometric memory: keyframes with depth and pose, and the next view put together from these.

What goes out of the picture would be lost, and what is moved on a hundred times comes apart. So some pictures are kept, with how near
all is in them and where the eye was. They say where things stand in a new view. A place of it is moved there from a kept picture that shows
it well, else from the last one, and so where something has changed: geometry as memory (Ren et al. 2025, "GEN3C"; Wu et al. 2025, "Spatial memory").
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from t2w.nn.geometry import (
    ALIKE,
    NEAREST,
    compared,
    crisp,
    evened,
    fallen,
    inside,
    mean_around,
    nearer,
    opened,
    per_pixel,
    smoothed,
    spread,
    trusted,
    values_at,
    warped,
)
from t2w.nn.glimpse import Eye, View, looked_up, outlined, seeing, stacked, thrown, tiled, without_specks
from t2w.nn.parallax import EDGE, GAPS, Motion, where_it_was

KEPT = 10  # pictures besides the very first
INVENTED = 0.03  # how good a place is of which nothing was known when it came into view
PAINTED = 0.1  # how good a painted place is: better than what has melted, less than what was seen and is enlarged threefold
NARROW = 7  # places across: a gap that is narrower is best filled with what is beside it, and not from elsewhere
UNKNOWN = 1.01 * INVENTED  # who is below it is none better
SEEN = 0.04  # how good a place is, at least, that was seen and still is, however often it was enlarged: it is not unknown
FADES, FADED = 0.5, 0.5  # what is left, frame by frame, of how good a place is that nobody can have seen; and below what it is filled
FOOTING = 5  # places across: so far around the player it is his edge or his shadow, and not ground that he leaves behind
BETTER = 0.1  # by how much a kept place must be better than the last one's; if it was seen, as good is enough: it was moved but once
CHANGED = 0.2  # but not where the last picture, in [-1, 1], now shows something else
MOST = 2  # kept pictures that are looked into in one frame
FEW = 0.01  # share of places for which none is looked into
CLOSEST = 0.25  # metres: nothing that was seen from elsewhere is nearer to the eye;
BEFORE = 0.2  # nor, if it follows the player, by so much of its way to him
STEADY = 0.6  # how well a place is known of whose nearness nothing is smoothed away: it has hardly moved
BESIDE = (3, 5, 9, 17)  # places across in which something is looked for that is beside a hole; the nearest that there is is taken
FRINGE = 0.01  # how much it counts beside something nearer, whose edge reaches over it
BEHIND = 4.0  # e to this is how much more it counts that is one farther off, as `compared`
ENOUGH = 1e-4  # of it, that there is something
BEYOND = 0.3  # as `compared`: what is so much farther off is behind something


class Coming(NamedTuple):
    """A view that is being painted."""

    frame: int  # in which it is there
    view: Callable[[], View | None]  # None: it was not worth it


@dataclass(frozen=True)
class Surroundings:
    """Nothing of it is written in place: a forked dream may go on with it."""

    last: View
    kept: tuple[View, ...]  # the very first and those painted since
    near: Tensor  # (b H W) how near all is in the last view as kept ones say; below 0 where they do not
    settled: Tensor  # (b H W) whether a key has changed a place of the last view: 1, else 0
    sure: Tensor | None = None  # (b H W) what is kept of the details of the last view's places: 0 where it came into view
    frames: int = 0
    ahead: Coming | None = None  # a view from farther on
    anew: Coming | None = None  # what is worn, as it should look somewhat farther on

    @staticmethod
    def of(picture: Tensor, standing: Motion) -> "Surroundings":
        """The first picture, and the motion that a parallax sees in it when nothing is done: it says how near things are."""
        b, like = len(picture), standing.seen.near
        turned = torch.eye(3, device=like.device).expand(b, 3, 3)
        player = (standing.player > 0).float()
        first = View(picture, evened(crisp(like)), torch.ones_like(like), player, turned, like.new_zeros(b, 3), standing.lens)
        return Surroundings(first, (first,), torch.full_like(like, -1.0), torch.zeros_like(like))

    def seen(self, picture: Tensor, motion: Motion) -> "Surroundings":
        """The last view turned out to look so (b 3 8h 8w), as the motion on from there tells of it."""
        return replace(self, last=replace(self.last, picture=picture).told(motion.seen))

    def keeping(self, view: View | None) -> "Surroundings":
        """One more is kept, if there is one, its nearness `evened`; if there are too many, the oldest but the first goes."""
        first, *others = self.kept
        return replace(self, kept=(first, *others[1 - KEPT :], view)) if view else self

    def forgetting(self, changed: Tensor) -> "Surroundings":
        """Places of the last view have changed (b H W: 1, else 0): no kept view knows them any more, and what is being painted is left out: it
        shows them as they were."""
        kept, settled = self._kept_but(changed, math.inf), torch.maximum(changed, self.settled)
        return replace(self, kept=kept, settled=settled, near=unsaid(self.near, changed), ahead=None, anew=None)

    def painted_over(self, where: Tensor) -> "Surroundings":
        """Places of the last view (b H W: 1, else 0) were painted anew. What was there no kept view knows any more, but what is behind it."""
        return replace(self, kept=self._kept_but(where, BEYOND), near=unsaid(self.near, where))

    def _kept_but(self, where: Tensor, farther: float) -> tuple[View, ...]:
        """Kept views without what is seen in some places of the last one (b H W: 1, else 0), unless it is so much farther off, as `compared`."""
        views, k = stacked(self.kept), len(self.kept)
        at, ahead = thrown(views.near, views.eye, self.last.eye)
        (gone,), (there,) = values_at(at, tiled(where, k)), values_at(at, tiled(self.last.near, k), mode="nearest")
        gone = (gone > 0.5) & (inside(at) > 0) & (ahead > NEAREST) & (nearer(views.near, ahead, there) > -farther)
        left = views.known * (1 - spread(gone.float(), 3))  # its rim as well, else outlines of it stay
        return tuple(replace(view, known=part) for view, part in zip(self.kept, left.chunk(k)))

    def onward(self, motion: Motion) -> "Surroundings":
        """The next view, as far as it is known, after the last one was `seen`."""
        old = self.last
        eye = *old.onward(motion), motion.lens
        kept = seeing(self.kept, *eye)
        motion, said = _placed(motion, kept, eye)
        picture = warped(old.picture, motion.flow)
        player = (motion.player > 0).float()
        known, behind, near, settled = values_at(motion.flow, old.known, spread(old.player, FOOTING), old.near, self.settled)
        hidden = (nearer(motion.near, motion.ahead, near) < -ALIKE).float()
        behind = torch.maximum(behind, hidden) * (1 - spread(player, EDGE))
        gone = motion.near * motion.shift.norm(dim=1)[:, None, None]
        still = torch.where(player > 0, 1.0, trusted(motion.flow, motion.ahead, motion.lens, motion.lens, gone))
        there = inside(motion.flow)
        known, settled = torch.maximum(known * still, SEEN * (known > UNKNOWN)) * (1 - behind) * there, settled * there
        new, taken = _better(View(picture, motion.near, known, player, *eye), kept, settled)
        # The player is made anew in every frame, but for what is as it was in a kept picture: of his own last one, noise would stay for good.
        sure = (new.known > 0) * torch.where(new.player > 0, taken, 1.0)
        last = replace(new, known=new.known.clamp(min=INVENTED))
        return replace(self, last=last, sure=sure, settled=settled, near=said, frames=self.frames + 1)


def unsaid(near: Tensor, where: Tensor) -> Tensor:
    """What kept views say of nearness (b H W), but for some places (b H W: 1, else 0)."""
    return torch.where(where > 0.5, -1.0, near)


def _placed(motion: Motion, kept: Sequence[View], eye: Eye) -> tuple[Motion, Tensor]:
    """The motion, with its view's depth splatted from kept ones, in which all stands where it stood; and how near that is (b H W), below 0
    where they do not say.

    From frame to frame the edges of most things move by less than a place, and so never would: what one walks up to would not grow. From a
    kept view to this one it is many places."""
    kept = [view for view in kept if view.known.amax() > PAINTED] or kept[:1]
    player, views, k = motion.player > 0, stacked(kept), len(kept)
    views = replace(views, known=views.known * (views.known > PAINTED))  # what was but painted is not better than not to know
    at, ahead = thrown(views.near, views.eye, eye)
    closest = tiled(CLOSEST + BEFORE * motion.head.norm(dim=1), k)[:, None, None]
    found = fallen(views.near, at, ahead, (views.player == 0) & (closest * views.near < ahead), GAPS)
    rotation, place, lens = (tiled(part, k) for part in eye)
    there = replace(views, near=found.clamp(min=0), player=tiled(player.float(), k), rotation=rotation, place=place, lens=lens)
    known = looked_up(there, views)[1] * (found >= 0)
    near, best = motion.near, torch.zeros_like(motion.near)
    for here, much in zip(found.chunk(k), known.chunk(k)):
        use = ((much > best + BETTER) | (best == 0) & (much > 0)) & ~player
        near, best = torch.where(use, here, near), torch.where(use, much, best)
    near = torch.where((spread(best, 3) > 0) & (best < STEADY), smoothed(near), near)  # else shreds of things stand around them
    his = spread(player.float(), EDGE) > 0
    flow, ahead = where_it_was(near, his, motion.rotation, motion.shift, motion.lens)
    near = torch.where(his, motion.near, near)
    return motion._replace(near=near, flow=flow, ahead=ahead), torch.where((best > 0) & ~his, near, -1.0)


def _lost(new: View, known: Tensor, settled: Tensor) -> Tensor:
    """Disocclusions that nobody has seen: narrow places (b H W) that kept views know too badly (k b H W) to have seen them. The last one
    can have them from nobody: they are shreds of what stood there before, but for what a key has changed."""
    lost = (known.amax(0) <= PAINTED) & (new.player == 0) & (settled < 0.5)
    return lost & (opened(lost.float(), NARROW) == 0)


def _healed(new: View, lost: Tensor) -> View:
    """Inpaints disocclusions from the background: what came out from behind something, and nobody knows, as what is beside it, the farther
    off that is, the more: not as what hid it, nor as the fringe that this left there. What is `lost` (b H W) becomes so little by
    little."""
    share = ((lost | (new.known == 0)) & (new.player == 0)) * (1 - new.known / FADED).clamp(min=0)
    holes, much = (share > 0).float(), compared(new.near)
    if not holes.any():
        return new
    fringe = spread(much * (1 - holes), 3) - much > ALIKE
    sound = (1 - holes) * (1 - spread(new.player, FOOTING)) * torch.where(fringe, FRINGE, 1.0)
    left, weight = holes[:, None], (sound * torch.exp(-BEHIND * much))[:, None]
    coarse = here = mean_around(new.picture, 2, every=2)
    for across in BESIDE:
        colours, some = (mean_around(part, across) for part in (here * weight, weight))
        found = left * (some > ENOUGH)
        coarse, left = torch.lerp(coarse, colours / some.clamp(min=ENOUGH), found), left - found
    size = new.picture.shape[2:]
    fine, whole = F.interpolate(coarse, size, mode="bilinear"), F.interpolate(share[:, None] * (1 - left), size)
    healed = torch.lerp(new.picture.float(), fine, whole)
    return replace(new, picture=healed.to(new.picture.dtype))


def _better(new: View, kept: Sequence[View], settled: Tensor) -> tuple[View, Tensor]:
    """The new view (b rows) blended with what kept ones know better, or as well; and where that was taken (b H W). What nobody knows is
    inpainted. `settled` as of `Surroundings`."""
    wide = opened(((new.known < UNKNOWN) & (new.player == 0)).float(), NARROW) > 0
    known = looked_up(new, stacked(kept))[1].unflatten(0, (len(kept), -1))
    lost = _lost(new, known, settled)
    new = _healed(replace(new, known=torch.where(lost, FADES * new.known, new.known)), lost)
    which = mean_around(known, 5).max(0).indices  # not place by place: that would be specks
    known = known.gather(0, which[None])[0]
    better = ((known > new.known + BETTER) | (wide & (known > UNKNOWN))) & (new.player == 0)
    seen = known > new.known - BETTER * (known > PAINTED)
    as_good = ~better & (known > UNKNOWN) & seen & (new.known > 0)
    picture, taken = new.picture, torch.zeros_like(new.known)
    used = _most_used(which[better | as_good], which.numel())
    shown = outlined(new, stacked([kept[i] for i in used])) if used else ()
    for i, found, other in zip(used, *(part.chunk(len(used)) for part in shown)):
        found = torch.where(other[:, None], picture, found)
        apart = (found - new.picture).abs().mean(1)
        changed = torch.where(new.player > 0, *(mean_around(apart, across, every=2) for across in (6, 10)))
        use = (which == i) & (better | as_good & (changed < CHANGED))
        use = without_specks(use) & (known > 0)
        picture = torch.lerp(picture, found, per_pixel(use.float(), picture))
        new, taken = replace(new, known=torch.where(use, torch.maximum(known, new.known), new.known)), torch.where(use, 1.0, taken)
    return replace(new, picture=picture), taken


def _most_used(which: Tensor, of: int) -> list[int]:
    """Those numbers that stand here most often, at most MOST of them, and only if not in FEW of so many places: each costs time."""
    times = which.bincount()
    return [i for i in times.argsort(descending=True)[:MOST].tolist() if times[i] >= FEW * of]
