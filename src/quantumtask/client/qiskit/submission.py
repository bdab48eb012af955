"""What was posted together, one task or a batch of them, and what came of it."""

import json
import time
import uuid
from collections.abc import Sequence
from typing import Protocol

from qiskit.providers import JobTimeoutError

from quantumtask.client.connection import Connection, Json, path
from quantumtask.client.errors import ServiceError
from quantumtask.client.task import ACCEPTED, LONG_POLL_S, whole


class Submission(Protocol):
    """Tasks of one request; `id` finds them again."""

    @property
    def id(self) -> str: ...

    def states(self) -> dict[str, int]:
        """How many are submitted, running, completed, failed and cancelled."""

    def answers(self, timeout: float | None) -> list[Json]:
        """What each of them came to, once all have ended; JobTimeoutError in `timeout` seconds."""

    def cancel(self) -> bool:
        """Ends what has not ended; False if all has."""


def post(connection: Connection, bodies: Sequence[Json]) -> Submission:
    """Submits bodies of tasks in one request."""
    key = {"Idempotency-Key": uuid.uuid4().hex}
    if len(bodies) == 1:
        answer = connection.json("POST", "/tasks", json=bodies[0], headers=key)
        return OneTask(connection, answer["task_id"])
    answer = connection.json("POST", "/batches", json={"tasks": list(bodies)}, headers=key)
    return ManyTasks(connection, answer["batch_id"], len(bodies))


def find(connection: Connection, name: str) -> Submission:
    """What was posted before. ServiceError if it was not, or is not kept any more."""
    try:
        connection.json("GET", path("tasks", name), params={"view": "status"})
        return OneTask(connection, name)
    except ServiceError as error:
        if error.code != "task_not_found":
            raise
    batch = connection.json("GET", path("batches", name))
    return ManyTasks(connection, name, batch["size"])


class OneTask:
    """A task."""

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection = connection
        self.id = name

    def states(self) -> dict[str, int]:
        question = {"view": "status"}
        told = self._connection.json("GET", path("tasks", self.id), params=question)
        return {told["state"]: 1}

    def answers(self, timeout: float | None) -> list[Json]:
        end = float("inf") if timeout is None else time.monotonic() + timeout
        body = self._ask(0.0)
        while body["status"] == "pending":
            left = end - time.monotonic()
            if left <= 0:
                raise JobTimeoutError(f"job {self.id} has not ended in {timeout:g} s")
            body = self._ask(max(0.001, min(left, LONG_POLL_S)))
        return [whole(self._connection, body)]

    def cancel(self) -> bool:
        try:
            self._connection.json("POST", path("tasks", self.id) + "/cancel")
        except ServiceError as error:
            if error.code != "task_already_finished":
                raise
            return False
        return True

    def _ask(self, wait: float) -> Json:
        return self._connection.json(
            "GET",
            path("tasks", self.id),
            params={"wait": f"{wait:g}"} if wait else {},
            headers={"Accept": ACCEPTED},
            timeout=wait + self._connection.timeout,
        )


class ManyTasks:
    """A batch of tasks."""

    def __init__(self, connection: Connection, name: str, size: int) -> None:
        self._connection = connection
        self._size = size
        self.id = name

    def states(self) -> dict[str, int]:
        return dict(self._connection.json("GET", path("batches", self.id))["states"])

    def answers(self, timeout: float | None) -> list[Json]:
        end = float("inf") if timeout is None else time.monotonic() + timeout
        found: list[Json] = []
        lines = self._connection.follow(
            path("batches", self.id) + "/results",
            ACCEPTED,
            lambda: ({"offset": len(found)}, {}),
            end,
        )
        try:
            while len(found) < self._size:
                if line := next(lines).strip():
                    found.append(whole(self._connection, json.loads(line)))
        except TimeoutError:
            raise JobTimeoutError(f"job {self.id} has not ended in {timeout:g} s") from None
        return sorted(found, key=lambda each: int(each["item"]))

    def cancel(self) -> bool:
        states = self.states()
        self._connection.json("POST", path("batches", self.id) + "/cancel")
        return bool(states["submitted"] or states["running"])
