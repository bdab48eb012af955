"""Reference simulator of compiled programs: dense matrices, without any optimization."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from quantumtask.openqasm.program.operations import BASIC_GATES, Operation, controlled_matrix
from quantumtask.openqasm.program.program import Program

K = TypeVar("K")


class Dense:
    """Dense state of all qubits, to which each gate is applied as a matrix.

    As a QuantumTarget, it measures at once and takes the outcomes from a script; `chance` is the
    probability of the script so far. It raises OutOfScript without an outcome.
    """

    def __init__(self, qubits: int, script: Sequence[int] = ()) -> None:
        self.vector = np.zeros((2,) * qubits, dtype=np.complex128)
        self.vector[(0,) * qubits] = 1
        self.script = list(script)
        self.chance = 1.0

    def apply(self, operations: Sequence[Operation]) -> None:
        for operation in operations:
            matrix = controlled_matrix(operation.matrix(), operation.controls)
            axes = [self.vector.ndim - 1 - q for q in reversed(operation.qubits)]
            size = len(axes)
            shaped = matrix.reshape((2,) * (2 * size))
            moved = np.tensordot(shaped, self.vector, (range(size, 2 * size), axes))
            self.vector = np.moveaxis(moved, range(size), axes)

    def apply_timing(self, operations: Sequence[Operation]) -> None:
        """Do nothing: barriers and delays leave an ideal state as it is."""

    def drop_terminal_measurements(self) -> None:
        """Do nothing: this state measures at once, and records no steps."""

    def weights(self, qubits: Sequence[int]) -> dict[tuple[int, ...], float]:
        weights: dict[tuple[int, ...], float] = {}
        for index, amplitude in enumerate(self.vector.reshape(-1).tolist()):
            key = tuple(index >> q & 1 for q in qubits)
            weights[key] = weights.get(key, 0.0) + abs(amplitude) ** 2
        return weights

    def probability(self, qubit: int) -> float:
        return self.weights([qubit])[1,]

    def project(self, qubit: int, value: int) -> None:
        np.moveaxis(self.vector, self.vector.ndim - 1 - qubit, 0)[1 - value] = 0
        self.vector /= np.linalg.norm(self.vector)

    def measure(self, qubit: int) -> int:
        value = self.script.pop(0) if self.script else self._missing()
        p = self.probability(qubit)
        self.chance *= p if value else 1 - p
        if self.chance < 1e-12:
            raise Impossible
        self.project(qubit, value)
        return value

    def _missing(self) -> int:
        raise OutOfScript

    def reset(self, qubits: Sequence[int]) -> None:
        for qubit in qubits:
            if self.measure(qubit):
                self.apply([Operation(BASIC_GATES["x"], (), (qubit,))])


class Impossible(Exception):
    """The script has an outcome of probability 0."""


class OutOfScript(Exception):
    """The script has too few outcomes."""


def exact(program: Program) -> dict[int, float]:
    """Return the distribution of a program, from all scripts of outcomes."""
    totals: dict[int, float] = {}
    scripts: list[tuple[int, ...]] = [()]
    while scripts:
        script = scripts.pop()
        execution, state = program.initial_execution.copy(), Dense(program.qubits, script)
        try:
            execution.run(state, 100_000)
        except OutOfScript:
            scripts += [(*script, 0), (*script, 1)]
        except Impossible:
            continue
        else:
            outcome = sum(1 << k for k, bit in enumerate(execution.bits()) if bit == 1)
            totals[outcome] = totals.get(outcome, 0.0) + state.chance
    return totals


def assert_drawn_from(totals: dict[K, int], expected: dict[K, float]) -> None:
    shots = sum(totals.values())
    assert totals.keys() <= expected.keys()
    for outcome, p in expected.items():
        deviation = max(p * (1 - p) / shots, 0) ** 0.5
        assert abs(totals.get(outcome, 0) / shots - p) < 6 * deviation + 2 / shots
