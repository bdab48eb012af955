"""Observables as they are sent: "ZZ", or [["ZZ", 1.0], …], one or an array of them."""

from collections.abc import Iterator
from typing import Any


def column(observables: Any) -> Any:
    """With a dimension more, so that each observable goes with every element of a sweep."""
    if observables is None or _is_one(observables):
        return observables
    return [[each] if _is_one(each) else column(each) for each in observables]


def names(observables: Any) -> Iterator[str]:
    """What to call each of them, in their order: `ZZ`, or `0.5 ZZ + XI`."""
    if isinstance(observables, str):
        yield observables
    elif observables and _is_one(observables):
        text = " + ".join(_term(paulis, number) for paulis, number in observables)
        yield text.replace("+ -", "- ")
    else:
        for each in observables or ():
            yield from names(each)


def _is_one(value: Any) -> bool:
    """Whether it is an observable, and not a list of these."""
    return isinstance(value, str) or all(
        isinstance(term, list | tuple) and len(term) == 2 and not isinstance(term[1], str | list)
        for term in value
    )


def _term(paulis: str, number: float) -> str:
    return paulis if number == 1 else f"{number:.4g} {paulis}"
