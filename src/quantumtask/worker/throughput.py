"""The predicted work that a worker does in a second, measured while tasks wait."""

_SMOOTHING = 0.5
"""Weight of a new measurement in the exponential average."""

_MIN_BUSY_S = 0.5
"""Shortest time that counts as a measurement."""


class ThroughputMeter:
    """Measures the throughput only while tasks wait, so that an idle worker does not look slow."""

    def __init__(self) -> None:
        self._rate: float | None = None
        self._waiting_since: float | None = None
        self._busy_s = 0.0
        self._work_ms = 0.0

    def record(self, now: float, work_ms: float, *, waiting: bool) -> None:
        """Record the work since the last call.

        Args:
            now: Time in seconds of the monotonic clock.
            work_ms: Predicted work of the tasks that have ended, in milliseconds.
            waiting: True if tasks wait from now on.
        """
        if self._waiting_since is not None:
            self._busy_s += now - self._waiting_since
            self._work_ms += work_ms
        self._waiting_since = now if waiting else None

    def rate(self) -> float | None:
        """Return the predicted work in ms for each second; None before the first measurement."""
        if self._busy_s >= _MIN_BUSY_S and self._work_ms > 0:
            new = self._work_ms / self._busy_s
            old = new if self._rate is None else self._rate
            self._rate = _SMOOTHING * new + (1 - _SMOOTHING) * old
            self._busy_s = self._work_ms = 0.0
        return self._rate
