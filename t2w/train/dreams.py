"""Rollouts that go on while the network learns: a few side by side, a few frames further at every training step.

What a world makes of its own frames, seconds later, is seen nowhere in the data. Here it is seen: windows of dreams are rows of the
batch, to be led back towards what truly happened (Self Forcing, Huang et al. 2025; error recycling, Li et al. 2025). Every other group
is young: a second and a half from any frame of an episode; the others go on from its beginning to its end.

A picture that is moved on by a guessed flow is soon some pixels beside the truth, and who aims at that blurs. So dreams are moved by the
true one: then they stay where the truth is, and what is blurred on the way can be made sharp again.
"""

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor

from t2w.data.latents import Windows
from t2w.data.pairs import true_ways
from t2w.nn.carrier import Carrier
from t2w.nn.dynamics import Dynamics
from t2w.nn.geometry import per_latent, values_at
from t2w.nn.imagine import Dream, Sampling
from t2w.train.loop import Batch

GROUPS = 8  # of rows that began at the same time
AHEAD = 5  # frames that a group dreams before each time it is learnt from
STEPS = 2  # denoising steps
MANNERS = tuple({"steady": steady, "guidance": guidance} for steady in (1.0, 0.5) for guidance in (1.0, 1.5))  # of one group and the next
COARSE = 4  # latents: what light and layout are
ALIKE = 0.4  # mean square of what lies between a latent and the true one, from which on they are two different things
MEND = 0.25  # share of a dream's error in these that is to be mended in one frame


@dataclass
class Group:
    """b dreams of b episodes, from their first frames on."""

    dream: Dream
    truth: Tensor  # (b n c h w)
    actions: Tensor  # (b n a)
    headings: Tensor  # (b n 2)
    frames: list[Tensor]  # (b c h w), as they were dreamt
    noise: list[Tensor]  # from which they were
    ways: tuple[Tensor, Tensor, Tensor] | None  # as of `true_ways`, of b rows each
    carried: list[Tensor]  # those before them, as the actions carried them on
    sure: list[Tensor]  # which places of those had been in view (b H W)
    known: list[Tensor]  # and how much of each was true once, less what it was enlarged since (b H W)
    age: int = 0

    def step(self) -> None:
        way = None if self.ways is None else tuple(part[:, self.age] for part in self.ways)
        self.frames.append(self.dream.step(self.actions[:, self.age], None if way is None else way[:2]).float())
        self.noise.append(self.dream.noise.float())
        self.age += 1
        if way is not None:
            carried, (known,) = self.dream.carried, values_at(way[0], self.known[-1])
            self.carried.append(carried.latents)
            self.sure.append(carried.sure)
            self.known.append(known * carried.sure * way[2])


