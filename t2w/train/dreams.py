"""Rollouts that go on while the network learns: a few side by side, a few frames further at every training step.

What a world makes of its own frames, seconds later, is seen nowhere in the data. Here it is seen: windows of dreams are rows of the
batch, to be led back to what truly happened (Self Forcing, Huang et al. 2025; error recycling, Li et al. 2025). All groups but
every fourth are young: the truth is still in reach then, step by step. For one that is far from it, no more than light and layout can be asked.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from t2w.data.latents import Windows
from t2w.nn.dynamics import Dynamics
from t2w.nn.imagine import Dream, Sampling
from t2w.train.loop import Batch

GROUPS = 8  # of rows that began at the same time
AHEAD = 5  # frames that a group dreams before each time it is learnt from
STEPS = 2  # denoising steps
MANNERS = tuple({"steady": steady, "guidance": guidance} for steady in (1.0, 0.5) for guidance in (1.0, 1.5))  # of one group and the next


@dataclass
class Group:
    """b dreams of b episodes, from their first frames on."""

    dream: Dream
    truth: Tensor  # (b n c h w)
    actions: Tensor  # (b n a)
    headings: Tensor  # (b n 2)
    frames: list[Tensor]  # (b c h w), as they were dreamt
    noise: list[Tensor]  # from which they were
    age: int = 0


class Dreams:
    def __init__(self, windows: Windows, rows: int, frames: int, sampling: Sampling, seed: int):
        self.windows, self.rows, self.frames, self.sampling = windows, rows, frames, sampling
        self.generator = torch.Generator().manual_seed(seed)
        self.groups: list[Group | None] = [None] * GROUPS
        self.next = 0

    @torch.no_grad()
    def batch(self, model: Dynamics) -> Batch:
        """The next group's last frames, its very first before them, dreamt a little further: as Windows gives them,
        and "truth" and "noise" (b t c h w), and whether it is "far" (b) from its beginning."""
        k, self.next = self.next, (self.next + 1) % GROUPS
        group = self.groups[k] = self.groups[k] or self._begin(model, MANNERS[(k + k // 4) % len(MANNERS)], young=k % 4 > 0)
        group.dream.dynamics = model.eval()
        for _ in range(max(AHEAD, self.frames - 1 - group.age)):
            group.frames.append(group.dream.step(group.actions[:, group.age]).float())
            group.noise.append(group.dream.noise.float())
            group.age += 1
        model.train()
        age = group.age
        if age + AHEAD >= group.truth.shape[1]:
            self.groups[k] = None
        at = [0, *range(age - self.frames + 2, age + 1)]
        return {
            "latents": torch.stack([group.frames[i] for i in at], 1),
            "truth": group.truth[:, at],
            "noise": torch.stack([group.noise[i] for i in at], 1),
            "actions": group.actions[:, [i - 1 for i in (*at[1:], age + 1)]],  # across a jump it is not told
            "heading": group.headings[:, at],
            "jump": torch.full((self.rows,), float(at[1] > 1), device=group.truth.device),
            "far": torch.full((self.rows,), age >= self.frames + AHEAD, device=group.truth.device),
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
        truth, actions, headings = (
            torch.stack([part[s][start : start + n].float() for s, start, _ in drawn]).to(device)
            for part in (w.latents, w.actions, w.headings)
        )
        noise = torch.Generator(device).manual_seed(torch.randint(2**31, (), generator=self.generator).item())
        dream = Dream(model, truth[:, 0], noise, replace(self.sampling, **manner))
        return Group(dream, truth, actions, headings - headings[:, :1], [truth[:, 0]], [truth[:, 0]])
