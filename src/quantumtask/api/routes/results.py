"""`GET /tasks/{id}/result`: a result without its task, compressed and cacheable."""

import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, Request, Response

from quantumtask.api.http.query import (
    ENCODED_JSON_TYPE,
    JSON_TYPE,
    accepts_encoded_arrays,
    find_client,
    get_scope,
    get_service,
    parse_query,
)
from quantumtask.api.http.streaming import LargeResponse
from quantumtask.api.routes import task_examples
from quantumtask.api.routes.openapi_parts import (
    IF_NONE_MATCH,
    TASK_ID,
    WAIT,
    describe_responses,
    describe_unchanged,
)
from quantumtask.api.routes.parameters import KNOWN_QUERY
from quantumtask.api.routes.refusals import (
    ANSWERS_TOO_LARGE,
    INVALID_WAIT,
    RESULT_DAMAGED,
    RESULT_UNAVAILABLE,
    STORE_UNAVAILABLE,
    TASK_NOT_FOUND,
)
from quantumtask.api.schemas.responses import ResultView
from quantumtask.api.serialization.task_json import (
    MAX_INLINE_CHARACTERS,
    result_json,
    result_pieces,
)
from quantumtask.api.watch.render_threads import compress
from quantumtask.shared.errors import TaskNotCompleted
from quantumtask.shared.task import Result, Task, TaskState
from quantumtask.version import __version__

router = APIRouter(dependencies=KNOWN_QUERY)

MIN_COMPRESSED_CHARACTERS = 1024
"""Size from which a result is compressed."""


@router.get(
    "/tasks/{task_id}/result",
    tags=["tasks"],
    summary="Get the result of a task",
    response_class=Response,
    responses=describe_unchanged()
    | describe_responses(
        task_examples.RESULT,
        ResultView,
        INVALID_WAIT,
        TASK_NOT_FOUND,
        (409, "task_not_finished", "the task is running: it has no result yet"),
        (409, "task_failed", "line 5, column 1: unknown gate `frobnicate`"),
        (409, "task_cancelled", "the task was cancelled"),
        RESULT_DAMAGED,
        STORE_UNAVAILABLE,
        RESULT_UNAVAILABLE,
        ANSWERS_TOO_LARGE,
    ),
    openapi_extra={"parameters": [TASK_ID, WAIT, IF_NONE_MATCH]},
)
async def get_result(request: Request) -> Response:
    """Return the whole result of a task, of any size, in gzip if the client accepts it.

    A result never changes: with `If-None-Match` and the `ETag` of an earlier response, the response
    is 304. With `Accept: application/vnd.quantumtask+json`, arrays are objects `{"dtype", "shape",
    "data"}` with the bytes of little-endian numbers in base64; otherwise they are lists.
    """
    service = get_service(request)
    wait_s = parse_query(request).wait_s
    task = await service.get(get_scope(request), request.path_params["task_id"], wait_s)
    result = _require_result(task)
    encoded = accepts_encoded_arrays(request)
    accepts_gzip = "gzip" in request.headers.get("accept-encoding", "")
    compressed = accepts_gzip and result.json_size > MIN_COMPRESSED_CHARACTERS
    headers = _cache_headers(task, encoded, compressed)
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if compressed:
        headers["Content-Encoding"] = "gzip"
    media_type = ENCODED_JSON_TYPE if encoded else JSON_TYPE
    if result.json_size <= MAX_INLINE_CHARACTERS:
        content = result_json(task, encoded)
        content = gzip.compress(content, compresslevel=1, mtime=0) if compressed else content
        return Response(content, 200, headers, media_type)
    chunks = _result_chunks(request, task, encoded=encoded, compressed=compressed)
    return LargeResponse(request, chunks, media_type, headers)


@asynccontextmanager
async def _result_chunks(
    request: Request, task: Task, *, encoded: bool, compressed: bool
) -> AsyncIterator[AsyncIterator[bytes]]:
    service = get_service(request)
    async with service.answers.open_result(task, find_client(request)) as texts:
        pieces = result_pieces(task, texts, encoded)
        yield service.answers.render(compress(pieces) if compressed else pieces)


def _require_result(task: Task) -> Result:
    """Return the result of a task; raise TaskNotCompleted with the reason if there is none."""
    if task.result:
        return task.result
    if task.failure:
        raise TaskNotCompleted("task_failed", task.failure.message)
    if task.state is TaskState.CANCELLED:
        raise TaskNotCompleted("task_cancelled", "the task was cancelled")
    raise TaskNotCompleted("task_not_finished", f"the task is {task.state}: it has no result yet")


def _cache_headers(task: Task, encoded: bool, compressed: bool) -> dict[str, str]:
    """Return headers with an ETag of the stored result, the format and the release."""
    form = ("e" if encoded else "p") + ("z" if compressed else "")
    return {
        "ETag": f'"{task.id}-{task.attempt}-{form}-{__version__}"',
        "Vary": "Accept, Accept-Encoding",
        "Cache-Control": "private, no-cache",
    }
