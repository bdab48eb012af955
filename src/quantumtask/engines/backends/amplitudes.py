"""State vectors and matrices of circuits, by whichever engine has amplitudes."""

from collections.abc import Callable
from functools import partial

import numpy as np

from quantumtask.engines.gates.gate_action import gate_action
from quantumtask.engines.limits import available_bytes, non_finite_state, out_of_memory
from quantumtask.engines.selection.methods import engine_version
from quantumtask.engines.simulators.native import kernels
from quantumtask.engines.simulators.native.density_matrix import evolve_density_matrix
from quantumtask.engines.simulators.native.kernels import ComplexArray
from quantumtask.openqasm.program.operations import Operation
from quantumtask.openqasm.program.program import Circuit
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import AUTO, FailureCode

BYTES_PER_AMPLITUDE = 16
WORKING_VECTORS = {"lightning": 4, "aer": 6, "quantumtask": 4}
"""Memory at work, in sizes of the vector: what an engine takes, and what values are taken from."""

METHOD = "statevector"

Evolve = Callable[[ComplexArray, list[Operation]], ComplexArray]


class StateEvolver:
    """The amplitudes of circuits, one after another; the last ones are kept.

    Bit k of an index is the k-th qubit that the circuit touches. Raises ResourceError where the
    engine that was asked for has no amplitudes, or a state does not fit the slot.
    """

    def __init__(self, settings: Settings, engine: str, method: str | None, threads: int) -> None:
        self.engine = _engine(engine, method)
        self._settings = settings
        self._threads = threads
        self._last: tuple[Circuit, ComplexArray] | None = None

    def vector(self, circuit: Circuit) -> ComplexArray:
        """The state before the measurements at the end, up to a phase; not to be changed."""
        if self._last is None or self._last[0] is not circuit:
            self._last = None
            start = self._zeros(len(circuit.active_qubits))
            start[0] = 1
            places = {qubit: k for k, qubit in enumerate(circuit.active_qubits)}
            self._last = (circuit, self._evolved(start, circuit, places))
        return self._last[1]

    def matrix(self, circuit: Circuit, qubits: int) -> ComplexArray:
        """The matrix of all gates on the qubits 0 to `qubits` - 1, up to a phase.

        It is the state that they make of a first half of qubits, which are all values at once, each
        marked by the other half.
        """
        start, norm = self._zeros(2 * qubits), 2 ** (qubits / 2)
        start[:: (1 << qubits) + 1] = 1 / norm
        places = {qubit: qubit for qubit in circuit.active_qubits}
        columns = norm * self._evolved(start, circuit, places)
        return columns.reshape(1 << qubits, 1 << qubits).T

    def mixture(self, circuit: Circuit) -> ComplexArray:
        """The transpose of the density matrix before the measurements at the end."""
        self._check(2 * len(circuit.active_qubits), WORKING_VECTORS["quantumtask"])
        return evolve_density_matrix(circuit)

    def _zeros(self, qubits: int) -> ComplexArray:
        self._check(qubits, WORKING_VECTORS[self.engine])
        return np.zeros(1 << qubits, dtype=np.complex128)

    def _check(self, qubits: int, vectors: int) -> None:
        needed = vectors * BYTES_PER_AMPLITUDE << min(qubits, 200)
        if needed > (available := available_bytes(self._settings)):
            raise out_of_memory(qubits, needed, available)

    def _evolved(
        self, start: ComplexArray, circuit: Circuit, places: dict[int, int]
    ) -> ComplexArray:
        operations = [
            step._replace(qubits=tuple([places[qubit] for qubit in step.qubits]))
            for step in circuit.steps
            if isinstance(step, Operation)
        ]
        vector = self._evolve(start, operations) if operations else start
        if not np.isfinite(vector.sum()):
            raise non_finite_state()
        return vector

    @property
    def _evolve(self) -> Evolve:
        if self.engine == "lightning":
            from quantumtask.engines.simulators import lightning

            return lightning.evolve
        if self.engine == "aer":
            from quantumtask.engines.simulators import aer

            return partial(aer.evolve, threads=self._threads, settings=self._settings)
        return _by_numpy


def _engine(engine: str, method: str | None) -> str:
    if engine == AUTO and method in (None, METHOD):
        return "lightning" if engine_version("lightning") else "aer"
    if engine not in WORKING_VECTORS or method not in (None, METHOD):
        name = f"{engine} ({method})" if method else engine
        raise ResourceError(
            FailureCode.ENGINE_UNSUITABLE,
            f"{name} has no amplitudes, and these results need them. "
            "Leave `engine` and `method` out to have one chosen",
        )
    if engine_version(engine) is None:
        raise ResourceError(
            FailureCode.ENGINE_UNAVAILABLE, f"the engine {engine!r} is not installed here"
        )
    return engine


def _by_numpy(vector: ComplexArray, operations: list[Operation]) -> ComplexArray:
    for operation in operations:
        kernels.apply(vector, gate_action(operation), operation.qubits)
    return vector
