"""Client of a QuantumTask service: one method for each call."""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from datetime import datetime
from typing import Any, Self, Unpack

from quantumtask.client import request
from quantumtask.client.batch import Batch
from quantumtask.client.chunking import join_results, split_sweep
from quantumtask.client.connection import (
    Connection,
    Json,
    explain_older_service,
    path,
    without_none,
)
from quantumtask.client.drawing import Drawing
from quantumtask.client.json_numbers import to_json
from quantumtask.client.notebook import BackendTable, EngineTable
from quantumtask.client.observables import column
from quantumtask.client.request import CircuitSource, Common, Options, Parameters
from quantumtask.client.results.result import Result
from quantumtask.client.task import Task

WORKER_LIMIT_S = 90.0
"""Time limit, in seconds, of calls that a worker answers; other clients may be first."""


class Client:
    """Client of one service, for any number of threads.

    Every method has a `timeout` in seconds that replaces the timeout of the client.

    Args:
        url: Address of the service. The default is QUANTUMTASK_URL, and then http://127.0.0.1:8000.
        token: Token for the header `Authorization: Bearer`. The default is QUANTUMTASK_TOKEN, and
            then the token that `quantumtask login` has stored for this address.
        timeout: Time limit of a call, in seconds. Within this time, the client repeats a call if
            the service is busy, or does not answer after it has answered before.
        progress: True shows a line while a call waits, False shows none, and None shows a line in a
            terminal or a notebook.
    """

    _connection_type = Connection

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        timeout: float = 30.0,
        progress: bool | None = None,
    ) -> None:
        self._connection = self._connection_type(url, token, timeout)
        self._progress = progress

    @property
    def url(self) -> str:
        """Address of the service."""
        return self._connection.url

    def submit(
        self,
        source: CircuitSource,
        *,
        strict: bool = False,
        idempotency_key: str | None = None,
        timeout: float | None = None,
        **options: Unpack[Options],
    ) -> Task:
        """Submit a circuit. When this returns, the circuit is on disk.

        Args:
            source: OpenQASM text, QPY as bytes, the Path of a file, or a Qiskit QuantumCircuit.
            strict: Refuse a wrong circuit with CircuitError. Otherwise the service accepts the
                circuit, and the task fails.
            idempotency_key: Calls with equal keys and equal arguments return one task. Without a
                key, the client creates one, so that a repeated request creates one task.
            timeout: Time limit of the call, in seconds.
            **options: Options of the task, see `Options`.

        Returns:
            The new task.

        Raises:
            CircuitError: The circuit is wrong, and `strict` is set.
            ServiceError: The service refused the request.
            Unreachable: No service answers.
        """
        answer = self._post(
            "/tasks",
            request.body(source, **options),
            idempotency_key,
            timeout,
            params={"strict": "true"} if strict else {},
        )
        return self._task(answer, options.get("parameters"))

    def map(
        self,
        source: CircuitSource,
        parameters: Parameters,
        *,
        name: str | None = None,
        tags: Sequence[str] = (),
        timeout: float | None = None,
        **options: Unpack[Common],
    ) -> Iterator[Result]:
        """Run a circuit for every element of arrays of parameters, in one request.

        All arrays and lists have one length, as for `zip`. A number or a text is the same for every
        element. Observables and other options apply to every element.

        Args:
            source: OpenQASM text, QPY as bytes, the Path of a file, or a Qiskit QuantumCircuit.
            parameters: Values of the inputs by name.
            name: Name of the tasks.
            tags: Tags of the tasks.
            timeout: Time limit for all results, in seconds.
            **options: Options of the tasks, see `Common`.

        Yields:
            A result for each element, with `index` and `parameters`. Neighbouring elements form
            chunks, and the chunks come in the order in which they end.

        Raises:
            TaskFailed: A chunk failed.
            TimeoutError: The time limit is over.
        """
        pieces = split_sweep(parameters)
        options["observables"] = column(options.get("observables"))
        items = [{"source": source, "parameters": piece.parameters} for piece in pieces]
        batch = self.batch(items, name=name, tags=tags, **options)
        return join_results(pieces, batch.outcomes(timeout))

    def batch(
        self,
        items: Iterable[CircuitSource | Mapping[str, Any]],
        *,
        name: str | None = None,
        tags: Sequence[str] = (),
        metadata: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
        **options: Unpack[Common],
    ) -> Batch:
        """Submit up to 1,000 circuits in one request; the service stores all or none.

        Args:
            items: Sources, or mappings with a `source` and options of the item.
            name: Name of the batch.
            tags: Tags of the batch.
            metadata: JSON object that is stored with the batch.
            idempotency_key: Calls with equal keys and equal arguments return one batch.
            timeout: Time limit of the call, in seconds.
            **options: Defaults of the options for every item.
        """
        bodies = [request.body(**dict(options, **each)) for each in request.batch_items(items)]
        labels = {"name": name, "tags": list(tags) or None}
        labels["metadata"] = to_json("metadata", metadata)
        whole = without_none({"tasks": bodies, **labels})
        answer = self._post("/batches", whole, idempotency_key, timeout, what="batches and `map`")
        return Batch(self._connection, answer, self._progress)

    def find_batch(self, batch_id: str, timeout: float | None = None) -> Batch:
        """Return the batch with this id."""
        known = self._connection.json("GET", path("batches", batch_id), timeout=timeout)
        return Batch(self._connection, known, self._progress)

    def task(self, task_id: str, timeout: float | None = None) -> Task:
        """Return the task with this id.

        Raises:
            ServiceError: `task_not_found` if there is no such task.
        """
        task = self._task({"task_id": task_id, "status": "pending"})
        task.status(timeout)
        return task

    def tasks(
        self,
        *,
        status: str | None = None,
        name: str | None = None,
        tag: str | None = None,
        owner: str | None = None,
        since: datetime | None = None,
    ) -> Iterator[Task]:
        """Yield all tasks page by page, the newest first; the arguments are those of `page`."""
        cursor = None
        filters: Json = {"status": status, "name": name, "tag": tag}
        while True:
            page = self.page(**filters, owner=owner, since=since, limit=100, cursor=cursor)
            yield from map(self._task, page["tasks"])
            if not (cursor := page["next_cursor"]):
                return

    def page(
        self,
        *,
        status: str | None = None,
        name: str | None = None,
        tag: str | None = None,
        owner: str | None = None,
        since: datetime | None = None,
        id_prefix: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        timeout: float | None = None,
    ) -> Json:
        """Return one page of tasks as JSON, the newest first.

        Args:
            status: Only tasks in this state.
            name: Only tasks with this name.
            tag: Only tasks with this tag.
            owner: Only tasks of this owner.
            since: Only tasks that were submitted at this time or later; without a time zone, it is
                local time.
            id_prefix: Only tasks whose id begins so.
            limit: Length of the page, 1 to 100.
            cursor: The value `next_cursor` of the page before.
            timeout: Time limit of the call, in seconds.
        """
        query: Json = {"status": status, "name": name, "tag": tag, "owner": owner, "id": id_prefix}
        query |= {"since": since and str(since.timestamp()), "limit": limit, "cursor": cursor}
        return self._connection.json("GET", "/tasks", params=without_none(query), timeout=timeout)

    def batch_page(
        self,
        *,
        status: str | None = None,
        name: str | None = None,
        tag: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        timeout: float | None = None,
    ) -> Json:
        """Return one page of batches as JSON, the newest first; the arguments are those of `page`.

        The status of a batch is `pending` until all of its tasks have ended, then `completed`.
        """
        query = {"status": status, "name": name, "tag": tag, "limit": limit, "cursor": cursor}
        return self._connection.json("GET", "/batches", params=without_none(query), timeout=timeout)

    def validate(
        self,
        source: CircuitSource,
        parameters: Parameters | None = None,
        timeout: float = WORKER_LIMIT_S,
    ) -> Json:
        """Return all problems of a circuit, without running or storing the circuit.

        Returns:
            JSON with `valid` and `problems`, among others.

        Raises:
            ServiceError: `worker_unavailable` if no worker answers.
        """
        body = request.body(source, parameters=parameters)
        return self._connection.json("POST", "/validate", json=body, timeout=timeout)

    def estimate(
        self, source: CircuitSource, *, timeout: float = WORKER_LIMIT_S, **options: Unpack[Options]
    ) -> Json:
        """Return `engine`, `method`, `memory_bytes` and `seconds` of a task, without running it.

        Raises:
            CircuitError: The circuit is wrong.
            TaskFailed: The task would fail.
        """
        with explain_older_service("estimate this"):
            body = request.body(source, **options)
            return self._connection.json("POST", "/estimate", json=body, timeout=timeout)

    def draw(
        self,
        source: CircuitSource,
        parameters: Parameters | None = None,
        timeout: float = WORKER_LIMIT_S,
    ) -> Drawing:
        """Return the drawing of a circuit, which a notebook shows, without running the circuit.

        Raises:
            CircuitError: The circuit is wrong.
            ServiceError: `worker_unavailable` if no worker answers.
        """
        with explain_older_service("draw circuits"):
            body = request.body(source, parameters=parameters)
            return Drawing(self._connection.call("POST", "/draw", json=body, timeout=timeout).text)

    def backends(self, timeout: float = WORKER_LIMIT_S) -> BackendTable:
        """Return the backends: the simulator, and devices with their noise."""
        with explain_older_service("backends"):
            return BackendTable(self._connection.json("GET", "/backends", timeout=timeout))

    def backend(self, name: str, timeout: float = WORKER_LIMIT_S) -> Json:
        """Return one backend with its coupling map, its errors and its queue."""
        with explain_older_service("backends"):
            return self._connection.json("GET", path("backends", name), timeout=timeout)

    def engines(self, timeout: float = WORKER_LIMIT_S) -> EngineTable:
        """Return the engines with their methods and their numbers of qubits."""
        return EngineTable(self._connection.json("GET", "/engines", timeout=timeout))

    def queue(self, timeout: float | None = None) -> Json:
        """Return the numbers of waiting and running tasks, in total and by owner."""
        return self._connection.json("GET", "/queue", timeout=timeout)

    def usage(self, days: int = 30, timeout: float | None = None) -> Json:
        """Return tasks, shots, processor seconds and bytes of results, by day and project."""
        return self._connection.json("GET", "/usage", params={"days": days}, timeout=timeout)

    def principal(self, timeout: float | None = None) -> Json:
        """Return name, project and role of the principal that the token belongs to."""
        return self._connection.json("GET", "/principal", timeout=timeout)

    def login_provider(self, timeout: float | None = None) -> tuple[str, str] | None:
        """Return issuer and client id of the service's provider of OpenID Connect, if it has one.

        The request is sent without a token, which may have ended.
        """
        about = self._connection.json("GET", "/login", timeout=timeout, with_token=False)
        issuer, client_id = about.get("issuer"), about.get("client_id")
        return (str(issuer), str(client_id)) if issuer and client_id else None

    def health(self) -> bool:
        """Return True if the process at the URL is alive: the API or a Worker."""
        return self._connection.alive("/health")

    def ready(self) -> bool:
        """Return True if the service accepts tasks and a worker can run them."""
        return self._connection.alive("/ready")

    def close(self) -> None:
        """Close the connections."""
        self._connection.close()

    def __deepcopy__(self, _: Any) -> Self:
        """Return a client of the same service. Close the copy separately."""
        copied = copy(self)
        copied._connection = self._connection.another()
        return copied

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self.url!r})"

    def _task(self, known: Json, parameters: Parameters | None = None) -> Task:
        return Task(self._connection, known, self._progress, parameters)

    def _post(
        self,
        where: str,
        body: Json,
        key: str | None,
        timeout: float | None,
        what: str = "this",
        **more: Any,
    ) -> Json:
        headers = {"Idempotency-Key": key or uuid.uuid4().hex}
        with explain_older_service(what):
            return self._connection.json(
                "POST", where, json=body, headers=headers, timeout=timeout, **more
            )
