"""Acting on what was measured without looking at it: the principle of deferred measurement.

A qubit that nothing has touched since its measurement is what was measured. So the gates of an `if`
may be controlled by the qubit instead of by the bit, and the program stays one circuit.
"""

from collections.abc import Sequence
from operator import is_
from typing import NamedTuple

from quantumtask.openqasm.program.operations import BASIC_GATES, CONTROLLED_GATE_BASES, Operation
from quantumtask.openqasm.program.process import Outcome, Process, Undecided
from quantumtask.openqasm.program.tracer import Trace
from quantumtask.openqasm.text.source import Diagnostic

MOST_BITS = 6
"""Bits that a condition may look at: there is a way through it for each of their values."""

MOST_STEPS = 1_000
MOST_WAYS = 4_096
MOST_CELLS = 1 << 22
"""Steps of one way, ways of all of a program, and cells of memory looked at for them: what takes
more is run the other way, outcome by outcome."""

WITH_CONTROL = {name: controlled for controlled, name in CONTROLLED_GATE_BASES.items()}
"""Gates that have a name of their own with one control in front: engines are quickest at those."""

Controls = tuple[tuple[int, int], ...]
"""Qubits, and the values that they must have."""


class NotDeferred(Exception):
    """Not every way through does nothing but gates."""


class _Gates:
    """A World in which nothing is measured: it notes what is done to it."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []

    def apply(self, operations: Sequence[Operation]) -> None:
        self.operations += operations
        if len(self.operations) > MOST_STEPS:
            raise NotDeferred

    def pause(self, _: Sequence[Operation]) -> None:
        raise NotDeferred

    def reset(self, _: Sequence[int]) -> None:
        raise NotDeferred

    def measure(self, _: int) -> Outcome:
        raise NotDeferred

    def unmeasure(self) -> None:
        raise NotDeferred


class _Point(NamedTuple):
    """Where one way through has come to. `untouched`: as it would be if nothing had been done."""

    process: Process
    untouched: Process
    controls: Controls


class Deferral:
    """The `if`s of one run of a program, which `trace` writes down."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._cells = self._taken = 0
        self._needed: set[Outcome] = set()  # outcomes that the current `if` needs

    def go_on(self, process: Process) -> bool:
        """Takes a process that needs an outcome through its `if`. False: it stays where it is."""
        ways = process.code.ways.get(process.next)
        if ways is None or not ways.is_if:
            return False
        join = ways.join
        found: list[tuple[Operation, Controls]] = []
        self._needed.clear()
        try:
            ends = self._ways(_Point(process.copy(), process, ()), join.at, found)
        except (NotDeferred, Diagnostic):  # what is refused may lie on a way that no shot takes
            return False
        controlling = {qubit for _, controls in found for qubit, _ in controls}
        if any(not controlling.isdisjoint(operation.qubits) for operation, _ in found):
            return False
        operations = [(_controlled(*one), len(one[1])) for one in found]
        self._trace.follow(operations, self._needed)
        process.next = join.at
        process.steps = max(end.steps for end in ends)
        process.spent = max(end.spent for end in ends)
        process.moved = max(end.moved for end in ends)
        return True

    def _ways(
        self, point: _Point, join: int, found: list[tuple[Operation, Controls]]
    ) -> list[Process]:
        """Adds the gates of all ways to instruction `join`. Raises NotDeferred or Diagnostic."""
        process, untouched, controls = point
        gates = _Gates()
        try:
            process.run(gates, process.steps + MOST_STEPS, join)
        except Undecided as wanted:
            qubit = self._trace.qubit_of(wanted.outcome)
            if qubit is None or len(controls) == MOST_BITS:
                raise NotDeferred from None
            self._needed.add(wanted.outcome)
            found += [(operation, controls) for operation in gates.operations]
            both = [self._decided(point, wanted.outcome, qubit, value) for value in (0, 1)]
            return [end for way in both for end in self._ways(way, join, found)]
        if process.next != join or not _same(process, untouched):
            raise NotDeferred
        found += [(operation, controls) for operation in gates.operations]
        return [process]

    def _decided(self, point: _Point, outcome: Outcome, qubit: int, value: int) -> _Point:
        self._cells += 3 * len(point.process.memory)
        self._taken += 1
        if self._cells > MOST_CELLS or self._taken > MOST_WAYS:
            raise NotDeferred
        process, untouched = point.process.copy(), point.untouched.copy()
        process.decide(outcome, value)
        untouched.decide(outcome, value)
        return _Point(process, untouched, (*point.controls, (qubit, value)))


def _same(one: Process, other: Process) -> bool:
    """Whether two processes have the very same values everywhere."""
    cells = [(one.memory, other.memory)]
    if len(one.calls) != len(other.calls):
        return False
    for (back, start, saved), (back_too, start_too, saved_too) in zip(
        one.calls, other.calls, strict=True
    ):
        if (back, start) != (back_too, start_too):
            return False
        cells.append((saved, saved_too))
    return all(len(a) == len(b) and all(map(is_, a, b)) for a, b in cells)


def _controlled(operation: Operation, controls: Controls) -> Operation:
    gate, params, qubits, own = operation
    if [value for _, value in controls] == [1] and not own and gate.name in WITH_CONTROL:
        return Operation(BASIC_GATES[WITH_CONTROL[gate.name]], params, (controls[0][0], *qubits))
    return Operation(
        gate,
        params,
        (*[qubit for qubit, _ in controls], *qubits),
        (*[bool(value) for _, value in controls], *own),
    )
