"""Evolution of a state as a chain of matrices, never beyond a bound on entanglement and work.

The simulator is given segments of gates. How large its matrices can become in a segment is known
before, from how large they were at its beginning and from the gates; how large they are is seen
after it. So no matrix that is too large is ever made, and nothing is cut off.
"""

import gc
from collections.abc import Callable, Iterable

from quantumtask.engines.limits import out_of_memory
from quantumtask.engines.simulators.mps.routing import Placed
from quantumtask.engines.simulators.mps.sampling import BYTES_PER_NUMBER, Matrices, bytes_of
from quantumtask.shared.errors import ResourceError

MOST_BOND = 128
"""Bond dimension up to which a state is followed: what is beyond it grows on, and time with it."""

MOST_WORK_US = 20e6
SEGMENT_WORK_US = 50e3
"""Microseconds of all work, and of a segment that has more than one gate, as estimated."""

GATE_US = 10.0
SITE_US = 10.0
PRODUCT_US = 9e-3
DRAWN_US = 4e-4
"""Microseconds that each takes, about: a gate; a site of a segment; a multiplication, in a gate
and to draw shots (measured)."""

WORKING = 6
"""Memory at work, in sizes of the chain: inside the simulator, on the way, and to draw from."""

Simulate = Callable[[Matrices | None, list[Placed]], Matrices]
"""The state after gates; None is the state of zeros."""


class Budget:
    """What one task may use; raises ResourceError where it is not enough."""

    def __init__(self, qubits: int, available: int) -> None:
        self._qubits = qubits
        self._available = available
        self._spent = 0.0

    @property
    def garbage(self) -> int:
        """Bytes of states that are not needed any more, from which they are collected."""
        return self._available // 8

    def spend(self, microseconds: float) -> None:
        self._spent += microseconds
        if self._spent > MOST_WORK_US:
            raise self.refusal("and its qubits are too entangled for less: it would take too long")

    def draw(self, products: float) -> None:
        """Spends what it takes to draw shots by so many multiplications."""
        self._spent += products * DRAWN_US
        if self._spent > MOST_WORK_US:
            raise self.refusal("and its qubits are too entangled for so many shots with less")

    def fits(self, size: int) -> bool:
        return WORKING * size <= self._available

    def check(self, bonds: list[int]) -> None:
        if max(bonds, default=1) > MOST_BOND or not self.fits(bytes_of(bonds)):
            raise self.refusal("and its qubits are too entangled for less")

    def refusal(self, why: str) -> ResourceError:
        needed = BYTES_PER_NUMBER << min(self._qubits, 200)
        if needed <= self._available:
            words = f"the {self._qubits} qubits have room as a state vector, not as a chain"
            return ResourceError("out_of_memory", f"{words} of matrices, {why}")
        plain = out_of_memory(self._qubits, needed, self._available)
        return ResourceError(plain.code, f"{plain.message}, {why}")


def evolve(moves: Iterable[Placed], qubits: int, budget: Budget, simulate: Simulate) -> Matrices:
    """The state after moves, each on one place or on two neighbours, from all zeros.

    Raises ResourceError where that needs more than the budget has.
    """
    evolution = _Evolution(qubits, budget, simulate)
    for move in moves:
        evolution.add(move)
    return evolution.finish()


class _Evolution:
    """The state at the beginning of a segment, the segment, and bounds on the bonds after it."""

    def __init__(self, qubits: int, budget: Budget, simulate: Simulate) -> None:
        self._budget = budget
        self._simulate = simulate
        self._state: Matrices | None = None
        self._segment: list[Placed] = []
        self._work = 0.0
        self._garbage = 0
        # One more at each end, where there is nothing to be entangled with.
        self._bounds = [1] * (qubits + 1)
        self._size = bytes_of(self._bounds[1:-1])

    def add(self, move: Placed) -> None:
        if len(move.on) == 2:
            self._make_room(min(move.on))
            self._grow(min(move.on), move.rank)
        self._segment.append(move)

    def _make_room(self, left: int) -> None:
        """Ends the segment where a gate there could make its matrices too large, or it too long."""
        around = max(self._bounds[left], self._bounds[left + 2])
        work = self._work + self._cost(left)
        full = around > MOST_BOND or work > SEGMENT_WORK_US or not self._budget.fits(self._size)
        if full and self._work:
            self._run()

    def _cost(self, left: int) -> float:
        """Microseconds that a gate on a place and the next takes at most."""
        a, b = 2 * self._bounds[left], 2 * self._bounds[left + 2]
        return GATE_US + PRODUCT_US * a * b * min(a, b)

    def _grow(self, left: int, rank: int) -> None:
        self._work += self._cost(left)
        bounds = self._bounds
        before, bond, after = bounds[left : left + 3]
        grown = min(2 * before, 2 * after, rank * bond)
        self._size += 2 * BYTES_PER_NUMBER * (before + after) * (grown - bond)
        bounds[left + 1] = grown

    def _run(self) -> None:
        """Runs the segment, and replaces the bounds by what was found."""
        self._state = self._simulate(self._state, self._segment)
        bonds = self._state.bonds
        self._budget.check(bonds)
        self._bounds = [1, *bonds, 1]
        self._size = bytes_of(bonds)
        pairs = [min(move.on) for move in self._segment if len(move.on) == 2]
        self._budget.spend(sum(map(self._cost, pairs)) + SITE_US * len(self._bounds))
        self._segment, self._work = [], 0.0
        self._collect()

    def _collect(self) -> None:
        """Frees earlier states: the simulator leaves each in a ring of objects, few but large."""
        self._garbage += self._size
        if self._garbage > self._budget.garbage:
            gc.collect()
            self._garbage = 0

    def finish(self) -> Matrices:
        if self._segment or self._state is None:
            self._run()
        assert self._state is not None
        return self._state
