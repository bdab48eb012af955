"""The Store of tags: changes of the tags of tasks and batches, and lists by several tags."""

import json
from collections.abc import Sequence
from typing import NamedTuple

from quantumtask.shared.audit import Sender
from quantumtask.shared.audit_store import AuditStore
from quantumtask.shared.batch import FOREVER, ChangeTags, Tagged
from quantumtask.shared.database.batch_rows import TagsRow


class _TagQueries(NamedTuple):
    """The queries that change the tags of one kind of object."""

    kind: str
    find: str
    set: str
    delete: str
    insert: str


_OF_TASK = _TagQueries("task", "find_task_tags", "set_task_tags", "delete_tags", "insert_tag")
_OF_BATCH = _TagQueries(
    "batch", "find_batch_tags", "set_batch_tags", "delete_batch_tags", "insert_batch_tag"
)


class TagStore(AuditStore):
    """The Store with the methods of tags."""

    def change_task_tags(
        self, project: str, task_id: str, change: ChangeTags, sender: Sender | None = None
    ) -> tuple[str, ...] | None:
        """Change the tags of a task.

        Args:
            project: The project of the task, or ALL_PROJECTS.
            task_id: The task.
            change: Returns the new tags; runs in the transaction.
            sender: The author, for the audit log; None: the service itself, which is not audited.

        Returns:
            The tags before; None for an unknown id.
        """
        return self._change(_OF_TASK, project, task_id, change, sender)

    def change_batch_tags(
        self, project: str, batch_id: str, change: ChangeTags, sender: Sender | None = None
    ) -> tuple[str, ...] | None:
        """Change the tags of a batch; as `change_task_tags`."""
        return self._change(_OF_BATCH, project, batch_id, change, sender)

    def _change(
        self,
        queries: _TagQueries,
        project: str,
        object_id: str,
        change: ChangeTags,
        sender: Sender | None,
    ) -> tuple[str, ...] | None:
        with self.transaction():
            for row in self._select(TagsRow, queries.find, project=project, id=object_id):
                before: tuple[str, ...] = tuple(json.loads(row.tags))
                after = tuple(dict.fromkeys(change(before)))
                if after != before:
                    self._rows(queries.set, sequence=row.sequence, tags=json.dumps(after))
                    self._rows(queries.delete, sequences=[row.sequence])
                    rows = [{"sequence": row.sequence, "tag": tag} for tag in after]
                    self._each(queries.insert, rows)
                    if sender:
                        self._audit(sender, "set", queries.kind, object_id, row.project, "tags")
                return before
        return None

    def list_tagged(
        self,
        project: str,
        tags: Sequence[str],
        *,
        pending: bool | None = None,
        since: float = 0.0,
        until: float = FOREVER,
        oldest_first: bool = False,
        limit: int = 20,
        offset: int = 0,
    ) -> list[Tagged]:
        """Return tasks outside of batches, and batches, that have all of some tags.

        Args:
            project: Only those of this project.
            tags: At least one tag; the rarest should be the first.
            pending: True for those that have not ended, False for the others, None for all.
            since: Only those submitted at this time, in seconds since 1970, or later.
            until: Only those submitted at this time or before.
            oldest_first: Begin with the oldest.
            limit: Largest number of rows.
            offset: Number of rows to leave out.
        """
        more = list(dict.fromkeys(tags[1:]))
        return self._select(
            Tagged,
            "page_tagged",
            project=project,
            tag=tags[0],
            more_tags=more,
            more=len(more),
            pending=None if pending is None else int(pending),
            since=since,
            until=until,
            direction=1 if oldest_first else -1,
            limit=limit,
            offset=offset,
        )
