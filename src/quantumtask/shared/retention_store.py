"""What becomes of tasks that ended long ago, and of objects that no task names."""

from collections.abc import Iterable

from quantumtask.shared.blobs import parse_blob_name
from quantumtask.shared.db import Store

_REMOVALS = (
    "remove_changes",
    "remove_tags",
    "remove_parameters",
    "remove_circuits",
    "remove_tasks",  # last: the others refer to it
)
_BATCHES = 10


class RetentionStore(Store):
    """The Store, for who tidies up. Each method is one transaction, and a short one if asked for
    little.
    """

    def remove_tasks(self, most: int) -> tuple[int, list[str]]:
        """Removes some of the tasks that are kept no longer, with all that the database has of
        them; returns how many, and the objects that they named.
        """
        with self.transaction():
            rows = self._rows("old", keep_s=self._settings.retention_s, most=most)
            sequences = [row[0] for row in rows]
            if sequences:
                for removal in _REMOVALS:
                    self._rows(removal, sequences=sequences)
        return len(rows), [row[1] for row in rows if row[1]]

    def remove_batches(self) -> int:
        """Removes some of the batches that have no tasks any more; returns how many."""
        with self.transaction():
            rows = self._rows("old_batches", keep_s=self._settings.retention_s, most=_BATCHES)
            if rows:
                sequences = [row[0] for row in rows]
                self._rows("remove_batch_events", ids=[row[1] for row in rows])
                self._rows("remove_batch_tags", sequences=sequences)
                self._rows("remove_batches", sequences=sequences)
        return len(rows)

    def find_orphans(self, names: Iterable[str]) -> list[str]:
        """Those of our objects that no task names, nor ever will.

        A task can come to name an object only while it runs, at the attempt that the object was
        written for; once that has ended it never comes back. So no clock is needed to tell.
        """
        owners = {name: ours for name in names if (ours := parse_blob_name(name))}
        rows = self._rows("blobs_of", ids=list({task_id for task_id, _ in owners.values()}))
        named = {blob for _, blob, _ in rows}
        running = {(task_id, attempt) for task_id, _, attempt in rows}
        return [name for name, ours in owners.items() if name not in named and ours not in running]
