"""Gate calls -> the operations they come to: definitions inlined, modifiers applied to each."""

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
    SCHEDULING_OPERATIONS,
    Matrix,
    MatrixGate,
    Operation,
    controlled_matrix,
)
from quantumtask.openqasm.text.source import Diagnostic, Span

MAX_ARGUMENT = 1e305
"""Sums and products of what is smaller stay finite in every gate and simulator."""


class AppliedGate(NamedTuple):
    """A gate on qubits; the first `len(controls)` of them control it, where True is `ctrl`.

    `powers` are applied to the gate first to last, before the controls; `inv` is -1.
    """

    gate: Gate
    params: tuple[float, ...]
    qubits: tuple[int, ...]
    powers: tuple[float, ...] = ()
    controls: tuple[bool, ...] = ()


def expand_gate(call: AppliedGate, span: Span) -> Iterator[Operation]:
    """The operations of a call, in order, up to a global phase of no effect.

    Raises Diagnostic at `span` for an argument that is no finite number, and for a fractional power
    of a gate that is too large to take a root of.
    """
    gate = call.gate
    if type(gate) is StandardGate and not (call.powers or call.controls):
        yield simple_operation(gate, call.params, call.qubits)
        return
    # A stack of our own: definitions can nest by the thousand.
    stack = [iter((call,))]
    while stack:
        piece = next(stack[-1], None)
        if piece is None:
            stack.pop()
        elif isinstance(piece.gate, CompositeGate) and _is_whole(piece.powers):
            stack.append(_pieces(piece, span))
        else:
            yield from _leaf(piece, span)


def simple_operation(
    gate: StandardGate, params: tuple[float, ...], qubits: tuple[int, ...]
) -> Operation:
    """A call of a gate that is no definition, without modifiers."""
    params = gate.arguments(*params) if gate.arguments else params
    return Operation(gate.basic, params, qubits, (True,) * gate.extra)


def _is_whole(powers: tuple[float, ...]) -> bool:
    return not powers or (len(powers) == 1 and powers[0].is_integer())


def _pieces(call: AppliedGate, span: Span) -> Iterator[AppliedGate]:
    """The body of a definition, repeated and turned round as a whole power says."""
    gate = call.gate
    assert isinstance(gate, CompositeGate)
    power = int(call.powers[0]) if call.powers else 1
    body = gate.body if power > 0 else gate.body[::-1]
    if not body:
        return
    own = len(call.controls)
    for _ in range(abs(power)):
        for item in body:
            qubits = [call.qubits[own + slot] for slot in item.slots]
            powers = merge_powers(_values(item.powers, call.params, span))
            yield AppliedGate(
                item.gate,
                _values(item.args, call.params, span),
                (*call.qubits[:own], *qubits),
                powers if power > 0 else _inverted(powers),
                (*call.controls, *item.controls),
            )


def _values(args: Sequence[Argument], params: Sequence[float], span: Span) -> tuple[float, ...]:
    return tuple([a if isinstance(a, float) else check_finite(a(params), span) for a in args])


def check_finite(value: float, span: Span) -> float:
    """A gate argument. Raises Diagnostic if it is no finite number, or too large."""
    if not abs(value) < MAX_ARGUMENT:
        raise Diagnostic("not_finite", "this argument is no finite number, or too large", span)
    return value


def merge_powers(powers: Sequence[float]) -> tuple[float, ...]:
    """Whole powers in a row are one power: their product."""
    result: list[float] = []
    for power in powers:
        if result and result[-1].is_integer() and power.is_integer():
            result[-1] *= power
        else:
            result.append(power)
    return tuple([p for p in result if p != 1])


def _inverted(powers: tuple[float, ...]) -> tuple[float, ...]:
    if powers and powers[-1].is_integer():
        last = -powers[-1]
        return powers[:-1] if last == 1 else (*powers[:-1], last)
    return (*powers, -1.0)


def _leaf(call: AppliedGate, span: Span) -> Iterator[Operation]:
    """A gate that is not inlined any further, with its powers and controls."""
    gate = call.gate
    if isinstance(gate, GlobalPhaseGate):
        angle = scale_phase(call.params[0], call.powers)
        yield from _phase(angle, call.qubits, call.controls)
    elif isinstance(gate, StandardGate) and _is_whole(call.powers):
        yield from _whole_power(gate, call)
    elif isinstance(gate, PrimitiveGate) and not call.powers:
        yield Operation(gate.basic, call.params, call.qubits, call.controls)
    else:
        root = _root(call, span)
        clifford = find_clifford_gate(root, exact=bool(call.controls))
        yield Operation(clifford or MatrixGate(root), (), call.qubits, call.controls)


