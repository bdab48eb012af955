"""Terminal measurements of a program, by the one definition that all expectation values use."""

from collections.abc import Iterable


class TerminalMeasurements:
    """Tracks the terminal measurements of a program, step by step.

    A measurement is terminal if no later step depends on it: no gate, reset or second measurement
    acts on its qubit, and the program never needs its outcome. Expectation values are those of the
    state before the terminal measurements. Every other measurement dephases its qubit. An outcome
    is the number of a measurement; an engine that measures a qubit twice in a row may give both
    measurements one number.
    """

    __slots__ = ("_last", "_mid_circuit")

    def __init__(self) -> None:
        self._last: dict[int, int] = {}  # the outcome of each qubit whose last step measures it
        self._mid_circuit: set[int] = set()

    def add_measurement(self, qubit: int, outcome: int) -> None:
        """Add a measurement."""
        self.add_operation((qubit,))
        self._last[qubit] = outcome

    def add_operation(self, qubits: Iterable[int]) -> None:
        """Add a gate or a reset on qubits."""
        for qubit in qubits:
            outcome = self._last.pop(qubit, None)
            if outcome is not None:
                self._mid_circuit.add(outcome)

    def add_dependency(self, outcome: int) -> None:
        """Add a step that depends on an outcome."""
        self._mid_circuit.add(outcome)

    def add_operation_on_all(self) -> None:
        """Add an operation on every qubit."""
        self.add_operation(list(self._last))

    @property
    def outcomes(self) -> frozenset[int]:
        """The outcomes of the terminal measurements."""
        return frozenset(self._last.values()) - self._mid_circuit

    @property
    def dephased_qubits(self) -> frozenset[int]:
        """The qubits whose last step is a measurement that is not terminal."""
        return frozenset(q for q, outcome in self._last.items() if outcome in self._mid_circuit)

    def without(self, outcome: int) -> "TerminalMeasurements":
        """Return the measurements except that of `outcome`, whose qubit was projected."""
        others = TerminalMeasurements()
        others._last = {q: last for q, last in self._last.items() if last != outcome}
        others._mid_circuit = self._mid_circuit - {outcome}
        return others
