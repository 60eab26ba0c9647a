"""Parts in, their cases measured one by one, each kept on disk, a case at a time out; at the end tables, eval.json and eval.html."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from t2w.evaluate import page
from t2w.evaluate.part import Part, Tables
from t2w.evaluate.store import Store, plain
from t2w.media.atomic import write_text

PICTURED = 2  # cases of each part whose strips the page shows


@dataclass(frozen=True)
class Done:
    """A case is there. `kept`: it had been measured before."""

    part: Part
    k: int
    n: int
    kept: bool


def measure(plan: Mapping[Part, int], ask: object, store: Store) -> Iterator[Done]:
    """All cases of all parts, in order. `ask` is what the parts' cases are given."""
    for part, n in plan.items():
        for k in range(n):
            kept = store.read(part, k) is not None
            if not kept:
                store.write(part, k, part.case(ask, k))
            yield Done(part, k, n, kept)


def left(plan: Mapping[Part, int], store: Store) -> int:
    """Frames that are still to be made."""
    return sum(part.frames for part, n in plan.items() for k in range(n) if store.read(part, k) is None)


def tables(part: Part, n: int, store: Store) -> Tables:
    """Of the cases on disk."""
    return plain(part.tables([store.read(part, k)["figures"] for k in range(n)]))


def report(title: str, plan: Mapping[Part, int], store: Store, facts: dict, notes: Sequence[str] = ()) -> dict[str, Path]:
    """Writes eval.json and eval.html; returns where."""
    found = {part: tables(part, n, store) for part, n in plan.items()}
    sections = [_section(part, n, found[part], store) for part, n in plan.items()]
    paths = {"json": store.folder / "eval.json", "page": store.folder / "eval.html"}
    page.write(paths["page"], title, facts, sections, notes)
    rows = {name: rows for tables in found.values() for name, rows in tables.items()}
    cases = {part.name: n for part, n in plan.items()}
    write_text(paths["json"], json.dumps({**facts, "notes": list(notes), "cases": cases, **rows}, indent=2, ensure_ascii=False) + "\n")
    return paths


def _section(part: Part, n: int, found: Tables, store: Store) -> page.Section:
    place = store.place(part)
    strips = {place / name: about for k in range(min(n, PICTURED)) for name, about in store.read(part, k)["strips"].items()}
    return page.Section(part.name, part.about, found, part.plots(found), strips, f"{n} {'case' if n == 1 else 'cases'}")
