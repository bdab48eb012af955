"""Expansion of gates into operations: definitions are inlined, modifiers applied to each call."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from quantumtask.openqasm.gates.library import (
    Argument,
    CompositeGate,
    Gate,
    GlobalPhaseGate,
    PrimitiveGate,
    StandardGate,
)
from quantumtask.openqasm.gates.roots import (
    MAX_ROOT_QUBITS,
    find_clifford_gate,
    matrix_power,
    scale_phase,
)
from quantumtask.openqasm.program.operations import (
    BASIC_GATES,
    CONTROLLED_PAULIS,
    TIMING_OPERATIONS,
    Matrix,
    MatrixGate,
    Operation,
    controlled_matrix,
)
from quantumtask.openqasm.text.source import Diagnostic, Span

MAX_ARGUMENT = 1e305
"""Largest argument of a gate; sums and products of smaller ones are finite in every simulator."""

ROOT_COST = 300.0
"""Cost of a root of a matrix, in operations."""


class AppliedGate(NamedTuple):
    """A gate on qubits, with modifiers.

    Attributes:
        gate: The gate.
        params: The parameters of the gate.
        qubits: Numbers of qubits: first those of `controls`, then those of the gate.
        powers: Exponents, applied first to last, before the controls; `inv` is -1.
        controls: True for `ctrl`, False for `negctrl`.
    """

    gate: Gate
    params: tuple[float, ...]
    qubits: tuple[int, ...]
    powers: tuple[float, ...] = ()
    controls: tuple[bool, ...] = ()


def expand_gate(applied: AppliedGate, span: Span) -> Iterator[Operation]:
    """Yield the operations of a gate, up to a global phase without effect.

    Raises:
        Diagnostic: An argument in a definition is not finite, or the gate under a fractional power
            is too large to take a root of. The diagnostic is at `span`.
    """
    gate = applied.gate
    if type(gate) is StandardGate and not (applied.powers or applied.controls):
        yield simple_operation(gate, applied.params, applied.qubits)
        return
    # An explicit stack: definitions can be nested thousands of levels deep.
    stack = [iter((applied,))]
    while stack:
        current = next(stack[-1], None)
        if current is None:
            stack.pop()
        elif isinstance(current.gate, CompositeGate) and _is_integer(current.powers):
            stack.append(_expand_body(current, span))
        else:
            yield from _expand_leaf(current, span)


def simple_operation(
    gate: StandardGate, params: tuple[float, ...], qubits: tuple[int, ...]
) -> Operation:
    """Return the operation of a standard gate without modifiers."""
    params = gate.to_basic_params(*params) if gate.to_basic_params else params
    return Operation(gate.basic, params, qubits, (True,) * gate.extra_controls)


def _is_integer(powers: tuple[float, ...]) -> bool:
    return not powers or (len(powers) == 1 and powers[0].is_integer())


def _expand_body(applied: AppliedGate, span: Span) -> Iterator[AppliedGate]:
    """Yield the gates of a definition; the power is an integer, and repeats or inverts the body."""
    gate = applied.gate
    assert isinstance(gate, CompositeGate)
    power = int(applied.powers[0]) if applied.powers else 1
    body = gate.body if power > 0 else gate.body[::-1]
    if not body:
        return
    num_controls = len(applied.controls)
    for _ in range(abs(power)):
        for item in body:
            qubits = [applied.qubits[num_controls + index] for index in item.qubit_indices]
            powers = merge_powers(_evaluate(item.powers, applied.params, span))
            yield AppliedGate(
                item.gate,
                _evaluate(item.args, applied.params, span),
                (*applied.qubits[:num_controls], *qubits),
                powers if power > 0 else _invert(powers),
                (*applied.controls, *item.controls),
            )


def _evaluate(args: Sequence[Argument], params: Sequence[float], span: Span) -> tuple[float, ...]:
    return tuple([a if isinstance(a, float) else check_finite(a(params), span) for a in args])


def check_finite(value: float, span: Span) -> float:
    """Return a gate argument.

    Raises:
        Diagnostic: The argument is not finite, or larger than MAX_ARGUMENT.
    """
    if not abs(value) < MAX_ARGUMENT:
        message = "a gate argument must be a finite number, and at most 1e305"
        raise Diagnostic("not_finite", message, span)
    return value


def merge_powers(powers: Sequence[float]) -> tuple[float, ...]:
    """Return exponents in which adjacent integers are replaced by their product."""
    result: list[float] = []
    for power in powers:
        if result and result[-1].is_integer() and power.is_integer():
            result[-1] *= power
        else:
            result.append(power)
    return tuple([p for p in result if p != 1])


def _invert(powers: tuple[float, ...]) -> tuple[float, ...]:
    if powers and powers[-1].is_integer():
        last = -powers[-1]
        return powers[:-1] if last == 1 else (*powers[:-1], last)
    return (*powers, -1.0)


def _expand_leaf(applied: AppliedGate, span: Span) -> Iterator[Operation]:
    """Yield the operations of a gate that is not inlined, with its powers and controls."""
    gate, controls = applied.gate, applied.controls
    if isinstance(gate, GlobalPhaseGate):
        angle = scale_phase(applied.params[0], applied.powers)
        yield from _controlled_phase(angle, applied.qubits, controls)
    elif isinstance(gate, StandardGate) and _is_integer(applied.powers):
        yield from _integer_power(gate, applied)
    elif isinstance(gate, PrimitiveGate) and not applied.powers:
        yield Operation(gate.basic, applied.params, applied.qubits, controls)
    else:
        root = _root(applied, span)
        clifford = find_clifford_gate(root, exact=bool(controls))
        yield Operation(clifford or MatrixGate(root), (), applied.qubits, controls)


def _integer_power(gate: StandardGate, applied: AppliedGate) -> Iterator[Operation]:
    """Yield the gate, or its inverse, as often as the power says, and its global phase."""
    power = int(applied.powers[0]) if applied.powers else 1
    basic, params = gate.basic, applied.params
    if gate.to_basic_params:
        params = gate.to_basic_params(*params)
    if power < 0:
        assert basic.inverse is not None
        name, params = basic.inverse(*params)
        basic = BASIC_GATES.get(name, basic)
    num_controls = len(applied.controls)
    if basic.name in TIMING_OPERATIONS:  # a control does not change a barrier or a delay
        yield Operation(basic, params, applied.qubits[num_controls:])
        return
    controls = applied.controls + (True,) * gate.extra_controls
    if controls == (True,) and basic in CONTROLLED_PAULIS:
        basic, controls = CONTROLLED_PAULIS[basic], ()
    operation = Operation(basic, params, applied.qubits, controls)
    for _ in range(abs(power)):
        yield operation
    if gate.global_phase and applied.controls and power:
        angle = gate.global_phase(*applied.params) * power
        yield from _controlled_phase(angle, applied.qubits[:num_controls], applied.controls)


def _controlled_phase(
    angle: float, qubits: Sequence[int], controls: Sequence[bool]
) -> Iterator[Operation]:
    """Yield operations that multiply the states that the controls select by exp(i * angle)."""
    if not controls or not angle:
        return
    flip = [] if controls[-1] else [Operation(BASIC_GATES["x"], (), (qubits[-1],))]
    yield from flip
    yield Operation(BASIC_GATES["p"], (angle,), tuple(qubits), tuple(controls[:-1]))
    yield from flip


def _root(applied: AppliedGate, span: Span) -> Matrix:
    """Return the matrix of a gate under powers of which some are not integers (see `roots`)."""
    gate = applied.gate
    if gate.num_qubits + len(applied.controls) > MAX_ROOT_QUBITS:
        message = (
            f"a fractional power of `{gate.name[:60]}` is not supported: the gate has "
            f"{gate.num_qubits} qubits, and at most {MAX_ROOT_QUBITS} are possible"
        )
        raise Diagnostic("not_supported", message, span)
    qubits = tuple(range(gate.num_qubits))
    matrix = unitary_matrix(AppliedGate(gate, applied.params, qubits), span)
    for power in applied.powers:
        matrix = matrix_power(matrix, power)
    return matrix


def unitary_matrix(applied: AppliedGate, span: Span) -> Matrix:
    """Return the matrix of a gate on the qubits 0 to n-1, with its global phase.

    Raises:
        Diagnostic: The gate cannot be expanded (see `expand_gate`).
    """
    size = applied.gate.num_qubits + len(applied.controls)
    # One more control turns a global phase into a relative phase, which the matrix then has.
    controlled = applied._replace(
        qubits=(0, *[q + 1 for q in applied.qubits]), controls=(True, *applied.controls)
    )
    total: Matrix = np.eye(2 << size, dtype=np.complex128)
    for operation in expand_gate(controlled, span):
        total = _embed(operation, size + 1) @ total
    result: Matrix = total[1::2, 1::2]
    return result


def _embed(operation: Operation, num_qubits: int) -> Matrix:
    """Return the matrix of an operation on a register of `num_qubits` qubits."""
    matrix = controlled_matrix(operation.matrix(), operation.controls)
    count = len(operation.qubits)
    tensor = matrix.reshape((2,) * (2 * count))
    size = 1 << num_qubits
    identity = np.eye(size, dtype=np.complex128).reshape((2,) * num_qubits + (size,))
    # Axis k of a reshaped index is qubit num_qubits - 1 - k, the highest bit first.
    axes = [num_qubits - 1 - qubit for qubit in reversed(operation.qubits)]
    product = np.tensordot(tensor, identity, axes=(list(range(count, 2 * count)), axes))
    result: Matrix = np.moveaxis(product, range(count), axes).reshape(size, size)
    return result


def expansion_cost(gate: Gate, powers: Sequence[float], controls: Sequence[bool]) -> float:
    """Return the number of operations of one call; infinite if a power is too large to count."""
    cost: float = gate.cost
    if powers:
        repetitions = math.prod(max(1.0, abs(p)) for p in powers if p.is_integer())
        num_roots = sum(not p.is_integer() for p in powers)  # each is a power of one matrix
        cost = (cost + ROOT_COST * num_roots) * repetitions
    return cost * 4 * len(controls) ** 2 if len(controls) > 2 else cost
