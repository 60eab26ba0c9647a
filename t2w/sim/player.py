"""Scripted players for collecting data: make(style, simulator, seed) => a policy (frame, t) -> Action. They know the world's state."""

import math
import random
from collections.abc import Callable

import numpy as np

from t2w.actions import Action
from t2w.errors import T2WError
from t2w.sim.ground import height_at
from t2w.sim.places import MIDDLE, outward
from t2w.sim.simulator import Simulator
from t2w.sim.walking import PITCH, SPEED, SWIM, YAW, X, Y

Policy = Callable[[np.ndarray, int], Action]
LEASH = 26.0  # metres from the middle, or a little more than where the player began
FASTEST = 10.0  # degrees a frame
GOALS = (*("crate",) * 4, *("creature",) * 3, *("door",) * 2, *("roam",) * 2, *("sidle",) * 2, "water", "tour")
AT_HAND = 4.0  # metres: what the player starts beside is its first goal
MOVES = (("w",), ("w",), ("s",), ("s",), ("a",), ("d",), ("a",), ("d",), ("w", "a"), ("w", "d"), ("s", "a"), ("s", "d"))


def make(style: str, simulator: Simulator, seed: int) -> Policy:
    """The same seed plays the same way."""
    styles = {"goal": Player, "random": Restless, "idle_look": Onlooker, "single": Experimenter}
    if style not in styles:
        raise T2WError(f"no player of style {style!r}; there are: {', '.join(styles)}")
    return styles[style](simulator, seed)


def limited(value: float, most: float) -> float:
    return max(-most, min(most, value))


def turn_to(player: np.ndarray, x: float, y: float) -> float:
    """Degrees to the right from where the player looks to the point."""
    error = math.atan2(player[X] - x, y - player[Y]) - player[YAW]
    return -math.degrees(math.atan2(math.sin(error), math.cos(error)))


def level(player: np.ndarray, pitch: float = -7.0, gain: float = 0.12) -> float:
    """Degrees down in this frame that bring the view back to a pitch in degrees."""
    return gain * (math.degrees(player[PITCH]) - pitch)


def speed_of_turn(rng: random.Random, slowest: float = 0.5) -> float:
    """Degrees a frame, as often slow as fast."""
    return slowest * (FASTEST / slowest) ** rng.random()


class Leash:
    """How far the player may go from the middle of the world."""

    def __init__(self, player: np.ndarray):
        self.length = max(LEASH, self.stretch(player) + 4.0)

    @staticmethod
    def stretch(player: np.ndarray) -> float:
        return math.hypot(player[X] - MIDDLE[0], player[Y] - MIDDLE[1])

    def taut(self, player: np.ndarray) -> bool:
        return self.stretch(player) > self.length


class Restless:
    """Sticky random keys and a smooth mouse; turns back to the middle at the end of the leash."""

    def __init__(self, simulator: Simulator, seed: int):
        self.simulator, self.rng, self.leash = simulator, random.Random(seed), Leash(simulator.state.player)
        self.left, self.keys, self.drift, self.mouse = 0, frozenset(), (0.0, 0.0), [0.0, 0.0]

    def __call__(self, frame: np.ndarray, t: int) -> Action:
        rng, player = self.rng, self.simulator.state.player
        if self.left <= 0:
            self.left = rng.randint(4, 20)
            keys = {*rng.choice(MOVES)} if rng.random() < 0.85 else set()
            keys |= {key for key, share in (("space", 0.12), ("e", 0.05), ("lmb", 0.12)) if rng.random() < share}
            turn = speed_of_turn(rng) * rng.choice((-1, 1)) if rng.random() < 0.5 else 0.0
            self.keys, self.drift = frozenset(keys), (turn, rng.gauss(0, 1.0))
        self.left -= 1
        home = self.leash.taut(player)
        aim = limited(turn_to(player, *MIDDLE) * 0.3, FASTEST) if home else self.drift[0]
        self.mouse[0] += 0.4 * (aim - self.mouse[0])
        self.mouse[1] += 0.4 * (self.drift[1] + level(player, gain=0.06) - self.mouse[1])
        keys = (self.keys - {"s"}) | {"w"} if home else self.keys
        if player[SWIM] > 0 and rng.random() < 0.3:
            keys = keys | {"space"}
        return Action(frozenset(keys), (limited(self.mouse[0], FASTEST), limited(self.mouse[1], FASTEST)))


