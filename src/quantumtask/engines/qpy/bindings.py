"""Values of the parameters of a circuit at each element of a sweep."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit.circuit import Parameter

from quantumtask.engines.qpy.read import circuit_error
from quantumtask.openqasm.inputs.array_codec import ArrayFormatError, decode_array
from quantumtask.openqasm.inputs.sweep_binding import MAX_SWEEP_DIMENSIONS
from quantumtask.shared.close_names import suggestion
from quantumtask.shared.errors import CircuitError
from quantumtask.shared.output_kinds import ALL_PARAMETERS

BAD_PARAMETER = "bad_parameter"

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Bindings:
    """The values of all parameters of a circuit.

    Attributes:
        shape: The shape of the sweep; () for a single element.
        values: For each parameter, an array that is broadcast to the shape.
    """

    shape: tuple[int, ...]
    values: Mapping[Parameter, Values]

    def elements(self) -> Iterator[dict[Parameter, float]]:
        """Yield the values of each element, the last index running fastest."""
        arrays = {p: np.broadcast_to(array, self.shape) for p, array in self.values.items()}
        for index in np.ndindex(*self.shape):
            yield {p: float(array[index]) for p, array in arrays.items()}


def bind_parameters(
    parameters: Sequence[Parameter], text: str | None, max_elements: int
) -> Bindings:
    """Return the values of the parameters of a circuit.

    Args:
        parameters: The parameters in the order of the circuit.
        text: JSON object with a value or an array for each name, or with one array under
            ALL_PARAMETERS, whose last dimension has a value for each parameter.
        max_elements: Most elements of a sweep.

    Raises:
        CircuitError: a value is missing, or is no real number, or the shapes cannot be broadcast,
            or there are too many elements.
    """
    sent: dict[str, Any] = {} if text is None else json.loads(text)
    if ALL_PARAMETERS in sent:
        values, shape = _split_columns(sent, parameters)
        _check_shape(shape, max_elements)
        return Bindings(shape, values)
    _check_names([parameter.name for parameter in parameters], sent)
    values = {each: _to_array(each.name, sent[each.name]) for each in parameters}
    return Bindings(_broadcast_shape(values, max_elements), values)


def _split_columns(
    sent: Mapping[str, Any], parameters: Sequence[Parameter]
) -> tuple[dict[Parameter, Values], tuple[int, ...]]:
    if len(sent) > 1:
        raise _bad(f"`{ALL_PARAMETERS}` has the values of all parameters: send no other name")
    array = _to_array(ALL_PARAMETERS, sent[ALL_PARAMETERS])
    columns = array.shape[-1] if array.ndim else 0
    if not array.ndim or columns != len(parameters):
        raise _bad(
            f"`{ALL_PARAMETERS}`: the last dimension must have a value for each of the "
            f"{len(parameters)} parameters of the circuit; the shape is {list(array.shape)}"
        )
    return {each: array[..., k] for k, each in enumerate(parameters)}, array.shape[:-1]


def _check_names(names: Sequence[str], sent: Mapping[str, Any]) -> None:
    unknown = next((name for name in sent if name not in names), None)
    if unknown is not None:
        close = suggestion(unknown, [each for each in names if each not in sent])
        raise circuit_error(
            "unknown_parameter", f"parameters: the circuit has no parameter {unknown[:60]!r}{close}"
        )
    missing = [name for name in names if name not in sent]
    if missing:
        some = ", ".join(repr(name[:60]) for name in missing[:5])
        more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        raise circuit_error(
            "missing_parameter",
            f"parameters: the circuit needs a value for {some}{more}: send values by name, or one "
            f"array under `{ALL_PARAMETERS}`",
        )


def _to_array(name: str, value: Any) -> Values:
    try:
        array = decode_array(value) if isinstance(value, dict) else np.asarray(value)
    except (ArrayFormatError, ValueError) as error:
        reason = error if isinstance(error, ArrayFormatError) else "its lists have unequal lengths"
        raise _bad(f"{name[:60]!r}: {reason}") from None
    if array.dtype.kind not in "fiu" and array.size:
        raise _bad(f"{name[:60]!r}: must be real numbers")
    array = array.astype(np.float64)
    if not np.isfinite(array).all():
        raise _bad(f"{name[:60]!r}: must be finite numbers")
    return array


def _broadcast_shape(values: Mapping[Parameter, Values], max_elements: int) -> tuple[int, ...]:
    shape: tuple[int, ...] = ()
    for parameter, array in values.items():
        try:
            shape = np.broadcast_shapes(shape, array.shape)
        except ValueError:
            raise circuit_error(
                "shape_mismatch",
                f"parameters: {parameter.name[:60]!r} has the shape {list(array.shape)}, which "
                f"cannot be broadcast with {list(shape)} of those before it",
            ) from None
        _check_shape(shape, max_elements)
    return shape


def _check_shape(shape: tuple[int, ...], max_elements: int) -> None:
    if 0 in shape:
        raise _bad("an array must have at least one value")
    if len(shape) > MAX_SWEEP_DIMENSIONS:
        raise _bad(f"an array must have at most {MAX_SWEEP_DIMENSIONS} dimensions")
    if prod(shape) > max_elements:
        raise circuit_error(
            "sweep_too_large",
            f"a sweep of shape {list(shape)} has {prod(shape):,} elements, and one task can have "
            f"at most {max_elements:,}",
        )


def _bad(message: str) -> CircuitError:
    return circuit_error(BAD_PARAMETER, f"parameters: {message}")
