"""Errors of the approximate states that counts are drawn from."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantumtask.engines.backends.approximate import ApproximateBackend
from quantumtask.openqasm.program.program import Program, Sweep


class StateErrorCollector:
    """Collects a bound on the error and an estimate of the fidelity of each state."""

    def __init__(self, sweep: Sweep, backend: ApproximateBackend) -> None:
        self._shape = sweep.shape
        self._backend = backend
        self._errors = np.empty((2, sweep.size))

    def add(self, number: int, program: Program, _: int) -> None:
        """Add the error of the state of a program; see `OutputCollector.add`."""
        self._errors[:, number] = self._backend.state_error(program)

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """Bounds on the total variation distance of the counts, and estimates of the fidelity."""
        bounds, fidelities = self._errors
        return {
            "total_variation_bounds": bounds.reshape(self._shape),
            "fidelity_estimates": fidelities.reshape(self._shape),
        }