class Onlooker:
    """Stands still and looks: pauses, turns, glances up and down."""

    def __init__(self, simulator: Simulator, seed: int):
        self.simulator, self.rng, self.left, self.aim, self.mouse = simulator, random.Random(seed), 0, (0.0, None), [0.0, 0.0]

    def __call__(self, frame: np.ndarray, t: int) -> Action:
        rng, player = self.rng, self.simulator.state.player
        if self.left <= 0:
            self.left = rng.randint(8, 30)
            turn = speed_of_turn(rng, 0.3) * rng.choice((-1, 1)) if rng.random() < 0.7 else 0.0
            self.aim = (turn, rng.uniform(-40, 15) if rng.random() < 0.4 else None)
        self.left -= 1
        down = 0.0 if self.aim[1] is None else limited(level(player, self.aim[1], 0.25), 5.0)
        self.mouse[0] += 0.5 * (self.aim[0] - self.mouse[0])
        self.mouse[1] += 0.5 * (down - self.mouse[1])
        return Action(frozenset(), (self.mouse[0], self.mouse[1]))


class Experimenter:
    """One key or one turn held for a second or two, then another, sometimes none: what each does is plain to see."""

    CHOICES = (
        *("w", "w", "w", "s", "s", "a", "a", "d", "d", "space", "w+space", "lmb", "e", "none"),
        *("left", "left", "right", "right", "up", "down"),
    )

    def __init__(self, simulator: Simulator, seed: int):
        self.simulator, self.rng, self.leash = simulator, random.Random(seed), Leash(simulator.state.player)
        self.left, self.action = 0, Action()

    def __call__(self, frame: np.ndarray, t: int) -> Action:
        rng, player = self.rng, self.simulator.state.player
        if self.left <= 0:
            second = self.simulator.fps
            self.left, choice = int(second * rng.uniform(1, 2)), rng.choice(self.CHOICES)
            turn, tilt = speed_of_turn(rng), rng.uniform(0.5, 2.0)
            turns = {"left": (-turn, 0.0), "right": (turn, 0.0), "up": (0.0, -tilt), "down": (0.0, tilt)}
            keys = frozenset() if choice in turns or choice == "none" else frozenset(choice.split("+"))
            self.action = Action(keys, turns.get(choice, (0.0, 0.0)))
            if self.leash.taut(player):
                off = turn_to(player, *MIDDLE)
                home = abs(off) < 30
                self.left = 15 if home else max(1, math.ceil(abs(off) / 8.0))
                self.action = Action(frozenset({"w"}), (0.0, 0.0)) if home else Action(frozenset(), (off / self.left, 0.0))
        self.left -= 1
        return self.action


