"""Limits on requests in a second: token buckets of projects and of their users."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from quantumtask.shared.errors import RateExceeded, StoreUnavailable
from quantumtask.shared.limits import LimitTable
from quantumtask.shared.principal import Principal

WINDOW_S = 5
"""Seconds whose requests may follow each other at once."""
_REFRESH_S, _MAX_AGE_S = 2.0, 4.0
_MAX_BUCKETS = 10_000


class TokenBucket:
    """A bucket that fills with `rate` tokens in a second; each request takes one.

    Args:
        rate: Tokens in a second.
        now: Time in seconds of the monotonic clock.
        window_s: Seconds in which an empty bucket fills.
    """

    def __init__(self, rate: float, now: float, window_s: float = WINDOW_S) -> None:
        self.rate = rate
        self.capacity = max(1.0, rate * window_s)
        self._tokens, self._at = self.capacity, now

    def take(self, now: float) -> float:
        """Take a token; return 0, or the seconds after which there is one."""
        wait_s = self.wait_s(now)
        if not wait_s:
            self._tokens -= 1.0
        return wait_s

    def wait_s(self, now: float) -> float:
        """Return the seconds after which there is a token; 0 if there is one now."""
        self._tokens = min(self.capacity, self._tokens + (now - self._at) * self.rate)
        self._at = now
        return max(0.0, (1.0 - self._tokens) / self.rate)


class RateLimiter:
    """Counts the requests of principals to this process. Belongs to the event loop.

    Args:
        limits: The limits at the start.
        read_limits: Reads the limits from the database.

    Attributes:
        limits_runs: True if anybody has a limit on running tasks or on slots.
    """

    limits_runs: bool

    def __init__(
        self, limits: LimitTable, read_limits: Callable[[], Awaitable[LimitTable]]
    ) -> None:
        self._read_limits = read_limits
        self._reading: asyncio.Task[None] | None = None
        self._buckets: dict[tuple[str, str], TokenBucket] = {}
        self._update(limits)

    async def check(self, principal: Principal) -> None:
        """Count a request of a principal.

        Raises:
            RateExceeded: the principal or its project sends too many.
        """
        now = time.monotonic()
        if now - self._read_at > _REFRESH_S:
            await self._renew(wait=now - self._read_at > _MAX_AGE_S)
        if self._limited:
            self._take(principal.project, "", now)
            self._take(principal.project, principal.name, now)

    def _take(self, project: str, user: str, now: float) -> None:
        limits = self._limits.of_user(project, user) if user else self._limits.of_project(project)
        rate = limits.max_requests
        if math.isinf(rate):
            return
        bucket = self._buckets.get((project, user))
        if bucket is None or bucket.rate != rate:
            if len(self._buckets) >= _MAX_BUCKETS:
                self._buckets.clear()
            bucket = self._buckets[project, user] = TokenBucket(rate, now)
        if wait_s := bucket.take(now):
            policy = "user" if user else "project"
            raise RateExceeded(
                f"too many requests: at most {rate:g} in a second for this {policy}; "
                "send several tasks as a batch",
                policy,
                math.floor(bucket.capacity),
                math.ceil(bucket.capacity / rate),
                math.ceil(wait_s),
            )

    def _update(self, limits: LimitTable) -> None:
        self._limits = limits
        self._limited = limits.limits_any("max_requests")
        self.limits_runs = limits.limits_any("max_running", "max_slots")
        self._read_at = time.monotonic()

    async def _renew(self, wait: bool) -> None:
        """Read the limits again, once for all requests; `wait` for the end of the reading."""
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
        if wait:
            await asyncio.shield(self._reading)

    async def _read(self) -> None:
        with suppress(StoreUnavailable):  # the limits that are known hold until it answers
            self._update(await self._read_limits())
            return
        self._read_at = time.monotonic()
