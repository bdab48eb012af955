"""Gate calls -> the operations they come to: definitions inlined, modifiers applied to each."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from quantumtask.openqasm.gates.library import (
    Argument,
    Defined,
    Gate,
    GlobalPhase,
    Instruction,
    Standard,
)
from quantumtask.openqasm.gates.roots import (
    MOST_QUBITS_OF_A_ROOT,
    clifford_gate,
    phase_power,
    power_of,
)
from quantumtask.openqasm.program.operations import (
    BASIC,
    CONTROLLED_PAULIS,
    PAUSES,
    Matrix,
    Operation,
    Unitary,
    controlled,
)
from quantumtask.openqasm.text.source import Refusal, Span

LARGEST_ARGUMENT = 1e305
"""Sums and products of what is smaller stay finite in every gate and simulator."""


class Call(NamedTuple):
    """A gate on qubits; the first `len(controls)` of them control it, where True is `ctrl`.

    `powers` are applied to the gate first to last, before the controls; `inv` is -1.
    """

    gate: Gate
    params: tuple[float, ...]
    qubits: tuple[int, ...]
    powers: tuple[float, ...] = ()
    controls: tuple[bool, ...] = ()


def operations(call: Call, span: Span) -> Iterator[Operation]:
    """The operations of a call, in order, up to a global phase of no effect.

    Raises Refusal at `span` for a definition with an argument that is no finite number, and for a
    fraction of a gate that is too large to take a root of.
    """
    gate = call.gate
    if type(gate) is Standard and not (call.powers or call.controls):
        yield plain(gate, call.params, call.qubits)
        return
    # A stack of our own: definitions can nest by the thousand.
    stack = [iter((call,))]
    while stack:
        piece = next(stack[-1], None)
        if piece is None:
            stack.pop()
        elif isinstance(piece.gate, Defined) and _is_whole(piece.powers):
            stack.append(_pieces(piece, span))
        else:
            yield from _leaf(piece, span)


def plain(gate: Standard, params: tuple[float, ...], qubits: tuple[int, ...]) -> Operation:
    """A call of a gate that is no definition, without modifiers."""
    params = gate.arguments(*params) if gate.arguments else params
    return Operation(gate.basic, params, qubits, (True,) * gate.extra)


def _is_whole(powers: tuple[float, ...]) -> bool:
    return not powers or (len(powers) == 1 and powers[0].is_integer())


def _pieces(call: Call, span: Span) -> Iterator[Call]:
    """The body of a definition, repeated and turned round as a whole power says."""
    gate = call.gate
    assert isinstance(gate, Defined)
    power = int(call.powers[0]) if call.powers else 1
    body = gate.body if power > 0 else gate.body[::-1]
    if not body:
        return
    own = len(call.controls)
    for _ in range(abs(power)):
        for item in body:
            qubits = [call.qubits[own + slot] for slot in item.slots]
            powers = merged(_values(item.powers, call.params, span))
            yield Call(
                item.gate,
                _values(item.args, call.params, span),
                (*call.qubits[:own], *qubits),
                powers if power > 0 else _inverted(powers),
                (*call.controls, *item.controls),
            )


def _values(args: Sequence[Argument], params: Sequence[float], span: Span) -> tuple[float, ...]:
    return tuple([a if isinstance(a, float) else finite(a(params), span) for a in args])


def finite(value: float, span: Span) -> float:
    """A gate argument. Raises Refusal if it is no finite number, or too large."""
    if not abs(value) < LARGEST_ARGUMENT:
        raise Refusal("not_finite", "this argument is no finite number, or too large", span)
    return value


def merged(powers: Sequence[float]) -> tuple[float, ...]:
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


def _leaf(call: Call, span: Span) -> Iterator[Operation]:
    """A gate that is not inlined any further, with its powers and controls."""
    gate = call.gate
    if isinstance(gate, GlobalPhase):
        angle = phase_power(call.params[0], call.powers)
        yield from _phase(angle, call.qubits, call.controls)
    elif isinstance(gate, Standard) and _is_whole(call.powers):
        yield from _whole_power(gate, call)
    elif isinstance(gate, Instruction) and not call.powers:
        yield Operation(gate.basic, call.params, call.qubits, call.controls)
    else:
        root = _root(call, span)
        clifford = clifford_gate(root, exact=bool(call.controls))
        yield Operation(clifford or Unitary(root), (), call.qubits, call.controls)


def _whole_power(gate: Standard, call: Call) -> Iterator[Operation]:
    """The gate (or its inverse) as often as the power says, and the phase it comes with."""
    power = int(call.powers[0]) if call.powers else 1
    basic, params = gate.basic, call.params
    if gate.arguments:
        params = gate.arguments(*params)
    if power < 0:
        assert basic.inverse is not None
        name, params = basic.inverse(*params)
        basic = BASIC.get(name, basic)
    if basic.name in PAUSES:  # a control does not change a barrier or a delay
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
    turn = [] if controls[-1] else [Operation(BASIC["x"], (), (qubits[-1],))]
    yield from turn
    yield Operation(BASIC["p"], (angle,), tuple(qubits), tuple(controls[:-1]))
    yield from turn


def _root(call: Call, span: Span) -> Matrix:
    """The matrix of a gate under powers of which some are not whole (see `roots`)."""
    gate = call.gate
    if gate.qubits + len(call.controls) > MOST_QUBITS_OF_A_ROOT:
        message = f"a fraction of `{gate.name[:60]}`, a gate on {gate.qubits} qubits, is too large"
        raise Refusal("not_supported", message, span)
    matrix = matrix_of(Call(gate, call.params, tuple(range(gate.qubits))), span)
    for power in call.powers:
        matrix = power_of(matrix, power)
    return matrix


def matrix_of(call: Call, span: Span) -> Matrix:
    """The matrix of a call on qubits 0 to n-1, its global phase included."""
    size = call.gate.qubits + len(call.controls)
    # One control makes every global phase a relative one, which then can be read off.
    twin = call._replace(qubits=(0, *[q + 1 for q in call.qubits]), controls=(True, *call.controls))
    total: Matrix = np.eye(2 << size, dtype=np.complex128)
    for operation in operations(twin, span):
        total = _embedded(operation, size + 1) @ total
    result: Matrix = total[1::2, 1::2]
    return result


def _embedded(operation: Operation, size: int) -> Matrix:
    """The matrix of an operation among `size` qubits."""
    small = controlled(operation.matrix(), operation.controls)
    places = operation.qubits
    count = len(places)
    tensor = small.reshape((2,) * (2 * count))
    state = np.eye(1 << size, dtype=np.complex128).reshape((2,) * size + (1 << size,))
    # Axis k of a reshaped index is qubit size - 1 - k, the highest bit first.
    axes = [size - 1 - q for q in reversed(places)]
    moved = np.tensordot(tensor, state, axes=(list(range(count, 2 * count)), axes))
    result: Matrix = np.moveaxis(moved, range(count), axes).reshape(1 << size, 1 << size)
    return result


def cost_of(gate: Gate, powers: Sequence[float], controls: Sequence[bool]) -> float:
    """Operations that one call comes to; infinite where a power is beyond counting."""
    cost: float = gate.cost
    if powers:
        times = math.prod(max(1.0, abs(p)) for p in powers if p.is_integer())
        roots = sum(not p.is_integer() for p in powers)  # each root is the power of one matrix
        cost = (cost + COST_OF_A_ROOT * roots) * times
    return cost * 4 * len(controls) ** 2 if len(controls) > 2 else cost


COST_OF_A_ROOT = 300.0
"""Operations that a root is worth: its matrix is taken apart."""
