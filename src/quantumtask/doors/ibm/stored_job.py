"""A job that is stored: its task or batch, read through the request of a client."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any

from fastapi import Request

from quantumtask.api.http.query import find_client, get_scope, get_service
from quantumtask.api.serialization.task_json import ResultTexts
from quantumtask.doors.ibm.job_record import TAG, ChildRecord, JobRecord, read_record
from quantumtask.doors.stored_jobs import first_failure, read_facts, read_requested_item
from quantumtask.shared.batch import Batch
from quantumtask.shared.task import Failure, Task, TaskState


class StoredJob:
    """A job of the sender of a request.

    Attributes:
        item: Its task, or its batch with a task for each of several circuits.
        record: The facts about it.
    """

    def __init__(self, request: Request, item: Task | Batch) -> None:
        """Keep the job; raise JobNotFound if it was not submitted at this door."""
        self._request, self.item = request, item
        self.record: JobRecord = read_record(item)

    @property
    def id(self) -> str:
        """The id of the job."""
        return self.item.id

    @property
    def state(self) -> TaskState:
        """The state of the job: failed if a task failed, else cancelled if a task was cancelled."""
        if isinstance(self.item, Task):
            return self.item.state
        states = self.item.states
        if self.item.finished_at is None:
            waits = set(states) == {TaskState.SUBMITTED}
            return TaskState.SUBMITTED if waits else TaskState.RUNNING
        worst = (TaskState.FAILED, TaskState.CANCELLED, TaskState.COMPLETED)
        return next(state for state in worst if state in states)

    async def tasks(self) -> list[Task]:
        """Return the tasks in the order of the plan."""
        if isinstance(self.item, Task):
            return [self.item]
        service, scope = get_service(self._request), get_scope(self._request)
        children = await service.batches.task_ids(scope, self.item.id)
        return [await service.get(scope, child) for child in children]

    def task_facts(self, task: Task) -> dict[str, Any]:
        """Return the facts of the primitive about a task."""
        return read_facts(ChildRecord, task, TAG).task_facts

    async def failure(self) -> Failure | None:
        """Return the failure of the job, or of the first of its tasks that failed."""
        if isinstance(self.item, Task):
            return self.item.failure
        service, scope = get_service(self._request), get_scope(self._request)
        children = await service.batches.task_ids(scope, self.item.id)
        failed = await first_failure(self._request, self.item, children)
        if failed is None:
            return None
        number, failure = failed
        return replace(failure, message=f"pub {number}: {failure.message}")

    def open_circuit(self, task: Task) -> AbstractAsyncContextManager[bytes]:
        """Hold the memory of the circuit of a task and yield its text as it was submitted."""
        answers, scope = get_service(self._request).answers, get_scope(self._request)
        return answers.open_circuit(scope, task.id, find_client(self._request))

    def open_result(self, task: Task) -> AbstractAsyncContextManager[ResultTexts]:
        """Hold the memory of the result of a completed task and yield its texts."""
        return get_service(self._request).answers.open_result(task, find_client(self._request))

    def render(self, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
        """Yield pieces of an answer that are made in a thread."""
        return get_service(self._request).answers.render(pieces)


async def read_job(request: Request) -> StoredJob:
    """Return the job of a request's path, or raise JobNotFound."""
    return StoredJob(request, await read_requested_item(request, request.path_params["job_id"]))
