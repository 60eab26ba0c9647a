"""What keys change in the world, for the events: frames as they are, and as they would be had nothing changed."""

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.utils.data import Dataset

from t2w.data.record import CHANGED
from t2w.data.shard import Shard
from t2w.errors import T2WError
from t2w.nn.events import EventsConfig, changing

STILL = 0.5  # frames in which nothing changes, for one in which something does


class Changes(Dataset):
    """An item: latents of a frame "now", as it would be had nothing changed since "a frame ago" and since "before" an event (c h w each), and
    which keys were "pressed" in the last frames (n k), as that is told to `Events`. Of the frames in which nothing changes, some."""

    def __init__(self, found: Iterable[tuple[Shard, Tensor]], config: EventsConfig, seed: int = 0):
        self.config, self.latents, self.actions = config, [], []
        changes, still = [], []
        for s, (shard, latents) in enumerate(found):
            self.latents.append(latents)
            self.actions.append(torch.from_numpy(shard.actions))
            rows = [row for row in shard.rows if row["kind"] == "change"]
            for now, *others in zip(*(rows[k :: len(CHANGED)] for k in range(len(CHANGED)))):
                for t in range(1, now["frames"]):  # in the first, no key was pressed yet
                    at = [row["start"] + t for row in (now, *others)]
                    differs = changing(*latents[at[:2]].float()).any()
                    (changes if differs else still).append((s, t, at))
        if not changes:
            raise T2WError("events are learnt from frames in which something changes; collect some with: t2w collect --only change")
        some = torch.randperm(len(still), generator=torch.Generator().manual_seed(seed))[: round(STILL * len(changes))]
        self.index = changes + [still[k] for k in some.tolist()]

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, k: int) -> dict[str, Tensor]:
        s, t, at = self.index[k]
        pressed = self.config.pressed(self.actions[s][None, at[0] - t : at[0]])[0]
        return {**{name: self.latents[s][i].float() for name, i in zip(CHANGED, at)}, "pressed": pressed}
