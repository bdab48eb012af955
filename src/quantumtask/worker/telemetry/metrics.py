"""All metrics of the worker (docs/how-to/metrics.md)."""

import re
from collections.abc import Callable
from functools import cache

from prometheus_client import Counter, Gauge, Histogram

from quantumtask.shared.task import ENGINES, Assignment, Failure, Result, TaskState
from quantumtask.shared.telemetry.prometheus import new_registry, render_page

REGISTRY = new_registry()

_STORE_BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
_TASK_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1800)

_SLOTS = Gauge("quantumtask_slots", "Slots of this worker.", registry=REGISTRY)
_BUSY = Gauge("quantumtask_slots_busy", "Slots that run tasks.", registry=REGISTRY)
_CLAIM_TASKS = Histogram(
    "quantumtask_claim_tasks",
    "Number of tasks of a claim; claims without a task are not counted.",
    registry=REGISTRY,
    buckets=(1, 2, 5, 10, 20, 50, 100, 200),
)
_CLAIM_S = Histogram(
    "quantumtask_claim_duration_seconds",
    "Duration of a claim in the database, with or without tasks.",
    registry=REGISTRY,
    buckets=_STORE_BUCKETS_S,
)
_COMMIT_S = Histogram(
    "quantumtask_commit_duration_seconds",
    "Duration of a transaction that records outcomes, renews leases and claims tasks.",
    registry=REGISTRY,
    buckets=_STORE_BUCKETS_S,
)
_WAIT_S = Histogram(
    "quantumtask_task_wait_seconds",
    "From submission to the claim of the last attempt; engine `none`: the task failed.",
    ("engine",),
    registry=REGISTRY,
    buckets=_TASK_BUCKETS_S,
)
_RUN_S = Histogram(
    "quantumtask_task_run_seconds",
    "Run time of completed tasks in the slot.",
    ("engine",),
    registry=REGISTRY,
    buckets=_TASK_BUCKETS_S,
)
_FINISHED = Counter(
    "quantumtask_tasks_finished_total",
    "Tasks that this worker finished, by final state and, for failures, by code. Direct runs that "
    "were not stored count, too.",
    ("state", "code"),
    registry=REGISTRY,
)
_LOST = Counter(
    "quantumtask_leases_lost_total",
    "Leases that this worker lost: the task was `cancelled`, was `taken` by another worker, or was "
    "`preempted` for another owner; `outcome_dropped`: noticed only when the outcome was recorded.",
    ("how",),
    registry=REGISTRY,
)
_RECLAIMED = Counter(
    "quantumtask_leases_swept_total",
    "Tasks reclaimed from lost workers, by their new state.",
    ("state",),
    registry=REGISTRY,
)
SLOT_END_REASONS = (
    *("cancelled", "lease_lost", "stopped", "timeout", "chunk_timeout"),
    *("compile_timeout", "out_of_memory", "killed", "crashed", "preempted"),
)
_SLOTS_ENDED = Counter(
    "quantumtask_slots_ended_total",
    "Slots that ended while they ran tasks. `chunk_timeout`: tiny tasks took too long; `killed`: "
    "by another process, mostly the kernel for lack of memory; `stopped`: with the worker.",
    ("reason",),
    registry=REGISTRY,
)
_RETRIES = Counter(
    "quantumtask_chunk_retries_total",
    "Tasks that run again, alone, because their slot was lost.",
    registry=REGISTRY,
)
_UNAVAILABLE = Counter(
    "quantumtask_store_unavailable_turns_total",
    "Transactions of the worker that failed because the database was unavailable.",
    registry=REGISTRY,
)


# Initialise label values with 0; otherwise rate() misses the first increment.
for _how in ("cancelled", "taken", "preempted", "outcome_dropped"):
    _LOST.labels(_how)
for _state in (TaskState.SUBMITTED, TaskState.FAILED):
    _RECLAIMED.labels(_state.value)
for _reason in SLOT_END_REASONS:
    _SLOTS_ENDED.labels(_reason)


def render_metrics(accept: str) -> tuple[bytes, str]:
    """Return all metrics as text, and the media type; `accept` is the scraper's Accept header."""
    return render_page(REGISTRY, accept)


def observe_slots(size: Callable[[], int], busy: Callable[[], int]) -> None:
    """Set the functions that return the number of slots and of busy slots."""
    _SLOTS.set_function(size)
    _BUSY.set_function(busy)


def claimed(tasks: int, seconds: float) -> None:
    """Count a claim."""
    _CLAIM_S.observe(seconds)
    if tasks:
        _CLAIM_TASKS.observe(tasks)


def completed(assignment: Assignment, result: Result) -> None:
    """Count a recorded result."""
    engine = result.engine if result.engine in ENGINES else "other"
    count, observe_wait, observe_run = _series_of_engine(engine)
    count()
    observe_wait(_wait_s(assignment))
    observe_run(result.run_ms / 1e3)


@cache
def _series_of_engine(
    engine: str,
) -> tuple[Callable[[], None], Callable[[float], None], Callable[[float], None]]:
    count = _FINISHED.labels("completed", "")
    return count.inc, _WAIT_S.labels(engine).observe, _RUN_S.labels(engine).observe


def failed(assignment: Assignment, failure: Failure) -> None:
    """Count a recorded failure."""
    _FINISHED.labels("failed", _code(failure.code)).inc()
    _WAIT_S.labels("none").observe(_wait_s(assignment))


def _wait_s(assignment: Assignment) -> float:
    """Return the wait by the database's clock, which may have been set back."""
    return max(0.0, assignment.claimed_at - assignment.submitted_at)


_MAX_CODES = 200
_CODE = re.compile(r"[a-z_]{1,40}")
_codes: set[str] = set()


def _code(code: str) -> str:
    """Return a code as a label; a hostile circuit in a slot may send any text as code."""
    if code not in _codes and (len(_codes) >= _MAX_CODES or not _CODE.fullmatch(code)):
        return "other"
    _codes.add(code)
    return code


def lease_lost(how: str) -> None:
    """Count a lost lease."""
    _LOST.labels(how).inc()


def reclaimed(state: str) -> None:
    """Count a task that was taken from a lost worker."""
    _RECLAIMED.labels(state).inc()


def slot_ended(reason: str) -> None:
    """Count a slot that ended while it ran tasks."""
    _SLOTS_ENDED.labels(reason).inc()


committed = _COMMIT_S.observe
retried = _RETRIES.inc
store_unavailable = _UNAVAILABLE.inc
