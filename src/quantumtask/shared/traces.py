"""Traces, where somebody collects them: one for each task, joined across processes by its id.

A task id is a UUID, 128 bits, and so is the id of a trace: they are the same, and the id of the
root span is the task id's low half. So nothing has to be stored or passed on.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from quantumtask.shared.settings import Settings, SettingsError

if TYPE_CHECKING:
    from quantumtask.shared.otlp import Traces

Attributes = Mapping[str, str | int]
"""What a span tells beside its name and times."""

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}.*")


def open_traces(settings: Settings, service: str, instance: str = "") -> "Traces | None":
    """What takes spans and sends them to the collector of the settings; None: there is none.

    Raises SettingsError where the packages for it are missing.
    """
    if not settings.traces:
        return None
    try:
        from quantumtask.shared.otlp import Traces
    except ImportError:
        raise SettingsError(
            "QUANTUMTASK_TRACES is set, but OpenTelemetry is not installed: "
            "pip install 'quantumtask[traces]'"
        ) from None
    return Traces(settings.traces, service, instance)


def trace_id(task_id: str) -> int:
    """The id of a task's trace."""
    return UUID(task_id).int


def root_id(task_id: str) -> int:
    """The id of the span that all others of a task are part of."""
    return UUID(task_id).int & (1 << 64) - 1


def parse_traceparent(header: str) -> tuple[int, int] | None:
    """The trace and the span that a W3C `traceparent` header names, if it names any."""
    match = _TRACEPARENT.fullmatch(header)
    if match is None or header.startswith("ff"):
        return None
    trace, span = (int(part, 16) for part in match.groups())
    return (trace, span) if trace and span else None
