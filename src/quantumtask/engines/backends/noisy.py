"""Backend with noise.

Aer runs programs whose shots all run the same steps, Stim those of Clifford gates and Pauli errors,
and our engine all programs.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from quantumtask.engines.backends.aer_shots import sample_of_parts, sample_of_run
from quantumtask.engines.backends.base import RunInfo
from quantumtask.engines.backends.exact_distribution import exact_distribution, pauli_mean
from quantumtask.engines.backends.noisy_features import prepared_features
from quantumtask.engines.backends.pauli_noise import NoisyCircuit
from quantumtask.engines.backends.prepare import (
    PreparedCircuit,
    build_source,
    prepare,
    prepare_parts,
)
from quantumtask.engines.compilation.physical_programs import check_physical_program
from quantumtask.engines.limits import StateTooLarge, available_bytes, format_bytes
from quantumtask.engines.noise.error_model import MEASURE, RESET
from quantumtask.engines.noise.request import NoiseSpec
from quantumtask.engines.noisy_simulation.program_simulator import NoisyProgramSimulator
from quantumtask.engines.observables.grouping import group_commuting
from quantumtask.engines.observables.observable import FloatArray
from quantumtask.engines.progress import RunProgress
from quantumtask.engines.sampling.clbit_map import ClbitMap
from quantumtask.engines.sampling.shot_counts import ShotCounts, ShotSample
from quantumtask.engines.selection.choose import (
    choose_noisy_method,
    engine_unavailable,
    match_methods,
)
from quantumtask.engines.selection.circuit_features import (
    NoisyCircuitFeatures,
    add_noise,
    extract_features,
)
from quantumtask.engines.selection.estimate import report_prediction
from quantumtask.engines.selection.large_task import SizeCheck
from quantumtask.engines.selection.methods import (
    AER,
    DENSITY_MATRIX,
    DOUBLE,
    EXACT,
    NOISY_METHODS,
    OWN,
    STABILIZER,
    STIM,
    NoisyMethod,
    RunPlan,
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
        size: SizeCheck | None = None,
        progress: RunProgress | None = None,
    ) -> None:
        """Create a backend.

        Args:
            seed: Seed of the compiler.
            engine: The engine that the task names, or AUTO.
            method: The method that the task names.
            compile_mode: One of COMPILE_MODES.
            size: The check of the first run; None: the run takes what it has.
            progress: The progress of the task.

        Raises:
            ResourceError: the engine simulates no noise.
        """
        if engine not in (AUTO, AER, STIM, OWN):
            raise _unsuitable(
                f"engine: {engine} simulates no noise; use {AER}, {STIM} or {OWN}, or omit `engine`"
            )
        if engine_version(AER if engine == AUTO else engine) is None:
            raise engine_unavailable(engine)
        self.progress = progress or RunProgress()
        self.run_info: RunInfo | None = None
        self.compile_report: dict[str, Any] | None = None
        self._noise = noise
        self._settings = settings
        self._seed = seed
        self._threads = threads
        self._method = method
        self._engine = engine
        self._compile_mode = compile_mode
        self._size = size

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
        noisy_circuit = self._circuit_for_stim(program, shots)
        if noisy_circuit is not None:
            return noisy_circuit.sample(program, shots, seed, memory, self._settings, self.progress)
        if self._needs_own_engine(program):
            return self._sample_with_own_engine(program, shots, seed, memory)
        clbit_map = ClbitMap(_require_circuit(program))
        counts = ShotCounts(program, shots, memory, self._settings)
        if clbit_map.is_constant:
            self._record_constant_run()
            index = counts.add(clbit_map.from_bits(0), shots, program.fixed_outputs)
            return ShotSample(counts, np.full(shots, index) if counts.needs_order else None)
        as_written = self._runs_as_written(program)
        parts = prepare_parts(program, self._noise, self._seed, self._settings, as_written)
        if len(parts) > 1:
            seeds = np.random.SeedSequence(seed).generate_state(len(parts)).tolist()
            pairs = zip(parts, seeds, strict=True)
            runs = (self._run(program, *each, shots, memory=True) for each in pairs)
            return sample_of_parts(runs, program, clbit_map, counts)
        data = self._run(program, parts[0], seed, shots, memory=counts.needs_order)
        return sample_of_run(data, program, clbit_map, counts)

    def _run(
        self, program: Program, prepared: PreparedCircuit, seed: int, shots: int, *, memory: bool
    ) -> dict[str, Any]:
        """Run a circuit on Aer, and return the data of its result."""
        features = prepared_features(_require_circuit(program), prepared, self._noise)
        method = choose_noisy_method((AER,), features, shots, self._method, self._settings)
        plan = method.plan(features, shots, self._threads)
        if self._size is not None and self.run_info is None:
            self._size.check(plan, lambda _, threads: method.plan(features, shots, threads))
        self._predict(plan)
        self._record_run(method, prepared.compile_report, plan.threads)
        return self._simulate(prepared, method, plan.threads, shots, seed, memory)

    def _circuit_for_stim(self, program: Program, shots: int) -> NoisyCircuit | None:
        """Return the circuit if Stim runs it, by the choice of the method or by request.

        Raises:
            ResourceError: the task names Stim, which cannot run the program (`engine_unsuitable`).
        """
        if self._engine not in (AUTO, STIM) or engine_version(STIM) is None:
            return None
        noisy_circuit = NoisyCircuit.from_program(program, self._noise, self._settings)
        if noisy_circuit is None:
            if self._engine == STIM:
                raise _unsuitable(
                    f"engine: {STIM} cannot run this program with noise: the program depends on "
                    "outcomes of measurements, or is compiled for a device; omit `engine`"
                )
            return None
        if ClbitMap(noisy_circuit.circuit).is_constant:
            return None
        other = OWN if self._needs_own_engine(program) else AER
        engines = (STIM,) if self._engine == STIM else (STIM, other)
        features = noisy_circuit.features
        method = choose_noisy_method(engines, features, shots, self._method, self._settings)
        if method.engine != STIM:
            return None
        self._predict(method.plan(features, shots))
        self._record_run(method, None)
        return noisy_circuit

    def _sample_with_own_engine(
        self, program: Program, shots: int, seed: int, memory: bool
    ) -> ShotSample:
        simulator = self._simulator(program)
        errors = simulator.errors
        features = add_noise(extract_features(program), errors.clifford, errors.has_kraus)
        method = choose_noisy_method((OWN,), features, shots, self._method, self._settings)
        if extract_features(program).whole_shot:
            self._predict(method.plan(features, shots))
        self._record_run(method, simulator.compile_report)
        return simulator.sample(program, method.name, shots, seed, memory)

    def probabilities(self, program: Program) -> FloatArray:
        """Return the exact probability of each value of the classical bits.

        Raises:
            ResourceError: `not_exact` for too many branches, or `out_of_memory`.
        """
        if self._engine == STIM:
            raise _unsuitable(
                f"engine: {STIM} has no exact values with noise; omit `engine`, ask for counts, or "
                "set a `precision`"
            )
        if self._needs_density_matrices(program):
            simulator = self._simulator(program)
            self._record_run(None, simulator.compile_report)
            return simulator.probabilities(program)
        clbit_map, distribution = ClbitMap(_require_circuit(program)), np.ones(1)
        if clbit_map.is_constant:
            self._record_constant_run()
        else:
            prepared = self._prepare(program)
            features = prepared_features(_require_circuit(program), prepared, self._noise)
            method = self._require_density_matrix(features)
            threads = method.plan(features, 1, self._threads).threads
            self._record_run(method, prepared.compile_report, threads)
            distribution = exact_distribution(prepared, threads, self._settings)
        table = np.zeros(1 << program.bits)
        results = [clbit_map.from_bits(value) for value in range(len(distribution))]
        table[results] = distribution
        return table

    def expectation_values(self, program: Program, words: Sequence[str]) -> FloatArray:
        """Return the exact expectation value of each Pauli word; see `probabilities`."""
        values = np.ones(len(words))
        groups = group_commuting(tuple(words))
        for group in self.progress.each(groups, len(groups)):
            letters = group.basis.letters
            distribution = self.probabilities(measure_in_bases(program, letters))
            for index in group.members:
                values[index] = pauli_mean(distribution, words[index], list(letters))
        return values

    def statevector(self, _: Program) -> ComplexArray:
        """Raise ResourceError: a noisy state is not a vector."""
        raise _no_exact_result(STATEVECTOR)

    def unitary(self, _: Program) -> ComplexArray:
        """Raise ResourceError: noisy gates are not a matrix."""
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
            raise _unsuitable(
                f"engine: {AER} cannot run this program with noise: the program depends on "
                "outcomes of measurements; omit `engine`"
            )
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
        return NoisyProgramSimulator(source, self._settings, self._threads, self.progress)

    def _prepare(self, program: Program) -> PreparedCircuit:
        as_written = self._runs_as_written(program)
        return prepare(program, self._noise, self._seed, self._settings, as_written)

    def _require_density_matrix(self, features: NoisyCircuitFeatures) -> NoisyMethod:
        """Return Aer's density matrix method.

        Raises:
            ResourceError: `out_of_memory`.
        """
        (method,) = match_methods(NOISY_METHODS, AER, DENSITY_MATRIX)
        needed = method.memory.predict_bytes(features)
        if needed > (available := available_bytes(self._settings)):
            raise StateTooLarge(
                f"exact values with noise need a density matrix: for {features.qubits} qubits it "
                f"takes {format_bytes(needed)}, and this slot has {format_bytes(available)}. "
                "Ask for counts, or set a `precision` to have expectation values estimated",
                needed,
                features.qubits,
                needed,
            )
        return method

    def _simulate(
        self,
        prepared: PreparedCircuit,
        method: NoisyMethod,
        threads: int,
        shots: int,
        seed: int,
        memory: bool,
    ) -> dict[str, Any]:
        return simulate(
            prepared.circuit, threads, self._settings, method=method.name,
            noise_model=prepared.model, shots=shots, seed_simulator=seed, memory=memory,
        )  # fmt: skip

    def _predict(self, plan: RunPlan) -> None:
        """Report the predicted time of the first run."""
        if self.run_info is None:
            report_prediction(self.progress, plan)

    def _record_run(
        self, method: NoisyMethod | None, report: dict[str, Any] | None, threads: int = 1
    ) -> None:
        """Set `run_info`, unless it describes an earlier run.

        Args:
            method: None: our engine, with the density matrix of each branch.
        """
        if method is None:
            how = "in a density matrix of each branch"
            self._record(OWN, DENSITY_MATRIX, DOUBLE, how, report)
        else:
            self._record(
                method.engine, method.name, method.precision, method.reason, report, threads
            )

    def _record_constant_run(self) -> None:
        how = "the result is the same for every shot"
        if self._engine == STIM:
            self._record(STIM, STABILIZER, EXACT, how, None)
        else:
            self._record(AER, DENSITY_MATRIX, DOUBLE, how, None)

    def _record(
        self,
        engine: str,
        method: str,
        precision: str,
        how: str,
        report: dict[str, Any] | None,
        threads: int = 1,
    ) -> None:
        if self.run_info is None:
            reason = f"{self._noise.reason}, {how}"
            version = engine_version(engine) or ""
            self.run_info = RunInfo(engine, version, method, precision, reason, threads)
            self.compile_report = report


def _require_circuit(program: Program) -> Circuit:
    """Return the circuit of a program whose shots all run the same steps."""
    assert program.circuit is not None
    return program.circuit


def _unsuitable(message: str) -> ResourceError:
    return ResourceError(FailureCode.ENGINE_UNSUITABLE, message)


def _no_exact_result(kind: str) -> ResourceError:
    return ResourceError(FailureCode.NOT_EXACT, f"return: with noise there is no {kind}; omit it")