class Dreams:
    def __init__(self, windows: Windows, rows: int, frames: int, sampling: Sampling, seed: int, carrier: Carrier | None = None):
        self.windows, self.rows, self.frames, self.sampling, self.carrier = windows, rows, frames, sampling, carrier
        self.generator = torch.Generator().manual_seed(seed)
        self.groups: list[Group | None] = [None] * GROUPS
        self.next = 0

    @torch.no_grad()
    def batch(self, model: Dynamics) -> Batch:
        """The next group's last frames, its very first before them, dreamt a little further: as Windows gives them,
        "truth" and "noise" (b t c h w), and with a carrier "carried" (b t c h w), "seen" and "known" (b t 1 h w)."""
        k, self.next = self.next, (self.next + 1) % GROUPS
        group = self.groups[k] = self.groups[k] or self._begin(model, MANNERS[(k + k // 4) % len(MANNERS)], young=k % 2 > 0)
        group.dream.dynamics = model.eval()
        for _ in range(max(AHEAD, self.frames - 1 - group.age)):
            group.step()
        model.train()
        age = group.age
        if age + AHEAD >= group.truth.shape[1]:
            self.groups[k] = None
        at = [0, *range(age - self.frames + 2, age + 1)]
        onward = {}
        if self.carrier is not None:
            places = {"seen": group.sure, "known": group.known}
            onward = {name: torch.stack([per_latent(part[i]) for i in at], 1) for name, part in places.items()}
            onward["carried"] = torch.stack([group.carried[i] for i in at], 1)
        return {
            **onward,
            "latents": torch.stack([group.frames[i] for i in at], 1),
            "truth": group.truth[:, at],
            "noise": torch.stack([group.noise[i] for i in at], 1),
            "actions": group.actions[:, [i - 1 for i in (*at[1:], age + 1)]],  # across a jump it is not told
            "heading": group.headings[:, at],
            "jump": torch.full((self.rows,), float(at[1] > 1), device=group.truth.device),
        }

    def _begin(self, model: Dynamics, manner: dict[str, float], young: bool) -> Group:
        """Episodes drawn by chance, from their first frames to their end; young, somewhere in them, and not for long."""
        device, w, least = next(model.parameters()).device, self.windows, self.frames + AHEAD
        episodes = [episode for episode in w.episodes if episode[2] >= least] or w.episodes
        drawn = [episodes[i] for i in torch.randint(len(episodes), (self.rows,), generator=self.generator)]
        n = min(frames for *_, frames in drawn)
        if young and n > least:
            n, starts = least, torch.rand(self.rows, generator=self.generator).tolist()
            drawn = [(s, start + int(at * (frames - n + 1)), n) for (s, start, frames), at in zip(drawn, starts)]
        ways, sure = None, []
        if self.carrier is not None:
            true = zip(*(true_ways(w.shards[s], start, n, device) for s, start, _ in drawn))
            ways = tuple(map(torch.stack, true))
            sure = [torch.ones_like(ways[1][:, 0])]
        truth, actions, headings = (
            torch.stack([part[s][start : start + n].float() for s, start, _ in drawn]).to(device)
            for part in (w.latents, w.actions, w.headings)
        )
        noise = torch.Generator(device).manual_seed(torch.randint(2**31, (), generator=self.generator).item())
        dream = Dream(model, truth[:, 0], noise, replace(self.sampling, **manner), self.carrier)
        return Group(
            dream,
            truth,
            actions,
            headings - headings[:, :1],
            [truth[:, 0]],
            [truth[:, 0]],
            ways,
            [truth[:, 0]],
            sure,
            [*sure],
        )


def joined(batch: Batch, dreams: Batch, generator: torch.Generator) -> Batch:
    """Windows of the truth, and windows of dreams beneath them."""
    z = batch["latents"]
    noise = torch.randn(z.shape, generator=generator, device=z.device)
    batch = batch | {"truth": z, "noise": noise, "known": torch.ones_like(z[:, :, :1])}
    rows = {name: torch.cat([part, dreams[name]]) for name, part in batch.items() if name in dreams}
    return rows | {"goal": mended(rows) if "carried" in rows else rows["truth"]}


def mended(rows: Batch) -> Tensor:
    """What frames should become (b t c h w): what was there, moved on, its light and layout a little nearer to the truth. The truth itself
    only where something comes into view, or where it is known and quite another: to be half a pixel beside it must not make a blur."""
    carried, truth = rows["carried"], rows["truth"]
    off = truth - carried
    flat = rearrange(off, "b t c h w -> (b t) c h w")
    coarse = F.interpolate(F.avg_pool2d(flat, COARSE), size=flat.shape[-2:], mode="bilinear", align_corners=False)
    kept = carried + MEND * rearrange(coarse, "(b t) c h w -> b t c h w", b=len(truth))
    other = 1 - torch.exp(-((off.square().mean(2, keepdim=True) / ALIKE) ** 2))
    return torch.lerp(kept, truth, torch.maximum(rows["known"] * other, 1 - rows["seen"]))
