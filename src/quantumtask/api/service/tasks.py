"""Tasks without HTTP: validate, store, wake the worker, read, cancel."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

from quantumtask.api import metrics
from quantumtask.api.ids import new_id, parse_id
from quantumtask.api.memory_budget import MemoryBudget
from quantumtask.api.service.authenticator import Authenticator
from quantumtask.api.service.batches import (
    BatchReceipt,
    BatchService,
    BatchSpec,
    replace_items,
)
from quantumtask.api.service.circuit_questions import CircuitQuestions
from quantumtask.api.service.deletion import Deletion
from quantumtask.api.service.direct_runs import DirectRunClient
from quantumtask.api.service.field_checks import validate_task
from quantumtask.api.service.idempotency import fingerprint_batch, fingerprint_task, validate_key
from quantumtask.api.service.large_answers import LargeAnswers
from quantumtask.api.service.logins import LoginService
from quantumtask.api.service.micro_batcher import MicroBatcher
from quantumtask.api.service.ownership import assign_owner
from quantumtask.api.service.predicted_cost import predict_ms
from quantumtask.api.service.rate_limiter import RateLimiter
from quantumtask.api.service.service_reports import ServiceReports
from quantumtask.api.service.submission_writer import SubmissionRun, SubmissionWriter, call_or_error
from quantumtask.api.service.tagging import Tagging
from quantumtask.api.service.tokens import TokenService
from quantumtask.api.service.worker_catalog import WorkerCatalog
from quantumtask.api.service.worker_client import WorkerClient
from quantumtask.api.watch.event_streams import EventStreams
from quantumtask.api.watch.queries import TaskQuery
from quantumtask.api.watch.watcher import DatabaseWatcher
from quantumtask.shared.api_store import ApiStore
from quantumtask.shared.audit import Sender
from quantumtask.shared.batch import Batch, NewBatch
from quantumtask.shared.errors import BodiesTooLarge, TaskAlreadyFinished, TaskNotFound
from quantumtask.shared.principal import Principal
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Submission, Task, TaskSpec, TaskState
from quantumtask.shared.telemetry.trace_ids import Attributes, parse_traceparent
from quantumtask.shared.telemetry.traces import open_traces
from quantumtask.shared.worker_secret import load_worker_secret

log = logging.getLogger(__name__)


class TaskService:
    """The API's operations on tasks. Create it in a running event loop; see `lifespan`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._read_store = ApiStore(settings)
        self._writer = SubmissionWriter(settings)
        self._calls: MicroBatcher[Callable[[ApiStore], Any], Any] = MicroBatcher(
            "calls", self._call
        )
        self._watcher = DatabaseWatcher(ApiStore(settings))
        self.answers = LargeAnswers(settings, self._calls, self._watcher)
        self.bodies = MemoryBudget(
            settings.max_bodies_bytes, BodiesTooLarge, "large bodies (QUANTUMTASK_MAX_BODIES_BYTES)"
        )
        self.streams = EventStreams(self._watcher)
        self.deletion = Deletion(settings, self._calls)
        self.tagging = Tagging(self._calls)
        self.batches = BatchService(
            self._writer.submissions, self._calls, self._watcher, settings.busy_timeout_s
        )
        secret = load_worker_secret(settings)
        self.authenticator = Authenticator(
            settings,
            secret,
            self._read_store.credentials(),
            lambda: self._calls(ApiStore.credentials),
        )
        self.logins = LoginService(settings, self.authenticator, self._calls)
        self.tokens = TokenService(self.authenticator, self._calls)
        self.rate_limiter = RateLimiter(
            self._read_store.limits(), lambda: self._calls(ApiStore.limits)
        )
        self._direct = DirectRunClient(settings)
        self._worker = WorkerClient(settings.doorbell_url, secret)
        self.questions = CircuitQuestions(settings, self._worker)
        self.catalog = WorkerCatalog(self._worker, self._calls)
        self.reports = ServiceReports(self._calls)
        self._traces = open_traces(settings, "api")

    @contextlib.asynccontextmanager
    async def lifespan(self) -> AsyncIterator["TaskService"]:
        """Yield the service; afterwards, finish all writes and close everything."""
        try:
            yield self
        finally:
            self._worker.stop()
            self._direct.stop()
            for thread in (self._writer, self._calls, self._watcher, self.answers):
                await asyncio.to_thread(thread.stop)
            self._read_store.close()
            if self._traces:
                await asyncio.to_thread(self._traces.close)

    @property
    def tracing_enabled(self) -> bool:
        """True if spans are collected."""
        return self._traces is not None

    async def submit(
        self, principal: Principal, spec: TaskSpec, key: str | None = None, traceparent: str = ""
    ) -> str:
        """Store a task; return its id once it is durable.

        Args:
            principal: The sender of the request, who becomes the owner.
            spec: The task.
            key: Idempotency key: with the key of an earlier, equal task, return the id of that one.
            traceparent: W3C `traceparent` of the caller's span, "" if there is none.

        Raises:
            RequestError: a field is not valid or not allowed to the principal, or the key belongs
                to a different task.
            QueueFull: too many tasks are waiting.
        """
        began_ns = time.time_ns()
        submission = self._create(principal, spec, key)
        stored = await self._store((submission, None), began_ns, traceparent)
        assert isinstance(stored, str)
        return stored

    async def run(
        self, principal: Principal, spec: TaskSpec, wait_s: float, key: str | None, traceparent: str
    ) -> Task | str:
        """Submit a task whose sender waits; return the task if it has ended, otherwise its id.

        A small task may run before it is stored. Arguments and errors are those of `submit`.
        """
        began_ns = time.time_ns()
        submission = self._create(principal, spec, key)
        needs_row = self._traces or self.rate_limiter.limits_runs
        run = None if needs_row else await self._direct.run(submission, wait_s)
        with self._direct.pause_if_refused(submission, run):
            return await self._store((submission, run), began_ns, traceparent)

    async def _store(self, new: SubmissionRun, began_ns: int, traceparent: str) -> Task | str:
        submission, run = new
        if run is None:
            self._worker.wake(submission.id)  # before storing: the worker wakes up meanwhile
        stored: Task | str = await self._writer.submissions(new)
        if (stored if isinstance(stored, str) else stored.id) == submission.id:
            metrics.count_submissions()
            self._trace(submission, began_ns, traceparent)
        else:
            metrics.count_deduplicated()
        return stored

    def _create(self, principal: Principal, spec: TaskSpec, key: str | None) -> Submission:
        spec = self._check(principal, spec)
        validate_key(key)
        fingerprint = fingerprint_task(spec) if key else ""
        return Submission(new_id(), spec, predict_ms(spec), key, fingerprint)

    async def submit_batch(
        self, principal: Principal, spec: BatchSpec, key: str | None = None, traceparent: str = ""
    ) -> BatchReceipt:
        """Store all tasks of a batch or none; arguments and errors are those of `submit`."""
        began_ns = time.time_ns()
        validate_key(key)
        # In a thread: ten megabytes of circuits would delay other requests.
        batch = await asyncio.to_thread(self._create_batch, principal, spec, key)
        self._worker.wake(batch.submissions[0].id)
        receipt = await self.batches.store(batch)
        if not receipt.deduplicated:
            for submission in batch.submissions if self._traces else ():
                self._trace(submission, began_ns, traceparent)
        return receipt

    async def cancel_batch(self, project: str, batch_id: str, sender: Sender) -> Batch:
        """Cancel the tasks of a batch that are not final; raise as `BatchService.cancel` does."""
        batch = await self.batches.cancel(project, batch_id, sender)
        self._worker.wake(batch.id)
        log.info("batch cancelled", extra={"batch_id": batch.id})
        return batch

    def _create_batch(self, principal: Principal, spec: BatchSpec, key: str | None) -> NewBatch:
        spec = replace_items(spec, partial(self._check, principal))
        batch_id = new_id()
        submissions = tuple(
            Submission(new_id(), task, predict_ms(task), batch=batch_id, item=item)
            for item, task in enumerate(spec.tasks)
        )
        fingerprint = fingerprint_batch(spec) if key else ""
        about = (spec.name, spec.tags, key, fingerprint, spec.metadata, principal.project)
        return NewBatch(batch_id, submissions, *about)

    def _check(self, principal: Principal, spec: TaskSpec) -> TaskSpec:
        """Return a task with owner and project, if all of its fields are valid."""
        validate_task(spec, self.settings)
        return assign_owner(spec, principal, self.settings.max_user_priority)

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

    async def get(self, project: str, task_id: str, wait_s: float = 0.0) -> Task:
        """Return the task now, or as soon as it is final within `wait_s` seconds.

        A result that is a blob is not loaded: see `LargeAnswers`.

        Raises:
            TaskNotFound: there is no such task.
        """
        query = TaskQuery(project, parse_id(task_id, TaskNotFound))
        task = await (
            self._watcher.read_when_due(query, wait_s) if wait_s > 0 else self._watcher.read(query)
        )
        if task is None:
            raise TaskNotFound
        return task

    async def cancel(self, project: str, task_id: str, sender: Sender) -> Task:
        """Cancel a task that is not final. Cancelling a cancelled task changes nothing.

        Raises:
            TaskNotFound: there is no such task.
            TaskAlreadyFinished: the task is completed or failed.
        """
        began_ns = time.time_ns()
        stored_id = parse_id(task_id, TaskNotFound)
        task: Task | None = await self._calls(
            lambda store: store.cancel(project, stored_id, sender)
        )
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
        project: str,
        states: tuple[TaskState, ...],
        name: str | None,
        tag: str | None,
        before: int | None,
        limit: int,
        owner: str | None,
        since: float,
        id_prefix: str,
        name_prefix: str | None,
    ) -> list[Task]:
        """Return tasks without their results, newest first.

        Args:
            project: Only tasks of this project.
            states: Only tasks in one of these states.
            name: Only tasks of this name.
            tag: Only tasks with this tag.
            before: Only tasks with a lower sequence.
            limit: Length of the page.
            owner: Only tasks of this owner.
            since: Only tasks submitted at this time, in seconds since 1970, or later.
            id_prefix: Only tasks whose id begins so.
            name_prefix: Only tasks whose name begins so.
        """
        filters: dict[str, Any] = {
            "owner": owner, "since": since, "id_prefix": id_prefix, "name_prefix": name_prefix
        }  # fmt: skip
        tasks: list[Task] = await self._calls(
            lambda store: store.list_tasks(project, states, name, tag, before, limit, **filters)
        )
        return tasks

    def release_all(self) -> None:
        """Answer all long polls and end all streams, now and from now on."""
        self._watcher.release_all()

    def _call(self, functions: list[Callable[[ApiStore], Any]]) -> list[Any]:
        return [call_or_error(function, self._read_store) for function in functions]
