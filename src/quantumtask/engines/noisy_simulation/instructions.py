"""Noisy instructions: the gates of a program, each with the error that follows it."""

from collections.abc import Callable, Mapping, Sequence
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

MAX_CACHED_OPERATIONS = 4096
"""Operations whose instructions are cached."""

Layout = Mapping[int, int] | None
"""The physical qubit of each qubit of a program; None: qubit k is the physical qubit k.

A physical qubit has the number by which the noise model knows the qubit.
"""


class NoisyGate:
    """Gate with the error that follows it; without `gate`, the error alone."""

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
        return _expand(self.error.superoperator, size, qubits) @ ideal


class NoisyInstruction:
    """Noisy gate on physical qubits."""

    __slots__ = ("noisy_gate", "qubits")

    def __init__(self, noisy_gate: NoisyGate, qubits: tuple[int, ...]) -> None:
        self.noisy_gate = noisy_gate
        self.qubits = qubits


class Segment(NamedTuple):
    """Instructions that run without a measurement between them.

    All times are in seconds.

    Attributes:
        layout: The layout after the instructions.
        duration: The duration of the segment.
        leading: The idle time of each physical qubit before its first instruction.
        trailing: The idle time of each physical qubit after its last instruction.
    """

    instructions: list[NoisyInstruction]
    layout: Layout
    duration: float = 0.0
    leading: Mapping[int, float] = {}
    trailing: Mapping[int, float] = {}


class InstructionErrors(Protocol):
    """Errors by instruction and qubits; see `ErrorModel`."""

    @property
    def clifford(self) -> bool:
        """True if all errors map stabilizer states to stabilizer states."""
        ...

    @property
    def has_kraus(self) -> bool:
        """True if the terms of some error have probabilities that depend on the state."""
        ...

    def error(self, name: str, qubits: tuple[int, ...]) -> Channel | None:
        """Return the error of an instruction on these qubits."""
        ...

    def confusion(self, qubit: int) -> ConfusionMatrix:
        """Return the readout error of a qubit."""
        ...


class InstructionSource(Protocol):
    """Source of the noisy instructions for the gates, resets and measurements of a program."""

    @property
    def timed(self) -> bool:
        """True if idle qubits decay."""
        ...

    @property
    def model(self) -> InstructionErrors:
        """The errors of the instructions."""
        ...

    @property
    def layout(self) -> Layout:
        """The initial layout."""
        ...

    def check(self, operations: Sequence[Operation], /) -> None:
        """Raise ResourceError for gates of the program that cannot run."""
        ...

    def build_segment(self, operations: Sequence[Operation], layout: Layout, /) -> Segment:
        """Return the noisy instructions of operations that begin with a layout."""
        ...

    def idle_error(self, qubit: int, seconds: float, /) -> Channel | None:
        """Return the decay of an idle physical qubit; None: no decay."""
        ...

    def measurement_seconds(self, qubit: int, /) -> float:
        """Return the duration of a measurement of a physical qubit."""
        ...


class ErrorModelSource:
    """Source without a device: the gates as written, one by one."""

    layout: Layout = None
    timed = False

    def __init__(
        self, model: InstructionErrors, rename_gates: Callable[[QuantumCircuit], QuantumCircuit]
    ) -> None:
        """Create a source.

        Args:
            model: The errors of the instructions.
            rename_gates: Function that gives the gates of a circuit the names of the model.
        """
        self.model = model
        self._rename_gates = rename_gates
        self._cache: dict[Any, tuple[Operation, list[NoisyInstruction]]] = {}

    def check(self, _operations: Sequence[Operation]) -> None:
        """Accept all gates."""

    def build_segment(self, operations: Sequence[Operation], layout: Layout) -> Segment:
        """Return the noisy instructions of operations."""
        instructions = []
        for operation in operations:
            instructions += self._instructions(operation)
        return Segment(instructions, layout)

    def idle_error(self, _qubit: int, _seconds: float) -> Channel | None:
        """Return None: an error model has no times."""
        return None

    def measurement_seconds(self, _qubit: int) -> float:
        """Return 0: an error model has no times."""
        return 0.0

    def _instructions(self, operation: Operation) -> list[NoisyInstruction]:
        key = operation_key(operation)
        entry = self._cache.get(key)
        if entry is None:
            if len(self._cache) >= MAX_CACHED_OPERATIONS:
                self._cache.clear()
            entry = self._cache[key] = (operation, self._build_instructions(operation))
        return entry[1]

    def _build_instructions(self, operation: Operation) -> list[NoisyInstruction]:
        if operation.gate.name == BARRIER:
            return []
        if isinstance(operation.gate, BasicGate):
            gate_matrix(operation.gate, operation.params)  # raises for angles that are too large
        circuit = build_circuit([operation], operation.qubits, {})
        return build_instructions(self._rename_gates(circuit), self.model, operation.qubits)


def operation_key(operation: Operation) -> Any:
    """Return a cache key; the cache must hold the operation, so that its gate keeps its id."""
    gate = operation.gate
    return operation if isinstance(gate, BasicGate) else (id(gate), *operation[1:])


def build_instructions(
    circuit: QuantumCircuit, model: InstructionErrors, qubits: Sequence[int]
) -> list[NoisyInstruction]:
    """Return the noisy instructions of a circuit of gates.

    Args:
        circuit: The circuit; its qubit k is the physical qubit `qubits`[k].
        model: The errors of the instructions.
        qubits: The physical qubits.
    """
    physical_of = dict(zip(circuit.qubits, qubits, strict=True))
    instructions = []
    for item in circuit.data:
        targets = tuple([physical_of[qubit] for qubit in item.qubits])
        operation = item.operation
        if operation.name == "barrier":
            continue
        error = model.error(operation.label or operation.name, targets)
        if operation.name == "delay":
            if error is not None:
                delay = NoisyGate(None, error)
                instructions.append(NoisyInstruction(delay, targets[: error.size]))
            continue
        matrix = np.array(operation.to_matrix(), dtype=np.complex128)
        gate = Operation(MatrixGate(matrix), (), tuple(range(len(targets))))
        instructions.append(NoisyInstruction(NoisyGate(gate, error), targets))
    return instructions


def _expand(superoperator: Matrix, size: int, qubits: int) -> Matrix:
    """Return a superoperator on the first `size` of some qubits as one on all of them."""
    if size == qubits:
        return superoperator
    rest = qubits - size
    low, high = 1 << size, 1 << rest
    identity = np.eye(high * high).reshape(high, high, high, high)
    small = superoperator.reshape(low, low, low, low)  # column, row; column, row
    large = np.einsum("abcd,efgh->eafbgchd", small, identity)
    matrix: Matrix = np.ascontiguousarray(large.reshape((low * high) ** 2, -1))
    return matrix
