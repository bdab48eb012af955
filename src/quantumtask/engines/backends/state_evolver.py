"""Exact states of circuits: state vectors, unitaries and density matrices."""

from collections.abc import Callable, Sequence
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from quantumtask.engines.gates.gate_action import gate_action
from quantumtask.engines.limits import available_bytes, non_finite_state, out_of_memory
from quantumtask.engines.observables.observable import (
    FloatArray,
    WordSums,
    expectation_of_basis_state,
)
from quantumtask.engines.progress import RunProgress
from quantumtask.engines.selection.memory_model import BYTES_PER_ENTRY
from quantumtask.engines.selection.methods import AER, LIGHTNING, OWN, STATEVECTOR, engine_version
from quantumtask.engines.simulators.native import kernels
from quantumtask.engines.simulators.native.adjoint import differentiate
from quantumtask.engines.simulators.native.density_matrix import evolve_density_matrix
from quantumtask.engines.simulators.native.kernels import ComplexArray
from quantumtask.openqasm.program.operations import Operation
from quantumtask.openqasm.program.program import Circuit
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import AUTO, FailureCode

WORKING_COPIES = {LIGHTNING: 4, AER: 6, OWN: 4}
"""Peak memory of each engine in copies of the vector, with that of the values computed from it."""

Evolve = Callable[[ComplexArray, list[Operation]], ComplexArray]


class StateEvolver:
    """Evolves the states of circuits, one after another; caches the last state vector.

    Bit k of an index is active qubit k of the circuit, counted from 0.
    """

    def __init__(
        self,
        settings: Settings,
        engine: str,
        method: str | None,
        threads: int,
        progress: RunProgress,
    ) -> None:
        """Create an evolver.

        Args:
            engine: The engine that the task names, or AUTO.
            method: The method that the task names.
            progress: The progress of the task.
        """
        self._requested = (engine, method)
        self._settings = settings
        self._threads = threads
        self._progress = progress
        self._last: tuple[Circuit, ComplexArray] | None = None

    @cached_property
    def engine(self) -> str:
        """The engine that evolves state vectors.

        Raises:
            ResourceError: the engine that the task names has no amplitudes (`engine_unsuitable`) or
                is not installed (`engine_unavailable`).
        """
        return _choose_state_engine(*self._requested)

    def statevector(self, circuit: Circuit) -> ComplexArray:
        """Return the state before the terminal measurements, up to a phase; do not change it.

        Raises:
            ResourceError: the state does not fit the slot.
        """
        if self._last is None or self._last[0] is not circuit:
            self._last = None
            start = self._zeros(len(circuit.active_qubits))
            start[0] = 1
            places = {qubit: k for k, qubit in enumerate(circuit.active_qubits)}
            self._last = (circuit, self._evolve(start, circuit, places))
        return self._last[1]

    def unitary(self, circuit: Circuit, qubits: int) -> ComplexArray:
        """Return the matrix of all gates on the qubits 0 to `qubits` - 1, up to a phase.

        The gates act on the first half of maximally entangled pairs; the second half of the pairs
        then labels the columns (Choi-Jamiolkowski isomorphism).

        Raises:
            ResourceError: the matrix does not fit the slot.
        """
        start, norm = self._zeros(2 * qubits), 2 ** (qubits / 2)
        start[:: (1 << qubits) + 1] = 1 / norm
        places = {qubit: qubit for qubit in circuit.active_qubits}
        columns = norm * self._evolve(start, circuit, places)
        return columns.reshape(1 << qubits, 1 << qubits).T

    def density_matrix(self, circuit: Circuit) -> ComplexArray:
        """Return the transpose of the density matrix before the terminal measurements.

        Raises:
            ResourceError: the matrix does not fit the slot.
        """
        self._check_memory(2 * len(circuit.active_qubits), WORKING_COPIES[OWN])
        return evolve_density_matrix(circuit, self._progress)

    def angle_derivatives(
        self, circuit: Circuit, words: Sequence[str], sums: WordSums, angles: NDArray[np.bool_]
    ) -> FloatArray:
        """Return the derivatives of expectation values; see `IdealBackend.angle_derivatives`.

        Raises:
            ResourceError: the states do not fit the slot.
        """
        active = circuit.active_qubits
        self._check_memory(len(active), WORKING_COPIES[self.engine] + 2 * (1 + len(sums)))
        places = {qubit: k for k, qubit in enumerate(active)}
        letters, factors = zip(*[_letters(word, places) for word in words], strict=True)
        scaled = [(numbers, row * np.take(factors, numbers)) for numbers, row in sums]
        operations = _place(circuit, places)
        with self._progress.part(0, 2):
            vector = self.statevector(circuit)
        with self._progress.part(1, 2):
            return differentiate(
                vector, operations, letters, tuple(scaled), angles, self._progress
            ).derivatives

    def _zeros(self, qubits: int) -> ComplexArray:
        self._check_memory(qubits, WORKING_COPIES[self.engine])
        return np.zeros(1 << qubits, dtype=np.complex128)

    def _check_memory(self, qubits: int, copies: int) -> None:
        needed = copies * BYTES_PER_ENTRY << min(qubits, 200)
        if needed > (available := available_bytes(self._settings)):
            raise out_of_memory(qubits, needed, available)

    def _evolve(
        self, start: ComplexArray, circuit: Circuit, places: dict[int, int]
    ) -> ComplexArray:
        operations = _place(circuit, places)
        vector = self._evolve_function(start, operations) if operations else start
        if not np.isfinite(vector.sum()):
            raise non_finite_state()
        return vector

    @property
    def _evolve_function(self) -> Evolve:
        if self.engine == LIGHTNING:
            from quantumtask.engines.simulators import lightning

            return partial(lightning.evolve, progress=self._progress)
        if self.engine == AER:
            from quantumtask.engines.simulators import aer

            return partial(aer.evolve, threads=self._threads, settings=self._settings)
        return partial(_evolve_with_numpy, progress=self._progress)


