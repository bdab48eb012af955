"""Builder of code: emits instructions and allocates memory cells."""

from typing import Any

from quantumtask.openqasm.program.execution import BranchTargets, Instruction, JumpLabel
from quantumtask.openqasm.text.source import Diagnostic, Span
from quantumtask.openqasm.values.types import ArrayView, Type, default_value, element_count


class CodeBuilder:
    """The code of one program; `max_cells` limits its memory."""

    def __init__(self, max_cells: int) -> None:
        self.instructions: list[Instruction] = []
        self.spans: list[Span] = []
        self.memory: list[Any] = []
        self.branches: dict[int, BranchTargets] = {}
        self.max_cells = max_cells

    @property
    def next_address(self) -> int:
        """The address of the instruction that is emitted next."""
        return len(self.instructions)

    def emit(self, instruction: Instruction, span: Span) -> None:
        """Append an instruction."""
        self.instructions.append(instruction)
        self.spans.append(span)

    def emit_branch(self, instruction: Instruction, branches: BranchTargets, span: Span) -> None:
        """Append a branching instruction."""
        self.branches[self.next_address] = branches
        self.emit(instruction, span)

    def emit_jump(self, label: JumpLabel, span: Span) -> None:
        """Append a jump."""
        self.emit(lambda _, __: label.address, span)

    def bind_label(self, label: JumpLabel) -> None:
        """Set a label to the next address."""
        label.address = self.next_address

    def allocate(self, type: Type, span: Span) -> Any:
        """Allocate the cells of a value, with its default value.

        Returns:
            A cell; a range of cells for a register, an ArrayView for an array.

        Raises:
            Diagnostic: The program needs more cells than the limit.
        """
        first = len(self.memory)
        if type.kind == "bits":
            size = type.size or 0
            self._grow(size, 0, span)
            return range(first, first + size)
        if type.kind == "array":
            assert type.base is not None
            shape = tuple(n or 0 for n in type.shape)
            self._grow(element_count(shape), default_value(type.base), span)
            return ArrayView(range(first, len(self.memory)), shape)
        self._grow(1, None if type.kind in ("qubit", "qubits") else default_value(type), span)
        return first

    def allocate_cell(self, span: Span) -> int:
        """Allocate a cell that no variable uses. Raises Diagnostic beyond the limit."""
        self._grow(1, None, span)
        return len(self.memory) - 1

    def _grow(self, cells: int, value: Any, span: Span) -> None:
        if len(self.memory) + cells > self.max_cells:
            message = f"all variables together have more than {self.max_cells:,} elements"
            raise Diagnostic("too_many_elements", message, span)
        self.memory.extend([value] * cells)
