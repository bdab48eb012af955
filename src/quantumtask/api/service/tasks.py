"""Tasks without HTTP: validate, store, wake the worker, read, cancel."""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote

from quantumtask.api import metrics
from quantumtask.api.ids import new_id, parse_id
from quantumtask.api.service.batches import (
    BatchReceipt,
    BatchService,
    BatchSpec,
    validate_items,
)
from quantumtask.api.service.field_checks import (
    check_circuit_size,
    check_run_fields,
    validate_task,
)
from quantumtask.api.service.idempotency import fingerprint_batch, fingerprint_task, validate_key
from quantumtask.api.service.micro_batcher import MicroBatcher
from quantumtask.api.service.predicted_cost import predict_ms
from quantumtask.api.service.worker_client import WorkerClient
from quantumtask.api.watch.event_streams import EventStreams
from quantumtask.api.watch.queries import TaskQuery
from quantumtask.api.watch.result_loader import ResultLoader
from quantumtask.api.watch.watcher import DatabaseWatcher
from quantumtask.shared.api_store import ApiStore
from quantumtask.shared.batch import Batch, NewBatch
from quantumtask.shared.errors import (
    BackendNotFound,
    ResultDamaged,
    StoreUnavailable,
    TaskAlreadyFinished,
    TaskNotFound,
    UnrunnableCircuit,
)
from quantumtask.shared.queue_stats import ExpectedWait, QueueStats
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import (
    Failure,
    Problem,
    Submission,
    Task,
    TaskSpec,
    TaskState,
)
from quantumtask.shared.telemetry.trace_ids import Attributes, parse_traceparent
from quantumtask.shared.telemetry.traces import open_traces

log = logging.getLogger(__name__)

QUEUE_TIMEOUT_S = 2.0
"""Scrapers wait for some seconds, and an unreachable database is silent for longer."""


@dataclass(frozen=True)
class Readiness:
    """State of the parts that the service needs to take tasks and run them."""

    database: bool
    worker: bool

    @property
    def ready(self) -> bool:
        """True if tasks can be taken and run."""
        return self.database and self.worker


