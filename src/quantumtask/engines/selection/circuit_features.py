"""Features of a program: the data on which the selection of an engine depends."""

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from random import Random
from weakref import WeakKeyDictionary

from quantumtask.engines.sampling.clbit_map import ClbitMap
from quantumtask.engines.selection.bond_bound import (
    DIVIDED_GATES,
    MAX_UNDIVIDED_QUBITS,
    max_bond_bits,
)
from quantumtask.engines.selection.gate_passes import GateKind, gate_passes, needs_matrix
from quantumtask.engines.transforms.constant_propagation import propagate_constants
from quantumtask.openqasm.program.execution import UndecidedOutcome
from quantumtask.openqasm.program.operations import BARRIER, BasicGate, MatrixGate, Operation
from quantumtask.openqasm.program.program import Circuit, Measure, Program, Step
from quantumtask.openqasm.program.tracer import OperationLimitExceeded, Tracer
from quantumtask.openqasm.text.source import Diagnostic

BASIS_PRESERVING_GATES = frozenset(
    [
        *("id", "x", "y", "z", "s", "sdg", "t", "tdg", "p", "rz", "cx", "cy", "cz", "cp", "crz"),
        *("swap", "cswap", "ccx", "rzz"),
    ]
)
"""Gates that map each basis state to a basis state, up to a phase."""

PHASE_GATES = frozenset(["s", "sdg", "t", "tdg", "p", "rz"])
"""Basis-preserving gates that keep an `h` before and an `h` after them from cancelling."""

MAX_SAMPLED_STEPS = 10_000
"""Largest number of steps of a sampled shot, for a program whose shots differ."""

MAX_COUNTED_QUBITS = 60
"""Largest exponent in a number of amplitudes: no machine holds so many."""

SMALL_STATE_QUBITS = 14
"""Largest number of qubits for which the entanglement is not computed: the vector is small."""


