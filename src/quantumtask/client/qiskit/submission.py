"""Submission of the tasks of a job, in one request or in several, and their answers."""

import json
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from qiskit.providers import JobTimeoutError

from quantumtask.client.connection import Connection, Json, deadline, path, without_none
from quantumtask.client.errors import ClientError, ServiceError
from quantumtask.client.task import ACCEPTED, LONG_POLL_S, fetch_result

MAX_REQUEST_TASKS = 1_000
MAX_BODY_BYTES = 9 * 1024 * 1024
"""Largest number of tasks and of bytes of a request; the service accepts 10 MiB."""
FINAL_STATUSES = frozenset({"completed", "failed", "cancelled"})
SHORT_WAIT_S = 0.1
"""Seconds for which the submission of one task waits for its end, so that one request is enough.

Only if each earlier job of the connection was asked for its result: a program that submits many
jobs before the first result does not wait.
"""
MAX_UNREAD = 1_000
"""Largest number of jobs without a question for their result that are remembered."""
KEY = "qiskit"
"""Key of the entry of this adapter in the metadata of a task or a batch."""


class JobSubmission(Protocol):
    """Tasks of one job; `find_submission` returns them by their `id`."""

    @property
    def id(self) -> str:
        """Id of the job."""
        ...

    def info(self) -> Json:
        """Return the task or the batch whose id is that of the job."""

    def states(self) -> Counter[str]:
        """Return the numbers of submitted, running, completed, failed and cancelled tasks."""

    def answers(self, timeout: float | None) -> list[Json]:
        """Wait for all tasks and return their answers.

        Raises:
            JobTimeoutError: The tasks have not ended after `timeout` seconds.
        """

    def cancel(self) -> bool:
        """Cancel the tasks that have not ended; return False if all tasks have ended."""

    def position(self) -> int | None:
        """Return the queue position of the first waiting task, from 1; None if no task waits."""


_unread: WeakKeyDictionary[Connection, set[str]] = WeakKeyDictionary()
"""Ids of the tasks that this process submitted and has not asked for a result."""

_JSON = json.JSONEncoder(separators=(",", ":"), allow_nan=False)


def post(
    connection: Connection, bodies: Sequence[Json], tags: Sequence[str], record: Json
) -> JobSubmission:
    """Submit bodies of tasks in as few requests as possible; the last request has the record.

    If the service refuses a request, the tasks of earlier requests are cancelled. Without bodies,
    no request is sent.
    """
    if not bodies:
        return EmptySubmission()
    texts = [_JSON.encode(body) for body in bodies]
    submissions: list[JobSubmission] = []
    requests = list(_requests(texts))
    try:
        for number, request in enumerate(requests, 1):
            others = [each.id for each in submissions]
            entry = {**record, "requests": others} if number == len(requests) else {"part": True}
            labels = without_none({"tags": list(tags) or None, "metadata": {KEY: entry}})
            wait = len(requests) == 1 and not _unread.get(connection)
            submissions.append(_post_compatibly(connection, request, labels, wait))
    except ClientError:
        for each in submissions:
            each.cancel()
        raise
    return submissions[0] if len(submissions) == 1 else SplitSubmission(submissions)


def _requests(texts: Sequence[str]) -> Iterator[list[str]]:
    request: list[str] = []
    size = 0
    for text in texts:
        if request and (len(request) == MAX_REQUEST_TASKS or size + len(text) > MAX_BODY_BYTES):
            yield request
            request, size = [], 0
        request.append(text)
        size += len(text) + 1
    yield request


def _post_compatibly(
    connection: Connection, texts: Sequence[str], labels: Json, wait: bool
) -> JobSubmission:
    try:
        return _post(connection, texts, labels, wait)
    except ServiceError as error:
        if error.detail != "metadata: no such field":  # a service of the previous version
            raise
    older = {name: labels[name] for name in labels if name != "metadata"}
    return _post(connection, texts, older, wait)


