"""What should have happened: moments and walks of the simulator in worlds that no starter model was trained on."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from t2w.actions import Action
from t2w.actions.policy import Policy
from t2w.sim.captions import canonical
from t2w.sim.player import make
from t2w.sim.render import Renderer
from t2w.sim.simulator import Simulator
from t2w.sim.spec import HEIGHT, WIDTH, sample

HELD_OUT = 900_000_000  # seeds from here on are never trained on
VIEWS = ("first-person", "third-person")  # in these the mouse turns the picture


@dataclass(frozen=True)
class Moment:
    """What a world begins from: a frame (h w c), and the simulator that stands there, None for a picture from outside."""

    frame: np.ndarray
    prompt: str = ""
    sim: Simulator | None = None


@dataclass(frozen=True)
class Walk:
    """N actions and N+1 frames (t h w c), the start frame first."""

    prompt: str
    frames: np.ndarray
    actions: list[Action]
    start: Moment


@cache
def _renderer() -> Renderer:
    return Renderer(WIDTH, HEIGHT)


def world(k: int, **fixed: str) -> Simulator:
    """Held-out world k at its beginning; `fixed` attributes of Spec."""
    return Simulator(sample(HELD_OUT + k, **fixed), renderer=_renderer())


def moment(sim: Simulator) -> Moment:
    """Where a simulator stands. It stays there: what the world is compared with are forks."""
    return Moment(sim.frame(), canonical(sim.spec, sim.visible()), sim.fork())


def walk(k: int, frames: int, policy: Policy | None = None, **fixed: str) -> Walk:
    """Walk k: under a policy, or under the simulator's own player, which goes for things."""
    sim = world(k, **fixed)
    start, choose = moment(sim), policy or make("goal" if k % 2 else "random", sim, k)
    seen, actions = [start.frame], []
    for t in range(frames):
        actions.append(choose(seen[-1], t))
        sim.step(actions[-1])
        seen.append(sim.frame())
    return Walk(start.prompt, np.stack(seen), actions, start)


def film(start: Moment, actions: list[Action]) -> np.ndarray:
    """The frames (t h w c) that truly follow, one an action; the moment itself stays as it is."""
    sim, frames = start.sim.fork(), []
    for action in actions:
        sim.step(action)
        frames.append(sim.frame())
    return np.stack(frames)
