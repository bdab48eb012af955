"""What the API does, without HTTP: checks what is asked, stores it, rings, reads."""

import asyncio
import contextlib
import hashlib
import json
import logging
import re
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any
from urllib.parse import quote

from quantumtask.api import metrics
from quantumtask.api.ids import known_id, new_id
from quantumtask.api.service import batches
from quantumtask.api.service.batches import BatchService, BatchSpec, Taken
from quantumtask.api.service.predicted_cost import predicted_ms
from quantumtask.api.service.queue_cache import Lookout
from quantumtask.api.service.worker_client import Questions
from quantumtask.api.service.worker_wakeup import Doorbell
from quantumtask.api.service.write_batcher import Bundler
from quantumtask.api.watch.event_streams import Streams
from quantumtask.api.watch.queries import TheTask
from quantumtask.api.watch.result_loader import Results
from quantumtask.api.watch.watcher import Reader
from quantumtask.shared.api_store import Batch, Batches, NewBatch
from quantumtask.shared.errors import (
    BackendNotFound,
    CannotRun,
    CircuitTooLarge,
    InvalidRequest,
    ResultDamaged,
    StoreUnavailable,
    TaskAlreadyFinished,
    TaskNotFound,
)
from quantumtask.shared.queue_stats import Expected, Queue
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import (
    AUTO,
    ENGINES,
    Failure,
    Problem,
    Status,
    Submission,
    Task,
    TaskSpec,
)
from quantumtask.shared.telemetry.trace_ids import Attributes, parse_traceparent
from quantumtask.shared.telemetry.traces import open_traces

log = logging.getLogger(__name__)

LARGEST_SEED = 2**63 - 1
_KEY = re.compile(r"[\x21-\x7e]{1,64}")


@dataclass(frozen=True)
class Readiness:
    """Whether the service can take and run tasks, and what is missing if not."""

    database: bool
    worker: bool

    @property
    def ready(self) -> bool:
        return self.database and self.worker


