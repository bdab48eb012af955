"""What the checker knows while it walks a program: names, code so far, limits, problems."""

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from quantumtask.openqasm.compiler.code_builder import CodeBuilder
from quantumtask.openqasm.compiler.references import Reference, Store, storer
from quantumtask.openqasm.compiler.symbol_table import Routine, SymbolTable
from quantumtask.openqasm.compiler.visibility import declarations
from quantumtask.openqasm.gates.hardware import TargetGates, target_gate
from quantumtask.openqasm.gates.library import BUILT_IN_GATES, STDGATES, Gate
from quantumtask.openqasm.inputs.sweep_binding import InputVariable
from quantumtask.openqasm.parser.parse import (
    Node,
    PhysicalQubit,
    find_physical_qubit,
    physical_qubit_numbers,
)
from quantumtask.openqasm.parser.qubit_numbers import QubitAllocator
from quantumtask.openqasm.program.execution import Execution, Instruction, Label, QuantumTarget
from quantumtask.openqasm.program.program import Register
from quantumtask.openqasm.text.source import (
    MAX_PROBLEMS,
    Diagnostic,
    Source,
    Span,
    format_int,
    restore_names,
)
from quantumtask.openqasm.values.casts import changes_sign, convert
from quantumtask.openqasm.values.expr import Expr, ReadValue
from quantumtask.openqasm.values.types import QUBIT, ArrayValue, Type, wrap_int
from quantumtask.shared.settings import Settings


class TooManyErrors(Exception):
    """Enough problems: the rest of the program is not looked at."""


MOVES = 20
"""Elements that may be copied, for each step that a program may take: they are that much faster."""


def _copying(put: Store, read: ReadValue, most: int, span: Span) -> Instruction:
    def run(execution: Execution, _: QuantumTarget) -> None:
        value = read(execution.memory)
        put(execution.memory, value)
        execution.charge_copies(
            len(value[0]) if isinstance(value, ArrayValue) else len(value), most, span
        )

    return run


