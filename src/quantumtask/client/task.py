"""A task of the service, as its client holds it."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

from quantumtask.client.connection import (
    ENCODED,
    Connection,
    Json,
    deadline,
    for_older,
    given,
    path,
)
from quantumtask.client.events import Event, events
from quantumtask.client.progress import Progress
from quantumtask.client.results.decode import is_whole, result_of
from quantumtask.client.results.result import Result

LONG_POLL_S = 25.0
"""How long one question for the end of a task stays open; the service allows at most 30 s."""
WATCHED_S = 2.0
"""How long, while somebody watches its state."""
_PLAIN = "application/json"
ACCEPTED = f"{ENCODED}, {_PLAIN};q=0.5"
"""Arrays as their bytes, from a service that knows how."""


class Task:
    """One task: `id`, and all that can be done with it. `Client.submit` and `Client.task` make it.

    `known` is what the service said of it last.
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
        """submitted, running, completed, failed or cancelled."""
        self._ask("status", _PLAIN, timeout=timeout)
        return self._state

    def info(self, wait: float = 0.0, timeout: float | None = None) -> Json:
        """All that the service says of it, as JSON: now, or as it ends in `wait` (0 to 30) s."""
        return self._ask(None, _PLAIN, wait, timeout)

    def wait(self, timeout: float | None = None) -> Json:
        """What `info` says once the task has ended, with all of its result, however large.

        TimeoutError if it has not ended after `timeout` seconds. Shows its state and the seconds
        meanwhile, where somebody watches.
        """
        return self._ended(timeout, _PLAIN)

    def result(self, timeout: float | None = None) -> Result:
        """Its result, once it has ended.

        Raises CircuitError, TaskFailed or TaskCancelled if there is none, and TimeoutError if it
        has not ended after `timeout` seconds; the task goes on then.
        """
        return result_of(self._ended(timeout, ACCEPTED), self._parameters)

    def circuit(self, timeout: float | None = None) -> str:
        """The circuit of the task, as OpenQASM text."""
        with for_older("give a circuit back"):
            return self._connection.call("GET", self._path + "/circuit", timeout=timeout).text

    def cancel(self, timeout: float | None = None) -> None:
        """Ends it. ServiceError `task_already_finished` if it has ended by itself."""
        answer = self._connection.json("POST", self._path + "/cancel", timeout=timeout)
        self.known = self.known | answer | {"state": "cancelled"}

    def events(self) -> Iterator[Event]:
        """Every change of its state, those that were and those to come, until it has ended."""
        return events(self._connection, self._path)

    def __repr__(self) -> str:
        return f"Task({self.id!r}, {self._state})"

    @property
    def _path(self) -> str:
        return path("tasks", self.id)

    @property
    def _state(self) -> str:
        return str(self.known.get("state") or self.known["status"])

    def _ended(self, timeout: float | None, accept: str) -> Json:
        end = deadline(timeout)
        body = self._ask(None, accept)
        with Progress(self._progress) as progress:
            longest = WATCHED_S if progress.shown else LONG_POLL_S
            while body["status"] == "pending":
                left = end - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"task {self.id} has not ended after {timeout:g} s")
                progress.say(_words(body))
                body = self._ask(None, accept, wait=max(0.001, min(left, longest)))
        return whole(self._connection, body, accept)

    def _ask(
        self, view: str | None, accept: str, wait: float = 0.0, timeout: float | None = None
    ) -> Json:
        wait = float(wait)
        question = given({"view": view, "wait": f"{wait:g}" if wait else None})
        limit = self._connection.timeout if timeout is None else timeout
        self.known = self._connection.json(
            "GET", self._path, params=question, headers={"Accept": accept}, timeout=wait + limit
        )
        return self.known


def whole(connection: Connection, body: Json, accept: str = ACCEPTED) -> Json:
    """A task's JSON with its result, if that is so large that it has to be fetched by itself."""
    if body["status"] != "completed" or is_whole(body):
        return body
    where = path("tasks", body["task_id"]) + "/result"
    return body | given(connection.json("GET", where, headers={"Accept": accept}))


def _words(body: Json) -> str:
    """`submitted, position 3`, or `running`."""
    place = body.get("queue") or body
    position = place.get("position")
    return str(body.get("state", "pending")) + (f", position {position:,}" if position else "")
