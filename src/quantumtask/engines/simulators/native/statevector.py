"""A state vector that holds just the qubits which are not known to be 0 or 1."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quantumtask.engines.gates.gate_action import GateAction, gate_action
from quantumtask.engines.limits import non_finite_state, out_of_memory
from quantumtask.engines.sampling.distribution import Distribution
from quantumtask.engines.simulators.native import kernels
from quantumtask.engines.simulators.native.branch_state import ShotBits
from quantumtask.engines.simulators.native.kernels import ComplexArray
from quantumtask.engines.simulators.native.marginals import marginal
from quantumtask.openqasm.program.operations import MatrixGate, Operation

BYTES_PER_AMPLITUDE = 16

SIMULATOR_MIN_QUBITS = 19
SIMULATOR_MIN_GATES = 12
"""Qubits and gates from which a simulator in C++ is worth its overhead (measured)."""

NUMPY_COPIES = 2
SIMULATOR_COPIES = 5
"""Memory at work, in sizes of the vector: with a copy in numpy, and inside a simulator."""

Evolve = Callable[[ComplexArray, list[Operation]], ComplexArray]
"""The vector after operations on qubits that are numbered by their place."""


@dataclass(frozen=True)
class StateResources:
    """What a state may use: `bytes` of memory, a simulator for many gates on many qubits."""

    bytes: int
    evolve: Evolve | None = None


class StateVector:
    """The state of all qubits.

    A qubit gets a place in the vector with the first gate that can make it uncertain, and loses
    it when it is projected. Gates wait in a queue until somebody asks for a probability.
    """

    __slots__ = ("_known", "_means", "_ones", "_places", "_queue", "_vector")

    def __init__(self, means: StateResources) -> None:
        self._means = means
        self._vector: ComplexArray = np.ones(1, dtype=np.complex128)
        self._places: dict[int, int] = {}
        self._ones = 0
        self._known: dict[int, int] = {}
        self._queue: list[tuple[GateAction, Operation]] = []

    @property
    def bytes(self) -> int:
        return self._vector.nbytes + 100 * len(self._known)

    def known(self, qubit: int) -> int | None:
        return None if qubit in self._places else self._known.get(qubit, 0)

    def set(self, qubit: int, value: int) -> None:
        self._known[qubit] = value

    def apply(self, operations: Sequence[Operation]) -> None:
        """Raises ResourceError for a state that does not fit the memory."""
        for operation in operations:
            act = gate_action(operation)
            controls = [(self.known(operation.qubits[k]), value) for k, value in act.controls]
            if any(known == 1 - value for known, value in controls):
                continue
            if any(known == value for known, value in controls):
                free = [k for k, (known, _) in enumerate(controls) if known is None]
                act, operation = _without_controls(act, operation, free)
            if not self._settle(act, operation.qubits):
                self._enqueue(act, operation)

    def _settle(self, act: GateAction, qubits: tuple[int, ...]) -> bool:
        """Does what needs no vector: turns a known 0 into 1 or back, or a phase of all."""
        if act.controls or not self._places.keys().isdisjoint(qubits):
            return False
        if act.flips:
            self._known[qubits[0]] = 1 - self._known.get(qubits[0], 0)
        return act.flips or act.diagonal

    def _enqueue(self, act: GateAction, operation: Operation) -> None:
        for qubit in operation.qubits:
            if qubit not in self._places:
                self._add(qubit)
        self._queue.append((act, operation))

    def _add(self, qubit: int) -> None:
        """Gives the qubit the next place; its vector grows once the queue is run."""
        place = len(self._places)
        needed = NUMPY_COPIES * BYTES_PER_AMPLITUDE << min(place + 1, 200)
        if needed > self._means.bytes:
            raise out_of_memory(place + 1, needed, self._means.bytes)
        self._places[qubit] = place
        self._ones |= self._known.pop(qubit, 0) << place

    def _run_queue(self) -> None:
        places, queue, means = self._places, self._queue, self._means
        self._grow()
        room = SIMULATOR_COPIES * self._vector.nbytes <= means.bytes
        if means.evolve and room and _is_much(len(places), len(queue)):
            moved = [o._replace(qubits=tuple([places[q] for q in o.qubits])) for _, o in queue]
            self._vector = means.evolve(self._vector, moved)
        else:
            for act, operation in queue:
                kernels.apply(self._vector, act, [places[q] for q in operation.qubits])
        self._queue = []

    def _grow(self) -> None:
        size = 1 << len(self._places)
        if size > len(self._vector):
            grown = np.zeros(size, dtype=np.complex128)
            grown[self._ones : self._ones + len(self._vector)] = self._vector
            self._vector, self._ones = grown, 0

    def probability(self, qubit: int) -> float:
        """Raises ResourceError where the amplitudes are no numbers any more."""
        known = self.known(qubit)
        if known is not None:
            return float(known)
        self._run_queue()
        view, _ = kernels.split(self._vector, [self._places[qubit]])
        zero, one = _norm(view[:, 0]), _norm(view[:, 1])
        if not math.isfinite(zero + one):
            raise non_finite_state()
        return one / (zero + one)

    def projected(self, qubit: int, value: int) -> "StateVector":
        if qubit not in self._places:
            return self
        self._run_queue()
        place = self._places[qubit]
        view, _ = kernels.split(self._vector, [place])
        part = view[:, value]
        twin = StateVector(self._means)
        twin._vector = (part * (1 / math.sqrt(_norm(part)))).reshape(-1)
        twin._places = {q: p - (p > place) for q, p in self._places.items() if q != qubit}
        twin._known = {**self._known, qubit: value}
        return twin

    def channel(self, qubits: Sequence[int], operators: Sequence[ComplexArray], lot: float) -> None:
        """Applies one Kraus operator of a channel, drawn with the probability for this state.

        Args:
            qubits: Bit k of an index of an operator is `qubits`[k].
            operators: All Kraus operators, whose sum of K†K is the identity.
            lot: A random number from 0 to 1.
        """
        for qubit in qubits:
            if qubit not in self._places:
                self._add(qubit)
        self._run_queue()
        view, axes = kernels.split(self._vector, [self._places[qubit] for qubit in qubits])
        front = [axes[self._places[qubit]] for qubit in reversed(qubits)]
        moved = np.moveaxis(view, front, range(len(front)))
        rows = moved.reshape(1 << len(front), -1)
        reduced = rows @ rows.conj().T
        weights = [float(np.trace(each @ reduced @ each.conj().T).real) for each in operators]
        sums = np.cumsum(weights)
        number = min(int(np.searchsorted(sums, lot * sums[-1], side="right")), len(weights) - 1)
        changed = operators[number] @ rows / math.sqrt(weights[number])
        moved[...] = changed.reshape(moved.shape)

    def sample(self, qubits: Sequence[int], shots: int, rng: np.random.Generator) -> ShotBits:
        self._run_queue()
        places = sorted({self._places[q] for q in qubits if q in self._places})
        drawn = Distribution(self._marginal(places)).draw(shots, rng)
        columns = {place: (drawn >> k & 1).astype(np.uint8) for k, place in enumerate(places)}
        bits = np.empty((shots, len(qubits)), dtype=np.uint8)
        for column, qubit in enumerate(qubits):
            known = self.known(qubit)
            bits[:, column] = columns[self._places[qubit]] if known is None else known
        return bits

    def amplitudes(self) -> tuple[ComplexArray, dict[int, int]]:
        """The vector, and the places of the qubits that are in it."""
        self._run_queue()
        return self._vector, self._places

    def _marginal(self, places: Sequence[int]) -> NDArray[np.float64]:
        """See `marginal`."""
        return marginal(self._vector, places)


def _is_much(qubits: int, gates: int) -> bool:
    return qubits >= SIMULATOR_MIN_QUBITS and gates >= SIMULATOR_MIN_GATES


def _norm(part: ComplexArray) -> float:
    squares = np.square(part.real)
    squares += np.square(part.imag)
    return float(squares.sum())


def _without_controls(
    act: GateAction, operation: Operation, free: list[int]
) -> tuple[GateAction, Operation]:
    """The same on fewer qubits: only the `free` controls are left."""
    controls = tuple((new, act.controls[k][1]) for new, k in enumerate(free))
    kept = [act.controls[k][0] for k in free] + list(act.targets)
    left = GateAction(
        controls,
        tuple(range(len(free), len(kept))),
        act.matrix,
        act.diagonal,
        tuple(act.keeps[k] for k in kept),
    )
    qubits = tuple(operation.qubits[k] for k in kept)
    wanted = tuple(bool(value) for _, value in controls)
    return left, Operation(MatrixGate(act.matrix), (), qubits, wanted)
