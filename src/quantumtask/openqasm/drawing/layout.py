"""CircuitLayout of a drawing: the column of each element, the width of each column, the rows."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from quantumtask.openqasm.drawing.elements import (
    Barrier,
    Box,
    Drawing,
    Element,
    Frame,
    Mark,
    Meters,
    Symbol,
)

MAX_QUBITS = 60
"""Most qubits of a drawing."""

MAX_COLUMNS = 2_000
"""Most columns of a drawing."""

MAX_REGISTERS = 6
"""Most registers with a wire of their own; more share one wire."""

MAX_ROW_WIDTH = 1_000
"""Largest width of the columns of a row."""

MIN_BOX_WIDTH, GAP = 30, 10
"""The width of a box with a short label, and the space beside it, in the units of the drawing."""


@dataclass(frozen=True)
class MarkCell:
    """A mark with its column and its wires.

    Attributes:
        column: The number of the column.
        mark: The mark.
        qubits: The wires of the qubits of the mark.
        controls: The wires of the controls, each True for a control on 1.
        target: The wire of the register that outcomes are stored in; None for no wire.
    """

    column: int
    mark: Mark
    qubits: tuple[int, ...]
    controls: tuple[tuple[int, bool], ...] = ()
    target: int | None = None


@dataclass(frozen=True)
class FrameArea:
    """A frame with its first and last column and wire.

    Attributes:
        top_level: The number of frames that begin at the wire `top`, from this one inwards.
        bottom_level: The number of frames that end at the wire `bottom`.
        sources: The wires of the registers that the head reads.
    """

    frame: Frame
    start: int
    end: int
    top: int
    bottom: int
    top_level: int
    bottom_level: int
    sources: tuple[int, ...]


@dataclass(frozen=True)
class CircuitLayout:
    """A drawing with a place for each element.

    Attributes:
        qubits: The names of the wires of qubits.
        registers: The names and sizes of the wires of registers, which follow; the size is 0 for a
            wire that several registers share.
        marks: The marks.
        frames: The frames.
        widths: The width of each column.
        rows: The columns of each row.
        omitted: The number of operations that are left out.
        omitted_qubits: The number of qubits that are left out.
        operations: The number of all operations.
    """

    qubits: tuple[str, ...]
    registers: tuple[tuple[str, int], ...]
    marks: tuple[MarkCell, ...]
    frames: tuple[FrameArea, ...]
    widths: tuple[float, ...]
    rows: tuple[range, ...]
    omitted: int
    omitted_qubits: int
    operations: int

    @cached_property
    def _row_starts(self) -> list[int]:
        return [row.start for row in self.rows]

    def row_of(self, column: int) -> int:
        """Return the number of the row that has a column."""
        return bisect_right(self._row_starts, column) - 1


def arrange(drawing: Drawing) -> CircuitLayout:
    """Return a drawing with a place for each element."""
    placer = _Placer(drawing)
    placer.place_all(drawing.elements, range(len(placer.qubits)))
    widths = placer.column_widths()
    shown = sum(_size(cell.mark) for cell in placer.marks)
    operations = sum(map(_size, drawing.marks())) + drawing.omitted
    return CircuitLayout(
        tuple(placer.qubits),
        placer.registers,
        tuple(placer.marks),
        tuple(placer.frames),
        widths,
        tuple(_rows(widths, placer.frames)),
        operations - shown,
        len(drawing.qubits) - len(placer.wires),
        operations,
    )


def _size(mark: Mark) -> int:
    return len(mark.qubits) if isinstance(mark, Meters) else 1


class _Placer:
    """Places elements from left to right, each in the first column that is free on its wires."""

    def __init__(self, drawing: Drawing) -> None:
        names = list(drawing.qubits.items())[:MAX_QUBITS]
        self.qubits = [name for _, name in names]
        self.wires = {number: wire for wire, (number, _) in enumerate(names)}
        self._share = len(drawing.registers) > MAX_REGISTERS
        self._names = [name for name, _ in drawing.registers]
        self.registers = (("bits", 0),) if self._share else drawing.registers
        self.marks: list[MarkCell] = []
        self.frames: list[FrameArea] = []
        self._free = [0] * (len(names) + len(self.registers))
        self._widths: dict[int, float] = defaultdict(float)

    def place_all(self, elements: Iterable[Element], around: range) -> None:
        """Place elements; those without a qubit are put on the first wire `around` them."""
        for element in elements:
            if isinstance(element, Frame):
                self._place_frame(element, around)
            else:
                self._place_mark(element, around)

    def column_widths(self) -> tuple[float, ...]:
        """Return the width of each column; the labels of frames fit."""
        count = 1 + max(self._widths, default=-1)
        widths = [self._widths[column] for column in range(count)]
        for cell in self.frames:  # the inner frames first
            missing = text_width(cell.frame.label, 11) + 16
            missing -= sum(widths[cell.start : cell.end + 1])
            widths[cell.end] += max(0, missing)
        return tuple(widths)

    def _register_wire(self, register: int | None) -> int | None:
        if register is None:
            return None
        return len(self.qubits) + (0 if self._share else register)

    def _take(self, wires: Sequence[int], width: float) -> int | None:
        """Return the next column that is free on all wires from the first to the last one."""
        low, high = min(wires), max(wires) + 1
        column = max(self._free[low:high])
        if column >= MAX_COLUMNS:
            return None
        self._free[low:high] = [column + 1] * (high - low)
        self._widths[column] = max(self._widths[column], width)
        return column

    def _place_mark(self, mark: Mark, around: range) -> None:
        wires = self._wires_of(mark.qubits)
        controls: tuple[tuple[int, bool], ...] = ()
        if isinstance(mark, Box):
            controls = tuple((self.wires[q], v) for q, v in mark.controls if q in self.wires)
        elif isinstance(mark, Meters):
            self._place_meters(mark)
            return
        named = [*wires, *(wire for wire, _ in controls)]
        if not named and not mark.all_qubits and around:
            named = wires = [around.start]
        column = self._take(named, mark_width(mark)) if named else None
        if column is not None:
            self.marks.append(MarkCell(column, mark, tuple(wires), controls))

    def _place_meters(self, mark: Meters) -> None:
        pairs = [(q, t) for q, t in zip(mark.qubits, mark.targets, strict=True) if q in self.wires]
        if not pairs:
            return
        target = self._register_wire(mark.register)
        if self._share and mark.register is not None:
            name = self._names[mark.register]
            pairs = [(q, f"{name}[{t}]" if t.isdecimal() else t) for q, t in pairs]
        qubits, targets = (tuple(each) for each in zip(*pairs, strict=True))
        mark = Meters(qubits, targets, mark.register, mark.title, mark.line)
        wires = [self.wires[qubit] for qubit in qubits]
        column = self._take(wires if target is None else [*wires, target], mark_width(mark))
        if column is not None:
            self.marks.append(MarkCell(column, mark, tuple(wires), target=target))

    def _place_frame(self, frame: Frame, around: range) -> None:
        wires = self._wires_of(frame.all_qubits)
        if not wires and (frame.all_qubits or not around):
            return
        inside = range(min(wires), max(wires) + 1) if wires else around
        registers = {self._register_wire(register) for register in frame.registers}
        sources = tuple(sorted(wire for wire in registers if wire is not None))
        start = self._take([*inside, *sources], 16)
        if start is None:
            return
        first_frame = len(self.frames)
        self.place_all(frame.body, inside)
        end = self._take(inside, 10)
        inner = self.frames[first_frame:]
        top, bottom = inside.start, inside.stop - 1
        tops = [each.top_level for each in inner if each.top == top]
        bottoms = [each.bottom_level for each in inner if each.bottom == bottom]
        self.frames.append(
            FrameArea(
                frame,
                start,
                max(self._widths) if end is None else end,
                top,
                bottom,
                1 + max(tops, default=0),
                1 + max(bottoms, default=0),
                sources,
            )
        )

    def _wires_of(self, qubits: Iterable[int]) -> list[int]:
        return [self.wires[qubit] for qubit in qubits if qubit in self.wires]


def mark_width(mark: Mark) -> float:
    """Return the width of the column that a mark needs."""
    if isinstance(mark, Barrier):
        return 16
    return box_width(mark) + GAP


def box_width(mark: Box | Meters) -> float:
    """Return the width of the boxes of a mark."""
    if isinstance(mark, Meters):
        return MIN_BOX_WIDTH + (12 if any(len(text) > 3 for text in mark.targets) else 0)
    if mark.symbol is not Symbol.BOX:
        return MIN_BOX_WIDTH
    ports = 12 if mark.has_ports else 0
    label, parameters = text_width(mark.label, 12.5), text_width(mark.parameters, 9)
    return max(MIN_BOX_WIDTH, label + 12 + ports, parameters + 8 + ports)


def text_width(text: str, size: float) -> float:
    """Return the width that a text needs at most, for usual fonts without serifs."""
    wide = sum(ord(character) > 0x2E80 for character in text)
    return (0.58 * (len(text) - wide) + wide) * size


def _rows(widths: Sequence[float], frames: Sequence[FrameArea]) -> Iterator[range]:
    """Yield the columns of each row. A frame that fits one row is not broken, if possible."""
    inside = _outermost_frames(len(widths), frames)
    start, width = 0, 0.0
    column = 0
    while column < len(widths):
        if column > start and width + widths[column] > MAX_ROW_WIDTH:
            frame = inside[column]
            if frame is not None and frame.start > start:
                whole = sum(widths[frame.start : frame.end + 1])
                column = frame.start if whole <= MAX_ROW_WIDTH else column
            yield range(start, column)
            start, width = column, 0.0
        width += widths[column]
        column += 1
    yield range(start, len(widths))


def _outermost_frames(columns: int, frames: Sequence[FrameArea]) -> list[FrameArea | None]:
    """Return the widest frame that each column, apart from its first one, is in."""
    result: list[FrameArea | None] = [None] * columns
    for frame in frames:  # the inner frames first
        result[frame.start + 1 : frame.end + 1] = [frame] * (frame.end - frame.start)
    return result