class Context:
    """One program on its way from a tree to code.

    Attributes:
        parameters: The values of the inputs, as in JSON; None: the program is only checked.
        device: The gates of the device that the program is for, which keeps barriers and delays.
        ending, again: The targets of `break` and `continue` in each enclosing loop.
    """

    def __init__(
        self,
        tree: Sequence[Node],
        source: Source,
        settings: Settings,
        parameters: dict[str, Any] | None,
        device: TargetGates | None = None,
    ) -> None:
        legacy = source.opaque_gates is not None
        built_in: dict[str, Gate] = (
            {**BUILT_IN_GATES, "CX": STDGATES["CX"]} if legacy else BUILT_IN_GATES
        )
        self.text = source.bytes
        self.annotated = source.has_annotations
        self.opaque = source.opaque_gates or frozenset()
        self.settings = settings
        self.parameters = parameters
        self.device = device
        self._own: dict[Gate, Gate] = {}
        self.legacy = legacy
        if device is not None:  # here: the short path looks its gates up by itself
            built_in = {name: target_gate(gate, device) for name, gate in built_in.items()}
        self.scope = SymbolTable(built_in, partial(declarations, tree), legacy)
        self.code = CodeBuilder(settings.max_elements + settings.max_bits)
        self.noisy = False
        self.qubits = QubitAllocator(
            settings.max_qubits, lambda: physical_qubit_numbers(tree, source.bytes)
        )
        self.loops: list[tuple[Label, Label]] = []
        self.routine: Routine | None = None
        self.has_routines = False
        self.aliased = 0
        self.bits: list[Register] = []
        self.bit_cells: list[int] = []
        self.inputs: list[InputVariable] = []
        self.shape: tuple[int, ...] = ()  # of the sweep that the values of the inputs make
        self.outputs: list[tuple[str, Type, Expr]] = []
        self.declared: list[tuple[str, Sequence[int], Span]] = []
        self.refusals: dict[tuple[str, int], Diagnostic] = {}
        self.warnings: dict[str, Diagnostic] = {}
        self.expression: Callable[[Any], Expr]
        self.places: Callable[[Any], Reference]
        self.block: Callable[[Sequence[Any]], None]

    def refuse(self, refusal: Diagnostic) -> None:
        """Notes a problem. Raises Enough where there are too many."""
        self.refusals.setdefault((refusal.code, refusal.span.lo), refusal)
        if len(self.refusals) >= MAX_PROBLEMS:
            raise TooManyErrors

    def warn(self, code: str, message: str, span: Span, hint: str | None = None) -> None:
        if len(self.warnings) < MAX_PROBLEMS:
            self.warnings.setdefault(message, Diagnostic(code, message, span, hint))

    @contextmanager
    def inner(self) -> Any:
        """A block with names of its own."""
        self.scope.enter()
        try:
            yield
        finally:
            self.scope.leave()

    def convert(self, value: Expr, to: Type) -> Expr:
        """A value as an assignment converts it, with a warning where that changes a constant."""
        if changes_sign(value, to):
            number = int(value.value)
            kept = format_int(wrap_int(number, to))
            message = f"{format_int(number)} is negative: {to} keeps it as {kept}"
            self.warn("negative_uint", message, value.span, "Declare an int, if -1 is meant as -1")
        return convert(value, to)

    def store(self, target: Reference, value: Expr, span: Span) -> None:
        """Writes the instruction that stores a value, which has the type of the target."""
        put, read = storer(target), value.read
        kind, most = target.type.kind, MOVES * self.settings.max_steps
        if kind in ("array", "bits") and target.bits is None:
            self.code.emit(_copying(put, read, most, span), span)
            return
        if value.is_constant:
            kept = value.value
            self.code.emit(lambda execution, _: put(execution.memory, kept), span)
        else:
            self.code.emit(lambda execution, _: put(execution.memory, read(execution.memory)), span)

    def count_alias(self, places: Reference, node: Node) -> None:
        """Counts what the names of an alias take. Raises Diagnostic beyond all measure."""
        self.aliased += 1 if isinstance(places.fixed, (int, range)) else len(places.fixed)
        most = 10 * self.settings.max_elements
        if self.aliased > most:
            message = f"all aliases together name more than {most:,} qubits and bits"
            raise Diagnostic("too_many_elements", message, node.span)

    def only_global(self, node: Node, what: str) -> None:
        if not self.scope.is_global:
            message = f"{what} can be declared only outside of all blocks"
            raise Diagnostic("not_global", message, node.span)

    def new_qubits(self, name: str, size: int, node: Any) -> Sequence[int]:
        """The numbers of declared qubits. Raises Diagnostic for more qubits than the limit."""
        numbers = self.qubits.allocate(size, node.span)
        self.declared.append((name, numbers, node.qubit.span))
        return numbers

    def physical_qubit(self, node: Node) -> Reference | None:
        """The qubit `$2`; None for a node that names no physical qubit. Raises Diagnostic."""
        qubit = find_physical_qubit(node, self.text)
        return None if qubit is None else self.physical(qubit)

    def physical(self, qubit: PhysicalQubit) -> Reference:
        """The place of a physical qubit. Raises Diagnostic for a number that is too large."""
        count = len(self.qubits.physical)
        number = self.qubits.resolve_physical(qubit.digits, qubit.span)
        if len(self.qubits.physical) > count:
            self.declared.append((f"${number}", (number,), qubit.span))
        return Reference(QUBIT, qubit.span, f"${number}", number, lambda _: number)

    def own(self, gate: Gate, span: Span) -> Gate:
        """The device's own gate for a gate; the gate itself without a device.

        Raises Diagnostic at `span` for a gate that takes the name of another one there.
        """
        if self.device is None:
            return gate
        if gate not in self._own:
            try:
                self._own[gate] = target_gate(gate, self.device)
            except Diagnostic as refusal:
                refusal.span = span
                raise
        return self._own[gate]

    def register(self, name: str, size: int, places: Any, node: Node) -> None:
        """A bit register of the result."""
        if len(self.bit_cells) + size > self.settings.max_bits:
            total, most = len(self.bit_cells) + size, self.settings.max_bits
            message = f"{format_int(total)} bits are declared, and at most {most:,} can be"
            raise Diagnostic("too_many_bits", message, node.span)
        self.bits.append(Register(restore_names(name), size))
        self.bit_cells.extend([places] if isinstance(places, int) else places)
