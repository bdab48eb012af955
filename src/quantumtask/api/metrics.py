"""All metrics of the API (docs/how-to/metrics.md)."""

from collections.abc import Callable, Iterator
from functools import cache
from time import perf_counter, time
from types import TracebackType

from prometheus_client import (
    Counter,
    Gauge,
    Histogram,
    Metric,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from quantumtask.shared.errors import QuantumTaskError, QueueFull, StoreUnavailable
from quantumtask.shared.queue_stats import QueueStats
from quantumtask.shared.telemetry.prometheus import new_registry, render_page

REGISTRY = new_registry()

_REQUESTS = Counter(
    "quantumtask_http_requests_total",
    "Requests answered. The route is `other` for an unknown path.",
    ("method", "route", "status"),
    registry=REGISTRY,
)
_DURATION = Histogram(
    "quantumtask_http_request_duration_seconds",
    "Request duration; excludes streams and long polls.",
    ("method", "route"),
    registry=REGISTRY,
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
_SUBMISSIONS = Counter(
    "quantumtask_submissions_total",
    "Submissions by outcome: `taken`, `repeated` (same Idempotency-Key and body as before), or the "
    "code of the error that refused them.",
    ("outcome",),
    registry=REGISTRY,
)
_DIRECT_RUNS = Counter(
    "quantumtask_direct_runs_total",
    "Tasks that ran before they were stored.",
    registry=REGISTRY,
)
_CANCELLATIONS = Counter(
    "quantumtask_cancellations_total",
    "Tasks cancelled by a client.",
    registry=REGISTRY,
)
_STREAMS = Gauge("quantumtask_streams", "Open streams of events and results.", registry=REGISTRY)


class _QueueCollector(Collector):
    """Gauges of the queue in `snapshot`, which is None while the database does not answer."""

    snapshot: QueueStats | None = None

    def collect(self) -> Iterator[Metric]:
        queue = self.snapshot
        yield _gauge("quantumtask_database_up", "1 if the database answers.", queue is not None)
        if queue is None:
            return
        tasks = _gauge("quantumtask_queue_tasks", "Tasks that are not final.", labels=["state"])
        tasks.add_metric(["submitted"], queue.waiting)
        tasks.add_metric(["running"], queue.running)
        yield tasks
        oldest_s = 0.0 if queue.oldest_at is None else max(0.0, time() - queue.oldest_at)
        yield _gauge(
            "quantumtask_queue_oldest_seconds", "Age of the oldest waiting task.", oldest_s
        )
        yield _gauge("quantumtask_workers", "Workers with a recent heartbeat.", queue.workers)


def _gauge(
    name: str, about: str, value: float | None = None, labels: list[str] | None = None
) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, about, value=value, labels=labels)


_QUEUE_COLLECTOR = _QueueCollector()
REGISTRY.register(_QUEUE_COLLECTOR)


def render_metrics(accept: str, queue: QueueStats | None) -> tuple[bytes, str]:
    """Return all metrics as text, and the media type of the text.

    Args:
        accept: The scraper's Accept header.
        queue: The queue now; None: the database does not answer.
    """
    _QUEUE_COLLECTOR.snapshot = queue
    return render_page(REGISTRY, accept)


_KNOWN_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def record_request(method: str, route: str, status: int, started: float | None) -> None:
    """Count a request that ends now, and its duration.

    Args:
        method: The HTTP method.
        route: The route, or `other`.
        status: The HTTP status of the response.
        started: Time of the begin by `perf_counter`; None: the duration is not recorded.
    """
    count, observe = _series(method if method in _KNOWN_METHODS else "other", route, status)
    count()
    if started is not None:
        observe(perf_counter() - started)


@cache
def _series(
    method: str, route: str, status: int
) -> tuple[Callable[[], None], Callable[[float], None]]:
    """Return the functions that count and time a request; cached, because `labels` is slow."""
    count = _REQUESTS.labels(method, route, str(status))
    return count.inc, _DURATION.labels(method, route).observe


class CountRefusals:
    """Context manager around a submission: counts the error that refuses it."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        if isinstance(error, QuantumTaskError):
            _SUBMISSIONS.labels(error.code).inc()


# Initialise label values with 0; otherwise rate() misses the first increment.
for _error in (QueueFull, StoreUnavailable):
    _SUBMISSIONS.labels(_error.code)

count_refusals = CountRefusals()
count_submissions = _SUBMISSIONS.labels("taken").inc
count_deduplicated = _SUBMISSIONS.labels("repeated").inc
count_direct_runs = _DIRECT_RUNS.inc
count_cancellations = _CANCELLATIONS.inc
track_stream = _STREAMS.track_inprogress
