"""Numbers in, small drawings out: lines and bars as SVG text, for a page that needs no other file."""

import math
from collections.abc import Mapping, Sequence
from html import escape

COLOURS = ("#c2410c", "#1d4ed8", "#6b7280", "#15803d")
WIDTH, HEIGHT = 420, 220
LEFT, RIGHT, TOP, BOTTOM = 46, 18, 44, 30  # margins


def lines(title: str, across: Sequence[float], series: Mapping[str, Sequence[float]]) -> str:
    """One line a series. The steps across are even, whatever their numbers."""
    low, high = _range([v for values in series.values() for v in values])
    width = (WIDTH - LEFT - RIGHT) / max(1, len(across) - 1)
    parts = _frame(title, low, high, list(series))
    for i, x in enumerate(across):
        parts.append(_text(LEFT + i * width, HEIGHT - 10, f"{x:g}", "middle"))
    for colour, values in zip(COLOURS, series.values()):
        points = [(LEFT + i * width, _y(v, low, high)) for i, v in enumerate(values) if math.isfinite(v)]
        parts.append(
            f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}"/>'
        )
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in points]
    return _svg(title, parts)


def bars(title: str, labels: Sequence[str], series: Mapping[str, Sequence[float]]) -> str:
    """A group of bars a label."""
    low, high = _range([0.0, *(v for values in series.values() for v in values)])
    room = (WIDTH - LEFT - RIGHT) / len(labels)
    width, zero = 0.8 * room / len(series), _y(0, low, high)
    parts = _frame(title, low, high, list(series))
    for i, label in enumerate(labels):
        x = LEFT + (i + 0.5) * room
        parts.append(
            f'<text x="{x:.1f}" y="{HEIGHT - 14}" transform="rotate(-35 {x:.1f} {HEIGHT - 14})" text-anchor="end">{escape(label)}</text>'
        )
        for j, (colour, values) in enumerate(zip(COLOURS, series.values())):
            if math.isfinite(values[i]):
                top = _y(values[i], low, high)
                box = f'x="{x + (j - len(series) / 2) * width:.1f}" y="{min(top, zero):.1f}" width="{width:.1f}" height="{abs(zero - top):.1f}"'
                parts.append(f'<rect {box} fill="{colour}"/>')
    return _svg(title, parts, HEIGHT + 40)


def _range(values: Sequence[float]) -> tuple[float, float]:
    """From a round number below to one above."""
    known = [v for v in values if math.isfinite(v)] or [0.0, 1.0]
    low, high = min(known), max(known)
    step = 10 ** math.floor(math.log10(max(high - low, abs(high) * 0.05, 1e-6)))
    bottom, top = math.floor(low / step + 1e-6) * step, math.ceil(high / step - 1e-6) * step
    return bottom, max(top, bottom + step)


def _y(value: float, low: float, high: float) -> float:
    return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM)


def _frame(title: str, low: float, high: float, names: list[str]) -> list[str]:
    """Title, legend, and five levels."""
    parts = [f'<text x="{LEFT}" y="14" font-weight="600">{escape(title)}</text>']
    x = LEFT
    for colour, name in zip(COLOURS, names):
        parts.append(f'<rect x="{x}" y="22" width="9" height="9" fill="{colour}"/>{_text(x + 13, 30, name)}')
        x += 13 + 7 * len(name) + 14
    for i in range(5):
        value = low + (high - low) * i / 4
        y = _y(value, low, high)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e5e7eb"/>')
        parts.append(_text(LEFT - 6, y + 4, f"{value:.3g}", "end"))
    return parts


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(title: str, parts: list[str], height: int = HEIGHT) -> str:
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(title)}" viewBox="0 0 {WIDTH} {height}"'
    return f'{opening} width="{WIDTH}" height="{height}">{"".join(parts)}</svg>'
