"""Memory model: the bytes that the state of each method takes for a program."""

from dataclasses import dataclass
from typing import Any, Protocol

from quantumtask.engines.selection.circuit_features import CircuitFeatures, NoisyCircuitFeatures
from quantumtask.engines.selection.cost_model import MAX_SIZED_QUBITS, F_contra

BYTES_PER_ENTRY = 16
"""Bytes of one complex number of double precision."""

DENSITY_MATRIX_COPIES = 3
"""Number of density matrices that `noisy_simulation` holds at once."""

STATEVECTOR_COPIES = 2
"""Number of state vectors that a trajectory holds at once."""


class MemoryModel(Protocol[F_contra]):
    """The memory of a method."""

    @property
    def bytes_per_amplitude(self) -> int:
        """The bytes of each amplitude or matrix entry, as `GET /engines` lists them; 0 if none."""
        ...

    def predict_bytes(self, features: F_contra, /) -> int:
        """Return the predicted memory of a program."""
        ...

    def max_qubits(self, available: int, /) -> int | None:
        """Return the largest number of qubits for so many bytes; None: no fixed limit."""
        ...


@dataclass(frozen=True)
class StatevectorMemory:
    """One number for each basis state of the qubits, and one for each value of the result."""

    bytes_per_amplitude: int
    bytes_per_outcome: int = 0

    def predict_bytes(self, features: CircuitFeatures) -> int:
        """Return the memory of the state and of the distribution of the measured qubits."""
        state = self.bytes_per_amplitude << min(features.qubits, MAX_SIZED_QUBITS)
        outcomes = min(features.measured_qubits, MAX_SIZED_QUBITS)
        return state + (self.bytes_per_outcome << outcomes)

    def max_qubits(self, available: int) -> int:
        """Return the largest number of qubits if all of them are measured."""
        each = self.bytes_per_amplitude + self.bytes_per_outcome
        return (available // each).bit_length() - 1


@dataclass(frozen=True)
class TrajectoryMemory:
    """One state vector at a time, one shot after the other."""

    copies: int
    bytes_per_amplitude: int = BYTES_PER_ENTRY

    def predict_bytes(self, features: NoisyCircuitFeatures) -> int:
        """Return the memory of all copies of the state vector."""
        return self.copies * self.bytes_per_amplitude << min(features.qubits, MAX_SIZED_QUBITS)

    def max_qubits(self, available: int) -> int:
        """Return the largest number of qubits of the state vector."""
        return (available // (self.copies * self.bytes_per_amplitude)).bit_length() - 1


@dataclass(frozen=True)
class DensityMatrixMemory:
    """A matrix with 4**n entries for n qubits."""

    copies: int = 1
    bytes_per_amplitude: int = BYTES_PER_ENTRY

    def predict_bytes(self, features: NoisyCircuitFeatures) -> int:
        """Return the memory of all copies of the matrix."""
        return self.copies * self.bytes_per_amplitude << 2 * min(features.qubits, MAX_SIZED_QUBITS)

    def max_qubits(self, available: int) -> int:
        """Return the largest number of qubits of one matrix."""
        return ((available // self.bytes_per_amplitude).bit_length() - 1) // 2


class StabilizerMemory:
    """A tableau of 2n rows, and the circuit."""

    bytes_per_amplitude = 0

    def predict_bytes(self, features: CircuitFeatures | NoisyCircuitFeatures) -> int:
        """Return the memory of the tableau, in bits, and that of the gates."""
        return features.qubits * features.qubits // 2 + 200 * features.gates

    def max_qubits(self, _: int) -> None:
        """Return None: the number of qubits is not limited by the memory of a slot."""


class MpsMemory:
    """A matrix product state with the largest bond dimension that the gates can create."""

    bytes_per_amplitude = 0

    def predict_bytes(self, features: CircuitFeatures) -> int:
        """Return the memory of all matrices."""
        return 200 * features.qubits << 2 * min(features.entanglement, MAX_SIZED_QUBITS)

    def max_qubits(self, _: int) -> None:
        """Return None: the memory depends on the entanglement."""


class NegligibleMemory:
    """A state that fits every slot, or that the simulator checks while it runs."""

    bytes_per_amplitude = 0

    def predict_bytes(self, _: Any) -> int:
        """Return 0."""
        return 0

    def max_qubits(self, _: int) -> None:
        """Return None: there is no fixed limit."""
