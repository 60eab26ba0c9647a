"""A recipe file in, its parts out: what is to be made, every field checked, prompts written out. Errors are file:line:column: what would be right."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import product
from math import prod
from pathlib import Path

from t2w.actions.steps import error_at
from t2w.actions.yaml_nodes import List, Mapping, Node, compose, fields, shown, wrong
from t2w.batch import wildcards
from t2w.batch.fields import FIELDS, NONE, PAINTING
from t2w.batch.values import Template, text
from t2w.errors import MISSING, T2WError
from t2w.start import painters
from t2w.start.start import clean_prompt

CAP = 1000
MOST_COMBINATIONS = 10_000
MOST_BYTES = 4 * 2**20
DEEPEST = 8  # includes of includes
EXAMPLE = "prompts: [a meadow at noon]"
Values = dict[str, tuple[Node, Path]]  # field: the node of its value, and the folder that its paths begin at


@dataclass(frozen=True)
class Part:
    """What is made with one value of each field. Tuples are all made, each with each."""

    source: str  # the recipe
    prompts: tuple[str, ...]
    painter: str = "starter"
    settings: dict = field(default_factory=dict)  # how it is called
    asked: str = ""  # what the recipe says of that, in its own words
    candidates: int = 1
    pick: int | str = "first"
    world: str = "starter"
    actions: tuple[str, ...] = ()
    policy: tuple[str, ...] = ()
    takes: int = 1
    seconds: float | None = None
    frames: int | None = None
    seeds: tuple[int, ...] = (0,)
    device: str = "auto"
    dtype: str = "auto"
    memory: str = "auto"
    strict: bool = False
    clean: bool = False
    metadata: bool = True
    notes: tuple[str, ...] = ()

    @property
    def actors(self) -> list[tuple[str | None, str | None]]:
        """(script, policy) of each walk; one of both is None."""
        policies = self.policy or (() if self.actions else ("explore",))
        return [*((script, None) for script in self.actions), *((None, policy) for policy in policies)]


def read(path: str | Path) -> list[Part]:
    """All parts of a recipe. Raises T2WError."""
    path = Path(path)
    values, parts = _gather(path, ())
    if not parts and "prompts" not in values:
        raise error_at(str(path), 1, 1, f"the recipe has no prompts; write {EXAMPLE}")
    reader = _Reader(str(path))
    return [part for one in parts or [values] for chosen in _combinations({**values, **one}) for part in reader.parts(chosen)]


def _gather(path: Path, above: tuple[Path, ...]) -> tuple[Values, list[Values]]:
    """The top-level values of a file and what it includes, and its parts'; `matrix` is kept as a value."""
    root = _root(path)
    if root is None:
        raise error_at(str(path), 1, 1, f"the recipe is empty; write {EXAMPLE}")
    if not isinstance(root, Mapping):
        raise wrong(root, f"a recipe is a mapping, not {shown(root)}; write {EXAMPLE}")
    found = fields(root, (*FIELDS, "matrix", "about", "include", "defaults", "parts"))
    values: Values = {}
    parts: list[Values] = []
    if "about" in found:
        text(found["about"][1], "about: what the recipe is for")
    if "include" in found:
        for node in _items(found["include"][1]):
            included = path.parent / text(node, "common.yaml")
            if included.resolve() in (*above, path.resolve()) or len(above) == DEEPEST:
                raise wrong(node, f"{included} is being read already; a recipe cannot include itself")
            if not included.is_file():
                raise wrong(node, f"there is no file {included}")
            more, others = _gather(included, (*above, path.resolve()))
            values |= more
            parts += others
    if "defaults" in found:
        values |= _values(found["defaults"][1], path, matrix=False)
    values |= {name: (node, path.parent) for name, (_, node) in found.items() if name in (*FIELDS, "matrix")}
    if "parts" in found:
        node = found["parts"][1]
        if not isinstance(node, List) or not node.value:
            raise wrong(node, "parts is a list; begin each with a dash, such as - {prompts: [a meadow at noon], seeds: 0-3}")
        parts += [_whole({**values, **_values(item, path)}, item) for item in node.value]
    return values, parts


def _root(path: Path) -> Node | None:
    try:
        return compose(_read(path), str(path), instead="defaults or include")
    except T2WError as error:
        hint = "; a prompt with braces goes in quotes" if "'{'" in str(error) or "'}'" in str(error) or "','" in str(error) else ""
        raise T2WError(f"{error}{hint}") from None


def _values(node: Node, path: Path, matrix: bool = True) -> Values:
    if not isinstance(node, Mapping):
        raise wrong(node, f"fields are wanted here, such as world: starter, not {shown(node)}")
    return {name: (value, path.parent) for name, (_, value) in fields(node, (*FIELDS, *["matrix"] * matrix)).items()}


def _whole(values: Values, node: Node) -> Values:
    if "prompts" not in values:
        raise wrong(node, f"this part has no prompts; write {EXAMPLE} in it, or under defaults")
    return values


