"""Jobs of every door: each is a task or a batch, whose metadata has the facts about the job."""

import json
import time
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from quantumtask.api.http.query import get_scope, get_service
from quantumtask.shared.batch import Batch
from quantumtask.shared.errors import BatchNotFound, NotFound, TaskNotFound
from quantumtask.shared.principal import Principal, Role
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Failure, Task, TaskState

_M = TypeVar("_M", bound=BaseModel)

MAX_TASK_NAME = 50
"""Longest name of a task; the whole name of a job is in its metadata."""

NEW_JOB_S = 0.3
"""Age of a job in seconds up to which the answer about its state waits for its end."""

SESSION_PRIORITY = 1
"""Priority of the jobs of a session, if the sender may have it."""


def session_priority(principal: Principal, settings: Settings) -> int:
    """Return the priority of the jobs of a session of a principal."""
    free = principal.chooses_owner or principal.role is Role.ADMIN
    return SESSION_PRIORITY if free else min(SESSION_PRIORITY, settings.max_user_priority)


class JobNotFound(NotFound):
    """An id that no job of a door has."""

    def __init__(self) -> None:
        super().__init__("job not found")


async def read_requested_item(request: Request, job_id: str) -> Task | Batch:
    """Return the task or the batch that a request names in its path.

    A request that reads (GET) gets a job of an age below `NEW_JOB_S` at its end, or at that age.
    The clients poll at intervals of up to a second, and most jobs end within milliseconds.

    Raises:
        JobNotFound: the sender has no task and no batch with this id.
    """
    item = await read_item(request, job_id)
    remaining_s = item.submitted_at + NEW_JOB_S - time.time()
    if request.method != "GET" or item.finished_at or remaining_s <= 0:
        return item
    return await read_item(request, job_id, min(remaining_s, NEW_JOB_S))


async def read_item(request: Request, job_id: str, wait_s: float = 0.0) -> Task | Batch:
    """Return the task or the batch of the sender with an id.

    Args:
        request: The request of the sender.
        job_id: The id of the task or the batch.
        wait_s: Seconds to wait for its end.

    Raises:
        JobNotFound: the sender has no task and no batch with this id.
    """
    service, scope = get_service(request), get_scope(request)
    try:
        return await service.get(scope, job_id, wait_s)
    except TaskNotFound:
        try:
            return await service.batches.get(scope, job_id, wait_s)
        except BatchNotFound:
            raise JobNotFound from None


def read_facts(model: type[_M], item: Task | Batch, door: str) -> _M:
    """Return the facts about a job that only one door knows, from the metadata.

    Args:
        model: The facts.
        item: The task or the batch.
        door: The name of the door, which is the name in the metadata.

    Raises:
        JobNotFound: the task or batch was not submitted at this door.
    """
    try:
        metadata: Any = json.loads(item.metadata or "{}")
        return model.model_validate(metadata[door], strict=False)
    except (KeyError, TypeError, ValidationError):  # also metadata that another client wrote
        raise JobNotFound from None


def task_name(name: str | None) -> str | None:
    """Return the name of a task for the name of a job, which may be any text."""
    text = "".join(filter(str.isprintable, name or ""))[:MAX_TASK_NAME]
    return text if text.strip() else None


async def first_failure(
    request: Request, batch: Batch, children: list[str]
) -> tuple[int, Failure] | None:
    """Return the number and the failure of the first task of a batch that failed."""
    if not batch.states.get(TaskState.FAILED):
        return None
    service, scope = get_service(request), get_scope(request)
    task_id = await service.batches.first_failure(scope, batch.id)
    if task_id is None or task_id not in children:
        return None
    failure = (await service.get(scope, task_id)).failure
    return (children.index(task_id), failure) if failure else None
