"""Owners and idempotency keys whose tasks are stored before they run."""

from typing import NamedTuple

from quantumtask.shared.admission import Owner

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 20.0
"""Pause of an owner after a run that was too long, and after many of them."""
PAUSE_FACTOR = 4.0
REFUSED_PAUSE_S = 2.0
"""Pause of an owner after a task that was not stored: quotas are read as often."""
_MAX_OWNERS, _MAX_KEYS = 10_000, 10_000


class _Pause(NamedTuple):
    until: float
    length_s: float


class DirectRunLimiter:
    """Times at which owners run nothing directly. Belongs to the event loop.

    An owner whose tasks take much longer than predicted costs all others a slot, and the longer
    its pause becomes. Times are those of the monotonic clock.
    """

    def __init__(self) -> None:
        self._pauses: dict[Owner, _Pause] = {}
        self._keys: dict[tuple[str, str], None] = {}

    def is_paused(self, owner: Owner, now: float) -> bool:
        """Return True if the tasks of an owner have to be stored first."""
        pause = self._pauses.get(owner)
        return pause is not None and now < pause.until

    def add_long_run(self, owner: Owner, now: float) -> None:
        """Pause an owner whose task has not ended in time: the second time soon after, longer."""
        last = self._pauses.get(owner)
        length_s = FIRST_PAUSE_S
        if last is not None and now < last.until + LONGEST_PAUSE_S and last.length_s:
            length_s = min(PAUSE_FACTOR * last.length_s, LONGEST_PAUSE_S)
        self._put(owner, _Pause(now + length_s, length_s))

    def add_refusal(self, owner: Owner, now: float) -> None:
        """Pause an owner whose task has run for nothing, because a limit has refused it."""
        last = self._pauses.get(owner, _Pause(0.0, 0.0))
        self._put(owner, last._replace(until=max(last.until, now + REFUSED_PAUSE_S)))

    def is_repeated(self, project: str, key: str) -> bool:
        """Return True if an idempotency key is one of the last that this process has seen."""
        if (project, key) in self._keys:
            return True
        if len(self._keys) >= _MAX_KEYS:
            del self._keys[next(iter(self._keys))]
        self._keys[project, key] = None
        return False

    def _put(self, owner: Owner, pause: _Pause) -> None:
        if owner not in self._pauses and len(self._pauses) >= _MAX_OWNERS:
            self._pauses.clear()
        self._pauses[owner] = pause
