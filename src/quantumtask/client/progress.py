"""Progress line in a terminal or a notebook."""

import math
import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self, TextIO

MIN_WAIT_S = 0.5
"""Waiting time, in seconds, below which no line appears."""


MIN_PERIOD_S = 0.25
"""Seconds between two texts of the line: a notebook that is stored keeps each of them."""
MIN_OBSERVED_S = 1.0
"""Time of observation, in seconds, below which no remaining time is predicted."""


class ProgressMeter:
    """Number of ended items over time, from which the remaining time is predicted."""

    def __init__(self) -> None:
        self._first: tuple[float, int] | None = None

    def remaining_s(self, done: int, total: int) -> float | None:
        """Record the number of ended items; return the seconds until the end, None if unknown."""
        now = time.monotonic()
        began, done_before = self._first = self._first or (now, done)
        if now - began < MIN_OBSERVED_S or done <= done_before:
            return None
        return (total - done) * (now - began) / (done - done_before)


def progress_text(done: int, total: int, remaining_s: float | None) -> str:
    """Return a text such as `512 of 1,000 ended, about 0:00:20 left`."""
    text = f"{done:,} of {total:,} ended"
    if done == total or remaining_s is None:
        return text
    return f"{text}, about {_clock(remaining_s)} left"


def task_progress_text(task: Mapping[str, Any]) -> str:
    """Return the progress of a running task, such as `42 %, about 0:00:17 left`; "" if unknown.

    Args:
        task: Task as the service describes it.
    """
    progress = task.get("progress") or {}
    fraction, remaining_s = progress.get("fraction"), progress.get("remaining_s")
    words = [] if fraction is None else [f"{math.floor(100 * fraction)} %"]
    if remaining_s is not None:
        estimate = " (estimate)" if fraction is None else ""
        words.append(f"about {_clock(remaining_s)} left{estimate}")
    return ", ".join(words)


class Progress:
    """Line that is overwritten with each state and erased at the end.

    Args:
        visible: True shows the line, False hides it, None shows it in a terminal or a notebook.
    """

    def __init__(self, visible: bool | None) -> None:
        self._out = _output_stream() if visible is None else sys.stderr if visible else None
        self._began = time.monotonic()
        self._written = 0
        self._due = self._began + MIN_WAIT_S

    @property
    def visible(self) -> bool:
        """Visibility of the line."""
        return self._out is not None

    def show(self, text: str) -> None:
        """Replace the text of the line, unless that was done a moment ago."""
        now = time.monotonic()
        if self._out is not None and now >= self._due:
            self._due = now + MIN_PERIOD_S
            self._write(f"{text}  {_clock(now - self._began)}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        if self._written:
            self._write("")
            self._write("")

    def _write(self, line: str) -> None:
        assert self._out is not None
        self._out.write("\r" + line.ljust(self._written) + ("" if line else "\r"))
        self._out.flush()
        self._written = len(line)


def _output_stream() -> TextIO | None:
    """Return the stream of a notebook or a terminal; None without either."""
    if "ipykernel" in sys.modules:
        return sys.stdout
    return sys.stderr if sys.stderr is not None and sys.stderr.isatty() else None


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
