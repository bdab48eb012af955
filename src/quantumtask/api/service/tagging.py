"""Tags of tasks and batches: changes, and lists by several tags."""

from collections.abc import Callable, Sequence
from typing import Any

from quantumtask.api.ids import parse_id
from quantumtask.api.service.micro_batcher import MicroBatcher
from quantumtask.shared.api_store import ApiStore
from quantumtask.shared.audit import Sender
from quantumtask.shared.batch import FOREVER, ChangeTags, Tagged
from quantumtask.shared.errors import BatchNotFound, TaskNotFound


class Tagging:
    """The API's operations on tags."""

    def __init__(self, calls: "MicroBatcher[Callable[[ApiStore], Any], Any]") -> None:
        self._calls = calls

    async def change_task_tags(
        self, project: str, task_id: str, change: ChangeTags, sender: Sender | None
    ) -> tuple[str, ...]:
        """Change the tags of a task; return those before.

        Args:
            project: The project of the task, or ALL_PROJECTS.
            task_id: The task.
            change: Returns the new tags for the ones before; runs in a transaction.
            sender: The author, for the audit log; None: the service itself.

        Raises:
            TaskNotFound: there is no such task.
        """
        stored_id = parse_id(task_id, TaskNotFound)
        before: tuple[str, ...] | None = await self._calls(
            lambda store: store.change_task_tags(project, stored_id, change, sender)
        )
        if before is None:
            raise TaskNotFound
        return before

    async def change_batch_tags(
        self, project: str, batch_id: str, change: ChangeTags, sender: Sender | None
    ) -> tuple[str, ...]:
        """Change the tags of a batch, as `change_task_tags` does, or raise BatchNotFound."""
        stored_id = parse_id(batch_id, BatchNotFound)
        before: tuple[str, ...] | None = await self._calls(
            lambda store: store.change_batch_tags(project, stored_id, change, sender)
        )
        if before is None:
            raise BatchNotFound
        return before

    async def list_tagged(
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
        """Return tasks and batches that have all of some tags, as `TagStore.list_tagged`."""
        filters: dict[str, Any] = {
            "pending": pending, "since": since, "until": until, "oldest_first": oldest_first,
            "limit": limit, "offset": offset,
        }  # fmt: skip
        rows: list[Tagged] = await self._calls(
            lambda store: store.list_tagged(project, tags, **filters)
        )
        return rows
