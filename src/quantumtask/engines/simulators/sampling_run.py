"""One run of an engine: a program, its shots, and the counter of its outcomes."""

from dataclasses import dataclass, field

import numpy as np

from quantumtask.engines.progress import RunProgress
from quantumtask.engines.sampling.clbit_map import ClbitMap
from quantumtask.engines.sampling.distribution import Distribution
from quantumtask.engines.sampling.shot_counts import ShotCounts, ShotOrder
from quantumtask.engines.selection.circuit_features import extract_features
from quantumtask.openqasm.program.program import Circuit, Program
from quantumtask.shared.settings import Settings


@dataclass(frozen=True, eq=False)
class SamplingRun:
    """A program to sample, and the counter to which an engine adds the shots.

    Attributes:
        seed: 0 to 2**63 - 1.
        no_cache: The program does not occur again, so its distribution is not cached.
        progress: The progress of the task.
    """

    program: Program
    shots: int
    seed: int
    counts: ShotCounts
    settings: Settings
    threads: int = 1
    no_cache: bool = False
    progress: RunProgress = field(default_factory=RunProgress)

    @property
    def circuit(self) -> Circuit:
        """The circuit to simulate; only for a program whose shots all run the same steps."""
        circuit = extract_features(self.program).circuit
        assert circuit is not None
        return circuit

    @property
    def clbit_map(self) -> ClbitMap:
        """The map from the outcomes of `circuit` to the result."""
        return extract_features(self.program).clbit_map

    @property
    def needs_order(self) -> bool:
        """True if the result has values of single shots."""
        return self.counts.needs_order

    def new_rng(self) -> np.random.Generator:
        """Return a new random generator with the seed of the run."""
        return np.random.default_rng(self.seed)

    def add(self, outcome: int, shots: int) -> int:
        """Add shots of one outcome, and return its index; see `ShotCounts.add`."""
        return self.counts.add(outcome, shots, self.program.fixed_outputs)

    def add_constant_result(self) -> ShotOrder | None:
        """Add all shots of a circuit whose result is constant, because no outcome is in it."""
        index = self.add(self.clbit_map.from_bits(0), self.shots)
        return np.full(self.shots, index) if self.needs_order else None

    def sample(self, distribution: Distribution) -> ShotOrder | None:
        """Draw and add all shots.

        Args:
            distribution: The distribution of `clbit_map.qubits`.
        """
        rng = self.new_rng()
        indices, totals = distribution.count(self.shots, rng)
        counts = dict(zip(self.clbit_map.from_indices(indices), totals.tolist(), strict=True))
        self.counts.add_all(counts, self.program.fixed_outputs)
        return self.counts.shuffle(rng) if self.needs_order else None
