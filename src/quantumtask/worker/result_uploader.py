"""Upload of large results, before the worker records their outcomes."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace

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
from quantumtask.worker.outcome import AttemptOutcome

log = logging.getLogger(__name__)

_MAX_LEASES = 20
_MIN_PAUSE_S = 0.1
_MAX_PAUSE_S = 5.0


class ResultUploader:
    """Passes outcomes on; those with a large result after its upload. For any number of threads.

    Each upload has a thread of its own, so that a slow or unreachable store blocks neither a slot
    nor the loop of the worker, which renews the leases. An upload is retried until the worker
    cancels it; after twenty leases the task is requeued for a worker that may reach the store.
    """

    def __init__(
        self, settings: Settings, database: str, pass_on: Callable[[AttemptOutcome], None]
    ) -> None:
        self._blobs = open_blob_store(settings)
        self._database = database
        self._pass_on = pass_on
        self._max_uploads = 2 * settings.slot_count
        self._time_limit_s = _MAX_LEASES * settings.lease_s
        self._lock = threading.Lock()
        self._uploads: dict[tuple[str, int], tuple[Assignment, threading.Event]] = {}

    @property
    def saturated(self) -> bool:
        """True if so many uploads are under way that no more results should be computed."""
        return len(self._uploads) >= self._max_uploads

    def submit(self, outcome: AttemptOutcome) -> None:
        """Pass an outcome on, now or after its upload."""
        assignment, result = outcome.assignment, outcome.value
        if not isinstance(result, Result) or not is_large(result):
            self._pass_on(outcome)
            return
        cancelled = threading.Event()
        with self._lock:
            self._uploads[assignment.id, assignment.attempt] = assignment, cancelled
        threading.Thread(
            target=self._run, args=(outcome, result, cancelled), name="upload", daemon=True
        ).start()

    def cancel(self, task_id: str, attempt: int) -> None:
        """Drop the outcome of an attempt that has lost its lease."""
        with self._lock:
            _, cancelled = self._uploads.pop((task_id, attempt), (None, None))
        if cancelled:
            cancelled.set()

    def cancel_all(self) -> None:
        """Cancel all uploads, and pass their tasks on, so that they return to the queue."""
        with self._lock:
            uploads, self._uploads = list(self._uploads.values()), {}
        for assignment, cancelled in uploads:
            cancelled.set()
            self._pass_on(AttemptOutcome(assignment, None, requeue=True))

    def _run(self, outcome: AttemptOutcome, result: Result, cancelled: threading.Event) -> None:
        assignment = outcome.assignment
        stripped: Result | None = None
        try:
            stripped = self._upload(assignment, result, cancelled)
        finally:
            with self._lock:
                upload = self._uploads.pop((assignment.id, assignment.attempt), None)
            if upload:
                self._pass_on(replace(outcome, value=stripped, requeue=stripped is None))

    def _upload(
        self, assignment: Assignment, result: Result, cancelled: threading.Event
    ) -> Result | None:
        """Return the result without its large part, which is uploaded; None for a timeout."""
        data = pack_result(result)
        name = new_blob_name(self._database, assignment.id, assignment.attempt)
        blob = describe_blob(name, data)
        task = {"task_id": assignment.id, "attempt": assignment.attempt}
        end, pause_s = time.monotonic() + self._time_limit_s, _MIN_PAUSE_S
        while time.monotonic() < end:
            try:
                self._blobs.put(blob.name, data)
            except ResultStoreUnavailable as error:
                if pause_s == _MIN_PAUSE_S:
                    log.warning("result upload delayed", extra=task | {"reason": str(error)})
            else:
                return strip_result(result, blob)
            if cancelled.wait(pause_s):
                return None
            pause_s = min(_MAX_PAUSE_S, 2 * pause_s)
        log.error("result upload failed: task requeued", extra=task)
        return None
