"""The ideal device: each program on the engine for it, or on the one that was asked for."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from quantumtask.engines.backends.amplitudes import METHOD, StateEvolver
from quantumtask.engines.backends.base import ComplexArray, RunInfo
from quantumtask.engines.observables.observable import FloatArray
from quantumtask.engines.sampling.clbit_map import ClbitMap
from quantumtask.engines.sampling.shot_counts import ShotCounts, ShotSample
from quantumtask.engines.selection.choose import EngineChoice, choose_engine
from quantumtask.engines.selection.circuit_features import CircuitFeatures, extract_features
from quantumtask.engines.selection.methods import METHODS, engine_version
from quantumtask.engines.simulators.base import load_engine
from quantumtask.engines.simulators.native.marginals import expand_to_all_qubits, marginal
from quantumtask.engines.simulators.native.pauli_expectation import PauliWords
from quantumtask.engines.simulators.native.tableau import NotClifford
from quantumtask.engines.simulators.sampling_run import SamplingRun
from quantumtask.engines.transforms.constant_propagation import propagate_constants
from quantumtask.engines.transforms.purification import defer_to_ancillas
from quantumtask.openqasm.program.operations import Operation
from quantumtask.openqasm.program.program import Circuit, Program, Step
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import AUTO, FailureCode

TABLEAU_MIN_QUBITS = 14
"""Qubits of a Clifford circuit from which its stabilizers are faster than its amplitudes."""

MAX_PURIFIED_QUBITS = 24
"""Qubits of a circuit that goes on after measuring, each outcome counted as one more."""

MAX_CACHED_CHOICES = 8
"""Choices that are known, each for all circuits that differ in their angles alone."""


class IdealBackend:
    """Runs programs as they are, without noise; see `Device`.

    `once`: they do not come again, so nothing is remembered of them.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        threads: int = 1,
        engine: str = AUTO,
        method: str | None = None,
        once: bool = False,
    ) -> None:
        self.run_info: RunInfo | None = None
        self.compiled: dict[str, Any] | None = None
        self._settings = settings
        self._threads = threads
        self._engine = engine
        self._method = method
        self._once = once
        self._choices: list[tuple[Circuit, int, EngineChoice]] = []
        self._read: tuple[Any, PauliWords] | None = None

    def check(self, program: Program) -> None:
        """Accepts every program: an ideal simulator runs all of them as written."""

    def sample(self, program: Program, shots: int, seed: int, memory: bool) -> ShotSample:
        choice = self._choice(program, shots)
        try:
            return self._sampled(program, shots, seed, memory, choice)
        except NotClifford:
            if self._method is not None:
                raise _not_clifford(choice) from None
            other = _with_amplitudes(choice, extract_features(program), shots)
            return self._sampled(program, shots, seed, memory, other)

    def probabilities(self, program: Program) -> FloatArray:
        own = _circuit(program)
        circuit = propagate_constants(defer_to_ancillas(own).circuit)
        if not own.terminal_measurements_only and len(circuit.active_qubits) > MAX_PURIFIED_QUBITS:
            raise not_exact(
                "it measures and resets qubits on the way, and each of these counts as one more: "
                f"{len(circuit.active_qubits):,} qubits, and at most {MAX_PURIFIED_QUBITS} can be"
            )
        clbit_map, table = ClbitMap(circuit), np.zeros(1 << program.bits)
        if clbit_map.is_constant:
            table[clbit_map.from_bits(0)] = 1
        else:
            place = {qubit: k for k, qubit in enumerate(circuit.active_qubits)}
            places = [place[qubit] for qubit in clbit_map.qubits]
            shown = marginal(self._vector(circuit), places)
            table[clbit_map.to_array(np.arange(len(shown)))] = shown
        return table

    def statevector(self, program: Program) -> ComplexArray:
        circuit = _gates(program)
        return expand_to_all_qubits(self._vector(circuit), circuit.active_qubits, program.qubits)

    def unitary(self, program: Program) -> ComplexArray:
        matrix = self._amplitudes.matrix(_gates(program), program.qubits)
        self._tell(self._amplitudes.engine, METHOD, "double", program.qubits)
        return matrix

    def expectations(self, program: Program, words: Sequence[str]) -> FloatArray:
        try:
            return self._expectations(program, words)
        except ResourceError as error:
            if error.code != FailureCode.OUT_OF_MEMORY:
                raise
            hint = "give a `precision`, to have values from shots"
            raise ResourceError(error.code, f"{error.message}: {hint}") from None

    def _expectations(self, program: Program, words: Sequence[str]) -> FloatArray:
        circuit = program.circuit
        if circuit is None:
            from quantumtask.engines.simulators import branch_expectation

            self._tell("quantumtask", METHOD, "double", program.qubits)
            return branch_expectation.expectation_values(
                program, words, self._settings, self._threads
            )
        pure, names = defer_to_ancillas(circuit)
        # Without a `followed` outcome, nothing needs what a final circuit measures.
        needed = circuit.terminal_measurements_only and circuit.control_outcomes
        blurred = circuit.terminal_measurements.dephased_qubits if needed else frozenset()
        if self._by_tableau(pure):
            from quantumtask.engines.simulators import stim

            self._tell("stim", "stabilizer", "exact", len(pure.active_qubits))
            return stim.expectation_values(pure, words, names, blurred)
        if self._is_mixed(circuit, pure):
            self._tell("quantumtask", "density_matrix", "double", len(circuit.active_qubits))
            same = {qubit: qubit for qubit in circuit.active_qubits}
            table = self._table(words, circuit.active_qubits, same, frozenset())
            return table.values(self._amplitudes.mixture(circuit))
        return self._table(words, pure.active_qubits, names, blurred).values(self._vector(pure))

    def _sampled(
        self, program: Program, shots: int, seed: int, memory: bool, choice: EngineChoice
    ) -> ShotSample:
        tally = ShotCounts(program, shots, memory, self._settings)
        job = SamplingRun(program, shots, seed, tally, self._settings, self._threads, self._once)
        if program.circuit is not None and job.clbit_map.is_constant:
            order = job.add_constant_result()
        else:
            order = load_engine(choice.plan.engine).run(job, choice.plan)
        plan = choice.plan
        self.run_info = self.run_info or RunInfo(
            plan.engine,
            engine_version(plan.engine) or "",
            plan.method,
            plan.precision,
            choice.reason,
        )
        return ShotSample(tally, order)

    @cached_property
    def _amplitudes(self) -> StateEvolver:
        return StateEvolver(self._settings, self._engine, self._method, self._threads)

    def _vector(self, circuit: Circuit) -> ComplexArray:
        vector = self._amplitudes.vector(circuit)
        self._tell(self._amplitudes.engine, METHOD, "double", len(circuit.active_qubits))
        return vector

    def _by_tableau(self, circuit: Circuit) -> bool:
        """Whether expectation values come from stabilizers."""
        if self._engine == AUTO and self._method is None:
            many = len(circuit.active_qubits) >= TABLEAU_MIN_QUBITS
            return many and circuit.clifford and engine_version("stim") is not None
        return self._engine == "stim" and circuit.clifford

    def _is_mixed(self, circuit: Circuit, pure: Circuit) -> bool:
        """Whether the density matrix takes less than a pure state with a qubit for each outcome."""
        own = self._engine in (AUTO, "quantumtask") and self._method is None
        return own and 2 * len(circuit.active_qubits) < len(pure.active_qubits)

    def _table(
        self,
        words: Sequence[str],
        touched: Sequence[int],
        names: Mapping[int, int],
        blurred: frozenset[int],
    ) -> PauliWords:
        """The words, read for a circuit; most often they are as they were for the one before."""
        asked = (words, touched, names, blurred)
        if self._read is None or self._read[0] != asked:
            place = {qubit: k for k, qubit in enumerate(touched)}
            places = {qubit: place[name] for qubit, name in names.items() if name in place}
            self._read = (asked, PauliWords(words, places, dephased=blurred))
        return self._read[1]

    def _tell(self, engine: str, method: str, precision: str, qubits: int) -> None:
        """Notes what runs, unless something did before."""
        if self.run_info is None:
            asked = self._engine != AUTO or self._method is not None
            why = (
                "it was asked for" if asked else f"exact values, from the state of {qubits} qubits"
            )
            self.run_info = RunInfo(engine, engine_version(engine) or "", method, precision, why)

    def _choice(self, program: Program, shots: int) -> EngineChoice:
        """The choice for a circuit, which is that for one before if they have the same gates:
        nothing that it rests on tells two angles from each other."""
        circuit = program.circuit
        for known, by, choice in self._choices if circuit else ():
            if by == shots and _alike(circuit, known):
                return choice
        choice = choose_engine(
            extract_features(program), shots, self._settings,
            engine=self._engine, method=self._method, threads=self._threads,
        )  # fmt: skip
        if circuit:
            self._choices = [*self._choices[1 - MAX_CACHED_CHOICES :], (circuit, shots, choice)]
        return choice