class Service:
    """The API's side of a task. Create it inside a running event loop; see `running`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._writing = Batches(settings)
        self._asking = Batches(settings)
        self._submissions: Bundler[Submission | NewBatch, str] = Bundler("submissions", self._store)
        self._calls: Bundler[Callable[[Batches], Any], Any] = Bundler("calls", self._call)
        self._reader = Reader(Batches(settings))
        self._results = Results(settings)
        self.streams = Streams(self._reader, self._results)
        self.batches = BatchService(
            self._submissions, self._calls, self._reader, settings.busy_timeout_s
        )
        self._doorbell = Doorbell(settings.doorbell)
        self.lookout = Lookout(lambda: self._calls(Batches.queue))
        self._questions = Questions(settings.doorbell)
        self._traces = open_traces(settings, "api")

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Service"]:
        """Afterwards everything that was asked for is written, and closed."""
        try:
            yield self
        finally:
            self._questions.stop()
            self._doorbell.stop()
            for thread in (self._submissions, self._calls, self._reader):
                await asyncio.to_thread(thread.stop)
            self._writing.close()
            self._asking.close()
            if self._traces:
                await asyncio.to_thread(self._traces.close)

    @property
    def traced(self) -> bool:
        """Whether spans are collected."""
        return self._traces is not None

    async def submit(self, spec: TaskSpec, key: str | None = None, caller: str = "") -> str:
        """Stores a task and returns its id once it is durable. `caller`: a W3C `traceparent`."""
        began_ns = time.time_ns()
        self._check(spec)
        _check_key(key)
        digest = _digest(spec) if key else ""
        submission = Submission(new_id(), spec, predicted_ms(spec), key, digest)
        self._doorbell.ring(submission.id)  # already: a worker is awake by the time it is stored
        stored: str = await self._submissions(submission)
        if stored != submission.id:
            metrics.repeated()
            return stored
        metrics.taken()
        self._trace(submission, began_ns, caller)
        return stored

    async def submit_batch(
        self, spec: BatchSpec, key: str | None = None, caller: str = ""
    ) -> Taken:
        """Stores the tasks of a batch, all or none; likewise."""
        began_ns = time.time_ns()
        _check_key(key)
        # Beside everything else: ten megabytes of circuits take a while.
        batch = await asyncio.to_thread(self._batch, spec, key)
        self._doorbell.ring(batch.submissions[0].id)
        taken = await self.batches.store(batch)
        if not taken.repeated:
            for submission in batch.submissions if self._traces else ():
                self._trace(submission, began_ns, caller)
        return taken

    async def cancel_batch(self, batch_id: str) -> Batch:
        """Cancels the tasks of a batch that are not final."""
        batch = await self.batches.cancel(batch_id)
        self._doorbell.ring(batch.id)
        log.info("batch cancelled", extra={"batch_id": batch.id})
        return batch

    def _batch(self, spec: BatchSpec, key: str | None) -> NewBatch:
        batches.checked(spec, self._check)
        batch_id = new_id()
        submissions = tuple(
            Submission(new_id(), task, predicted_ms(task), batch=batch_id, item=item)
            for item, task in enumerate(spec.tasks)
        )
        digest = batches.digest(spec, _digest) if key else ""
        return NewBatch(batch_id, submissions, spec.name, spec.tags, key, digest, spec.metadata)

    def _trace(self, submission: Submission, began_ns: int, caller: str) -> None:
        if self._traces:
            spec = submission.spec
            known: Attributes = {
                "quantumtask.shots": spec.shots,
                "quantumtask.engine": spec.engine,
            }
            caused_by = parse_traceparent(caller)
            ended_ns = time.time_ns()
            self._traces.add_root(submission.id, "submit", began_ns, ended_ns, known, caused_by)

    async def result(self, task: Task, *, encoded: bool, packed: bool) -> bytes:
        """The whole result of a completed task as it is sent; raises what `whole` does."""
        return await self._results.rendered(await self.whole(task), encoded, packed)

    async def check(self, spec: TaskSpec) -> None:
        """Raises CannotRun for a circuit that would fail, with all its problems."""
        self._check(spec)
        found = json.loads(await self._questions("/validate", spec))
        if not found["valid"]:
            problems = tuple(Problem(**problem) for problem in found["problems"])
            first = next(each for each in problems if each.severity == "error")
            raise CannotRun(Failure(first.code, first.sentence(), problems))

    async def validate(self, spec: TaskSpec) -> bytes:
        """All that is wrong with a task's circuit, as the JSON text that the Worker found it to be.

        Raises WorkerBusy or WorkerUnavailable.
        """
        self._check_size(spec.circuit)
        return await self._questions("/validate", spec)

    async def estimate(self, spec: TaskSpec) -> bytes:
        """What a task would take, likewise. Raises CannotRun where it would fail."""
        self._check_run(spec)
        return await self._questions("/estimate", spec)

    async def engines(self) -> bytes:
        """Which engines the Worker has, likewise."""
        return await self._questions("/engines")

    async def backends(self) -> tuple[bytes, Expected]:
        """What the Worker can run tasks on, likewise; and what a new task has to expect."""
        return await self._questions("/backends"), await self._expected()

    async def backend(self, name: str) -> tuple[bytes, Expected]:
        """One of them in full, likewise. Raises BackendNotFound."""
        try:
            told = await self._questions(f"/backends/{quote(name, safe='')}")
        except CannotRun as failure:
            raise BackendNotFound(failure.message) from None
        return told, await self._expected()

    async def _expected(self) -> Expected:
        expected: Expected = await self._calls(
            lambda store: Expected(store.queue().waiting, store.expected_wait_s())
        )
        return expected

    async def get(self, task_id: str, wait_s: float = 0.0) -> Task:
        """The task as it is, or as soon as it is final if that is within `wait_s` seconds.

        A result that is not in the database is not here either: see `whole`.
        """
        known = TheTask(known_id(task_id, TaskNotFound))
        task = await (self._reader.wait(known, wait_s) if wait_s > 0 else self._reader.now(known))
        if task is None:
            raise TaskNotFound
        return task

    async def circuit(self, task_id: str) -> str:
        """The text of a task's circuit as it was submitted. Raises TaskNotFound."""
        known = known_id(task_id, TaskNotFound)
        text: str | None = await self._calls(lambda store: store.circuit(known))
        if text is None:
            raise TaskNotFound
        return text

    async def whole(self, task: Task) -> Task:
        """The task with its result. Raises TaskNotFound, ResultUnavailable or ResultDamaged."""
        try:
            return await self._results.whole(task)
        except ResultDamaged:
            if await self._reader.now(TheTask(task.id)) is None:  # removed meanwhile
                raise TaskNotFound from None
            raise

    async def cancel(self, task_id: str) -> Task:
        """Cancels a task that is not final. Cancelling a cancelled one changes nothing."""
        began_ns = time.time_ns()
        known = known_id(task_id, TaskNotFound)
        task: Task | None = await self._calls(lambda store: store.cancel(known))
        if task is None:
            raise TaskNotFound
        if task.state is not Status.CANCELLED:
            raise TaskAlreadyFinished(f"the task is {task.state} already: it cannot be cancelled")
        self._doorbell.ring(known)
        metrics.cancelled()
        if self._traces:
            attempt = {"quantumtask.attempt": task.attempt}
            self._traces.add(task.id, "cancel", began_ns, time.time_ns(), attempt)
        log.info("task cancelled", extra={"task_id": task.id, "attempt": task.attempt})
        return task

    async def page(
        self,
        states: tuple[Status, ...],
        name: str | None,
        tag: str | None,
        before: int | None,
        most: int,
    ) -> list[Task]:
        """Tasks, newest first, without their results."""
        tasks: list[Task] = await self._calls(
            lambda store: store.page(states, name, tag, before, most)
        )
        return tasks

    async def queue(self) -> Queue:
        """What waits and what runs."""
        queue: Queue = await self._calls(lambda store: store.queue())
        return queue

    async def readiness(self) -> Readiness:
        """Writes to the database, and looks when a worker was last seen."""
        try:
            await self._calls(lambda store: store.probe())
            worker = await self._calls(lambda store: store.worker_seen())
        except StoreUnavailable:
            return Readiness(database=False, worker=False)
        return Readiness(database=True, worker=worker)

    def stop_waiting(self) -> None:
        """Answers everybody who waits for a task now."""
        self._reader.stop_waiting()

    def _store(self, new: list[Submission | NewBatch]) -> list[Any]:
        """A transaction for the tasks that came alone, and one for each batch."""
        alone = [each for each in new if isinstance(each, Submission)]
        stored = _outcome(lambda store: store.submit(alone), self._writing) if alone else []
        answers = iter([stored] * len(alone) if isinstance(stored, Exception) else stored)
        return [
            _outcome(partial(Batches.submit_batch, batch=each), self._writing)
            if isinstance(each, NewBatch)
            else next(answers)
            for each in new
        ]

    def _call(self, functions: list[Callable[[Batches], Any]]) -> list[Any]:
        return [_outcome(function, self._asking) for function in functions]

    def _check_size(self, circuit: str) -> None:
        size, most = len(circuit.encode()), self.settings.max_circuit_bytes
        if size > most:
            raise CircuitTooLarge(f"circuit: {size:,} bytes; this service takes {most:,} at most")

    def _check_run(self, spec: TaskSpec) -> None:
        """What decides how a task runs."""
        self._check_size(spec.circuit)
        if not 1 <= spec.shots <= self.settings.max_shots:
            raise InvalidRequest(f"shots: must be 1 to {self.settings.max_shots:,}")
        _check_engine(spec)

    def _check(self, spec: TaskSpec) -> None:
        self._check_run(spec)
        if spec.seed is not None and not 0 <= spec.seed <= LARGEST_SEED:
            raise InvalidRequest(f"seed: must be 0 to {LARGEST_SEED}")
        longest = self.settings.max_timeout_s
        if not 0 < spec.timeout_s <= longest:
            raise InvalidRequest(
                f"timeout_s: must be more than 0 and at most {longest:,.0f} seconds"
            )


