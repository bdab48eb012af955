"""What the Worker measures: every metric of it is declared here. See docs/how-to/metrics.md."""

import re
from collections.abc import Callable
from functools import cache

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import choose_encoder

from quantumtask.shared.task import ENGINES, Assignment, Failure, Result, TaskState

disable_created_metrics()  # type: ignore[no-untyped-call]
REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

_STORE_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
_TASK_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1800)

_SLOTS = Gauge("quantumtask_slots", "Slots of this worker.", registry=REGISTRY)
_BUSY = Gauge("quantumtask_slots_busy", "Slots that are at work.", registry=REGISTRY)
_CLAIM_TASKS = Histogram(
    "quantumtask_claim_tasks",
    "Tasks that a claim took, of claims that took any.",
    registry=REGISTRY,
    buckets=(1, 2, 5, 10, 20, 50, 100, 200),
)
_CLAIM_S = Histogram(
    "quantumtask_claim_duration_seconds",
    "How long the database took for a claim, whether it took any task or not.",
    registry=REGISTRY,
    buckets=_STORE_S,
)
_COMMIT_S = Histogram(
    "quantumtask_commit_duration_seconds",
    "A whole turn in the database: outcomes written, leases renewed, tasks claimed, committed.",
    registry=REGISTRY,
    buckets=_STORE_S,
)
_WAIT_S = Histogram(
    "quantumtask_task_wait_seconds",
    "From submission to the claim of the attempt that ended it; engine `none`: it failed.",
    ("engine",),
    registry=REGISTRY,
    buckets=_TASK_S,
)
_RUN_S = Histogram(
    "quantumtask_task_run_seconds",
    "In the slot, of tasks that completed.",
    ("engine",),
    registry=REGISTRY,
    buckets=_TASK_S,
)
_FINISHED = Counter(
    "quantumtask_tasks_finished_total",
    "Tasks that this worker ended, by final state and, where they failed, the code.",
    ("state", "code"),
    registry=REGISTRY,
)
_LOST = Counter(
    "quantumtask_leases_lost_total",
    "Tasks that this worker held and lost: `cancelled`, `taken` by another worker, or "
    "`outcome_dropped` because that was noticed only as its outcome was written.",
    ("how",),
    registry=REGISTRY,
)
_SWEPT = Counter(
    "quantumtask_leases_swept_total",
    "Tasks taken from workers that are gone or stuck, by the state they came to.",
    ("state",),
    registry=REGISTRY,
)
SLOT_ENDS = (
    *("cancelled", "lease_lost", "stopped", "timeout", "chunk_timeout"),
    *("compile_timeout", "out_of_memory", "killed", "crashed"),
)
_SLOTS_ENDED = Counter(
    "quantumtask_slots_ended_total",
    "Slots that ended at work. `chunk_timeout`: tiny tasks were not tiny; `killed`: from outside, "
    "most likely by the kernel because memory ran out; `stopped`: with the worker.",
    ("reason",),
    registry=REGISTRY,
)
_RETRIES = Counter(
    "quantumtask_chunk_retries_total",
    "Tasks that run again, alone, because the slot ended that had them.",
    registry=REGISTRY,
)
_UNAVAILABLE = Counter(
    "quantumtask_store_unavailable_turns_total",
    "Turns of the worker that failed because the database did not answer.",
    registry=REGISTRY,
)


# A series that begins at its first event looks as if nothing had happened: an alert would miss it.
for _how in ("cancelled", "taken", "outcome_dropped"):
    _LOST.labels(_how)
for _state in (TaskState.SUBMITTED, TaskState.FAILED):
    _SWEPT.labels(_state.value)
for _reason in SLOT_ENDS:
    _SLOTS_ENDED.labels(_reason)


def page(accept: str) -> tuple[bytes, str]:
    """All metrics in the text format that a scraper accepts, and the name of that format."""
    encode, kind = choose_encoder(accept)
    return encode(REGISTRY), kind


def slots(size: Callable[[], int], busy: Callable[[], int]) -> None:
    """Where to read how many slots there are, and how many are at work."""
    _SLOTS.set_function(size)
    _BUSY.set_function(busy)


def claimed(tasks: int, seconds: float) -> None:
    """A claim and how long it took."""
    _CLAIM_S.observe(seconds)
    if tasks:
        _CLAIM_TASKS.observe(tasks)


def completed(assignment: Assignment, result: Result) -> None:
    """A result that was written."""
    count, wait, run = _completed(result.engine if result.engine in ENGINES else "other")
    count()
    wait(_waited_s(assignment))
    run(result.run_ms / 1e3)


@cache
def _completed(
    engine: str,
) -> tuple[Callable[[], None], Callable[[float], None], Callable[[float], None]]:
    count = _FINISHED.labels("completed", "")
    return count.inc, _WAIT_S.labels(engine).observe, _RUN_S.labels(engine).observe


def failed(assignment: Assignment, failure: Failure) -> None:
    """A failure that was written."""
    _FINISHED.labels("failed", _code(failure.code)).inc()
    _WAIT_S.labels("none").observe(_waited_s(assignment))


def _waited_s(assignment: Assignment) -> float:
    """By the database's clock, which may have been set back."""
    return max(0.0, assignment.claimed_at - assignment.submitted_at)


_MOST_CODES = 200
_CODE = re.compile(r"[a-z_]{1,40}")
_codes: set[str] = set()


def _code(code: str) -> str:
    """A code as a label. It comes from a slot, and what took over a slot may send anything."""
    if code not in _codes and (len(_codes) >= _MOST_CODES or not _CODE.fullmatch(code)):
        return "other"
    _codes.add(code)
    return code


def lost(how: str) -> None:
    """A task that is no longer ours."""
    _LOST.labels(how).inc()


def swept(state: str) -> None:
    """A task that was taken from a lost worker."""
    _SWEPT.labels(state).inc()


def slot_ended(reason: str) -> None:
    """A slot that ended while it was at work."""
    _SLOTS_ENDED.labels(reason).inc()


committed = _COMMIT_S.observe
retried = _RETRIES.inc
store_unavailable = _UNAVAILABLE.inc
