"""One task under way: what an engine is given, and where its shots go."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from quantumtask.engines.distribution import Distribution
from quantumtask.engines.readout import Readout
from quantumtask.engines.tally import Order, Tally
from quantumtask.openqasm.program import Circuit, Program
from quantumtask.shared.settings import Settings


@dataclass(frozen=True, eq=False)
class Job:
    """A program with its shots (`seed`: 0 to 2**63 - 1), and the tally that they go to."""

    program: Program
    shots: int
    seed: int
    tally: Tally
    settings: Settings
    threads: int = 1

    @property
    def circuit(self) -> Circuit:
        """What every shot does. Only for a program that has one."""
        assert self.program.circuit is not None
        return self.program.circuit

    @cached_property
    def readout(self) -> Readout:
        return Readout(self.circuit)

    @property
    def ordered(self) -> bool:
        """Whether the result tells of single shots."""
        return self.tally.ordered

    def rng(self) -> np.random.Generator:
        return np.random.default_rng(self.seed)

    def add(self, outcome: int, shots: int) -> int:
        """Counts shots with these bits in the result. Gives the number of their ending."""
        return self.tally.add(outcome, shots, self.program.fixed_outputs)

    def fixed(self) -> Order | None:
        """All shots of a circuit whose result shows nothing that is measured."""
        number = self.add(self.readout.result(0), self.shots)
        return np.full(self.shots, number) if self.ordered else None

    def draw(self, distribution: Distribution) -> Order | None:
        """Shots from the distribution of the qubits that the result shows."""
        drawn = distribution.draw(self.shots, self.rng())
        found, places, totals = _grouped(drawn, self.ordered)
        outcomes = self.readout.results_of(found)
        numbers = [
            self.add(outcome, shots)
            for outcome, shots in zip(outcomes, totals.tolist(), strict=True)
        ]
        return np.array(numbers, dtype=np.intp)[places] if places is not None else None


Indices = NDArray[np.intp]

MOST_COUNTED = 1 << 16
"""Values up to which a table of all of them is faster than sorting."""


def _grouped(drawn: Indices, ordered: bool) -> tuple[Indices, Indices | None, Indices]:
    """The values, ascending; which of them each shot has, if that is asked; and how often."""
    if drawn.max() >= MOST_COUNTED:
        found, inverse, totals = np.unique(drawn, return_inverse=True, return_counts=True)
        return found, inverse if ordered else None, totals
    table = np.bincount(drawn)
    places = (np.cumsum(table > 0) - 1)[drawn] if ordered else None
    found = np.flatnonzero(table)
    return found, places, table[found]
