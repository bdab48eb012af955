"""Events of the worker: metrics for all, log lines for some, spans if traces are on.

A completed task has no log line: its history has all details, and the line would take longer than a
tiny task.
"""

import logging
import time
from collections.abc import Iterable

from quantumtask.shared.errors import StoreUnavailable
from quantumtask.shared.lease import ReclaimedTask
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Assignment, Failure, Result, TaskState
from quantumtask.worker.outcome import AttemptOutcome, RecordedOutcome
from quantumtask.worker.telemetry import metrics
from quantumtask.worker.telemetry.spans import WorkerSpans

log = logging.getLogger(__name__)


class WorkerEvents:
    """The events of the worker's loop, for its thread only."""

    def __init__(self, settings: Settings, worker: str) -> None:
        self._spans = WorkerSpans(settings, worker)

    def committed(
        self,
        recorded: list[RecordedOutcome],
        claimed: list[Assignment],
        claim_ns: int,
        began_ns: int,
    ) -> None:
        """Report the commit of a transaction.

        Args:
            recorded: The outcomes that it has recorded.
            claimed: The tasks that it has claimed.
            claim_ns: Begin of the claim, in nanoseconds since 1970.
            began_ns: Begin of the transaction, in nanoseconds since 1970.
        """
        now = time.time_ns()
        metrics.committed(max(0, now - began_ns) / 1e9)  # a clock may have been set back
        for each in recorded:
            self._recorded(each)
        self._spans.committed(recorded, began_ns, now)
        self._spans.claimed(claimed, claim_ns)

    def _recorded(self, recorded: RecordedOutcome) -> None:
        assignment, value = recorded.outcome.assignment, recorded.outcome.value
        if recorded.state is TaskState.COMPLETED and isinstance(value, Result):
            metrics.completed(assignment, value)
        elif recorded.state is TaskState.FAILED and isinstance(value, Failure):
            metrics.failed(assignment, value)
            log.info("task failed", extra={**_task(assignment), "code": value.code})
        elif recorded.state is TaskState.SUBMITTED:
            log.info("task requeued", extra=_task(assignment))
        else:
            metrics.lease_lost("outcome_dropped")
            log.info("outcome dropped: lease lost", extra=_task(assignment))

    def started(self, chunk: list[Assignment]) -> None:
        """Report the start of a chunk."""
        self._spans.started(chunk)

    def ended(self, outcome: AttemptOutcome) -> None:
        """Report the outcome of a task."""
        self._spans.ended(outcome)

    def retried(self, assignment: Assignment) -> None:
        """Report that a task will run again, alone, because its slot was lost."""
        metrics.retried()
        log.info("task will run again, alone", extra=_task(assignment))

    def lease_lost(self, assignment: Assignment, how: str) -> None:
        """Report the loss of a lease.

        Args:
            assignment: The task.
            how: `cancelled`, or `taken` by another worker.
        """
        metrics.lease_lost(how)
        self._spans.lease_lost(assignment, how)
        log.info("lease lost", extra={**_task(assignment), "how": how})

    def preempted(self, assignment: Assignment) -> None:
        """Report that a task gives its slot to another owner."""
        metrics.lease_lost("preempted")
        self._spans.lease_lost(assignment, "preempted")
        log.info("task gives way to another owner", extra=_task(assignment))

    def reclaimed(self, tasks: Iterable[ReclaimedTask]) -> None:
        """Report tasks that were taken from lost workers."""
        for task in tasks:
            metrics.reclaimed(task.state.value)
            extra = {"task_id": task.id, "attempt": task.attempt}
            extra |= {"state": task.state.value, "lost": task.worker}
            log.warning("task reclaimed from a lost worker", extra=extra)

    def store_unavailable(self, error: StoreUnavailable) -> None:
        """Report that the database cannot be reached."""
        metrics.store_unavailable()
        log.warning("store unavailable", extra={"reason": error.message})

    def close(self) -> None:
        """Send the queued spans."""
        self._spans.close()


def _task(assignment: Assignment) -> dict[str, str | int]:
    return {"task_id": assignment.id, "attempt": assignment.attempt}


_LOG_LEVELS = dict.fromkeys(("cancelled", "stopped", "preempted"), logging.INFO)


def slot_ended(reason: str, exitcode: int | None, tasks: Iterable[Assignment]) -> None:
    """Report the end of a slot at work, with a line for each task that it had; thread-safe."""
    metrics.slot_ended(reason)
    for assignment in tasks:
        extra = {**_task(assignment), "reason": reason, "exitcode": exitcode}
        log.log(_LOG_LEVELS.get(reason, logging.WARNING), "slot ended", extra=extra)
