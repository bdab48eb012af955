"""Instructions of gate calls: constant, with angles known at run time, and fully dynamic."""

from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Any, NamedTuple

from quantumtask.openqasm.compiler.gate_modifiers import Modifiers
from quantumtask.openqasm.compiler.references import Reference
from quantumtask.openqasm.gates.expansion import (
    AppliedGate,
    check_finite,
    expand_gate,
    expansion_cost,
    merge_powers,
    simple_operation,
)
from quantumtask.openqasm.gates.library import Gate, StandardGate
from quantumtask.openqasm.gates.roots import MAX_ROOT_QUBITS
from quantumtask.openqasm.program.execution import Execution, Instruction, QuantumTarget
from quantumtask.openqasm.program.operations import Operation
from quantumtask.openqasm.text.source import Diagnostic, Span, shorten
from quantumtask.openqasm.values.expr import Expr, constant_expr
from quantumtask.openqasm.values.types import FLOAT

MAX_CACHED_OPERATIONS = 1000
"""The largest number of operations that a call keeps for its next run."""

CallQubits = Sequence[Any]
"""The operands of a call: each an int, or a sequence of ints for a register."""


class GateCall(NamedTuple):
    """The gate of a call statement; `max_operations` limits its expansion."""

    gate: Gate
    modifiers: Modifiers
    max_operations: int
    span: Span

    def powers(self, memory: list[Any]) -> tuple[float, ...]:
        """Return the exponents, with adjacent ones merged. Raises Diagnostic."""
        exponents = self.modifiers.powers
        if not exponents:
            return ()
        return merge_powers(
            [
                p if isinstance(p, float) else check_finite(float(p.read(memory)), self.span)
                for p in exponents
            ]
        )

    def call_count(self, qubits: CallQubits) -> int:
        """Return the number of single calls: the common size of the registers, or 1."""
        sizes = {len(operand) for operand in qubits if not isinstance(operand, int)}
        if len(sizes) > 1:
            numbers = " and ".join(str(size) for size in sorted(sizes))
            message = f"registers of different sizes in one call: {numbers}"
            raise Diagnostic("size_mismatch", message, self.span)
        return sizes.pop() if sizes else 1

    def cost(self, powers: tuple[float, ...], count: int) -> float:
        """Return the number of operations of `count` calls. Raises Diagnostic at the limit."""
        controls = self.modifiers.controls
        if powers:
            self._check_root(powers)
        cost = expansion_cost(self.gate, powers, controls) * count
        if cost > self.max_operations:
            raise self.too_many_operations()
        return cost

    def too_many_operations(self) -> Diagnostic:
        """Return the error of a call with too many operations."""
        name = shorten(self.gate.name)
        message = f"this call of `{name}` has more than {self.max_operations:,} operations"
        return Diagnostic("too_many_operations", message, self.span)

    def _check_root(self, powers: Sequence[float]) -> None:
        """Raise Diagnostic for a fractional power of a matrix that is too large."""
        qubits = self.gate.num_qubits + len(self.modifiers.controls)
        if qubits > MAX_ROOT_QUBITS and not all(power.is_integer() for power in powers):
            message = f"a fractional power of a gate on {qubits} qubits is not supported"
            hint = f"The limit is {MAX_ROOT_QUBITS} qubits, including controls"
            raise Diagnostic("not_supported", message, self.span, hint)

    def check_distinct(self, qubits: CallQubits, count: int) -> None:
        """Raise Diagnostic if a single call acts twice on the same qubit."""
        if len(qubits) > 1 and any(len(set(row)) < len(row) for row in _rows(qubits, count)):
            message = f"`{shorten(self.gate.name)}` acts twice on the same qubit"
            raise Diagnostic("duplicate_qubit", message, self.span)

    def expand(
        self, qubits: CallQubits, values: tuple[float, ...], powers: tuple[float, ...], count: int
    ) -> list[Operation]:
        """Return the operations of `count` single calls. Raises Diagnostic at the limit."""
        gate, (_, controls), limit, span = self
        if type(gate) is StandardGate and not (powers or controls):
            basic, params, _, extra = simple_operation(gate, values, ())
            return [Operation(basic, params, row, extra) for row in _rows(qubits, count)]
        operations: list[Operation] = []
        for row in _rows(qubits, count):
            for operation in expand_gate(AppliedGate(gate, values, row, powers, controls), span):
                operations.append(operation)
                if len(operations) > limit:
                    raise self.too_many_operations()
        return operations


