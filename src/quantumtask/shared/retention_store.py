"""The Store of the retention thread: deletion of old tasks, search for orphaned blobs."""

from collections.abc import Iterable

from quantumtask.shared.blobs import parse_blob_name
from quantumtask.shared.database.batch_rows import DeletedBatchRow
from quantumtask.shared.database.rows import (
    BlobRow,
    DeletedTaskRow,
)
from quantumtask.shared.db import Store

_BATCHES = 10
_AUDIT_RECORDS = 100


class RetentionStore(Store):
    """The Store with the deletions of the retention thread, each a short transaction."""

    def remove_tasks(self, limit: int) -> tuple[int, list[str]]:
        """Delete some of the tasks whose lifetime is over, with all rows that refer to them.

        Returns:
            The number of deleted tasks, and the names of their blobs.
        """
        with self.transaction():
            ttl_s = self._settings.retention_s
            tasks = self._select(DeletedTaskRow, "expired_tasks", ttl_s=ttl_s, limit=limit)
            sequences = [task.sequence for task in tasks]
            self._delete_tasks(sequences)
        return len(tasks), [task.blob for task in tasks if task.blob]

    def remove_batches(self) -> int:
        """Delete some of the batches that have no tasks any more; return their number."""
        with self.transaction():
            ttl_s = self._settings.retention_s
            batches = self._select(DeletedBatchRow, "expired_batches", ttl_s=ttl_s, limit=_BATCHES)
            self._delete_batches(batches)
        return len(batches)

    def remove_audit_records(self) -> int:
        """Delete some of the audit records whose lifetime is over; return their number."""
        with self.transaction():
            return len(self._rows("delete_audit_records", limit=_AUDIT_RECORDS))

    def find_orphans(self, names: Iterable[str]) -> list[str]:
        """Return those of the blobs that no task names, and that no task can name later.

        A task can come to name a blob only while the attempt runs for which the blob was written,
        and an attempt that has ended never runs again. So no clock is needed to decide.
        """
        attempt_of = {name: attempt for name in names if (attempt := parse_blob_name(name))}
        task_ids = {task_id for task_id, _ in attempt_of.values()}
        rows = self._select(BlobRow, "read_blobs", ids=list(task_ids))
        used = {row.blob for row in rows}
        running = {(row.id, row.running_attempt) for row in rows}
        return [
            name
            for name, attempt in attempt_of.items()
            if name not in used and attempt not in running
        ]
