"""Batches: many tasks that one request submits."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from json import loads

from quantumtask.client import notebook
from quantumtask.client.connection import Connection, Json, deadline, explain_older_service, path
from quantumtask.client.errors import TaskCancelled, TaskFailed
from quantumtask.client.events import Event, events
from quantumtask.client.progress import Progress, ProgressMeter, progress_text
from quantumtask.client.results.decode import result_from_json
from quantumtask.client.results.result import Result
from quantumtask.client.task import ACCEPTED, fetch_result
from quantumtask.shared.quantity import quantity

LIVE_PERIOD_S = 0.5
"""Seconds between two looks at a batch in a notebook."""


@dataclass(frozen=True)
class Outcome:
    """Result or error of one item of a batch; `index` is the position of the item."""

    index: int
    task_id: str
    value: Result | TaskFailed | TaskCancelled

    @property
    def error(self) -> TaskFailed | TaskCancelled | None:
        """Exception of an item without a result; None if the item has a result."""
        return None if isinstance(self.value, Result) else self.value

    def result(self) -> Result:
        """Return the result of the item.

        Raises:
            CircuitError: The circuit is wrong.
            TaskFailed: The task failed.
            TaskCancelled: The task was cancelled.
        """
        if isinstance(self.value, Result):
            return self.value
        raise self.value


class Batch:
    """Batch of tasks. Iteration yields an `Outcome` for each task, as the tasks end.

    `Client.batch` and `Client.find_batch` create batches. The attribute `known` holds the last
    answer of the service about the batch.
    """

    def __init__(self, connection: Connection, known: Json, progress: bool | None = None) -> None:
        self.id = str(known["batch_id"])
        self.known = known
        self._connection = connection
        self._progress = progress
        self._size = int(known["size"] if "size" in known else len(known["task_ids"]))

    def info(self, wait: float = 0.0, timeout: float | None = None) -> Json:
        """Return the state of the batch as JSON.

        Args:
            wait: Seconds, 0 to 30, to wait for the end of the batch.
            timeout: Time limit of the call, in seconds; None is the timeout of the client.
        """
        wait = float(wait)
        query = {"wait": f"{wait:g}"} if wait else {}
        limit = self._connection.timeout if timeout is None else timeout
        self.known = self._connection.json("GET", self._path, params=query, timeout=wait + limit)
        return self.known

    def status(self, timeout: float | None = None) -> dict[str, int]:
        """Return the numbers of submitted, running, completed, failed and cancelled tasks."""
        return dict(self.info(timeout=timeout)["states"])

    def __iter__(self) -> Iterator[Outcome]:
        return self.outcomes()

    def __len__(self) -> int:
        return self._size

    def outcomes(self, timeout: float | None = None) -> Iterator[Outcome]:
        """Yield the outcome of each item as the item ends; TimeoutError after `timeout` s."""
        return map(self._outcome, self._item_lines(ACCEPTED, timeout))

    def lines(self, timeout: float | None = None) -> Iterator[Json]:
        """Yield the JSON of each item as the item ends; TimeoutError after `timeout` s."""
        return self._item_lines("application/json", timeout)

    def results(self, timeout: float | None = None) -> list[Result]:
        """Wait for all items and return their results in the order of the items.

        Raises:
            TaskFailed: An item has no result; the first such item decides.
            TimeoutError: The batch has not ended after `timeout` seconds.
        """
        ended = sorted(self.outcomes(timeout), key=lambda outcome: outcome.index)
        return [outcome.result() for outcome in ended]

    def cancel(self, timeout: float | None = None) -> None:
        """Cancel all tasks of the batch that have not ended."""
        self._connection.json("POST", self._path + "/cancel", timeout=timeout)

    def delete(self, timeout: float | None = None) -> None:
        """Delete the batch with its tasks and results, for good.

        Raises:
            ServiceError: `task_not_finished` if a task of the batch has not ended.
        """
        with explain_older_service("delete batches"):
            self._connection.json("DELETE", self._path, timeout=timeout)

    def events(self) -> Iterator[Event]:
        """Yield every change of state of the tasks, until all tasks have ended."""
        return events(self._connection, self._path)

    def __repr__(self) -> str:
        return f"Batch({self.id!r}, {quantity(self._size, 'task')})"

    def _repr_html_(self) -> str:
        return notebook.batch_html(self.known, self._size)

    def _ipython_display_(self) -> None:
        """Show the batch in a notebook, live until its last task ends."""
        follower, meter = Batch(self._connection, self.known, progress=False), ProgressMeter()

        def update() -> bool:
            pending = "states" not in follower.known or follower.known["status"] == "pending"
            if pending and "states" in follower.known:
                time.sleep(LIVE_PERIOD_S)
            return bool(follower.info()["status"] == "pending")

        notebook.show_live(
            self, lambda: notebook.batch_html(follower.known, self._size, meter), update
        )

    @property
    def _path(self) -> str:
        return path("batches", self.id)

    def _item_lines(self, accept: str, timeout: float | None) -> Iterator[Json]:
        """Yield a line for each item with its result, as the items end."""
        end = deadline(timeout)
        had = 0
        lines = self._connection.follow(
            self._path + "/results", accept, lambda: ({"offset": had}, {}), end
        )
        meter = ProgressMeter()
        with Progress(self._progress) as progress:
            while had < self._size:
                progress.show(progress_text(had, self._size, meter.remaining_s(had, self._size)))
                if line := next(lines).strip():
                    had += 1
                    yield fetch_result(self._connection, loads(line), accept)

    def _outcome(self, item: Json) -> Outcome:
        try:
            value: Result | TaskFailed | TaskCancelled = result_from_json(item)
        except (TaskFailed, TaskCancelled) as error:
            value = error
        return Outcome(int(item["item"]), str(item["task_id"]), value)
