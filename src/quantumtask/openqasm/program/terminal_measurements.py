"""End measurements of a program, by the definition that all expectation values use."""

from collections.abc import Iterable


class Ends:
    """Tracks the end measurements of a program, step by step.

    An end measurement is one that no later step depends on: no gate, reset or second measurement
    acts on its qubit, and the program never needs its outcome. Expectation values are those of the
    state before the end measurements: these are taken back. Every other measurement is on the way,
    and removes the phase of its qubit. An outcome is the number of a measurement; an engine that
    measures a qubit twice in a row may give both measurements one number.
    """

    __slots__ = ("_last", "_on_the_way")

    def __init__(self) -> None:
        self._last: dict[int, int] = {}  # qubits whose last step is a measurement, and its outcome
        self._on_the_way: set[int] = set()

    def measure(self, qubit: int, outcome: int) -> None:
        """Adds a measurement."""
        self.touch((qubit,))
        self._last[qubit] = outcome

    def touch(self, qubits: Iterable[int]) -> None:
        """Adds a gate or a reset on these qubits."""
        for qubit in qubits:
            outcome = self._last.pop(qubit, None)
            if outcome is not None:
                self._on_the_way.add(outcome)

    def need(self, outcome: int) -> None:
        """Adds a step that depends on an outcome."""
        self._on_the_way.add(outcome)

    def touch_all(self) -> None:
        """Adds a step on every qubit."""
        self.touch(list(self._last))

    @property
    def taken_back(self) -> frozenset[int]:
        """The outcomes of the measurements that expectation values take back."""
        return frozenset(self._last.values()) - self._on_the_way

    @property
    def blurred(self) -> frozenset[int]:
        """The qubits that end with a measurement that is not taken back: they have no phase."""
        return frozenset(q for q, outcome in self._last.items() if outcome in self._on_the_way)

    def without(self, outcome: int) -> "Ends":
        """The measurements without the one of an outcome, whose qubit has been projected."""
        twin = Ends()
        twin._last = {q: last for q, last in self._last.items() if last != outcome}
        twin._on_the_way = self._on_the_way - {outcome}
        return twin
