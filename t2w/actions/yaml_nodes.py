"""YAML text goes in, nodes that know their line and column come out; and the errors that point at them."""

from difflib import get_close_matches

import yaml

from t2w.actions.steps import error_at
from t2w.errors import T2WError

MAX_LETTERS = 4 * 2**20  # some 50,000 steps
MAX_DEPTH = 40

Node, Mapping, List, Scalar = yaml.Node, yaml.MappingNode, yaml.SequenceNode, yaml.ScalarNode


class _Loader(yaml.SafeLoader):
    """Nodes without references: a handful of them can stand for billions of steps, and `repeat` says it better."""

    depth = 0
    instead = ""  # of references

    def compose_node(self, parent: Node | None, index: object) -> Node:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent):
            raise wrong(event, f"references such as *{event.anchor} are not read; use {self.instead}")
        if self.depth == MAX_DEPTH:
            raise wrong(event, f"nested more than {MAX_DEPTH} deep; write flatter steps")
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def compose(text: str, source: str, instead: str = "repeat") -> Node | None:
    """The root of the one document in `text`, None if there is none. Raises T2WError `source:line:column: …`.

    `instead`: the field that says again what references would.
    """
    if len(text) > MAX_LETTERS:
        raise error_at(source, 1, 1, f"more than {MAX_LETTERS // 2**20} MiB of YAML; use a .jsonl script for so many actions")
    try:
        loader = _Loader(text)
        loader.name, loader.instead = source, instead
        return loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise error_at(source, mark.line + 1, mark.column + 1, _told(error)) from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise error_at(source, line, column, f"the character U+{error.character:04X} is not allowed in YAML; remove it") from None


def wrong(node: Node | yaml.Event, sentence: str) -> T2WError:
    """The error that points at where `node` begins."""
    mark = node.start_mark
    return error_at(mark.name, mark.line + 1, mark.column + 1, sentence)


def fields(node: Mapping, allowed: tuple[str, ...]) -> dict[str, tuple[Node, Node]]:
    """name -> (the node of the name, the node of its value)."""
    found: dict[str, tuple[Node, Node]] = {}
    for key, value in node.value:
        name = scalar(key)
        if name not in allowed:
            near = get_close_matches(name, allowed, 1)
            right = f"did you mean {near[0]!r}?" if near else f"legal here: {', '.join(allowed)}"
            raise wrong(key, f"unknown field {shown(key)}; {right}")
        if name in found:
            raise wrong(key, f"{name!r} is written twice; write it once")
        found[name] = (key, value)
    return found


def scalar(node: Node) -> str:
    """The text of a scalar as it is written; empty for a list or a mapping."""
    return node.value.strip() if isinstance(node, Scalar) else ""


def shown(node: Node) -> str:
    """What `node` is, in a few words, for a sentence."""
    if isinstance(node, List):
        return "a list"
    if isinstance(node, Mapping):
        return "a mapping"
    if not node.value:
        return "nothing"
    return repr(node.value) if len(node.value) <= 40 else repr(node.value[:37] + "...")


def _told(error: yaml.MarkedYAMLError) -> str:
    if "single document" in str(error.context):
        return "a second document begins; the file is one document, so leave it out"
    tab = "; indent with spaces" if r"'\t'" in str(error.problem) else ""
    return f"not YAML: {error.problem}{tab}"
