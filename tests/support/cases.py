"""Hundreds of cases in one test: to pytest, an empty test costs more than a small program."""

from collections.abc import Callable, Mapping
from typing import TypeVar

Case = TypeVar("Case")

MOST_SHOWN = 20


def check_each(cases: Mapping[str, Case], check: Callable[[Case], None]) -> None:
    """Check every case; fail with the names and the errors of all that fail.

    Args:
        cases: The cases by their names.
        check: A function that raises an exception for a case that is wrong.
    """
    errors = []
    for name, case in cases.items():
        try:
            check(case)
        except Exception as error:
            errors.append(f"{name}: {type(error).__name__}: {error}")
    shown = "\n\n".join(errors[:MOST_SHOWN])
    assert not errors, f"{len(errors)} of {len(cases)} cases are wrong:\n\n{shown}"
