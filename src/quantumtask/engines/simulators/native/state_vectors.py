"""State vectors of many branches, as the columns of one array, on which each gate acts at once."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from quantumtask.engines.gates.gate_action import GateAction, gate_action
from quantumtask.engines.limits import non_finite_state
from quantumtask.engines.simulators.native import kernels
from quantumtask.engines.simulators.native.branch_state import CERTAINTY_TOLERANCE
from quantumtask.engines.simulators.native.kernels import ComplexArray
from quantumtask.engines.simulators.native.statevector import StateVector
from quantumtask.openqasm.program.operations import Operation

BitColumn = NDArray[np.uint8]
"""One value, 0 or 1, for each branch."""

Indices = NDArray[np.intp]


class StateVectors:
    """State of all qubits in each of several branches.

    A qubit has a position in the vectors from the first gate that can make its value indefinite
    until it is projected. Apart from that, it has a definite value in each branch, first 0.
    """

    __slots__ = ("_positions", "_values", "_vectors")

    def __init__(
        self, vectors: ComplexArray, positions: dict[int, int], values: dict[int, BitColumn]
    ) -> None:
        """Create states.

        Args:
            vectors: 2**n rows, one column for each branch; bit k of a row is position k.
            positions: The position of each of n qubits.
            values: The definite values of other qubits.
        """
        self._vectors = vectors
        self._positions = positions
        self._values = values

    @classmethod
    def zero(cls) -> "StateVectors":
        """Return the state |0> of all qubits in one branch."""
        return cls(np.ones((1, 1), dtype=np.complex128), {}, {})

    @property
    def count(self) -> int:
        """The number of branches."""
        return int(self._vectors.shape[1])

    def definite_values(self, qubit: int) -> BitColumn | None:
        """Return the values of a qubit without a position in the vectors, else None."""
        if qubit in self._positions:
            return None
        values = self._values.get(qubit)
        return np.zeros(self.count, dtype=np.uint8) if values is None else values

    def set_values(self, qubit: int, values: BitColumn) -> None:
        """Set a qubit that has definite values."""
        self._values[qubit] = values

    def apply(self, operations: Iterable[Operation]) -> None:
        """Apply gates."""
        for operation in operations:
            action = gate_action(operation)
            qubits = operation.qubits
            if not self._apply_to_values(action, qubits):
                positions = [self._position(qubit) for qubit in qubits]
                kernels.apply(self._vectors, action, positions)

    def _apply_to_values(self, action: GateAction, qubits: tuple[int, ...]) -> bool:
        """Apply a flip or a phase of definite values; return False for any other gate."""
        if not self._positions.keys().isdisjoint(qubits):
            return False
        if action.is_flip and len(action.controls) < 2:
            target = qubits[action.targets[0]]
            flips = np.ones(self.count, dtype=np.uint8)
            for k, value in action.controls:
                flips = (self._definite(qubits[k]) == value).astype(np.uint8)
            self._values[target] = np.bitwise_xor(self._definite(target), flips)
            return True
        return action.diagonal and not action.controls

    def _definite(self, qubit: int) -> BitColumn:
        values = self.definite_values(qubit)
        assert values is not None
        return values

    def _position(self, qubit: int) -> int:
        """Return the position of a qubit; a new qubit gets the next one."""
        position = self._positions.get(qubit)
        if position is None:
            position = len(self._positions)
            size = len(self._vectors)
            values = self._values.pop(qubit, None)
            grown = np.zeros((2 * size, self.count), dtype=np.complex128)
            if values is None:
                grown[:size] = self._vectors
            else:
                np.multiply(self._vectors, values == 0, out=grown[:size])
                np.multiply(self._vectors, values, out=grown[size:])
            self._vectors, self._positions[qubit] = grown, position
        return position

    def probabilities(self, qubit: int) -> NDArray[np.float64]:
        """Return the probability of measuring 1 in each branch: exactly 0 or 1 if it is certain.

        Raises:
            ResourceError: The amplitudes are not finite (`engine_refused`).
        """
        values = self.definite_values(qubit)
        if values is not None:
            return values.astype(np.float64)
        halves = self._halves(qubit)
        zero, one = _squared_norms(halves[:, 0]), _squared_norms(halves[:, 1])
        if not np.isfinite(zero + one).all():
            raise non_finite_state()
        rounded = np.round(one / (zero + one), 12)
        rounded[rounded <= CERTAINTY_TOLERANCE] = 0.0
        rounded[rounded >= 1 - CERTAINTY_TOLERANCE] = 1.0
        return rounded

    def project(self, qubit: int, branches: Indices, values: BitColumn) -> "StateVectors":
        """Return the states after measuring a qubit.

        Args:
            qubit: A qubit.
            branches: For each new branch, the branch that it comes from.
            values: For each new branch, the measured value.
        """
        chosen = self.select(branches)
        if qubit in self._positions:
            halves = chosen._halves(qubit)
            part = np.where(values, halves[:, 1], halves[:, 0])
            part /= np.sqrt(_squared_norms(part))
            chosen._vectors = part.reshape(-1, len(branches))
            position = chosen._positions.pop(qubit)
            chosen._positions = {q: p - (p > position) for q, p in chosen._positions.items()}
        chosen._values[qubit] = values
        return chosen

    def select(self, branches: Indices) -> "StateVectors":
        """Return the states of some branches."""
        return StateVectors(
            np.take(self._vectors, branches, axis=1),  # indexing would change the order in memory
            dict(self._positions),
            {qubit: values[branches] for qubit, values in self._values.items()},
        )

    def copy_to(self, state: StateVector, branch: int) -> None:
        """Give a state vector the state of one branch."""
        values = {qubit: int(column[branch]) for qubit, column in self._values.items()}
        state.load(self._vectors[:, branch].copy(), dict(self._positions), values)

    def join(self, other: "StateVectors") -> "StateVectors":
        """Return the states of all branches of both objects; this may change the layout of both."""
        for qubit in other._positions:
            self._position(qubit)
        for qubit in self._positions:
            other._position(qubit)
        order = [other._positions[qubit] for qubit in self._positions]
        vectors = np.concatenate([self._vectors, _permute(other._vectors, order)], axis=1)
        qubits = dict.fromkeys([*self._values, *other._values])
        values = {
            qubit: np.concatenate([self._definite(qubit), other._definite(qubit)])
            for qubit in qubits
        }
        return StateVectors(vectors, dict(self._positions), values)

    def sample(
        self, qubits: Sequence[int], shots: NDArray[np.int64], rng: np.random.Generator
    ) -> NDArray[np.uint8]:
        """Return the values of qubits, one row for each shot, branch after branch.

        Args:
            qubits: Qubits that are measured together.
            shots: The number of shots of each branch.
            rng: The random generator.
        """
        branch_of_shot = np.repeat(np.arange(self.count), shots)
        places = [q for q in dict.fromkeys(qubits) if q in self._positions]
        indices = self._draw(places, branch_of_shot, rng)
        columns: Mapping[int, NDArray[np.uint8]] = {
            qubit: (indices >> k & 1).astype(np.uint8) for k, qubit in enumerate(places)
        }
        bits = [columns[q] if q in columns else self._definite(q)[branch_of_shot] for q in qubits]
        return np.stack(bits, axis=1)

    def _draw(
        self, qubits: Sequence[int], branch_of_shot: Indices, rng: np.random.Generator
    ) -> Indices:
        """Return the value of qubits for each shot; bit k is the k-th qubit."""
        table = self._marginals(qubits)
        sums = np.cumsum(table, axis=0)
        # One ascending list of all branches: that of branch b has the sums from b to b + 1.
        scaled = sums / sums[-1] + np.arange(self.count)
        points = rng.random(len(branch_of_shot)) + branch_of_shot
        flat = np.searchsorted(scaled.T.ravel(), points, side="right")
        indices: Indices = np.minimum(flat - branch_of_shot * len(table), len(table) - 1)
        return indices

    def _marginals(self, qubits: Sequence[int]) -> NDArray[np.float64]:
        """Return the probabilities of all values of qubits, one column for each branch."""
        count = len(self._positions)
        squares = np.square(self._vectors.real) + np.square(self._vectors.imag)
        table = squares.reshape(*[2] * count, self.count)  # the last position is the first axis
        axes = [count - 1 - self._positions[qubit] for qubit in reversed(qubits)]
        others = tuple([axis for axis in range(count) if axis not in axes])
        order = [*np.argsort(np.argsort(axes)).tolist(), len(axes)]
        marginals: NDArray[np.float64] = (
            table.sum(axis=others).transpose(order).reshape(-1, self.count)
        )
        if not np.isfinite(marginals).all():
            raise non_finite_state()
        return marginals

    def _halves(self, qubit: int) -> ComplexArray:
        """Return a view whose second axis is the value of a qubit, and the last one the branch."""
        step = 1 << self._positions[qubit]
        return self._vectors.reshape(-1, 2, step, self.count)


def _squared_norms(part: ComplexArray) -> NDArray[np.float64]:
    squares = np.square(part.real)
    squares += np.square(part.imag)
    norms: NDArray[np.float64] = squares.sum(axis=(0, 1))
    return norms


def _permute(vectors: ComplexArray, order: Sequence[int]) -> ComplexArray:
    """Return vectors whose position k is the old position `order`[k]."""
    count = len(order)
    if list(order) == list(range(count)):
        return vectors
    axes = [count - 1 - old for old in reversed(order)]
    table = vectors.reshape(*[2] * count, vectors.shape[1])
    return table.transpose(*axes, count).reshape(vectors.shape)
