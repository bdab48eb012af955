"""Extensions of schemathesis: programs as bodies, and keys that no other request has used."""

from itertools import count
from typing import Any

import schemathesis
from schemathesis import Case, HookContext

PROGRAM_TYPE = "application/openqasm"
KEY = "Idempotency-Key"

schemathesis.serializer.alias(PROGRAM_TYPE, "text/plain")
numbers = count()


@schemathesis.hook
def filter_case(context: HookContext, case: "Case[Any]") -> bool:  # noqa: ARG001  # by name
    """Return False for a program that is no string: sent as text, it is valid all the same."""
    return case.media_type != PROGRAM_TYPE or isinstance(case.body, str)


@schemathesis.hook
def map_case(context: HookContext, case: "Case[Any]") -> "Case[Any]":  # noqa: ARG001  # by name
    """Return the case with a new key: a used one returns the id of a task that may be deleted."""
    key = case.headers.get(KEY) if case.headers else None
    if isinstance(key, str) and 0 < len(key) <= 64 and key.isascii() and key.isprintable():
        case.headers[KEY] = f"key-{next(numbers)}"
    return case