def _post(connection: Connection, texts: Sequence[str], labels: Json, wait: bool) -> JobSubmission:
    more = _JSON.encode(labels)[1:]
    comma = "," if labels else ""
    headers = {"Idempotency-Key": uuid.uuid4().hex, "Content-Type": "application/json"}
    if len(texts) == 1:
        content = texts[0][:-1] + comma + more
        query = {"wait": f"{SHORT_WAIT_S:g}"} if wait else {}
        headers["Accept"] = ACCEPTED
        answer = connection.json("POST", "/tasks", content=content, headers=headers, params=query)
        unread = _unread.setdefault(connection, set())
        if len(unread) < MAX_UNREAD:
            unread.add(answer["task_id"])
        return TaskSubmission(connection, answer["task_id"], answer)
    content = f'{{"tasks":[{",".join(texts)}]{comma}{more}'
    answer = connection.json("POST", "/batches", content=content, headers=headers)
    return BatchSubmission(connection, answer["batch_id"], len(texts))


def find_submission(connection: Connection, name: str) -> tuple[JobSubmission, Json]:
    """Return an earlier submission by its id, and its view.

    Raises:
        ServiceError: The id is unknown, or the tasks have been deleted.
    """
    one, view = _one(connection, name)
    others = adapter_entry(view).get("requests")
    if not others:
        return one, view
    return SplitSubmission([*(_one(connection, other)[0] for other in others), one]), view


def _one(connection: Connection, name: str) -> tuple[JobSubmission, Json]:
    try:
        view = connection.json("GET", path("tasks", name))
        return TaskSubmission(connection, name), view
    except ServiceError as error:
        if error.code != "task_not_found":
            raise
    try:
        view = connection.json("GET", path("batches", name))
    except ServiceError as error:
        if error.code != "batch_not_found":
            raise
        detail = f"job {name!r} not found on this service; QuantumTaskProvider.jobs lists the jobs"
        raise ServiceError(error.code, detail, error.status) from None
    return BatchSubmission(connection, name, view["size"]), view


def adapter_entry(view: Json) -> Json:
    """Return the entry of this adapter in the metadata; {} for a task of another client."""
    entry = (view.get("metadata") or {}).get(KEY)
    return entry if isinstance(entry, dict) else {}


class EmptySubmission:
    """Submission without tasks, which has ended and cannot be retrieved."""

    def __init__(self) -> None:
        self.id = str(uuid.uuid4())

    def info(self) -> Json:
        """Return the task or the batch of the job."""
        return {"tags": []}

    def states(self) -> Counter[str]:
        """Return the number of tasks in each state."""
        return Counter()

    def answers(self, timeout: float | None) -> list[Json]:  # noqa: ARG002
        """Wait for all tasks and return their answers."""
        return []

    def cancel(self) -> bool:
        """Cancel the tasks that have not ended."""
        return False

    def position(self) -> int | None:
        """Return the queue position of the first waiting task."""
        return None


class TaskSubmission:
    """Submission of one task.

    Args:
        answer: Answer of the service about the task, which is used if the task has ended.
    """

    def __init__(self, connection: Connection, name: str, answer: Json | None = None) -> None:
        self._connection = connection
        self.id = name
        self._final_answer: Json | None = None
        self._keep_final(answer or {})

    def info(self) -> Json:
        """Return the task or the batch of the job."""
        return self._connection.json("GET", path("tasks", self.id))

    def states(self) -> Counter[str]:
        """Return the number of tasks in each state."""
        return Counter([(self._final_answer or self._status())["state"]])

    def answers(self, timeout: float | None) -> list[Json]:
        """Wait for all tasks and return their answers."""
        _unread.get(self._connection, set()).discard(self.id)
        end = deadline(timeout)
        while self._final_answer is None:
            remaining = end - time.monotonic()
            self._keep_final(self._ask(max(0.001, min(remaining, LONG_POLL_S))))
            if self._final_answer is None and time.monotonic() >= end:
                raise JobTimeoutError(f"job {self.id} has not ended in {timeout:g} s")
        return [fetch_result(self._connection, self._final_answer)]

    def _keep_final(self, answer: Json) -> None:
        if answer.get("status") in FINAL_STATUSES:
            self._final_answer = answer

    def cancel(self) -> bool:
        """Cancel the tasks that have not ended."""
        try:
            self._connection.json("POST", path("tasks", self.id) + "/cancel")
        except ServiceError as error:
            if error.code != "task_already_finished":
                raise
            return False
        return True

    def position(self) -> int | None:
        """Return the queue position of the first waiting task."""
        queue = self._status().get("queue")
        return int(queue["position"]) if queue else None

    def _status(self) -> Json:
        query = {"view": "status"}
        return self._connection.json("GET", path("tasks", self.id), params=query)

    def _ask(self, wait: float) -> Json:
        return self._connection.json(
            "GET",
            path("tasks", self.id),
            params={"wait": f"{wait:g}"},
            headers={"Accept": ACCEPTED},
            timeout=wait + self._connection.timeout,
        )


