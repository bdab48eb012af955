"""Ids of traces and spans, derived from the id of a task, and the W3C header `traceparent`."""

import re
from collections.abc import Mapping
from uuid import UUID

Attributes = Mapping[str, str | int]
"""The attributes of a span."""

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}.*")


def trace_id(task_id: str) -> int:
    """Return the id of a task's trace."""
    return UUID(task_id).int


def root_span_id(task_id: str) -> int:
    """Return the id of the root span of a task."""
    return UUID(task_id).int & (1 << 64) - 1


def parse_traceparent(header: str) -> tuple[int, int] | None:
    """Return the trace id and span id of a W3C `traceparent` header; None if it is not valid."""
    match = _TRACEPARENT.fullmatch(header)
    if match is None or header.startswith("ff"):
        return None
    trace, span = (int(part, 16) for part in match.groups())
    return (trace, span) if trace and span else None
