"""What a task may ask for beyond its counts: checked as far as that goes without its circuit."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from quantumtask.api.schemas.parameters import MAX_PARAMETERS_BYTES
from quantumtask.shared.errors import InvalidRequest, ParametersTooLarge
from quantumtask.shared.output_kinds import (
    EXPECTATION_VALUES,
    MAX_OBSERVABLE_TERMS,
    OBSERVABLE_LETTERS,
    OUTPUT_KINDS,
)

DEEPEST = 16


def options_text(asked: Mapping[str, Any]) -> str | None:
    """What was asked for, as JSON text; None: nothing. Raises InvalidRequest that names a field."""
    given = {name: value for name, value in asked.items() if value is not None}
    if not given:
        return None
    observables = given.get("observables")
    if observables is not None:
        _check_observables(observables, MAX_OBSERVABLE_TERMS, DEEPEST)
    _check_returns(given.get("return"), observables is not None)
    precision = given.get("precision")
    if precision is not None and observables is None:
        raise InvalidRequest("precision: it is that of expectation values: give observables")
    text = json.dumps(given, separators=(",", ":"))
    if len(text) > MAX_PARAMETERS_BYTES:
        raise ParametersTooLarge(f"observables: more than {MAX_PARAMETERS_BYTES:,} bytes as JSON")
    return text


def _check_returns(wanted: Sequence[str] | None, observed: bool) -> None:
    if wanted is None:
        return
    unknown = [name for name in wanted if name not in OUTPUT_KINDS]
    if unknown or not wanted:
        raise InvalidRequest(f"return: a list of any of {', '.join(OUTPUT_KINDS)}")
    if (EXPECTATION_VALUES in wanted) != observed:
        raise InvalidRequest("return: expectation_values need observables, and these need them")


def _check_observables(value: object, left: int, deep: int) -> int:
    """An observable or an array of them; how many terms there may be after it."""
    if isinstance(value, str):
        return _check_letters(value, left)
    if not isinstance(value, list) or not value or not deep:
        raise InvalidRequest(
            'observables: each is a text such as "ZZ" or a list of terms such as ["ZZ", 0.5]'
        )
    if all(_is_term(item) for item in value):
        for string, _ in value:
            left = _check_letters(string, left)
        return left
    for item in value:
        left = _check_observables(item, left, deep - 1)
    return left


def _is_term(item: object) -> bool:
    return (
        isinstance(item, list)
        and len(item) == 2
        and isinstance(item[0], str)
        and isinstance(item[1], int | float)
        and not isinstance(item[1], bool)
        and abs(item[1]) <= sys.float_info.max
    )


def _check_letters(string: str, left: int) -> int:
    if not string or set(string) - OBSERVABLE_LETTERS:
        shown = string[:40]
        raise InvalidRequest(f"observables: {shown!r}: the letters are I X Y Z 0 1 + - r l")
    if not left:
        raise InvalidRequest(f"observables: more than {MAX_OBSERVABLE_TERMS:,} terms")
    return left - 1
