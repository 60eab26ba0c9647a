"""A world in, rows of figures out. The parts of its evaluation by name, and the shortest way to one of them."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from t2w.actions import Action
from t2w.evaluate import backbones, counterfactual, drift, events, obey, revisit
from t2w.evaluate import control as control_
from t2w.evaluate import horizon as horizon_
from t2w.evaluate.control import PAIRS
from t2w.evaluate.measure import psnr
from t2w.evaluate.part import Ask, Part, knows_the_simulator, sum_up
from t2w.evaluate.truth import Moment
from t2w.nn.judge import Judge
from t2w.worlds.protocol import World, WorldSpec

__all__ = ["PAIRS", "dream", "horizon", "parts", "psnr"]

QUICK_DRIFT = 20.0  # seconds


def parts(spec: WorldSpec, quick: bool = False, pictures: bool = False) -> dict[str, Part]:
    """What can be asked of a world. Only what needs no truth, where it is not the simulator that it dreams of, or pictures are given."""
    usual = (backbones.lpips_is_here(), backbones.fid_is_here())
    whole = (
        replace(horizon_.PART, settings=usual),
        control_.PART,
        obey.PART,
        counterfactual.PART,
        drift.part(QUICK_DRIFT) if quick else drift.part(),
        drift.hold(),
        revisit.PART,
        events.PART,
    )
    true = knows_the_simulator(spec) and not pictures
    return {part.name: part for part in whole if true or not part.truth}


def dream(world: World, start: np.ndarray, actions: list[Action], prompt: str = "", seed: int = 0) -> np.ndarray:
    """The frames (t h w c) that follow `start`, one an action."""
    return Ask(world, seed=seed).dream(Moment(start, prompt), actions, 0)


def horizon(world: World, n: int = 24, frames: tuple[int, ...] = horizon_.HORIZONS, judge: Judge | None = None) -> Iterator[dict]:
    """Rows {"frames", "world", "standing still", "ceiling"} in dB, and SSIM and distance (with a judge), over n walks."""
    part = replace(horizon_.PART, case=partial(horizon_.case, frames=frames))
    yield from sum_up(part, Ask(world, judge), n)["horizon"]