@dataclass(frozen=True, eq=False)
class CircuitFeatures:
    """Features of a program, computed once.

    Attributes:
        circuit: The circuit to simulate, after constant propagation; None if the shots of
            the program may run different steps.
        declared_qubits: Number of qubits that the program declares.
        steps: The steps of the circuit, or those of one sampled shot.
        sampled_decisions: Number of outcomes on which the sampled shot depended.
        gate_counts: Number of the gates of each kind.
        all_clifford: True if all gates of the program are Clifford, also the gates that constant
            propagation removes.
        whole_shot: False if `steps` are only the first steps of a shot, which has more.
        removed_steps: Number of steps that constant propagation removed.
    """

    circuit: Circuit | None
    declared_qubits: int
    steps: Sequence[Step]
    sampled_decisions: int
    gate_counts: Counter[GateKind]
    all_clifford: bool
    whole_shot: bool = True
    removed_steps: int = 0

    @cached_property
    def qubits(self) -> int:
        """The number of qubits to simulate."""
        return len(self.circuit.active_qubits) if self.circuit else self.declared_qubits

    @cached_property
    def clbit_map(self) -> ClbitMap:
        """The map from measurement outcomes to classical bits; only for a circuit."""
        assert self.circuit is not None
        return ClbitMap(self.circuit)

    @cached_property
    def measured_qubits(self) -> int:
        """The number of qubits whose values are in the result."""
        return len(self.clbit_map.qubits) if self.terminal_measurements_only else self.qubits

    @property
    def terminal_measurements_only(self) -> bool:
        """True for a circuit in which no step follows a measurement or reset of its qubit."""
        return self.circuit is not None and self.circuit.terminal_measurements_only

    @property
    def clifford(self) -> bool:
        """True if all gates are Clifford, as far as this is known before the program runs."""
        return self.circuit.clifford if self.circuit is not None else self.all_clifford

    @property
    def gates(self) -> int:
        """The number of steps of one shot: gates, measurements and resets."""
        return len(self.steps)

    @cached_property
    def _operations(self) -> list[Operation]:
        return _operations(self.steps)

    @cached_property
    def only_named_gates(self) -> bool:
        """True if no gate is given by its matrix."""
        return not any(isinstance(kind, int) for kind, _ in self.gate_counts)

    @cached_property
    def matrix_gates(self) -> int:
        """The number of gates that Lightning applies by their matrix."""
        return sum([count for kind, count in self.gate_counts.items() if needs_matrix(*kind)])

    @cached_property
    def passes(self) -> float:
        """The work on a state vector, in passes (see GATE_PASSES)."""
        return sum(gate_passes(*kind) * count for kind, count in self.gate_counts.items())

    @cached_property
    def fused_passes(self) -> float:
        """The work on a state vector in passes, with consecutive gates on one qubit fused."""
        saved = 0
        open_runs: set[int] = set()
        for operation in self._operations:
            qubits = operation.qubits
            if len(qubits) == 1:
                saved += qubits[0] in open_runs
                open_runs.add(qubits[0])
            else:
                open_runs.difference_update(qubits)
        return max(0.0, self.passes - saved)

    @cached_property
    def fused_blocks(self) -> float:
        """An estimate of the number of gates after fusion to gates on three qubits."""
        blocks = 0.0
        latest: dict[int, int] = {}  # by qubit: the number of the last gate on several qubits
        for number, operation in enumerate(self._operations):
            qubits = operation.qubits
            if len(qubits) < 2 or operation.gate.name == "swap":
                continue
            before = {latest.get(qubit) for qubit in qubits}
            if len(before) > 1 or before == {None}:
                blocks += 0.5 if len(qubits) == 2 else 1
                latest.update(dict.fromkeys(qubits, number))
        return max(blocks, self.qubits / 3)

    @cached_property
    def outcome_bits(self) -> int:
        """An estimate of the entropy of the result in bits: 2**outcome_bits different values."""
        turned: set[int] = set()
        spread: set[int] = set()
        for gate, _, qubits, _ in self._operations:
            name = gate.name if isinstance(gate, BasicGate) else ""
            if name == "h":
                turned ^= {qubits[-1]}
            elif name in PHASE_GATES:
                spread |= turned & {qubits[-1]}
            elif name not in BASIS_PRESERVING_GATES:
                spread.add(qubits[-1])
        return min(len(turned | spread), self.measured_qubits)

    @cached_property
    def random_outcomes(self) -> int:
        """An estimate of the number of measurements whose outcomes are random."""
        turned: set[int] = set()
        count = 0
        for step in self.steps:
            if isinstance(step, Operation):
                name = step.gate.name
                if name == "h":
                    turned ^= {step.qubits[-1]}
                elif name not in BASIS_PRESERVING_GATES or (
                    name in PHASE_GATES and step.qubits[-1] in turned
                ):
                    turned.add(step.qubits[-1])
            else:
                count += step.qubit in turned
                turned.discard(step.qubit)
        return count

    @property
    def decisions(self) -> int:
        """The number of outcomes on which the steps of a shot depend."""
        return len(self.circuit.control_outcomes) if self.circuit else self.sampled_decisions

    @cached_property
    def branch_points(self) -> int:
        """An estimate of the number of outcomes at which the shots of a program branch."""
        if self.decisions:
            return min(self.decisions, max(self.outcome_bits, self.random_outcomes))
        if self.terminal_measurements_only:
            return 0
        later: set[int] = set()
        branch_points = 0
        for step in reversed(self.steps):
            if isinstance(step, Operation):
                later.update(step.qubits)
            else:
                branch_points += not isinstance(step, Measure) or step.qubit in later
                later.add(step.qubit)
        return branch_points

    @cached_property
    def live_amplitudes(self) -> float:
        """The mean size of a state vector that a qubit leaves when it was measured.

        The qubit returns with its next gate.
        """
        if self.terminal_measurements_only:
            return 2.0 ** min(self.qubits, MAX_COUNTED_QUBITS)
        measured: set[int] = set()
        sizes: list[float] = []
        for step in self.steps:
            if isinstance(step, Operation):
                measured.difference_update(step.qubits)
                sizes.append(2.0 ** min(self.qubits - len(measured), MAX_COUNTED_QUBITS))
            else:
                measured.add(step.qubit)
        return sum(sizes) / max(1, len(sizes))

    @cached_property
    def entanglement(self) -> int:
        """An upper bound, in bits, of the entanglement across any cut of the row of qubits."""
        circuit = self.circuit
        if circuit is None or self.qubits <= SMALL_STATE_QUBITS:
            return self.qubits // 2
        place = {qubit: k for k, qubit in enumerate(circuit.active_qubits)}
        spans = [
            ([place[q] for q in step.qubits], bool(step.controls) or _is_controlled(step.gate))
            for step in circuit.steps
            if isinstance(step, Operation) and len(step.qubits) > 1 and step.gate.name != BARRIER
        ]
        return max_bond_bits(spans, len(place))

    @cached_property
    def neighbour_gates(self) -> float:
        """An estimate of the steps after gates on many qubits were divided into gates on two."""
        sizes = map(len, map(itemgetter(2), self._operations))
        divided = sum([DIVIDED_GATES * m**3 for m in sizes if m > MAX_UNDIVIDED_QUBITS])
        return self.gates + divided


