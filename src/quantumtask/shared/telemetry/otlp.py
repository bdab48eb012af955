"""Export of spans by OTLP over HTTP; the only file that imports OpenTelemetry."""

import logging
import socket
import threading
from collections.abc import Sequence
from contextvars import ContextVar

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from quantumtask.shared.telemetry.trace_ids import Attributes, root_span_id, trace_id
from quantumtask.version import __version__

log = logging.getLogger(__name__)

_SAMPLED = TraceFlags(TraceFlags.SAMPLED)
_MAX_QUEUED_SPANS = 8192
_INTERVAL_MS = 1000.0
_REQUEST_TIMEOUT_S = 5.0
_CLOSE_TIMEOUT_S = 3.0


class TraceExporter:
    """Queues spans of any thread and sends them to the collector in a thread of its own.

    While the collector is unreachable, spans beyond the limit of the queue are dropped.
    """

    def __init__(self, endpoint: str, service: str, instance: str) -> None:
        attributes = {
            "service.name": f"quantumtask-{service}",
            "service.version": __version__,
            "service.instance.id": instance or socket.gethostname(),
        }
        # OpenTelemetry itself logs a line for each failed request.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        processor = BatchSpanProcessor(
            _LoggingExporter(OTLPSpanExporter(endpoint, timeout=_REQUEST_TIMEOUT_S), endpoint),
            max_queue_size=_MAX_QUEUED_SPANS,
            schedule_delay_millis=_INTERVAL_MS,
        )
        self._provider = TracerProvider(
            ALWAYS_ON,
            Resource.create(attributes),
            shutdown_on_exit=False,
            id_generator=_IdGenerator(),
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("quantumtask", __version__)

    def add_root(
        self,
        task_id: str,
        name: str,
        began_ns: int,
        ended_ns: int,
        attributes: Attributes,
        caused_by: tuple[int, int] | None = None,
    ) -> None:
        """Export the root span of a task.

        Args:
            task_id: The task.
            name: The name of the span.
            began_ns: Start in nanoseconds since 1970.
            ended_ns: End in nanoseconds since 1970.
            attributes: The attributes of the span.
            caused_by: Trace id and span id of the request that submitted the task.
        """
        links = [Link(SpanContext(*caused_by, is_remote=True))] if caused_by else []
        token = _root.set(task_id)
        try:
            span = self._tracer.start_span(
                name,
                kind=SpanKind.SERVER,
                attributes={"quantumtask.task_id": task_id, **attributes},
                links=links,
                start_time=began_ns,
            )
        finally:
            _root.reset(token)
        span.end(ended_ns)

    def add(
        self,
        task_id: str,
        name: str,
        began_ns: int,
        ended_ns: int,
        attributes: Attributes,
        error: str | None = None,
    ) -> None:
        """Export a span of a task below its root span.

        Args:
            task_id: The task.
            name: The name of the span.
            began_ns: Start in nanoseconds since 1970.
            ended_ns: End in nanoseconds since 1970.
            attributes: The attributes of the span.
            error: The reason of a failure; None for success.
        """
        root = SpanContext(
            trace_id(task_id), root_span_id(task_id), is_remote=True, trace_flags=_SAMPLED
        )
        span = self._tracer.start_span(
            name,
            set_span_in_context(NonRecordingSpan(root)),
            attributes={"quantumtask.task_id": task_id, **attributes},
            start_time=began_ns,
        )
        if error is not None:
            span.set_status(Status(StatusCode.ERROR, error))
        span.end(ended_ns)

    def close(self) -> None:
        """Send the queued spans, for at most a few seconds."""
        # In a daemon thread, because `shutdown` may wait for half a minute.
        closing = threading.Thread(target=self._provider.shutdown, daemon=True)
        closing.start()
        closing.join(_CLOSE_TIMEOUT_S)


_root: ContextVar[str] = ContextVar("root")


class _IdGenerator(RandomIdGenerator):
    """Random ids, except for root spans, whose ids are those of their task."""

    def generate_trace_id(self) -> int:
        """Return the trace id of the task whose root span is being created."""
        return trace_id(_root.get())

    def generate_span_id(self) -> int:
        """Return the id of a root span, or a random id for every other span."""
        task_id = _root.get("")
        return root_span_id(task_id) if task_id else super().generate_span_id()


class _LoggingExporter(SpanExporter):
    """Exports spans and logs each change between a reachable and an unreachable collector."""

    def __init__(self, exporter: SpanExporter, endpoint: str) -> None:
        self._exporter = exporter
        self._endpoint = endpoint
        self._reachable = True

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send spans to the collector."""
        result = self._exporter.export(spans)
        reachable = result is SpanExportResult.SUCCESS
        if reachable is not self._reachable:
            state = "reachable again" if reachable else "unreachable: spans dropped"
            log.warning(f"trace collector {state}", extra={"endpoint": self._endpoint})
        self._reachable = reachable
        return result

    def shutdown(self) -> None:
        """Close the connection to the collector."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send all queued spans."""
        return self._exporter.force_flush(timeout_millis)
