"""Removes what is kept no longer: old tasks, and large results that no task names."""

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

ORPHAN_S = 3600.0
"""An object of that age that no task names belongs to nobody."""

_STEP_S = 0.01
_FEWEST, _MOST = 8, 500
_PAUSE_S = 0.05  # others write between two steps
_RENEWALS = 12


class Housekeeper:
    """A thread that does a little about every minute (twelve renewals), with its own connection.

    Every worker has one. They need not agree: on PostgreSQL each takes rows that no other has
    locked, and removing an object twice is removing it once.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._blobs = open_blob_store(settings)
        self._stopping = threading.Event()
        self._listing: Iterator[list[BlobInfo]] = iter(())
        self._attic: RetentionStore | None = None
        self._thread = threading.Thread(target=self._run, name="housekeeper", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends it soon; nobody waits, because every step is whole or undone."""
        self._stopping.set()

    def _run(self) -> None:
        pause_s = _RENEWALS * self._settings.renew_s
        # Not by the clock: workers that started together need not tidy up together.
        while not self._stopping.wait(pause_s * random.uniform(0.5, 1.5)):
            try:
                self._tidy()
            except QuantumTaskError as error:
                log.warning("not tidied up", extra={"reason": error.message})

    def _tidy(self) -> None:
        attic = self._attic = self._attic or RetentionStore(self._settings)
        if self._settings.retention_s:
            self._remove_old(attic)
            while attic.remove_batches() and not self._stopping.wait(_PAUSE_S):
                pass
        self._sweep(attic)

    def _remove_old(self, attic: RetentionStore) -> None:
        """Removes all tasks that are kept no longer, in steps of about a hundredth of a second."""
        total, most = 0, _FEWEST
        while not self._stopping.is_set():
            removed, blobs, took_s = _step(attic, most)
            total += removed
            if blobs:
                # The rows are gone for good; an object that stays now is swept later.
                self._delete(blobs)
            if removed < most:
                break
            most = max(_FEWEST, min(int(most * _STEP_S / took_s), 2 * most, _MOST))
            self._stopping.wait(_PAUSE_S)
        if total:
            log.info("removed old tasks", extra={"tasks": total})

    def _sweep(self, attic: RetentionStore) -> None:
        """Looks at the next thousand objects; from the first again, once it has seen all."""
        some = next(self._listing, None)
        if some is None:
            self._listing = self._blobs.list_blobs(attic.identity())
            some = next(self._listing, [])
        orphans = attic.find_orphans(each.name for each in some if each.age_s > ORPHAN_S)
        if orphans:
            self._delete(orphans)
            log.info("removed results that no task names", extra={"results": len(orphans)})

    def _delete(self, names: Sequence[str]) -> None:
        try:
            self._blobs.delete(names)
        except QuantumTaskError as error:
            log.warning("results not removed yet", extra={"reason": error.message})


def _step(attic: RetentionStore, most: int) -> tuple[int, list[str], float]:
    """What was removed, the objects that it named, and for how many seconds others had to wait."""
    with attic.transaction():
        started = time.monotonic()
        removed, blobs = attic.remove_tasks(most)
        return removed, blobs, max(1e-6, time.monotonic() - started)
