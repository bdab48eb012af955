"""The times by which a client must have sent its request, and have read its answer."""

from quantumtask.shared.http_server.limits import HttpLimits

FOREVER = float("inf")
LINGER_S = 2.0


class ReadDeadline:
    """Time by which the server wants to have received something.

    A head has a fixed time. A body may come slowly for a while; after that, each byte of it gives
    a little more time, so that it has a lowest rate.
    """

    def __init__(self, limits: HttpLimits) -> None:
        self._limits = limits
        self._time = FOREVER
        self._is_idle = False

    def start_waiting(self, now: float) -> None:
        """Wait for the next request of a connection."""
        self._time = now + self._limits.keep_alive_s
        self._is_idle = True

    def start_head(self, now: float) -> None:
        """Wait for a head."""
        self._time = now + self._limits.head_s
        self._is_idle = False

    def start_body(self, now: float) -> None:
        """Wait for a body."""
        self._time = now + self._limits.grace_s

    def note(self, now: float, size: int, is_in_head: bool) -> None:
        """Note that bytes of a head or of a body arrived."""
        if self._is_idle:
            self.start_head(now)
        elif not is_in_head:
            self._time = _extend(self._time, now, size, self._limits)

    def start_linger(self, now: float) -> None:
        """Wait for the client to read a refusal, and to close."""
        self._time = now + LINGER_S

    def postpone(self, now: float) -> None:
        """Give time again, because the server did not read."""
        if self._time < FOREVER:
            self._time = max(self._time, now + self._limits.grace_s)

    def stop(self) -> None:
        """Wait for nothing."""
        self._time = FOREVER

    def has_passed(self, now: float) -> bool:
        """Return True if it is too late."""
        return now > self._time


class WriteDeadline:
    """Time by which the client must have read more of an answer, at its lowest rate."""

    def __init__(self, limits: HttpLimits) -> None:
        self._limits = limits
        self._time = FOREVER
        self._sent = 0

    def has_passed(self, now: float, sent: int, unsent: int) -> bool:
        """Return True if it is too late.

        Args:
            now: The time of the event loop.
            sent: Bytes that the client, or the system for it, has taken until now.
            unsent: Bytes that wait for the client.
        """
        if not unsent:
            self._time = FOREVER
        elif self._time == FOREVER:
            self._time = now + self._limits.grace_s
        else:
            self._time = _extend(self._time, now, sent - self._sent, self._limits)
        self._sent = sent
        return now > self._time


def _extend(time: float, now: float, size: int, limits: HttpLimits) -> float:
    return min(time + size / limits.bytes_per_s, now + limits.grace_s)
