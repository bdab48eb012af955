"""Trajectory: one shot of a noisy program as a pure state, with errors drawn at random."""

from collections.abc import Sequence

import numpy as np

from quantumtask.engines.noise.error_model import Channel, ErrorStep
from quantumtask.engines.noisy_simulation.branch_state import ReadoutWeights
from quantumtask.engines.noisy_simulation.instructions import NoisyInstruction
from quantumtask.engines.simulators.native.branch_state import QuantumState, ShotBits
from quantumtask.engines.simulators.native.statevector import StateVector


class Trajectory:
    """The state of all places in one shot, which is never copied."""

    __slots__ = ("_rng", "_state")

    def __init__(self, state: QuantumState, rng: np.random.Generator) -> None:
        self._state = state
        self._rng = rng

    @property
    def bytes(self) -> int:
        return self._state.bytes

    def copy(self) -> "Trajectory":
        return self

    def apply(self, instruction: NoisyInstruction) -> None:
        kind, places = instruction.kind, instruction.places
        if kind.gate is not None:
            self._state.apply([kind.gate._replace(qubits=places)])
        if kind.error is not None:
            self.err(kind.error, places)

    def err(self, channel: Channel, places: tuple[int, ...]) -> None:
        number = int(np.searchsorted(channel.bounds, self._rng.random(), side="right"))
        for event in channel.terms[number][1]:
            self._happen(event, tuple([places[qubit] for qubit in event.qubits]))

    def _happen(self, event: ErrorStep, places: tuple[int, ...]) -> None:
        if not event.matrices:
            self.reset(places[0])
        elif event.name == "kraus":
            assert isinstance(self._state, StateVector)
            self._state.apply_channel(places, event.matrices, self._rng.random())
        elif event.name != "id":
            self._state.apply([event.operation._replace(qubits=places)])

    def reset(self, place: int) -> None:
        if self._state.definite_value(place) is None:
            self._project(place, self._drawn(self._state.probability(place)))
        self._state.set_value(place, 0)

    def probability(self, place: int) -> float:
        return self._state.probability(place)

    def read(self, place: int, weights: ReadoutWeights) -> "Trajectory":
        if self._state.definite_value(place) is None:
            one = self._state.probability(place)
            likely = one * weights[1]
            self._project(place, self._drawn(likely / (likely + (1 - one) * weights[0])))
        return self

    def sample(self, places: Sequence[int], shots: int, rng: np.random.Generator) -> ShotBits:
        return self._state.sample(places, shots, rng)

    def _project(self, place: int, value: int) -> None:
        self._state = self._state.project(place, value)

    def _drawn(self, chance: float) -> int:
        return int(self._rng.random() < chance)
