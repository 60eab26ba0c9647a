"""The surroundings of a dream: what was seen in it, and from where, and the next view put together from that.

What goes out of the picture would be lost, and what is moved on a hundred times comes apart. So some pictures are kept, with how near
all is in them and where the eye was. A place of a new view is moved there from a kept picture that shows it well, else from the last
one, and so where something has changed: geometry as memory (Ren et al. 2025, "GEN3C"; Wu et al. 2025, "Spatial memory").
"""

from dataclasses import dataclass, fields, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from t2w.nn.parallax import ALIKE, NEAREST, Motion, enlarged, inside, nearer, per_pixel, projected, values_at, warped
from t2w.nn.view import places

KEPT = 3  # pictures besides the very first
EVERY = 16  # frames from one to the next
INVENTED = 0.5  # how good a place is of which nothing was known when it came into view
BETTER = 0.1  # by how much a kept place must be better than the last one's; one as good is taken too: it has been moved but once
CHANGED = 0.2  # but not where the last picture, in [-1, 1], now shows something else
MOST = 2  # kept pictures that are looked into in one frame
GOOD = 0.8  # how good a place is whose details stay; of a worse one they
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
    kept: View  # the very first and those kept since, one below the other (k b rows)
    sure: Tensor | None = None  # (b H W) what is kept of the details of the last view's places: 0 where it came into view
    frames: int = 0

    @staticmethod
    def of(picture: Tensor, standing: Motion) -> "Surroundings":
        """The first picture, and the motion that a parallax sees in it when nothing is done: it says how near things are."""
        b, like = len(picture), standing.near
        turned = torch.eye(3, device=like.device).expand(b, 3, 3)
        player = (standing.player > 0).float()
        first = View(picture, like, torch.ones_like(like), player, turned, like.new_zeros(b, 3), standing.lens)
        return Surroundings(first, first)

    def seen(self, picture: Tensor) -> "Surroundings":
        """The last view turned out to look so (b 3 8h 8w)."""
        last = replace(self.last, picture=picture)
        return replace(self, last=last, kept=self._with(last) if self.frames and self.frames % EVERY == 0 else self.kept)

    def _with(self, view: View) -> View:
        """One more is kept; if there are too many, the oldest but the first goes."""
        b, rows = len(view.near), len(self.kept.near)
        gone = slice(b, 2 * b if rows > KEPT * b else b)
        parts = ((getattr(self.kept, field.name), getattr(view, field.name)) for field in fields(View))
        return View(*(torch.cat([old[: gone.start], old[gone.stop :], new]) for old, new in parts))

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
        carried = View(picture, motion.near, known, player, old.rotation @ motion.rotation, place, motion.lens)
        new, taken = _better(carried, self.kept)
        # The player is made anew in every frame, but for what is as it was in a kept picture: of his own last one, noise would stay for good.
        sure = torch.where(new.known > GOOD, 1.0, FADE) * (new.known > 0) * torch.where(new.player > 0, taken, 1.0)
        return Surroundings(replace(new, known=new.known.clamp(min=INVENTED)), self.kept, sure, self.frames + 1)


def _better(new: View, kept: View) -> tuple[View, Tensor]:
    """With what kept views (k b rows) know better, or as well; and where that was taken (b H W). The player is looked for where he is now."""
    b, k = len(new.near), len(kept.near) // len(new.near)
    back, player = kept.rotation.mT, new.player.repeat(k, 1, 1) > 0
    there = (back @ (new.place.repeat(k, 1) - kept.place)[..., None])[..., 0]
    near = new.near.repeat(k, 1, 1)
    to, ahead = projected(near, back @ new.rotation.repeat(k, 1, 1), there, new.lens.repeat(k, 1), kept.lens)
    to = torch.where(player[..., None], places(*near.shape[1:], near.device), to)
    near_there, known, player_there = values_at(to, kept.near, kept.known, kept.player)
    scene = (1 - player_there) * inside(to) * enlarged(to) * ((ahead > NEAREST) & (nearer(near, ahead, near_there).abs() < ALIKE))
    known = known * torch.where(player, (player_there > 0.5).float(), scene)
    known, which = known.unflatten(0, (k, b)).max(0)
    better = (known > new.known + BETTER) & (new.player == 0)
    as_good = ~better & (known > new.known - BETTER) & (new.known > 0)
    picture, taken = new.picture, torch.zeros_like(new.known)
    for i in _most_used(which[better | as_good]):
        one = slice(i * b, i * b + b)
        found = warped(kept.picture[one], to[one])
        apart = (found - new.picture).abs().mean(1)
        changed = torch.where(new.player > 0, F.avg_pool2d(apart, 6, 2, 2), F.avg_pool2d(apart, 10, 2, 4))
        use = (which == i) & (better | as_good & (changed < CHANGED))
        use = (F.avg_pool2d(use.float()[:, None], 3, 1, 1)[:, 0] > 0.5) & (known > 0)  # single places among others would be specks
        picture = torch.lerp(picture, found, per_pixel(use.float(), picture))
        new, taken = replace(new, known=torch.where(use, known, new.known)), torch.where(use, 1.0, taken)
    return replace(new, picture=picture), taken


def _most_used(which: Tensor) -> list[int]:
    """Those numbers that stand here most often, at most MOST of them: each costs time."""
    times = which.bincount()
    return [i for i in times.argsort(descending=True)[:MOST].tolist() if times[i]]
