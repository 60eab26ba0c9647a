"""The fields of a recipe: how each is read from YAML, checked where it stands, and described in the JSON schema."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from t2w.actions import policy as policies
from t2w.actions import script as scripts
from t2w.actions.yaml_nodes import List, Mapping, Node, Scalar, fields, scalar, shown, wrong
from t2w.errors import T2WError
from t2w.start import painters
from t2w.start.start import LARGEST_SEED, LONGEST_PROMPT
from t2w.worlds import device, registry

Reader = Callable[[Node, Path], object]  # (the value's node, the folder that the recipe's paths begin at) => the value; raises T2WError
MOST_TAKES, MOST_CANDIDATES, LONGEST = 10_000, 64, 3600.0
MOST_SEEDS = 100_000
SCRIPTS = (*scripts.SUFFIXES, ".pt", ".json")


@dataclass(frozen=True)
class Template:
    """A prompt as it is written, wildcards and all."""

    text: str
    place: str  # file:line:column


@dataclass(frozen=True)
class Field:
    read: Reader
    schema: dict
    about: str


def at(node: Node) -> str:
    mark = node.start_mark
    return f"{mark.name}:{mark.line + 1}:{mark.column + 1}"


def text(node: Node, example: str) -> str:
    if not isinstance(node, Scalar) or not scalar(node):
        raise wrong(node, f"words are wanted here, such as {example}, not {shown(node)}")
    return scalar(node)


def whole(low: int, high: int) -> Reader:
    def read(node: Node, base: Path) -> int:
        found = scalar(node)
        if not re.fullmatch(r"\d{1,12}", found, re.ASCII) or not low <= int(found) <= high:
            raise wrong(node, f"a whole number from {low} to {high:,} is wanted here, not {shown(node)}")
        return int(found)

    return read


def flag(node: Node, base: Path) -> bool:
    if scalar(node) not in ("true", "false"):
        raise wrong(node, f"true or false is wanted here, not {shown(node)}")
    return scalar(node) == "true"


def many(read: Reader) -> Reader:
    """One or a list of them => a tuple."""

    def all_of(node: Node, base: Path) -> tuple:
        if isinstance(node, List) and not node.value:
            raise wrong(node, "the list is empty; write one, or leave the field out")
        return tuple(read(item, base) for item in (node.value if isinstance(node, List) else [node]))

    return all_of


def checked(node: Node, check: Callable[[str], object]) -> None:
    """Runs a check of somebody else's on the text of a node; its sentence gets the place."""
    try:
        check(scalar(node))
    except T2WError as error:
        raise wrong(node, str(error)) from None


def prompts(node: Node, base: Path) -> tuple[Template, ...]:
    """Words, {file: PATH}, or a list of both => templates."""
    items = node.value if isinstance(node, List) else [node]
    found = [template for item in items for template in (_of_file(item, base) if isinstance(item, Mapping) else [_prompt(item)])]
    if not found:
        raise wrong(node, "there are no prompts; write one, such as - a meadow at noon")
    return tuple(found)


def _prompt(node: Node) -> Template:
    return Template(text(node, '"a snowy pine forest at sunset", or {file: prompts.txt}'), at(node))


def _of_file(node: Mapping, base: Path) -> list[Template]:
    from t2w.batch.wildcards import lines

    found = fields(node, ("file",))
    if "file" not in found:
        raise wrong(
            node, "a mapping among the prompts names a file: {file: prompts.txt}; a prompt that begins with a brace is put in quotes"
        )
    name = found["file"][1]
    path = base / text(name, "prompts.txt")
    try:
        read = [Template(line, f"{path}:{number}:1") for number, line in lines(path)]
    except T2WError as error:
        raise wrong(name, str(error)) from None
    if not read:
        raise wrong(name, f"{path} holds no prompts; write one a line")
    return read


