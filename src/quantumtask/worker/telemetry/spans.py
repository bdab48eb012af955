"""The spans of a task in the Worker: wait, claim, run, commit. Without traces, nothing at all."""

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Assignment, Failure, Result, TaskState
from quantumtask.shared.telemetry.trace_ids import Attributes
from quantumtask.shared.telemetry.traces import open_traces
from quantumtask.worker.outcome import Outcome

if TYPE_CHECKING:
    from quantumtask.worker.outcome import Recorded


class Trail:
    """Belongs to the Worker's thread."""

    def __init__(self, settings: Settings, worker: str) -> None:
        self._traces = open_traces(settings, "worker", worker)
        self._started: dict[tuple[str, int], int] = {}  # when, of what is in a slot

    def claimed(self, assignments: Iterable[Assignment], began_ns: int) -> None:
        """A claim that was committed now, and the waiting that it ended."""
        if self._traces is None:
            return
        now = time.time_ns()
        for a in assignments:
            if a.attempt == 1:
                times = round(a.submitted_at * 1e9), round(a.claimed_at * 1e9)
                self._traces.add(a.id, "wait", *times, _known(a))
            self._traces.add(a.id, "claim", began_ns, now, _known(a))

    def started(self, chunk: Iterable[Assignment]) -> None:
        """A slot has these now."""
        if self._traces is not None:
            now = time.time_ns()
            self._started |= {(a.id, a.attempt): now for a in chunk}

    def ended(self, outcome: Outcome) -> None:
        """What came of a task in a slot. The tasks of a chunk run one after the other."""
        verdict = outcome.verdict
        run_ms = verdict.run_ms if isinstance(verdict, Result) else None
        self._run(outcome.assignment, _ran(verdict), _error(verdict), run_ms)

    def lost(self, assignment: Assignment, how: str) -> None:
        """What a slot had of it came to nothing."""
        self._run(assignment, {}, how)

    def _run(
        self, a: Assignment, more: Attributes, error: str | None, run_ms: float | None = None
    ) -> None:
        if self._traces is None or (began := self._started.pop((a.id, a.attempt), None)) is None:
            return
        now = time.time_ns()
        if run_ms is not None:
            began = max(began, now - round(run_ms * 1e6))
        known = {**_known(a), "quantumtask.shots": a.spec.shots, **more}
        self._traces.add(a.id, "run", began, now, known, error)

    def committed(self, recorded: Iterable["Recorded"], began_ns: int, ended_ns: int) -> None:
        """Outcomes that were written together."""
        if self._traces is None:
            return
        for each in recorded:
            a = each.outcome.assignment
            error = None if each.state else "the task is not ours"
            if each.state is TaskState.FAILED:
                error = _error(each.outcome.verdict)
            known = {**_known(a), "quantumtask.state": str(each.state or "")}
            self._traces.add(a.id, "commit", began_ns, ended_ns, known, error)

    def close(self) -> None:
        if self._traces is not None:
            self._traces.close()


def _known(a: Assignment) -> Attributes:
    return {"quantumtask.attempt": a.attempt, "quantumtask.worker": a.worker}


def _ran(verdict: Result | Failure | None) -> Attributes:
    if not isinstance(verdict, Result):
        return {}
    return {"quantumtask.engine": verdict.engine, "quantumtask.method": verdict.method}


def _error(verdict: Result | Failure | None) -> str | None:
    if verdict is None:
        return "the slot ended"
    return verdict.code if isinstance(verdict, Failure) else None
