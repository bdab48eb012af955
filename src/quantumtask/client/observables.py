"""Observables in a request: "ZZ", or [["ZZ", 1.0], ...], single or as an array."""

from collections.abc import Iterator
from typing import Any


def column(observables: Any) -> Any:
    """Return observables with one more dimension, for broadcasting against a sweep."""
    if observables is None or _is_one(observables):
        return observables
    return [[each] if _is_one(each) else column(each) for each in observables]


def names(observables: Any) -> Iterator[str]:
    """Yield the name of each observable, such as `ZZ` or `0.5 ZZ + XI`."""
    if isinstance(observables, str):
        yield observables
    elif observables and _is_one(observables):
        text = " + ".join(_term(paulis, number) for paulis, number in observables)
        yield text.replace("+ -", "- ")
    else:
        for each in observables or ():
            yield from names(each)


def _is_one(value: Any) -> bool:
    """Return True for a single observable, False for a list of observables."""
    return isinstance(value, str) or all(
        isinstance(term, list | tuple) and len(term) == 2 and not isinstance(term[1], str | list)
        for term in value
    )


def _term(paulis: str, number: float) -> str:
    return paulis if number == 1 else f"{number:.4g} {paulis}"
