"""The judge's stage: stills and pairs of frames in, a judge out that knows what is in view and what was pressed. It needs no other stage.

Asked of every picture: the view, the biome, the time, the weather, which landmark, creature and character of which colour is in
view, and what else is. Asked of two neighbouring frames: the keys held and the turn made between them.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from einops import rearrange
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.utils.data import Dataset

from t2w.data.kinds import ALWAYS
from t2w.data.pictures import split, to_picture
from t2w.data.shard import ALONE, FACE, Shard, seen
from t2w.errors import T2WError
from t2w.media.atomic import whole_folder
from t2w.nn.judge import MOTIONS, TURNS, Judge, JudgeConfig, Questions, describe
from t2w.nn.measure import sheet
from t2w.sim.captions import names
from t2w.sim.spec import CHOICES, SPACE, Spec
from t2w.train.loop import Batch, FitConfig, Run, accelerator
from t2w.train.stage import Stage, given, loader, train

THINGS = ("landmark", "creature", "character")  # sometimes in view
ELSE = ("water", "tree", "rock", "plant", "crate", "lamp")  # asked because who learns to see them learns to see
ATTRIBUTES: Questions = (
    *((name, ("none", *words) if name == "character" else words) for name, words in CHOICES.items()),
    *((kind, ("none", kind)) for kind in ELSE),
)
STARTER = JudgeConfig(ATTRIBUTES)
TINY = JudgeConfig(ATTRIBUTES, widths=(8, 8, 16), match=4, pair=(8, 8))
# Frames from one pair to the next; a branch set has every action equally often.
EVERY = {"play": 4, "palindrome": 4, "event": 4, "branch": 2}
ADJUSTED = ("ahead", "aside")  # answered as if every answer were as frequent as any other
LOOKED_AT, COUNTED = 256, 1536  # held-out items, during the run and at its end


def answers(spec: Spec, visible: frozenset[str]) -> dict[str, str]:
    """What is to be said of a picture of this world: "none" for a thing that is not in view, a colour only for what is."""
    found = {name: getattr(spec, name) for name in ALWAYS} | {kind: kind if kind in visible else "none" for kind in ELSE}
    for thing in THINGS:
        there = names(spec, visible, thing)
        found[thing] = getattr(spec, thing) if there else "none"
        if there and found[thing] != "ruins":  # ruins have no colour of their own
            found[f"{thing}_color"] = getattr(spec, f"{thing}_color")
    return found


def numbered(said: dict[str, str]) -> list[int]:
    """Answers by their places among the words; -1 for what is not asked."""
    return [words.index(said[name]) if name in said else -1 for name, words in ATTRIBUTES]


def moved(action: np.ndarray) -> list[int]:
    """An action vector (a,) of the simulator => the answers to MOTIONS, by their places."""
    held = dict(zip(SPACE.keys, action > 0.5))
    ahead, aside = int(held["w"]) - int(held["s"]), int(held["d"]) - int(held["a"])
    turns = [int(np.abs(np.array(TURNS) - degrees).argmin()) for degrees in action[-2:] * SPACE.turn]
    return [ahead % 3, aside % 3, *turns, *(int(held[key]) for key in ("space", "e", "lmb"))]


class Views(Dataset):
    """Two neighbouring frames of a walk and, drawn by chance, a still of some other world. Half of them are mirrored.

    An item: {"still", "before", "after": (c h w), "said": (2 q) answers about the still and the frame before, "moved": (q)}.
    """

    def __init__(self, found: list[Shard], mirror: bool = True, seed: int = 0):
        self.shards, self.mirror = found, mirror
        self.generator = torch.Generator().manual_seed(seed)
        self.stills: list[tuple[int, int, dict]] = []  # shard, frame, the episode's row
        self.index: list[tuple[int, int, dict]] = []  # the same of the frames from which there is a next one
        for s, shard in enumerate(found):
            for row in (row for row in shard.rows if row["kind"] != FACE):
                if row["kind"] in ALONE:
                    self.stills += [(s, row["start"] + t, row) for t in range(row["frames"])]
                else:
                    self.index += [(s, row["start"] + t, row) for t in range(0, row["frames"] - 1, EVERY[row["kind"]])]
        if not self.index or not self.stills:
            raise T2WError("a judge learns from walks and from stills, and there are not both; collect some with: t2w collect")

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, k: int) -> dict[str, Tensor]:
        chosen = torch.randint(len(self.stills), (), generator=self.generator).item() if self.mirror else k % len(self.stills)
        (s, i, _), action = self.index[k], self.shards[self.index[k][0]].actions[self.index[k][1]].copy()
        frames = {"before": self.shards[s].frame(i), "after": self.shards[s].frame(i + 1)}
        if self.mirror and torch.rand((), generator=self.generator) < 0.5:
            frames = {name: frame[:, ::-1] for name, frame in frames.items()}
            a, d = SPACE.keys.index("a"), SPACE.keys.index("d")
            action[[a, d]], action[-2] = action[[d, a]], -action[-2]
        still = self.shards[self.stills[chosen][0]].frame(self.stills[chosen][1])
        pictures = {name: to_picture(frame) for name, frame in {"still": still, **frames}.items()}
        said = [self._said(*self.stills[chosen]), self._said(*self.index[k])]
        return {**pictures, "said": torch.tensor(said), "moved": torch.tensor(moved(action))}

    def _said(self, s: int, i: int, row: dict) -> list[int]:
        return numbered(answers(Spec(**row["spec"]), seen(int(self.shards[s].visible[i]))))

    def frequencies(self) -> dict[str, Tensor]:
        """How often each answer of ADJUSTED is right, left and right taken together."""
        walked = [moved(self.shards[s].actions[i]) for s, i, _ in self.index]
        found = {}
        for q, (name, words) in enumerate(MOTIONS):
            if name in ADJUSTED:
                count = torch.bincount(torch.tensor([row[q] for row in walked]), minlength=len(words)) + 1.0
                found[name] = count / count.sum()
        right = found["aside"]
        return found | {"aside": torch.stack([right[0], *[right[1:].mean()] * 2])}


def soften(frames: Tensor, generator: torch.Generator) -> Tensor:
    """Half of the items (3 b c h w) less sharp and a little noisy: what is shown is to be judged, not how crisply."""
    some = {"generator": generator, "device": frames.device}
    much = (torch.rand(frames.shape[1], **some) * 2 - 1).clamp(min=0)[:, None, None, None]
    flat = rearrange(frames, "s b c h w -> (s b) c h w")
    soft = F.interpolate(F.avg_pool2d(flat, 2), scale_factor=2, mode="bilinear", align_corners=False)
    soft = rearrange(soft, "(s b) c h w -> s b c h w", s=len(frames))
    return torch.lerp(frames, soft, much) + 0.03 * much * torch.randn(frames.shape, **some)


def judging_loss(frequencies: dict[str, Tensor]):
    """Cross-entropy of every question; those about motion weigh twice, for half of them are hardly ever answered by a key.

    Motions that are rare in the data get no malus: "logit adjustment", Menon et al. 2021.
    """

    def loss(model: nn.Module, batch: Batch, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        said, motions = model(*soften(torch.stack([batch[name] for name in ("still", "before", "after")]), generator))
        shown = _wrong(said, rearrange(batch["said"], "b s q -> (s b) q"))
        adjusted = {k: v.float() + frequencies[k].to(v.device).log() if k in frequencies else v for k, v in motions.items()}
        done = _wrong(adjusted, batch["moved"])
        return shown + 2 * done, {"seen": shown.item(), "moved": done.item()}

    return loss


def _wrong(answers: dict[str, Tensor], right: Tensor) -> Tensor:
    """Mean over the questions of the mean over the rows in which each is asked."""
    return (misses(answers, right) / (right >= 0).sum(0).clamp(min=1)).mean()


def misses(answers: dict[str, Tensor], right: Tensor) -> Tensor:
    """(q) Cross-entropies of the right answers (n q; -1 where nothing is asked), those of all rows added up."""
    return torch.stack([F.cross_entropy(a.float(), right[:, q], ignore_index=-1, reduction="sum") for q, a in enumerate(answers.values())])


@torch.no_grad()
def examine(model: nn.Module, items: Views, most: int, where: torch.device) -> tuple[dict[str, float], list[Tensor]]:
    """Accuracy on held-out items, evenly spread, and eight of the pictures that are judged worst.

    Of attributes: the share of right answers. Of ahead and aside: the mean share over their answers, so that no guess beats
    a third. Of turns: the mean error in degrees of the answer chosen.
    """
    step = max(1, len(items) // most)
    rows, guesses, worst = [], [], []
    for begin in range(0, len(items), 16 * step):
        batch = torch.utils.data.default_collate([items[k] for k in range(begin, min(begin + 16 * step, len(items)), step)])
        said, motions = model(*(batch[name].to(where) for name in ("still", "before", "after")))
        right = rearrange(batch["said"], "b s q -> (s b) q")
        guess = torch.stack([a.argmax(-1).cpu() for a in said.values()], 1)
        rows.append((right, batch["moved"]))
        guesses.append((guess, torch.stack([a.argmax(-1).cpu() for a in motions.values()], 1)))
        misses = ((guess != right) & (right >= 0)).sum(1)
        worst += [(int(n), picture) for n, picture in zip(misses, torch.cat([batch["still"], batch["before"]]))]
        worst = sorted(worst, key=lambda pair: -pair[0])[:8]
    (said, moves), (guess, judged) = (map(torch.cat, zip(*found)) for found in (rows, guesses))
    figures = {name: _share(guess[:, q], said[:, q]) for q, (name, _) in enumerate(ATTRIBUTES)}
    return figures | _motion_figures(judged, moves), [picture for _, picture in worst]


def _share(guess: Tensor, right: Tensor) -> float:
    asked = right >= 0
    return (guess[asked] == right[asked]).float().mean().item() if asked.any() else float("nan")


def _motion_figures(guess: Tensor, right: Tensor) -> dict[str, float]:
    degrees, found = torch.tensor(TURNS), {}
    for q, (name, words) in enumerate(MOTIONS):
        if name in ("right", "down"):
            found[f"{name} error"] = (degrees[guess[:, q]] - degrees[right[:, q]]).abs().mean().item()
        else:
            each = [_share(guess[right[:, q] == k, q], right[right[:, q] == k, q]) for k in range(len(words))]
            found[name] = float(np.nanmean(each)) if not np.isnan(each).all() else float("nan")
    return found


def train_judge(data: Path, out: Path, config: JudgeConfig, fit_config: FitConfig, dtype: str = "auto", workers: int = 0) -> Iterator[dict]:
    """Yields the figures of every step; at the end `out` holds config.json, with its accuracy, and judge.safetensors."""
    learn, held = split(data)
    where = accelerator(dtype)
    torch.manual_seed(fit_config.seed)  # the weights' first values: PyTorch's layers take no generator
    run = Run(Judge(config).to(memory_format=torch.channels_last), fit_config, out / "run", where, given=given(data))
    items, unseen = Views(learn, seed=fit_config.seed + run.step), Views(held, mirror=False)

    def look(model: nn.Module) -> tuple[dict[str, float], Tensor]:
        figures, worst = examine(model, unseen, LOOKED_AT, where.device)
        return figures, sheet([torch.stack(worst[:4]), torch.stack(worst[-4:])])

    stage = Stage(judging_loss(items.frequencies()), look)
    yield from train(stage, run, loader(items, run, workers))
    if where.is_main_process:
        with run.averaged() as model:
            figures, _ = examine(model, unseen, COUNTED, where.device)
            about = {"worlds": len({row["seed"] for shard in learn for row in shard.rows}), "shards": len(learn), "held out": len(held)}
            trained = {"steps": run.step, "items": run.step * fit_config.batch, "minutes": round(run.seconds / 60, 1)}
            save(model, out, {"data": about, **trained, "accuracy": {k: round(v, 4) for k, v in figures.items()}})
    where.wait_for_everyone()


def save(judge: Judge, out: Path, about: dict) -> None:
    """Matrices in half precision, the rest as it is. `about` goes into config.json."""
    weights = {k: (v.half() if v.ndim > 1 else v).detach().cpu().contiguous() for k, v in judge.state_dict().items()}
    with whole_folder(out) as temporary:
        save_file(weights, temporary / "judge.safetensors")
        (temporary / "config.json").write_text(json.dumps(describe(judge) | about, indent=2) + "\n")
