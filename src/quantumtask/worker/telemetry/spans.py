"""Spans of a task in the worker: wait, claim, run, commit; without traces, none at all."""

import time
from collections.abc import Iterable

from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Assignment, Failure, Result, TaskState
from quantumtask.shared.telemetry.trace_ids import Attributes
from quantumtask.shared.telemetry.traces import open_traces
from quantumtask.worker.outcome import AttemptOutcome, RecordedOutcome, Value


class WorkerSpans:
    """The spans of the worker's loop, for its thread only."""

    def __init__(self, settings: Settings, worker: str) -> None:
        self._traces = open_traces(settings, "worker", worker)
        self._started_ns: dict[tuple[str, int], int] = {}  # attempts that are in a slot

    def claimed(self, assignments: Iterable[Assignment], began_ns: int) -> None:
        """Export the spans of a claim that was committed now, and of the wait before it."""
        if self._traces is None:
            return
        now = time.time_ns()
        for task in assignments:
            if task.attempt == 1:
                times = round(task.submitted_at * 1e9), round(task.claimed_at * 1e9)
                self._traces.add(task.id, "wait", *times, _attributes(task))
            self._traces.add(task.id, "claim", began_ns, now, _attributes(task))

    def started(self, chunk: Iterable[Assignment]) -> None:
        """Record the start of a chunk."""
        if self._traces is not None:
            now = time.time_ns()
            self._started_ns |= {(task.id, task.attempt): now for task in chunk}

    def ended(self, outcome: AttemptOutcome) -> None:
        """Export the span of a run. The tasks of a chunk run one after the other."""
        value = outcome.value
        run_ms = value.run_ms if isinstance(value, Result) else None
        self._export_run(outcome.assignment, _run_attributes(value), _error(value), run_ms)

    def lease_lost(self, assignment: Assignment, how: str) -> None:
        """Export the span of a run whose outcome is dropped."""
        self._export_run(assignment, {}, how)

    def _export_run(
        self,
        assignment: Assignment,
        attributes: Attributes,
        error: str | None,
        run_ms: float | None = None,
    ) -> None:
        began_ns = self._started_ns.pop((assignment.id, assignment.attempt), None)
        if self._traces is None or began_ns is None:
            return
        now = time.time_ns()
        if run_ms is not None:
            began_ns = max(began_ns, now - round(run_ms * 1e6))
        attributes = {
            **_attributes(assignment),
            "quantumtask.shots": assignment.spec.shots,
            **attributes,
        }
        self._traces.add(assignment.id, "run", began_ns, now, attributes, error)

    def committed(self, recorded: Iterable[RecordedOutcome], began_ns: int, ended_ns: int) -> None:
        """Export the spans of outcomes that were recorded in one transaction."""
        if self._traces is None:
            return
        for each in recorded:
            task = each.outcome.assignment
            error = None if each.state else "lease lost"
            if each.state is TaskState.FAILED:
                error = _error(each.outcome.value)
            attributes = {**_attributes(task), "quantumtask.state": str(each.state or "")}
            self._traces.add(task.id, "commit", began_ns, ended_ns, attributes, error)

    def close(self) -> None:
        """Send the queued spans."""
        if self._traces is not None:
            self._traces.close()


def _attributes(assignment: Assignment) -> Attributes:
    return {"quantumtask.attempt": assignment.attempt, "quantumtask.worker": assignment.worker}


def _run_attributes(value: Value | None) -> Attributes:
    if not isinstance(value, Result):
        return {}
    return {"quantumtask.engine": value.engine, "quantumtask.method": value.method}


def _error(value: Value | None) -> str | None:
    if value is None:
        return "the slot ended"
    return value.code if isinstance(value, Failure) else None
