"""Dreams that go on while the outpainter learns: what it is asked to paint in them, and what was truly to be seen there.

A dream is put together from what it has seen, a hundred times over, and comes apart in ways that no view of a true walk does. Whoever has
learnt from true ones alone takes shreds for what is there and paints them on. So it is shown its own: dreams go along true walks, the eye
moves as it truly did, so that both stay in one place, and what is seen of a view ahead is to become the true one (self forcing, Huang et al.
2025).
"""

from collections import deque
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from t2w.data.pairs import rigid_between
from t2w.data.pictures import to_picture
from t2w.data.views import Views
from t2w.nn.carrier import Carrier
from t2w.nn.dynamics import Dynamics
from t2w.nn.geometry import per_latent
from t2w.nn.glimpse import best_glimpse
from t2w.nn.imagine import Dream, Sampling
from t2w.nn.outpainter import Outpainter
from t2w.train.loop import Batch

DREAMS = 8  # that go on side by side, each at another age
AHEAD = 24  # frames: as far ahead as views are painted, and a little farther
ASKED = 2  # views of each frame
KEPT = 8192  # views, the last of them


@dataclass
class Rollout:
    """A dream, and the walk that it goes along."""

    dream: Dream
    actions: Tensor  # (n a)
    poses: Tensor  # (n 12)
    latents: Tensor  # (n c h w)
    age: int = 0


class Rollouts:
    def __init__(self, views: Views, dynamics: Dynamics, sampling: Sampling, carrier: Carrier, outpainter: Outpainter, seed: int):
        """The outpainter is the one that learns, in place of the carrier's."""
        self.dynamics, self.sampling, self.carrier = dynamics, sampling, replace(carrier, outpainter=outpainter)
        self.found = views.found
        self.walks = views.walks
        self.generator = torch.Generator().manual_seed(seed)
        self.dreams: list[Rollout | None] = [None] * DREAMS
        self.kept: deque[Batch] = deque(maxlen=KEPT)

    @torch.no_grad()
    def onward(self, frames: int) -> None:
        """So many frames more are dreamt."""
        for _ in range(frames):
            walk, *others = self.dreams
            walk = walk or self._begin()
            self._step(walk)
            done = walk.age + 1 >= len(walk.poses)
            self.dreams = [*others, None if done else walk]

    def batch(self, n: int) -> Batch:
        """n views that were asked for: {"seen", "latents", "first": (n c h w), "known": (n 1 h w)}."""
        drawn = [self.kept[i] for i in torch.randint(len(self.kept), (n,), generator=self.generator).tolist()]
        return {name: torch.stack([view[name] for view in drawn]) for name in drawn[0]}

    def _begin(self) -> Rollout:
        """Somewhere in the first half of a walk."""
        s, row = self.walks[self._below(len(self.walks))]
        shard, latents = self.found[s]
        at = slice(row["start"] + self._below(row["frames"] // 2), row["start"] + row["frames"])
        device = next(self.dynamics.parameters()).device
        actions, poses, latents = (torch.as_tensor(part[at]).to(device).float() for part in (shard.actions, shard.geometry[1], latents))
        noise = torch.Generator(device).manual_seed(self._below(2**31))
        picture = to_picture(shard.frame(at.start))[None].to(device)
        return Rollout(Dream(self.dynamics, latents[:1], noise, self.sampling, self.carrier, picture), actions, poses, latents)

    def _step(self, walk: Rollout) -> None:
        dream, t = walk.dream, walk.age
        rotation, shift, _, _ = rigid_between(walk.poses[t : t + 1], walk.poses[t + 1 : t + 2])
        dream.step(walk.actions[t : t + 1], rigid=(rotation, shift))
        walk.age = t = t + 1
        here = replace(dream.around.last, picture=dream.picture().float())
        for _ in range(ASKED):
            then = t + self._below(min(AHEAD, len(walk.poses) - 1 - t) + 1)
            rotation, place, _, _ = rigid_between(walk.poses[:1], walk.poses[then : then + 1])
            seen = best_glimpse((*dream.around.kept, here), rotation, place, here.lens)
            parts = {"seen": self.carrier.encode(seen.picture), "known": per_latent(seen.known)}
            parts |= {"latents": walk.latents[then : then + 1], "first": walk.latents[:1]}
            self.kept.append({name: part[0].float() for name, part in parts.items()})

    def _below(self, n: int) -> int:
        return int(torch.randint(n, (), generator=self.generator))
