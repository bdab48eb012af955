"""Backend without noise: each program runs on the engine that the table of methods selects."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantumtask.engines.backends.base import RunInfo
from quantumtask.engines.backends.choice_cache import ChoiceCache
from quantumtask.engines.backends.expectation_methods import (
    ExpectationEvaluator,
    ExpectationRequest,
    choose_expectation_method,
)
from quantumtask.engines.backends.state_evolver import StateEvolver
from quantumtask.engines.limits import StateTooLarge
from quantumtask.engines.observables.observable import FloatArray, WordSums
from quantumtask.engines.progress import RunProgress
from quantumtask.engines.sampling.clbit_map import ClbitMap
from quantumtask.engines.sampling.shot_counts import ShotCounts, ShotSample
from quantumtask.engines.selection.choose import REQUESTED, EngineChoice, choose_engine
from quantumtask.engines.selection.circuit_features import CircuitFeatures, extract_features
from quantumtask.engines.selection.estimate import report_prediction
from quantumtask.engines.selection.large_task import SizeCheck
from quantumtask.engines.selection.methods import (
    DOUBLE,
    IDEAL_METHODS,
    STATEVECTOR,
    engine_version,
)
from quantumtask.engines.simulators.base import load_engine
from quantumtask.engines.simulators.native.kernels import ComplexArray
from quantumtask.engines.simulators.native.marginals import expand_to_all_qubits, marginal
from quantumtask.engines.simulators.native.tableau import NotClifford
from quantumtask.engines.simulators.sampling_run import SamplingRun
from quantumtask.engines.transforms.constant_propagation import propagate_constants
from quantumtask.engines.transforms.purification import defer_to_ancillas
from quantumtask.engines.transforms.right_angles import with_clifford_gates
from quantumtask.openqasm.program.program import Circuit, Program
from quantumtask.shared.approximation import MATRIX_PRODUCT_STATE as MPS
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.quantity import quantity
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import AUTO, FailureCode

MAX_PURIFIED_QUBITS = 24
"""Largest number of qubits for exact probabilities, with one for each measurement on the way."""


class IdealBackend:
    """Runs programs without noise (see `Backend`)."""

    def __init__(
        self,
        settings: Settings,
        *,
        threads: int = 1,
        engine: str = AUTO,
        method: str | None = None,
        no_cache: bool = False,
        size: SizeCheck | None = None,
        progress: RunProgress | None = None,
    ) -> None:
        """Create a backend.

        Args:
            engine: The engine that the task names, or AUTO.
            method: The method that the task names.
            no_cache: The programs do not occur again, so their distributions are not cached.
            size: The check of the first run; None: the run takes what it has.
            progress: The progress of the task.
        """
        self.progress = progress or RunProgress()
        self.run_info: RunInfo | None = None
        self.compile_report: dict[str, Any] | None = None
        self._settings = settings
        self._threads = threads
        self._engine = engine
        self._method = method
        self._no_cache = no_cache
        self._size = size
        self._choices = ChoiceCache()

    # Tasks that only sample shots need neither of these two.
    @cached_property
    def _evolver(self) -> StateEvolver:
        return StateEvolver(
            self._settings, self._engine, self._method, self._threads, self.progress
        )

    @cached_property
    def _expectations(self) -> ExpectationEvaluator:
        return ExpectationEvaluator(self._settings, self._threads, self._evolver, self.progress)

    def check(self, program: Program) -> None:
        """Accept every program: a simulator has all gates."""

    def sample(self, program: Program, shots: int, seed: int, memory: bool) -> ShotSample:
        """Run the shots of a program; see `Backend.sample`."""
        program = with_clifford_gates(program)
        choice = self._choose(program, shots)
        if self._size is not None and self.run_info is None:
            self._check_size(self._size, program, shots, choice)
        if self.run_info is None and extract_features(program).whole_shot:
            report_prediction(self.progress, choice.plan)
        try:
            return self._sample(program, shots, seed, memory, choice)
        except NotClifford:
            if self._method is not None:
                raise _not_clifford(choice) from None
            fallback = _without_tableau(choice, extract_features(program), shots)
            return self._sample(program, shots, seed, memory, fallback)

    def probabilities(self, program: Program) -> FloatArray:
        """Return the exact probability of each value of the classical bits.

        Raises:
            ResourceError: `not_exact` for a program that depends on outcomes, or that has too
                many mid-circuit measurements.
        """
        original = _require_circuit(program)
        circuit = propagate_constants(defer_to_ancillas(original).circuit)
        qubits = len(circuit.active_qubits)
        if not original.terminal_measurements_only and qubits > MAX_PURIFIED_QUBITS:
            raise _not_exact(
                "each measurement or reset in the middle counts as one more qubit: the program has "
                f"{qubits:,} qubits, and the limit is {MAX_PURIFIED_QUBITS}"
            )
        clbit_map, table = ClbitMap(circuit), np.zeros(1 << program.bits)
        if clbit_map.is_constant:
            table[clbit_map.from_bits(0)] = 1
        else:
            index = {qubit: k for k, qubit in enumerate(circuit.active_qubits)}
            places = [index[qubit] for qubit in clbit_map.qubits]
            distribution = marginal(self._statevector(circuit), places)
            table[clbit_map.to_array(np.arange(len(distribution)))] = distribution
        return table

    def statevector(self, program: Program) -> ComplexArray:
        """Return the amplitudes before the terminal measurements; bit k of an index is qubit k."""
        circuit = _require_gates_only(program)
        vector = self._statevector(circuit)
        return expand_to_all_qubits(vector, circuit.active_qubits, program.qubits)

    def unitary(self, program: Program) -> ComplexArray:
        """Return the matrix of all gates; bit k of an index is qubit k."""
        matrix = self._evolver.unitary(_require_gates_only(program), program.qubits)
        self._record_exact_run(self._evolver.engine, STATEVECTOR, DOUBLE, program.qubits)
        return matrix

    def expectation_values(self, program: Program, words: Sequence[str]) -> FloatArray:
        """Return the exact expectation value of each Pauli word.

        Raises:
            ResourceError: `not_exact` or `out_of_memory` if the values need too many states, or too
                large ones.
        """
        program = with_clifford_gates(program)
        request = ExpectationRequest(program, words, self._engine, self._method)
        method = choose_expectation_method(request)
        try:
            values = method.evaluate(self._expectations, request)
        except ResourceError as error:
            if error.code != FailureCode.OUT_OF_MEMORY:
                raise
            message = f"{error.message}: {_remedy_for_values(program)}"
            if isinstance(error, StateTooLarge):
                size = (error.qubits, error.state_bytes)
                raise StateTooLarge(message, error.needed, *size) from None
            raise ResourceError(FailureCode.OUT_OF_MEMORY, message) from None
        engine = method.engine or self._evolver.engine
        self._record_exact_run(engine, method.name, method.precision, method.qubits(request))
        return values

    def require_gates_only(self, program: Program) -> None:
        """Accept circuits of gates and terminal measurements; raise `not_exact` for others."""
        _require_gates_only(program)

    def angle_derivatives(
        self,
        program: Program,
        words: Sequence[str],
        sums: WordSums,
        angles: NDArray[np.bool_],
    ) -> FloatArray:
        """Return the derivatives of expectation values by the angles of a program's circuit.

        Args:
            words: The Pauli words, as in `Observables`.
            sums: The observables.
            angles: For each angle, in the order of the operations, True if it is needed.

        Returns:
            [observables, angles], with 0 for other angles.

        Raises:
            ResourceError: `not_exact` or `out_of_memory`.
        """
        circuit = _require_gates_only(program)
        derivatives = self._evolver.angle_derivatives(circuit, words, sums, angles)
        qubits = len(circuit.active_qubits)
        self._record_exact_run(self._evolver.engine, STATEVECTOR, DOUBLE, qubits)
        return derivatives

    def _sample(
        self, program: Program, shots: int, seed: int, memory: bool, choice: EngineChoice
    ) -> ShotSample:
        counts = ShotCounts(program, shots, memory, self._settings)
        plan = choice.plan
        sampling = SamplingRun(
            program, shots, seed, counts, self._settings, plan.threads, self._no_cache,
            self.progress,
        )  # fmt: skip
        if program.circuit is not None and sampling.clbit_map.is_constant:
            order = sampling.add_constant_result()
        else:
            order = load_engine(plan.engine).run(sampling, plan)
        self.run_info = self.run_info or RunInfo(
            plan.engine, _version(plan.engine), plan.method, plan.precision, choice.reason,
            plan.threads,
        )  # fmt: skip
        return ShotSample(counts, order)

    def _check_size(
        self, size: SizeCheck, program: Program, shots: int, choice: EngineChoice
    ) -> None:
        features = extract_features(program)
        if features.circuit is None or not features.clbit_map.is_constant:
            size.check(
                choice.plan,
                lambda settings, threads: choose_engine(
                    features, shots, settings,
                    engine=self._engine, method=self._method, threads=threads,
                ).plan,
            )  # fmt: skip

    def _statevector(self, circuit: Circuit) -> ComplexArray:
        vector = self._evolver.statevector(circuit)
        qubits = len(circuit.active_qubits)
        self._record_exact_run(self._evolver.engine, STATEVECTOR, DOUBLE, qubits)
        return vector

    def _record_exact_run(self, engine: str, method: str, precision: str, qubits: int) -> None:
        """Set `run_info`, unless it describes an earlier run."""
        if self.run_info is None:
            requested = self._engine != AUTO or self._method is not None
            state = f"exact values, from the state of {quantity(qubits, 'qubit')}"
            reason = REQUESTED if requested else state
            self.run_info = RunInfo(engine, _version(engine), method, precision, reason)

    def _choose(self, program: Program, shots: int) -> EngineChoice:
        circuit = program.circuit
        choice = self._choices.get(circuit, shots) if circuit else None
        if choice is None:
            choice = choose_engine(
                extract_features(program), shots, self._settings,
                engine=self._engine, method=self._method, threads=self._threads,
            )  # fmt: skip
            if circuit:
                self._choices.put(circuit, shots, choice)
        return choice


def _require_circuit(program: Program) -> Circuit:
    """Return the circuit that every shot runs.

    Raises:
        ResourceError: `not_exact` for a program that depends on measurement outcomes.
    """
    if program.circuit is None:
        raise _not_exact("the program depends on measurement outcomes")
    return program.circuit


def _remedy_for_values(program: Program) -> str:
    """Return what computes expectation values of a state that is too large."""
    remedy = "set a `precision` to have the values estimated from shots"
    if program.circuit is None or not program.circuit.terminal_measurements_only:
        return remedy
    return (
        f"{remedy}, or name the `method` {MPS} with a `max_bond` for values with a bound on "
        "their error"
    )


def _require_gates_only(program: Program) -> Circuit:
    """Return a circuit of gates and terminal measurements.

    Raises:
        ResourceError: `not_exact` for any other program.
    """
    circuit = _require_circuit(program)
    if circuit.control_outcomes or not circuit.terminal_measurements_only:
        raise _not_exact("the program uses qubits after they are measured or reset")
    return circuit


def _not_exact(reason: str) -> ResourceError:
    """Return the error of an exact result that does not exist."""
    return ResourceError(FailureCode.NOT_EXACT, f"there is no such exact result: {reason}")


def _version(engine: str) -> str:
    return engine_version(engine) or ""


def _without_tableau(choice: EngineChoice, features: CircuitFeatures, shots: int) -> EngineChoice:
    """Return the method without a tableau, for a program that reached a non-Clifford gate."""
    other = next(
        method
        for method in IDEAL_METHODS
        if method.engine == choice.plan.engine and method.name != choice.plan.method
    )
    return EngineChoice(other.plan(features, shots), choice.reason)


def _not_clifford(choice: EngineChoice) -> ResourceError:
    engine, method = choice.plan.engine, choice.plan.method
    return ResourceError(
        FailureCode.ENGINE_UNSUITABLE,
        f"{engine} ({method}) cannot run this program: a shot reached a gate that is not Clifford",
    )
