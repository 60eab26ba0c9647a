"""Chains of views: the outpainter learns from what it has painted itself, and painted on from that.

A world goes on for minutes from painted views: each is put together from those before it, and painted again. What is a little wrong in one is
more so in the next, in ways that no view of a true walk is. So chains go along true walks. The first view of a chain is true, and each of the
others is painted from the two before it, seen from where the eye truly was some frames later. Where it can still show what was there, it is
to become the truth (self forcing, Huang et al. 2025); what was made up is taken out of it, for the truth is another.
"""

import math
from collections import deque
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from t2w.data.pairs import rigid_between
from t2w.data.pictures import to_picture
from t2w.data.views import Views
from t2w.nn.carrier import Carrier
from t2w.nn.foresight import PAINTED, pictured, shown
from t2w.nn.geometry import per_latent
from t2w.nn.glimpse import View, glimpse, stacked
from t2w.train.loop import Batch

CHAINS = 8  # that go on side by side
LONGEST = 6  # views that are painted, at most
LEAST, MOST = 2, 24  # frames from one view to the next
DISTANT = 0.5  # share of views of which nothing is shown that is near
NEAR = 0.12  # 1 / metres, at most, that is shown of those
KEPT = 4096  # views, the last of them


@dataclass
class Chain:
    poses: Tensor  # (n 12) of a walk
    latents: Tensor  # (n c h w)
    kept: tuple[View, View]  # (1 …) the last of the chain's views, and the one before it
    at: int  # the frame in which the last one is seen
    left: int  # views still to be painted


class Chains:
    def __init__(self, views: Views, carrier: Carrier, seed: int):
        """The carrier's outpainter is the one that learns."""
        self.carrier, self.found, self.walks = carrier, views.found, views.walks
        self.device = next(carrier.parallax.parameters()).device
        self.generator = torch.Generator().manual_seed(seed)
        self.noise = torch.Generator(self.device).manual_seed(seed)
        self.chains: list[Chain | None] = [None] * CHAINS
        self.kept: deque[Batch] = deque(maxlen=KEPT)

    def batch(self, n: int) -> Batch:
        """n views that were asked for: {"seen", "latents", "first": (n c h w), "known": (n 1 h w)}."""
        drawn = [self.kept[i] for i in torch.randint(len(self.kept), (n,), generator=self.generator).tolist()]
        return {name: torch.stack([view[name] for view in drawn]) for name in drawn[0]}

    @torch.no_grad()
    def onward(self) -> None:
        """One view more of each chain."""
        self.chains = chains = [self._further(chain) for chain in self.chains]
        eyes = [_eye(chain.poses, chain.at) for chain in chains]
        told = self._told(glimpse([stacked(views) for views in zip(*(chain.kept for chain in chains))], *map(torch.cat, zip(*eyes))))
        asked = {"seen": self.carrier.encode(told.picture), "known": per_latent(told.known)}
        asked["first"] = torch.stack([chain.latents[0] for chain in chains])
        noise = torch.randn(asked["seen"].shape, generator=self.noise, device=self.device)
        painted = pictured(told, self.carrier.outpainter.painted(**asked, noise=noise), self.carrier)
        asked["latents"] = torch.stack([chain.latents[chain.at] for chain in chains])
        self.kept += [{name: part[i].float() for name, part in asked.items()} for i in range(len(chains))]
        good = torch.exp(math.log(PAINTED) * self._uniform())[:, None, None]
        painted = replace(painted, known=good * (told.known > 0))
        for i, chain in enumerate(chains):
            chain.kept = View(*(part[i : i + 1] for part in vars(painted).values())), chain.kept[0]

    def _told(self, seen: View) -> View:
        """What the outpainter is shown of these views: of a share of them, only what is far."""
        distant = self._uniform() < DISTANT
        nearest = torch.where(distant, NEAR * self._uniform().square(), math.inf)[:, None, None]
        return shown(replace(seen, known=seen.known * (seen.near < nearest)))

    def _further(self, chain: Chain | None) -> Chain:
        """Where the next view of a chain is seen; of another one, where it is at its end."""
        frames = round(LEAST * (MOST / LEAST) ** torch.rand((), generator=self.generator).item())
        if chain is None or not chain.left or chain.at + frames >= len(chain.poses):
            chain = self._begin()
        return replace(chain, at=min(chain.at + frames, len(chain.poses) - 1), left=chain.left - 1)

    def _begin(self) -> Chain:
        """A true view, somewhere in a walk."""
        s, row = self.walks[self._below(len(self.walks))]
        (shard, latents), walk = self.found[s], slice(row["start"], row["start"] + row["frames"])
        poses, at = torch.from_numpy(shard.geometry[1][walk]).to(self.device), self._below(max(row["frames"] - MOST // 2, 1))
        picture = to_picture(shard.frame(walk.start + at))[None].to(self.device)
        seen = self.carrier.parallax.seen(picture)
        view = View(picture, seen.near, torch.ones_like(seen.near), seen.player, *_eye(poses, at)).told(seen)
        return Chain(poses, latents[walk].to(self.device).float(), (view, view), at, 1 + self._below(LONGEST))

    def _uniform(self) -> Tensor:
        """One number in [0, 1) for each chain."""
        return torch.rand(CHAINS, generator=self.generator).to(self.device)

    def _below(self, n: int) -> int:
        return int(torch.randint(n, (), generator=self.generator))


def _eye(poses: Tensor, at: int) -> tuple[Tensor, Tensor, Tensor]:
    """Rotation, place and lens (1 …) in one frame of a walk, beside its first."""
    rotation, place, lens, _ = rigid_between(poses[:1], poses[at : at + 1])
    return rotation, place, lens
