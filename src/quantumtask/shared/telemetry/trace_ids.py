"""Ids of traces and spans, derived from the id of a task; the W3C header traceparent."""

import re
from collections.abc import Mapping
from uuid import UUID

Attributes = Mapping[str, str | int]
"""What a span tells beside its name and times."""


_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}.*")


def trace_id(task_id: str) -> int:
    """The id of a task's trace."""
    return UUID(task_id).int


def root_span_id(task_id: str) -> int:
    """The id of the span that all others of a task are part of."""
    return UUID(task_id).int & (1 << 64) - 1


def parse_traceparent(header: str) -> tuple[int, int] | None:
    """The trace and the span that a W3C `traceparent` header names, if it names any."""
    match = _TRACEPARENT.fullmatch(header)
    if match is None or header.startswith("ff"):
        return None
    trace, span = (int(part, 16) for part in match.groups())
    return (trace, span) if trace and span else None
