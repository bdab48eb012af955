"""How much predicted work a worker gets done in a second, while there is always more of it."""

_FORGETS = 0.5
"""How much of what was known counts for less with each new measurement."""

_ENOUGH_S = 0.5


class Pace:
    """Sums up turns. Only time in which tasks waited counts: an idle worker is not a slow one."""

    def __init__(self) -> None:
        self.rate: float | None = None
        """Milliseconds of predicted work a second; None: not known yet."""
        self._at: float | None = None
        self._busy_s = 0.0
        self._done_ms = 0.0

    def turn(self, now: float, done_ms: float, *, waiting: bool) -> None:
        """So much was done since the last turn; whether more `waiting` goes on from here."""
        if self._at is not None:
            self._busy_s += now - self._at
            self._done_ms += done_ms
        self._at = now if waiting else None

    def measure(self) -> float | None:
        """The rate, with what has been seen since the last time it was asked for."""
        if self._busy_s >= _ENOUGH_S and self._done_ms > 0:
            new = self._done_ms / self._busy_s
            old = new if self.rate is None else self.rate
            self.rate = _FORGETS * new + (1 - _FORGETS) * old
            self._busy_s = self._done_ms = 0.0
        return self.rate
