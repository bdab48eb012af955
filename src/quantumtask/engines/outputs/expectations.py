"""Expectation values of a sweep: its shape and that of the observables, broadcast."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantumtask.engines.backends.base import Backend
from quantumtask.engines.limits import check_encoded_size
from quantumtask.engines.observables.observable import invalid_observable
from quantumtask.engines.outputs import sampled_expectations
from quantumtask.engines.outputs.output_spec import OutputSpec, invalid_options
from quantumtask.openqasm.program.program import Program, Sweep
from quantumtask.shared.settings import Settings

Indices = NDArray[np.intp]


class ExpectationCollector:
    """Mean and standard error of every observable, for each program that it is paired with.

    Raises ResourceError for what does not fit the program or is too large, before it is there.
    """

    def __init__(
        self, sweep: Sweep, wanted: OutputSpec, device: Backend, settings: Settings
    ) -> None:
        assert wanted.observables is not None
        self._observables = wanted.observables
        self._wanted = wanted
        self._device = device
        self._observables.check(sweep.program.qubits)
        _check_shots(wanted, settings)
        self._shape = _shape(sweep.shape, self._observables.shape)
        check_encoded_size((2, *self._shape), 8, settings)
        self._pairs = _Pairs(sweep.shape, self._observables.shape, self._shape)
        self._values = np.empty(self._pairs.count)
        self._errors = np.zeros(self._pairs.count)

    def add(self, number: int, program: Program, seed: int) -> None:
        places, which = self._pairs.of(number)
        found, pick = np.unique(which, return_inverse=True)
        words, items = self._observables.some(found.tolist())
        if self._wanted.precision:
            means, errors = sampled_expectations.estimate_means(
                self._device, program, words, items, self._wanted.precise_shots, seed
            )
            self._errors[places] = errors[pick]
        else:
            values = self._device.expectations(program, words)
            means = np.array([coefficients @ values[numbers] for numbers, coefficients in items])
        self._values[places] = means[pick]

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        return {
            "expectation_values": self._values.reshape(self._shape),
            "standard_errors": self._errors.reshape(self._shape),
        }


def _check_shots(wanted: OutputSpec, settings: Settings) -> None:
    if wanted.precision and wanted.precise_shots > settings.max_shots:
        raise invalid_options(
            f"precision: {wanted.precision:g} takes {wanted.precise_shots:,} shots for each group "
            f"of terms, and at most {settings.max_shots:,} can be: ask for "
            f"{settings.max_shots**-0.5:.2g} or more, or for 0, which is exact"
        )


def _shape(sweep: tuple[int, ...], observables: tuple[int, ...]) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(sweep, observables)
    except ValueError:
        raise invalid_observable(
            f"the observables have shape {list(observables)}, and the sweep {list(sweep)}: "
            "they cannot be broadcast together"
        ) from None


class _Pairs:
    """For each program, where its values go in the result, and of which observable each is."""

    def __init__(
        self, sweep: tuple[int, ...], observables: tuple[int, ...], shape: tuple[int, ...]
    ) -> None:
        programs, self._which = _numbered(sweep, shape), _numbered(observables, shape)
        self.count = len(programs)
        self._order = np.argsort(programs, kind="stable")
        self._ends = np.cumsum(np.bincount(programs))

    def of(self, number: int) -> tuple[Indices, Indices]:
        begin = self._ends[number - 1] if number else 0
        places = self._order[begin : self._ends[number]]
        return places, self._which[places]


def _numbered(own: tuple[int, ...], shape: tuple[int, ...]) -> Indices:
    """For each place of the shape, the number of the element of an array that stands there."""
    numbers = np.arange(int(np.prod(own, dtype=np.intp))).reshape(own)
    return np.broadcast_to(numbers, shape).ravel()
