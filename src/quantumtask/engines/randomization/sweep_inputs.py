"""The inputs of a sweep that a samplex draws, and the arrays that belong to them."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantumtask.engines.limits import available_bytes, check_result_size, format_bytes
from quantumtask.engines.randomization.samplex import PARAMETER_VALUES, Samplex
from quantumtask.openqasm.inputs.array_codec import encode_array
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.output_kinds import OUTPUT_KINDS
from quantumtask.shared.randomization import Randomization
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import FailureCode

SEED_KEY = 2**32 - 1
"""Key of the random numbers of a samplex; those of the programs of a sweep have their number."""

GROUP_VALUES = 2_000_000
"""Most values that are drawn in one call, which takes some multiple of their memory."""

SINGLE_PRECISION = 1e-6
"""Distance from a multiple of a right angle, in right angles, that is rounding: samplomatic draws
angles in single precision. Without it no twirled Clifford circuit would be one."""

_RIGHT_ANGLE = np.pi / 2


@dataclass(frozen=True)
class RandomizedInputs:
    """The inputs of each program of a sweep.

    Attributes:
        values: The values of the inputs, by position in the last dimension.
        arrays: The other arrays that were drawn, with the dimensions of the sweep first.
    """

    values: NDArray[np.float64]
    arrays: dict[str, NDArray[Any]]

    def encoded_values(self) -> dict[str, Any]:
        """Return the values as an encoded array."""
        return encode_array(self.values)


def draw_inputs(option: Randomization, seed: int, settings: Settings) -> RandomizedInputs:
    """Draw the inputs of a sweep; the same seed gives the same inputs.

    Args:
        option: The option of the task.
        seed: The seed of the task.
        settings: The settings with the limits.

    Raises:
        ResourceError: the option is not valid, or what it draws is too large.
    """
    _check_elements(option.shape, settings)
    samplex = Samplex(option.samplex, option.arguments)
    _check_arrays(samplex, option.shape, settings)
    axes = _SweepDimensions(option.shape, samplex.shape)
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(SEED_KEY,)))
    arrays = {
        name: np.empty((axes.outer_size, axes.inner_size, *shape), dtype=_result_dtype(dtype))
        for name, (shape, dtype) in samplex.arrays.items()
    }
    per_element = max(1, sum(prod(shape) for shape, _ in samplex.arrays.values()))
    for number, index in enumerate(axes.indices()):
        for start, count in _groups(axes.inner_size, max(1, GROUP_VALUES // per_element)):
            for name, sample in samplex.draw(index, count, rng).items():
                arrays[name][number, start : start + count] = sample
    shaped = {name: axes.restore(array) for name, array in arrays.items()}
    values = shaped.pop(PARAMETER_VALUES, np.empty((*option.shape, 0)))
    return RandomizedInputs(_round_right_angles(values), shaped)


class _SweepDimensions:
    """The dimensions of a sweep: those of the arguments, and those of randomizations."""

    def __init__(self, shape: tuple[int, ...], arguments: tuple[int, ...]) -> None:
        """Assign each dimension.

        Raises:
            ResourceError: `bad_options`: the arguments cannot be broadcast to the shape.
        """
        padded = (1,) * (len(shape) - len(arguments)) + arguments
        if len(padded) != len(shape) or any(
            size not in (1, whole) for size, whole in zip(padded, shape, strict=True)
        ):
            raise ResourceError(
                FailureCode.BAD_OPTIONS,
                f"randomization.shape: the arguments have the shape {list(arguments)}, which "
                f"cannot be broadcast to {list(shape)}",
            )
        self._shape = shape
        self._arguments = arguments
        self._outer = [k for k, size in enumerate(padded) if size > 1]
        self._inner = [k for k, size in enumerate(padded) if size == 1]
        self._skipped = len(shape) - len(arguments)
        self.outer_size = prod(shape[k] for k in self._outer)
        self.inner_size = prod(shape[k] for k in self._inner)

    def indices(self) -> Iterator[tuple[int, ...]]:
        """Yield the index of the arguments for each element of their dimensions."""
        for number in np.ndindex(*(self._shape[k] for k in self._outer)):
            places = dict(zip(self._outer, number, strict=True))
            yield tuple(places.get(k + self._skipped, 0) for k in range(len(self._arguments)))

    def restore(self, array: NDArray[Any]) -> NDArray[Any]:
        """Return an array of shape (outer, inner, …) with the dimensions of the sweep."""
        order = [*self._outer, *self._inner]
        sizes = [self._shape[k] for k in order]
        inverse = [order.index(k) for k in range(len(order))]
        rest = array.shape[2:]
        trailing = range(len(order), len(order) + len(rest))
        return array.reshape(*sizes, *rest).transpose(*inverse, *trailing)


def _groups(size: int, most: int) -> Iterator[tuple[int, int]]:
    """Yield the first number and the size of each group."""
    for start in range(0, size, most):
        yield start, min(most, size - start)


def _result_dtype(dtype: "np.dtype[Any]") -> "np.dtype[Any]":
    """Return the dtype of a result that holds all values of a dtype."""
    if dtype.kind in "iu" and dtype != np.uint8:
        return np.dtype(np.int64)
    return np.dtype({"f": np.float64, "c": np.complex128}.get(dtype.kind, dtype))


def _check_elements(shape: tuple[int, ...], settings: Settings) -> None:
    if prod(shape) > settings.max_sweep:
        raise ResourceError(
            FailureCode.BAD_OPTIONS,
            f"randomization.shape: {list(shape)} has {prod(shape):,} elements, and one task can "
            f"have at most {settings.max_sweep:,} (QUANTUMTASK_MAX_SWEEP)",
        )


def _check_arrays(samplex: Samplex, shape: tuple[int, ...], settings: Settings) -> None:
    """Check the names and the sizes of all arrays before they are drawn."""
    elements, result, memory = prod(shape), 0, 0
    for name, (each, dtype) in samplex.arrays.items():
        size = elements * prod(each) * _result_dtype(dtype).itemsize
        memory += size
        if name != PARAMETER_VALUES:
            result += size * 4 // 3
        if name in OUTPUT_KINDS or name.partition(".")[0] == "memory":
            raise ResourceError(
                FailureCode.BAD_OPTIONS,
                f"randomization.samplex: an array must not have the name {name!r}, which is an "
                "output of every task",
            )
    check_result_size(result, settings, "Draw fewer randomizations")
    if memory * 2 > available_bytes(settings):
        raise ResourceError(
            FailureCode.OUT_OF_MEMORY,
            f"randomization: its arrays need {format_bytes(memory)}, and a slot has "
            f"{format_bytes(available_bytes(settings) // 2)} for them. Draw fewer randomizations, "
            "or split the sweep into several tasks",
        )


def _round_right_angles(values: NDArray[Any]) -> NDArray[np.float64]:
    """Return angles, with those that single precision moved back at multiples of right angles."""
    turns = values.astype(np.float64) / _RIGHT_ANGLE
    with np.errstate(invalid="ignore"):
        nearest = np.round(turns)
        close = np.abs(turns - nearest) < SINGLE_PRECISION
    return np.where(close, nearest * _RIGHT_ANGLE, values)
