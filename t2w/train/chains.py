"""Chains of views: the outpainter learns from what it has painted itself, and painted on from that.

A world goes on for minutes from painted views: each is put together from those before it, and painted again. What is a little wrong in one is
more so in the next, in ways that no view of a true walk is. So chains go along true walks. The first view of a chain is true, and each of the
others is painted from the two before it, seen from where the eye truly was some frames later. Where it can still show what was there, it is
to become the truth (self forcing, Huang et al. 2025); what was made up is taken out of it, for the truth is another.

From free chains nothing is taken out, as in a world that goes on. No truth is beside them: they are to look like some place of that world.
"""

import math
from collections import deque
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from t2w.data.kinds import said
from t2w.data.pairs import rigid_between, tilt_of
from t2w.data.pictures import to_picture
from t2w.data.views import Views
from t2w.nn.carrier import Carrier
from t2w.nn.foresight import PAINTED, pictured, shown
from t2w.nn.geometry import per_latent
from t2w.nn.glimpse import View, glimpse, stacked
from t2w.nn.precision import exactly
from t2w.train.loop import Batch

CHAINS = 8  # that go on side by side
LONGEST = 6  # views that are painted, at most
LEAST, MOST = 2, 24  # frames from one view to the next
DISTANT = 0.5  # share of views of which nothing is shown that is near
NEAR = 0.12  # 1 / metres, at most, that is shown of those
FREE = 0.5  # share of chains that are free, where any are
FARTHEST = 24  # views that are painted of these, at most
LONG = 64  # frames of their walks, at least
LEVEL = 0.05  # radians: where an eye looks down by so much less or more, its horizon is about where it was
KEPT = 4096  # views, the last of them


@dataclass
class Chain:
    poses: Tensor  # (n 12) of a walk
    latents: Tensor  # (n c h w)
    kept: tuple[View, View]  # (1 …) the last of the chain's views, and the one before it
    at: int  # the frame in which the last one is seen
    left: int  # views still to be painted
    says: Tensor  # (q) what kind of world it is
    free: bool


