"""Parts of recipes in, jobs out: which candidates are painted and which takes are rolled, each named by a digest of all that decides it."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache

from t2w.actions.action import Action
from t2w.batch.recipe import Part
from t2w.dream import Walk
from t2w.errors import T2WError
from t2w.rollout import scripts, takes
from t2w.rollout.length import beyond, length
from t2w.start import painters, weights
from t2w.start.presets import PainterSpec
from t2w.start.start import LARGEST_SEED, Start
from t2w.worlds import registry
from t2w.worlds.protocol import WorldSpec

MOST = 100_000  # takes of one batch
WHOLE_DIGEST, DIGITS = 64, 12  # of a world's folder: a batch may have thousands of worlds with the same words


@dataclass(frozen=True)
class Paint:
    """The first stage: n candidates and their sheet."""

    kind = "painter"
    key: str
    folder: str  # worlds/NAME, in the batch's folder
    start: Start
    n: int
    device: str = "auto"
    dtype: str = "auto"
    metadata: bool = True
    memory: str = "auto"
    asked: str = ""  # what the recipe says of how it is painted
    weights: str = ""  # a fingerprint

    @property
    def name(self) -> str:
        return self.start.painter

    @property
    def model(self) -> str:
        return f"{self.kind} {self.name} {self.device} {self.dtype} {self.asked}".rstrip()

    @property
    def spec(self) -> PainterSpec:
        return painters.spec(self.name)

    @property
    def size(self) -> int:
        return self.n

    def ready(self) -> None:
        """Raises T2WError unless the painter is on this disk, and can be called so."""
        painters.ready(self.name, self.start.settings)

    def weights_now(self) -> str:
        return weights.of_painter(self.name, weights.loras(self.start.settings))


@dataclass(frozen=True)
class Roll:
    """The second stage: a take."""

    kind, asked = "world", ""
    key: str
    paint: str  # the key of the job that must be done before
    folder: str
    pick: int | None  # None: the artist is asked
    only: bool  # no other candidate of this world is rolled: world.json says which one it was
    walk: Walk
    fps: float
    clean: bool
    metadata: bool
    recipe: str
    actions: str | None  # the script's name
    weights: str = ""  # a fingerprint of the world's

    @property
    def name(self) -> str:
        return self.walk.world

    @property
    def device(self) -> str:
        return self.walk.device

    @property
    def model(self) -> str:
        return f"{self.kind} {self.name} {self.device} {self.walk.dtype}"

    @property
    def spec(self) -> WorldSpec:
        return registry.spec(self.name)

    @property
    def size(self) -> int:
        return self.walk.frames

    def ready(self) -> None:
        """Raises T2WError unless the world is on this disk."""
        registry.ready(self.name)

    def weights_now(self) -> str:
        return weights.of_world(self.name)


Job = Paint | Roll


@dataclass(frozen=True)
class Plan:
    paints: tuple[Paint, ...]
    rolls: tuple[Roll, ...]
    notes: tuple[str, ...] = ()
    same: int = 0  # takes that were asked for more than once


def plan(parts: Iterable[Part]) -> Plan:
    """All jobs, none twice. Raises T2WError for what cannot be made."""
    paints, rolls, notes, asked = dict[str, Paint](), dict[str, Roll](), dict[str, None](), 0
    of_painter, of_world = cache(weights.of_painter), cache(weights.of_world)  # each is looked at once
    for part in parts:
        notes |= dict.fromkeys((*part.notes, *_notes(part)))
        for paint, roll in _jobs(part, of_painter(part.painter, weights.loras(part.settings)), of_world(part.world)):
            known = paints.get(paint.folder)
            if known is None or known.n < paint.n:
                paints[paint.folder] = paint if known is None else replace(known, n=paint.n)
            rolls.setdefault(roll.key, roll)
            asked += 1
            if asked > MOST:
                raise T2WError(f"{part.source}: more than {MOST:,} takes; make several recipes of it")
    picks: dict[str, set] = {}
    for roll in rolls.values():
        picks.setdefault(roll.folder, set()).add(roll.pick)
    paints = {folder: replace(paint, key=_paint_key(paint)) for folder, paint in paints.items()}
    done = tuple(
        replace(roll, paint=paints[roll.folder].key, only=roll.pick is not None and len(picks[roll.folder]) == 1) for roll in rolls.values()
    )
    return Plan(tuple(paints.values()), done, tuple(notes), asked - len(done))


def _jobs(part: Part, painter_weights: str, world_weights: str) -> Iterator[tuple[Paint, Roll]]:
    spec, how = registry.spec(part.world), (part.device, part.dtype, part.memory)
    acted = [(*actor, *_acted(part, actor[0])) for actor in part.actors]
    for prompt in part.prompts:
        understood = _understood(part.painter, prompt)
        for seed in part.seeds:
            start = Start(prompt, part.painter, seed, spec.width, spec.height, part.settings, understood=understood)
            named = {"metadata": part.metadata, "memory": part.memory, "asked": part.asked, "weights": painter_weights}
            paint = Paint("", _folder(start, painter_weights, part), start, part.candidates, part.device, part.dtype, **named)
            for pick in _picks(part):
                for script, policy, actions, acts, frames in acted:
                    for take in range(part.takes):
                        walk = Walk(part.world, policy or "explore", actions, _seed(seed + take, part), frames, *how)
                        decides = (paint.folder, pick, walk.world, walk.policy, acts, walk.seed, frames, part.device, part.dtype)
                        key = digest((*decides, part.clean, part.metadata, world_weights))
                        kept = (part.clean, part.metadata, part.source, script, world_weights)
                        yield paint, Roll(key, "", paint.folder, pick, False, walk, spec.fps, *kept)


def _folder(start: Start, weights_: str, part: Part) -> str:
    """worlds/snowy-pine-forest-7f3a…: words of the prompt, then a digest of all that decides the pictures."""
    name = start.name(WHOLE_DIGEST)
    decides = (name, weights_, *(how for how in (part.device, part.dtype) if how != "auto"))
    return f"worlds/{name[:-WHOLE_DIGEST]}{digest(decides)[:DIGITS]}"


def _picks(part: Part) -> Iterable[int | None]:
    if part.pick == "all":
        return range(1, part.candidates + 1)
    return [None if part.pick == "ask" else 1 if part.pick == "first" else part.pick]


def _acted(part: Part, script: str | None) -> tuple[tuple[Action, ...] | None, str, int]:
    """(actions, their digest, frames) of a walk."""
    spec = registry.spec(part.world)
    actions, named = (None, "") if script is None else _actions(script, spec.fps)
    return actions, named, length(spec, part.seconds, part.frames, None if actions is None else len(actions))


@cache
def _actions(script: str, fps: float) -> tuple[tuple[Action, ...], str]:
    actions = tuple(scripts.read(script).actions(fps))
    return actions, digest(takes.to_runs(list(actions)))


@cache
def _understood(painter: str, prompt: str) -> dict:
    reading = painters.understood(painter, prompt)
    return reading.to_manifest() if reading else {}


def _notes(part: Part) -> Iterator[str]:
    """What the user should know of a part; an error where it is to be strict."""
    spec = registry.spec(part.world)
    for script in part.actions:
        for sentence in _lacks(script, part.world):
            if part.strict:
                raise T2WError(sentence)
            yield sentence
    longest = max(frames for _, _, frames in (_acted(part, script) for script, _ in part.actors))
    if sentence := beyond(spec, longest):
        yield sentence


@cache
def _lacks(script: str, world: str) -> tuple[str, ...]:
    return tuple(scripts.lacks(scripts.read(script), registry.spec(world)))


def _seed(seed: int, part: Part) -> int:
    if seed > LARGEST_SEED:
        raise T2WError(f"{part.source}: the seeds of {part.takes} takes reach {seed:,}; {LARGEST_SEED:,} is the largest")
    return seed


def _paint_key(paint: Paint) -> str:
    return digest((paint.folder, paint.n, paint.device, paint.dtype, paint.metadata))  # the folder's name is a digest of the start


def digest(value: object) -> str:
    """32 hex digits of anything that JSON can hold."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()[:32]


def to_json(job: Job) -> str:
    """A job without its script's actions, which a queue keeps once for all of its jobs."""
    row = replace(job, walk=replace(job.walk, actions=None)) if isinstance(job, Roll) else job
    return json.dumps(row, default=vars, ensure_ascii=False, separators=(",", ":"))


def from_json(text: str, actions: tuple[Action, ...] | None = None) -> Job:
    row = json.loads(text)
    if "start" in row:
        return Paint(**{**row, "start": Start(**row["start"])})
    return Roll(**{**row, "walk": replace(Walk(**row["walk"]), actions=actions)})
