"""Stores large results where they belong, before the Worker records them."""

import logging
import threading
import time
from collections.abc import Callable

from quantumtask.shared.blobs import (
    describe_blob,
    is_large,
    new_blob_name,
    open_blob_store,
    pack_result,
    strip_result,
)
from quantumtask.shared.errors import ResultStoreUnavailable
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Assignment, Result
from quantumtask.worker.outcome import Outcome

log = logging.getLogger(__name__)

_PATIENCE = 20  # leases
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0


class Keeper:
    """Passes outcomes on: those with a large result once that is stored. For any thread.

    Each is stored in a thread of its own, so that neither a slot nor the Worker's loop, which
    renews the leases, waits for a store that is slow or away. It tries again until the Worker drops
    the task; after twenty leases the task is given back, for a worker that may reach the store.
    """

    def __init__(
        self, settings: Settings, database: str, pass_on: Callable[[Outcome], None]
    ) -> None:
        self._blobs = open_blob_store(settings)
        self._database = database
        self._pass_on = pass_on
        self._most = 2 * settings.slot_count
        self._patience_s = _PATIENCE * settings.lease_s
        self._lock = threading.Lock()
        self._storing: dict[tuple[str, int], tuple[Assignment, threading.Event]] = {}

    @property
    def full(self) -> bool:
        """Whether so many results wait for the store that no more should be computed."""
        return len(self._storing) >= self._most

    def take(self, outcome: Outcome) -> None:
        """Passes an outcome on, now or later."""
        assignment, result = outcome.assignment, outcome.verdict
        if not isinstance(result, Result) or not is_large(result):
            self._pass_on(outcome)
            return
        dropped = threading.Event()
        with self._lock:
            self._storing[assignment.id, assignment.attempt] = assignment, dropped
        threading.Thread(
            target=self._keep, args=(assignment, result, dropped), name="keeper", daemon=True
        ).start()

    def drop(self, task_id: str, attempt: int) -> None:
        """Forgets an attempt whose task is no longer ours."""
        with self._lock:
            _, dropped = self._storing.pop((task_id, attempt), (None, None))
        if dropped:
            dropped.set()

    def give_up(self) -> None:
        """Gives back every task whose result is not stored yet."""
        with self._lock:
            left, self._storing = list(self._storing.values()), {}
        for assignment, dropped in left:
            dropped.set()
            self._pass_on(Outcome(assignment, None, for_another=True))

    def _keep(self, assignment: Assignment, result: Result, dropped: threading.Event) -> None:
        kept: Result | None = None
        try:
            kept = self._stored(assignment, result, dropped)
        finally:
            with self._lock:
                wanted = self._storing.pop((assignment.id, assignment.attempt), None)
            if wanted:
                self._pass_on(Outcome(assignment, kept, for_another=kept is None))

    def _stored(
        self, assignment: Assignment, result: Result, dropped: threading.Event
    ) -> Result | None:
        """The result without its large part, which is stored; None: it could not be in time."""
        data = pack_result(result)
        blob = describe_blob(new_blob_name(self._database, assignment.id, assignment.attempt), data)
        who = {"task_id": assignment.id, "attempt": assignment.attempt}
        end, pause_s = time.monotonic() + self._patience_s, _FIRST_PAUSE_S
        while time.monotonic() < end:
            try:
                self._blobs.put(blob.name, data)
            except ResultStoreUnavailable as error:
                if pause_s == _FIRST_PAUSE_S:
                    log.warning("a result waits to be stored", extra=who | {"reason": str(error)})
            else:
                return strip_result(result, blob)
            if dropped.wait(pause_s):
                return None
            pause_s = min(_LONGEST_PAUSE_S, 2 * pause_s)
        log.error("a result could not be stored: the task is given back", extra=who)
        return None
