"""What the programs of a task run on: the seam between what is wanted and who computes it."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from quantumtask.engines.observables.observable import FloatArray
from quantumtask.engines.sampling.shot_counts import ShotSample
from quantumtask.openqasm.program.program import Program

ComplexArray = NDArray[np.complex128]


class RunInfo(NamedTuple):
    """What ran a program, as a result tells it."""

    engine: str
    version: str
    method: str
    precision: str | None
    reason: str


class Backend(Protocol):
    """Runs the programs of one task, one after another; they often differ in their angles alone.

    Every method is of one program, and raises ResourceError or Diagnostic for what cannot be done.
    `ran`: what ran the first. `compiled`: what became of the first circuit, for a device with
    gates of its own.
    """

    run_info: RunInfo | None
    compiled: dict[str, Any] | None

    def check(self, program: Program) -> None:
        """Raises for a program that must run as written and uses what the device lacks."""
        ...

    def sample(self, program: Program, shots: int, seed: int, memory: bool) -> ShotSample:
        """Shots of the program; with `memory`, in order. `seed`: 0 to 2**63 - 1."""
        ...

    def probabilities(self, program: Program) -> FloatArray:
        """The exact probability of each value of the bits of the result."""
        ...

    def expectations(self, program: Program, words: Sequence[str]) -> FloatArray:
        """The exact expectation value of each of these words, as Observables has them."""
        ...

    def statevector(self, program: Program) -> ComplexArray:
        """The amplitudes before the measurements at the end; bit k of an index is qubit k."""
        ...

    def unitary(self, program: Program) -> ComplexArray:
        """The matrix of all gates; bit k of an index is qubit k."""
        ...
