"""Sender of the progress of a task from its slot to the worker."""

import time
from collections.abc import Callable

from quantumtask.shared.task import Assignment
from quantumtask.shared.task_progress import TaskProgress
from quantumtask.worker.progress import MAX_REMAINING_S, REPORT_INTERVAL_S, encode_progress


class ProgressSender:
    """Listener of a run that sends at most one fraction in a second, and none in the first.

    A prediction is sent once, before the run.
    """

    def __init__(self, send: Callable[[bytes], None], assignment: Assignment) -> None:
        self._send = send
        self._key = (assignment.id, assignment.attempt)
        self._due = time.monotonic() + REPORT_INTERVAL_S
        self._first: tuple[float, float] | None = None  # time and fraction
        self._last = 0.0
        self._predicted = False

    def on_fraction(self, fraction: float, /) -> None:
        """Send a fraction that is larger than the last one, if it is time to."""
        now = time.monotonic()
        if self._first is None:
            self._first = now, fraction
        if now < self._due or fraction <= self._last:
            return
        self._due, self._last = now + REPORT_INTERVAL_S, fraction
        self._report(fraction, self._remaining_s(now, fraction))

    def on_prediction(self, seconds: float, /) -> None:
        """Send the first prediction, unless there is a fraction."""
        if not self._predicted and not self._last:
            self._predicted = True
            self._report(None, min(seconds, MAX_REMAINING_S))

    def _remaining_s(self, now: float, fraction: float) -> float | None:
        """Return the time of the other work, at the speed of the work that is done."""
        assert self._first is not None
        began, before = self._first
        if fraction <= before:
            return None
        return min((1 - fraction) * (now - began) / (fraction - before), MAX_REMAINING_S)

    def _report(self, fraction: float | None, remaining_s: float | None) -> None:
        self._send(encode_progress({self._key: TaskProgress(fraction, remaining_s)}))
