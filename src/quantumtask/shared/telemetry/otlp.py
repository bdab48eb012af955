"""Spans out, by OTLP over HTTP. OpenTelemetry is imported only here, and only if traces are on."""

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
_MOST_WAITING = 8192
_EVERY_MS = 1000.0
_LIMIT_S = 5.0
_CLOSING_S = 3.0


class TraceExporter:
    """Takes spans in no time, from any thread; sends them on in one of its own.

    A collector that is away costs spans, beyond so many that wait, and nothing else.
    """

    def __init__(self, endpoint: str, service: str, instance: str) -> None:
        named = {
            "service.name": f"quantumtask-{service}",
            "service.version": __version__,
            "service.instance.id": instance or socket.gethostname(),
        }
        # Its own words on a collector that is away are one line for each try.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        processor = BatchSpanProcessor(
            _Noting(OTLPSpanExporter(endpoint, timeout=_LIMIT_S), endpoint),
            max_queue_size=_MOST_WAITING,
            schedule_delay_millis=_EVERY_MS,
        )
        self._provider = TracerProvider(
            ALWAYS_ON, Resource.create(named), shutdown_on_exit=False, id_generator=_Ids()
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
        """The span that all others of the task are part of; `caused_by`: a trace and its span."""
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
        """A span of a task; times in nanoseconds since 1970. `error`: why it came to nothing."""
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
        """Sends what waits, if somebody takes it within a few seconds."""
        # In a thread that ends with the process: it would wait for half a minute.
        closing = threading.Thread(target=self._provider.shutdown, daemon=True)
        closing.start()
        closing.join(_CLOSING_S)


_root: ContextVar[str] = ContextVar("root")


class _Ids(RandomIdGenerator):
    """Random ids, but for a root span, whose ids come from its task."""

    def generate_trace_id(self) -> int:
        return trace_id(_root.get())

    def generate_span_id(self) -> int:
        task_id = _root.get("")
        return root_span_id(task_id) if task_id else super().generate_span_id()


class _Noting(SpanExporter):
    """Exports, and says once that nobody takes it, and once that somebody does again."""

    def __init__(self, exporter: SpanExporter, endpoint: str) -> None:
        self._exporter = exporter
        self._endpoint = endpoint
        self._taken = True

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export(spans)
        taken = result is SpanExportResult.SUCCESS
        if taken is not self._taken:
            words = "traces are taken again" if taken else "traces are lost: nobody takes them"
            log.warning(words, extra={"endpoint": self._endpoint})
        self._taken = taken
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)
