"""What a Worker tells of its work: metrics always, log lines where somebody might look for one,
spans where traces are on.

A task that completes leaves no line: its own history says all, and it would cost more than a tiny
task does.
"""

import logging
import time
from collections.abc import Iterable

from quantumtask.shared.errors import StoreUnavailable
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Assignment, Failure, ReclaimedTask, Result, TaskState
from quantumtask.worker.outcome import Outcome, Recorded
from quantumtask.worker.telemetry import metrics
from quantumtask.worker.telemetry.spans import Trail

log = logging.getLogger(__name__)


class Chronicle:
    """Belongs to the Worker's thread."""

    def __init__(self, settings: Settings, worker: str) -> None:
        self._trail = Trail(settings, worker)

    def wrote(
        self, recorded: list[Recorded], claimed: list[Assignment], claim_ns: int, began_ns: int
    ) -> None:
        """A turn was committed now, in which outcomes were recorded and tasks were claimed."""
        now = time.time_ns()
        metrics.committed(max(0, now - began_ns) / 1e9)  # a clock may have been set back
        for each in recorded:
            self._recorded(each)
        self._trail.committed(recorded, began_ns, now)
        self._trail.claimed(claimed, claim_ns)

    def _recorded(self, recorded: Recorded) -> None:
        assignment, verdict = recorded.outcome.assignment, recorded.outcome.verdict
        if recorded.state is TaskState.COMPLETED and isinstance(verdict, Result):
            metrics.completed(assignment, verdict)
        elif recorded.state is TaskState.FAILED and isinstance(verdict, Failure):
            metrics.failed(assignment, verdict)
            log.info("task failed", extra={**_task(assignment), "code": verdict.code})
        elif recorded.state is TaskState.SUBMITTED:
            log.info("task given back", extra=_task(assignment))
        else:
            metrics.lost("outcome_dropped")
            log.info("outcome dropped: the task is not ours", extra=_task(assignment))

    def started(self, chunk: list[Assignment]) -> None:
        """A slot has these now."""
        self._trail.started(chunk)

    def ended(self, outcome: Outcome) -> None:
        """A slot has told what came of a task."""
        self._trail.ended(outcome)

    def retried(self, assignment: Assignment) -> None:
        """A task has to run again because its slot ended; alone, so that it is seen why."""
        metrics.retried()
        log.info("task runs again, alone", extra=_task(assignment))

    def lost(self, assignment: Assignment, how: str) -> None:
        """A task was cancelled or taken from us."""
        metrics.lost(how)
        self._trail.lost(assignment, how)
        log.info("task lost", extra={**_task(assignment), "how": how})

    def swept(self, tasks: Iterable[ReclaimedTask]) -> None:
        """These were taken from workers that are lost."""
        for task in tasks:
            metrics.swept(task.state.value)
            extra = {"task_id": task.id, "attempt": task.attempt}
            more = {"state": task.state.value, "lost": task.worker}
            log.warning("task taken from a lost worker", extra={**extra, **more})

    def unavailable(self, error: StoreUnavailable) -> None:
        """The database does not answer."""
        metrics.store_unavailable()
        log.warning("store unavailable", extra={"reason": error.message})

    def close(self) -> None:
        """Delivers the spans that are left, if there is anybody to take them."""
        self._trail.close()


def _task(assignment: Assignment) -> dict[str, str | int]:
    return {"task_id": assignment.id, "attempt": assignment.attempt}


def slot_ended(reason: str, exitcode: int | None, had: Iterable[Assignment]) -> None:
    """A slot ended while it was at work; from any thread. A line for each task that it had."""
    metrics.slot_ended(reason)
    for assignment in had:
        extra = {**_task(assignment), "reason": reason, "exitcode": exitcode}
        log.log(_LEVEL.get(reason, logging.WARNING), "slot ended", extra=extra)


_LEVEL = dict.fromkeys(("cancelled", "stopped"), logging.INFO)
