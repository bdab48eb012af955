"""Density matrix of the physical qubits that a noisy program acts on."""

from collections.abc import Sequence

import numpy as np

from quantumtask.engines.gates.gate_action import GateAction
from quantumtask.engines.limits import non_finite_state, out_of_memory
from quantumtask.engines.noise.error_model import Channel
from quantumtask.engines.noisy_simulation.branch_state import ReadoutWeights
from quantumtask.engines.noisy_simulation.instructions import NoisyInstruction
from quantumtask.engines.observables.observable import FloatArray
from quantumtask.engines.sampling.distribution import Distribution
from quantumtask.engines.selection.memory_model import BYTES_PER_ENTRY, DENSITY_MATRIX_COPIES
from quantumtask.engines.simulators.native import kernels
from quantumtask.engines.simulators.native.branch_state import ShotBits
from quantumtask.engines.simulators.native.kernels import ComplexArray
from quantumtask.openqasm.program.operations import Matrix

RESET_SUPEROPERATOR = np.zeros((4, 4), dtype=np.complex128)
RESET_SUPEROPERATOR[0, [0, 3]] = 1


class DensityMatrix:
    """Density matrix of all physical qubits, as a vector; see `NoisyState`.

    Bits 2k and 2k + 1 of an index are the row and the column of the qubit at position k.
    """

    __slots__ = ("_max_bytes", "_positions", "_vector")

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._positions: dict[int, int] = {}
        self._vector: ComplexArray = np.ones(1, dtype=np.complex128)

    @property
    def bytes(self) -> int:
        """The memory of the state."""
        return self._vector.nbytes

    def copy(self) -> "DensityMatrix":
        """Return a state that changes independently."""
        copy = DensityMatrix(self._max_bytes)
        copy._positions, copy._vector = self._positions.copy(), self._vector.copy()
        return copy

    def apply(self, instruction: NoisyInstruction) -> None:
        """Apply a gate and then its error."""
        self._apply(instruction.noisy_gate.superoperator, instruction.qubits)

    def apply_error(self, channel: Channel, qubits: tuple[int, ...]) -> None:
        """Apply an error."""
        self._apply(channel.superoperator, qubits[: channel.size])

    def reset(self, qubit: int) -> None:
        """Put a qubit into |0>."""
        if qubit in self._positions:
            self._apply(RESET_SUPEROPERATOR, (qubit,))

    def probability(self, qubit: int) -> float:
        """Return the probability that a qubit is 1."""
        zero, one = self.distribution([qubit]).tolist()
        return float(one / (zero + one))

    def measure(self, qubit: int, weights: ReadoutWeights) -> "DensityMatrix":
        """Return the state after a measurement with readout error; see `NoisyState`."""
        state = self.copy()
        diagonal = np.array([weights[0], 0, 0, weights[1]], dtype=np.complex128)
        state._apply(np.diag(diagonal), (qubit,))
        state._vector /= state._diagonal().sum()
        return state

    def sample(self, qubits: Sequence[int], shots: int, rng: np.random.Generator) -> ShotBits:
        """Return the values of qubits, measured together, one row for each shot."""
        outcomes = Distribution(self.distribution(qubits)).draw(shots, rng)
        columns = [(outcomes >> k & 1).astype(np.uint8) for k in range(len(qubits))]
        return np.stack(columns, axis=1)

    def distribution(self, qubits: Sequence[int]) -> FloatArray:
        """Return the probability of all values of qubits; bit k of an index is the k-th of them.

        Raises:
            ResourceError: A probability is not finite (`engine_refused`).
        """
        for qubit in qubits:
            self._position(qubit)
        count = len(self._positions)
        # The diagonal has the highest position first.
        axes = [count - 1 - self._positions[qubit] for qubit in reversed(qubits)]
        others = tuple([axis for axis in range(count) if axis not in axes])
        summed = self._diagonal().sum(axis=others)
        order = np.argsort(np.argsort(axes))
        distribution: FloatArray = np.ascontiguousarray(summed.transpose(order)).reshape(-1)
        if not np.isfinite(distribution).all():
            raise non_finite_state()
        return distribution

    def _diagonal(self) -> FloatArray:
        """Return the probabilities of all values, with one axis for each qubit."""
        table = self._vector.reshape((4,) * len(self._positions))
        diagonal: FloatArray = table[(slice(None, None, 3),) * len(self._positions)].real
        return diagonal

    def _apply(self, superoperator: Matrix, qubits: Sequence[int]) -> None:
        positions = [self._position(qubit) for qubit in qubits]
        bits = [2 * position for position in positions]
        bits += [2 * position + 1 for position in positions]
        targets = tuple(range(len(bits)))
        action = GateAction((), targets, superoperator, False, (False,) * len(bits))
        kernels.apply(self._vector, action, bits)

    def _position(self, qubit: int) -> int:
        """Return the position of a qubit; a new qubit is added as |0>.

        Raises:
            ResourceError: The state does not fit the memory (`out_of_memory`).
        """
        position = self._positions.get(qubit)
        if position is None:
            position = self._positions[qubit] = len(self._positions)
            needed = DENSITY_MATRIX_COPIES * BYTES_PER_ENTRY << min(2 * (position + 1), 200)
            if needed > self._max_bytes:
                raise out_of_memory(position + 1, needed, self._max_bytes)
            grown = np.zeros(4 * len(self._vector), dtype=np.complex128)
            grown[: len(self._vector)] = self._vector
            self._vector = grown
        return position