@dataclass(frozen=True)
class NoisyCircuitFeatures:
    """Features of a program together with its noise.

    Attributes:
        qubits: Number of qubits to simulate.
        gates: Number of instructions of one shot.
        terminal_measurements_only: True if no step follows a measurement or reset of its qubit.
        clifford: True if all gates and all errors are Clifford.
        entanglement: Upper bound, in bits, of the entanglement across any cut; used for Aer only.
        branch_points: Number of outcomes on which steps depend.
        random_branch_points: The number of them that are random also without noise.
        has_kraus: True if the terms of some error have probabilities that depend on the state.
        dynamic: True if gates depend on outcomes.
        clifford_gates: True if all gates are Clifford; their errors need not be.
        pauli_errors: True if all errors are random Pauli operators, apart from readout errors.
    """

    qubits: int
    gates: int
    terminal_measurements_only: bool
    clifford: bool
    entanglement: int = 0
    branch_points: int = 0
    random_branch_points: int = 0
    has_kraus: bool = False
    dynamic: bool = False
    clifford_gates: bool = False
    pauli_errors: bool = False


def add_noise(
    features: CircuitFeatures, clifford_noise: bool, has_kraus: bool
) -> NoisyCircuitFeatures:
    """Return the features of a program with noise, before compilation for a device.

    Args:
        features: Those of the program without noise.
        clifford_noise: True if all errors are Clifford.
        has_kraus: True if the terms of some error have probabilities that depend on the state.
    """
    touched: set[int] = set()
    for step in features.steps:
        touched.update(step.qubits if isinstance(step, Operation) else (step.qubit,))
    branch_points = features.decisions or features.branch_points
    return NoisyCircuitFeatures(
        qubits=len(touched),
        gates=len(features.steps),
        terminal_measurements_only=features.terminal_measurements_only,
        clifford=features.clifford and clifford_noise,
        branch_points=branch_points,
        random_branch_points=min(branch_points, features.random_outcomes),
        has_kraus=has_kraus,
        dynamic=True,
    )


def _is_controlled(gate: BasicGate | MatrixGate) -> bool:
    return isinstance(gate, BasicGate) and gate.name[0] == "c" and gate.name != "cswap"


_features_by_program: WeakKeyDictionary[Program, CircuitFeatures] = WeakKeyDictionary()
"""Cache of features. Features must not refer to their program, or both would stay in memory."""


def extract_features(program: Program) -> CircuitFeatures:
    """Return the features of a program, from the cache if they are there."""
    features = _features_by_program.get(program)
    if features is None:
        features = _features_by_program[program] = _extract(program)
    return features


def _extract(program: Program) -> CircuitFeatures:
    circuit = propagate_constants(program.circuit) if program.circuit else None
    steps, decisions, whole = (circuit.steps, 0, True) if circuit else _sample_shot(program)
    operations = _operations(steps)
    clifford = (
        program.circuit.clifford
        if program.circuit
        else all(operation.is_clifford for operation in operations)
    )
    kinds = _count_gates(operations)
    removed = len(program.circuit.steps) - len(steps) if program.circuit else 0
    return CircuitFeatures(
        circuit, program.qubits, steps, decisions, kinds, clifford, whole, removed
    )


def _sample_shot(program: Program) -> tuple[Sequence[Step], int, bool]:
    """Return the first steps of one shot with random outcomes, and the number of its decisions.

    The last value is True if these are all steps of the shot.

    The outcomes are the same in every call: the same program must get the same engine.
    """
    execution, tracer, rng = program.initial_execution.copy(), Tracer(MAX_SAMPLED_STEPS), Random(0)
    decisions = 0
    with suppress(OperationLimitExceeded, Diagnostic):
        while True:
            try:
                execution.run(tracer, MAX_SAMPLED_STEPS)
                return tracer.steps, decisions, True
            except UndecidedOutcome as undecided:
                execution.decide(undecided.outcome, rng.getrandbits(1))
                decisions += 1
    return tracer.steps, decisions, False


def _count_gates(operations: list[Operation]) -> Counter[GateKind]:
    # By identity, because to hash a gate takes longer than all the rest.
    gates = [operation[0] for operation in operations]
    by_id = dict(zip(map(id, gates), gates, strict=True))
    controls = map(len, map(itemgetter(3), operations))
    counts: Counter[GateKind] = Counter()
    for (number, count_controls), count in Counter(
        zip(map(id, gates), controls, strict=True)
    ).items():
        gate = by_id[number]
        kind = gate if isinstance(gate, BasicGate) else len(gate.entries).bit_length() - 1
        counts[kind, count_controls] += count
    return counts


def _operations(steps: Iterable[Step]) -> list[Operation]:
    return [step for step in steps if step.__class__ is Operation]