class Chains:
    def __init__(self, views: Views, carrier: Carrier, seed: int, free: float = FREE):
        """The carrier's outpainter is the one that learns. `free`: the share of chains that are; none where no walk is long enough."""
        self.carrier, self.found, self.walks = carrier, views.found, _by_view(views.walks)
        self.long = _by_view([(s, row) for s, row in views.walks if row["frames"] >= LONG])
        self.free = free if self.long else 0.0
        self.device = next(carrier.parallax.parameters()).device
        self.generator = torch.Generator().manual_seed(seed)
        self.noise = torch.Generator(self.device).manual_seed(seed)
        self.chains: list[Chain | None] = [None] * CHAINS
        self.kept: deque[Batch] = deque(maxlen=KEPT)

    def batch(self, n: int) -> Batch:
        """n views that were asked for: {"seen", "latents", "first": (n c h w), "known": (n 1 h w), "free": (n 1 1 1) 1 or 0, "says": (n q)}."""
        drawn = [self.kept[i] for i in torch.randint(len(self.kept), (n,), generator=self.generator).tolist()]
        return {name: torch.stack([view[name] for view in drawn]) for name in drawn[0]}

    @torch.no_grad()
    def onward(self) -> None:
        """One view more of each chain."""
        self.chains = chains = [self._further(chain) for chain in self.chains]
        free = torch.tensor([chain.free for chain in chains], device=self.device)[:, None, None]
        eyes = [_eye(chain.poses, chain.at) for chain in chains]
        told = self._told(glimpse([stacked(views) for views in zip(*(chain.kept for chain in chains))], *map(torch.cat, zip(*eyes))), free)
        asked = {"seen": self.carrier.encode(told.picture), "known": per_latent(told.known)}
        asked["first"] = torch.stack([chain.latents[0] for chain in chains])
        noise = torch.randn(asked["seen"].shape, generator=self.noise, device=self.device)
        painted = pictured(told, self.carrier.outpainter.painted(**asked, noise=noise), self.carrier)
        asked |= {"latents": torch.stack([chain.latents[chain.at] for chain in chains]), "free": free[..., None].float()}
        self.kept += [{name: part[i].float() for name, part in asked.items()} | {"says": chain.says} for i, chain in enumerate(chains)]
        good = torch.exp(math.log(PAINTED) * self._uniform())[:, None, None]
        painted = replace(painted, known=good * torch.where(free, 1 - painted.player, (told.known > 0).float()))
        for i, chain in enumerate(chains):
            chain.kept = View(*(part[i : i + 1] for part in vars(painted).values())), chain.kept[0]

    def _told(self, seen: View, free: Tensor) -> View:
        """What the outpainter is shown of these views: of a share of those that are not free (b 1 1), only what is far."""
        distant = (self._uniform()[:, None, None] < DISTANT) & ~free
        nearest = torch.where(distant, NEAR * self._uniform().square()[:, None, None], math.inf)
        return shown(replace(seen, known=seen.known * (seen.near < nearest)))

    def _further(self, chain: Chain | None) -> Chain:
        """Where the next view of a chain is seen; of another one, where it is at its end. A free one goes along its walk again."""
        frames = round(LEAST * (MOST / LEAST) ** torch.rand((), generator=self.generator).item())
        if chain and chain.free and chain.left and chain.at + frames >= len(chain.poses):
            chain = _again(chain)
        if chain is None or not chain.left or chain.at + frames >= len(chain.poses):
            chain = self._begin()
        return replace(chain, at=min(chain.at + frames, len(chain.poses) - 1), left=chain.left - 1)

    def _begin(self) -> Chain:
        """A true view, somewhere in a walk. Each kind of view as often: few worlds are seen from above, and those went astray."""
        free = bool(torch.rand((), generator=self.generator) < self.free)
        walks = self.long if free else self.walks
        alike = walks[self._below(len(walks))]
        s, row = alike[self._below(len(alike))]
        (shard, latents), walk = self.found[s], slice(row["start"], row["start"] + row["frames"])
        poses, at = torch.from_numpy(shard.geometry[1][walk]).to(self.device), self._below(max(row["frames"] - MOST // 2, 1))
        picture = to_picture(shard.frame(walk.start + at))[None].to(self.device)
        seen = self.carrier.parallax.seen(picture)
        view = View(picture, seen.near, torch.ones_like(seen.near), seen.player, *_eye(poses, at)).told(seen)
        left = 1 + self._below(FARTHEST if free else LONGEST)
        return Chain(poses, latents[walk].to(self.device).float(), (view, view), at, left, said(row), free)

    def _uniform(self) -> Tensor:
        """One number in [0, 1) for each chain."""
        return torch.rand(CHAINS, generator=self.generator).to(self.device)

    def _below(self, n: int) -> int:
        return int(torch.randint(n, (), generator=self.generator))


def _by_view(walks: list[tuple[int, dict]]) -> list[list[tuple[int, dict]]]:
    found: dict[str, list[tuple[int, dict]]] = {}
    for s, row in walks:
        found.setdefault(row["spec"]["view"], []).append((s, row))
    return list(found.values())


def _again(chain: Chain) -> Chain:
    """The same walk from an earlier frame on, in which the eye looks down as it does now. If there is none, the chain is at its end."""
    tilts = tilt_of(chain.poses)
    apart = (tilts[: len(tilts) // 3] - tilts[chain.at]).abs()
    at = int(apart.argmin())
    if apart[at] > LEVEL:
        return replace(chain, left=0)
    (turned, place, _), (rotation, there, _) = _eye(chain.poses, chain.at), _eye(chain.poses, at)
    with exactly(place.device):
        turn = rotation @ turned.mT
        kept = [
            replace(view, rotation=turn @ view.rotation, place=(turn @ (view.place - place)[..., None])[..., 0] + there)
            for view in chain.kept
        ]
    return replace(chain, kept=tuple(kept), at=at)


def _eye(poses: Tensor, at: int) -> tuple[Tensor, Tensor, Tensor]:
    """Rotation, place and lens (1 …) in one frame of a walk, beside its first."""
    rotation, place, lens, _ = rigid_between(poses[:1], poses[at : at + 1])
    return rotation, place, lens
