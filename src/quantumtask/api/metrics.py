"""What the API measures: every metric of it is declared here. See docs/how-to/metrics.md."""

from collections.abc import Callable, Iterator
from functools import cache
from time import perf_counter, time
from types import TracebackType

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from quantumtask.shared.errors import QuantumTaskError, QueueFull, StoreUnavailable
from quantumtask.shared.queue_stats import Queue

disable_created_metrics()  # type: ignore[no-untyped-call]
REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

_REQUESTS = Counter(
    "quantumtask_http_requests_total",
    "Requests answered. A path that is none of ours has the route `other`.",
    ("method", "route", "status"),
    registry=REGISTRY,
)
_DURATION = Histogram(
    "quantumtask_http_request_duration_seconds",
    "From a request's head to the end of its answer; without streams and who asked to `wait`.",
    ("method", "route"),
    registry=REGISTRY,
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
_SUBMISSIONS = Counter(
    "quantumtask_submissions_total",
    "Submissions by what came of them: `taken`, `repeated` (an Idempotency-Key that was known), or "
    "the code of the error they were refused with.",
    ("outcome",),
    registry=REGISTRY,
)
_CANCELLATIONS = Counter(
    "quantumtask_cancellations_total",
    "Cancellations that a client asked for and got.",
    registry=REGISTRY,
)
_STREAMS = Gauge(
    "quantumtask_streams", "Streams of events and of results that are open.", registry=REGISTRY
)


class _Queue(Collector):
    """What was last read of the queue; without a reading, only that there is none."""

    seen: Queue | None = None

    def collect(self) -> Iterator[Metric]:
        found = self.seen
        yield _gauge("quantumtask_database_up", "Whether the database answers.", found is not None)
        if found is None:
            return
        tasks = _gauge("quantumtask_queue_tasks", "Tasks that are not final.", labels=["state"])
        tasks.add_metric(["submitted"], found.waiting)
        tasks.add_metric(["running"], found.running)
        yield tasks
        oldest_s = 0.0 if found.oldest_at is None else max(0.0, time() - found.oldest_at)
        yield _gauge(
            "quantumtask_queue_oldest_seconds", "Age of the oldest waiting task.", oldest_s
        )
        yield _gauge("quantumtask_workers", "Workers that were seen lately.", found.workers)


def _gauge(
    name: str, about: str, value: float | None = None, labels: list[str] | None = None
) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, about, value=value, labels=labels)


_QUEUE = _Queue()
REGISTRY.register(_QUEUE)


def page(accept: str, seen: Queue | None) -> tuple[bytes, str]:
    """All metrics in the text format that a scraper accepts, and the name of that format."""
    _QUEUE.seen = seen
    encode, kind = choose_encoder(accept)
    return encode(REGISTRY), kind


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def answered(method: str, route: str, status: int, started: float | None) -> None:
    """Counts a request that was answered now; `started`: by `perf_counter`, None: it waited."""
    count, observe = _of(method if method in _METHODS else "other", route, status)
    count()
    if started is not None:
        observe(perf_counter() - started)


@cache
def _of(method: str, route: str, status: int) -> tuple[Callable[[], None], Callable[[float], None]]:
    count = _REQUESTS.labels(method, route, str(status))
    return count.inc, _DURATION.labels(method, route).observe


class Submitting:
    """Around the taking of a submission: counts why it was refused, if it is."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        if isinstance(error, QuantumTaskError):
            _SUBMISSIONS.labels(error.code).inc()


# A series that begins at its first event looks as if nothing had happened: an alert would miss it.
for _busy in (QueueFull, StoreUnavailable):
    _SUBMISSIONS.labels(_busy.code)

refusals = Submitting()
taken = _SUBMISSIONS.labels("taken").inc
repeated = _SUBMISSIONS.labels("repeated").inc
cancelled = _CANCELLATIONS.inc
streaming = _STREAMS.track_inprogress
