"""The value of a recipe's field: its YAML node in, what it says out, checked where it stands."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from t2w.actions import policy as policies
from t2w.actions import script as scripts
from t2w.actions.yaml_nodes import List, Mapping, Node, Scalar, fields, scalar, shown, wrong
from t2w.errors import T2WError
from t2w.rollout.length import LONGEST
from t2w.start import painters, smaller
from t2w.start.start import LARGEST_SEED
from t2w.worlds import device, registry

Reader = Callable[[Node, Path], object]  # (the value's node, the folder that the recipe's paths begin at) => the value; raises T2WError
MOST_TAKES = 10_000
MOST_SEEDS = 100_000
MOST_GUIDANCE, MOST_STEPS = 100, 1000
SCRIPTS = (*scripts.SUFFIXES, ".pt", ".json")


@dataclass(frozen=True)
class Template:
    """A prompt as it is written, wildcards and all."""

    text: str
    place: str  # file:line:column


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


def one_of(words: Sequence[str]) -> Reader:
    def read(node: Node, base: Path) -> str:
        if scalar(node) not in words:
            raise wrong(node, f"one of {', '.join(words)} is wanted here, not {shown(node)}")
        return scalar(node)

    return read


def many(read: Reader, or_none: bool = False) -> Reader:
    """One or a list of them => a tuple; which may be empty where none is something to say."""

    def all_of(node: Node, base: Path) -> tuple:
        if isinstance(node, List) and not node.value and not or_none:
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


def negative(node: Node, base: Path) -> str:
    """Words, or none: "" is said against a painter's own."""
    if not isinstance(node, Scalar):
        raise wrong(node, f"words are wanted here, such as blurry, text, not {shown(node)}")
    return scalar(node)


def guidance(node: Node, base: Path) -> float:
    if not re.fullmatch(r"\d{1,3}(\.\d{1,9})?", scalar(node), re.ASCII) or float(scalar(node)) > MOST_GUIDANCE:
        raise wrong(node, f"a number from 0, none, to {MOST_GUIDANCE} is wanted here, not {shown(node)}")
    return float(scalar(node))


def lora(node: Node, base: Path) -> str:
    """ID_OR_FILE[:scale]; a file or folder is found from the recipe's folder."""
    word = text(node, "loras/pixels.safetensors:0.8")
    checked(node, smaller.parse)
    place, scale = smaller.parse(word)
    is_file = place.endswith(".safetensors") or (base / place).exists()
    return f"{base / place if is_file else place}:{scale:g}"


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
    checked(node, policies.maker)
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


def folder(node: Node, base: Path) -> Path:
    path = base / text(node, "wildcards")
    if not path.is_dir():
        raise wrong(node, f"there is no folder {path}; it holds a text file for each __name__")
    return path
