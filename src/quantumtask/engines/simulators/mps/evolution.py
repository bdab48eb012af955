"""Evolution of a matrix product state without truncation, within bounds on bonds and work.

The simulator runs the gates in segments. The bonds at the beginning of a segment and its gates give
bounds on the bonds at its end, so no matrix larger than the bounds is ever computed.
"""

import gc
from collections.abc import Callable, Iterable

from quantumtask.engines.limits import out_of_memory
from quantumtask.engines.simulators.mps.routing import PlacedGate
from quantumtask.engines.simulators.mps.sampling import BYTES_PER_NUMBER, MpsState, mps_bytes
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.task import FailureCode

MAX_BOND = 128
"""Largest bond dimension; beyond it, bonds and run time usually keep growing."""

MAX_WORK_US = 20e6
SEGMENT_WORK_US = 50e3
"""Estimated microseconds of all work, and of a segment with more than one gate."""

GATE_US = 10.0
SITE_US = 10.0
PRODUCT_US = 9e-3
SAMPLED_PRODUCT_US = 4e-4
"""Measured microseconds of a gate, of a site of a segment, and of a multiplication in a gate and in
the sampler."""

WORKING_COPIES = 6
"""Peak memory in sizes of the state: in the simulator, in transit, and in the sampler."""

EvolveSegment = Callable[[MpsState | None, list[PlacedGate]], MpsState]
"""Return the state after gates; None is the state of zeros."""


class WorkBudget:
    """Memory and time of one run; raises ResourceError if they do not suffice."""

    def __init__(self, qubits: int, available: int) -> None:
        self._qubits = qubits
        self._available = available
        self._spent_us = 0.0

    @property
    def gc_threshold(self) -> int:
        """Bytes of unused states after which the garbage collector runs."""
        return self._available // 8

    def spend(self, microseconds: float) -> None:
        """Add time of the evolution."""
        self._spent_us += microseconds
        if self._spent_us > MAX_WORK_US:
            raise self.error("too entangled for a matrix product state: it would take too long")

    def spend_sampling(self, products: float) -> None:
        """Add the time of multiplications of the sampler."""
        self._spent_us += products * SAMPLED_PRODUCT_US
        if self._spent_us > MAX_WORK_US:
            raise self.error("too entangled for so many shots of a matrix product state")

    def fits(self, size: int) -> bool:
        """Return True if a state of `size` bytes fits the memory."""
        return WORKING_COPIES * size <= self._available

    def check(self, bonds: list[int]) -> None:
        """Raise ResourceError for bonds that are too large."""
        if max(bonds, default=1) > MAX_BOND or not self.fits(mps_bytes(bonds)):
            raise self.error("too entangled for a matrix product state")

    def error(self, reason: str) -> ResourceError:
        """Return the error `out_of_memory`; its message says why the qubits do not fit."""
        needed = BYTES_PER_NUMBER << min(self._qubits, 200)
        if needed <= self._available:
            vector = f"the state vector of {self._qubits} qubits fits the slot, and is the default"
            return ResourceError(FailureCode.OUT_OF_MEMORY, f"the qubits are {reason}; {vector}")
        # The memory of a state vector is not what this run lacks.
        reason = f", and the qubits are {reason}"
        return out_of_memory(self._qubits, needed, self._available, reason, larger_slot_helps=False)


def evolve(
    gates: Iterable[PlacedGate], qubits: int, budget: WorkBudget, simulate: EvolveSegment
) -> MpsState:
    """Return the state after gates on the state of zeros.

    Args:
        gates: Gates on one site or on two neighbouring sites.
        qubits: The number of sites.
        budget: The memory and the time of the run.
        simulate: The simulator that runs a segment.

    Raises:
        ResourceError: The evolution needs more than the budget has (`out_of_memory`).
    """
    evolution = _Evolution(qubits, budget, simulate)
    for gate in gates:
        evolution.add(gate)
    return evolution.finish()


class _Evolution:
    """State at the beginning of a segment, the segment, and bounds on the bonds after it."""

    def __init__(self, qubits: int, budget: WorkBudget, simulate: EvolveSegment) -> None:
        self._budget = budget
        self._simulate = simulate
        self._state: MpsState | None = None
        self._segment: list[PlacedGate] = []
        self._work_us = 0.0
        self._unused_bytes = 0
        # One more at each end of the line, where the bond dimension is always 1.
        self._bounds = [1] * (qubits + 1)
        self._size = mps_bytes(self._bounds[1:-1])

    def add(self, gate: PlacedGate) -> None:
        if len(gate.targets) == 2:
            site = min(gate.targets)
            self._end_full_segment(site)
            self._grow_bounds(site, gate.rank)
        self._segment.append(gate)

    def _end_full_segment(self, site: int) -> None:
        """Run the segment if a gate at these sites could exceed a limit."""
        bond = max(self._bounds[site], self._bounds[site + 2])
        work_us = self._work_us + self._gate_us(site)
        is_long = work_us > SEGMENT_WORK_US
        is_full = bond > MAX_BOND or is_long or not self._budget.fits(self._size)
        if is_full and self._work_us:
            self._run_segment()

    def _gate_us(self, site: int) -> float:
        """Return an upper bound on the time of a gate on a site and the next."""
        rows, columns = 2 * self._bounds[site], 2 * self._bounds[site + 2]
        return GATE_US + PRODUCT_US * rows * columns * min(rows, columns)

    def _grow_bounds(self, site: int, rank: int) -> None:
        self._work_us += self._gate_us(site)
        bounds = self._bounds
        before, bond, after = bounds[site : site + 3]
        grown = min(2 * before, 2 * after, rank * bond)
        self._size += 2 * BYTES_PER_NUMBER * (before + after) * (grown - bond)
        bounds[site + 1] = grown

    def _run_segment(self) -> None:
        """Run the segment, and replace the bounds by the bonds of the new state."""
        self._state = self._simulate(self._state, self._segment)
        bonds = self._state.bonds
        self._budget.check(bonds)
        self._bounds = [1, *bonds, 1]
        self._size = mps_bytes(bonds)
        pairs = [min(gate.targets) for gate in self._segment if len(gate.targets) == 2]
        self._budget.spend(sum(map(self._gate_us, pairs)) + SITE_US * len(self._bounds))
        self._segment, self._work_us = [], 0.0
        self._collect_garbage()

    def _collect_garbage(self) -> None:
        """Free earlier states: the simulator leaves each in a reference cycle of few objects."""
        self._unused_bytes += self._size
        if self._unused_bytes > self._budget.gc_threshold:
            gc.collect()
            self._unused_bytes = 0

    def finish(self) -> MpsState:
        if self._segment or self._state is None:
            self._run_segment()
        assert self._state is not None
        return self._state
