"""One episode of each kind: a seed comes in, an Episode comes out. Nothing is written here.

play        a goal-directed, random, looking or single-key player, started beside something to do
palindrome  out and the same way back: what was seen must be seen again
branch      one moment, then every action in turn, each from that same moment
event       beside a door, a crate, water or in the open: the key that acts there, pressed and not pressed, again and again
change      beside a door or a crate, from when a key is pressed; three times, frame by frame of the same moments: as it was, and as it would
            have been had crates and door not changed since the frame before, and since before the last event. Splinters are left out
body        walks, twice, frame by frame of the same moments: as it was, and as it would be did the player still stand as he did some frames ago
still       unconnected views of one world, for the painter and the autoencoder
face        the player seen from above, facing anywhere: which way one faces cannot be told from walks, there are too few
start       the one view with which a world begins, which is what a painter is asked for
"""

import itertools
import math
import random
from collections.abc import Iterator
from dataclasses import replace

from t2w.actions import Action
from t2w.data.shard import Episode
from t2w.sim.camera import ISOMETRIC
from t2w.sim.captions import canonical
from t2w.sim.doer import Doer
from t2w.sim.player import make
from t2w.sim.render import Renderer
from t2w.sim.simulator import SPACE, Simulator
from t2w.sim.spec import VIEWS, sample
from t2w.sim.walking import BREAK, DOOR, YAW

STYLES = {"goal": 0.35, "random": 0.25, "single": 0.3, "idle_look": 0.1}
PLACES = ("crate", "crate", "door", "shore", "creature", "landmark", "open", "open", "start", "start", "start")
BACK = {"w": "s", "s": "w", "a": "d", "d": "a"}
BRANCHES = (
    [Action()]
    + [Action(frozenset({key})) for key in SPACE.keys]
    + [Action(mouse=mouse) for mouse in ((-6.0, 0.0), (6.0, 0.0), (0.0, -3.0), (0.0, 3.0))]
)
BRANCH_FRAMES = 16
EVENTS = (  # where, and what kind of world it takes
    *(("door", {"landmark": "cabin"}),) * 3,
    *(("crate", {}),) * 4,
    *(("shore", {"biome": "tropical island"}),) * 2,
    *(("shore", {}), ("open", {})),
)
CHANGES = (("door", {"landmark": "cabin"}), *(("crate", {}),) * 3)
CHANGE_FRAMES = {"door": 12, "crate": 6}  # a door opens little by little, a crate is gone at once
BODIES = (*PLACES, *("shore",) * 5)
BATHS = 2.5  # times as long as other walks: first one has to get into the water
CHANGED = ("now", "a frame ago", "before")  # since when nothing has changed; the order of the three episodes
POSED = ("now", "earlier")  # how the player stands; the order of the two episodes
EARLIER = 8  # frames at most, but for those in which he stands as at first
LATE = 4  # frames after an event in which "before" is as before it; then it is as now
STILLS = 4
FACES = 6


def simulator(seed: int, renderer: Renderer, rng: random.Random) -> tuple[Simulator, str]:
    """The world of a seed, its player somewhere to the point; and where that is."""
    sim = Simulator(sample(seed), renderer.width, renderer.height, renderer=renderer)
    place = rng.choice(PLACES)
    return sim, place if place == "start" else sim.place(place, rng)


def about(sim: Simulator, kind: str, **more: object) -> dict:
    return {"kind": kind, "seed": sim.spec.seed, "spec": sim.spec.to_dict(), "caption": canonical(sim.spec, sim.visible()), **more}


def follow(sim: Simulator, episode: Episode, actions: Iterator[Action]) -> None:
    """Frame, action, frame, action … into the episode."""
    for action in actions:
        frame, *told = shot(sim)
        episode.add(frame, SPACE.vector(action), sim.step(action), *told)


def shot(sim: Simulator) -> tuple:
    """The frame of this moment, and what is told of it."""
    return sim.frame(), sim.visible(), sim.renderer.nearness(), sim.renderer.pose, sim.facing(), sim.stance()


def back(action: Action) -> Action:
    """The action that undoes this one, as far as there is one."""
    keys = frozenset(BACK[key] for key in action.keys if key in BACK)
    return Action(keys, (-action.mouse[0], -action.mouse[1]))


def play(seed: int, frames: int, renderer: Renderer) -> list[Episode]:
    rng = random.Random(seed)
    sim, place = simulator(seed, renderer, rng)
    style = rng.choices(list(STYLES), STYLES.values())[0]
    player = make(style, sim, seed)
    episode = Episode(about(sim, "play", style=style, place=place))
    follow(sim, episode, (player(None, t) for t in range(frames)))
    return [episode]


def palindrome(seed: int, frames: int, renderer: Renderer) -> list[Episode]:
    rng = random.Random(seed)
    sim, place = simulator(seed, renderer, rng)
    player, half = make(rng.choice(("random", "idle_look", "single")), sim.fork(), seed), frames // 2
    out = [player(None, t) for t in range(half)]
    episode = Episode(about(sim, "palindrome", place=place, turn=half))
    follow(sim, episode, iter(out + [back(action) for action in reversed(out)]))
    return [episode]


def branch(seed: int, frames: int, renderer: Renderer) -> list[Episode]:
    rng = random.Random(seed)
    sim, place = simulator(seed, renderer, rng)
    player = make("goal", sim, seed)
    for t in range(rng.randrange(0, 40)):
        sim.step(player(None, t))
    episodes = []
    for action in BRANCHES:
        fork = sim.fork()
        episode = Episode(about(fork, "branch", place=place, action=action.to_row()))
        follow(fork, episode, iter([action] * BRANCH_FRAMES))
        episodes.append(episode)
    return episodes


