"""Density matrix of the places that a noisy program has touched."""

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
    """The state of all places, as a vector: bits 2k and 2k + 1 of an index are the row and the
    column of the k-th place."""

    __slots__ = ("_most", "_places", "_vector")

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._places: dict[int, int] = {}
        self._vector: ComplexArray = np.ones(1, dtype=np.complex128)

    @property
    def bytes(self) -> int:
        return self._vector.nbytes

    def copy(self) -> "DensityMatrix":
        twin = DensityMatrix(self._most)
        twin._places, twin._vector = self._places.copy(), self._vector.copy()
        return twin

    def apply(self, instruction: NoisyInstruction) -> None:
        self._turn(instruction.kind.superoperator, instruction.places)

    def err(self, channel: Channel, places: tuple[int, ...]) -> None:
        self._turn(channel.superoperator, places[: channel.size])

    def reset(self, place: int) -> None:
        if place in self._places:
            self._turn(RESET_SUPEROPERATOR, (place,))

    def probability(self, place: int) -> float:
        zero, one = self.distribution([place]).tolist()
        return float(one / (zero + one))

    def read(self, place: int, weights: ReadoutWeights) -> "DensityMatrix":
        twin = self.copy()
        diagonal = np.array([weights[0], 0, 0, weights[1]], dtype=np.complex128)
        twin._turn(np.diag(diagonal), (place,))
        twin._vector /= twin._diagonal().sum()
        return twin

    def sample(self, places: Sequence[int], shots: int, rng: np.random.Generator) -> ShotBits:
        drawn = Distribution(self.distribution(places)).draw(shots, rng)
        return np.stack([(drawn >> k & 1).astype(np.uint8) for k in range(len(places))], axis=1)

    def distribution(self, places: Sequence[int]) -> FloatArray:
        """The probability of all values of these places; bit k of an index is the k-th of them."""
        for place in places:
            self._find(place)
        count = len(self._places)
        # Axis j of the diagonal is the place that was added as number count - 1 - j.
        axes = [count - 1 - self._places[place] for place in reversed(places)]
        others = tuple([axis for axis in range(count) if axis not in axes])
        summed = self._diagonal().sum(axis=others)
        order = np.argsort(np.argsort(axes))
        found: FloatArray = np.ascontiguousarray(summed.transpose(order)).reshape(-1)
        if not np.isfinite(found).all():
            raise non_finite_state()
        return found

    def _diagonal(self) -> FloatArray:
        """The probabilities of all values, with an axis for each place, the last one first."""
        table = self._vector.reshape((4,) * len(self._places))
        diagonal: FloatArray = table[(slice(None, None, 3),) * len(self._places)].real
        return diagonal

    def _turn(self, matrix: Matrix, places: Sequence[int]) -> None:
        numbers = [self._find(place) for place in places]
        bits = [2 * number for number in numbers] + [2 * number + 1 for number in numbers]
        act = GateAction((), tuple(range(len(bits))), matrix, False, (False,) * len(bits))
        kernels.apply(self._vector, act, bits)

    def _find(self, place: int) -> int:
        """The number of a place; a new place is added as |0>. Raises ResourceError."""
        number = self._places.get(place)
        if number is None:
            number = self._places[place] = len(self._places)
            needed = DENSITY_MATRIX_COPIES * BYTES_PER_ENTRY << min(2 * (number + 1), 200)
            if needed > self._most:
                raise out_of_memory(number + 1, needed, self._most)
            grown = np.zeros(4 * len(self._vector), dtype=np.complex128)
            grown[: len(self._vector)] = self._vector
            self._vector = grown
        return number
