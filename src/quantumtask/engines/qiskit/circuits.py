"""Conversion of circuit steps to Qiskit circuits."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.circuit import Barrier, CircuitInstruction, Delay, Gate
from qiskit.circuit import Measure as QiskitMeasure
from qiskit.circuit import Reset as QiskitReset
from qiskit.circuit import library as qiskit_gates

from quantumtask.openqasm.gates.hardware import NATIVE_GATES
from quantumtask.openqasm.program.operations import (
    BARRIER,
    BASIC_GATES,
    DELAY,
    TIMING_OPERATIONS,
    BasicGate,
    MatrixGate,
    Operation,
)
from quantumtask.openqasm.program.program import Reset, Step
from quantumtask.shared.processes import gc_paused

_CLASSES: dict[str, Any] = {
    "id": qiskit_gates.IGate, "x": qiskit_gates.XGate, "y": qiskit_gates.YGate,
    "z": qiskit_gates.ZGate, "h": qiskit_gates.HGate, "s": qiskit_gates.SGate,
    "sdg": qiskit_gates.SdgGate, "t": qiskit_gates.TGate, "tdg": qiskit_gates.TdgGate,
    "sx": qiskit_gates.SXGate, "sxdg": qiskit_gates.SXdgGate, "p": qiskit_gates.PhaseGate,
    "rx": qiskit_gates.RXGate, "ry": qiskit_gates.RYGate, "rz": qiskit_gates.RZGate,
    "u": qiskit_gates.UGate, "cx": qiskit_gates.CXGate, "cy": qiskit_gates.CYGate,
    "cz": qiskit_gates.CZGate, "ch": qiskit_gates.CHGate, "csx": qiskit_gates.CSXGate,
    "cp": qiskit_gates.CPhaseGate, "crx": qiskit_gates.CRXGate, "cry": qiskit_gates.CRYGate,
    "crz": qiskit_gates.CRZGate, "cu": qiskit_gates.CUGate, "swap": qiskit_gates.SwapGate,
    "rxx": qiskit_gates.RXXGate, "ryy": qiskit_gates.RYYGate, "rzz": qiskit_gates.RZZGate,
    "ccx": qiskit_gates.CCXGate, "cswap": qiskit_gates.CSwapGate, "ecr": qiskit_gates.ECRGate,
    "u1": qiskit_gates.U1Gate, "u2": qiskit_gates.U2Gate, "u3": qiskit_gates.U3Gate,
    BARRIER: lambda qubits: Barrier(int(qubits)),
    DELAY: lambda nanoseconds, _: Delay(nanoseconds * 1e-9, "s"),
}  # fmt: skip

_PARAMETERLESS: dict[str, Gate] = {
    name: make()
    for name, make in _CLASSES.items()
    if name not in TIMING_OPERATIONS
    and not (BASIC_GATES.get(name) or NATIVE_GATES[name]).num_parameters
}
"""One instance of each gate without parameters: an instance takes longer to make than to add."""

_MEASURE, _RESET = QiskitMeasure(), QiskitReset()

MAX_CACHED_CONTROLLED = 1024
"""Gates with controls that are cached."""


def build_circuit(
    steps: Iterable[Step], qubits: Sequence[int], bits: Mapping[int, int]
) -> QuantumCircuit:
    """Return the Qiskit circuit of some steps.

    Args:
        steps: The steps; delays are in nanoseconds.
        qubits: All qubits of the steps; the k-th becomes qubit k of the circuit.
        bits: The classical bit of each outcome; other measurements are left out.
    """
    circuit = QuantumCircuit(len(qubits), max(bits.values(), default=-1) + 1)
    qubit_objects = dict(zip(qubits, circuit.qubits, strict=True))
    clbits = circuit.clbits
    append = circuit._append
    with gc_paused():
        for step in steps:
            if isinstance(step, Operation):
                targets = [qubit_objects[qubit] for qubit in step.qubits]
                append(CircuitInstruction(_gate(step), targets, ()))
            elif isinstance(step, Reset):
                append(CircuitInstruction(_RESET, (qubit_objects[step.qubit],), ()))
            elif step.outcome in bits:
                clbit = clbits[bits[step.outcome]]
                append(CircuitInstruction(_MEASURE, (qubit_objects[step.qubit],), (clbit,)))
    return circuit


def _gate(operation: Operation) -> Gate:
    gate = operation.gate
    if operation.controls:
        if isinstance(gate, BasicGate):
            return _controlled(gate, operation.params, operation.controls)
        return _with_controls(_unitary(gate), operation.controls)
    if isinstance(gate, BasicGate):
        return _basic(gate, operation.params)
    return _unitary(gate)


def _basic(gate: BasicGate, params: tuple[float, ...]) -> Gate:
    if gate.inverse is None:  # an instruction of a noise model, which has only a matrix
        return unitary_gate(gate.matrix(*params), gate.name)
    return _CLASSES[gate.name](*params) if params else _PARAMETERLESS[gate.name]


def _unitary(gate: MatrixGate) -> Gate:
    return unitary_gate(gate.entries)


def unitary_gate(matrix: NDArray[np.complex128], label: str | None = None) -> Gate:
    """Return a gate with a copy of a matrix.

    Aer transposes a matrix that is a view of another matrix or is read-only.
    """
    return qiskit_gates.UnitaryGate(np.array(matrix, order="C"), label, check_input=False)


@lru_cache(MAX_CACHED_CONTROLLED)
def _controlled(gate: BasicGate, params: tuple[float, ...], controls: tuple[bool, ...]) -> Gate:
    return _with_controls(_basic(gate, params), controls)


def _with_controls(gate: Gate, controls: tuple[bool, ...]) -> Gate:
    state = sum(1 << k for k, value in enumerate(controls) if value)
    return gate.control(len(controls), ctrl_state=state, annotated=False)
