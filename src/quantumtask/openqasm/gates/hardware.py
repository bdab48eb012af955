"""Gates, barriers and delays that differ from others of the same unitary only by their noise."""

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np

from quantumtask.openqasm.gates.expansion import Call, matrix_of
from quantumtask.openqasm.gates.library import Defined, Gate, GlobalPhase, Instruction, Standard
from quantumtask.openqasm.program.operations import BARRIER, BASIC, DELAY, Basic, Matrix, Operation
from quantumtask.openqasm.text.source import Place, Refusal


@dataclass(frozen=True)
class Instructions:
    """The names of the gates that a noise model treats as one instruction each."""

    names: frozenset[str]


Device = frozenset[str] | Instructions
"""The names of the gates that a device has, or that a noise model knows."""

MOST_QUBITS = 6
"""Most qubits of a gate that is one instruction of a noise model."""

MOST_COMPARED = 1_000
"""Most operations of a definition that is compared with a device's gate."""

CLOSE = 1e-9
_ANGLES = (0.37, 1.21, -0.83)
"""Angles at which a definition is compared with the gate of the same name."""


def _ecr() -> Matrix:
    """Echoed cross-resonance (Qiskit's ECRGate); bit k of an index is qubit k."""
    rows = [[0, 1, 0, 1j], [1, 0, -1j, 0], [0, 1j, 0, 1], [-1j, 0, 1, 0]]
    return np.array(rows, dtype=np.complex128) * math.sqrt(0.5)


def _u2(phi: float, lam: float) -> Matrix:
    matrix: Matrix = BASIC["u"].matrix(math.pi / 2, phi, lam)
    return matrix


_BASIC = (
    Basic("ecr", 0, 2, _ecr, lambda: ("ecr", ()), True),
    Basic("u1", 1, 1, BASIC["p"].matrix, BASIC["p"].inverse),
    Basic("u2", 2, 1, _u2, lambda phi, lam: ("u", (-math.pi / 2, -lam, -phi))),
    Basic("u3", 3, 1, BASIC["u"].matrix, BASIC["u"].inverse),
)
OF_DEVICES = {
    gate.name: Standard(gate.name, gate.parameters, gate.qubits, 1, gate) for gate in _BASIC
}
"""Native gates that engines know by another name, or as several gates."""


def on_device(gate: Gate, device: Device) -> Gate:
    """The device's native gate with the name and the unitary of `gate`; else `gate` itself.

    For a noise model, each gate that the model names is one instruction. Raises Refusal for a
    definition that gives the name of a known gate to another unitary.
    """
    if isinstance(device, Instructions):
        return _instruction(gate) if gate.name in device.names else gate
    own = OF_DEVICES.get(gate.name) if gate.name in device else None
    if own is None or (gate.parameters, gate.qubits) != (own.parameters, own.qubits):
        return gate
    if isinstance(gate, Standard):
        if gate.basic is own.basic:
            return gate
        return replace(own, phase=gate.phase)  # the phase matters under a control
    if not isinstance(gate, Defined) or gate.cost > MOST_COMPARED:
        return gate
    phase = _difference(gate, own)
    return gate if phase is None else replace(own, phase=lambda *_: phase)


def _instruction(gate: Gate) -> Gate:
    if isinstance(gate, GlobalPhase):
        return gate
    if isinstance(gate, Standard) and gate.basic.name == gate.name and not gate.extra:
        return gate
    if gate.name in BASIC or gate.name in OF_DEVICES:
        known = on_device(gate, frozenset([gate.name])) if gate.name in OF_DEVICES else gate
        if isinstance(known, Standard):
            return known
        message = f"the noise model knows a gate `{gate.name}`, and the program defines another one"
        raise Refusal("not_supported", message, Place(0, 0), "Give it another name")
    if gate.qubits > MOST_QUBITS:
        message = f"`{gate.name}` acts on {gate.qubits} qubits: too large to be one instruction"
        raise Refusal("not_supported", message, Place(0, 0), f"At most {MOST_QUBITS} qubits can be")
    basic = Basic(gate.name, gate.parameters, gate.qubits, partial(_matrix, gate), None)
    return Instruction(gate.name, gate.parameters, gate.qubits, gate.cost, basic)


def _matrix(gate: Gate, *params: float) -> Matrix:
    return matrix_of(Call(gate, params, tuple(range(gate.qubits))), Place(0, 0))


def _difference(gate: Gate, own: Standard) -> float | None:
    """The global phase of a gate relative to the native one; None for different gates."""
    angles = _ANGLES[: gate.parameters]
    call = Call(gate, angles, tuple(range(gate.qubits)))
    size = 1 << gate.qubits
    overlap = np.trace(own.basic.matrix(*angles).conj().T @ matrix_of(call, Place(0, 0))) / size
    is_same = abs(abs(overlap) - 1) < CLOSE
    phase = float(np.angle(overlap))
    # A phase that depends on the parameters cannot be read off at one point.
    return phase if is_same and (not angles or abs(phase) < CLOSE) else None


@cache
def _pause(name: str, parameters: int, qubits: int) -> Basic:
    def identity(*_: float) -> Matrix:
        return np.eye(1 << qubits, dtype=np.complex128)

    return Basic(name, parameters, qubits, identity, lambda *values: (name, values), True)


def pause(name: str, qubits: int) -> Standard:
    """A barrier or a delay in the definition of a gate."""
    basic = _pause(name, 1 if name == BARRIER else 2, qubits)
    return Standard(name, basic.parameters, qubits, 1, basic)


def barrier(qubits: Collection[int]) -> Operation:
    """A barrier over some qubits, whose number is the parameter of the operation."""
    return Operation(_pause(BARRIER, 1, len(qubits)), (float(len(qubits)),), tuple(qubits))


def delay(qubit: int, nanoseconds: float, dt: float) -> Operation:
    """A delay of one qubit: the sum of nanoseconds and of units of the device's `dt`."""
    return Operation(_pause(DELAY, 2, 1), (nanoseconds, dt), (qubit,))
