"""Log lines about refused requests: at most one in a second, lest a client fill the disk."""

import logging
import time

from starlette.types import Scope

from quantumtask.api.service.rate_limiter import TokenBucket

log = logging.getLogger(__name__)

_LINES_PER_S = 1.0
_STATUSES = (401, 403)


class RefusalLog:
    """Logs requests that were refused for their sender; the next line counts those left out."""

    def __init__(self) -> None:
        self._bucket = TokenBucket(_LINES_PER_S, time.monotonic())
        self._left_out = 0

    def write(self, scope: Scope, status: int, reason: str) -> None:
        """Log a refused request, without its path, which may contain a secret."""
        if status not in _STATUSES:
            return
        if self._bucket.take(time.monotonic()):
            self._left_out += 1
            return
        client = scope.get("client")
        details = {
            "status": status,
            "reason": reason,
            "method": scope["method"],
            "address": client[0] if client else "",
            "left_out": self._left_out,
        }
        log.warning("request refused", extra=details)
        self._left_out = 0