def _rows(qubits: CallQubits, count: int) -> Iterable[tuple[int, ...]]:
    """Return the qubits of each single call; a single qubit takes part in all of them."""
    if all(isinstance(operand, int) for operand in qubits):
        return [tuple(qubits)]
    rows = [repeat(operand, count) if isinstance(operand, int) else operand for operand in qubits]
    return zip(*rows, strict=True)


def constant_operations(
    call: GateCall, qubits: CallQubits, values: tuple[float, ...]
) -> tuple[list[Operation], float]:
    """Return the operations of a constant call, and their number. Raises Diagnostic."""
    powers = call.powers([])
    count = call.call_count(qubits)
    cost = call.cost(powers, count)
    call.check_distinct(qubits, count)
    return call.expand(qubits, values, powers, count), cost


def gate_instruction(
    call: GateCall, operands: Sequence[Any], arguments: Sequence[float | Expr]
) -> Instruction:
    """Return the instruction of a call.

    Args:
        call: The gate, with its modifiers.
        operands: Each an int, a sequence of ints, or a Reference if known only at run time.
        arguments: The angles.

    Raises:
        Diagnostic: The call is constant and invalid.
    """
    modifiers = call.modifiers
    static = not any(isinstance(operand, Reference) for operand in operands)
    has_values = not any(isinstance(argument, Expr) for argument in arguments)
    if static and has_values and modifiers.have_constant_powers:
        return _constant_call(call, operands, arguments)
    single = all(isinstance(operand, int) for operand in operands)
    is_simple = type(call.gate) is StandardGate and single
    if is_simple and not (modifiers.powers or modifiers.controls):
        return _parametric_call(call, operands, arguments)
    return _dynamic_call(call, operands, arguments)


def _constant_call(call: GateCall, qubits: CallQubits, arguments: Sequence[Any]) -> Instruction:
    values = tuple(arguments)
    gate, modifiers, limit, span = call
    powers = call.powers([])
    count = call.call_count(qubits)
    cost = call.cost(powers, count)
    call.check_distinct(qubits, count)
    if count == 1 and type(gate) is StandardGate and not (powers or modifiers.controls):
        (row,) = _rows(qubits, 1)
        simple_operations = tuple(expand_gate(AppliedGate(gate, values, row), span))
        return lambda _, quantum: quantum.apply(simple_operations)

    cache: list[Operation] = []

    def run(execution: Execution, quantum: QuantumTarget) -> None:
        operations = cache or call.expand(qubits, values, powers, count)
        if len(operations) <= MAX_CACHED_OPERATIONS:
            cache[:] = operations
        quantum.apply(operations)
        execution.charge_operations(cost, limit, span)

    return run


def _parametric_call(call: GateCall, qubits: CallQubits, arguments: Sequence[Any]) -> Instruction:
    """Return the instruction of a simple gate with angles known at run time, as in a sweep."""
    gate, _, limit, span = call
    assert isinstance(gate, StandardGate)
    row, cost = tuple(qubits), call.cost((), 1)
    call.check_distinct(qubits, 1)
    angles = [a if isinstance(a, Expr) else constant_expr(FLOAT, a, span) for a in arguments]
    readers = [(angle.read, angle.span) for angle in angles]

    def run(execution: Execution, quantum: QuantumTarget) -> None:
        memory = execution.memory
        values = tuple([check_finite(read(memory), angle_span) for read, angle_span in readers])
        quantum.apply((simple_operation(gate, values, row),))
        execution.charge_operations(cost, limit, span)

    return run


def _dynamic_call(
    call: GateCall, operands: Sequence[Any], arguments: Sequence[float | Expr]
) -> Instruction:
    """Return the instruction of a call with operands or exponents known at run time."""

    def run(execution: Execution, quantum: QuantumTarget) -> None:
        memory = execution.memory
        values = tuple(
            [check_finite(a.read(memory), a.span) if isinstance(a, Expr) else a for a in arguments]
        )
        qubits = [o.resolve(memory) if isinstance(o, Reference) else o for o in operands]
        powers = call.powers(memory)
        count = call.call_count(qubits)
        cost = call.cost(powers, count)
        call.check_distinct(qubits, count)
        quantum.apply(call.expand(qubits, values, powers, count))
        execution.charge_operations(cost, call.max_operations, call.span)

    return run
