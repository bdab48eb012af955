"""Sessions and batches of jobs: a tag that their jobs have in common, and a priority of sessions.

Neither has a row of its own. The id says when a session began, its mode, its backend and how long
it lasts; the jobs say the rest. A tag of one of them says that the session is closed, so that one
without jobs is never closed.
"""

import re
import time
from typing import Annotated, Any, Literal, NamedTuple

from fastapi import Request, Response
from pydantic import Field

from quantumtask.api.http.body import open_body
from quantumtask.api.http.query import get_scope, get_sender, get_service
from quantumtask.api.ids import new_id
from quantumtask.api.schemas.body_part import BodyPart
from quantumtask.api.schemas.requests import parse_model, read_json
from quantumtask.api.serialization.task_json import format_time
from quantumtask.doors.ibm.answers import json_response
from quantumtask.doors.ibm.backends import read_backend
from quantumtask.doors.ibm.job_tags import CLOSED_TAG, SESSION_TAG
from quantumtask.doors.stored_jobs import JobNotFound, read_item
from quantumtask.shared.batch import Batch, Tagged
from quantumtask.shared.errors import InvalidRequest, NotFound, TaskAlreadyFinished
from quantumtask.shared.task import Task

DEDICATED, BATCH = "dedicated", "batch"
_MAX_TTL_S = 10**9
_ID = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-([db])([0-9]{0,10})-(.{1,60})")
_LETTERS = {DEDICATED: "d", BATCH: "b"}
_GROUP = 100


class SessionNotFound(NotFound):
    """A text that is no id of a session."""

    def __init__(self) -> None:
        super().__init__("session not found")


class SessionRequest(BodyPart):
    """The body of `POST /sessions`."""

    mode: Literal["dedicated", "batch"] = "dedicated"
    backend: str
    instance: str | None = None
    max_ttl: Annotated[int | None, Field(ge=1, le=_MAX_TTL_S)] = None


class SessionChange(BodyPart):
    """The body of `PATCH /sessions/{id}`."""

    accepting_jobs: bool


class SessionId(NamedTuple):
    """The id of a session.

    Attributes:
        uuid: The part that tells sessions apart, which begins with the time.
        max_ttl_s: The lifetime in seconds; None: there is no limit.
    """

    uuid: str
    mode: str
    max_ttl_s: int | None
    backend: str

    @classmethod
    def parse(cls, text: str) -> "SessionId":
        """Return the parts of an id, or raise SessionNotFound."""
        match = _ID.fullmatch(text)
        if match is None:
            raise SessionNotFound
        uuid, letter, ttl, backend = match.groups()
        mode = next(name for name, each in _LETTERS.items() if each == letter)
        return cls(uuid, mode, int(ttl) if ttl else None, backend)

    def __str__(self) -> str:
        ttl = "" if self.max_ttl_s is None else self.max_ttl_s
        return f"{self.uuid}-{_LETTERS[self.mode]}{ttl}-{self.backend}"

    @property
    def tag(self) -> str:
        """The tag of the jobs."""
        return SESSION_TAG + self.uuid.replace("-", "")

    @property
    def created_at(self) -> float:
        """The time at which the session began, in seconds since 1970."""
        return min(time.time(), int(self.uuid.replace("-", "")[:12], 16) / 1000)

    @property
    def has_ended(self) -> bool:
        """True if the lifetime is over."""
        return self.max_ttl_s is not None and time.time() > self.created_at + self.max_ttl_s


async def create_session(request: Request) -> Response:
    """Begin a session, or a batch of jobs."""
    async with open_body(request) as body:
        fields = read_json(body)
    if not isinstance(fields, dict):
        raise InvalidRequest("body: must be a JSON object")
    new = parse_model(SessionRequest, fields)
    await read_backend(request, new.backend)
    session = SessionId(new_id(), new.mode, new.max_ttl, new.backend)
    return json_response(await _view(request, session), 201)


async def answer_session(request: Request) -> Response:
    """Return a session."""
    return json_response(await _view(request, _requested(request)))