class TaskService:
    """The API's operations on tasks. Create it in a running event loop; see `lifespan`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._write_store = ApiStore(settings)
        self._read_store = ApiStore(settings)
        self._submissions: MicroBatcher[Submission | NewBatch, str] = MicroBatcher(
            "submissions", self._store
        )
        self._calls: MicroBatcher[Callable[[ApiStore], Any], Any] = MicroBatcher(
            "calls", self._call
        )
        self._watcher = DatabaseWatcher(ApiStore(settings))
        self._results = ResultLoader(settings)
        self.streams = EventStreams(self._watcher, self._results)
        self.batches = BatchService(
            self._submissions, self._calls, self._watcher, settings.busy_timeout_s
        )
        self._worker = WorkerClient(settings.doorbell_url)
        self._traces = open_traces(settings, "api")

    @contextlib.asynccontextmanager
    async def lifespan(self) -> AsyncIterator["TaskService"]:
        """Yield the service; afterwards, finish all writes and close everything."""
        try:
            yield self
        finally:
            self._worker.stop()
            for thread in (self._submissions, self._calls, self._watcher):
                await asyncio.to_thread(thread.stop)
            self._write_store.close()
            self._read_store.close()
            if self._traces:
                await asyncio.to_thread(self._traces.close)

    @property
    def tracing_enabled(self) -> bool:
        """True if spans are collected."""
        return self._traces is not None

    async def submit(self, spec: TaskSpec, key: str | None = None, traceparent: str = "") -> str:
        """Store a task; return its id once it is durable.

        Args:
            spec: The task.
            key: Idempotency key: with the key of an earlier, equal task, return the id of that one.
            traceparent: W3C `traceparent` of the caller's span, "" if there is none.

        Raises:
            RequestError: a field is not valid, or the key belongs to a different task.
            QueueFull: too many tasks are waiting.
        """
        began_ns = time.time_ns()
        validate_task(spec, self.settings)
        validate_key(key)
        fingerprint = fingerprint_task(spec) if key else ""
        submission = Submission(new_id(), spec, predict_ms(spec), key, fingerprint)
        self._worker.wake(submission.id)  # before storing: the worker wakes up meanwhile
        stored_id: str = await self._submissions(submission)
        if stored_id != submission.id:
            metrics.count_deduplicated()
            return stored_id
        metrics.count_submissions()
        self._trace(submission, began_ns, traceparent)
        return stored_id

    async def submit_batch(
        self, spec: BatchSpec, key: str | None = None, traceparent: str = ""
    ) -> BatchReceipt:
        """Store all tasks of a batch or none; arguments and errors are those of `submit`."""
        began_ns = time.time_ns()
        validate_key(key)
        # In a thread: ten megabytes of circuits would delay other requests.
        batch = await asyncio.to_thread(self._create_batch, spec, key)
        self._worker.wake(batch.submissions[0].id)
        receipt = await self.batches.store(batch)
        if not receipt.deduplicated:
            for submission in batch.submissions if self._traces else ():
                self._trace(submission, began_ns, traceparent)
        return receipt

    async def cancel_batch(self, batch_id: str) -> Batch:
        """Cancel the tasks of a batch that are not final; raise as `BatchService.cancel` does."""
        batch = await self.batches.cancel(batch_id)
        self._worker.wake(batch.id)
        log.info("batch cancelled", extra={"batch_id": batch.id})
        return batch

    def _create_batch(self, spec: BatchSpec, key: str | None) -> NewBatch:
        validate_items(spec, partial(validate_task, settings=self.settings))
        batch_id = new_id()
        submissions = tuple(
            Submission(new_id(), task, predict_ms(task), batch=batch_id, item=item)
            for item, task in enumerate(spec.tasks)
        )
        fingerprint = fingerprint_batch(spec) if key else ""
        return NewBatch(
            batch_id, submissions, spec.name, spec.tags, key, fingerprint, spec.metadata
        )

    def _trace(self, submission: Submission, began_ns: int, traceparent: str) -> None:
        if self._traces:
            spec = submission.spec
            attributes: Attributes = {
                "quantumtask.shots": spec.shots,
                "quantumtask.engine": spec.engine,
            }
            parent = parse_traceparent(traceparent)
            ended_ns = time.time_ns()
            self._traces.add_root(submission.id, "submit", began_ns, ended_ns, attributes, parent)

    async def check_circuit(self, spec: TaskSpec) -> None:
        """Validate the circuit of a task in the worker (`strict`).

        Raises:
            UnrunnableCircuit: the circuit would fail; it has all problems of the circuit.
            AnalysisQueueFull: the worker has too many circuits to analyse.
            WorkerUnavailable: no worker answers.
        """
        validate_task(spec, self.settings)
        validation = json.loads(await self._worker.request("/validate", spec))
        if not validation["valid"]:
            problems = tuple(Problem(**problem) for problem in validation["problems"])
            first = next(each for each in problems if each.severity == "error")
            raise UnrunnableCircuit(Failure(first.code, first.sentence(), problems))

    async def validate(self, spec: TaskSpec) -> bytes:
        """Return the worker's validation of a circuit, as JSON text.

        Raises:
            AnalysisQueueFull: the worker has too many circuits to analyse.
            WorkerUnavailable: no worker answers.
        """
        check_circuit_size(spec.circuit, self.settings)
        return await self._worker.request("/validate", spec)

    async def estimate(self, spec: TaskSpec) -> bytes:
        """Return the worker's estimate of a task, as JSON text.

        Raises:
            UnrunnableCircuit: the task would fail.
            AnalysisQueueFull: the worker has too many circuits to analyse.
            WorkerUnavailable: no worker answers.
        """
        check_run_fields(spec, self.settings)
        return await self._worker.request("/estimate", spec)

    async def engines(self) -> bytes:
        """Return the worker's list of engines, as JSON text; raise as `validate` does."""
        return await self._worker.request("/engines")

    async def backends(self) -> tuple[bytes, ExpectedWait]:
        """Return the worker's list of backends, as JSON text, and the expected wait of a new task.

        Raises as `validate` does.
        """
        return await self._worker.request("/backends"), await self._expected_wait()

    async def backend(self, name: str) -> tuple[bytes, ExpectedWait]:
        """Return one backend with all its details, as JSON text, and the expected wait of a task.

        Raises:
            BackendNotFound: there is no such backend.
            WorkerUnavailable: no worker answers.
        """
        try:
            details = await self._worker.request(f"/backends/{quote(name, safe='')}")
        except UnrunnableCircuit as failure:
            raise BackendNotFound(failure.message) from None
        return details, await self._expected_wait()

    async def _expected_wait(self) -> ExpectedWait:
        expected: ExpectedWait = await self._calls(
            lambda store: ExpectedWait(store.queue_stats().waiting, store.expected_wait_s())
        )
        return expected

    async def get(self, task_id: str, wait_s: float = 0.0) -> Task:
        """Return the task now, or as soon as it is final within `wait_s` seconds.

        A result that is a blob is not loaded: see `with_result`.

        Raises:
            TaskNotFound: there is no such task.
        """
        query = TaskQuery(parse_id(task_id, TaskNotFound))
        task = await (
            self._watcher.read_when_due(query, wait_s) if wait_s > 0 else self._watcher.read(query)
        )
        if task is None:
            raise TaskNotFound
        return task

    async def circuit(self, task_id: str) -> str:
        """Return the text of a task's circuit as it was submitted; raise TaskNotFound."""
        stored_id = parse_id(task_id, TaskNotFound)
        text: str | None = await self._calls(lambda store: store.read_circuit(stored_id))
        if text is None:
            raise TaskNotFound
        return text

    async def with_result(self, task: Task) -> Task:
        """Return the task with its whole result.

        Raises:
            TaskNotFound: the task was removed meanwhile.
            ResultStoreUnavailable: the blob store does not answer.
            ResultDamaged: the blob is gone, or not the one that was stored.
        """
        try:
            return await self._results.load(task)
        except ResultDamaged:
            if await self._watcher.read(TaskQuery(task.id)) is None:
                raise TaskNotFound from None
            raise

    async def result(self, task: Task, *, encoded: bool, compressed: bool) -> bytes:
        """Return the whole result of a completed task as JSON text; raise as `with_result` does.

        Args:
            task: The task.
            encoded: Leave arrays in base64.
            compressed: Compress the text with gzip.
        """
        return await self._results.render(await self.with_result(task), encoded, compressed)

    async def cancel(self, task_id: str) -> Task:
        """Cancel a task that is not final. Cancelling a cancelled task changes nothing.

        Raises:
            TaskNotFound: there is no such task.
            TaskAlreadyFinished: the task is completed or failed.
        """
        began_ns = time.time_ns()
        stored_id = parse_id(task_id, TaskNotFound)
        task: Task | None = await self._calls(lambda store: store.cancel(stored_id))
        if task is None:
            raise TaskNotFound
        if task.state is not TaskState.CANCELLED:
            raise TaskAlreadyFinished(f"the task is already {task.state} and cannot be cancelled")
        self._worker.wake(stored_id)
        metrics.count_cancellations()
        if self._traces:
            attempt = {"quantumtask.attempt": task.attempt}
            self._traces.add(task.id, "cancel", began_ns, time.time_ns(), attempt)
        log.info("task cancelled", extra={"task_id": task.id, "attempt": task.attempt})
        return task

    async def list_tasks(
        self,
        states: tuple[TaskState, ...],
        name: str | None,
        tag: str | None,
        before: int | None,
        limit: int,
    ) -> list[Task]:
        """Return tasks without their results, newest first.

        Args:
            states: Only tasks in one of these states.
            name: Only tasks of this name.
            tag: Only tasks with this tag.
            before: Only tasks with a lower sequence.
            limit: Length of the page.
        """
        tasks: list[Task] = await self._calls(
            lambda store: store.list_tasks(states, name, tag, before, limit)
        )
        return tasks

    async def queue(self) -> QueueStats:
        """Return the numbers of waiting and running tasks."""
        queue: QueueStats = await self._calls(lambda store: store.queue_stats())
        return queue

    async def queue_if_available(self) -> QueueStats | None:
        """Return the queue; None if the database does not answer in time, for a scraper to wait."""
        try:
            return await asyncio.wait_for(self._calls(ApiStore.queue_stats), QUEUE_TIMEOUT_S)
        except (StoreUnavailable, TimeoutError):
            return None

    async def readiness(self) -> Readiness:
        """Write to the database and look for a recent heartbeat of a worker."""
        try:
            await self._calls(lambda store: store.probe())
            worker = await self._calls(lambda store: store.has_live_worker())
        except StoreUnavailable:
            return Readiness(database=False, worker=False)
        return Readiness(database=True, worker=worker)

    def release_all(self) -> None:
        """Answer all long polls and end all streams, now and from now on."""
        self._watcher.release_all()

    def _store(self, items: list[Submission | NewBatch]) -> list[Any]:
        """Store single tasks in one transaction, and each batch in one of its own."""
        tasks = [each for each in items if isinstance(each, Submission)]
        stored: Any = []
        if tasks:
            stored = _call_or_error(lambda store: store.submit(tasks), self._write_store)
        outcomes = iter([stored] * len(tasks) if isinstance(stored, Exception) else stored)
        return [
            _call_or_error(partial(ApiStore.submit_batch, batch=each), self._write_store)
            if isinstance(each, NewBatch)
            else next(outcomes)
            for each in items
        ]

    def _call(self, functions: list[Callable[[ApiStore], Any]]) -> list[Any]:
        return [_call_or_error(function, self._read_store) for function in functions]


def _call_or_error(function: Callable[[ApiStore], Any], store: ApiStore) -> Any:
    try:
        return function(store)
    except Exception as error:  # of the database driver: raised to the caller
        return error
