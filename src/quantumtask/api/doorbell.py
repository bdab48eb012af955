"""Ringing the Worker, so that it looks for tasks now and not at its next poll."""

import http.client
import json
import logging
import queue
import threading
import time
from urllib.parse import urlsplit

log = logging.getLogger(__name__)

_LIMIT_S = 2.0
_AWAKE_S = 0.02


class Doorbell:
    """Rings one Worker. Rings that come while one is under way become one; a lost one is fine.

    A ring within a moment of another is left out: a worker that has just been woken goes on looking
    by itself. The standard library's client in a thread of its own, because a ring must be cheap
    and nobody waits for its answer.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._heard = True
        self._asked_at = 0.0
        self._rings: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._connection = connect(url, _LIMIT_S)
        self._thread = threading.Thread(target=self._run, name="doorbell", daemon=True)
        self._thread.start()

    def ring(self, task_id: str) -> None:
        """Asks for a ring and returns at once."""
        now = time.monotonic()
        if now - self._asked_at > _AWAKE_S:
            self._rings.put(task_id)
        self._asked_at = now

    def stop(self) -> None:
        self._rings.put(None)
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        while (task_id := self._rings.get()) is not None:
            while not self._rings.empty():
                if (task_id := self._rings.get()) is None:
                    return
            # The Worker closes connections that were idle: the second try opens a new one.
            self._note(self._post(task_id) or self._post(task_id))

    def _post(self, task_id: str) -> bool:
        body = json.dumps({"task_id": task_id})
        try:
            self._connection.request("POST", "/execute", body, {"Content-Type": "application/json"})
            self._connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return False
        return True

    def _note(self, heard: bool) -> None:
        if heard != self._heard:
            words = "worker answers" if heard else "worker does not answer"
            log.info(words, extra={"url": self._url})
        self._heard = heard


def connect(url: str, limit_s: float) -> http.client.HTTPConnection:
    """A connection to the Worker at `url`, opened when something is asked."""
    parts = urlsplit(url)
    return http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=limit_s)