def _combinations(values: Values) -> Iterator[Values]:
    """The values with the matrix multiplied out."""
    if "matrix" not in values:
        yield values
        return
    node, base = values["matrix"]
    if not isinstance(node, Mapping) or not node.value:
        raise wrong(node, "matrix names fields and lists of their values, such as {world: [starter, sim], seconds: [3, 10]}")
    axes = fields(node, tuple(FIELDS))
    for name, (_, value) in axes.items():
        if not isinstance(value, List) or not value.value:
            raise wrong(value, f"a list of values of {name} is wanted here, not {shown(value)}")
    if prod(len(value.value) for _, value in axes.values()) > MOST_COMBINATIONS:
        raise wrong(node, f"the matrix has more than {MOST_COMBINATIONS:,} combinations; make several recipes of it")
    rest = {name: value for name, value in values.items() if name != "matrix"}
    for chosen in product(*(value.value for _, value in axes.values())):
        yield {**rest, **{name: (value, base) for name, value in zip(axes, chosen, strict=True)}}


class _Reader:
    """Values to parts; a node that stands in many combinations is read once."""

    def __init__(self, source: str):
        self.source = source
        self.known: dict[tuple, object] = {}

    def parts(self, values: Values) -> Iterator[Part]:
        read = {name: self.value(name, *values[name]) for name in values}
        templates, cap, sample = read.pop("prompts"), read.pop("cap", CAP), read.pop("sample", None)
        folder = read.pop("wildcards", values["prompts"][1] / "wildcards")
        if "seconds" in read and "frames" in read:
            raise wrong(values["frames"][0], "seconds and frames both say how long the films are; leave one of them out")
        part = Part(self.source, (), **self.painting(values, read), **read)
        if isinstance(part.pick, int) and part.pick > part.candidates:
            right = f"write candidates: {part.pick}, or pick one from 1 to {part.candidates}"
            raise wrong(values["pick"][0], f"candidate {part.pick} is picked, and {part.candidates} painted; {right}")
        key = (id(values["prompts"][0]), f"{folder} {cap} {sample} {part.seeds[0] if sample else ''}")
        if key not in self.known:
            self.known[key] = _written_out(templates, wildcards.files(folder), cap, sample, part.seeds[0])
        prompts, notes = self.known[key]
        yield replace(part, prompts=prompts, notes=notes)

    def painting(self, values: Values, read: dict) -> dict:
        """How the painter is called, taken out of what was read."""
        said = {name: read.pop(name) for name in PAINTING if name in read}
        said = {name: value for name, value in said.items() if value not in ((), NONE)}
        painter = read.get("painter", "starter")
        try:
            settings = painters.asked(painter, **{PAINTING[name]: value for name, value in said.items()})
            self.check_call(painter, settings, tuple(said.items()))
        except T2WError as error:
            named = [name for name in said if f"--{name}" in str(error)]  # as an option, which has the same name
            raise wrong(values[next(name for name in (*named, *said, "painter", "prompts") if name in values)][0], str(error)) from None
        return {"settings": settings, "asked": ", ".join(f"{name} {_told(value)}" for name, value in said.items())}

    def check_call(self, painter: str, settings: dict, said: tuple) -> None:
        """Refuse a painter that is here and cannot be called so; once. One that is not here may be where the work is done."""
        if not said or (painter, said) in self.known:
            return
        try:
            painters.check_call(painter, settings)
        except T2WError as error:
            if error.code != MISSING:
                raise
        self.known[painter, said] = True

    def value(self, name: str, node: Node, base: Path) -> object:
        key = (id(node), name)
        if key not in self.known:
            self.known[key] = FIELDS[name].read(node, base)
        return self.known[key]


def _written_out(
    templates: tuple[Template, ...], words: wildcards.Words, cap: int, sample: int | None, seed: int
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Plain prompts, and what there is to say about their number."""
    made, notes = dict[str, None](), []
    for template in templates:
        try:
            parts = wildcards.parse(template.text, words)
            many = wildcards.count(parts)
            some = wildcards.first(parts, cap) if sample is None else wildcards.some(parts, min(sample, cap), seed)
            made |= dict.fromkeys(map(clean_prompt, some))
        except T2WError as error:
            raise T2WError(f"{template.place}: {error}") from None
        if sample is None and many > cap:
            notes.append(
                f"{template.place}: {many:,} prompts, of which the first {cap:,} are made; `cap` raises that, `sample` draws from all"
            )
    return tuple(made), tuple(notes)


def _told(value: object) -> str:
    return " ".join(value) if isinstance(value, tuple) else f"{value:g}" if isinstance(value, float) else str(value) or "nothing"


def _items(node: Node) -> list[Node]:
    return node.value if isinstance(node, List) else [node]


def _read(path: Path) -> str:
    try:
        if path.is_dir():
            raise T2WError(f"{path} is a folder; give a recipe inside it")
        if path.stat().st_size > MOST_BYTES:
            raise T2WError(
                f"{path} is larger than {MOST_BYTES // 2**20} MiB, too much for a recipe; prompts can lie in a file of their own"
            )
        return path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise T2WError(f"there is no recipe {path}; `t2w recipe init {path}` writes one to begin with") from None
    except (OSError, UnicodeDecodeError) as error:
        raise T2WError(f"{path} cannot be read as text: {error}") from error