def _check_engine(spec: TaskSpec) -> None:
    known = list(ENGINES)
    if spec.engine != AUTO and spec.engine not in known:
        raise InvalidRequest(f"engine: must be {AUTO}, {', '.join(known[:-1])} or {known[-1]}")
    engines = known if spec.engine == AUTO else [spec.engine]
    methods = sorted({method for engine in engines for method in ENGINES[engine]})
    if spec.method is not None and spec.method not in methods:
        raise InvalidRequest(f"method: {spec.engine} knows {', '.join(methods)}")


_LATER = {
    "parameters": None, "engine": AUTO, "method": None, "owner": "", "priority": 0, "options": None,
    "metadata": None,
}  # fmt: skip
"""Fields that once were not, and what they are where not given: keys outlive an upgrade."""


def _digest(spec: TaskSpec) -> str:
    """Tells submissions under one Idempotency-Key apart."""
    fields = asdict(spec)
    for name, absent in _LATER.items():
        if fields[name] == absent:
            del fields[name]
    return hashlib.sha256(json.dumps(fields).encode()).hexdigest()


def _outcome(function: Callable[[Batches], Any], store: Batches) -> Any:
    try:
        return function(store)
    except Exception as error:
        return error


def _check_key(key: str | None) -> None:
    if key is not None and not _KEY.fullmatch(key):
        raise InvalidRequest("Idempotency-Key: 1 to 64 visible ASCII characters")
