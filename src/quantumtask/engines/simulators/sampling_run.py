"""One task under way: what an engine is given, and where its shots go."""

from dataclasses import dataclass

import numpy as np

from quantumtask.engines.sampling.clbit_map import Readout
from quantumtask.engines.sampling.distribution import Distribution
from quantumtask.engines.sampling.shot_counts import Order, Tally
from quantumtask.engines.selection.circuit_features import extract_features
from quantumtask.openqasm.program.program import Circuit, Program
from quantumtask.shared.settings import Settings


@dataclass(frozen=True, eq=False)
class Job:
    """A program with its shots (`seed`: 0 to 2**63 - 1), and the tally that they go to.

    `once`: the program will not come again, so nothing need be remembered of it.
    """

    program: Program
    shots: int
    seed: int
    tally: Tally
    settings: Settings
    threads: int = 1
    once: bool = False

    @property
    def circuit(self) -> Circuit:
        """What is to be simulated of what every shot does. Only for a program that has this."""
        circuit = extract_features(self.program).circuit
        assert circuit is not None
        return circuit

    @property
    def readout(self) -> Readout:
        return extract_features(self.program).readout

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
        rng = self.rng()
        found, totals = distribution.count(self.shots, rng)
        counts = dict(zip(self.readout.results_of(found), totals.tolist(), strict=True))
        self.tally.add_all(counts, self.program.fixed_outputs)
        return self.tally.shuffled(rng) if self.ordered else None