class BatchSubmission:
    """Submission of a batch of tasks."""

    def __init__(self, connection: Connection, name: str, size: int) -> None:
        self._connection = connection
        self._size = size
        self.id = name

    def info(self) -> Json:
        """Return the task or the batch of the job."""
        return self._connection.json("GET", path("batches", self.id))

    def states(self) -> Counter[str]:
        """Return the number of tasks in each state."""
        return Counter(self.info()["states"])

    def answers(self, timeout: float | None) -> list[Json]:
        """Wait for all tasks and return their answers."""
        answers: list[Json] = []
        lines = self._lines("/results", ACCEPTED, lambda: {"offset": len(answers)}, timeout)
        for line in lines:
            answers.append(fetch_result(self._connection, json.loads(line)))
            if len(answers) == self._size:
                break
        return sorted(answers, key=lambda each: int(each["item"]))

    def cancel(self) -> bool:
        """Cancel the tasks that have not ended."""
        states = self.states()
        self._connection.json("POST", path("batches", self.id) + "/cancel")
        return bool(states["submitted"] or states["running"])

    def position(self) -> int | None:
        """Return the queue position of the first waiting task, because tasks start in order."""
        waiting = self.states()["submitted"]
        if not waiting:
            return None
        for name in self._ids()[self._size - waiting :]:
            if (position := TaskSubmission(self._connection, name).position()) is not None:
                return position
        return None

    def _ids(self) -> list[str]:
        """Return the ids of the tasks in order, from the events of their submission."""
        ids: dict[int, str] = {}
        for line in self._lines("/events", "text/event-stream", dict, None):
            if line.startswith("data:") and "task_id" in (event := json.loads(line[5:])):
                ids[event["item"]] = event["task_id"]
            if len(ids) == self._size:
                break
        return [ids[item] for item in sorted(ids)]

    def _lines(self, where: str, accept: str, query: Any, timeout: float | None) -> Iterator[str]:
        lines = self._connection.follow(
            path("batches", self.id) + where, accept, lambda: (query(), {}), deadline(timeout)
        )
        try:
            for line in lines:
                if line.strip():
                    yield line
        except TimeoutError:
            raise JobTimeoutError(f"job {self.id} has not ended in {timeout:g} s") from None


class SplitSubmission:
    """Submission in several requests; its id is the id of the last request."""

    def __init__(self, parts: Sequence[JobSubmission]) -> None:
        self._parts = parts

    @property
    def id(self) -> str:
        """Id of the last request."""
        return self._parts[-1].id

    def info(self) -> Json:
        """Return the task or the batch of the job."""
        return self._parts[-1].info()

    def states(self) -> Counter[str]:
        """Return the number of tasks in each state."""
        return sum((part.states() for part in self._parts), Counter())

    def answers(self, timeout: float | None) -> list[Json]:
        """Wait for all tasks and return their answers."""
        end = deadline(timeout)
        answers: list[Json] = []
        for part in self._parts:
            remaining = None if timeout is None else max(0.001, end - time.monotonic())
            answers += part.answers(remaining)
        return answers

    def cancel(self) -> bool:
        """Cancel the tasks that have not ended."""
        cancelled = [part.cancel() for part in self._parts]
        return any(cancelled)

    def position(self) -> int | None:
        """Return the queue position of the first waiting task."""
        positions = (part.position() for part in self._parts)
        return min((each for each in positions if each is not None), default=None)
