"""Values of input variables, which may be arrays, and the sweep over their elements."""

from collections.abc import Callable, Iterator, Sequence
from math import isfinite, prod
from typing import Any, NamedTuple

import numpy as np

from quantumtask.openqasm.inputs.array_codec import ArrayFormatError, decode_array
from quantumtask.openqasm.text.source import Diagnostic, Span, shorten
from quantumtask.openqasm.values.types import Type

ParseElement = Callable[[Any, str], Any]
"""Function that converts one value from JSON to the type of the input variable.

The second argument is the name of the value in messages. Raises Diagnostic.
"""

StoreValue = Callable[[list[Any], Any], None]
"""Function that writes a value into the memory of a run."""

_DOUBLES = (Type("float"), Type("float", 64))
"""The types whose values are the numbers of an array of float64, without a conversion of each."""

MAX_SWEEP_DIMENSIONS = 16
"""Most dimensions of a sweep."""


class InputArray(NamedTuple):
    """The values of an input variable.

    Attributes:
        shape: The shape of the array; empty for a single value.
        values: The values, the last index running fastest.
    """

    shape: tuple[int, ...]
    values: Sequence[Any]


class InputVariable(NamedTuple):
    """An `input` of a program; `array` has its values, or None if the program is only checked."""

    name: str
    type: Type
    span: Span
    store: StoreValue
    array: InputArray | None


