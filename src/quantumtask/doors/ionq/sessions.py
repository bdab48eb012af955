"""Sessions: a tag that the jobs of a session have in common, and a higher priority.

A session has no row of its own: its id says when it began, and its jobs say the rest.
"""

import asyncio
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from fastapi import Request, Response

from quantumtask.api.http.body import open_body
from quantumtask.api.http.query import check_query_names, get_principal, get_scope, get_service
from quantumtask.api.ids import new_id, parse_id
from quantumtask.api.schemas.requests import read_json
from quantumtask.api.serialization.task_json import format_time
from quantumtask.doors.ionq.answers import json_response
from quantumtask.doors.ionq.backends import device_name
from quantumtask.doors.ionq.job_record import SESSION_TAG, TAG
from quantumtask.shared.batch import Batch
from quantumtask.shared.errors import InvalidRequest, NotFound
from quantumtask.shared.principal import Principal
from quantumtask.shared.task import Task, TaskState

MAX_READ = 1000
"""Newest tasks, and newest batches, whose sessions are listed."""


class SessionNotFound(NotFound):
    """A text that is no id of a session."""

    def __init__(self) -> None:
        super().__init__("session not found")


def check_session(session_id: str) -> str:
    """Return the id of a session as it is stored, or raise SessionNotFound."""
    return parse_id(session_id, SessionNotFound)


async def create_session(request: Request) -> Response:
    """Begin a session; refuse limits, which sessions do not have here."""
    async with open_body(request) as body:
        fields = read_json(body)
    if not isinstance(fields, dict) or not isinstance(fields.get("backend"), str):
        raise InvalidRequest("backend: must be the name of a backend; see GET /backends")
    if limits := fields.get("settings"):
        name = next(iter(limits)) if isinstance(limits, dict) else ""
        raise InvalidRequest(
            f"settings.{name[:40]}: a session of this service has no limits; an administrator "
            "sets those of a project or a user with `quantumtask project set`"
        )
    device_name(fields["backend"])
    view = _view(new_id(), get_principal(request))
    return json_response({**view, "backend": fields["backend"]}, 201)


async def list_sessions(request: Request) -> Response:
    """Return the sessions of the newest jobs, newest first; sessions without jobs are unknown."""
    check_query_names(request.scope["query_string"], frozenset(), frozenset())
    service, scope = get_service(request), get_scope(request)
    tasks, batches = await asyncio.gather(
        service.list_tasks(scope, tuple(TaskState), None, TAG, None, MAX_READ, None, 0.0, "", None),
        service.batches.list_batches(scope, None, None, TAG, None, MAX_READ),
    )
    listed: list[Task | Batch] = [*tasks, *batches]
    ids = sorted({each for job in listed for each in _ids(job.tags)}, reverse=True)
    return json_response({"sessions": [_view(each, get_principal(request)) for each in ids]})


def _ids(tags: Iterable[str]) -> Iterator[str]:
    """Yield the ids of sessions in the tags of a job; another client may have written others."""
    for tag in tags:
        if tag.startswith(SESSION_TAG):
            with suppress(SessionNotFound):
                yield check_session(tag.removeprefix(SESSION_TAG))


async def answer_session(request: Request) -> Response:
    """Return a session; its jobs are in GET /jobs?session_id=."""
    return json_response(
        _view(check_session(request.path_params["session_id"]), get_principal(request))
    )


async def end_session(request: Request) -> Response:
    """End a session. Its jobs run on, as those of an ended session of IonQ do."""
    session_id = check_session(request.path_params["session_id"])
    ended = {"ended_at": format_time(time.time()), "active": False, "status": "ended"}
    return json_response({**_view(session_id, get_principal(request)), **ended})


def _view(session_id: str, principal: Principal) -> dict[str, Any]:
    created_s = int(session_id.replace("-", "")[:12], 16) / 1000
    return {
        "id": session_id,
        "created_at": format_time(min(created_s, time.time())),
        "started_at": None,
        "ended_at": None,
        "project_id": principal.project,
        "active": True,
        "status": "created",
        "state": "created",
        "settings": {},
    }
