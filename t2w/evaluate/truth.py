"""What should have happened: walks of the simulator in worlds that no starter model was trained on."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from t2w.actions import Action
from t2w.actions.policy import Policy
from t2w.sim.captions import canonical
from t2w.sim.player import make
from t2w.sim.render import Renderer
from t2w.sim.simulator import Simulator
from t2w.sim.spec import sample

HELD_OUT = 900_000_000  # seeds from here on are never trained on


@dataclass(frozen=True)
class Walk:
    """N actions and N+1 frames (t h w c), the start frame first."""

    prompt: str
    frames: np.ndarray
    actions: list[Action]


def starts(n: int, **fixed: str) -> Iterator[Simulator]:
    """n held-out worlds, each at its beginning; `fixed` attributes of Spec."""
    renderer = Renderer(160, 96)
    for k in range(n):
        yield Simulator(sample(HELD_OUT + k, **fixed), renderer=renderer)


def walks(n: int, frames: int, policy: Policy | None = None, **fixed: str) -> Iterator[Walk]:
    """n walks: under a policy, or under the simulator's own player, which goes for things."""
    for k, sim in enumerate(starts(n, **fixed)):
        choose = policy or make("goal" if k % 2 else "random", sim, k)
        seen, actions = [sim.frame()], []
        prompt = canonical(sim.spec, sim.visible())
        for t in range(frames):
            actions.append(choose(seen[-1], t))
            sim.step(actions[-1])
            seen.append(sim.frame())
        yield Walk(prompt, np.stack(seen), actions)
