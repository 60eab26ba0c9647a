"""Events: does a jump rise and fall, a crate break, a door open, a swimmer float, as often as in the truth?

For each a moment of the simulator is looked for in which a key truly brings the event about: the simulator reports it, and it changes at
least a hundredth of the picture. The world dreams both films, with and without the key, too. In the pixels that the event changes, its film
with the key has to be nearer to the true one with it, and its film without the key to the true one without: then the event counts as seen.
So a world that always breaks the crate scores no more than one that never does, and one that turns to mush scores by chance, a quarter.
What crates and doors change is what would be otherwise had they stayed as they were. Splinters fly, and creatures go elsewhere after a blow,
by chance: that is not asked, nor is what happens to a crate that the player hides.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from t2w.actions import Action
from t2w.evaluate.measure import mean
from t2w.evaluate.part import Ask, Found, Part, Strip, Tables
from t2w.evaluate.truth import VIEWS, Moment, moment, world
from t2w.sim.places import heading
from t2w.sim.simulator import Simulator
from t2w.sim.walking import BREAK, DOOR, JUMP, SWIM, SWIMMING, YAW, X, Y, Z

WAIT, FRAMES = 2, 18  # the key is pressed after so many frames; so many are made
TRIES = 60  # worlds in which a moment is looked for
DIFFERS, LEAST = 24, 0.01  # levels of 255 in any colour, and the share of pixels that have to differ so
IDLE, WALK = Action(), Action(frozenset("w"))


def _stand(sim: Simulator, frames: int = 5) -> None:
    for _ in range(frames):
        sim.step(IDLE)


def _in_the_open(sim: Simulator, rng: random.Random) -> bool:
    sim.place("open", rng)
    _stand(sim)
    return sim.state.player[SWIM] < 0.5


def _before_a_crate(sim: Simulator, rng: random.Random) -> bool:
    """Up to it, and facing it."""
    if sim.place("crate", rng) != "crate":
        return False
    player, crates = sim.state.player, sim.state.crates
    crate = min(crates[crates[:, 7] > 0], key=lambda c: np.hypot(c[0] - player[X], c[1] - player[Y]))
    for _ in range(20):
        player[YAW] = heading(player[X], player[Y], crate[0], crate[1])
        if np.hypot(crate[0] - player[X], crate[1] - player[Y]) < crate[3] + 0.9:
            break
        sim.step(WALK)
    _stand(sim)
    return True


def _before_a_door(sim: Simulator, rng: random.Random) -> bool:
    led = sim.place("door", rng)
    _stand(sim)
    return led == "door"


def _afloat(sim: Simulator, rng: random.Random) -> bool:
    if sim.place("shore", rng) != "shore":
        return False
    for _ in range(40):
        sim.step(WALK)
    _stand(sim, 15)
    return sim.state.player[SWIM] > 0.5


@dataclass(frozen=True)
class Event:
    name: str
    key: str
    held: int  # frames
    bit: int  # by which the simulator reports it
    prepare: Callable[[Simulator, random.Random], bool]  # brings the player there, or says that it cannot be had
    fixed: dict[str, str]  # what kind of world it takes


EVENTS = (
    Event("a jump rises and falls", "space", 2, JUMP, _in_the_open, {}),
    Event("a crate breaks", "lmb", 2, BREAK, _before_a_crate, {}),
    Event("a door opens", "e", 1, DOOR, _before_a_door, {"landmark": "cabin"}),
    Event("a swimmer floats, and rises with space", "space", FRAMES - WAIT, SWIMMING, _afloat, {"biome": "tropical island"}),
)


@dataclass(frozen=True)
class Scene:
    """A moment at which the key brings the event about, and what truly follows with and without it (t h w c)."""

    start: Moment
    pressed: np.ndarray
    left_alone: np.ndarray
    at: int  # the frame by which it is told: a jump at its highest, all else at the end
    where: np.ndarray  # (h w) what the event changes in that frame


def plan(event: Event) -> list[Action]:
    return [IDLE] * WAIT + [Action(frozenset({event.key}))] * event.held + [IDLE] * (FRAMES - WAIT - event.held)


def find(event: Event, k: int) -> Scene | None:
    """Scene k of an event, from worlds that no other scene of it is looked for in."""
    for trial in range(k * TRIES, (k + 1) * TRIES):
        sim = world(trial, view=VIEWS[k % 2], **event.fixed)
        if not event.prepare(sim, random.Random(trial)):
            continue
        start, before, bits = moment(sim), sim.state.copy(), 0
        with_key, without, frames, heights = sim.fork(), sim.fork(), [], []
        for action in plan(event):
            bits |= with_key.step(action)
            without.step(IDLE)
            frames.append((with_key.frame(), without.frame()))
            heights.append(with_key.state.player[Z])
        pressed, left_alone = map(np.stack, zip(*frames))
        at = int(np.argmax(heights)) if event.bit == JUMP else FRAMES - 1
        pair = [with_key.unchanged(since).frame() for since in (with_key.state, before)] if event.bit & (BREAK | DOOR) else frames[at]
        where = np.abs(np.subtract(*pair, dtype=np.int16)).max(-1) > DIFFERS
        if bits & event.bit and where.mean() >= LEAST:
            return Scene(start, pressed, left_alone, at, where)
    return None


def nearer(picture: np.ndarray, one: np.ndarray, other: np.ndarray, where: np.ndarray) -> bool:
    """Whether a picture is nearer to one than to the other, in some of its pixels."""
    errors = [np.square(picture[where].astype(np.float32) - right[where]).mean() for right in (one, other)]
    return bool(errors[0] < errors[1])


def case(ask: Ask, k: int) -> Found:
    """One scene of one event: seen with the key, not seen without; a jump has to have come down again too."""
    event = EVENTS[k % len(EVENTS)]
    scene = find(event, k // len(EVENTS))
    if scene is None:
        return Found({"event": event.name, "seen": None})
    session = ask.begin(scene.start, k)
    pressed, left_alone = (ask.film(session.fork(), scene.start.frame, actions) for actions in (plan(event), [IDLE] * FRAMES))
    t, where = scene.at, scene.where
    happens = nearer(pressed[t], scene.pressed[t], scene.left_alone[t], where)
    if event.bit == JUMP:
        happens &= nearer(pressed[-1], scene.pressed[-1], scene.pressed[t], where)
    stays = nearer(left_alone[t], scene.left_alone[t], scene.pressed[t], where)
    at = sorted({WAIT, t, *range(5, FRAMES, 4), FRAMES - 1})
    about = f"{event.name}: {event.key} pressed in the world and in the truth, then not pressed in the world and in the truth"
    films = [film[at] for film in (pressed, scene.pressed, left_alone, scene.left_alone)]
    return Found({"event": event.name, "seen": happens and stays, "with": happens, "without": stays}, (Strip(about, films),))


def tables(cases: list[dict]) -> Tables:
    """Rows {"event", "seen", "of" as many in the truth, "share", and how often with and without the key all was right}."""
    rows = []
    for name in (event.name for event in EVENTS):
        these = [found for found in cases if found["event"] == name and found["seen"] is not None]
        if these:
            row = {"event": name, "seen": sum(found["seen"] for found in these), "of": len(these)}
            right = {f"right {key} the key": mean([found[key] for found in these]) for key in ("with", "without")}
            rows.append({**row, "share": mean([found["seen"] for found in these]), **right})
    return {"events": rows}


PART = Part(
    "events",
    "From moments at which a key truly brings an event about. Seen: in what the event changes of the picture, the world's film "
    "with the key is nearer to the true one with it, and its film without to the true one without; chance scores a quarter.",
    case,
    tables,
    n=6 * len(EVENTS),
    few=len(EVENTS),
    frames=2 * FRAMES,
)
