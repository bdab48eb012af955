"""Backend of the approximate methods, which a task must name; each result has an error bound."""

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from quantumtask.engines.backends.base import RunInfo
from quantumtask.engines.backends.expectation_methods import ExpectationRequest
from quantumtask.engines.observables.observable import (
    PROJECTORS,
    FloatArray,
    WordSums,
    dephase,
    expectation_of_basis_state,
)
from quantumtask.engines.progress import RunProgress
from quantumtask.engines.sampling.shot_counts import ShotCounts, ShotSample
from quantumtask.engines.selection.choose import engine_unavailable, unsuitable
from quantumtask.engines.selection.circuit_features import extract_features
from quantumtask.engines.selection.methods import APPROXIMATE_METHODS, engine_version
from quantumtask.engines.simulators.sampling_run import SamplingRun
from quantumtask.engines.transforms.purification import PurifiedCircuit
from quantumtask.openqasm.program.program import Circuit, Program
from quantumtask.shared.approximation import MATRIX_PRODUCT_STATE, Approximation
from quantumtask.shared.settings import Settings

if TYPE_CHECKING:
    from quantumtask.engines.simulators.truncated_mps import PlacedState

REASON = "requested by the task: an approximation with a bound on its error"


class BoundedMeans(NamedTuple):
    """The mean of each observable, and upper bounds on the absolute errors."""

    values: FloatArray
    bounds: FloatArray


class ApproximateBackend:
    """Runs programs by one approximate method.

    Attributes:
        progress: The progress of the task.
        run_info: How the first program ran; None before that.
        compile_report: Always None: there is no device.
    """

    def __init__(
        self,
        approximation: Approximation,
        settings: Settings,
        threads: int,
        progress: RunProgress | None = None,
    ) -> None:
        """Create a backend.

        Raises:
            ResourceError: the package of the method is not installed (`engine_unavailable`).
        """
        self.progress = progress or RunProgress()
        self.run_info: RunInfo | None = None
        self.compile_report: dict[str, Any] | None = None
        self._approximation = approximation
        self._settings = settings
        self._threads = threads
        self._last: tuple[Circuit, PlacedState] | None = None
        self._method = next(
            each for each in APPROXIMATE_METHODS if each.name == approximation.method
        )
        if engine_version(self._method.engine) is None:
            raise engine_unavailable(self._method.engine)

    def check(self, program: Program) -> None:
        """Check that the method can run a program.

        Raises:
            ResourceError: `engine_unsuitable`.
        """
        features = extract_features(program)
        if self._method.unsupported(features) is not None:
            raise unsuitable(self._method, features)

    def sample(self, program: Program, shots: int, seed: int, memory: bool) -> ShotSample:
        """Run the shots of a program; see `Backend.sample`."""
        counts = ShotCounts(program, shots, memory, self._settings)
        sampling = SamplingRun(
            program, shots, seed, counts, self._settings, self._threads, progress=self.progress
        )
        self._record_run()
        if sampling.clbit_map.is_constant:
            return ShotSample(counts, sampling.add_constant_result())
        return ShotSample(counts, self._evolve(sampling.circuit).sample(sampling))

    def state_error(self, program: Program) -> tuple[float, float]:
        """Return the bound on the trace distance and the estimate of the fidelity of the shots.

        The trace distance bounds the total variation distance of the counts' distribution.
        """
        features = extract_features(program)
        assert features.circuit is not None
        if features.clbit_map.is_constant:
            return 0.0, 1.0
        state = self._evolve(features.circuit).mps
        return state.trace_distance_bound, state.fidelity_estimate

    def observable_means(
        self, program: Program, words: Sequence[str], sums: WordSums
    ) -> BoundedMeans:
        """Return the approximate mean of each observable, and a bound on its error.

        Args:
            words: Words of `Observables`.
            sums: The observables.
        """
        request = ExpectationRequest(program, words, self._method.engine, self._method.name)
        purified, dephased = request.purified, request.dephased
        words = [dephase(word, dephased) for word in words] if dephased else words
        self._record_run()
        if self._method.name == MATRIX_PRODUCT_STATE or not purified.circuit.active_qubits:
            return self._mps_means(purified, words, sums)
        from quantumtask.engines.simulators import pauli_prop  # not above: it may be missing

        values = pauli_prop.observable_values(
            purified.circuit, purified.qubits, words, sums, self._approximation, self._settings,
            self.progress,
        )  # fmt: skip
        return BoundedMeans(*map(np.array, zip(*values, strict=True)))

    def _mps_means(
        self, purified: PurifiedCircuit, words: Sequence[str], sums: WordSums
    ) -> BoundedMeans:
        if not purified.circuit.active_qubits:
            values = np.array([_value_of_zeros(word) for word in words])
            distance = 0.0
        else:
            state = self._evolve(purified.circuit)
            values = state.expectation_values(words, purified.qubits)
            distance = state.mps.trace_distance_bound
        ranges = np.array([_eigenvalue_range(word) for word in words])
        means = [factors @ values[numbers] for numbers, factors in sums]
        bounds = [distance * (np.abs(factors) @ ranges[numbers]) for numbers, factors in sums]
        return BoundedMeans(np.array(means), np.array(bounds))

    def _evolve(self, circuit: Circuit) -> "PlacedState":
        from quantumtask.engines.simulators.truncated_mps import evolve  # it imports Qiskit

        if self._last is None or self._last[0] is not circuit:
            self._last = None
            with self.progress.part(0, 2):  # shots or values are the other half
                state = evolve(circuit, self._approximation, self._settings, self.progress)
            self._last = (circuit, state)
        return self._last[1]

    def _record_run(self) -> None:
        method = self._method
        if self.run_info is None:
            version = engine_version(method.engine) or ""
            self.run_info = RunInfo(method.engine, version, method.name, method.precision, REASON)


def _value_of_zeros(word: str) -> float:
    """Return the value of a word for qubits that are all 0."""
    return prod(expectation_of_basis_state(letter, 0) for letter in word)


def _eigenvalue_range(word: str) -> float:
    """Return the largest eigenvalue of a word less the smallest.

    A value changes by at most this, times the trace distance of two states.
    """
    letters = set(word) - {"I"}
    if not letters:
        return 0.0
    return 1.0 if letters <= PROJECTORS.keys() else 2.0
