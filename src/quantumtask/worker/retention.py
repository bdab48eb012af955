"""Retention: deletion of old tasks, and of large results that no task names."""

import logging
import random
import threading
import time
from collections.abc import Iterator, Sequence

from quantumtask.shared.blobs import BlobInfo, open_blob_store
from quantumtask.shared.errors import QuantumTaskError
from quantumtask.shared.retention_store import RetentionStore
from quantumtask.shared.settings import Settings

log = logging.getLogger(__name__)

MIN_ORPHAN_AGE_S = 3600.0
"""Age from which an object that no task names is deleted."""

_STEP_S = 0.01
_MIN_TASKS, _MAX_TASKS = 8, 500
_PAUSE_S = 0.05  # other processes write between two steps
_INTERVAL_RENEWALS = 12


class RetentionThread:
    """A thread that deletes some tasks about every minute (twelve renewals).

    It has a connection of its own. The threads of several workers need no agreement: on PostgreSQL
    each skips the rows that others have locked, and a second deletion of an object has no effect.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._blobs = open_blob_store(settings)
        self._stopping = threading.Event()
        self._pages: Iterator[list[BlobInfo]] = iter(())
        self._store: RetentionStore | None = None
        self._thread = threading.Thread(target=self._run, name="retention", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread soon, without waiting: every step is committed whole or rolled back."""
        self._stopping.set()

    def _run(self) -> None:
        interval_s = _INTERVAL_RENEWALS * self._settings.renew_s
        # At random intervals: workers that start together should not delete together.
        while not self._stopping.wait(interval_s * random.uniform(0.5, 1.5)):
            try:
                self._run_once()
            except QuantumTaskError as error:
                log.warning("retention failed", extra={"reason": error.message})

    def _run_once(self) -> None:
        store = self._store = self._store or RetentionStore(self._settings)
        if self._settings.retention_s:
            self._delete_old_tasks(store)
            while store.remove_batches() and not self._stopping.wait(_PAUSE_S):
                pass
        while store.remove_audit_records() and not self._stopping.wait(_PAUSE_S):
            pass
        self._delete_orphans(store)

    def _delete_old_tasks(self, store: RetentionStore) -> None:
        """Delete all tasks whose lifetime is over, in steps of about 10 ms."""
        total, limit = 0, _MIN_TASKS
        while not self._stopping.is_set():
            deleted, blobs, seconds = _delete_step(store, limit)
            total += deleted
            if blobs:
                # The rows are committed; if a blob cannot be deleted now, it is an orphan later.
                self._delete_blobs(blobs)
            if deleted < limit:
                break
            limit = max(_MIN_TASKS, min(int(limit * _STEP_S / seconds), 2 * limit, _MAX_TASKS))
            self._stopping.wait(_PAUSE_S)
        if total:
            log.info("old tasks deleted", extra={"tasks": total})

    def _delete_orphans(self, store: RetentionStore) -> None:
        """Delete orphans among the next page of objects; start again after the last page."""
        page = next(self._pages, None)
        if page is None:
            self._pages = self._blobs.list_blobs(store.identity())
            page = next(self._pages, [])
        orphans = store.find_orphans(blob.name for blob in page if blob.age_s > MIN_ORPHAN_AGE_S)
        if orphans:
            self._delete_blobs(orphans)
            log.info("orphaned results deleted", extra={"results": len(orphans)})

    def _delete_blobs(self, names: Sequence[str]) -> None:
        try:
            self._blobs.delete(names)
        except QuantumTaskError as error:
            log.warning("results not deleted", extra={"reason": error.message})


def _delete_step(store: RetentionStore, limit: int) -> tuple[int, list[str], float]:
    """Return the number of deleted tasks, their blobs, and the seconds of the transaction."""
    with store.transaction():
        started = time.monotonic()
        deleted, blobs = store.remove_tasks(limit)
        return deleted, blobs, max(1e-6, time.monotonic() - started)