def pick(node: Node, base: Path) -> int | str:
    found = scalar(node)
    if found in ("first", "all", "ask"):
        return found
    if not re.fullmatch(r"[1-9]\d?", found, re.ASCII):
        raise wrong(
            node, f"pick is a candidate's number from 1, first, all, or ask (you are asked before anything is rolled), not {shown(node)}"
        )
    return int(found)


def world(node: Node, base: Path) -> str:
    name = text(node, "starter")
    checked(node, registry.spec)
    return name


def painter(node: Node, base: Path) -> str:
    name = text(node, "starter")
    checked(node, painters.check)
    return name


def actions(node: Node, base: Path) -> str:
    """A script's path, found from the recipe's folder, or a short form. It is read here once, to be refused here."""
    from t2w.rollout.scripts import read

    name = text(node, "actions/visit.yaml or w-30,wl-15")
    is_file = Path(name).suffix in SCRIPTS or "/" in name
    source = str(base / name) if is_file else name
    checked(node, lambda _: read(source))
    return source


def policy(node: Node, base: Path) -> str:
    name = text(node, "explore")
    space = registry.spec("sim").space
    checked(node, lambda name: policies.make(name, space, 15.0, 0))
    return name


def seconds(node: Node, base: Path) -> float:
    found = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?|\.\d{1,9})\s*s?", scalar(node), re.ASCII)
    if not found or not 0 < float(found[1]) <= LONGEST:
        raise wrong(node, f"a length in seconds is wanted here, more than 0 and at most {LONGEST:g}, not {shown(node)}")
    return float(found[1])


def seeds(node: Node, base: Path) -> tuple[int, ...]:
    """7, 0-9, or a list of both."""
    made: list[int] = []
    for item in node.value if isinstance(node, List) else [node]:
        found = re.fullmatch(r"(\d{1,10})(?:\s*-\s*(\d{1,10}))?", scalar(item), re.ASCII)
        if not found:
            raise wrong(item, f"a seed is a whole number such as 7, and several are 0-9 or [1, 5, 9], not {shown(item)}")
        low, high = int(found[1]), int(found[2] or found[1])
        if not low <= high <= LARGEST_SEED:
            raise wrong(item, f"seeds go up, from 0 to {LARGEST_SEED:,} at most, not {shown(item)}")
        if len(made) + high - low >= MOST_SEEDS:
            raise wrong(item, f"more than {MOST_SEEDS:,} seeds; make several recipes of it")
        made += range(low, high + 1)
    if not made:
        raise wrong(node, "there are no seeds; write one, such as 0, or leave the field out")
    return tuple(dict.fromkeys(made))


def device_name(node: Node, base: Path) -> str:
    checked(node, lambda name: device.check(name, "auto"))
    return scalar(node)


def dtype(node: Node, base: Path) -> str:
    checked(node, lambda name: device.check("auto", name))
    return scalar(node)


def memory(node: Node, base: Path) -> str:
    from t2w.worlds.weights import memory

    checked(node, memory.check)
    return scalar(node)


def folder(node: Node, base: Path) -> Path:
    path = base / text(node, "wildcards")
    if not path.is_dir():
        raise wrong(node, f"there is no folder {path}; it holds a text file for each __name__")
    return path


def _one_or_list(schema: dict) -> dict:
    return {"anyOf": [schema, {"type": "array", "items": schema, "minItems": 1}]}


