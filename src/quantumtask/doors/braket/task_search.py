"""The search for quantum tasks: those with the tag of this door, newest first."""

import asyncio
import re
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Request, Response
from pydantic import FailFast, Field

from quantumtask.api.http.body import open_body
from quantumtask.api.http.query import get_scope, get_service
from quantumtask.api.schemas.body_part import BodyPart
from quantumtask.api.schemas.requests import parse_model, read_json
from quantumtask.doors.braket.answers import json_response
from quantumtask.doors.braket.arns import task_id_of
from quantumtask.doors.braket.task_record import TAG, read_record, read_task
from quantumtask.doors.braket.tasks import STATUSES, summary
from quantumtask.doors.stored_jobs import JobNotFound
from quantumtask.shared.errors import InvalidRequest
from quantumtask.shared.task import Task, TaskState

_COMPARE = {
    "LT": lambda a, b: a < b,
    "LTE": lambda a, b: a <= b,
    "EQUAL": lambda a, b: a == b,
    "GT": lambda a, b: a > b,
    "GTE": lambda a, b: a >= b,
}


class TaskFilter(BodyPart):
    """A condition of a search."""

    name: Literal["quantumTaskArn", "deviceArn", "status", "createdAt"]
    operator: Literal["LT", "LTE", "EQUAL", "GT", "GTE", "BETWEEN"]
    values: Annotated[list[str], FailFast(), Field(min_length=1, max_length=10)]


class TaskSearch(BodyPart):
    """The body of `SearchQuantumTasks`."""

    filters: Annotated[list[TaskFilter], FailFast(), Field(max_length=10)] = Field(
        default_factory=list
    )
    maxResults: Annotated[int, Field(ge=1, le=100)] = 100
    nextToken: str | None = None


async def search_tasks(request: Request) -> Response:
    """Return a page of tasks; `nextToken` is absent on the last page.

    A page is for a part of the list, and has the tasks of this part that meet all conditions. So a
    page can be empty although more pages follow.
    """
    async with open_body(request) as body:
        search = parse_model(TaskSearch, read_json(body))
    before = _sequence(search.nextToken)
    ids = [each for f in search.filters if f.name == "quantumTaskArn" for each in f.values]
    states = _states(search)
    page = await get_service(request).list_tasks(
        get_scope(request), states, None, TAG, before, search.maxResults, None, 0.0,
        task_id_of(ids[0]) or "-" if len(ids) == 1 else "", None,
    )  # fmt: skip
    listed = await asyncio.gather(*(_listed(request, task) for task in page))
    answer: dict[str, Any] = {
        "quantumTasks": [each for each in listed if each and _meets(each, search)]
    }
    if len(page) == search.maxResults:
        answer["nextToken"] = str(page[-1].sequence)
    return json_response(answer)


def _sequence(token: str | None) -> int | None:
    if token is not None and not re.fullmatch("[0-9]{1,18}", token):
        raise InvalidRequest("nextToken: must be the `nextToken` of the page before")
    return None if token is None else int(token)


def _states(search: TaskSearch) -> tuple[TaskState, ...]:
    statuses = set(STATUSES.values())
    for each in search.filters:
        if each.name == "status":
            statuses &= set(each.values)
        if each.name != "createdAt" and each.operator != "EQUAL":
            raise InvalidRequest(f"filters: the operator of {each.name} must be EQUAL")
    return tuple(state for state, status in STATUSES.items() if status in statuses)


async def _listed(request: Request, task: Task) -> dict[str, Any] | None:
    """Return a task of a list; None if it was deleted, or another client has its tag."""
    try:
        whole = await read_task(request, task.id)  # a list has no metadata
        return summary(whole, read_record(whole))
    except JobNotFound:
        return None


def _meets(task: dict[str, Any], search: TaskSearch) -> bool:
    return all(
        _is_within(task[each.name], each) if each.name == "createdAt" else
        task[each.name] in each.values
        for each in search.filters
    )  # fmt: skip


def _is_within(created: str, condition: TaskFilter) -> bool:
    at, times = _time(created), [_time(each) for each in condition.values]
    if condition.operator == "BETWEEN":
        if len(times) != 2:
            raise InvalidRequest("filters: BETWEEN must have two times")
        return times[0] <= at <= times[1]
    return any(_COMPARE[condition.operator](at, each) for each in times)


def _time(text: str) -> float:
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        raise InvalidRequest(f"filters: {text[:40]!r} is not a time in ISO 8601") from None
