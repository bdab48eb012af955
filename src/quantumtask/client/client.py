"""The client: what a QuantumTask service does, one method for each thing."""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from typing import Any, Self, Unpack

from quantumtask.client import request
from quantumtask.client.batch import Batch
from quantumtask.client.chunking import joined, split
from quantumtask.client.connection import Connection, Json, for_older, given, path
from quantumtask.client.json_numbers import plain
from quantumtask.client.observables import column
from quantumtask.client.request import CircuitSource, Common, Options, Parameters
from quantumtask.client.results.result import Result
from quantumtask.client.task import Task

QUESTION_S = 90.0
"""How long the service may take to look at a circuit, when many others wait for the same."""


class Client:
    """Talks to one service: `url`, or what QUANTUMTASK_URL names, or the one on this machine.

    `token` (or QUANTUMTASK_TOKEN) is sent as `Authorization: Bearer`. `timeout`: the seconds that
    a call may take until the service has answered it, during which a service that is busy, or
    answered before and is gone now, is asked again; every method takes one of its own. `progress`:
    whether waiting shows a line; None: where somebody watches. May be used by several threads.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        timeout: float = 30.0,
        progress: bool | None = None,
    ) -> None:
        self._connection = Connection(url, token, timeout)
        self._progress = progress

    @property
    def url(self) -> str:
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
        """Submits a circuit: OpenQASM text, the Path of a file, or a Qiskit QuantumCircuit.

        It is stored durably when this returns. `strict`: a circuit that is wrong is refused
        (CircuitError) instead of accepted to fail. The same `idempotency_key` with the same
        arguments gives the same task: without one, a fresh one makes sure that a submission that
        had to be sent again is one task.
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
        """Runs a circuit for every element of arrays of parameters, sent in one request.

        All arrays and lists have the same length, as for `zip`; what is a number or a text is the
        same for every element. Yields a Result for each, with its `index` and `parameters`, as they
        end: in pieces of neighbours, in the order in which the pieces end. Observables and the rest
        are for every element. Raises the error of a piece that failed, and TimeoutError after
        `timeout` seconds.
        """
        pieces = split(parameters)
        options["observables"] = column(options.get("observables"))
        items = [{"source": source, "parameters": piece.parameters} for piece in pieces]
        batch = self.batch(items, name=name, tags=tags, **options)
        return joined(pieces, batch.outcomes(timeout))

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
        """Submits up to 1,000 circuits in one request: all of them are stored, or none.

        An item is a source, or a mapping with a `source` and options of its own. `name`, `tags` and
        `metadata` are those of the batch. Other options are defaults for every item.
        """
        given_items = [each if isinstance(each, Mapping) else {"source": each} for each in items]
        bodies = [request.body(**dict(options, **each)) for each in given_items]
        labels = {"name": name, "tags": list(tags) or None}
        labels["metadata"] = plain("metadata", metadata)
        whole = given({"tasks": bodies, **labels})
        answer = self._post("/batches", whole, idempotency_key, timeout, what="batches and `map`")
        return Batch(self._connection, answer, self._progress)

    def find_batch(self, batch_id: str, timeout: float | None = None) -> Batch:
        """A batch by its id."""
        known = self._connection.json("GET", path("batches", batch_id), timeout=timeout)
        return Batch(self._connection, known, self._progress)

    def task(self, task_id: str, timeout: float | None = None) -> Task:
        """A task by its id. ServiceError `task_not_found` if there is none."""
        task = self._task({"task_id": task_id, "status": "pending"})
        task.status(timeout)
        return task

    def tasks(
        self, *, status: str | None = None, name: str | None = None, tag: str | None = None
    ) -> Iterator[Task]:
        """All tasks, newest first, page by page; `known` of each holds what the list tells."""
        cursor = None
        while True:
            page = self.page(status=status, name=name, tag=tag, limit=100, cursor=cursor)
            yield from map(self._task, page["tasks"])
            if not (cursor := page["next_cursor"]):
                return

    def page(
        self,
        *,
        status: str | None = None,
        name: str | None = None,
        tag: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        timeout: float | None = None,
    ) -> Json:
        """One page of tasks, newest first; its `next_cursor` is the next page's `cursor`."""
        question = {"status": status, "name": name, "tag": tag, "limit": limit, "cursor": cursor}
        return self._connection.json("GET", "/tasks", params=given(question), timeout=timeout)

    def validate(
        self,
        source: CircuitSource,
        parameters: Parameters | None = None,
        timeout: float = QUESTION_S,
    ) -> Json:
        """All that is wrong with a circuit, as `problems`, and whether it is `valid`.

        Nothing is run or stored. A ServiceError `worker_unavailable` means that no worker answers.
        """
        body = request.body(source, parameters=parameters)
        return self._connection.json("POST", "/validate", json=body, timeout=timeout)

    def estimate(
        self, source: CircuitSource, *, timeout: float = QUESTION_S, **options: Unpack[Options]
    ) -> Json:
        """What `submit` would take: `engine`, `method`, `memory_bytes`, `seconds`; nothing is run.

        A CircuitError or TaskFailed tells why it would fail.
        """
        with for_older("estimate this"):
            body = request.body(source, **options)
            return self._connection.json("POST", "/estimate", json=body, timeout=timeout)

    def backends(self, timeout: float = QUESTION_S) -> Json:
        """What a task may name as its `backend`: the simulator, and noisy twins of devices."""
        with for_older("backends"):
            return self._connection.json("GET", "/backends", timeout=timeout)

    def backend(self, name: str, timeout: float = QUESTION_S) -> Json:
        """One of them, with its coupling map, its gates' and qubits' errors, and its queue."""
        with for_older("backends"):
            return self._connection.json("GET", path("backends", name), timeout=timeout)

    def engines(self, timeout: float = QUESTION_S) -> Json:
        """The engines with their methods, and how many qubits fit."""
        return self._connection.json("GET", "/engines", timeout=timeout)

    def queue(self, timeout: float | None = None) -> Json:
        """How many tasks wait and run, in all and of each owner."""
        return self._connection.json("GET", "/queue", timeout=timeout)

    def health(self) -> bool:
        """Whether the process at the URL is alive; it may be the API or the Worker."""
        return self._connection.alive("/health")

    def ready(self) -> bool:
        """Whether the service takes circuits and a worker is there to run them."""
        return self._connection.alive("/ready")

    def close(self) -> None:
        self._connection.close()

    def __deepcopy__(self, _: Any) -> Self:
        """Returns a client of the same service, which must be closed separately."""
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
        with for_older(what):
            return self._connection.json(
                "POST", where, json=body, headers=headers, timeout=timeout, **more
            )
