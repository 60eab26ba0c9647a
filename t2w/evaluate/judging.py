"""The judge asked about frames (t h w c) uint8 of any size: words, features, distances and commands come out, as plain numbers."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from t2w.actions import Action
from t2w.media.pixels import fit, to_tensor
from t2w.nn.judge import TURNS, Judge, distance

STARTER = Path(__file__).parents[1] / "starter" / "judge"
BATCH = 32
READ = ("ahead", "aside", "right", "down")  # the motions that a command is told by


def pictures(judge: Judge, frames: np.ndarray) -> Tensor:
    """(t c h w) of the judge's own size."""
    size = judge.config.width, judge.config.height
    if frames.shape[2:0:-1] != size:
        frames = np.stack([fit(frame, *size) for frame in frames])
    return to_tensor(frames)[0]


def features(judge: Judge, frames: np.ndarray) -> list[Tensor]:
    with torch.inference_mode():
        parts = [judge.features(part) for part in pictures(judge, frames).split(BATCH)]
        return [torch.cat(stage) for stage in zip(*parts)]


def words(judge: Judge, frames: np.ndarray) -> list[dict[str, str]]:
    """What is seen in each frame: an answer to every attribute, of things that are not there as well."""
    with torch.inference_mode():
        answers = judge.attributes(features(judge, frames))
    named = dict(judge.config.attributes)
    chosen = {name: [named[name][i] for i in logits.argmax(-1).tolist()] for name, logits in answers.items()}
    return [dict(zip(chosen, row)) for row in zip(*chosen.values())]


def pooled(judge: Judge, frames: np.ndarray) -> np.ndarray:
    """(t d): the last features' mean over the picture."""
    return features(judge, frames)[-1].mean((2, 3)).numpy()


def distances(judge: Judge, a: np.ndarray, b: np.ndarray) -> list[float]:
    """How unlike each frame of a is to that of b (nn.judge.distance)."""
    return distance(features(judge, a), features(judge, b)).tolist()


def spread(judge: Judge, frames: np.ndarray) -> float:
    """Mean distance of all pairs of frames."""
    found = features(judge, frames)
    apart = [distance([s[i : i + 1] for s in found], [s[i + 1 :] for s in found]) for i in range(len(frames) - 1)]
    return torch.cat(apart).mean().item()


def commands(judge: Judge, film: np.ndarray, choices: Sequence[Action]) -> list[int]:
    """For each step of a film of n+1 frames the most likely of some actions, by walk, sidestep and the signs of the turns."""
    with torch.inference_mode():
        found = features(judge, film)
        answers = judge.motions([s[:-1] for s in found], [s[1:] for s in found])
        likely = {name: answers[name].log_softmax(-1) for name in READ}
        each = [sum(likely[name][:, _these(name, action)].logsumexp(-1) for name in READ) for action in choices]
    return torch.stack(each, 1).argmax(1).tolist()


def _these(name: str, action: Action) -> list[int]:
    """The answers that agree with an action."""
    if name in ("right", "down"):
        degrees = action.mouse[("right", "down").index(name)]
        return [i for i, turn in enumerate(TURNS) if np.sign(turn) == np.sign(degrees)]
    one, other = ("w", "s") if name == "ahead" else ("d", "a")
    return [(int(one in action.keys) - int(other in action.keys)) % 3]