def parse_input(
    value: Any, variable: InputVariable, parse_element: ParseElement, max_elements: int
) -> InputArray:
    """Return the values of an input variable.

    Args:
        value: JSON: a single value, nested lists of values, or an encoded array.
        variable: The input variable.
        parse_element: Converts one value.
        max_elements: Most elements of a sweep.

    Raises:
        Diagnostic: The value does not have the type of the variable, or has too many elements.
    """
    if type(value) is float and isfinite(value) and variable.type in _DOUBLES:
        return InputArray((), [value])
    if isinstance(value, dict):
        try:
            return _parse_encoded(value, variable, parse_element, max_elements)
        except ArrayFormatError as error:
            message = f"input `{shorten(variable.name)}`: {error}"
            raise Diagnostic("bad_parameter", message, variable.span) from None
    depth = _list_depth(value)
    shape: tuple[int, ...] = ()
    items = [value]
    for _ in range(depth - _value_dimensions(variable.type, depth)):
        items = _flatten(items, variable)
        shape = (*shape, len(items) // prod(shape))
        _check_shape(shape, variable, max_elements)
    return _parse_elements(shape, items, variable, parse_element)


def _parse_encoded(
    value: dict[str, Any], variable: InputVariable, parse_element: ParseElement, max_elements: int
) -> InputArray:
    array = decode_array(value)
    if array.dtype == np.complex128:
        if (variable.type.base or variable.type).kind != "complex":
            raise ArrayFormatError(f"dtype complex128 cannot be converted to {variable.type}")
        pairs = array.reshape(-1).view(np.float64)  # no view of an array without dimensions
        array = pairs.reshape(*array.shape, 2)
    sweep_dimensions = array.ndim - _value_dimensions(variable.type, array.ndim)
    shape = array.shape[:sweep_dimensions]
    _check_shape(shape, variable, max_elements)
    if variable.type in _DOUBLES and array.dtype == np.float64 and np.isfinite(array).all():
        return InputArray(shape, array.reshape(-1).tolist())
    rows = array.reshape(prod(shape), *array.shape[sweep_dimensions:])
    return _parse_elements(shape, rows.tolist(), variable, parse_element)


def _value_dimensions(type: Type, depth: int) -> int:
    """Return the number of an array's last dimensions that belong to a single value.

    Args:
        type: The type of the input variable.
        depth: Number of dimensions of the array.
    """
    is_pair = (type.base or type).kind == "complex" and depth > len(type.shape)
    return min(len(type.shape) + is_pair, depth)


def _list_depth(value: Any) -> int:
    depth = 0
    while isinstance(value, list):
        depth += 1
        value = value[0] if value else None
    return depth


def _flatten(items: list[Any], variable: InputVariable) -> list[Any]:
    """Return the elements of lists, which must all have one length."""
    length = len(items[0])
    if any(not isinstance(item, list) or len(item) != length for item in items):
        message = f"input `{shorten(variable.name)}`: nested lists must have equal lengths"
        raise Diagnostic("bad_parameter", message, variable.span)
    return [element for item in items for element in item]


def _check_shape(shape: tuple[int, ...], variable: InputVariable, max_elements: int) -> None:
    if 0 in shape:
        message = f"input `{shorten(variable.name)}`: an array must have at least one value"
        raise Diagnostic("bad_parameter", message, variable.span)
    if len(shape) > MAX_SWEEP_DIMENSIONS:
        message = (
            f"input `{shorten(variable.name)}`: an array must have at most "
            f"{MAX_SWEEP_DIMENSIONS} dimensions"
        )
        raise Diagnostic("bad_parameter", message, variable.span)
    if prod(shape) > max_elements:
        raise _too_large(shape, variable, max_elements)


def _too_large(shape: tuple[int, ...], variable: InputVariable, max_elements: int) -> Diagnostic:
    message = (
        f"a sweep of shape {list(shape)} has {prod(shape):,} elements, and one task can have at "
        f"most {max_elements:,}"
    )
    return Diagnostic("sweep_too_large", message, variable.span)


def _parse_elements(
    shape: tuple[int, ...], items: list[Any], variable: InputVariable, parse_element: ParseElement
) -> InputArray:
    if not shape:
        return InputArray((), [parse_element(items[0], variable.name)])
    names = (f"{variable.name}[{format_index(k, shape)}]" for k in range(len(items)))
    return InputArray(shape, [parse_element(i, name) for i, name in zip(items, names, strict=True)])


def format_index(number: int, shape: tuple[int, ...]) -> str:
    """Return the index of an element in the syntax of Python, such as "3, 17".

    Args:
        number: The number of the element, the last index running fastest.
        shape: The shape of the array.
    """
    return ", ".join(str(int(k)) for k in np.unravel_index(number, shape))


def broadcast_shape(variables: Sequence[InputVariable], max_elements: int) -> tuple[int, ...]:
    """Return the shape of the sweep: the broadcast of the shapes of all input variables.

    Raises:
        Diagnostic: The shapes cannot be broadcast, or have more than `max_elements` elements.
    """
    result: tuple[int, ...] = ()
    for number, variable in enumerate(variables):
        shape = variable.array.shape if variable.array else ()
        if not shape:
            continue
        try:
            result = np.broadcast_shapes(result, shape)
        except ValueError:
            raise _mismatch(variables[:number], variable, shape) from None
        if prod(result) > max_elements:
            raise _too_large(result, variable, max_elements)
    return result


def _mismatch(
    earlier: Sequence[InputVariable], variable: InputVariable, shape: tuple[int, ...]
) -> Diagnostic:
    other_name, other_shape = next(
        (other.name, other.array.shape)
        for other in earlier
        if other.array and not _is_broadcastable(other.array.shape, shape)
    )
    message = (
        f"input `{shorten(variable.name)}` has shape {list(shape)}, and input "
        f"`{shorten(other_name)}` has shape {list(other_shape)}: they cannot be broadcast together"
    )
    return Diagnostic("shape_mismatch", message, variable.span)


def _is_broadcastable(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return all(a == b or 1 in (a, b) for a, b in zip(one[::-1], other[::-1], strict=False))


ElementBinding = list[tuple[StoreValue, Any]]
"""For each input variable, the function that stores its value, and the value for one element."""


def element_bindings(
    variables: Sequence[InputVariable], shape: tuple[int, ...]
) -> Iterator[ElementBinding]:
    """Yield the binding of each element of the sweep, the last index running fastest."""
    bound = [(variable.store, variable.array) for variable in variables if variable.array]
    if not shape:  # most programs: no sweep
        yield [(store, array.values[0]) for store, array in bound]
        return
    columns = [_iterate_broadcast(array, shape) for _, array in bound]
    stores = [store for store, _ in bound]
    for _ in range(prod(shape)):
        yield [(store, next(column)) for store, column in zip(stores, columns, strict=True)]


def _iterate_broadcast(array: InputArray, shape: tuple[int, ...]) -> Iterator[Any]:
    """Return an iterator over the value for each element, without a copy of the values."""
    if array.shape == shape:
        return iter(array.values)
    numbers = np.arange(len(array.values)).reshape(array.shape)
    values = array.values
    return (values[int(number)] for number in np.broadcast_to(numbers, shape).flat)
