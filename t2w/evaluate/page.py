"""Tables, drawings and film strips in, one HTML page out that needs no other file and no network."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

from PIL import Image

from t2w.evaluate.part import Tables
from t2w.media.html import jpeg, uri, write_page

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #111827; background: #fff; max-width: 1000px; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.2rem; margin-top: 2.5rem; border-top: 1px solid #e5e7eb; padding-top: 1.2rem }
p.about { color: #4b5563; max-width: 46rem } .scroll { overflow-x: auto }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: .8rem 0 }
th, td { padding: .2rem .8rem .2rem 0; text-align: right; border-bottom: 1px solid #f3f4f6; white-space: nowrap }
th { font-weight: 600; color: #374151; border-bottom: 1px solid #d1d5db } th:first-child, td:first-child { text-align: left }
figure { margin: 1rem 0 } figure img { max-width: 100%; image-rendering: pixelated } figcaption { color: #4b5563; font-size: .9rem }
svg { max-width: 100%; height: auto; margin-right: 1rem } svg text { font: 11px system-ui, sans-serif; fill: #374151 }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; color: #4b5563 } dd { margin: 0 }
"""


@dataclass(frozen=True)
class Section:
    title: str
    about: str
    tables: Tables
    plots: list[str]
    strips: Mapping[Path, str]  # PNG files, and what is to be seen in them
    cases: str  # how many were measured


def write(path: Path, title: str, facts: Mapping[str, object], sections: Iterable[Section], notes: Iterable[str] = ()) -> None:
    """The whole page or none."""
    body = [f"<h1>{escape(title)}</h1>", "<dl>"]
    body += [f"<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>" for name, value in facts.items()]
    body += ["</dl>", *(f"<p>{escape(note)}</p>" for note in notes), *map(_section, sections)]
    write_page(path, title, STYLE, "".join(body))


def _section(section: Section) -> str:
    parts = [f"<h2>{escape(section.title)}</h2>", f'<p class="about">{escape(section.about)} ({escape(section.cases)}.)</p>']
    for title, rows in section.tables.items():
        parts += [f"<h3>{escape(title)}</h3>"] if title != section.title else []
        parts.append(table(rows))
    parts += section.plots
    parts += [_figure(path, about) for path, about in section.strips.items()]
    return f'<section id="{escape(section.title)}">{"".join(parts)}</section>'


def table(rows: list[dict]) -> str:
    if not rows:
        return "<p>Nothing could be measured.</p>"
    head = "".join(f"<th>{escape(str(name))}</th>" for name in rows[0])
    body = "".join("<tr>" + "".join(f"<td>{escape(shown(row.get(name)))}</td>" for name in rows[0]) + "</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def shown(value: object) -> str:
    """A figure as tables have it: four digits, nothing where there is none."""
    if value is None or isinstance(value, float) and not math.isfinite(value):
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _figure(path: Path, about: str) -> str:
    """The PNG as a JPEG, which is a third of its size."""
    picture = uri(jpeg(Image.open(path)))
    return f'<figure><img alt="{escape(about)}" src="{picture}"><figcaption>{escape(about)}</figcaption></figure>'
