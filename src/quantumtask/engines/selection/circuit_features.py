"""What there is to know about a program before it runs: all that a choice of engine rests on."""

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from random import Random
from weakref import WeakKeyDictionary

from quantumtask.engines.sampling.clbit_map import ClbitMap
from quantumtask.engines.transforms.constant_propagation import propagate_constants
from quantumtask.openqasm.program.execution import UndecidedOutcome
from quantumtask.openqasm.program.operations import BARRIER, BasicGate, MatrixGate, Operation
from quantumtask.openqasm.program.program import Circuit, Measure, Program, Step
from quantumtask.openqasm.program.tracer import OperationLimitExceeded, Tracer
from quantumtask.openqasm.text.source import Diagnostic

GATE_PASSES = {"cx": 0.7, "cz": 0.7, "cp": 1.5, "ccx": 0.5, "cswap": 1.0, "swap": 0.7, "id": 0.0}
MATRIX_PASSES = (1.0, 1.4, 15.0, 40.0, 60.0)
"""What a gate costs, in passes over the state by a gate on one qubit: by name; by the number of
qubits that its matrix acts on (measured, with Lightning)."""

BASIS_PRESERVING_GATES = frozenset(
    [
        *("id", "x", "y", "z", "s", "sdg", "t", "tdg", "p", "rz", "cx", "cy", "cz", "cp", "crz"),
        *("swap", "cswap", "ccx", "rzz"),
    ]
)
"""Gates that make a value into one value, up to a phase."""

PHASE_GATES = frozenset(["s", "sdg", "t", "tdg", "p", "rz"])
"""Those of them that keep two `h` on either side from undoing each other."""

MAX_SAMPLED_STEPS = 10_000
"""Steps of a shot that are looked at, where shots differ."""

SMALL_STATE_QUBITS = 14
"""Qubits up to which it does not matter how entangled they are: a vector is small."""


GateKind = tuple[BasicGate | int, int]
"""A gate, or the number of qubits that its matrix acts on; and how many controls it has."""


@dataclass(frozen=True, eq=False)
class CircuitFeatures:
    """A program, looked at once.

    `circuit`: what has to be simulated of what every shot does (see `settled`); None: what shots do
    depends on what they measure. `steps`: its steps, or those of some shot. `qubits` are those that
    an operation touches (else, the `declared` ones), `shown` those that the result shows at the
    end. `decided`: how many outcomes that shot had to know. `all_clifford`: so are the gates of the
    program, with those that need not be simulated.
    """

    circuit: Circuit | None
    declared_qubits: int
    steps: Sequence[Step]
    sampled_decisions: int
    gate_counts: Counter[GateKind]
    all_clifford: bool

    @cached_property
    def qubits(self) -> int:
        return len(self.circuit.active_qubits) if self.circuit else self.declared_qubits

    @cached_property
    def clbit_map(self) -> ClbitMap:
        """Where outcomes go. Only for a program that has a circuit."""
        assert self.circuit is not None
        return ClbitMap(self.circuit)

    @cached_property
    def measured_qubits(self) -> int:
        return len(self.clbit_map.qubits) if self.terminal_measurements_only else self.qubits

    @property
    def terminal_measurements_only(self) -> bool:
        return self.circuit is not None and self.circuit.terminal_measurements_only

    @property
    def clifford(self) -> bool:
        """As far as it is known beforehand."""
        if self.circuit is not None:
            return self.circuit.clifford
        return self.all_clifford

    @property
    def gates(self) -> int:
        """Operations, measurements among them, of one shot."""
        return len(self.steps)

    @cached_property
    def only_named_gates(self) -> bool:
        """Whether all its gates have names: none is given by a matrix."""
        return not any(isinstance(kind, int) for kind, _ in self.gate_counts)

    @cached_property
    def passes(self) -> float:
        """Work on a state vector, in passes over the state by a gate on one qubit."""
        return sum(_passes(*kind) * count for kind, count in self.gate_counts.items())

    @cached_property
    def fused_passes(self) -> float:
        """The same where neighbours on one qubit become one gate."""
        saved = 0
        open_runs: set[int] = set()
        for operation in _operations(self.steps):
            qubits = operation.qubits
            if len(qubits) == 1:
                saved += qubits[0] in open_runs
                open_runs.add(qubits[0])
            else:
                open_runs.difference_update(qubits)
        return max(0.0, self.passes - saved)

    @cached_property
    def outcome_bits(self) -> int:
        """About how many bits there are to what the shots show: 2 to this many values."""
        turned: set[int] = set()
        spread: set[int] = set()
        for gate, _, qubits, _ in _operations(self.steps):
            name = gate.name if isinstance(gate, BasicGate) else ""
            if name == "h":
                turned ^= {qubits[-1]}
            elif name in PHASE_GATES:
                spread |= turned & {qubits[-1]}
            elif name not in BASIS_PRESERVING_GATES:
                spread.add(qubits[-1])
        return min(len(turned | spread), self.measured_qubits)

    @cached_property
    def branch_points(self) -> int:
        """About how often an outcome, of a measurement or a reset, has to be decided."""
        if self.terminal_measurements_only:
            return 0
        if self.circuit is None:
            return min(self.sampled_decisions, self.outcome_bits)
        later: set[int] = set()
        forks = 0
        for step in reversed(self.steps):
            if isinstance(step, Operation):
                later.update(step.qubits)
            else:
                forks += not isinstance(step, Measure) or step.qubit in later
                later.add(step.qubit)
        return forks

    @cached_property
    def entanglement(self) -> int:
        """At most how many bits of entanglement any cut through the row of qubits can have."""
        circuit = self.circuit
        if circuit is None or self.qubits <= SMALL_STATE_QUBITS:
            return self.qubits // 2
        place = {qubit: k for k, qubit in enumerate(circuit.active_qubits)}
        grows = [0] * (len(place) + 1)
        for step in circuit.steps:
            if isinstance(step, Operation) and len(step.qubits) > 1 and step.gate.name != BARRIER:
                places = [place[qubit] for qubit in step.qubits]
                rank = 1 if step.controls or _is_controlled(step.gate) else 2
                grows[min(places)] += rank
                grows[max(places)] -= rank
        return _largest(grows, len(place))