async def change_session(request: Request) -> Response:
    """Close a session for more jobs; the others run to their end."""
    session = _requested(request)
    async with open_body(request) as body:
        fields = read_json(body)
    if not isinstance(fields, dict):
        raise InvalidRequest("body: must be a JSON object")
    if parse_model(SessionChange, fields).accepting_jobs:
        raise InvalidRequest("accepting_jobs: a session is not opened again; create another one")
    await _close(request, session)
    return Response(status_code=204)


async def end_session(request: Request) -> Response:
    """Close a session and cancel its jobs that have not ended."""
    session = _requested(request)
    await _close(request, session)
    service, scope, sender = get_service(request), get_scope(request), get_sender(request)
    while rows := await _jobs(request, session, pending=True, limit=_GROUP):
        for row in rows:
            if row.is_batch:
                await service.cancel_batch(scope, row.id, sender)
                continue
            try:
                await service.cancel(scope, row.id, sender)
            except TaskAlreadyFinished:
                continue
    return Response(status_code=204)


async def check_open(request: Request, session: SessionId, backend: str) -> None:
    """Raise InvalidRequest if a session accepts no job on a backend."""
    if backend != session.backend:
        raise InvalidRequest(f"backend: the session is for {session.backend}; got {backend[:60]!r}")
    if session.has_ended or await _is_closed(request, session):
        raise InvalidRequest("session_id: the session is closed, and accepts no jobs")


def _requested(request: Request) -> SessionId:
    return SessionId.parse(request.path_params["session_id"])


async def _jobs(request: Request, session: SessionId, *more: str, **filters: Any) -> list[Tagged]:
    tagging, scope = get_service(request).tagging, get_scope(request)
    return await tagging.list_tagged(scope, [session.tag, *more], **filters)


async def _is_closed(request: Request, session: SessionId) -> bool:
    return bool(await _jobs(request, session, CLOSED_TAG, limit=1))


async def _close(request: Request, session: SessionId) -> None:
    tagging, scope = get_service(request).tagging, get_scope(request)
    for row in await _jobs(request, session, limit=1):
        change = tagging.change_batch_tags if row.is_batch else tagging.change_task_tags
        await change(scope, row.id, lambda tags: (*tags, CLOSED_TAG), get_sender(request))


async def _view(request: Request, session: SessionId) -> dict[str, Any]:
    pending = await _jobs(request, session, pending=True, limit=1)
    first = await _read(request, await _jobs(request, session, oldest_first=True, limit=1))
    last = await _read(request, await _jobs(request, session, pending=False, limit=1))
    closed = session.has_ended or await _is_closed(request, session)
    state = "open" if first is None else "active" if pending else "inactive"
    started_at = _started_at(first) if first else None
    completed_at = last.finished_at if last else None
    return {
        "id": str(session),
        "backend_name": session.backend,
        "mode": session.mode,
        "state": "closed" if closed and not pending else state,
        "accepting_jobs": not closed,
        "max_ttl": session.max_ttl_s,
        "active_ttl": None,
        "interactive_ttl": None,
        "created_at": format_time(session.created_at),
        "started_at": format_time(started_at),
        "activated_at": format_time(started_at),
        "closed_at": format_time(completed_at) if closed and not pending else None,
        "last_job_started": format_time(_started_at(last)) if last else None,
        "last_job_completed": format_time(completed_at),
        "elapsed_time": _elapsed_s(session, started_at, completed_at, is_running=bool(pending)),
        "timestamps": [],
    }


async def _read(request: Request, rows: list[Tagged]) -> Task | Batch | None:
    try:
        return await read_item(request, rows[0].id) if rows else None
    except JobNotFound:  # it was deleted meanwhile
        return None


def _started_at(job: Task | Batch) -> float | None:
    return job.started_at if isinstance(job, Task) else job.submitted_at


def _elapsed_s(
    session: SessionId, started_at: float | None, ended_at: float | None, *, is_running: bool
) -> float | None:
    """Return the time since the first job began; None for a batch, whose jobs alone count."""
    if session.mode == BATCH or started_at is None:
        return None
    end = time.time() if is_running or ended_at is None else ended_at
    return round(max(0.0, end - started_at), 3)