def _circuit(program: Program) -> Circuit:
    """What every shot does. Raises ResourceError where that depends on what it measures."""
    if program.circuit is None:
        raise not_exact("what the program does depends on what it measures")
    return program.circuit


def _gates(program: Program) -> Circuit:
    """A circuit of nothing but gates, measured at its end at most."""
    circuit = _circuit(program)
    if circuit.control_outcomes or not circuit.terminal_measurements_only:
        raise not_exact("the program goes on after measuring or resetting a qubit")
    return circuit


def not_exact(why: str) -> ResourceError:
    return ResourceError(FailureCode.NOT_EXACT, f"there is no such exact result: {why}")


def _alike(one: Circuit | None, other: Circuit) -> bool:
    """Whether two circuits differ in nothing but the angles of their gates."""
    if one is None or len(one.steps) != len(other.steps) or one.bits != other.bits:
        return False
    return all(map(_same, one.steps, other.steps))


def _same(one: Step, other: Step) -> bool:
    if len(one) == len(other) == len(Operation._fields):
        return one[0] is other[0] and one[2:] == other[2:]
    return type(one) is type(other) and one == other


def _with_amplitudes(choice: EngineChoice, features: CircuitFeatures, shots: int) -> EngineChoice:
    """The same engine where a stabilizer state, met by a gate under way, does not do."""
    other = next(
        m for m in METHODS if m.engine == choice.plan.engine and m.name != choice.plan.method
    )
    return EngineChoice(other.plan(features, shots, 1), choice.reason)


def _not_clifford(choice: EngineChoice) -> ResourceError:
    engine, method = choice.plan.engine, choice.plan.method
    return ResourceError(
        FailureCode.ENGINE_UNSUITABLE,
        f"{engine} ({method}) cannot run this program: it came to a gate that is not Clifford",
    )
