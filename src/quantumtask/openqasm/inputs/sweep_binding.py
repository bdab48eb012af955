"""The values that inputs are given, which may be arrays: how those make one sweep."""

from collections.abc import Callable, Iterator, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from quantumtask.openqasm.inputs.array_codec import ArrayFormatError, decode_array
from quantumtask.openqasm.text.source import Diagnostic, Span, shorten
from quantumtask.openqasm.values.types import Type

ParseElement = Callable[[Any, str], Any]
"""One value of the input's type, from JSON and with the name to tell it by. Raises Diagnostic."""

MAX_SWEEP_DIMENSIONS = 16


class InputArray(NamedTuple):
    """One value for an input (the shape is empty), or an array of them, last index fastest."""

    shape: tuple[int, ...]
    values: Sequence[Any]


class InputVariable(NamedTuple):
    """An `input` of a program; `given` is None while it is only checked."""

    name: str
    type: Type
    span: Span
    store: Callable[[list[Any], Any], None]
    given: InputArray | None


def parse_input(value: Any, of: InputVariable, make: ParseElement, most: int) -> InputArray:
    """What an input is given: lists, or an encoded array; at most so many. Raises Diagnostic."""
    if isinstance(value, dict):
        try:
            return _encoded(value, of, make, most)
        except ArrayFormatError as wrong:
            message = f"the input `{shorten(of.name)}` was given an encoded array, but {wrong}"
            raise Diagnostic("bad_parameter", message, of.span) from None
    deep = _depth(value)
    own = _own(of.type, deep)
    shape: tuple[int, ...] = ()
    items = [value]
    for _ in range(deep - own):
        items = _opened(items, of)
        shape = (*shape, len(items) // prod(shape))
        _check(shape, of, most)
    return _made(shape, items, of, make)


def _encoded(value: dict[str, Any], of: InputVariable, make: ParseElement, most: int) -> InputArray:
    array = decode_array(value)
    if array.dtype == np.complex128:
        if (of.type.base or of.type).kind != "complex":
            raise ArrayFormatError(f"complex128 is not for {of.type}")
        pairs = array.reshape(-1).view(np.float64)  # no view of an array without dimensions
        array = pairs.reshape(*array.shape, 2)
    own = _own(of.type, array.ndim)
    shape = array.shape[: array.ndim - own]
    _check(shape, of, most)
    rows = array.reshape(prod(shape), *array.shape[array.ndim - own :])
    return _made(shape, rows.tolist(), of, make)


def _own(of: Type, deep: int) -> int:
    """How many of the dimensions, the last ones, belong to a single value."""
    pairs = (of.base or of).kind == "complex" and deep > len(of.shape)
    return min(len(of.shape) + pairs, deep)


def _depth(value: Any) -> int:
    deep = 0
    while isinstance(value, list):
        deep += 1
        value = value[0] if value else None
    return deep


def _opened(items: list[Any], of: InputVariable) -> list[Any]:
    """What is in lists that are all of one length."""
    first = len(items[0])
    if any(not isinstance(item, list) or len(item) != first for item in items):
        message = f"the values of `{shorten(of.name)}` are no array: its lists differ in length"
        raise Diagnostic("bad_parameter", message, of.span)
    return [element for item in items for element in item]


def _check(shape: tuple[int, ...], of: InputVariable, most: int) -> None:
    if 0 in shape:
        message = f"the input `{shorten(of.name)}` was given an array without a value in it"
        raise Diagnostic("bad_parameter", message, of.span)
    if len(shape) > MAX_SWEEP_DIMENSIONS:
        message = (
            f"the values of `{shorten(of.name)}` have more than {MAX_SWEEP_DIMENSIONS} dimensions"
        )
        raise Diagnostic("bad_parameter", message, of.span)
    if prod(shape) > most:
        raise _too_large(shape, of, most)


def _too_large(shape: tuple[int, ...], of: InputVariable, most: int) -> Diagnostic:
    message = f"a sweep of shape {list(shape)} has {prod(shape):,} elements, and at most {most:,} "
    return Diagnostic("sweep_too_large", message + "can be in one task", of.span)


def _made(
    shape: tuple[int, ...], items: list[Any], of: InputVariable, make: ParseElement
) -> InputArray:
    if not shape:
        return InputArray((), [make(items[0], of.name)])
    names = (f"{of.name}[{format_index(k, shape)}]" for k in range(len(items)))
    return InputArray(shape, [make(item, name) for item, name in zip(items, names, strict=True)])


def format_index(number: int, shape: tuple[int, ...]) -> str:
    """The index of an element, as Python writes it: "3, 17"."""
    return ", ".join(str(int(k)) for k in np.unravel_index(number, shape))


def broadcast_shape(inputs: Sequence[InputVariable], most: int) -> tuple[int, ...]:
    """Return the shape of the sweep of all inputs. Raises Diagnostic for shapes that do not fit."""
    together: tuple[int, ...] = ()
    for number, one in enumerate(inputs):
        shape = one.given.shape if one.given else ()
        try:
            together = np.broadcast_shapes(together, shape)
        except ValueError:
            raise _mismatch(inputs[:number], one, shape) from None
        if prod(together) > most:
            raise _too_large(together, one, most)
    return together


def _mismatch(
    before: Sequence[InputVariable], one: InputVariable, shape: tuple[int, ...]
) -> Diagnostic:
    other = next(i for i in before if i.given and not _fit(i.given.shape, shape))
    assert other.given
    message = (
        f"the values of `{shorten(one.name)}` have shape {list(shape)}, and those of "
        f"`{shorten(other.name)}` {list(other.given.shape)}: they cannot be broadcast together"
    )
    return Diagnostic("shape_mismatch", message, one.span)


def _fit(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return all(a == b or 1 in (a, b) for a, b in zip(one[::-1], other[::-1], strict=False))


ElementBinding = list[tuple[Callable[[list[Any], Any], None], Any]]
"""How each input is stored, and the value that it has now."""


def element_bindings(
    inputs: Sequence[InputVariable], shape: tuple[int, ...]
) -> Iterator[ElementBinding]:
    """What to store for each element of the sweep, the last index running fastest."""
    given = [(one.store, one.given) for one in inputs if one.given]
    columns = [_column(values, shape) for _, values in given]
    stores = [store for store, _ in given]
    for _ in range(prod(shape)):
        yield [(store, next(column)) for store, column in zip(stores, columns, strict=True)]


def _column(given: InputArray, shape: tuple[int, ...]) -> Iterator[Any]:
    """The value for each element; nothing is laid out for it."""
    numbers = np.arange(len(given.values)).reshape(given.shape)
    values = given.values
    return (values[int(number)] for number in np.broadcast_to(numbers, shape).flat)
