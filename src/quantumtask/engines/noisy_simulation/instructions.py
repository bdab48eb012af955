"""Noisy instructions: the gates of a program, each with the error that follows it."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np
from qiskit import QuantumCircuit

from quantumtask.engines.gates.gate_action import gate_matrix
from quantumtask.engines.noise.error_model import Channel, ConfusionMatrix
from quantumtask.engines.qiskit.circuits import build_circuit
from quantumtask.openqasm.program.operations import (
    BARRIER,
    BasicGate,
    Matrix,
    MatrixGate,
    Operation,
    controlled_matrix,
)

MAX_CACHED_GATES = 4096
"""Most gates whose instructions are cached."""

Layout = Mapping[int, int] | None
"""The place of each qubit of a program; None: qubit k is at place k."""


class NoisyGate:
    """A gate with the error that follows it; `gate` None: the error alone."""

    def __init__(self, gate: Operation | None, error: Channel | None) -> None:
        self.gate = gate
        self.error = error

    @cached_property
    def superoperator(self) -> Matrix:
        """The superoperator of gate and error, on density matrices as stacked columns."""
        if self.gate is None:
            assert self.error is not None
            return self.error.superoperator
        matrix = controlled_matrix(self.gate.matrix(), self.gate.controls)
        ideal: Matrix = np.kron(matrix.conj(), matrix).astype(np.complex128)
        if self.error is None:
            return ideal
        qubits, size = len(self.gate.qubits), self.error.size
        return _widened(self.error.superoperator, size, qubits) @ ideal


class NoisyInstruction:
    """A kind of instruction at some places."""

    __slots__ = ("kind", "places")

    def __init__(self, kind: NoisyGate, places: tuple[int, ...]) -> None:
        self.kind = kind
        self.places = places


class Segment(NamedTuple):
    """Gates that run without a measurement between them.

    `layout`: the places of the program's qubits after the gates. The other fields are times in
    seconds: the duration of the whole, and the idle time of each place before its first gate and
    after its last (see `Schedule`).
    """

    instructions: list[NoisyInstruction]
    layout: Layout
    duration: float = 0.0
    begins: Mapping[int, float] = {}
    ends: Mapping[int, float] = {}


class InstructionErrors(Protocol):
    """Errors by instruction and qubits: see `ErrorModel`."""

    @property
    def clifford(self) -> bool: ...

    def error(self, name: str, qubits: tuple[int, ...]) -> Channel | None: ...

    def confusion(self, qubit: int) -> ConfusionMatrix: ...


class InstructionSource(Protocol):
    """Source of the noisy instructions for a program's gates, resets and measurements.

    `layout`: the initial places of the program's qubits; a place has the number that the noise
    model has for the qubit. `timed`: idle qubits decay.
    """

    @property
    def timed(self) -> bool: ...

    @property
    def model(self) -> InstructionErrors: ...

    @property
    def layout(self) -> Layout: ...

    def check(self, operations: Sequence[Operation]) -> None:
        """Raises ResourceError for gates of the program that cannot run."""
        ...

    def placed(self, operations: Sequence[Operation], layout: Layout) -> Segment:
        """The noisy instructions of some gates."""
        ...

    def waiting(self, place: int, seconds: float) -> Channel | None:
        """The decay of a place that is idle for some seconds; None: no decay."""
        ...

    def reading(self, place: int) -> float:
        """The duration of a measurement at a place, in seconds."""
        ...


class ErrorModelSource:
    """Gates as written, one by one; `circuit_for` makes a small circuit with their names."""

    layout: Layout = None
    timed = False

    def __init__(self, model: InstructionErrors, circuit_for: Any) -> None:
        self.model = model
        self._circuit_for = circuit_for
        self._kept: dict[Any, tuple[Operation, list[NoisyInstruction]]] = {}

    def check(self, operations: Sequence[Operation]) -> None:
        """Accepts all gates."""

    def placed(self, operations: Sequence[Operation], layout: Layout) -> Segment:
        found = []
        for operation in operations:
            found += self._of(operation)
        return Segment(found, layout)

    def waiting(self, place: int, seconds: float) -> Channel | None:  # noqa: ARG002
        """Returns None: a model of errors has no times."""
        return None

    def reading(self, place: int) -> float:  # noqa: ARG002
        """Returns 0: a model of errors has no times."""
        return 0.0

    def _of(self, operation: Operation) -> list[NoisyInstruction]:
        gate = operation.gate
        key = operation if isinstance(gate, BasicGate) else (id(gate), *operation[1:])
        known = self._kept.get(key)
        if known is None:
            if len(self._kept) >= MAX_CACHED_GATES:
                self._kept.clear()
            known = self._kept[key] = (operation, self._made(operation))
        return known[1]

    def _made(self, operation: Operation) -> list[NoisyInstruction]:
        if operation.gate.name == BARRIER:
            return []
        if isinstance(operation.gate, BasicGate):
            gate_matrix(operation.gate, operation.params)  # refuses angles that have no sine
        circuit = build_circuit([operation], operation.qubits, {})
        return build_instructions(self._circuit_for(circuit), self.model, operation.qubits)


def build_instructions(
    circuit: QuantumCircuit, model: InstructionErrors, qubits: Sequence[int]
) -> list[NoisyInstruction]:
    """The instructions of a circuit of gates whose qubit k is `qubits`[k]."""
    place = dict(zip(circuit.qubits, qubits, strict=True))
    found = []
    for item in circuit.data:
        on = tuple([place[qubit] for qubit in item.qubits])
        operation = item.operation
        if operation.name == "barrier":
            continue
        error = model.error(operation.label or operation.name, on)
        if operation.name == "delay":
            if error is not None:
                found.append(NoisyInstruction(NoisyGate(None, error), on[: error.size]))
            continue
        matrix = np.array(operation.to_matrix(), dtype=np.complex128)
        gate = Operation(MatrixGate(matrix), (), tuple(range(len(on))))
        found.append(NoisyInstruction(NoisyGate(gate, error), on))
    return found


def _widened(superoperator: Matrix, size: int, qubits: int) -> Matrix:
    """A superoperator on the first `size` of some qubits."""
    if size == qubits:
        return superoperator
    rest = qubits - size
    low, high = 1 << size, 1 << rest
    identity = np.eye(high * high).reshape(high, high, high, high)
    small = superoperator.reshape(low, low, low, low)  # column, row; column, row
    whole = np.einsum("abcd,efgh->eafbgchd", small, identity)
    matrix: Matrix = np.ascontiguousarray(whole.reshape((low * high) ** 2, -1))
    return matrix