def _whole_power(gate: StandardGate, call: AppliedGate) -> Iterator[Operation]:
    """The gate (or its inverse) as often as the power says, and the phase it comes with."""
    power = int(call.powers[0]) if call.powers else 1
    basic, params = gate.basic, call.params
    if gate.arguments:
        params = gate.arguments(*params)
    if power < 0:
        assert basic.inverse is not None
        name, params = basic.inverse(*params)
        basic = BASIC_GATES.get(name, basic)
    if basic.name in SCHEDULING_OPERATIONS:  # a control does not change a barrier or a delay
        yield Operation(basic, params, call.qubits[len(call.controls) :])
        return
    controls = call.controls + (True,) * gate.extra
    if controls == (True,) and basic in CONTROLLED_PAULIS:
        basic, controls = CONTROLLED_PAULIS[basic], ()
    operation = Operation(basic, params, call.qubits, controls)
    for _ in range(abs(power)):
        yield operation
    if gate.phase and call.controls and power:
        angle = gate.phase(*call.params) * power
        yield from _phase(angle, call.qubits[: len(call.controls)], call.controls)


def _phase(angle: float, qubits: Sequence[int], controls: Sequence[bool]) -> Iterator[Operation]:
    """exp(i * angle) on the states that the controls select; without controls it has no effect."""
    if not controls or not angle:
        return
    turn = [] if controls[-1] else [Operation(BASIC_GATES["x"], (), (qubits[-1],))]
    yield from turn
    yield Operation(BASIC_GATES["p"], (angle,), tuple(qubits), tuple(controls[:-1]))
    yield from turn


def _root(call: AppliedGate, span: Span) -> Matrix:
    """The matrix of a gate under powers of which some are not whole (see `roots`)."""
    gate = call.gate
    if gate.qubits + len(call.controls) > MAX_ROOT_QUBITS:
        message = f"a fraction of `{gate.name[:60]}`, a gate on {gate.qubits} qubits, is too large"
        raise Diagnostic("not_supported", message, span)
    matrix = unitary_matrix(AppliedGate(gate, call.params, tuple(range(gate.qubits))), span)
    for power in call.powers:
        matrix = matrix_power(matrix, power)
    return matrix


def unitary_matrix(call: AppliedGate, span: Span) -> Matrix:
    """The matrix of a call on qubits 0 to n-1, its global phase included."""
    size = call.gate.qubits + len(call.controls)
    # One control makes every global phase a relative one, which then can be read off.
    twin = call._replace(qubits=(0, *[q + 1 for q in call.qubits]), controls=(True, *call.controls))
    total: Matrix = np.eye(2 << size, dtype=np.complex128)
    for operation in expand_gate(twin, span):
        total = _embedded(operation, size + 1) @ total
    result: Matrix = total[1::2, 1::2]
    return result


def _embedded(operation: Operation, size: int) -> Matrix:
    """The matrix of an operation among `size` qubits."""
    small = controlled_matrix(operation.matrix(), operation.controls)
    places = operation.qubits
    count = len(places)
    tensor = small.reshape((2,) * (2 * count))
    state = np.eye(1 << size, dtype=np.complex128).reshape((2,) * size + (1 << size,))
    # Axis k of a reshaped index is qubit size - 1 - k, the highest bit first.
    axes = [size - 1 - q for q in reversed(places)]
    moved = np.tensordot(tensor, state, axes=(list(range(count, 2 * count)), axes))
    result: Matrix = np.moveaxis(moved, range(count), axes).reshape(1 << size, 1 << size)
    return result


def expansion_cost(gate: Gate, powers: Sequence[float], controls: Sequence[bool]) -> float:
    """Operations that one call comes to; infinite where a power is beyond counting."""
    cost: float = gate.cost
    if powers:
        times = math.prod(max(1.0, abs(p)) for p in powers if p.is_integer())
        roots = sum(not p.is_integer() for p in powers)  # each root is the power of one matrix
        cost = (cost + ROOT_COST * roots) * times
    return cost * 4 * len(controls) ** 2 if len(controls) > 2 else cost


ROOT_COST = 300.0
"""Operations that a root is worth: its matrix is taken apart."""
