"""Expectation values of a sweep: the shapes of sweep and observables are broadcast."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantumtask.engines.backends.approximate import ApproximateBackend
from quantumtask.engines.backends.base import Backend
from quantumtask.engines.limits import check_encoded_size
from quantumtask.engines.observables.observable import invalid_observable
from quantumtask.engines.outputs.output_spec import OutputSpec, invalid_options
from quantumtask.engines.outputs.sampled_expectations import estimate_means
from quantumtask.openqasm.program.program import Program, Sweep
from quantumtask.shared.settings import Settings

Shape = tuple[int, ...]
IndexArray = NDArray[np.intp]


class ExpectationCollector:
    """Collects mean and standard error of every observable with which a program is paired."""

    def __init__(
        self,
        sweep: Sweep,
        spec: OutputSpec,
        backend: Backend | ApproximateBackend,
        settings: Settings,
    ) -> None:
        """Create a collector.

        Raises:
            ResourceError: the observables do not fit the program or the sweep (`bad_observable`),
                the precision needs too many shots (`bad_options`), or the result is too large.
        """
        assert spec.observables is not None
        self._observables = spec.observables
        self._spec = spec
        self._backend = backend
        self._observables.check(sweep.program.qubits)
        _check_shots(spec, settings)
        self._shape = broadcast(sweep.shape, self._observables.shape)
        check_encoded_size((2, *self._shape), 8, settings)
        self._pairs = Pairs(sweep.shape, self._observables.shape, self._shape)
        self._values = np.empty(self._pairs.count)
        self._errors = np.zeros(self._pairs.count)
        self._bounds = np.zeros(self._pairs.count)

    def add(self, number: int, program: Program, seed: int) -> None:
        """Compute the values of a program; see `OutputCollector.add`."""
        positions, observables = self._pairs.select(number)
        distinct, inverse = np.unique(observables, return_inverse=True)
        words, sums = self._observables.select(distinct.tolist())
        if isinstance(self._backend, ApproximateBackend):
            means, bounds = self._backend.observable_means(program, words, sums)
            self._bounds[positions] = bounds[inverse]
        elif self._spec.precision:
            means, errors = estimate_means(
                self._backend, program, words, sums, self._spec.shots_per_group, seed
            )
            self._errors[positions] = errors[inverse]
        else:
            values = self._backend.expectation_values(program, words)
            means = np.array([coefficients @ values[numbers] for numbers, coefficients in sums])
        self._values[positions] = means[inverse]

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """The values, their standard errors, and bounds on the errors of approximate values."""
        arrays = {"expectation_values": self._values, "standard_errors": self._errors}
        if self._spec.approximation is not None:
            arrays["error_bounds"] = self._bounds
        return {name: array.reshape(self._shape) for name, array in arrays.items()}


def _check_shots(spec: OutputSpec, settings: Settings) -> None:
    if spec.precision and spec.shots_per_group > settings.max_shots:
        raise invalid_options(
            f"precision: {spec.precision:g} needs {spec.shots_per_group:,} shots for each group of "
            f"terms, and the limit is {settings.max_shots:,}: give {settings.max_shots**-0.5:.2g} "
            "or more, or 0 for exact values"
        )


def broadcast(sweep: Shape, observables: Shape) -> Shape:
    """Return the shape of a result. Raises ResourceError if the shapes do not fit."""
    try:
        return np.broadcast_shapes(sweep, observables)
    except ValueError:
        raise invalid_observable(
            f"observables: the shape {list(observables)} and that of the sweep, {list(sweep)}, "
            "cannot be broadcast together"
        ) from None


class Pairs:
    """The pairs of a program and an observable, one for each element of the result.

    Attributes:
        count: The number of pairs.
    """

    def __init__(self, sweep: Shape, observables: Shape, shape: Shape) -> None:
        programs = _broadcast_numbers(sweep, shape)
        self._observables = _broadcast_numbers(observables, shape)
        self.count = len(programs)
        self._order = np.argsort(programs, kind="stable")
        self._ends = np.cumsum(np.bincount(programs))

    def select(self, program: int) -> tuple[IndexArray, IndexArray]:
        """Return the positions of a program's values in the result, and their observables."""
        begin = self._ends[program - 1] if program else 0
        positions = self._order[begin : self._ends[program]]
        return positions, self._observables[positions]


def _broadcast_numbers(original: Shape, shape: Shape) -> IndexArray:
    """Return for each position of a broadcast array the number of the original element."""
    numbers = np.arange(math.prod(original))
    if original == shape:
        return numbers
    return np.broadcast_to(numbers.reshape(original), shape).ravel()
