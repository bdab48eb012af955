"""The list of jobs."""

import asyncio
import re
from datetime import UTC, datetime
from typing import Any

from fastapi import Request, Response

from quantumtask.api.http.query import check_query_names, get_scope, get_service
from quantumtask.doors.ibm.answers import json_response
from quantumtask.doors.ibm.job_record import TAG
from quantumtask.doors.ibm.job_tags import BACKEND_TAG, PROGRAM_TAG
from quantumtask.doors.ibm.job_view import job_view
from quantumtask.doors.ibm.sessions import SessionId
from quantumtask.doors.ibm.stored_job import StoredJob
from quantumtask.doors.stored_jobs import JobNotFound, read_item
from quantumtask.shared.batch import FOREVER
from quantumtask.shared.errors import InvalidRequest

DEFAULT_LIMIT, MAX_LIMIT = 20, 200
QUERY_NAMES = frozenset(
    {
        "limit", "offset", "backend", "pending", "program", "tags", "session_id", "sort",
        "created_after", "created_before", "exclude_params", "include_mocks",
    }
)  # fmt: skip
_SORTS = {"ASC": True, "DESC": False}
_PENDING = {"": None, "true": True, "false": False}


async def list_jobs(request: Request) -> Response:
    """Return a page of jobs, the newest first, and the number of all jobs on all pages."""
    check_query_names(request.scope["query_string"], QUERY_NAMES, frozenset())
    offset = _number(request, "offset", 0)
    rows = await get_service(request).tagging.list_tagged(
        get_scope(request),
        _tags(request),
        pending=_choice(request, "pending", _PENDING, ""),
        since=_time(request, "created_after", 0.0),
        until=_time(request, "created_before", FOREVER),
        oldest_first=_choice(request, "sort", _SORTS, "DESC"),
        limit=min(_number(request, "limit", DEFAULT_LIMIT), MAX_LIMIT),
        offset=offset,
    )
    views = await asyncio.gather(*(_view(request, row.id) for row in rows))
    # Behind the last job: a client asks again until it has as many as there are.
    count = rows[0].total if rows else offset
    return json_response({"jobs": [view for view in views if view], "count": count})


async def _view(request: Request, job_id: str) -> dict[str, Any] | None:
    """Return a job of the list; None if it was deleted, or another client has its tag."""
    try:
        return await job_view(StoredJob(request, await read_item(request, job_id)))
    except JobNotFound:
        return None


def _tags(request: Request) -> list[str]:
    """Return the tags of the jobs, the rarest first."""
    query = request.query_params
    tags = query.getlist("tags")
    if "session_id" in query:
        tags.append(SessionId.parse(query["session_id"]).tag)
    if "program" in query:
        tags.append(PROGRAM_TAG + query["program"])
    if "backend" in query:
        tags.append(BACKEND_TAG + query["backend"])
    return [*tags, TAG]


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not re.fullmatch("[0-9]{1,9}", text):
        raise InvalidRequest(f"{name}: must be a whole number from 0 to 999,999,999")
    return int(text)


def _choice(request: Request, name: str, choices: dict[str, Any], default: str) -> Any:
    text = request.query_params.get(name, default)
    value = choices.get(text, choices.get(text.lower(), choices.get(text.upper(), request)))
    if value is request:
        raise InvalidRequest(f"{name}: must be {' or '.join(filter(None, choices))}")
    return value


def _time(request: Request, name: str, default: float) -> float:
    text = request.query_params.get(name)
    if text is None:
        return default
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise InvalidRequest(f"{name}: {text[:40]!r} is not a time in ISO 8601") from None
