"""Gates, barriers and delays that differ from others of the same unitary only by their noise."""

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np

from quantumtask.openqasm.gates.expansion import AppliedGate, unitary_matrix
from quantumtask.openqasm.gates.library import (
    CompositeGate,
    Gate,
    GlobalPhaseGate,
    PrimitiveGate,
    StandardGate,
)
from quantumtask.openqasm.program.operations import (
    BARRIER,
    BASIC_GATES,
    DELAY,
    BasicGate,
    Matrix,
    Operation,
)
from quantumtask.openqasm.text.source import Diagnostic, OffsetSpan


@dataclass(frozen=True)
class NoiseModelGates:
    """The names of the gates that a noise model treats as one instruction each."""

    names: frozenset[str]


TargetGates = frozenset[str] | NoiseModelGates
"""The names of the gates that a device has, or that a noise model knows."""

MAX_INSTRUCTION_QUBITS = 6
"""Most qubits of a gate that is one instruction of a noise model."""

MAX_COMPARED_COST = 1_000
"""Most operations of a definition that is compared with a device's gate."""

PHASE_TOLERANCE = 1e-9
_ANGLES = (0.37, 1.21, -0.83)
"""Angles at which a definition is compared with the gate of the same name."""


def _ecr() -> Matrix:
    """Echoed cross-resonance (Qiskit's ECRGate); bit k of an index is qubit k."""
    rows = [[0, 1, 0, 1j], [1, 0, -1j, 0], [0, 1j, 0, 1], [-1j, 0, 1, 0]]
    return np.array(rows, dtype=np.complex128) * math.sqrt(0.5)


def _u2(phi: float, lam: float) -> Matrix:
    matrix: Matrix = BASIC_GATES["u"].matrix(math.pi / 2, phi, lam)
    return matrix


_BASIC = (
    BasicGate("ecr", 0, 2, _ecr, lambda: ("ecr", ()), True),
    BasicGate("u1", 1, 1, BASIC_GATES["p"].matrix, BASIC_GATES["p"].inverse),
    BasicGate("u2", 2, 1, _u2, lambda phi, lam: ("u", (-math.pi / 2, -lam, -phi))),
    BasicGate("u3", 3, 1, BASIC_GATES["u"].matrix, BASIC_GATES["u"].inverse),
)
NATIVE_GATES = {
    gate.name: StandardGate(gate.name, gate.parameters, gate.qubits, 1, gate) for gate in _BASIC
}
"""Native gates that engines know by another name, or as several gates."""


def target_gate(gate: Gate, device: TargetGates) -> Gate:
    """The device's native gate with the name and the unitary of `gate`; else `gate` itself.

    For a noise model, each gate that the model names is one instruction. Raises Diagnostic for a
    definition that gives the name of a known gate to another unitary.
    """
    if isinstance(device, NoiseModelGates):
        return _instruction(gate) if gate.name in device.names else gate
    own = NATIVE_GATES.get(gate.name) if gate.name in device else None
    if own is None or (gate.parameters, gate.qubits) != (own.parameters, own.qubits):
        return gate
    if isinstance(gate, StandardGate):
        if gate.basic is own.basic:
            return gate
        return replace(own, phase=gate.phase)  # the phase matters under a control
    if not isinstance(gate, CompositeGate) or gate.cost > MAX_COMPARED_COST:
        return gate
    phase = _difference(gate, own)
    return gate if phase is None else replace(own, phase=lambda *_: phase)


def _instruction(gate: Gate) -> Gate:
    if isinstance(gate, GlobalPhaseGate):
        return gate
    if isinstance(gate, StandardGate) and gate.basic.name == gate.name and not gate.extra:
        return gate
    if gate.name in BASIC_GATES or gate.name in NATIVE_GATES:
        known = target_gate(gate, frozenset([gate.name])) if gate.name in NATIVE_GATES else gate
        if isinstance(known, StandardGate):
            return known
        message = f"the noise model knows a gate `{gate.name}`, and the program defines another one"
        raise Diagnostic("not_supported", message, OffsetSpan(0, 0), "Give it another name")
    if gate.qubits > MAX_INSTRUCTION_QUBITS:
        message = f"`{gate.name}` acts on {gate.qubits} qubits: too large to be one instruction"
        raise Diagnostic(
            "not_supported",
            message,
            OffsetSpan(0, 0),
            f"At most {MAX_INSTRUCTION_QUBITS} qubits can be",
        )
    basic = BasicGate(gate.name, gate.parameters, gate.qubits, partial(_matrix, gate), None)
    return PrimitiveGate(gate.name, gate.parameters, gate.qubits, gate.cost, basic)


def _matrix(gate: Gate, *params: float) -> Matrix:
    return unitary_matrix(AppliedGate(gate, params, tuple(range(gate.qubits))), OffsetSpan(0, 0))


def _difference(gate: Gate, own: StandardGate) -> float | None:
    """The global phase of a gate relative to the native one; None for different gates."""
    angles = _ANGLES[: gate.parameters]
    call = AppliedGate(gate, angles, tuple(range(gate.qubits)))
    size = 1 << gate.qubits
    overlap = (
        np.trace(own.basic.matrix(*angles).conj().T @ unitary_matrix(call, OffsetSpan(0, 0))) / size
    )
    is_same = abs(abs(overlap) - 1) < PHASE_TOLERANCE
    phase = float(np.angle(overlap))
    # A phase that depends on the parameters cannot be read off at one point.
    return phase if is_same and (not angles or abs(phase) < PHASE_TOLERANCE) else None


@cache
def _pause(name: str, parameters: int, qubits: int) -> BasicGate:
    def identity(*_: float) -> Matrix:
        return np.eye(1 << qubits, dtype=np.complex128)

    return BasicGate(name, parameters, qubits, identity, lambda *values: (name, values), True)


def scheduling_gate(name: str, qubits: int) -> StandardGate:
    """A barrier or a delay in the definition of a gate."""
    basic = _pause(name, 1 if name == BARRIER else 2, qubits)
    return StandardGate(name, basic.parameters, qubits, 1, basic)


def barrier_operation(qubits: Collection[int]) -> Operation:
    """A barrier over some qubits, whose number is the parameter of the operation."""
    return Operation(_pause(BARRIER, 1, len(qubits)), (float(len(qubits)),), tuple(qubits))


def delay_operation(qubit: int, nanoseconds: float, dt: float) -> Operation:
    """A delay of one qubit: the sum of nanoseconds and of units of the device's `dt`."""
    return Operation(_pause(DELAY, 2, 1), (nanoseconds, dt), (qubit,))
