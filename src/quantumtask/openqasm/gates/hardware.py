"""Native gates of devices, gates of noise models, barriers and delays.

They differ from other gates with the same unitary only by their noise.
"""

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
"""The names of a device's native gates, or of the gates that a noise model knows."""

MAX_INSTRUCTION_QUBITS = 6
"""Most qubits of a gate that is one instruction of a noise model."""

MAX_COMPARED_COST = 1_000
"""Most operations of a definition that is compared with a native gate."""

PHASE_TOLERANCE = 1e-9
"""Largest difference, in radians, between equal phases."""

_TEST_ANGLES = (0.37, 1.21, -0.83)
"""Arguments for which a definition is compared with the native gate of the same name."""

_NO_SPAN = OffsetSpan(0, 0)


def _ecr() -> Matrix:
    """Return the echoed cross-resonance (Qiskit's ECRGate); bit k of an index is qubit k."""
    rows = [[0, 1, 0, 1j], [1, 0, -1j, 0], [0, 1j, 0, 1], [-1j, 0, 1, 0]]
    return np.array(rows, dtype=np.complex128) * math.sqrt(0.5)


def _u2(phi: float, lam: float) -> Matrix:
    matrix: Matrix = BASIC_GATES["u"].matrix(math.pi / 2, phi, lam)
    return matrix


_NATIVE_BASIC_GATES = (
    BasicGate("ecr", 0, 2, _ecr, lambda: ("ecr", ()), True),
    BasicGate("u1", 1, 1, BASIC_GATES["p"].matrix, BASIC_GATES["p"].inverse),
    BasicGate("u2", 2, 1, _u2, lambda phi, lam: ("u", (-math.pi / 2, -lam, -phi))),
    BasicGate("u3", 3, 1, BASIC_GATES["u"].matrix, BASIC_GATES["u"].inverse),
)
NATIVE_GATES = {
    gate.name: StandardGate(gate.name, gate.num_parameters, gate.num_qubits, 1, gate)
    for gate in _NATIVE_BASIC_GATES
}
"""Native gates that are basic gates of another name, or several basic gates; by name."""


def target_gate(gate: Gate, target: TargetGates) -> Gate:
    """Return the native gate with the name and the unitary of `gate`, or else `gate` itself.

    For a noise model, each gate that the model names becomes one instruction.

    Raises:
        Diagnostic: The noise model names the gate, and the gate is too large, or is a definition
            that differs from the native gate of the same name.
    """
    if isinstance(target, NoiseModelGates):
        return _noise_model_gate(gate) if gate.name in target.names else gate
    native = NATIVE_GATES.get(gate.name) if gate.name in target else None
    if native is None:
        return gate
    if (gate.num_parameters, gate.num_qubits) != (native.num_parameters, native.num_qubits):
        return gate
    if isinstance(gate, StandardGate):
        if gate.basic is native.basic:
            return gate
        return replace(native, global_phase=gate.global_phase)  # it matters under a control
    if not isinstance(gate, CompositeGate) or gate.cost > MAX_COMPARED_COST:
        return gate
    phase = _relative_phase(gate, native)
    return gate if phase is None else replace(native, global_phase=lambda *_: phase)


def _noise_model_gate(gate: Gate) -> Gate:
    if isinstance(gate, GlobalPhaseGate):
        return gate
    if isinstance(gate, StandardGate) and gate.basic.name == gate.name and not gate.extra_controls:
        return gate
    if gate.name in BASIC_GATES or gate.name in NATIVE_GATES:
        native = target_gate(gate, frozenset([gate.name])) if gate.name in NATIVE_GATES else gate
        if isinstance(native, StandardGate):
            return native
        message = f"the program defines `{gate.name}` differently from the gate of the noise model"
        raise Diagnostic("not_supported", message, _NO_SPAN, "Give it another name")
    if gate.num_qubits > MAX_INSTRUCTION_QUBITS:
        message = (
            f"`{gate.name}` cannot be one instruction of the noise model: "
            f"it has {gate.num_qubits} qubits, and at most {MAX_INSTRUCTION_QUBITS} are possible"
        )
        raise Diagnostic("not_supported", message, _NO_SPAN)
    matrix = partial(_matrix, gate)
    basic = BasicGate(gate.name, gate.num_parameters, gate.num_qubits, matrix, None)
    return PrimitiveGate(gate.name, gate.num_parameters, gate.num_qubits, gate.cost, basic)


def _matrix(gate: Gate, *params: float) -> Matrix:
    return unitary_matrix(AppliedGate(gate, params, tuple(range(gate.num_qubits))), _NO_SPAN)


def _relative_phase(gate: Gate, native: StandardGate) -> float | None:
    """Return the global phase of a gate relative to the native gate; None for different gates."""
    angles = _TEST_ANGLES[: gate.num_parameters]
    matrix = _matrix(gate, *angles)
    overlap = np.trace(native.basic.matrix(*angles).conj().T @ matrix) / (1 << gate.num_qubits)
    is_equal = abs(abs(overlap) - 1) < PHASE_TOLERANCE
    phase = float(np.angle(overlap))
    # A phase that depends on the parameters cannot be determined at one point.
    return phase if is_equal and (not angles or abs(phase) < PHASE_TOLERANCE) else None


@cache
def _timing_basic_gate(name: str, num_parameters: int, num_qubits: int) -> BasicGate:
    def identity(*_: float) -> Matrix:
        return np.eye(1 << num_qubits, dtype=np.complex128)

    return BasicGate(
        name, num_parameters, num_qubits, identity, lambda *params: (name, params), True
    )


def timing_gate(name: str, num_qubits: int) -> StandardGate:
    """Return a barrier or a delay for the definition of a gate."""
    basic = _timing_basic_gate(name, 1 if name == BARRIER else 2, num_qubits)
    return StandardGate(name, basic.num_parameters, num_qubits, 1, basic)


def barrier_operation(qubits: Collection[int]) -> Operation:
    """Return a barrier over `qubits`; the parameter of the operation is their number."""
    basic = _timing_basic_gate(BARRIER, 1, len(qubits))
    return Operation(basic, (float(len(qubits)),), tuple(qubits))


def delay_operation(qubit: int, nanoseconds: float, dt: float) -> Operation:
    """Return a delay of one qubit, by the sum of `nanoseconds` and of `dt` samples."""
    return Operation(_timing_basic_gate(DELAY, 2, 1), (nanoseconds, dt), (qubit,))
