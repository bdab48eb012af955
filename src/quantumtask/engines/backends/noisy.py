"""A device with noise, simulated by Aer: see `Device`."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from quantumtask.engines.backends.base import ComplexArray, RunInfo
from quantumtask.engines.backends.prepare import PreparedCircuit, build_source, prepare
from quantumtask.engines.compilation.physical_programs import check_physical_program
from quantumtask.engines.noise.error_model import MEASURE, RESET
from quantumtask.engines.noise.request import NoiseSpec
from quantumtask.engines.noisy_simulation.shot_branching import NoisyProgramSimulator
from quantumtask.engines.observables.grouping import group_commuting
from quantumtask.engines.observables.observable import PROJECTORS, FloatArray
from quantumtask.engines.sampling.clbit_map import ClbitMap
from quantumtask.engines.sampling.shot_counts import ShotCounts, ShotOrder, ShotSample
from quantumtask.engines.selection.circuit_features import extract_features
from quantumtask.engines.selection.methods import engine_version
from quantumtask.engines.selection.noisy_methods import (
    AER,
    DENSITY_MATRIX,
    OWN,
    Method,
    NoisyCircuitFeatures,
    choose_exact_method,
    choose_noisy_method,
)  # fmt: skip
from quantumtask.engines.simulators.aer import simulate
from quantumtask.engines.transforms.basis_measurement import measure_in_bases
from quantumtask.openqasm.program.program import Circuit, Program
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.output_kinds import COMPILE_AUTO, COMPILE_NEVER
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import AUTO, FailureCode


class NoisyBackend:
    """Runs circuits with noise; `seed` is that of the compiler. `compiling`: one of COMPILE.

    Exact values are those of infinitely many shots: they include readout errors, and the noise of
    the gates that turn a qubit before its measurement. Raises ResourceError for an engine that has
    no noise.
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
        if engine not in (AUTO, AER, OWN):
            known = f"{AER} or {OWN}"
            raise _unsuitable(f"{engine} knows no noise: leave `engine` out, or ask for {known}")
        self.run_info: RunInfo | None = None
        self.compiled: dict[str, Any] | None = None
        self._noise = noise
        self._settings = settings
        self._seed = seed
        self._threads = threads
        self._method = method
        self._engine = engine
        self._compile_mode = compile_mode

    def check(self, program: Program) -> None:
        if self._noise.device is not None and self._written(program):
            check_physical_program(program, self._noise.device, self._settings)

    def _written(self, program: Program) -> bool:
        """Return True if the program runs on the qubits and with the gates that it names."""
        return self._compile_mode == COMPILE_NEVER or (
            self._compile_mode == COMPILE_AUTO and program.physical
        )

    def sample(self, program: Program, shots: int, seed: int, memory: bool) -> ShotSample:
        if self._differs(program):
            histories = self._histories(program)
            way = histories.way(program, shots, self._method)
            self._tell_own(way.name, way.how, histories.described)
            return histories.sample(program, way, shots, seed, memory)
        readout = ClbitMap(_circuit(program))
        tally = ShotCounts(program, shots, memory, self._settings)
        if readout.is_constant:
            self._tell(None, None)
            number = tally.add(readout.from_bits(0), shots, program.fixed_outputs)
            return ShotSample(tally, np.full(shots, number) if tally.needs_order else None)
        prepared = self._ready(program)
        method = choose_noisy_method(
            self._facts(program, prepared), shots, self._method, self._settings
        )
        self._tell(prepared, method)
        data = self._simulate(prepared, method, shots, seed, tally.needs_order)
        numbers = {
            text: tally.add(readout.from_bits(int(text, 16)), count, program.fixed_outputs)
            for text, count in data["counts"].items()
        }
        return ShotSample(tally, _order(data, numbers) if tally.needs_order else None)

    def probabilities(self, program: Program) -> FloatArray:
        if (
            self._differs(program)
            or not _circuit(program).terminal_measurements_only
            or self._errs_with(MEASURE)
        ):
            histories = self._histories(program)
            described = histories.described
            self._tell_own(DENSITY_MATRIX, "in a density matrix of each history", described)
            return histories.probabilities(program)
        readout, shown = ClbitMap(_circuit(program)), np.ones(1)
        if readout.is_constant:
            self._tell(None, None)
        else:
            prepared = self._ready(program)
            method = choose_exact_method(self._facts(program, prepared), self._settings)
            self._tell(prepared, method)
            shown = self._exact(prepared)
        table = np.zeros(1 << program.bits)
        table[[readout.from_bits(value) for value in range(len(shown))]] = shown
        return table

    def expectations(self, program: Program, words: Sequence[str]) -> FloatArray:
        values = np.ones(len(words))
        for group in group_commuting(tuple(words)):
            letters = group.basis.letters
            chances = self.probabilities(measure_in_bases(program, letters))
            for number in group.members:
                values[number] = _mean(chances, words[number], list(letters))
        return values

    def statevector(self, program: Program) -> ComplexArray:
        raise _no_state(program, "state vector")

    def unitary(self, program: Program) -> ComplexArray:
        raise _no_state(program, "unitary matrix")

    def _differs(self, program: Program) -> bool:
        """Return True if no circuit has the same noise as the program.

        The shots of such a program depend on outcomes, even if `deferred` made one circuit of it.
        """
        circuit = program.circuit
        if circuit is not None and not circuit.control_outcomes:
            return self._engine == OWN or self._errs_with(RESET)  # circuits leave resets out
        if self._engine == AER:
            raise _unsuitable(f"{AER} runs no program that acts on what it measures")
        return True

    def _errs_with(self, name: str) -> bool:
        """Return True if the model has an error of an instruction other than a gate."""
        return self._noise.errors is not None and name in self._noise.errors.quantum

    def _histories(self, program: Program) -> NoisyProgramSimulator:
        written = self._written(program)
        found = build_source(program, self._noise, self._seed, self._settings, written)
        return NoisyProgramSimulator(found, self._settings, self._threads)

    def _tell_own(self, method: str, how: str, described: dict[str, Any] | None) -> None:
        if self.run_info is None:
            self.compiled = described
            why = f"{self._noise.reason}, {how}"
            self.run_info = RunInfo(OWN, engine_version(OWN) or "", method, "double", why)

    def _ready(self, program: Program) -> PreparedCircuit:
        return prepare(program, self._noise, self._seed, self._settings, self._written(program))

    def _facts(self, program: Program, prepared: PreparedCircuit) -> NoisyCircuitFeatures:
        circuit = _circuit(program)
        named = all(item.operation.name != "unitary" for item in prepared.circuit.data)
        return NoisyCircuitFeatures(
            prepared.circuit.num_qubits,
            len(prepared.circuit.data),
            circuit.terminal_measurements_only,
            circuit.clifford and named and self._noise.clifford,
            extract_features(program).entanglement,
        )

    def _simulate(
        self, prepared: PreparedCircuit, method: Method, shots: int, seed: int, memory: bool
    ) -> dict[str, Any]:
        return simulate(
            prepared.circuit, self._threads, self._settings, method=method.name,
            noise_model=prepared.model, shots=shots, seed_simulator=seed, memory=memory,
        )  # fmt: skip

    def _exact(self, prepared: PreparedCircuit) -> FloatArray:
        """The probability of each value of what is measured; bit k of an index is bit k of that."""
        circuit = prepared.circuit.copy_empty_like()
        for item in prepared.circuit.data:
            if not item.clbits:
                circuit._append(item)
        circuit.save_probabilities([qubit for qubit, _ in prepared.qubits])
        data = simulate(
            circuit, self._threads, self._settings, method=DENSITY_MATRIX,
            noise_model=prepared.model, shots=1,
        )  # fmt: skip
        chances = np.asarray(data["probabilities"], dtype=np.float64)
        for bit, (_, misread) in enumerate(prepared.qubits):
            split = chances.reshape(-1, 2, 1 << bit)
            chances = np.einsum("iak,ab->ibk", split, np.array(misread)).ravel()
        return chances

    def _tell(self, prepared: PreparedCircuit | None, method: Method | None) -> None:
        """Notes what runs, unless something did before."""
        if self.run_info is None:
            name = method.name if method else DENSITY_MATRIX
            why = self._noise.reason
            why += f", {method.how}" if method else ": nothing that its result shows is measured"
            self.run_info = RunInfo(AER, engine_version(AER) or "", name, "double", why)
            self.compiled = prepared.described if prepared else None


def _circuit(program: Program) -> Circuit:
    """The circuit of a program all of whose shots are alike."""
    assert program.circuit is not None
    return program.circuit


def _order(data: dict[str, Any], numbers: dict[str, int]) -> ShotOrder:
    return np.array([numbers[text] for text in data["memory"]], dtype=np.intp)


def _mean(chances: FloatArray, word: str, qubits: Sequence[int]) -> float:
    """Of a word, where the value of `qubits`[k] is bit k."""
    for qubit in qubits:
        chances = chances.reshape(-1, 2) @ _values(word[-1 - qubit])
    return float(chances[0])


def _values(letter: str) -> FloatArray:
    """That of a letter where its measurement gives 0, and where it gives 1."""
    if letter == "I":
        return np.array([1.0, 1.0])
    if letter in PROJECTORS:
        return np.array([1.0, 0.0]) if PROJECTORS[letter][1] == 0 else np.array([0.0, 1.0])
    return np.array([1.0, -1.0])


def _unsuitable(why: str) -> ResourceError:
    return ResourceError(FailureCode.ENGINE_UNSUITABLE, why)


def _no_state(_: Program, what: str) -> ResourceError:
    return ResourceError(FailureCode.NOT_EXACT, f"with noise there is no {what}")
