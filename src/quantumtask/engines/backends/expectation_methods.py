"""Table of methods for exact expectation values without noise: the first that applies is used."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quantumtask.engines.backends.state_evolver import StateEvolver
from quantumtask.engines.observables.observable import FloatArray
from quantumtask.engines.progress import RunProgress
from quantumtask.engines.selection.methods import (
    DENSITY_MATRIX,
    DOUBLE,
    EXACT,
    OWN,
    STABILIZER,
    STATEVECTOR,
    STIM,
    engine_version,
)
from quantumtask.engines.simulators.native.kernels import ComplexArray
from quantumtask.engines.simulators.native.pauli_expectation import PauliWords
from quantumtask.engines.transforms.purification import PurifiedCircuit, defer_to_ancillas
from quantumtask.openqasm.program.program import Circuit, Program
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import AUTO

TABLEAU_MIN_QUBITS = 14
"""Smallest number of qubits of a Clifford circuit for which a tableau is faster than a vector."""


class ExpectationRequest:
    """A program, its Pauli words, and the engine and the method that the task names.

    Attributes:
        words: The Pauli words, as in `Observables`.
        circuit: The circuit of the program; only if all shots run the same circuit.
        purified: The circuit after `defer_to_ancillas`, with terminal measurements only.
    """

    circuit: Circuit
    purified: PurifiedCircuit

    def __init__(
        self, program: Program, words: Sequence[str], engine: str, method: str | None
    ) -> None:
        self.program = program
        self.words = words
        self.engine = engine
        self.method = method
        if program.circuit is not None:
            self.circuit = program.circuit
            self.purified = defer_to_ancillas(program.circuit)

    @property
    def dephased(self) -> frozenset[int]:
        """The qubits that lose their phase, because gates depend on their measured values.

        If no gate does, the values are those of the state before the terminal measurements.
        """
        circuit = self.circuit
        if circuit.terminal_measurements_only and circuit.control_outcomes:
            return circuit.terminal_measurements.dephased_qubits
        return frozenset()


class ExpectationEvaluator:
    """Computes expectation values for the programs of one task."""

    def __init__(
        self, settings: Settings, threads: int, evolver: StateEvolver, progress: RunProgress
    ) -> None:
        self._settings = settings
        self._threads = threads
        self._evolver = evolver
        self._progress = progress
        self._last_words: tuple[Any, PauliWords] | None = None

    def sum_over_branches(self, request: ExpectationRequest) -> FloatArray:
        """Return the values of a program with branches: the weighted means of all branches."""
        from quantumtask.engines.simulators import branch_expectation

        return branch_expectation.expectation_values(
            request.program, request.words, self._settings, self._threads, self._progress
        )

    def from_tableau(self, request: ExpectationRequest) -> FloatArray:
        """Return the values in a stabilizer state."""
        from quantumtask.engines.simulators import stim

        circuit, names = request.purified
        return stim.expectation_values(circuit, request.words, names, request.dephased)

    def from_density_matrix(self, request: ExpectationRequest) -> FloatArray:
        """Return the values in the density matrix of the circuit, which needs no ancillas."""
        active = request.circuit.active_qubits
        words = self._compile_words(
            request.words, active, {qubit: qubit for qubit in active}, frozenset()
        )
        return self._values(words, lambda: self._evolver.density_matrix(request.circuit))

    def from_statevector(self, request: ExpectationRequest) -> FloatArray:
        """Return the values in the pure state of the purified circuit."""
        circuit, names = request.purified
        words = self._compile_words(request.words, circuit.active_qubits, names, request.dephased)
        return self._values(words, lambda: self._evolver.statevector(circuit))

    def _values(self, words: PauliWords, evolve: Callable[[], ComplexArray]) -> FloatArray:
        """Return the values of words in a state: its evolution is half of the progress."""
        with self._progress.part(0, 2):
            state = evolve()
        with self._progress.part(1, 2):
            return words.values(state, self._progress)

    def _compile_words(
        self,
        words: Sequence[str],
        active: Sequence[int],
        names: Mapping[int, int],
        dephased: frozenset[int],
    ) -> PauliWords:
        """Compile Pauli words for the positions of their qubits in the state; cached for a sweep.

        Args:
            words: The words; the last letter belongs to qubit 0 of the program.
            active: The qubits of the state; bit k of an index is `active`[k].
            names: The qubit of the state for each qubit of the program.
            dephased: Qubits of the program without phase.
        """
        key = (words, active, names, dephased)
        if self._last_words is None or self._last_words[0] != key:
            index = {qubit: k for k, qubit in enumerate(active)}
            places = {qubit: index[name] for qubit, name in names.items() if name in index}
            self._last_words = (key, PauliWords(words, places, dephased=dephased))
        return self._last_words[1]


@dataclass(frozen=True)
class ExpectationMethod:
    """One way to compute expectation values: a row of the table.

    Attributes:
        engine: The engine; None: that of the `StateEvolver`.
        applies: True if the method computes the values of a request, and faster than later rows.
        qubits: The number of qubits of the state.
        evaluate: The method of the evaluator.
    """

    engine: str | None
    name: str
    precision: str
    applies: Callable[[ExpectationRequest], bool]
    qubits: Callable[[ExpectationRequest], int]
    evaluate: Callable[[ExpectationEvaluator, ExpectationRequest], FloatArray]


def _depends_on_outcomes(request: ExpectationRequest) -> bool:
    return request.program.circuit is None


def _suits_tableau(request: ExpectationRequest) -> bool:
    circuit = request.purified.circuit
    if request.engine == AUTO and request.method is None:
        large = len(circuit.active_qubits) >= TABLEAU_MIN_QUBITS
        return large and circuit.clifford and engine_version(STIM) is not None
    return request.engine == STIM and circuit.clifford


def _suits_density_matrix(request: ExpectationRequest) -> bool:
    """Return True if the density matrix has fewer entries than the purified state vector."""
    allowed = request.engine in (AUTO, OWN) and request.method is None
    return allowed and 2 * len(request.circuit.active_qubits) < _purified_qubits(request)


def _always(_: ExpectationRequest) -> bool:
    return True


def _declared_qubits(request: ExpectationRequest) -> int:
    return request.program.qubits


def _active_qubits(request: ExpectationRequest) -> int:
    return len(request.circuit.active_qubits)


def _purified_qubits(request: ExpectationRequest) -> int:
    return len(request.purified.circuit.active_qubits)


EXPECTATION_METHODS = (
    ExpectationMethod(
        OWN, STATEVECTOR, DOUBLE, _depends_on_outcomes, _declared_qubits,
        ExpectationEvaluator.sum_over_branches,
    ),
    ExpectationMethod(
        STIM, STABILIZER, EXACT, _suits_tableau, _purified_qubits,
        ExpectationEvaluator.from_tableau,
    ),
    ExpectationMethod(
        OWN, DENSITY_MATRIX, DOUBLE, _suits_density_matrix, _active_qubits,
        ExpectationEvaluator.from_density_matrix,
    ),
    ExpectationMethod(
        None, STATEVECTOR, DOUBLE, _always, _purified_qubits,
        ExpectationEvaluator.from_statevector,
    ),
)  # fmt: skip
"""All ways to compute exact expectation values without noise, in the order of preference."""


def choose_expectation_method(request: ExpectationRequest) -> ExpectationMethod:
    """Return the first method of the table that applies."""
    return next(method for method in EXPECTATION_METHODS if method.applies(request))