def _place(circuit: Circuit, places: dict[int, int]) -> list[Operation]:
    """Return the operations of a circuit on the positions of their qubits."""
    operations = [step for step in circuit.steps if isinstance(step, Operation)]
    if all(qubit == place for qubit, place in places.items()):
        return operations
    return [
        Operation(gate, params, tuple([places[qubit] for qubit in qubits]), controls)
        for gate, params, qubits, controls in operations
    ]


def _letters(word: str, places: dict[int, int]) -> tuple[dict[int, str], float]:
    """Return the letters of a word on the positions of a state, and the factor of the others."""
    letters, factor = {}, 1.0
    for qubit, letter in enumerate(reversed(word)):
        if letter != "I" and qubit in places:
            letters[places[qubit]] = letter
        else:
            factor *= expectation_of_basis_state(letter, 0)
    return letters, factor


def _choose_state_engine(engine: str, method: str | None) -> str:
    if engine == AUTO and method in (None, STATEVECTOR):
        return LIGHTNING if engine_version(LIGHTNING) else AER
    if engine not in WORKING_COPIES or method not in (None, STATEVECTOR):
        name = f"{engine} ({method})" if method else engine
        raise ResourceError(
            FailureCode.ENGINE_UNSUITABLE,
            f"{name} has no amplitudes, which these results need: omit `engine` and `method` to "
            "have them selected",
        )
    if engine_version(engine) is None:
        raise ResourceError(
            FailureCode.ENGINE_UNAVAILABLE,
            f"engine: {engine} is not installed where the worker runs",
        )
    return engine


def _evolve_with_numpy(
    vector: ComplexArray, operations: list[Operation], *, progress: RunProgress
) -> ComplexArray:
    for operation in progress.each(operations, len(operations)):
        kernels.apply(vector, gate_action(operation), operation.qubits)
    return vector
