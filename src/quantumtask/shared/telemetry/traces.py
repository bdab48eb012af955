"""Traces, where somebody collects them: one for each task, joined across processes by its id.

A task id is a UUID, 128 bits, and so is the id of a trace: they are the same, and the id of the
root span is the task id's low half. So nothing has to be stored or passed on.
"""

from typing import TYPE_CHECKING

from quantumtask.shared.settings import Settings, SettingsError

if TYPE_CHECKING:
    from quantumtask.shared.telemetry.otlp import TraceExporter


def open_traces(settings: Settings, service: str, instance: str = "") -> "TraceExporter | None":
    """What takes spans and sends them to the collector of the settings; None: there is none.

    Raises SettingsError where the packages for it are missing.
    """
    if not settings.traces:
        return None
    try:
        from quantumtask.shared.telemetry.otlp import TraceExporter
    except ImportError:
        raise SettingsError(
            "QUANTUMTASK_TRACES is set, but OpenTelemetry is not installed: "
            "pip install 'quantumtask[traces]'"
        ) from None
    return TraceExporter(settings.traces, service, instance)