def event(seed: int, frames: int, renderer: Renderer) -> list[Episode]:
    rng = random.Random(seed)
    wish, fixed = rng.choice(EVENTS)
    sim = Simulator(replace(sample(seed), **fixed), renderer.width, renderer.height, renderer=renderer)
    place = sim.place(wish, rng)
    player, episode = Doer(sim, place, seed), Episode(about(sim, "event", place=place))
    follow(sim, episode, (player(None, t) for t in range(frames)))
    return [episode]


def change(seed: int, frames: int, renderer: Renderer) -> list[Episode]:
    rng = random.Random(seed)
    wish, fixed = rng.choice(CHANGES)
    sim = Simulator(replace(sample(seed, view=rng.choice(VIEWS[:2])), **fixed), renderer.width, renderer.height, renderer=renderer)
    episodes = []
    for _ in range(max(1, frames // CHANGE_FRAMES[wish])):
        place = sim.place(wish, rng)
        player = Doer(sim, rng.choice((place, place, place, "open")), rng.randrange(1 << 30))
        actions = (player(None, t) for t in range(90))
        for action in actions:  # up to when one of these keys is pressed
            if action.keys & {"e", "lmb"}:
                break
            sim.step(action)
        episodes += _three_times(sim, place, itertools.chain([action], itertools.islice(actions, CHANGE_FRAMES[wish] - 1)))
    return episodes


def _three_times(sim: Simulator, place: str, actions: Iterator[Action]) -> list[Episode]:
    episodes = [Episode(about(sim, "change", place=place, unchanged_since=since)) for since in CHANGED]
    last = before = sim.state.copy()
    for action in actions:
        shots = [shot(sim.unchanged(then)) for then in (sim.state, last, before)]
        last = sim.state.copy()
        events = sim.step(action)
        for episode, (frame, *told) in zip(episodes, shots):
            episode.add(frame, SPACE.vector(action), events, *told)
        if events & (BREAK | DOOR):
            before = last
        elif not any(x & (BREAK | DOOR) for x in episodes[0].events[-LATE:]):
            before = sim.state.copy()
    return episodes


def body(seed: int, frames: int, renderer: Renderer) -> list[Episode]:
    rng = random.Random(seed)
    wish = rng.choice(BODIES)
    fixed = {"view": rng.choices(VIEWS, (2, 2, 1))[0]} | ({"biome": "tropical island"} if wish == "shore" and rng.random() < 0.5 else {})
    sim = Simulator(replace(sample(seed), **fixed), renderer.width, renderer.height, renderer=renderer)
    place = wish if wish == "start" else sim.place(wish, rng)
    style = rng.choices(list(STYLES), STYLES.values())[0]
    does = rng.random() < {"shore": 0.8, "crate": 0.6, "open": 0.5}.get(place, 0.0)
    player = Doer(sim, place, seed) if does else make(style, sim, seed)
    episodes, states = [Episode(about(sim, "body", place=place, stands=stands)) for stands in POSED], []
    for t in range(round(frames * (BATHS if does and place == "shore" else 1))):
        states.append(sim.state.copy())
        ago = rng.choice((1, 1, 1, rng.randint(1, EARLIER), t))
        shots = [shot(sim), shot(sim.posed(states[max(0, t - ago)]))]
        action = player(None, t)
        events = sim.step(action)
        for episode, (frame, *told) in zip(episodes, shots):
            episode.add(frame, SPACE.vector(action), events, *told)
    return episodes


def still(seed: int, frames: int, renderer: Renderer) -> list[Episode]:
    rng = random.Random(seed)
    sim = Simulator(sample(seed), renderer.width, renderer.height, renderer=renderer)
    episode = Episode(about(sim, "still"))
    for k in range(STILLS):
        if k >= STILLS // 2:  # half as a world begins, half anywhere
            sim.place(rng.choice(PLACES[:-3]), rng)
        follow(sim, episode, iter([Action()]))
        look = Action(mouse=(rng.uniform(-12, 12), rng.uniform(-2, 2)))
        for _ in range(rng.randrange(1, 4)):
            sim.step(look)
    return [episode]


def face(seed: int, frames: int, renderer: Renderer) -> list[Episode]:
    rng = random.Random(seed)
    sim = Simulator(replace(sample(seed), view=ISOMETRIC), renderer.width, renderer.height, renderer=renderer)
    if (place := rng.choice(PLACES)) != "start":
        sim.place(place, rng)
    episode = Episode(about(sim, "face"))
    for _ in range(FACES):
        sim.state.player[YAW] = rng.uniform(-math.pi, math.pi)
        follow(sim, episode, iter([Action(frozenset(rng.choice((("w",), ("a",), ("d",), ()))))]))
    return [episode]


def start(seed: int, frames: int, renderer: Renderer) -> list[Episode]:
    sim = Simulator(sample(seed), renderer.width, renderer.height, renderer=renderer)
    episode = Episode(about(sim, "start"))
    follow(sim, episode, iter([Action()]))
    return [episode]


RECORDERS = {
    "play": play,
    "palindrome": palindrome,
    "branch": branch,
    "event": event,
    "change": change,
    "body": body,
    "still": still,
    "face": face,
    "start": start,
}
