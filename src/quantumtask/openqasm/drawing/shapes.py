"""Shapes of marks and frames, as pieces of SVG."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from quantumtask.openqasm.drawing.elements import Barrier, Box, Meters, Symbol
from quantumtask.openqasm.drawing.geometry import BOX, FRAME_BOTTOM, FRAME_TOP, Geometry
from quantumtask.openqasm.drawing.layout import FrameArea, MarkCell, box_width

COLORS = {
    "pauli": "#3b7de0",
    "h": "#d9604a",
    "phase": "#1f9c94",
    "rotation": "#b04fb5",
    "custom": "#7b68d9",
    "dynamic": "#7b68d9",
    "noise": "#c08a1e",
    "gate": "#7b68d9",
}
"""The color of a family, legible on light and dark; other families have that of the text."""

HALF = BOX / 2
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(words: str) -> str:
    """Return a text for XML, without the characters that XML does not have."""
    return escape(_NOT_XML.sub("\N{REPLACEMENT CHARACTER}", words), {'"': "&quot;"})


def decimal(value: float) -> str:
    """Return a decimal with at most one digit behind the point."""
    return f"{value:.1f}".removesuffix(".0")


def svg_text(x: float, y: float, words: str, size: float, extra: str = "") -> str:
    """Return an SVG element for a text with its baseline at y; `extra` has more attributes."""
    return (
        f'<text x="{decimal(x)}" y="{decimal(y)}" font-size="{size:g}"{extra}>{clean(words)}</text>'
    )


def svg_path(data: str, extra: str = "") -> str:
    """Return a line without a filling."""
    return f'<path d="{data}" fill="none"{extra}/>'


def vertical(x: float, top: float, bottom: float) -> str:
    """Return the path data of a vertical line."""
    return f"M{decimal(x)} {decimal(top)}V{decimal(bottom)}"


def rectangle(x: float, y: float, width: float, height: float, extra: str = "") -> str:
    """Return a rectangle around a center."""
    corner = f'x="{decimal(x - width / 2)}" y="{decimal(y - height / 2)}"'
    return f'<rect {corner} width="{decimal(width)}" height="{decimal(height)}" rx="4"{extra}/>'


@dataclass(frozen=True)
class MarkPlace:
    """The place of a mark in the drawing.

    Attributes:
        x: The center of the column.
        y: The vertical position of each wire, by number.
    """

    x: float
    y: dict[int, float]


def find_place(geometry: Geometry, row: int, cell: MarkCell) -> MarkPlace:
    """Return the place of a mark."""
    wires = {*cell.qubits, *(wire for wire, _ in cell.controls)}
    if cell.target is not None:
        wires.add(cell.target)
    return MarkPlace(
        geometry.center(cell.column), {wire: geometry.y(row, wire) for wire in sorted(wires)}
    )


def gaps(cell: MarkCell) -> dict[int, float]:
    """Return the half width of the gap that a mark leaves in each wire."""
    mark = cell.mark
    result = {wire: 4.5 for wire, on_one in cell.controls if not on_one}
    if isinstance(mark, Meters) or (isinstance(mark, Box) and mark.symbol is Symbol.BOX):
        result |= dict.fromkeys(cell.qubits, box_width(mark) / 2)
    return result


def draw_mark(place: MarkPlace, cell: MarkCell) -> str:
    """Return a mark as a group with a title."""
    mark = cell.mark
    if isinstance(mark, Barrier):
        family, shape = "barrier", _draw_barrier(place)
    elif isinstance(mark, Meters):
        family, shape = "measure", _draw_meters(place, cell, mark)
    else:
        family, shape = mark.family, _draw_box(place, cell, mark)
    color = COLORS.get(family, "currentColor")
    line = f' data-line="{mark.line}"' if mark.line else ""
    return (
        f'<g class="qt-mark qt-{family}" stroke="{color}" fill="{color}"{line}>'
        f"<title>{clean(mark.title)}</title>{shape}</g>"
    )


def _draw_barrier(place: MarkPlace) -> str:
    ys, half = place.y, 20
    data = "".join(
        vertical(place.x, y - half, ys.get(wire + 1, y + 2 * half) - half) for wire, y in ys.items()
    )
    return svg_path(data, ' stroke-dasharray="3 3" opacity=".7"')


def _draw_meters(place: MarkPlace, cell: MarkCell, mark: Meters) -> str:
    width, x = box_width(mark), place.x
    parts = [_target_line(place, cell)] if cell.target is not None else []
    only = len(mark.qubits) == 1 and cell.target is not None
    for wire, target in zip(cell.qubits, mark.targets, strict=True):
        y = place.y[wire]
        lift = 0 if only or not target else 4
        parts.append(rectangle(x, y, width, BOX, ' fill-opacity=".07"'))
        base = y + 5 - lift
        parts.append(
            svg_path(
                f"M{decimal(x - 8)} {decimal(base)}a8 8 0 0 1 16 0"
                f"M{decimal(x)} {decimal(base)}l6 -9"
            )
        )
        if lift:
            parts.append(svg_text(x, y + 12, target[:8], 8.5, LABEL))
    if only:
        below = place.y[cell.target] if cell.target is not None else 0
        parts.append(
            svg_text(x + 6, below - 6, mark.targets[0][:12], 9, LABEL + ' text-anchor="start"')
        )
    return "".join(parts)


LABEL = ' stroke="none" fill="currentColor"'


def _target_line(place: MarkPlace, cell: MarkCell) -> str:
    """Return the double line from the boxes to the register, with an arrow."""
    assert cell.target is not None
    ends = [place.y[wire] for wire in sorted(cell.qubits)]
    target = place.y[cell.target]
    data = ""
    for upper, lower in zip(ends, [*ends[1:], target + HALF - 5], strict=True):
        data += "".join(
            vertical(place.x + side, upper + HALF, lower - HALF) for side in (-1.5, 1.5)
        )
    x, y = decimal(place.x), decimal(target - 1)
    arrow = f'<path d="M{x} {y}l-4.5 -7h9z" stroke="none"/>'
    return svg_path(data, ' opacity=".75"') + arrow


def _draw_box(place: MarkPlace, cell: MarkCell, mark: Box) -> str:
    x, ys = place.x, place.y
    if mark.symbol is Symbol.BOX and cell.qubits:
        low, high = min(cell.qubits), max(cell.qubits)
        parts = [_control_lines(place, cell, (ys[low] - HALF, ys[high] + HALF))]
        parts += [_draw_dot(x, ys[wire], on_one) for wire, on_one in cell.controls]
        parts.append(_draw_rectangle(place, cell, mark))
        return "".join(parts)
    parts = [_control_lines(place, cell, None)]
    parts += [_draw_dot(x, ys[wire], on_one) for wire, on_one in cell.controls]
    parts += [_SYMBOLS[mark.symbol](x, ys[wire]) for wire in cell.qubits]
    return "".join(parts)


def _control_lines(place: MarkPlace, cell: MarkCell, box: tuple[float, float] | None) -> str:
    """Return the line between controls and targets, which is not visible behind a box."""
    wires = {wire: 4.5 for wire, on_one in cell.controls if not on_one}
    stops = [(place.y[wire], half) for wire, half in wires.items()]
    ends = [place.y[wire] for wire, _ in cell.controls]
    if box is None:
        ends += [place.y[wire] for wire in cell.qubits]
    else:
        ends += box
        stops.append(((box[0] + box[1]) / 2, (box[1] - box[0]) / 2))
    if len(ends) < 2:
        return ""
    data, y = "", min(ends)
    for middle, half in sorted(stops):
        if middle - half > y:
            data += vertical(place.x, y, middle - half)
        y = max(y, middle + half)
    if max(ends) > y:
        data += vertical(place.x, y, max(ends))
    return svg_path(data) if data else ""


def _draw_rectangle(place: MarkPlace, cell: MarkCell, mark: Box) -> str:
    x, wires = place.x, sorted(cell.qubits)
    top, bottom = place.y[wires[0]], place.y[wires[-1]]
    width, middle = box_width(mark), (top + bottom) / 2
    dashed = ' stroke-dasharray="4 3"' if mark.family in _DASHED else ""
    opacity = ".16" if mark.family in COLORS else ".07"
    extra = f' fill-opacity="{opacity}"{dashed}'
    parts = [rectangle(x, middle, width, bottom - top + BOX, extra)]
    contiguous = wires[-1] - wires[0] + 1 == len(wires)
    center = middle if contiguous else top
    shift = 5 if mark.has_ports and len(wires) > 1 else 0
    if mark.parameters:
        parts.append(svg_text(x + shift, center, mark.label, 12, LABEL))
        parts.append(svg_text(x + shift, center + 11, mark.parameters, 9, LABEL))
    else:
        size = 11 if mark.family in _DASHED else 12.5
        parts.append(svg_text(x + shift, center + 4.5, mark.label, size, LABEL))
    if shift:
        for port, wire in enumerate(cell.qubits):
            start_x = x - width / 2 + 6
            parts.append(
                svg_text(start_x, place.y[wire] + 3, str(port), 8, LABEL + ' opacity=".75"')
            )
    return "".join(parts)


_DASHED = frozenset({"dynamic", "jump", "delay", "noise"})
"""Families whose boxes are dashed: they are no gate, or not known before the program runs."""


def _draw_dot(x: float, y: float, on_one: bool = True) -> str:
    filling = "" if on_one else ' fill="none"'
    return f'<circle cx="{decimal(x)}" cy="{decimal(y)}" r="4.5"{filling}/>'


def _draw_not(x: float, y: float) -> str:
    cross = f"M{decimal(x - 11)} {decimal(y)}h22M{decimal(x)} {decimal(y - 11)}v22"
    circle = f'<circle cx="{decimal(x)}" cy="{decimal(y)}" r="11" fill-opacity=".16"/>'
    return circle + svg_path(cross)


def _draw_swap(x: float, y: float) -> str:
    return svg_path(f"M{decimal(x - 6)} {decimal(y - 6)}l12 12m0 -12l-12 12", ' stroke-width="2"')


_SYMBOLS = {Symbol.NOT: _draw_not, Symbol.DOT: _draw_dot, Symbol.SWAP: _draw_swap}


def draw_frame(geometry: Geometry, row: int, cell: FrameArea, columns: range) -> str:
    """Return the part of a frame that is in a row.

    Args:
        geometry: The coordinates.
        row: The number of the row.
        cell: The frame.
        columns: The columns of the row.
    """
    first, last = max(cell.start, columns.start), min(cell.end, columns.stop - 1)
    start_x = geometry.start_x(first) + 3
    right = geometry.start_x(last) + geometry.layout.widths[last] - 3
    top = geometry.y(row, cell.top) - HALF - 1 - FRAME_TOP * cell.top_level
    bottom = geometry.y(row, cell.bottom) + HALF - 1 + FRAME_BOTTOM * cell.bottom_level
    begins, ends = first == cell.start, last == cell.end
    start_x, right = start_x if begins else start_x - 8, right if ends else right + 8
    outline = _outline(start_x, right, top, bottom, begins, ends)
    parts = [svg_path(outline, ' opacity=".55"')]
    if begins:
        sources = [geometry.y(row, wire) for wire in cell.sources]
        parts.append(_condition_lines(geometry.center(first), bottom, sources))
        extra = LABEL + ' text-anchor="start"'
        parts.append(svg_text(start_x + 5, top + 12, cell.frame.label, 11, extra))
    line = f' data-line="{cell.frame.line}"' if cell.frame.line else ""
    return (
        f'<g class="qt-frame" stroke="currentColor"{line}>'
        f"<title>{clean(cell.frame.label)}</title>{''.join(parts)}</g>"
    )


def _outline(
    start_x: float, right: float, top: float, bottom: float, begins: bool, ends: bool
) -> str:
    """Return the path data of a frame, which is open at the side where it goes on."""
    x1, x2, y1, y2 = decimal(start_x), decimal(right), decimal(top), decimal(bottom)
    if begins and ends:
        return f"M{x1} {y1}H{x2}V{y2}H{x1}Z"
    if begins:
        return f"M{x2} {y1}H{x1}V{y2}H{x2}"
    if ends:
        return f"M{x1} {y1}H{x2}V{y2}H{x1}"
    return f"M{x1} {y1}H{x2}M{x1} {y2}H{x2}"


def _condition_lines(x: float, bottom: float, sources: Sequence[float]) -> str:
    """Return the double lines from the registers that a head reads to the frame."""
    if not sources:
        return ""
    end = max(sources)
    lines = "".join(vertical(x + side, bottom, end) for side in (-1.5, 1.5))
    dots = "".join(
        f'<circle cx="{decimal(x)}" cy="{decimal(y)}" r="4" fill="currentColor"/>' for y in sources
    )
    return svg_path(lines, ' opacity=".75"') + dots
