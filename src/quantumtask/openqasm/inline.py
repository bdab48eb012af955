"""One gate call -> the standard gates it comes to, with its modifiers applied to each."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from qiskit import QuantumCircuit
from qiskit.circuit import Gate as QiskitGate
from qiskit.circuit.library import PhaseGate, UnitaryGate, XGate
from qiskit.quantum_info import Operator

from quantumtask.openqasm.calls import MOST_QUBITS_OF_A_ROOT
from quantumtask.openqasm.constants import evaluate_float
from quantumtask.openqasm.gates import BodyCall, Defined, GlobalPhase, Standard
from quantumtask.openqasm.source import Place, Refusal
from quantumtask.openqasm.steps import Call


class Leaf(NamedTuple):
    """A Qiskit gate on qubits; without a gate, a global phase in radians."""

    gate: QiskitGate | None
    qubits: tuple[int, ...]
    clifford: bool
    phase: float = 0.0


def leaves(call: Call) -> Iterator[Leaf]:
    """The gates of a call, in order. A stack of our own: definitions can nest by the thousand."""
    gate = call.gate
    if type(gate) is Standard and not (call.powers or call.controls or gate.phase):
        yield Leaf(gate.build(call.params), call.qubits, gate.clifford)
        return
    stack = [iter((call,))]
    while stack:
        piece = next(stack[-1], None)
        if piece is None:
            stack.pop()
        elif isinstance(piece.gate, Defined) and _is_whole(piece.powers):
            stack.append(_pieces(piece))
        else:
            yield from _leaf(piece)


def _is_whole(powers: tuple[float, ...]) -> bool:
    return not powers or (len(powers) == 1 and powers[0].is_integer())


def _pieces(call: Call) -> Iterator[Call]:
    """The body of a definition, repeated and turned round as a whole power says."""
    gate = call.gate
    assert isinstance(gate, Defined)
    power = int(call.powers[0]) if call.powers else 1
    body = gate.body if power > 0 else gate.body[::-1]
    values = dict(zip(gate.names, call.params, strict=True))
    own = len(call.controls)
    for _ in range(abs(power)):
        for item in body:
            qubits = [call.qubits[own + slot] for slot in item.slots]
            powers = item.powers if power > 0 else _inverted(item.powers)
            yield Call(
                item.gate, _arguments(item, gate, values), (*call.qubits[:own], *qubits),
                powers, (*call.controls, *item.controls),
            )  # fmt: skip


def _inverted(powers: tuple[float, ...]) -> tuple[float, ...]:
    if powers and powers[-1].is_integer():
        last = -powers[-1]
        return powers[:-1] if last == 1 else (*powers[:-1], last)
    return (*powers, -1.0)


def _arguments(item: BodyCall, gate: Defined, values: dict[str, float]) -> tuple[float, ...]:
    def lookup(name: str) -> Any:
        value = values.get(name)
        return gate.outside(name) if value is None else value

    return tuple([a if isinstance(a, float) else evaluate_float(a, lookup) for a in item.args])


def _leaf(call: Call) -> Iterator[Leaf]:
    """A gate that is not inlined any further, with its powers and controls."""
    if isinstance(call.gate, GlobalPhase):
        yield from _phase(_phase_power(call), call.qubits, call.controls)
        return
    if isinstance(call.gate, Standard) and _is_whole(call.powers):
        base, times, phase = _whole_power(call.gate, call)
    else:
        base, times, phase = _root(call), 1, 0.0
    if call.controls and times:
        base = _controlled(base, call.controls)
    clifford = isinstance(call.gate, Standard) and call.gate.clifford and not call.controls
    for _ in range(times):
        yield Leaf(base, call.qubits, clifford)
    if phase:
        yield from _phase(phase, call.qubits[: len(call.controls)], call.controls)


def _whole_power(gate: Standard, call: Call) -> tuple[QiskitGate, int, float]:
    """The gate (or its inverse), how often, and the phase that Qiskit's gate lacks."""
    power = int(call.powers[0]) if call.powers else 1
    base = gate.build(call.params)
    phase = gate.phase(*call.params) * power if gate.phase else 0.0
    return (base if power >= 0 else base.inverse()), abs(power), phase


def _phase_power(call: Call) -> float:
    angle = call.params[0]
    for power in call.powers:
        # A root takes the principal value, so the angle is first brought into (-pi, pi].
        angle = (angle if power.is_integer() else _principal(angle)) * power
    return angle


def _principal(angle: float) -> float:
    return math.pi - (math.pi - angle) % math.tau


def _phase(angle: float, qubits: tuple[int, ...], controls: tuple[bool, ...]) -> Iterator[Leaf]:
    """exp(i * angle) on the states that the controls select."""
    if not controls:
        yield Leaf(None, (), True, angle)
        return
    gate: QiskitGate = PhaseGate(angle)
    if len(controls) > 1:
        gate = _controlled(gate, controls[:-1])
    turn = [] if controls[-1] else [Leaf(XGate(), qubits[-1:], True)]
    yield from turn
    yield Leaf(gate, qubits, False)
    yield from turn


def _controlled(gate: QiskitGate, controls: tuple[bool, ...]) -> QiskitGate:
    return gate.control(len(controls), ctrl_state=_state(controls), annotated=False)


def _state(controls: tuple[bool, ...]) -> int:
    """Qiskit's control state: the first control is the lowest bit."""
    return sum(1 << place for place, wanted in enumerate(controls) if wanted)


def _root(call: Call) -> UnitaryGate:
    """A gate under powers that are not all whole, by its matrix; the principal root."""
    size = call.gate.qubits
    if size + len(call.controls) > MOST_QUBITS_OF_A_ROOT:
        message = (
            f"a fraction of `{call.gate.name[:60]}`, a gate on {size} qubits, is not supported"
        )
        raise Refusal("not_supported", message, Place(0, 0))
    circuit = QuantumCircuit(size)
    for leaf in leaves(Call(call.gate, call.params, tuple(range(size)))):
        if leaf.gate is None:
            circuit.global_phase += leaf.phase
        else:
            circuit.append(leaf.gate, leaf.qubits)
    matrix = Operator(circuit)
    for power in call.powers:
        matrix = matrix.power(int(power) if power.is_integer() else power)
    return UnitaryGate(matrix)
