"""Traces of tasks, if a collector is configured: one trace for each task, across processes.

The id of a trace is the id of its task, a UUID of 128 bits, and the id of the root span is the low
half of it. So no process has to store or pass on trace ids.
"""

from typing import TYPE_CHECKING

from quantumtask.shared.installation import install_command
from quantumtask.shared.settings import Settings, SettingsError

if TYPE_CHECKING:
    from quantumtask.shared.telemetry.otlp import TraceExporter


def open_traces(settings: Settings, service: str, instance: str = "") -> "TraceExporter | None":
    """Return the exporter of spans to the collector of the settings; None without a collector.

    Raises:
        SettingsError: A collector is set, but OpenTelemetry is not installed.
    """
    if not settings.traces:
        return None
    try:
        from quantumtask.shared.telemetry.otlp import TraceExporter
    except ImportError:
        raise SettingsError(
            "QUANTUMTASK_TRACES is set, but OpenTelemetry is not installed: "
            + install_command("traces")
        ) from None
    return TraceExporter(settings.traces, service, instance)
