"""Trajectory: one shot of a noisy program as a pure state, with errors drawn at random."""

from collections.abc import Sequence

import numpy as np

from quantumtask.engines.noise.error_model import Channel, ErrorStep
from quantumtask.engines.noisy_simulation.branch_state import ReadoutWeights
from quantumtask.engines.noisy_simulation.instructions import NoisyInstruction
from quantumtask.engines.simulators.native.branch_state import QuantumState, ShotBits
from quantumtask.engines.simulators.native.statevector import StateVector


class Trajectory:
    """Pure state of all physical qubits in one shot; see `NoisyState`."""

    __slots__ = ("_rng", "_state")

    def __init__(self, state: QuantumState, rng: np.random.Generator) -> None:
        self._state = state
        self._rng = rng

    @property
    def bytes(self) -> int:
        """The memory of the state."""
        return self._state.bytes

    def copy(self) -> "Trajectory":
        """Return the trajectory itself, because a single shot has no branches."""
        return self

    def apply(self, instruction: NoisyInstruction) -> None:
        """Apply a gate, and then one random term of its error."""
        noisy_gate, qubits = instruction.noisy_gate, instruction.qubits
        if noisy_gate.gate is not None:
            self._state.apply([noisy_gate.gate._replace(qubits=qubits)])
        if noisy_gate.error is not None:
            self.apply_error(noisy_gate.error, qubits)

    def apply_error(self, channel: Channel, qubits: tuple[int, ...]) -> None:
        """Apply one term of an error, drawn at random."""
        number = int(np.searchsorted(channel.bounds, self._rng.random(), side="right"))
        for step in channel.terms[number][1]:
            self._apply_step(step, tuple([qubits[k] for k in step.qubits]))

    def _apply_step(self, step: ErrorStep, qubits: tuple[int, ...]) -> None:
        if not step.matrices:
            self.reset(qubits[0])
        elif step.name == "kraus":
            assert isinstance(self._state, StateVector)
            self._state.apply_channel(qubits, step.matrices, self._rng.random())
        elif step.name != "id":
            self._state.apply([step.operation._replace(qubits=qubits)])

    def reset(self, qubit: int) -> None:
        """Put a qubit into |0>."""
        if self._state.definite_value(qubit) is None:
            self._project(qubit, self._draw(self._state.probability(qubit)))
        self._state.set_value(qubit, 0)

    def probability(self, qubit: int) -> float:
        """Return the probability that a qubit is 1."""
        return self._state.probability(qubit)

    def measure(self, qubit: int, weights: ReadoutWeights) -> "Trajectory":
        """Project a qubit onto a random value; see `NoisyState.measure`."""
        if self._state.definite_value(qubit) is None:
            p = self._state.probability(qubit)
            weight = p * weights[1]
            self._project(qubit, self._draw(weight / (weight + (1 - p) * weights[0])))
        return self

    def sample(self, qubits: Sequence[int], shots: int, rng: np.random.Generator) -> ShotBits:
        """Return the values of qubits, measured together, one row for each shot."""
        return self._state.sample(qubits, shots, rng)

    def _project(self, qubit: int, value: int) -> None:
        self._state = self._state.project(qubit, value)

    def _draw(self, p: float) -> int:
        return int(self._rng.random() < p)
