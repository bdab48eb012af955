"""SVG of a drawing: presentation attributes and classes, without a style sheet or a script."""

from collections import defaultdict
from collections.abc import Iterator

from quantumtask.openqasm.drawing.geometry import MARGIN, ROW_SPACE, Geometry
from quantumtask.openqasm.drawing.layout import CircuitLayout, FrameArea, MarkCell
from quantumtask.openqasm.drawing.shapes import (
    LABEL,
    clean,
    decimal,
    draw_frame,
    draw_mark,
    find_place,
    gaps,
    svg_path,
    svg_text,
)
from quantumtask.openqasm.text.source import shorten

MAX_NAME = 20
"""Most characters of the name of a wire."""

NOTE_HEIGHT = 24


def render(layout: CircuitLayout) -> str:
    """Return the SVG document of a layout."""
    geometry = Geometry(layout)
    notes = _notes(layout)
    rows = len(layout.rows)
    end = rows * geometry.row_height - ROW_SPACE + MARGIN / 2
    height = end + NOTE_HEIGHT * len(notes)
    width = max(geometry.width, *(7.5 * len(note) + 2 * MARGIN for note in notes), 120)
    summary = clean(_summary(layout))
    parts = [_opening(summary, width, height)]
    marks, frames = _by_row(layout)
    for row in range(rows):
        parts += _draw_wires(geometry, row, marks[row])
        parts += [draw_frame(geometry, row, each, layout.rows[row]) for each in frames[row]]
        parts += [draw_mark(find_place(geometry, row, each), each) for each in marks[row]]
    for line, note in enumerate(notes):
        y = end + NOTE_HEIGHT * (line + 0.6)
        parts.append(svg_text(MARGIN, y, note, 12, LABEL + ' class="qt-note" text-anchor="start"'))
    return "".join([*parts, "</svg>\n"])


def _opening(summary: str, width: float, height: float) -> str:
    w, h = decimal(width), decimal(height)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="qt-circuit" role="img" '
        f'aria-label="{summary}" width="{w}" height="{h}" viewBox="0 0 {w} {h}" '
        'color="currentColor" font-family="system-ui, sans-serif" text-anchor="middle" '
        f'stroke-width="1.3" stroke-linejoin="round"><title>{summary}</title>'
    )


def _by_row(
    layout: CircuitLayout,
) -> tuple[dict[int, list[MarkCell]], dict[int, list[FrameArea]]]:
    """Return the marks and the frames of each row, the outer frames first."""
    marks: dict[int, list[MarkCell]] = defaultdict(list)
    frames: dict[int, list[FrameArea]] = defaultdict(list)
    for mark in layout.marks:
        marks[layout.row_of(mark.column)].append(mark)
    for frame in reversed(layout.frames):
        for row in range(layout.row_of(frame.start), layout.row_of(frame.end) + 1):
            frames[row].append(frame)
    return marks, frames


def _draw_wires(geometry: Geometry, row: int, marks: list[MarkCell]) -> Iterator[str]:
    """Yield the names and the lines of the wires of a row, with gaps behind boxes."""
    layout = geometry.layout
    qubits, start, end = len(layout.qubits), geometry.name_width - 6, geometry.row_end(row)
    holes: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for cell in marks:
        center = geometry.center(cell.column)
        for wire, half in gaps(cell).items():
            holes[wire].append((center - half, center + half))
    yield '<g class="qt-wires" stroke="currentColor">'
    for wire, name in enumerate(layout.qubits):
        y = geometry.y(row, wire)
        yield _name(start, y, name)
        yield svg_path(_broken_line(start, end, y, sorted(holes[wire])), ' opacity=".6"')
    for wire, (name, size) in enumerate(layout.registers, start=qubits):
        y = geometry.y(row, wire)
        yield _name(start, y, f"{shorten(name, MAX_NAME)}[{size}]" if size > 1 else name)
        lines = "".join(
            f"M{decimal(start)} {decimal(y + side)}H{decimal(end)}" for side in (-1.5, 1.5)
        )
        yield svg_path(lines, ' opacity=".6"')
    yield "</g>"


def _name(x: float, y: float, name: str) -> str:
    extra = LABEL + ' text-anchor="end" font-family="ui-monospace, monospace"'
    return svg_text(x - 6, y + 4, shorten(name, MAX_NAME), 12, extra)


def _broken_line(start: float, end: float, y: float, holes: list[tuple[float, float]]) -> str:
    data, x = "", start
    for hole_start, hole_end in holes:
        data += f"M{decimal(x)} {decimal(y)}H{decimal(hole_start)}"
        x = hole_end
    return data + f"M{decimal(x)} {decimal(y)}H{decimal(end)}"


def _summary(layout: CircuitLayout) -> str:
    qubits = len(layout.qubits) + layout.omitted_qubits
    return f"Circuit with {_count(qubits, 'qubit')} and {_count(layout.operations, 'operation')}"


def _notes(layout: CircuitLayout) -> list[str]:
    """Return what the drawing leaves out, in sentences."""
    notes = []
    if layout.omitted_qubits:
        notes.append(
            f"{_count(layout.omitted_qubits, 'further qubit')} and what acts on them only are not "
            "drawn."
        )
    if layout.omitted:
        notes.append(f"{_count(layout.omitted, 'further operation')} not drawn.")
    if not layout.qubits:
        notes.append("This program has no qubits.")
    return notes


def _count(amount: int, noun: str) -> str:
    return f"{amount:,} {noun}{'' if amount == 1 else 's'}"