class Player:
    """Picks a goal (a crate, the door, water, a creature, a place, a look around), goes there and does what is done there."""

    def __init__(self, simulator: Simulator, seed: int):
        self.simulator, self.rng, self.goal, self.age = simulator, random.Random(seed), "", 0
        self.noise, self.leash = random.Random(seed + 1), Leash(simulator.state.player)

    def __call__(self, frame: np.ndarray, t: int) -> Action:
        if not self.goal or self.age > self.limit:
            self.choose()
        self.age += 1
        player = self.simulator.state.player
        keys, right, down = getattr(self, "_" + self.goal)(player)
        keys = set(keys)
        if player[SWIM] > 0 and self.age % 20 < 10 or self.rng.random() < 0.02:
            keys.add("space")
        if self.rng.random() < 0.015:
            keys.add("lmb")
        if "w" in keys and player[SPEED] < 1.0 and self.age > 4:
            self.stuck += 1
        if self.stuck > 3:
            self.stuck += 1
            keys |= {"space", self.side}
        if self.stuck > 14:
            self.age = self.limit + 1
        right, down = right + self.noise.gauss(0, 0.25), down + self.noise.gauss(0, 0.2)
        return Action(frozenset(keys), (limited(right, FASTEST), limited(down, FASTEST)))

    def choose(self) -> None:
        rng, state, player = self.rng, self.simulator.state, self.simulator.state.player
        fresh = not self.goal
        self.age = self.stuck = self.phase = 0
        self.limit, self.side, self.turn = rng.randint(50, 90), rng.choice("ad"), speed_of_turn(rng, 2.5)
        self.goal, self.point = (fresh and self.at_hand()) or rng.choice(GOALS), self.somewhere()
        self.push, self.moves, self.pan = rng.random() < 0.5, rng.choice(MOVES), rng.choice((-1, 1)) * speed_of_turn(rng)
        alive = np.flatnonzero(state.crates[:, 7] > 0)
        if self.goal == "crate" and len(alive):
            self.which = min(alive, key=lambda i: math.hypot(state.crates[i, 0] - player[X], state.crates[i, 1] - player[Y]))
        elif self.goal == "creature" and len(state.creatures):
            apart = np.hypot(state.creatures[:, 0] - player[X], state.creatures[:, 1] - player[Y])
            self.which = int(apart.argmin()) if fresh or rng.random() < 0.5 else rng.randrange(len(apart))
        elif self.goal == "water":
            self.point = self.shore() or self.point
        elif self.goal in ("tour", "sidle"):
            self.limit = rng.randint(12, 30)
        elif self.goal != "door" or state.door[0] < 0:
            self.goal = "roam"
        if self.leash.taut(player):
            self.goal, self.point = "roam", MIDDLE

    def at_hand(self) -> str:
        """The kind of the nearest thing within reach that can be acted on, or nothing."""
        state, player = self.simulator.state, self.simulator.state.player
        crates = state.crates[state.crates[:, 7] > 0]
        places = {"crate": crates[:, :2], "creature": state.creatures[:, :2], "door": state.door[None, 2:4] if state.door[0] >= 0 else []}
        apart = {name: np.hypot(*(at - player[:2]).T).min() for name, at in places.items() if len(at)}
        nearest = min(apart, key=apart.get, default="")
        return nearest if nearest and apart[nearest] < AT_HAND else ""

    def somewhere(self) -> tuple[float, float]:
        angle, far = self.rng.uniform(0, 2 * math.pi), 22 * math.sqrt(self.rng.random())
        return MIDDLE[0] + far * math.cos(angle), MIDDLE[1] + far * math.sin(angle)

    def shore(self) -> tuple[float, float] | None:
        """The nearest of a few points under deep water."""
        player, scene = self.simulator.state.player, self.simulator.scene
        for k in range(40):
            angle, far = self.rng.uniform(0, 2 * math.pi), 4 + 0.6 * k
            x, y = player[X] + far * math.cos(angle), player[Y] + far * math.sin(angle)
            deep = height_at(scene.height, x, y) < scene.water_level - 1.3
            if deep and math.hypot(x - MIDDLE[0], y - MIDDLE[1]) < self.leash.length:
                return x, y
        return None

    def towards(self, player: np.ndarray, x: float, y: float) -> tuple[set[str], float, float, float]:
        """Keys, mouse right, mouse down and the distance of someone who walks to a point."""
        off = turn_to(player, x, y)
        keys = {"w"} if abs(off) < 45 else set()
        return keys, limited(off * 0.35, self.turn), level(player), math.hypot(x - player[X], y - player[Y])

    def _roam(self, player):
        keys, right, down, distance = self.towards(player, *self.point)
        if distance < 1.0:
            self.age = self.limit + 1
        return keys, right, down

    _water = _roam

    def _tour(self, player):
        return set(), self.pan, 1.2 * math.sin(self.age * 0.2)

    def _sidle(self, player):
        """Sideways, backwards, with or without a turn."""
        jump = {"space"} if self.push and self.age % 12 == 5 else set()
        return {*self.moves} | jump, self.pan if self.push else 0.0, level(player)

    def _crate(self, player):
        x, y, _, half, *_, alive = self.simulator.state.crates[self.which]
        keys, right, down, distance = self.towards(player, x, y)
        if not alive:
            self.age = self.limit + 1
        elif distance < half + 1.1 and self.push:
            self.limit = min(self.limit, self.age + 25)
            self.stuck = 0
        elif distance < half + 1.1:
            keys = {"lmb"} if self.age % 8 == 0 else set()
        return keys, right, down

    def _creature(self, player):
        x, y = self.simulator.state.creatures[self.which, :2]
        keys, right, down, distance = self.towards(player, x, y)
        if distance < 1.9:
            keys = {"lmb"} if self.age % 8 == 0 else set()
        return keys, right, down

    def _door(self, player):
        """To the front of the door, face it, open it, walk in, turn, walk out."""
        scene, door = self.simulator.scene, self.simulator.state.door
        out_x, out_y = outward(scene, self.simulator.state)
        front, within = (door[2] + out_x * 1.2, door[3] + out_y * 1.2), (door[2] - out_x * 1.8, door[3] - out_y * 1.8)
        self.phase += 1
        if self.phase < 60:  # on the way
            keys, right, down, distance = self.towards(player, *front)
            self.limit = self.age + 1
            if distance < 0.5:
                self.phase = 60
        elif self.phase < 72:
            keys, right, down = set(), limited(turn_to(player, *within) * 0.4, self.turn), level(player)
            if self.phase == 70 and door[1] < 0.5:
                keys = {"e"}
            self.limit = self.age + 70
        else:
            inward = self.phase < 100
            keys, right, down, distance = self.towards(player, *(within if inward else front))
            if distance < 0.4:
                keys = set()
                self.phase = max(self.phase, 100) if inward else self.phase
                self.limit = self.limit if inward else 0
        return keys, right, down
