"""State vector of the qubits whose value is not definite."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

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
"""Qubits and gates from which a simulator in C++ is faster than NumPy (measured)."""

NUMPY_COPIES = 2
SIMULATOR_COPIES = 5
"""Peak memory in sizes of the vector, with NumPy and with a simulator."""

Evolve = Callable[[ComplexArray, list[Operation]], ComplexArray]
"""Return a vector after operations; qubit k of an operation is bit k of an index."""


@dataclass(frozen=True)
class StateResources:
    """Memory in bytes for a state, and a simulator for many gates on many qubits."""

    bytes: int
    evolve: Evolve | None = None


class StateVector:
    """State of all qubits; see `QuantumState`.

    A qubit gets a position in the vector with the first gate that can make its value indefinite,
    and loses the position when it is projected. Gates are queued until a probability is needed.
    """

    __slots__ = ("_ones", "_positions", "_queue", "_resources", "_values", "_vector")

    def __init__(self, resources: StateResources) -> None:
        self._resources = resources
        self._vector: ComplexArray = np.ones(1, dtype=np.complex128)
        self._positions: dict[int, int] = {}
        self._ones = 0  # mask of new positions whose qubit is 1
        self._values: dict[int, int] = {}  # of qubits without a position; default 0
        self._queue: list[tuple[GateAction, Operation]] = []

    def load(self, vector: ComplexArray, positions: dict[int, int], values: dict[int, int]) -> None:
        """Replace the state by a vector, and the values of the qubits without a position."""
        self._vector, self._positions, self._values = vector, positions, values
        self._ones, self._queue = 0, []

    @property
    def bytes(self) -> int:
        """The memory of the state."""
        return self._vector.nbytes + 100 * len(self._values)

    def definite_value(self, qubit: int) -> int | None:
        """Return the value of a qubit without a position in the vector, else None."""
        return None if qubit in self._positions else self._values.get(qubit, 0)

    def set_value(self, qubit: int, value: int) -> None:
        """Set a qubit that has a definite value."""
        self._values[qubit] = value

    def apply(self, operations: Sequence[Operation]) -> None:
        """Apply gates.

        Raises:
            ResourceError: The state does not fit the memory (`out_of_memory`).
        """
        for operation in operations:
            action = gate_action(operation)
            controls = [
                (self.definite_value(operation.qubits[k]), value) for k, value in action.controls
            ]
            if any(definite == 1 - value for definite, value in controls):
                continue
            if any(definite == value for definite, value in controls):
                free = [k for k, (definite, _) in enumerate(controls) if definite is None]
                action, operation = _remove_controls(action, operation, free)
            if not self._apply_to_values(action, operation.qubits):
                self._enqueue(action, operation)

    def _apply_to_values(self, action: GateAction, qubits: tuple[int, ...]) -> bool:
        """Apply a flip or a phase of definite values; return False for any other gate."""
        if action.controls or not self._positions.keys().isdisjoint(qubits):
            return False
        if action.is_flip:
            self._values[qubits[0]] = 1 - self._values.get(qubits[0], 0)
        return action.is_flip or action.diagonal

    def _enqueue(self, action: GateAction, operation: Operation) -> None:
        for qubit in operation.qubits:
            if qubit not in self._positions:
                self._add(qubit)
        self._queue.append((action, operation))

    def _add(self, qubit: int) -> None:
        """Give a qubit the next position; the vector grows when the queue runs."""
        position = len(self._positions)
        needed = NUMPY_COPIES * BYTES_PER_AMPLITUDE << min(position + 1, 200)
        if needed > self._resources.bytes:
            raise out_of_memory(position + 1, needed, self._resources.bytes)
        self._positions[qubit] = position
        self._ones |= self._values.pop(qubit, 0) << position

    def _run_queue(self) -> None:
        positions, queue, resources = self._positions, self._queue, self._resources
        self._grow()
        fits = SIMULATOR_COPIES * self._vector.nbytes <= resources.bytes
        is_large = len(positions) >= SIMULATOR_MIN_QUBITS and len(queue) >= SIMULATOR_MIN_GATES
        if resources.evolve and fits and is_large:
            operations = [
                operation._replace(qubits=tuple([positions[q] for q in operation.qubits]))
                for _, operation in queue
            ]
            self._vector = resources.evolve(self._vector, operations)
        else:
            for action, operation in queue:
                kernels.apply(self._vector, action, [positions[q] for q in operation.qubits])
        self._queue = []

    def _grow(self) -> None:
        size = 1 << len(self._positions)
        if size > len(self._vector):
            grown = np.zeros(size, dtype=np.complex128)
            grown[self._ones : self._ones + len(self._vector)] = self._vector
            self._vector, self._ones = grown, 0

    def probability(self, qubit: int) -> float:
        """Return the probability of measuring 1.

        Raises:
            ResourceError: The amplitudes are not finite (`engine_refused`).
        """
        value = self.definite_value(qubit)
        if value is not None:
            return float(value)
        self._run_queue()
        view, _ = kernels.split(self._vector, [self._positions[qubit]])
        zero, one = _squared_norm(view[:, 0]), _squared_norm(view[:, 1])
        if not math.isfinite(zero + one):
            raise non_finite_state()
        return one / (zero + one)

    def project(self, qubit: int, value: int) -> "StateVector":
        """Return the state after measuring `value`; see `QuantumState.project`."""
        if qubit not in self._positions:
            return self
        self._run_queue()
        position = self._positions[qubit]
        view, _ = kernels.split(self._vector, [position])
        part = view[:, value]
        state = StateVector(self._resources)
        state._vector = (part * (1 / math.sqrt(_squared_norm(part)))).reshape(-1)
        state._positions = {q: p - (p > position) for q, p in self._positions.items() if q != qubit}
        state._values = {**self._values, qubit: value}
        return state

    def apply_channel(
        self, qubits: Sequence[int], operators: Sequence[ComplexArray], random: float
    ) -> None:
        """Apply one Kraus operator of a channel, drawn with the probability for this state.

        Args:
            qubits: Bit k of an index of an operator is `qubits`[k].
            operators: All Kraus operators K; the sum of K†K is the identity.
            random: A random number from 0 to 1.
        """
        for qubit in qubits:
            if qubit not in self._positions:
                self._add(qubit)
        self._run_queue()
        view, axes = kernels.split(self._vector, [self._positions[qubit] for qubit in qubits])
        front = [axes[self._positions[qubit]] for qubit in reversed(qubits)]
        transposed = np.moveaxis(view, front, range(len(front)))
        rows = transposed.reshape(1 << len(front), -1)
        reduced = rows @ rows.conj().T
        weights = [float(np.trace(each @ reduced @ each.conj().T).real) for each in operators]
        sums = np.cumsum(weights)
        number = min(int(np.searchsorted(sums, random * sums[-1], side="right")), len(weights) - 1)
        product = operators[number] @ rows / math.sqrt(weights[number])
        transposed[...] = product.reshape(transposed.shape)

    def sample(self, qubits: Sequence[int], shots: int, rng: np.random.Generator) -> ShotBits:
        """Return the values of qubits, measured together, one row for each shot."""
        self._run_queue()
        positions = sorted({self._positions[q] for q in qubits if q in self._positions})
        outcomes = Distribution(marginal(self._vector, positions)).draw(shots, rng)
        columns = {p: (outcomes >> k & 1).astype(np.uint8) for k, p in enumerate(positions)}
        bits = np.empty((shots, len(qubits)), dtype=np.uint8)
        for column, qubit in enumerate(qubits):
            value = self.definite_value(qubit)
            bits[:, column] = columns[self._positions[qubit]] if value is None else value
        return bits

    def amplitudes(self) -> tuple[ComplexArray, dict[int, int]]:
        """Return the vector, and the position of each qubit in it."""
        self._run_queue()
        return self._vector, self._positions


def _squared_norm(part: ComplexArray) -> float:
    squares = np.square(part.real)
    squares += np.square(part.imag)
    return float(squares.sum())


def _remove_controls(
    action: GateAction, operation: Operation, free: list[int]
) -> tuple[GateAction, Operation]:
    """Return the gate with no other controls than those with an index in `free`."""
    controls = tuple((new, action.controls[k][1]) for new, k in enumerate(free))
    remaining = [action.controls[k][0] for k in free] + list(action.targets)
    smaller = GateAction(
        controls,
        tuple(range(len(free), len(remaining))),
        action.matrix,
        action.diagonal,
        tuple(action.preserves_basis[k] for k in remaining),
    )
    qubits = tuple(operation.qubits[k] for k in remaining)
    values = tuple(bool(value) for _, value in controls)
    return smaller, Operation(MatrixGate(action.matrix), (), qubits, values)
