"""State of the compiler while it walks a program: symbols, code, limits and diagnostics."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple, Protocol

from quantumtask.openqasm.compiler.code_builder import CodeBuilder
from quantumtask.openqasm.compiler.load_store import store_function
from quantumtask.openqasm.compiler.references import Reference, require_qubits, static_reference
from quantumtask.openqasm.compiler.symbol_table import Subroutine, SymbolTable
from quantumtask.openqasm.compiler.visibility import collect_declarations
from quantumtask.openqasm.gates.hardware import TargetGates, target_gate
from quantumtask.openqasm.gates.library import BUILT_IN_GATES, STDGATES, Gate
from quantumtask.openqasm.inputs.sweep_binding import InputVariable, StoreValue
from quantumtask.openqasm.parser.parse import (
    Node,
    PhysicalQubit,
    find_physical_qubit,
    nodes,
    physical_qubit_numbers,
)
from quantumtask.openqasm.parser.qubit_numbers import QubitAllocator
from quantumtask.openqasm.program.execution import Execution, Instruction, JumpLabel, QuantumTarget
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
    """Signals that the limit of reported errors is reached; the compiler stops."""


COPIES_PER_STEP = 20
"""Elements that may be copied for each step of the step limit: a copy is that much faster."""


class Visitors(NamedTuple):
    """Functions that compile the parts of a statement.

    Statements and expressions contain each other. The modules of statements therefore call these
    functions through the context instead of importing their modules, which import the statements.

    Attributes:
        expression: Compiles an expression. Raises Diagnostic.
        reference: Resolves the qubits, bits or variable that a node names. Raises Diagnostic.
        block: Compiles statements, and reports their errors.
    """

    expression: Callable[["Context", Node], Expr]
    reference: Callable[["Context", Node], Reference]
    block: Callable[["Context", Sequence[Node]], None]


class StatementObserver(Protocol):
    """An object that is told about the statements while they are compiled."""

    def begin(self, context: "Context", node: Node) -> None:
        """Take note of a statement before it is compiled."""

    def end(self, context: "Context", node: Node) -> None:
        """Take note of a statement that was compiled, in the scope of the statement."""


class Loop(NamedTuple):
    """The jump targets of an enclosing loop: `break` jumps to `end`, `continue` to `start`."""

    end: JumpLabel
    start: JumpLabel


class DeclaredRegister(NamedTuple):
    """The qubits of one declaration, or one hardware qubit, with the span of its name."""

    name: str
    qubits: Sequence[int]
    span: Span


class Output(NamedTuple):
    """An `output` variable, and the expression that reads it."""

    name: str
    type: Type
    value: Expr


class Context:
    """The compilation of one program.

    Attributes:
        text: The source text as UTF-8.
        annotated: The text contains annotations.
        opaque: The names of the opaque gates of an OpenQASM 2 program.
        parameters: The values of the inputs, as in JSON. None if the program is only validated.
        device: The gates of the target device, whose programs keep barriers and delays. None for
            an ideal simulator.
        openqasm2: The program is OpenQASM 2.
        noisy: The program contains noise instructions.
        loops: The enclosing loops, innermost last.
        subroutine: The enclosing subroutine.
        result_registers: The bit registers of the result.
        result_cells: The memory cells of their bits.
        shape: The shape of the sweep that the values of the inputs make.
        errors: The errors, by code and position.
        warnings: The warnings, by message.
        expression: See Visitors.
        reference: See Visitors.
        block: See Visitors.
        observer: An object that is told about all statements outside of gate definitions.
    """

    def __init__(
        self,
        tree: Sequence[Node],
        source: Source,
        settings: Settings,
        parameters: dict[str, Any] | None,
        device: TargetGates | None,
        visitors: Visitors,
    ) -> None:
        self.text = source.bytes
        self.annotated = source.has_annotations
        self.openqasm2 = source.opaque_gates is not None
        self.opaque = source.opaque_gates or frozenset()
        self.settings = settings
        self.parameters = parameters
        self.device = device
        self._device_gates: dict[Gate, Gate] = {}
        built_in = _built_in_gates(self.openqasm2, device)
        self.symbols = SymbolTable(built_in, partial(collect_declarations, tree), self.openqasm2)
        self.code = CodeBuilder(settings.max_elements + settings.max_bits)
        self.noisy = False
        self.qubits = QubitAllocator(
            settings.max_qubits, lambda: physical_qubit_numbers(tree, source.bytes)
        )
        self.loops: list[Loop] = []
        self.subroutine: Subroutine | None = None
        self.has_subroutines = False
        self.result_registers: list[Register] = []
        self.result_cells: list[int] = []
        self.inputs: list[InputVariable] = []
        self.shape: tuple[int, ...] = ()
        self.outputs: list[Output] = []
        self.declared_registers: list[DeclaredRegister] = []
        self.errors: dict[tuple[str, int], Diagnostic] = {}
        self.warnings: dict[str, Diagnostic] = {}
        self.expression: Callable[[Node], Expr] = partial(visitors.expression, self)
        self.reference: Callable[[Node], Reference] = partial(visitors.reference, self)
        self.block: Callable[[Sequence[Node]], None] = partial(visitors.block, self)
        self.observer: StatementObserver | None = None
        self._alias_elements = 0

    def report(self, error: Diagnostic) -> None:
        """Add an error. Raises TooManyErrors at the limit."""
        self.errors.setdefault((error.code, error.span.lo), error)
        if len(self.errors) >= MAX_PROBLEMS:
            raise TooManyErrors

    def warn(self, code: str, message: str, span: Span, hint: str | None = None) -> None:
        """Add a warning."""
        if len(self.warnings) < MAX_PROBLEMS:
            self.warnings.setdefault(message, Diagnostic(code, message, span, hint))

    @contextmanager
    def block_scope(self) -> Iterator[None]:
        """Open a scope for the names of a block."""
        self.symbols.enter()
        try:
            yield
        finally:
            self.symbols.leave()

    def convert(self, value: Expr, to: Type) -> Expr:
        """Convert a value as an assignment does; warn if a negative constant wraps."""
        if changes_sign(value, to):
            number = int(value.value)
            wrapped_number = format_int(wrap_int(number, to))
            message = f"{format_int(number)} is negative: {to} stores {wrapped_number}"
            self.warn("negative_uint", message, value.span, "Declare an int to store -1 as -1")
        return convert(value, to)

    def store(self, target: Reference, value: Expr, span: Span) -> None:
        """Emit the instruction that stores a value, which must have the type of the target."""
        write, read = store_function(target), value.read
        if target.type.kind in ("array", "bits") and target.bits is None:
            limit = COPIES_PER_STEP * self.settings.max_steps
            self.code.emit(_copy_elements(write, read, limit, span), span)
        elif value.is_constant:
            constant = value.value
            self.code.emit(lambda execution, _: write(execution.memory, constant), span)
        else:
            self.code.emit(
                lambda execution, _: write(execution.memory, read(execution.memory)), span
            )

    def charge_alias(self, reference: Reference, node: Node) -> None:
        """Count the qubits and bits of an alias. Raises Diagnostic beyond the limit."""
        locations = reference.static
        self._alias_elements += 1 if isinstance(locations, (int, range)) else len(locations)
        limit = 10 * self.settings.max_elements
        if self._alias_elements > limit:
            message = f"all aliases together name more than {limit:,} qubits and bits"
            raise Diagnostic("too_many_elements", message, node.span)

    def require_global(self, node: Node, subject: str) -> None:
        """Raise Diagnostic if a declaration is inside a block."""
        if not self.symbols.is_global:
            message = f"{subject} can be declared only outside of all blocks"
            raise Diagnostic("not_global", message, node.span)

    def declare_qubits(self, name: str, size: int, node: nodes.QubitDeclaration) -> Sequence[int]:
        """Return the numbers of declared qubits. Raises Diagnostic beyond the limit."""
        numbers = self.qubits.allocate(size, node.span)
        self.declared_registers.append(DeclaredRegister(name, numbers, node.qubit.span))
        return numbers

    def qubit_reference(self, node: Node) -> Reference:
        """Resolve a node that must name qubits. Raises Diagnostic."""
        return require_qubits(self.reference(node), node.span)

    def find_hardware_qubit(self, node: Node) -> Reference | None:
        """Return the qubit `$2`; None for any other node. Raises Diagnostic."""
        qubit = find_physical_qubit(node, self.text)
        return None if qubit is None else self.hardware_qubit(qubit)

    def hardware_qubit(self, qubit: PhysicalQubit) -> Reference:
        """Return the reference to a hardware qubit. Raises Diagnostic for a number too large."""
        count = len(self.qubits.physical)
        number = self.qubits.resolve_physical(qubit.digits, qubit.span)
        name = f"${number}"
        if len(self.qubits.physical) > count:
            self.declared_registers.append(DeclaredRegister(name, (number,), qubit.span))
        return static_reference(QUBIT, qubit.span, number, name)

    def device_gate(self, gate: Gate, span: Span) -> Gate:
        """Return the native gate of the device for a gate, or the gate itself.

        Raises:
            Diagnostic: At `span`, if the gate has the name of a different native gate.
        """
        if self.device is None:
            return gate
        if gate not in self._device_gates:
            try:
                self._device_gates[gate] = target_gate(gate, self.device)
            except Diagnostic as error:
                error.span = span
                raise
        return self._device_gates[gate]

    def add_result_register(self, name: str, size: int, cells: Any, node: Node) -> None:
        """Add a bit register to the result. Raises Diagnostic beyond the limit."""
        total = len(self.result_cells) + size
        if total > self.settings.max_bits:
            message = (
                f"{format_int(total)} bits are declared; the limit is {self.settings.max_bits:,}"
            )
            raise Diagnostic("too_many_bits", message, node.span)
        self.result_registers.append(Register(restore_names(name), size))
        self.result_cells.extend([cells] if isinstance(cells, int) else cells)


def _built_in_gates(openqasm2: bool, device: TargetGates | None) -> dict[str, Gate]:
    gates: dict[str, Gate] = BUILT_IN_GATES
    if openqasm2:
        gates = {**gates, "CX": STDGATES["CX"]}
    if device is not None:  # translated here, because the fast path reads this table directly
        gates = {name: target_gate(gate, device) for name, gate in gates.items()}
    return gates


def _copy_elements(write: StoreValue, read: ReadValue, limit: int, span: Span) -> Instruction:
    def run(execution: Execution, _: QuantumTarget) -> None:
        value = read(execution.memory)
        write(execution.memory, value)
        size = len(value[0]) if isinstance(value, ArrayValue) else len(value)
        execution.charge_copies(size, limit, span)

    return run
