"""The list of jobs: tasks and batches with the tag of this door, newest first."""

import asyncio
import re
from typing import Any, NamedTuple

from fastapi import Request, Response

from quantumtask.api.http.query import check_query_names, get_scope, get_service
from quantumtask.doors.ionq.answers import json_response
from quantumtask.doors.ionq.job_record import SESSION_TAG, TAG
from quantumtask.doors.ionq.job_view import STATES, batch_status, batch_view, task_view
from quantumtask.doors.ionq.sessions import check_session
from quantumtask.doors.stored_jobs import JobNotFound
from quantumtask.shared.batch import Batch
from quantumtask.shared.errors import InvalidRequest, TaskNotFound
from quantumtask.shared.task import Task, TaskState

DEFAULT_LIMIT, MAX_LIMIT = 25, 100
QUERY_NAMES = frozenset({"limit", "next", "status", "session_id"})

_CURSOR = re.compile(r"([0-9]{1,18}|-)\.([0-9]{1,18}|-)")


class JobCursor(NamedTuple):
    """The place in the list: sequences of the last task and of the last batch; None: the top."""

    task: int | None = None
    batch: int | None = None

    @classmethod
    def parse(cls, text: str) -> "JobCursor":
        """Return the cursor that `str` has converted to this text, or raise InvalidRequest."""
        match = _CURSOR.fullmatch(text)
        if not match:
            raise InvalidRequest("next: must be the `next` of the page before")
        return cls(*(None if part == "-" else int(part) for part in match.groups()))

    def __str__(self) -> str:
        return ".".join("-" if part is None else str(part) for part in self)


class ListQuery(NamedTuple):
    """The parameters of the list."""

    limit: int
    cursor: JobCursor
    status: str | None
    tag: str

    @classmethod
    def parse(cls, request: Request) -> "ListQuery":
        """Return the parameters of a request; raise InvalidRequest that names the wrong one."""
        check_query_names(request.scope["query_string"], QUERY_NAMES, frozenset())
        query = request.query_params
        limit, status = query.get("limit", str(DEFAULT_LIMIT)), query.get("status")
        if not re.fullmatch("[0-9]{1,4}", limit) or not 1 <= int(limit) <= MAX_LIMIT:
            raise InvalidRequest(f"limit: must be 1 to {MAX_LIMIT}")
        if status is not None and status not in STATES:
            raise InvalidRequest(f"status: must be one of {', '.join(STATES)}")
        session = query.get("session_id")
        tag = TAG if session is None else SESSION_TAG + check_session(session)
        return cls(int(limit), JobCursor.parse(query.get("next", "-.-")), status, tag)


async def list_jobs(request: Request) -> Response:
    """Return a page of jobs; `next` is absent on the last page."""
    query = ListQuery.parse(request)
    tasks, batches = await asyncio.gather(_tasks(request, query), _batches(request, query))
    merged: list[Task | Batch] = [*tasks, *batches]
    merged.sort(key=lambda each: each.submitted_at, reverse=True)
    page, cursor = merged[: query.limit], query.cursor
    for job in page:
        field = "task" if isinstance(job, Task) else "batch"
        cursor = cursor._replace(**{field: job.sequence})
    views = await asyncio.gather(*(_view(request, job) for job in page if _fits(job, query)))
    answer: dict[str, Any] = {"jobs": [view for view in views if view]}
    if len(page) == query.limit:
        answer["next"] = str(cursor)
    return json_response(answer)


async def _tasks(request: Request, query: ListQuery) -> list[Task]:
    states = STATES[query.status] if query.status else tuple(TaskState)
    return await get_service(request).list_tasks(
        get_scope(request), states, None, query.tag, query.cursor.task, query.limit,
        None, 0.0, "", None,
    )  # fmt: skip


async def _batches(request: Request, query: ListQuery) -> list[Batch]:
    return await get_service(request).batches.list_batches(
        get_scope(request), None, None, query.tag, query.cursor.batch, query.limit
    )


def _fits(job: Task | Batch, query: ListQuery) -> bool:
    """Return True if the status of a job is the one of the query; that of tasks is already."""
    if query.status is None or isinstance(job, Task):
        return True
    return batch_status(job) in {str(status) for status in _same(query.status)}


def _same(status: str) -> list[str]:
    return [each for each, states in STATES.items() if states == STATES[status]]


async def _view(request: Request, job: Task | Batch) -> dict[str, Any] | None:
    """Return a job of the list; None if it was deleted meanwhile, or another client has its tag."""
    try:
        if isinstance(job, Batch):
            return batch_view(job, await _children(request, job), None)
        # A list has no metadata.
        return task_view(await get_service(request).get(get_scope(request), job.id))
    except (TaskNotFound, JobNotFound):
        return None


async def _children(request: Request, batch: Batch) -> list[str]:
    return await get_service(request).batches.task_ids(get_scope(request), batch.id)
