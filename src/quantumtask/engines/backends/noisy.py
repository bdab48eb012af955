"""Backend with noise: Aer runs the circuits whose shots are all alike, our engine all programs."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from quantumtask.engines.backends.base import RunInfo
from quantumtask.engines.backends.prepare import PreparedCircuit, build_source, prepare
from quantumtask.engines.compilation.physical_programs import check_physical_program
from quantumtask.engines.limits import available_bytes, format_bytes
from quantumtask.engines.noise.error_model import MEASURE, RESET
from quantumtask.engines.noise.request import NoiseSpec
from quantumtask.engines.noisy_simulation.program_simulator import NoisyProgramSimulator
from quantumtask.engines.observables.grouping import group_commuting
from quantumtask.engines.observables.observable import PROJECTORS, FloatArray
from quantumtask.engines.sampling.clbit_map import ClbitMap
from quantumtask.engines.sampling.shot_counts import ShotCounts, ShotOrder, ShotSample
from quantumtask.engines.selection.choose import choose_noisy_method, match_methods
from quantumtask.engines.selection.circuit_features import (
    NoisyCircuitFeatures,
    add_noise,
    extract_features,
)
from quantumtask.engines.selection.methods import (
    AER,
    DENSITY_MATRIX,
    DOUBLE,
    NOISY_METHODS,
    OWN,
    NoisyMethod,
    engine_version,
)
from quantumtask.engines.simulators.aer import simulate
from quantumtask.engines.simulators.native.kernels import ComplexArray
from quantumtask.engines.transforms.basis_measurement import measure_in_bases
from quantumtask.openqasm.program.program import Circuit, Program
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.output_kinds import COMPILE_AUTO, COMPILE_NEVER, STATEVECTOR, UNITARY
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import AUTO, FailureCode


class NoisyBackend:
    """Runs programs with noise (see `Backend`).

    Exact values are those of infinitely many shots: they include readout errors, and the noise of
    the gates that change the basis of a qubit before its measurement.
    """

    def __init__(
        self,
        noise: NoiseSpec,
        settings: Settings,
        *,
        seed: int,
        threads: int = 1,
        engine: str = AUTO,
        method: str | None = None,
        compile_mode: str = COMPILE_AUTO,
    ) -> None:
        """Create a backend.

        Args:
            seed: Seed of the compiler.
            engine: The engine that the task names, or AUTO.
            method: The method that the task names.
            compile_mode: One of COMPILE_MODES.

        Raises:
            ResourceError: the engine simulates no noise.
        """
        if engine not in (AUTO, AER, OWN):
            raise _unsuitable(
                f"engine: {engine} simulates no noise; use {AER} or {OWN}, or omit `engine`"
            )
        self.run_info: RunInfo | None = None
        self.compile_report: dict[str, Any] | None = None
        self._noise = noise
        self._settings = settings
        self._seed = seed
        self._threads = threads
        self._method = method
        self._engine = engine
        self._compile_mode = compile_mode

    def check(self, program: Program) -> None:
        """Check a program that runs as written on a device.

        Raises:
            Diagnostic: the device lacks a gate or a qubit; with the place in the text.
        """
        if self._noise.device is not None and self._runs_as_written(program):
            check_physical_program(program, self._noise.device, self._settings)

    def _runs_as_written(self, program: Program) -> bool:
        """Return True if the program runs on the qubits and with the gates that it names."""
        automatic = self._compile_mode == COMPILE_AUTO
        return self._compile_mode == COMPILE_NEVER or (automatic and program.physical)

    def sample(self, program: Program, shots: int, seed: int, memory: bool) -> ShotSample:
        """Run the shots of a program; see `Backend.sample`."""
        if self._needs_own_engine(program):
            return self._sample_with_own_engine(program, shots, seed, memory)
        clbit_map = ClbitMap(_require_circuit(program))
        counts = ShotCounts(program, shots, memory, self._settings)
        if clbit_map.is_constant:
            self._record_constant_run()
            index = counts.add(clbit_map.from_bits(0), shots, program.fixed_outputs)
            return ShotSample(counts, np.full(shots, index) if counts.needs_order else None)
        prepared = self._prepare(program)
        features = self._features(program, prepared)
        method = choose_noisy_method(AER, features, shots, self._method, self._settings)
        self._record_run(method, prepared.compile_report)
        data = self._simulate(prepared, method, shots, seed, counts.needs_order)
        indices = {
            text: counts.add(clbit_map.from_bits(int(text, 16)), count, program.fixed_outputs)
            for text, count in data["counts"].items()
        }
        return ShotSample(counts, _order(data, indices) if counts.needs_order else None)

    def _sample_with_own_engine(
        self, program: Program, shots: int, seed: int, memory: bool
    ) -> ShotSample:
        simulator = self._simulator(program)
        features = add_noise(extract_features(program), simulator.clifford_noise)
        method = choose_noisy_method(OWN, features, shots, self._method, self._settings)
        self._record_run(method, simulator.compile_report)
        return simulator.sample(program, method.name, shots, seed, memory)

    def probabilities(self, program: Program) -> FloatArray:
        """Return the exact probability of each value of the classical bits.

        Raises:
            ResourceError: `not_exact` for too many branches, or `out_of_memory`.
        """
        if self._needs_density_matrices(program):
            simulator = self._simulator(program)
            self._record_run(None, simulator.compile_report)
            return simulator.probabilities(program)
        clbit_map, distribution = ClbitMap(_require_circuit(program)), np.ones(1)
        if clbit_map.is_constant:
            self._record_constant_run()
        else:
            prepared = self._prepare(program)
            method = self._require_density_matrix(self._features(program, prepared))
            self._record_run(method, prepared.compile_report)
            distribution = self._exact_distribution(prepared)
        table = np.zeros(1 << program.bits)
        results = [clbit_map.from_bits(value) for value in range(len(distribution))]
        table[results] = distribution
        return table

    def expectation_values(self, program: Program, words: Sequence[str]) -> FloatArray:
        """Return the exact expectation value of each Pauli word; see `probabilities`."""
        values = np.ones(len(words))
        for group in group_commuting(tuple(words)):
            letters = group.basis.letters
            distribution = self.probabilities(measure_in_bases(program, letters))
            for index in group.members:
                values[index] = _mean(distribution, words[index], list(letters))
        return values

    def statevector(self, _: Program) -> ComplexArray:
        """Raise ResourceError: a noisy state is no vector."""
        raise _no_exact_result(STATEVECTOR)

    def unitary(self, _: Program) -> ComplexArray:
        """Raise ResourceError: noisy gates are no matrix."""
        raise _no_exact_result(UNITARY)

    def _needs_own_engine(self, program: Program) -> bool:
        """Return True if no circuit of Aer has the same noise as the program.

        If gates depend on measured values, readout errors change the gates: that holds also for a
        program whose measurements were deferred so that it has one circuit.
        """
        circuit = program.circuit
        if circuit is not None and not circuit.control_outcomes:
            return self._engine == OWN or self._has_error(RESET)  # circuits leave resets out
        if self._engine == AER:
            raise _unsuitable(f"{AER} runs no program with noise that depends on outcomes")
        return True

    def _needs_density_matrices(self, program: Program) -> bool:
        """Return True if exact values need the density matrices of all branches."""
        if self._needs_own_engine(program):
            return True
        terminal = _require_circuit(program).terminal_measurements_only
        return not terminal or self._has_error(MEASURE)

    def _has_error(self, name: str) -> bool:
        """Return True if the model has an error of an instruction that is no gate."""
        return self._noise.errors is not None and name in self._noise.errors.quantum

    def _simulator(self, program: Program) -> NoisyProgramSimulator:
        as_written = self._runs_as_written(program)
        source = build_source(program, self._noise, self._seed, self._settings, as_written)
        return NoisyProgramSimulator(source, self._settings, self._threads)

    def _prepare(self, program: Program) -> PreparedCircuit:
        as_written = self._runs_as_written(program)
        return prepare(program, self._noise, self._seed, self._settings, as_written)

    def _features(self, program: Program, prepared: PreparedCircuit) -> NoisyCircuitFeatures:
        circuit = _require_circuit(program)
        named = all(item.operation.name != "unitary" for item in prepared.circuit.data)
        return NoisyCircuitFeatures(
            qubits=prepared.circuit.num_qubits,
            gates=len(prepared.circuit.data),
            terminal_measurements_only=circuit.terminal_measurements_only,
            clifford=circuit.clifford and named and self._noise.clifford,
            entanglement=extract_features(program).entanglement,
        )

    def _require_density_matrix(self, features: NoisyCircuitFeatures) -> NoisyMethod:
        """Return Aer's density matrix method.

        Raises:
            ResourceError: `out_of_memory`.
        """
        (method,) = match_methods(NOISY_METHODS, AER, DENSITY_MATRIX)
        needed = method.memory.predict_bytes(features)
        if needed > (available := available_bytes(self._settings)):
            raise ResourceError(
                FailureCode.OUT_OF_MEMORY,
                f"exact values with noise need a density matrix: for {features.qubits} qubits it "
                f"takes {format_bytes(needed)}, and this slot has {format_bytes(available)}. "
                "Ask for counts, or set a `precision` to have expectation values estimated",
            )
        return method

    def _simulate(
        self, prepared: PreparedCircuit, method: NoisyMethod, shots: int, seed: int, memory: bool
    ) -> dict[str, Any]:
        return simulate(
            prepared.circuit, self._threads, self._settings, method=method.name,
            noise_model=prepared.model, shots=shots, seed_simulator=seed, memory=memory,
        )  # fmt: skip

    def _exact_distribution(self, prepared: PreparedCircuit) -> FloatArray:
        """Return the probability of each value of the measured bits; bit k of an index is bit k."""
        circuit = prepared.circuit.copy_empty_like()
        for item in prepared.circuit.data:
            if not item.clbits:
                circuit._append(item)
        circuit.save_probabilities([qubit for qubit, _ in prepared.readouts])
        data = simulate(
            circuit, self._threads, self._settings, method=DENSITY_MATRIX,
            noise_model=prepared.model, shots=1,
        )  # fmt: skip
        distribution = np.asarray(data["probabilities"], dtype=np.float64)
        for bit, (_, confusion) in enumerate(prepared.readouts):
            split = distribution.reshape(-1, 2, 1 << bit)
            distribution = np.einsum("iak,ab->ibk", split, np.array(confusion)).ravel()
        return distribution

    def _record_run(self, method: NoisyMethod | None, report: dict[str, Any] | None) -> None:
        """Set `run_info`, unless it describes an earlier run.

        Args:
            method: None: our engine, with the density matrix of each branch.
        """
        if method is None:
            self._record(OWN, DENSITY_MATRIX, "in a density matrix of each branch", report)
        else:
            self._record(method.engine, method.name, method.reason, report)

    def _record_constant_run(self) -> None:
        self._record(AER, DENSITY_MATRIX, "the result is the same for every shot", None)

    def _record(self, engine: str, method: str, how: str, report: dict[str, Any] | None) -> None:
        if self.run_info is None:
            reason = f"{self._noise.reason}, {how}"
            version = engine_version(engine) or ""
            self.run_info = RunInfo(engine, version, method, DOUBLE, reason)
            self.compile_report = report


def _require_circuit(program: Program) -> Circuit:
    """Return the circuit of a program whose shots are all alike."""
    assert program.circuit is not None
    return program.circuit


def _order(data: dict[str, Any], indices: dict[str, int]) -> ShotOrder:
    return np.array([indices[text] for text in data["memory"]], dtype=np.intp)


def _mean(distribution: FloatArray, word: str, qubits: Sequence[int]) -> float:
    """Return the mean of a Pauli word; bit k of an index is the value of `qubits`[k]."""
    for qubit in qubits:
        distribution = distribution.reshape(-1, 2) @ _eigenvalues(word[-1 - qubit])
    return float(distribution[0])


def _eigenvalues(letter: str) -> FloatArray:
    """Return the values of a letter for the outcomes 0 and 1 of its measurement."""
    if letter == "I":
        return np.array([1.0, 1.0])
    if letter in PROJECTORS:
        return np.array([1.0, 0.0]) if PROJECTORS[letter][1] == 0 else np.array([0.0, 1.0])
    return np.array([1.0, -1.0])


def _unsuitable(message: str) -> ResourceError:
    return ResourceError(FailureCode.ENGINE_UNSUITABLE, message)


def _no_exact_result(kind: str) -> ResourceError:
    return ResourceError(
        FailureCode.NOT_EXACT, f"return: with noise there is no {kind}; ask for others"
    )
