"""HTML for notebooks: titles, tables and bars, without scripts, external files or fixed colours.

Text has the colour of the notebook, and lines and bars are readable on white and on black.
"""

from collections.abc import Iterable, Sequence
from html import escape

BAR_WIDTH, ROW_HEIGHT = 260, 20
COLOUR = "#4c8bc8"
INK = "fill='currentColor'"
LINE = "1px solid rgba(128,128,128,.4)"
FONT = "font-family:system-ui,sans-serif"
STATE_COLOURS = {
    "submitted": "#b8860b",
    "running": "#4c8bc8",
    "completed": "#2e9e5b",
    "failed": "#d9534f",
    "cancelled": "#a06bc0",
}


def block(title: str, parts: Iterable[str], state: str = "") -> str:
    """Return a title, with a coloured state before it if there is one, and HTML below."""
    return f"<div style='{FONT}'>{badge(state)}<b>{escape(title)}</b>{''.join(parts)}</div>"


def badge(state: str) -> str:
    """Return a state as a coloured word; "" for no state."""
    if not state:
        return ""
    colour = STATE_COLOURS.get(state, "currentColor")
    return f"<span style='color:{colour};font-weight:600'>● {escape(state)}</span> "


def note(text: str) -> str:
    """Return a line of text that is less prominent than others."""
    return f"<div style='opacity:.75'>{escape(text)}</div>" if text else ""


def caption(text: str) -> str:
    """Return the name of what stands below."""
    return f"<div style='margin-top:6px;font-size:90%;opacity:.75'>{escape(text)}</div>"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; every text is escaped."""
    style = "border-collapse:collapse;margin-top:4px"
    return (
        f"<table style='{style}'>{_row('th', heads)}{''.join(_row('td', r) for r in rows)}</table>"
    )


def bars(name: str, rows: Sequence[tuple[str, float]], hidden: int = 0) -> str:
    """Return a caption and an SVG with a horizontal bar for each row.

    Args:
        name: Name of the values.
        rows: Label and value of each bar.
        hidden: Number of rows that are left out.
    """
    label = 8 * max((len(text) for text, _ in rows), default=0) + 12
    largest = max((value for _, value in rows), default=1) or 1
    shapes = "".join(
        _bar(k * ROW_HEIGHT, label, text, value, value / largest)
        for k, (text, value) in enumerate(rows)
    )
    size = f"width='{label + BAR_WIDTH + 90}' height='{ROW_HEIGHT * len(rows)}'"
    more = note(f"… and {hidden:,} more") if hidden else ""
    head = f"role='img' aria-label='{escape(name)}' font-family='monospace' font-size='13'"
    return (
        f"{caption(name)}<svg xmlns='http://www.w3.org/2000/svg' {size} {head}>{shapes}</svg>{more}"
    )


def progress_bar(parts: Sequence[tuple[str, int]], total: int) -> str:
    """Return a bar with a part of each colour, as long as its share of the total."""
    spans = "".join(
        f"<span style='display:inline-block;height:10px;width:{BAR_WIDTH * n / total:.1f}px;"
        f"background:{colour}'></span>"
        for colour, n in parts
        if n
    )
    style = f"width:{BAR_WIDTH}px;height:10px;border:{LINE};line-height:0;margin:4px 0"
    return f"<div style='{style}'>{spans}</div>"


def _bar(y: int, x: int, label: str, value: float, share: float) -> str:
    middle = y + ROW_HEIGHT - 6
    length = max(1.0, share * BAR_WIDTH)
    text = f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
    box = f"x='{x}' y='{y + 3}' width='{length:.1f}' height='{ROW_HEIGHT - 6}'"
    return (
        f"<text x='{x - 8}' y='{middle}' text-anchor='end' {INK}>{escape(label)}</text>"
        f"<rect {box} fill='{COLOUR}'/>"
        f"<text x='{x + length + 6:.1f}' y='{middle}' {INK}>{text}</text>"
    )


def _row(tag: str, cells: Iterable[str]) -> str:
    style = f"text-align:left;padding:2px 10px 2px 0;border-bottom:{LINE};background:none"
    inner = "".join(f"<{tag} style='{style}'>{escape(cell)}</{tag}>" for cell in cells)
    return f"<tr style='background:none'>{inner}</tr>"
