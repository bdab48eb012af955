"""Tasks of the service."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

from quantumtask.client import notebook
from quantumtask.client.connection import (
    ENCODED,
    Connection,
    Json,
    deadline,
    explain_older_service,
    path,
    without_none,
)
from quantumtask.client.events import Event, events
from quantumtask.client.progress import Progress, task_progress_text
from quantumtask.client.results.decode import is_complete, result_from_json
from quantumtask.client.results.result import Result
from quantumtask.shared.task_progress import TaskProgress

LONG_POLL_S = 25.0
"""Seconds that one long poll stays open; the service allows at most 30 s."""
VISIBLE_POLL_S = 2.0
"""Seconds that one long poll stays open while a progress line is visible."""
LIVE_POLL_S = 2.0
"""Seconds that one long poll of a task in a notebook stays open."""
_PLAIN = "application/json"
ACCEPTED = f"{ENCODED}, {_PLAIN};q=0.5"
"""Media types of a result: arrays as bytes, or as lists from an older service."""


class Task:
    """Task of the service. `Client.submit` and `Client.task` create tasks.

    The attribute `id` is the id of the task, and `known` holds the last answer of the service.
    """

    def __init__(
        self,
        connection: Connection,
        known: Json,
        progress: bool | None = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> None:
        self.id = str(known["task_id"])
        self.known = known
        self._connection = connection
        self._progress = progress
        self._parameters = parameters

    def status(self, timeout: float | None = None) -> str:
        """Return the state: submitted, running, completed, failed or cancelled."""
        self._ask("status", _PLAIN, timeout=timeout)
        return self._state

    def progress(self, timeout: float | None = None) -> TaskProgress | None:
        """Return the progress of the task; None unless the task runs and its progress is known.

        The engine counts shots, elements of a sweep, gates or terms. If it cannot tell, there is
        no fraction, and the remaining time is the estimate from before the run.
        """
        self._ask("status", _PLAIN, timeout=timeout)
        progress = self.known.get("progress")
        return progress and TaskProgress(progress["fraction"], progress["remaining_s"])

    def info(self, wait: float = 0.0, timeout: float | None = None) -> Json:
        """Return the task as JSON.

        Args:
            wait: Seconds, 0 to 30, to wait for the end of the task.
            timeout: Time limit of the call, in seconds.
        """
        return self._ask(None, _PLAIN, wait, timeout)

    def wait(self, timeout: float | None = None) -> Json:
        """Wait for the end of the task and return its JSON with the whole result.

        A terminal or a notebook shows the state, the progress and the seconds meanwhile.

        Raises:
            TimeoutError: The task has not ended after `timeout` seconds.
        """
        return self._wait_for_end(timeout, _PLAIN)

    def result(self, timeout: float | None = None) -> Result:
        """Wait for the end of the task and return its result.

        Raises:
            CircuitError: The circuit is wrong.
            TaskFailed: The task failed.
            TaskCancelled: The task was cancelled.
            TimeoutError: The task has not ended after `timeout` seconds. The task goes on.
        """
        return result_from_json(self._wait_for_end(timeout, ACCEPTED), self._parameters)

    def circuit(self, timeout: float | None = None) -> str:
        """Return the OpenQASM text of the task as it was submitted."""
        with explain_older_service("give a circuit back"):
            return self._connection.call("GET", self._path + "/circuit", timeout=timeout).text

    def cancel(self, timeout: float | None = None) -> None:
        """Cancel the task. Raise ServiceError `task_already_finished` if the task has ended."""
        answer = self._connection.json("POST", self._path + "/cancel", timeout=timeout)
        self.known = self.known | answer | {"state": "cancelled"}

    def delete(self, timeout: float | None = None) -> None:
        """Delete the task, its circuit and its result, for good.

        Raises:
            ServiceError: `task_not_finished` if the task has not ended; `task_in_batch` for a task
                of a batch, which is deleted as a whole.
        """
        with explain_older_service("delete tasks"):
            self._connection.json("DELETE", self._path, timeout=timeout)

    def events(self) -> Iterator[Event]:
        """Yield every change of state of the task, past and future, until the task has ended."""
        return events(self._connection, self._path)

    def __repr__(self) -> str:
        return f"Task({self.id!r}, {self._state})"

    def _repr_html_(self) -> str:
        return notebook.task_html(self.known)

    def _ipython_display_(self) -> None:
        """Show the task in a notebook, live until it ends."""
        follower = Task(self._connection, self.known, progress=False)

        def update() -> bool:
            # The first question has no wait: the state may be old by now.
            wait = LIVE_POLL_S if "history" in follower.known else 0.0
            return bool(follower.info(wait)["status"] == "pending")

        notebook.show_live(self, follower._repr_html_, update)

    @property
    def _path(self) -> str:
        return path("tasks", self.id)

    @property
    def _state(self) -> str:
        return str(self.known.get("state") or self.known["status"])

    def _wait_for_end(self, timeout: float | None, accept: str) -> Json:
        end = deadline(timeout)
        body = self._ask(None, accept)
        with Progress(self._progress) as progress:
            longest = VISIBLE_POLL_S if progress.visible else LONG_POLL_S
            while body["status"] == "pending":
                remaining = end - time.monotonic()
                if remaining <= 0:
                    raise TimeoutError(f"task {self.id} has not ended after {timeout:g} s")
                progress.show(_words(body))
                body = self._ask(None, accept, wait=max(0.001, min(remaining, longest)))
        return fetch_result(self._connection, body, accept)

    def _ask(
        self, view: str | None, accept: str, wait: float = 0.0, timeout: float | None = None
    ) -> Json:
        wait = float(wait)
        query = without_none({"view": view, "wait": f"{wait:g}" if wait else None})
        limit = self._connection.timeout if timeout is None else timeout
        self.known = self._connection.json(
            "GET", self._path, params=query, headers={"Accept": accept}, timeout=wait + limit
        )
        return self.known


def fetch_result(connection: Connection, body: Json, accept: str = ACCEPTED) -> Json:
    """Return the JSON of a task with its result, which is fetched separately if it is large."""
    if body["status"] != "completed" or is_complete(body):
        return body
    where = path("tasks", body["task_id"]) + "/result"
    return body | without_none(connection.json("GET", where, headers={"Accept": accept}))


def _words(body: Json) -> str:
    """Return the text of the progress line: `submitted, position 3` or `running, 42 %`."""
    queue = body.get("queue") or body
    words = [str(body.get("state", "pending"))]
    if position := queue.get("position"):
        words.append(f"position {position:,}")
        if queue.get("expected_start", "") is None:
            words.append("no worker is running")
    return ", ".join(filter(None, [*words, task_progress_text(body)]))
