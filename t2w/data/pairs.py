"""Pairs of frames that follow each other, for the parallax: what was done, and where each place of the second was in the first."""

import numpy as np
import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor
from torch.utils.data import Dataset

from t2w.data.pictures import to_picture
from t2w.data.shard import ALONE, FACE, Shard
from t2w.errors import T2WError
from t2w.media.pixels import to_tensor
from t2w.nn.geometry import ALIKE, NEAREST, enlarged, inside, nearer, projected, values_at
from t2w.nn.parallax import histories, middle
from t2w.nn.precision import exactly
from t2w.nn.view import places
from t2w.sim.camera import ISOMETRIC
from t2w.sim.spec import VIEWS
from t2w.sim.walking import SWIMMING

FEW = 4  # pictures of an episode, to tell from how far the eye looks down
FORGOTTEN = 0.2  # share of steps of which what was done before one stood still is not told: worlds begin so
STILL = 0.01  # metres from frame to frame, at most


def rigid_between(pose: Tensor, new: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Poses (n 12 each: right and up, as long as half the picture is wide and high at distance 1, ahead; place) => rotation (n 3 3) and
    shift in metres (n 3), as a parallax's Motion has them, and both lenses (n 2), the new one first."""
    (old, into), (axes, lens) = (_axes(part) for part in (pose, new))
    with exactly(pose.device):
        return old @ axes.mT, (old @ (new - pose)[:, 9:, None])[..., 0], lens, into


def tilt_of(pose: Tensor) -> Tensor:
    """By how many radians an eye looks down (n), of poses (n 12)."""
    return -_axes(pose)[0][:, 2, 2].clamp(-1, 1).asin()


def afloat(shard: Shard, at: slice) -> Tensor:
    """Whether the player swims in these frames (n): 1, else 0."""
    return torch.from_numpy((shard.events[at] & SWIMMING) > 0).float()


def _axes(pose: Tensor) -> tuple[Tensor, Tensor]:
    """Unit vectors right, down and ahead (n 3 3), and the lens (n 2)."""
    axes = pose[:, :9].unflatten(1, (3, 3))
    size = axes.norm(dim=2)
    return axes / size[..., None] * pose.new_tensor([1.0, -1.0, 1.0])[:, None], size[:, :2]


def at_rest(pose: Tensor) -> Tensor:
    """In which of a walk's frames, of poses (n 12), the eye stands still (n): as in the first one, a world's beginning."""
    gone = (pose[1:, 9:] - pose[:-1, 9:]).norm(dim=1)
    return torch.cat([torch.ones(1, dtype=torch.bool), gone < STILL])


def one_of(frames: Tensor, draw: torch.Generator) -> int:
    return int(frames[torch.randint(len(frames), (), generator=draw)])


def flow_between(near: Tensor, pose: Tensor, new: Tensor) -> tuple[Tensor, Tensor]:
    """How near things are in the new views (n H W, as a shard keeps it), the old and the new poses (n 12 each) => where each place of the new
    picture was in the old one (n H W 2: x, y in -1..1), and where that is known (n H W). The player goes with the eye."""
    flow, ahead, _ = _projected(near, pose, new)
    return flow, (near < 0) | (ahead > NEAREST)


def _projected(near: Tensor, pose: Tensor, new: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """As `projected` and `enlarged`, by poses; the player, of negative nearness, stays where he is and as large."""
    rotation, shift, lens, into = rigid_between(pose, new)
    flow, ahead = projected(near.clamp(min=0), rotation, shift, lens, into)
    smaller = torch.where(near < 0, 1.0, enlarged(flow, ahead, lens, into))
    return torch.where(near[..., None] < 0, places(*near.shape[1:], near.device), flow), ahead, smaller


def true_ways(shard: Shard, start: int, frames: int, device: torch.device | str = "cpu") -> tuple[Tensor, Tensor, Tensor]:
    """Of frames in a row: where each place of the next one was in each (frames-1 H W 2), whether it was seen there, and by how much it was
    `enlarged` since (frames-1 H W each)."""
    near, pose = (torch.from_numpy(part[start : start + frames]).to(device).float() for part in shard.geometry)
    before, after = near[:-1], near[1:]
    flow, ahead, smaller = _projected(after, pose[:-1], pose[1:])
    player, there = values_at(flow, (before < 0).float(), before.clamp(min=0))
    hidden = (player >= 0.5) | (nearer(after.clamp(min=0), ahead, there) < -ALIKE)
    return flow, inside(flow) * (~hidden | (after < 0)).float(), smaller


class Pairs(Dataset):
    """An item: {"picture" and the "next": (3 8h 8w), "history": (n a+1), "near": (2 H W) and "poses": (2 12) of both, "view": () which
    of VIEWS, "afloat": () whether the player swims}. Without `both`, the "next" picture is left out. Pictures that none follows are followed
    by themselves: nothing was done."""

    def __init__(self, found: list[Shard], history: int, seed: int = 0, both: bool = True):
        self.found, self.history, self.both = found, history, both
        self.generator = torch.Generator().manual_seed(seed)
        self.index = [
            (s, row, row["start"] + t)
            for s, shard in enumerate(found)
            for row in shard.rows
            if row["kind"] != FACE
            for t in range(row["frames"] - (row["kind"] not in ALONE))
        ]

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, k: int) -> dict[str, Tensor]:
        s, row, t = self.index[k]
        shard, alone = self.found[s], row["kind"] in ALONE
        begin, after = (t, t) if alone else (row["start"], t + 1)
        near, pose = (torch.from_numpy(part[[t, after]]) for part in shard.geometry)
        if torch.rand((), generator=self.generator) < FORGOTTEN:
            still = begin + at_rest(torch.from_numpy(shard.geometry[1][begin : t + 1])).nonzero()[:, 0]
            begin = one_of(still, self.generator)
        actions = torch.from_numpy(np.asarray(shard.actions[max(begin, t + 1 - self.history) : t + 1]))
        actions = torch.zeros_like(actions) if alone else actions
        following = {"next": to_picture(shard.frame(after))} if self.both else {}
        return following | {
            "picture": to_picture(shard.frame(t)),
            "history": histories(actions[None], self.history)[0, -1],
            "near": near.float(),
            "poses": pose,
            "view": torch.tensor(VIEWS.index(row["spec"]["view"])),
            "afloat": afloat(shard, slice(t, t + 1))[0],
        }


def measured(batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Pairs' batch with what follows from depth and poses: "flow" (b H W 2), "known" (b H W), "rotation" (b 3 3), "shift" (b 3),
    "tilt" (b) and "lens" (b 2)."""
    old, new = batch["poses"].unbind(1)
    flow, known = flow_between(batch["near"][:, 1], old, new)
    rotation, shift, lens, _ = rigid_between(old, new)
    return batch | {"flow": flow, "known": known, "rotation": rotation, "shift": shift, "lens": lens, "tilt": tilt_of(old)}


class Readings(Dataset):
    """Pictures of all kinds, a few of each episode, at most `most` of them, drawn by chance. An item: {"picture": (3 8h 8w), "tilt": () by how many
    radians the eye looks down there, "afloat": () whether the player swims}."""

    def __init__(self, found: list[Shard], most: int, seed: int = 0):
        draw = torch.Generator().manual_seed(seed)
        rows = [(shard, row["start"], row["frames"]) for shard in found for row in shard.rows if row["kind"] != FACE]
        every = [(shard, begin + t) for shard, begin, n in rows for t in torch.randperm(n, generator=draw)[:FEW].tolist()]
        self.index = [every[i] for i in torch.randperm(len(every), generator=draw)[:most].tolist()]

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, k: int) -> dict[str, Tensor]:
        shard, t = self.index[k]
        at = slice(t, t + 1)
        tilt = tilt_of(torch.from_numpy(shard.geometry[1][at]).float())
        return {"picture": to_picture(shard.frame(t)), "tilt": tilt[0], "afloat": afloat(shard, at)[0]}


class Walks:
    """All steps of all walks, without pictures: batches {"history": (m n a+1), "facing": (m 2), "tilt": (m), "rotation": (m 3 3), "afloat": (m),
    "shift": (m 3) in metres, "view": (m)}."""

    def __init__(self, found: list[Shard], history: int, seed: int = 0):
        self.generator = torch.Generator().manual_seed(seed)
        rows = [(shard, row) for shard in found for row in shard.rows if row["kind"] not in ALONE]
        if not rows:
            raise T2WError("a parallax learns from walks, and there are none; collect some with: t2w collect")
        walks = [self._steps(shard, row, history) for shard, row in rows]
        self.steps = {name: torch.cat([walk[name] for walk in walks]) for name in walks[0]}

    @staticmethod
    def _steps(shard: Shard, row: dict, history: int) -> dict[str, Tensor]:
        at = slice(row["start"], row["start"] + row["frames"])
        pose = torch.from_numpy(shard.geometry[1][at]).float()
        rotation, shift, _, _ = rigid_between(pose[:-1], pose[1:])
        return {
            **told(shard, at, history),
            "facing": torch.from_numpy(shard.facing[at])[:-1],
            "tilt": tilt_of(pose[:-1]),
            "rotation": rotation,
            "afloat": afloat(shard, at)[:-1],
            "shift": shift,
            "view": torch.full((len(shift),), VIEWS.index(row["spec"]["view"])),
        }

    def batch(self, size: int) -> dict[str, Tensor]:
        return drawn(self.steps, size, self.generator)


def told(shard: Shard, at: slice, history: int) -> dict[str, Tensor]:
    """Of the steps of a walk, all frames in a row but the last, the "history" (m n a+1), and whether one was "still" when each action in it began (m n)."""
    still = at_rest(torch.from_numpy(shard.geometry[1][at]))[:-1]
    return {
        "history": histories(torch.from_numpy(np.asarray(shard.actions[at]))[None, :-1], history)[0].half(),
        "still": F.pad(still, (history - 1, 0)).unfold(0, history, 1).flip(-1),
    }


def drawn(steps: dict[str, Tensor], size: int, draw: torch.Generator) -> dict[str, Tensor]:
    """So many steps of walks, drawn by chance; of the "history" (m n a+1) of some, what was done before one was "still" (m n) is not told."""
    m, n = steps["history"].shape[:2]
    at = torch.randint(m, (size,), generator=draw)
    found = {name: part[at] for name, part in steps.items()}
    still = found.pop("still")
    short = (torch.rand(size, generator=draw) < FORGOTTEN) & still.any(1)
    since = torch.multinomial(still.float() + ~short[:, None], 1, generator=draw)[:, 0]
    known = torch.arange(n) <= torch.where(short, since, n)[:, None]
    return found | {"history": found["history"].float() * known[..., None]}


class Faces:
    """The middles (m 3 side side) of all pictures that are seen from above, where the player stands, and which way he faces (m 2)."""

    def __init__(self, found: list[Shard], side: int, seed: int = 0):
        self.generator = torch.Generator().manual_seed(seed)
        rows = [
            (shard, t)
            for shard in found
            for row in shard.rows
            if row["spec"]["view"] == ISOMETRIC
            for t in range(row["start"], row["start"] + row["frames"])
        ]
        self.middle = [middle(rearrange(torch.from_numpy(shard.frame(t)), "h w c -> c h w"), side).clone() for shard, t in rows]
        self.facing = [torch.from_numpy(shard.facing[t]) for shard, t in rows]

    def __len__(self) -> int:
        return len(self.facing)

    def batch(self, size: int) -> dict[str, Tensor]:
        """{"middle": (m 3 side side) in about [-1, 1], "facing": (m 2)}, drawn by chance: a little beside the middle, in other colours,
        half of them in the mirror."""
        draw = self.generator
        at, by = torch.randint(len(self), (size,), generator=draw).tolist(), torch.randint(-2, 3, (2,), generator=draw).tolist()
        pictures = to_tensor(rearrange(torch.stack([self.middle[i] for i in at]).roll(by, (2, 3)), "b c h w -> b h w c").numpy())[0]
        pictures = pictures * (0.8 + 0.4 * torch.rand(size, 3, 1, 1, generator=draw))
        facing, mirror = torch.stack([self.facing[i] for i in at]), torch.rand(size, generator=draw) < 0.5
        pictures = torch.where(mirror[:, None, None, None], pictures.flip(3), pictures)
        return {"middle": pictures, "facing": torch.where(mirror[:, None], facing * facing.new_tensor([1.0, -1.0]), facing)}
