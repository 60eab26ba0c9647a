"""How players move, for the body: frames as they are, and as they would be did the player stand as he did earlier; and what was done."""

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from t2w.data.pairs import drawn, one_of, tilt_of, told
from t2w.data.record import POSED
from t2w.data.shard import Shard
from t2w.errors import T2WError
from t2w.nn.body import Body, Stance, covered

NOW, EARLIER = POSED
# Share of frames whose first picture is their walk's own, in which the player stands still; else it is any before them, and for who swims one
# in which he did: worlds begin in water, too.
BEGINS = 0.6
SWIM, BLOW = 4, 5  # places in a stance
OFTEN = 3  # times as often as they are seen, a blow is shown, which is over in six frames, and who swims
NONE = "bodies are learnt from walks that are shown twice; collect some with: t2w collect --only body"


def walks(shard: Shard) -> list[tuple[dict, dict]]:
    """Rows of the walks, as they were and with the player as he stood earlier."""
    rows = [row for row in shard.rows if row["kind"] == "body"]
    return list(zip(rows[:: len(POSED)], rows[1 :: len(POSED)]))


class Bodies(Dataset):
    """An item: latents of a frame "now", of the same with the player as he stood "earlier", and of the "first" one (c h w each); what is "told" of the
    stance (15); "player" (1 h w): places that he covers as he stood earlier, and "swims" (), in either: 1, else 0; "at" (2): the window."""

    def __init__(self, found: Iterable[tuple[Shard, Tensor]], body: Body, turn: float, seed: int = 0):
        self.body, self.turn, self.generator = body, turn, torch.Generator().manual_seed(seed)
        self.shards: list[dict[str, Tensor]] = []
        self.index: list[tuple[int, int, int, int]] = []  # shard, the walk's first frame, this one, this one as he stood earlier
        for s, (shard, latents) in enumerate(found):
            near, pose = shard.geometry
            player = torch.cat([covered(torch.from_numpy(part < 0).float()) for part in np.array_split(near, 16)])
            turns = torch.from_numpy(np.asarray(shard.actions))[:, -2].double()
            facts = {"stance": torch.from_numpy(shard.stance), "tilt": tilt_of(torch.from_numpy(pose)), "heading": turns.cumsum(0) - turns}
            self.shards.append({"latents": latents, "player": player.bool(), **facts})
            for now, earlier in walks(shard):
                for t in range(1, now["frames"]):
                    rare = (shard.stance[now["start"] + t, [SWIM, BLOW]] > 0).any()
                    self.index += [(s, now["start"], now["start"] + t, earlier["start"] + t)] * (OFTEN if rare else 1)
        if not self.index:
            raise T2WError(NONE)

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, k: int) -> dict[str, Tensor]:
        s, begin, now, earlier = self.index[k]
        shard = self.shards[s]
        if torch.rand((), generator=self.generator) > BEGINS:
            before = torch.arange(begin, now)
            afloat = before[(shard["stance"][begin:now, SWIM] > 0) & (shard["stance"][now, SWIM] > 0)]
            begin = one_of(afloat if len(afloat) else before, self.generator)
        turned = (shard["heading"][now] - shard["heading"][begin]).float() * (self.turn * torch.pi / 180)
        stance = Stance.of(shard["stance"][now][None], shard["stance"][begin, :1])
        player, at_first = shard["player"][[earlier, begin]].float()
        return {
            **{name: shard["latents"][i].float() for name, i in ((NOW, now), (EARLIER, earlier), ("first", begin))},
            "told": stance.told(turned[None], shard["tilt"][now][None])[0],
            "player": player,
            "swims": shard["stance"][[now, earlier], SWIM].amax(),
            "at": self.body.around(at_first)[0],
        }


class Stances:
    """All steps of all walks, without pictures: batches {"history": (m n a+1), "afloat": (m), and of the stance that follows how it differs in
    "phase" (m), and the "rest" (m 6)}."""

    def __init__(self, found: list[Shard], history: int, seed: int = 0):
        self.generator = torch.Generator().manual_seed(seed)
        steps = [self._steps(shard, now, history) for shard in found for now, _ in walks(shard)]
        if not steps:
            raise T2WError(NONE)
        self.steps = {name: torch.cat([step[name] for step in steps]) for name in steps[0]}

    @staticmethod
    def _steps(shard: Shard, row: dict, history: int) -> dict[str, Tensor]:
        at = slice(row["start"], row["start"] + row["frames"])
        stance = torch.from_numpy(shard.stance[at])
        return {
            **told(shard, at, history),
            "afloat": stance[:-1, SWIM],
            "phase": stance[1:, 0] - stance[:-1, 0],
            "rest": stance[1:, 1:],
        }

    def batch(self, size: int) -> dict[str, Tensor]:
        return drawn(self.steps, size, self.generator)
