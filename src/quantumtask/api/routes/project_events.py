"""`GET /events`: a stream by which the page notices that tasks of the project have changed."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter, Request, Response

from quantumtask.api.http.query import get_scope, get_service
from quantumtask.api.http.streaming import StreamResponse
from quantumtask.api.routes.batch_json import SSE_KEEPALIVE
from quantumtask.api.routes.batches import SSE_TYPE
from quantumtask.api.routes.parameters import KNOWN_QUERY

router = APIRouter(dependencies=KNOWN_QUERY)

_CHANGED = b"event: changed\ndata: {}\n\n"


@router.get("/events", include_in_schema=False)
async def follow_project(request: Request) -> Response:
    """Stream an event now and after each change of a task of the project, without an end.

    Changes within half a second are one event. Not in the OpenAPI document: the stream never ends,
    and programs follow a task or a batch.
    """
    versions = await get_service(request).streams.project_changes(get_scope(request))
    return StreamResponse(request, _chunks(versions), SSE_TYPE)


async def _chunks(versions: Any) -> AsyncIterator[bytes]:
    async with aclosing(versions) as items:
        async for version in items:
            yield SSE_KEEPALIVE if version is None else _CHANGED
