"""How much there is to do, for everybody who asks, with at most one look a second."""

import asyncio
import time
from collections.abc import Callable

from quantumtask.shared.errors import StoreUnavailable
from quantumtask.shared.queue_stats import QueueStats

EVERY_S = 1.0
PATIENCE_S = 2.0
"""Scrapers wait a few seconds, and a database that is cut off is silent for longer."""


class Lookout:
    """Looks with `look` when it is asked. Belongs to the event loop."""

    def __init__(self, look: Callable[[], "asyncio.Future[QueueStats]"]) -> None:
        self._look = look
        self._seen: asyncio.Future[QueueStats] | None = None
        self._looked_at = 0.0

    async def __call__(self) -> QueueStats | None:
        """What was seen a second ago at most; None: the database does not answer."""
        now = time.monotonic()
        if self._seen is None or (self._seen.done() and now - self._looked_at >= EVERY_S):
            self._seen, self._looked_at = self._look(), now
        try:
            return await asyncio.wait_for(asyncio.shield(self._seen), PATIENCE_S)
        except (StoreUnavailable, TimeoutError):
            return None
