"""The measurements that end a program: the one definition that every expectation value rests on."""

from collections.abc import Iterable


class Ends:
    """Measurements that nothing later depends on, as the steps of a program come in.

    Expectation values are of the state before these measurements: they are taken back. That
    happens to a measurement if no later step depends on it: no gate, reset or second measurement
    comes to its qubit, and the program never needs its outcome. Every other measurement is on the
    way, and takes the phase of its qubit. An outcome is the number of a measurement; an engine that
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
        """The others, once an engine has projected a qubit for this outcome."""
        twin = Ends()
        twin._last = {q: last for q, last in self._last.items() if last != outcome}
        twin._on_the_way = self._on_the_way - {outcome}
        return twin
