"""List of the jobs of the service: tasks outside of batches, and batches."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from quantumtask.client.connection import Connection, Json, without_none

PAGE = 100


@dataclass(frozen=True)
class Listing:
    """Filter for jobs: pending or not, with all of these tags, submitted in a period."""

    connection: Connection
    pending: bool | None
    tags: tuple[str, ...]
    after: datetime | None
    before: datetime | None

    def ids(self) -> Iterator[str]:
        """Yield the ids of the jobs, the newest first."""
        tasks = (task for task in self._all("tasks") if not task.get("batch_id"))
        by_time = heapq.merge(tasks, self._all("batches"), key=_submission_time, reverse=True)
        for view in by_time:
            at = datetime.fromisoformat(view["submitted_at"])
            if self.after is not None and at < self.after.astimezone():
                return
            if self.before is None or at <= self.before.astimezone():
                yield view.get("task_id") or view["batch_id"]

    def _all(self, kind: str) -> Iterator[Json]:
        """Yield all tasks, or all batches, page by page."""
        cursor = None
        while True:
            query = {"tag": self.tags[0] if self.tags else None, "limit": PAGE, "cursor": cursor}
            page = self.connection.json("GET", f"/{kind}", params=without_none(query))
            yield from filter(self._is_listed, page[kind])
            if not (cursor := page["next_cursor"]):
                return

    def _is_listed(self, view: Json) -> bool:
        pending = view["status"] == "pending"
        return self.pending in (None, pending) and set(self.tags) <= set(view["tags"])


def _submission_time(view: Json) -> str:
    return str(view["submitted_at"])