WORDS, COUNT = {"type": "string", "minLength": 1}, {"type": "integer", "minimum": 1}
PROMPT = {
    "anyOf": [
        WORDS | {"maxLength": 4 * LONGEST_PROMPT},
        {"type": "object", "properties": {"file": WORDS}, "required": ["file"], "additionalProperties": False},
    ]
}
SEED = {"anyOf": [{"type": "integer", "minimum": 0, "maximum": LARGEST_SEED}, {"type": "string", "pattern": r"^\d+\s*-\s*\d+$"}]}
BOTH = "one or a list; with both actions and policy, takes are made of each"
FIELDS: dict[str, Field] = {
    "prompts": Field(
        prompts, _one_or_list(PROMPT), "one or a list: words with {dawn|2::noon} and __name__ in them, or {file: PATH}, one a line"
    ),
    "sample": Field(
        whole(1, 100_000), COUNT, "how many prompts are drawn of each template, by weight; without it, all combinations are made"
    ),
    "cap": Field(whole(1, 100_000), COUNT, "the most prompts that are made of one template"),
    "wildcards": Field(folder, WORDS, "the folder of NAME.txt for each __name__; without it, wildcards beside the recipe"),
    "painter": Field(painter, WORDS, "who paints start frames: starter, sim, a diffusers folder or a hub id"),
    "candidates": Field(whole(1, MOST_CANDIDATES), COUNT | {"maximum": MOST_CANDIDATES}, "start frames painted of each prompt and seed"),
    "pick": Field(
        pick,
        {"anyOf": [{"enum": ["first", "all", "ask"]}, COUNT]},
        "which candidate is rolled: a number, first, all, or ask: the batch stops for `t2w pick`",
    ),
    "world": Field(world, WORDS, "which world: starter, sim, a folder, or as `t2w worlds list` names it"),
    "actions": Field(many(actions), _one_or_list(WORDS), f"scripts: paths from this file, or short forms such as w-30,wl-15; {BOTH}"),
    "policy": Field(many(policy), _one_or_list(WORDS), f"explore, random, idle or module:callable; {BOTH}"),
    "takes": Field(whole(1, MOST_TAKES), COUNT, "takes of each, with seeds that follow each other"),
    "seconds": Field(
        seconds,
        {"anyOf": [{"type": "number", "exclusiveMinimum": 0, "maximum": LONGEST}, {"type": "string", "pattern": r"^[\d.]+\s*s$"}]},
        "length of the films; without it, as long as the script, or ten seconds",
    ),
    "seeds": Field(seeds, _one_or_list(SEED), "seeds of start frames: 7, 0-9, or a list; candidate k has seed + k - 1"),
    "device": Field(device_name, WORDS, "auto, cpu, cuda, cuda:N, mps"),
    "dtype": Field(dtype, {"enum": list(device.DTYPES)}, "what the networks compute in"),
    "memory": Field(memory, {"enum": ["auto", "low", "max"]}, "low: weights go to the GPU part by part; max: all at once"),
    "strict": Field(flag, {"type": "boolean"}, "a script that uses what the world lacks is an error"),
    "clean": Field(flag, {"type": "boolean"}, "clean.mp4 too: the film without keys and mouse"),
    "metadata": Field(flag, {"type": "boolean"}, "manifests and the machine-made mark inside PNG and MP4"),
}


def schema() -> dict:
    """What editors complete recipes by, and find mistakes with."""
    own = {name: {**field.schema, "description": field.about} for name, field in FIELDS.items()}
    matrix = {
        "type": "object",
        "properties": {name: {"type": "array", "items": field.schema, "minItems": 1} for name, field in FIELDS.items()},
        "additionalProperties": False,
        "description": "field: [values]: everything is made with every combination of these",
    }
    part = {"type": "object", "properties": {**own, "matrix": matrix}, "additionalProperties": False}
    top = {
        **own,
        "matrix": matrix,
        "about": {"type": "string", "description": "what the recipe is for"},
        "include": {
            **_one_or_list(WORDS),
            "description": "recipes whose fields hold where this one says nothing, and whose parts are made too",
        },
        "defaults": {
            "type": "object",
            "properties": own,
            "additionalProperties": False,
            "description": "fields of all parts that do not say else",
        },
        "parts": {"type": "array", "items": part, "minItems": 1, "description": "several recipes in one: each has its own fields"},
    }
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "a recipe of t2w"}
    return {**head, "type": "object", "properties": top, "additionalProperties": False}
