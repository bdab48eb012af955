"""Cache of engine choices for circuits that differ only in the angles of their gates."""

from quantumtask.engines.selection.choose import EngineChoice
from quantumtask.openqasm.program.operations import Operation
from quantumtask.openqasm.program.program import Circuit, Step

MAX_CACHED_CHOICES = 8
"""Largest number of circuits in the cache; the oldest is dropped first."""


class ChoiceCache:
    """The engine choices of the last circuits.

    A choice depends on the gates of a circuit and never on their angles, so the programs of a
    sweep share one choice.
    """

    def __init__(self) -> None:
        self._entries: list[tuple[Circuit, int, EngineChoice]] = []

    def get(self, circuit: Circuit, shots: int) -> EngineChoice | None:
        """Return the choice of a circuit with the same gates and shots; None if there is none."""
        for cached, cached_shots, choice in self._entries:
            if cached_shots == shots and _same_gates(circuit, cached):
                return choice
        return None

    def put(self, circuit: Circuit, shots: int, choice: EngineChoice) -> None:
        """Add the choice of a circuit."""
        self._entries = [*self._entries[1 - MAX_CACHED_CHOICES :], (circuit, shots, choice)]


def _same_gates(circuit: Circuit, other: Circuit) -> bool:
    if len(circuit.steps) != len(other.steps) or circuit.bits != other.bits:
        return False
    return all(map(_same_step, circuit.steps, other.steps))


def _same_step(step: Step, other: Step) -> bool:
    if len(step) == len(other) == len(Operation._fields):
        return step[0] is other[0] and step[2:] == other[2:]  # all but the angles
    return type(step) is type(other) and step == other
