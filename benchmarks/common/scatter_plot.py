"""Scatter plot as SVG: one dot for each circuit, by the time of Aer and the speed-up over Aer."""

import math
from collections.abc import Iterator
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT = 860, 480
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 78, 54
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#555555")
"""Colours that are distinct for colour-blind readers (Okabe and Ito)."""


class Dot(NamedTuple):
    """Circuit in the plot; `kind` selects the colour, and `hint` is the tooltip."""

    x: float
    y: float
    kind: str
    hint: str


class Axis(NamedTuple):
    """Logarithmic axis over whole decades, from `start` to `end` in pixels."""

    first: int
    last: int
    start: float
    end: float

    def position(self, value: float) -> float:
        share = (math.log10(value) - self.first) / (self.last - self.first)
        return self.start + share * (self.end - self.start)

    @property
    def decades(self) -> list[float]:
        return [10.0**k for k in range(self.first, self.last + 1)]


def axis(values: list[float], start: float, end: float) -> Axis:
    first = math.floor(math.log10(min(values)))
    return Axis(first, max(first + 1, math.ceil(math.log10(max(values)))), start, end)


def render_svg(dots: list[Dot]) -> str:
    """Return the SVG file."""
    x = axis([dot.x for dot in dots], LEFT, WIDTH - RIGHT)
    y = axis([1.0, *(dot.y for dot in dots)], HEIGHT - BOTTOM, TOP)
    kinds = sorted({dot.kind for dot in dots})
    colours = {kind: COLOURS[k % len(COLOURS)] for k, kind in enumerate(kinds)}
    parts = [*frame(), *grid(x, y), *legend(colours)]
    parts += [
        f'<circle cx="{x.position(dot.x):.1f}" cy="{y.position(dot.y):.1f}" r="4" '
        f'fill="{colours[dot.kind]}" fill-opacity="0.7"><title>{escape(dot.hint)}</title></circle>'
        for dot in dots
    ]
    return "\n".join([*parts, "</svg>", ""])


def frame() -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="system-ui, sans-serif" font-size="13" fill="#333">'
    )
    yield f'<rect width="{WIDTH}" height="{HEIGHT}" rx="8" fill="#fff"/>'
    yield text(LEFT, 28, "How many times faster than Aer in your own process", size=17)
    yield text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, "Aer, milliseconds", "middle")


def grid(x: Axis, y: Axis) -> Iterator[str]:
    for value in x.decades:
        at = x.position(value)
        yield line(at, y.start, at, y.end, "#e5e5e5")
        yield text(at, y.start + 20, f"{value:,g}", "middle")
    for value in y.decades:
        at = y.position(value)
        yield line(x.start, at, x.end, at, "#333" if value == 1 else "#e5e5e5")
        yield text(x.start - 8, at + 4, f"{value:,g}", "end")


def legend(colours: dict[str, str]) -> Iterator[str]:
    at = float(LEFT)
    for kind, colour in colours.items():
        yield f'<circle cx="{at + 5:.0f}" cy="50" r="5" fill="{colour}"/>'
        yield text(at + 15, 54, kind)
        at += 34 + 6.8 * len(kind)


def line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def text(x: float, y: float, words: str, anchor: str = "start", size: int = 13) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">'
        f"{escape(words)}</text>"
    )
