"""Results as rows of a table."""

import itertools
from collections.abc import Iterator
from typing import Any, TypeVar

from quantumtask.client.results.result_data import ResultData

TableRow = dict[str, Any]
_R = TypeVar("_R", bound=ResultData)


def rows(result: ResultData) -> list[TableRow]:
    """Return a row for each bit string or expectation value of each element.

    The rows of a sweep begin with the index (`i`, or `i0`, `i1`, ...) and the parameters of the
    element.
    """
    return [row for element in elements(result) for row in _rows(element)]


def elements(result: _R) -> Iterator[_R]:
    """Yield every element of a sweep, the last index first; a single result yields itself."""
    if not result.shape:
        yield result
        return
    for index in itertools.product(*map(range, result.shape)):
        yield result[index]


def _rows(element: ResultData) -> Iterator[TableRow]:
    head = _head(element)
    if element.expectation_values is not None:
        yield from _values(element, head)
    elif element.counts:
        for bits, count in sorted(element.counts.items()):
            yield {**head, "bits": bits, "count": count}
    elif element.probabilities is not None:
        for value, probability in enumerate(element.probabilities.tolist()):
            yield {**head, "value": value, "probability": probability}
    else:
        yield head


def labels(element: ResultData) -> list[str]:
    """Return the name of each expectation value of an element."""
    values = element.expectation_values
    number = 0 if values is None else values.size
    names = element.observables
    return list(names) if len(names) == number else [f"[{k}]" for k in range(number)]


def _head(element: ResultData) -> TableRow:
    names = ["i"] if len(element.index) == 1 else [f"i{k}" for k in range(len(element.index))]
    return {**dict(zip(names, element.index, strict=True)), **scalars(element)}


def scalars(element: ResultData) -> TableRow:
    """Return the parameters of an element that are single numbers or texts."""
    return {
        name: value
        for name, value in (element.parameters or {}).items()
        if not getattr(value, "shape", ()) and not isinstance(value, list | dict)
    }


def _values(element: ResultData, head: TableRow) -> Iterator[TableRow]:
    import numpy as np

    values, errors = element.expectation_values, element.standard_errors
    bounds = element.error_bounds
    for k, (at, value) in enumerate(np.ndenumerate(np.asarray(values))):
        row = {**head, "observable": labels(element)[k]}
        error = None if errors is None else float(errors[at])
        row |= {"expectation_value": float(value), "standard_error": error}
        yield row if bounds is None else {**row, "error_bound": float(bounds[at])}
