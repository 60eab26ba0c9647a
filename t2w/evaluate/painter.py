"""A painter in, figures out: does the picture show what the prompt names, how different are its pictures, how near to the simulator's?

The judge that reads the pictures is a small network with errors of its own; what it reads off the simulator's own pictures of the same
worlds stands beside.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from t2w.evaluate import judging
from t2w.evaluate.measure import frechet, mean
from t2w.evaluate.part import Found, Part, Strip, Tables
from t2w.evaluate.phrases import paraphrase
from t2w.evaluate.plots import bars
from t2w.evaluate.truth import HELD_OUT, world
from t2w.nn.judge import Judge
from t2w.sim.captions import canonical
from t2w.sim.simulator import Simulator
from t2w.sim.spec import CHOICES, HEIGHT, WIDTH
from t2w.start import painters
from t2w.train.judge import THINGS, answers

SEEDS = 4  # pictures of one prompt
FAR = 1_000_000  # to the worlds that the Fréchet distances are taken to
ROWS = ("view", "biome", "time", "weather", *(name for thing in THINGS for name in (thing, f"{thing} with its colour")))


@dataclass(frozen=True)
class PainterAsk:
    """What every case of a painter is given."""

    name: str
    judge: Judge
    seed: int = 0
    device: str = "auto"
    dtype: str = "auto"
    call: Mapping = field(default_factory=lambda: MappingProxyType({}))
    tick: Callable[[int], None] = field(default=lambda frames: None)

    def paint(self, prompt: str, seeds: list[int]) -> np.ndarray:
        """Pictures (n h w c)."""
        made = []
        for frame in painters.paint(self.name, prompt, seeds, WIDTH, HEIGHT, self.device, self.dtype, self.call):
            made.append(frame)
            self.tick(1)
        return np.stack(made)


def wish(sim: Simulator) -> dict[str, str]:
    """What a prompt about this world's first picture names: nothing that is not in view, a colour only where there is a thing."""
    return {name: value for name, value in answers(sim.spec, sim.visible()).items() if name in CHOICES and value != "none"}


def case(ask: PainterAsk, k: int) -> Found:
    """Held-out world k as a prompt, plain and paraphrased, painted once each; what the judge reads off both and off the true picture."""
    sim = world(k)
    true, said = sim.frame(), wish(sim)
    prompts = {"plain": canonical(sim.spec, sim.visible()), "paraphrased": paraphrase(said, random.Random(k))}
    pictures = {name: ask.paint(prompt, [_seed(ask, k)])[0] for name, prompt in prompts.items()} | {"true": true}
    read = dict(zip(pictures, judging.words(ask.judge, np.stack(list(pictures.values())))))
    other = world(k + FAR).frame()
    features = judging.pooled(ask.judge, np.stack([pictures["plain"], true, other])).round(4).tolist()
    asked = {"plain": {k: v for k, v in said.items() if (k, v) != ("weather", "clear")}, "paraphrased": said, "true": said}
    right = {name: _right(asked[name], read[name]) for name in pictures}
    strip = Strip(f"{prompts['plain']} / {prompts['paraphrased']} / the simulator's", [np.stack(list(pictures.values()))])
    return Found({"prompts": prompts, "right": right, "features": dict(zip(("painted", "true", "other"), features))}, (strip,))


def _seed(ask: PainterAsk, k: int) -> int:
    """The simulator as a painter makes the world of the seed; others take it for noise."""
    return HELD_OUT + k if ask.name == "sim" else ask.seed + k


def _right(said: dict[str, str], read: dict[str, str]) -> dict[str, bool]:
    """For each of ROWS that is asked for, whether it is read."""
    found = {name: read[name] == said[name] for name in said if name in ROWS}
    for thing in THINGS:
        if f"{thing}_color" in said:
            found[f"{thing} with its colour"] = found[thing] and read[f"{thing}_color"] == said[f"{thing}_color"]
    return found


def tables(cases: list[dict]) -> Tables:
    """Rows {"attribute", "plain", "paraphrased", "judge on the truth", "of"}, and the Fréchet distance."""
    rows = []
    for name in ROWS:
        shares = {kind: [found["right"][kind][name] for found in cases if name in found["right"][kind]] for kind in cases[0]["right"]}
        row = {"attribute": name, "plain": mean(shares["plain"]), "paraphrased": mean(shares["paraphrased"])}
        rows.append({**row, "judge on the truth": mean(shares["true"]), "of": len(shares["paraphrased"])})
    painted, true, other = (np.array([found["features"][kind] for found in cases]) for kind in ("painted", "true", "other"))
    apart = {"pictures": len(cases), "painter": float("nan"), "simulator": float("nan")}
    if len(cases) > 1:
        apart |= {"painter": mean([frechet(painted, other)]), "simulator": mean([frechet(true, other)])}
    return {"words": rows, "Fréchet distance": [apart]}


def plots(found: Tables) -> list[str]:
    rows = found["words"]
    kinds = ("plain", "paraphrased", "judge on the truth")
    values = {kind: [row[kind] if row[kind] is not None else 0.0 for row in rows] for kind in kinds}
    return [bars("share of pictures that show it", [row["attribute"] for row in rows], values)]


WORDS = Part(
    "words",
    "Prompts of held-out worlds: the share of pictures in which the judge reads what the prompt names (clear weather is named only in "
    "paraphrases, which say all in rarer words, half of them never taught); of: how many paraphrases name it. Beside it the judge's score on "
    "the simulator's own pictures of these worlds. Fréchet distance: of the judge's features, to the simulator's pictures of as many other "
    "worlds; the simulator's own, from its pictures of these worlds to those, shows how large it is by chance.",
    case,
    tables,
    n=64,
    few=12,
    frames=2,
    plots=plots,
)


def diverse(ask: PainterAsk, k: int) -> Found:
    """One prompt, some seeds: the mean distance of all pairs, of the painter's and of the simulator's pictures of the same prompt."""
    sim = world(k)
    prompt, seeds = canonical(sim.spec, sim.visible()), [_seed(ask, SEEDS * k + i) for i in range(SEEDS)]
    made = ask.paint(prompt, seeds)
    true = np.stack(list(painters.paint("sim", prompt, [HELD_OUT + SEEDS * k + i for i in range(SEEDS)], WIDTH, HEIGHT)))
    figures = {"painter": judging.spread(ask.judge, made), "simulator": judging.spread(ask.judge, true)}
    return Found(figures, (Strip(f"{prompt}; above the painter's, below the simulator's", [made, true]),))


def spread_tables(cases: list[dict]) -> Tables:
    """One row {"prompts", "seeds", "painter", "simulator"}."""
    means = {kind: mean([found[kind] for found in cases]) for kind in ("painter", "simulator")}
    return {"diversity": [{"prompts": len(cases), "seeds": SEEDS, **means}]}


DIVERSITY = Part(
    "diversity",
    "How different the pictures of one prompt are: the mean distance, in the judge's features, of all pairs of seeds; beside it the "
    "simulator's worlds of the same prompt.",
    diverse,
    spread_tables,
    n=8,
    few=2,
    frames=SEEDS,
)

PARTS = {part.name: part for part in (WORDS, DIVERSITY)}