def _is_controlled(gate: BasicGate | MatrixGate) -> bool:
    return isinstance(gate, BasicGate) and gate.name[0] == "c" and gate.name != "cswap"


def _largest(grows: list[int], qubits: int) -> int:
    bits = most = 0
    for k, more in enumerate(grows[:-1], start=1):
        bits += more
        most = max(most, min(bits, k, qubits - k))
    return most


def _passes(kind: BasicGate | int, controls: int) -> float:
    if isinstance(kind, int):
        passes = MATRIX_PASSES[min(kind, len(MATRIX_PASSES) - 1)]
    else:
        passes = GATE_PASSES.get(kind.name, 1.0)
    return passes / (1 << min(controls, 30))


_features_by_program: WeakKeyDictionary[Program, CircuitFeatures] = WeakKeyDictionary()
"""No features may hold its program, or neither would ever be forgotten."""


def extract_features(program: Program) -> CircuitFeatures:
    """The features of a program, which is made once."""
    found = _features_by_program.get(program)
    if found is None:
        circuit = propagate_constants(program.circuit) if program.circuit else None
        steps, decided = (circuit.steps, 0) if circuit else _some_shot(program)
        operations = _operations(steps)
        clifford = (
            program.circuit.clifford
            if program.circuit
            else all(operation.is_clifford for operation in operations)
        )
        found = _features_by_program[program] = CircuitFeatures(
            circuit, program.qubits, steps, decided, _kinds(operations), clifford
        )
    return found


def _some_shot(program: Program) -> tuple[Sequence[Step], int]:
    """What one shot does, its outcomes drawn by lot; the beginning of it, if it goes on for long.

    Always the same one: what is chosen must not change from one time to the next.
    """
    process, trace, lots = program.initial_execution.copy(), Tracer(MAX_SAMPLED_STEPS), Random(0)
    decided = 0
    with suppress(OperationLimitExceeded, Diagnostic):
        while True:
            try:
                process.run(trace, MAX_SAMPLED_STEPS)
                break
            except UndecidedOutcome as wanted:
                process.decide(wanted.outcome, lots.getrandbits(1))
                decided += 1
    return trace.steps, decided


def _kinds(operations: list[Operation]) -> Counter[GateKind]:
    # By identity, because to hash a gate takes longer than all the rest.
    gates = {id(operation.gate): operation.gate for operation in operations}
    counted = Counter((id(operation.gate), len(operation.controls)) for operation in operations)
    kinds: Counter[GateKind] = Counter()
    for (number, controls), count in counted.items():
        gate = gates[number]
        kind = gate if isinstance(gate, BasicGate) else len(gate.entries).bit_length() - 1
        kinds[kind, controls] += count
    return kinds


def _operations(steps: Iterable[Step]) -> list[Operation]:
    return [step for step in steps if isinstance(step, Operation)]
