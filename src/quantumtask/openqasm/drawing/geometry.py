"""Geometry of a layout: the coordinates of wires, columns and rows."""

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from quantumtask.openqasm.drawing.layout import CircuitLayout, text_width

BOX = 30
"""The height of a box."""

MARGIN, QUBIT_SPACE, REGISTER_SPACE, ROW_SPACE = 12, 40, 30, 30
"""The space around the drawing, between wires, and between rows."""

FRAME_TOP, FRAME_BOTTOM = 16, 6
"""The height that a frame adds above its first wire, for its head, and below its last wire."""


@dataclass(frozen=True)
class Geometry:
    """The coordinates of a layout, from the upper left corner."""

    layout: CircuitLayout

    @cached_property
    def name_width(self) -> float:
        """The width of the names of the wires."""
        names = [*self.layout.qubits, *(name for name, _ in self.layout.registers)]
        longest = max((text_width(name, 12) for name in names), default=0)
        return MARGIN + min(longest, 150) + 14

    @cached_property
    def wires(self) -> tuple[float, ...]:
        """The vertical position of each wire in a row."""
        qubits, frames = len(self.layout.qubits), self.layout.frames
        above, below = [0.0] * (qubits + 1), [0.0] * (qubits + 1)
        for cell in frames:
            above[cell.top] = max(above[cell.top], FRAME_TOP * cell.top_level)
            below[cell.bottom] = max(below[cell.bottom], FRAME_BOTTOM * cell.bottom_level)
        positions, y = [], float(MARGIN + BOX / 2 - QUBIT_SPACE)
        for wire in range(qubits):
            y += QUBIT_SPACE + above[wire] + (below[wire - 1] if wire else 0)
            positions.append(y)
        y += QUBIT_SPACE - REGISTER_SPACE + (below[qubits - 1] if qubits else 0)
        for _ in self.layout.registers:
            y += REGISTER_SPACE
            positions.append(y)
        return tuple(positions)

    @cached_property
    def row_height(self) -> float:
        """The height of a row with the space below it."""
        last_qubit = len(self.layout.qubits) - 1
        lowest = max(
            (p.bottom_level for p in self.layout.frames if p.bottom == last_qubit), default=0
        )
        ends = [self.wires[-1]] if self.wires else [0.0]
        if last_qubit >= 0:
            ends.append(self.wires[last_qubit] + FRAME_BOTTOM * lowest)
        return max(ends) + BOX / 2 + ROW_SPACE

    @cached_property
    def _edges(self) -> tuple[float, ...]:
        return tuple(accumulate(self.layout.widths, initial=0.0))

    def start_x(self, column: int) -> float:
        """Return the left edge of a column in its row."""
        row = self.layout.rows[self.layout.row_of(column)]
        return self.name_width + self._edges[column] - self._edges[row.start]

    def center(self, column: int) -> float:
        """Return the center of a column in its row."""
        return self.start_x(column) + self.layout.widths[column] / 2

    def row_end(self, row: int) -> float:
        """Return the right end of the wires of a row."""
        columns = self.layout.rows[row]
        return self.name_width + self._edges[columns.stop] - self._edges[columns.start] + 8

    @cached_property
    def width(self) -> float:
        """The width of the drawing."""
        return max(self.row_end(row) for row in range(len(self.layout.rows))) + MARGIN

    def y(self, row: int, wire: int) -> float:
        """Return the vertical position of a wire."""
        return row * self.row_height + self.wires[wire]
