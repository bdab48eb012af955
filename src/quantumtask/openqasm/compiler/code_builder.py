"""Instructions as they are written: code grows at its end, memory is handed out cell by cell."""

from typing import Any

from quantumtask.openqasm.program.execution import BranchTargets, Instruction, Label
from quantumtask.openqasm.text.source import Diagnostic, Span
from quantumtask.openqasm.values.types import ArrayView, Type, default_value, element_count


class CodeBuilder:
    """The code of one program. `most_cells` bounds its memory."""

    def __init__(self, most_cells: int) -> None:
        self.instructions: list[Instruction] = []
        self.spans: list[Span] = []
        self.memory: list[Any] = []
        self.branches: dict[int, BranchTargets] = {}
        self.most_cells = most_cells

    @property
    def here(self) -> int:
        return len(self.instructions)

    def emit(self, instruction: Instruction, span: Span) -> None:
        self.instructions.append(instruction)
        self.spans.append(span)

    def fork(self, instruction: Instruction, ways: BranchTargets, span: Span) -> None:
        """Adds an instruction with more than one way."""
        self.branches[self.here] = ways
        self.emit(instruction, span)

    def jump(self, label: Label, span: Span) -> None:
        self.emit(lambda _, __: label.address, span)

    def place(self, label: Label) -> None:
        label.address = self.here

    def reserve(self, of: Type, span: Span) -> Any:
        """Places for a value: one cell, a range for a register, a View for an array."""
        first = len(self.memory)
        if of.kind == "bits":
            size = of.size or 0
            self._grow(size, 0, span)
            return range(first, first + size)
        if of.kind == "array":
            assert of.base is not None
            shape = tuple(n or 0 for n in of.shape)
            self._grow(element_count(shape), default_value(of.base), span)
            return ArrayView(range(first, len(self.memory)), shape)
        self._grow(1, None if of.kind in ("qubit", "qubits") else default_value(of), span)
        return first

    def cell(self, span: Span) -> int:
        """A cell for something that is no value of the program."""
        self._grow(1, None, span)
        return len(self.memory) - 1

    def _grow(self, cells: int, value: Any, span: Span) -> None:
        if len(self.memory) + cells > self.most_cells:
            message = f"all variables together have more than {self.most_cells:,} elements"
            raise Diagnostic("too_many_elements", message, span)
        self.memory.extend([value] * cells)
