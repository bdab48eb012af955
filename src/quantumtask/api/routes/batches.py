"""Routes of batches, and of event streams."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from functools import partial
from typing import Annotated, TypeVar, cast

from fastapi import APIRouter, Query, Request, Response

from quantumtask.api import metrics
from quantumtask.api.http.body import read_request_body
from quantumtask.api.http.query import (
    RawJsonResponse,
    accepts_encoded_arrays,
    get_service,
    parse_query,
)
from quantumtask.api.http.streaming import StreamResponse
from quantumtask.api.routes import batch_examples as examples
from quantumtask.api.routes.batch_json import (
    SSE_KEEPALIVE,
    batch_json,
    batch_sse,
    batch_submitted_json,
    batches_json,
    ndjson_line,
    task_sse,
)
from quantumtask.api.routes.openapi_parts import (
    BATCH_ID,
    IDEMPOTENCY_KEY,
    LAST_EVENT_ID,
    OFFSET,
    WAIT_FOR_BATCH,
    describe_body,
    describe_responses,
    describe_stream,
)
from quantumtask.api.routes.parameters import BatchId, Page, TaskId
from quantumtask.api.routes.refusals import (
    BATCH_NOT_FOUND,
    BATCH_TOO_LARGE,
    CIRCUIT_TOO_LARGE,
    IDEMPOTENCY_CONFLICT,
    INVALID_EVENT_ID,
    INVALID_JSON,
    INVALID_WAIT,
    PARAMETERS_TOO_LARGE,
    QUEUE_FULL_FOR_BATCH,
    STORE_UNAVAILABLE,
    TASK_NOT_FOUND,
    UNSUPPORTED_ENCODING,
)
from quantumtask.api.schemas.batches import (
    BatchFilter,
    BatchList,
    BatchRequest,
    BatchSubmitted,
    BatchView,
    parse_batch,
)
from quantumtask.api.schemas.openapi import schema_of
from quantumtask.api.schemas.requests import SubmitRequest
from quantumtask.api.serialization.task_json import MAX_INLINE_CHARACTERS
from quantumtask.api.watch.event_streams import BatchResultLine
from quantumtask.shared.errors import InvalidRequest

router = APIRouter()

I = TypeVar("I")  # noqa: E741

SSE_TYPE, NDJSON_TYPE = "text/event-stream", "application/x-ndjson"


@router.post(
    "/batches",
    tags=["batches"],
    summary="Submit a batch",
    response_class=Response,
    responses=describe_responses(
        examples.SUBMITTED,
        BatchSubmitted,
        INVALID_JSON,
        (400, "invalid_request", "tasks.17.shots: must be 1 to 1,000,000"),
        IDEMPOTENCY_CONFLICT,
        CIRCUIT_TOO_LARGE,
        PARAMETERS_TOO_LARGE,
        BATCH_TOO_LARGE,
        UNSUPPORTED_ENCODING,
        QUEUE_FULL_FOR_BATCH,
        STORE_UNAVAILABLE,
    ),
    openapi_extra={
        "parameters": [IDEMPOTENCY_KEY],
        **describe_body(BatchRequest, tasks={"items": schema_of(SubmitRequest)}),
    },
)
async def submit_batch(request: Request) -> Response:
    """Store up to 1,000 tasks durably, all of them or none, and return their ids.

    After that, each is a task like any other: it can fail and be cancelled on its own.
    """
    service = get_service(request)
    with metrics.count_refusals:
        # In a thread: ten megabytes would delay other requests.
        spec = await asyncio.to_thread(parse_batch, await read_request_body(request))
        traceparent = request.headers.get("traceparent", "") if service.tracing_enabled else ""
        key = request.headers.get("idempotency-key")
        receipt = await service.submit_batch(spec, key, traceparent)
    return RawJsonResponse(batch_submitted_json(receipt))


@router.get(
    "/batches",
    tags=["batches"],
    summary="List batches",
    response_class=Response,
    responses=describe_responses(
        examples.LIST,
        BatchList,
        (400, "invalid_request", "limit: input should be less than or equal to 100"),
        STORE_UNAVAILABLE,
    ),
)
async def list_batches(
    request: Request,
    page: Page,
    status: Annotated[BatchFilter | None, Query(description="Only batches in this state.")] = None,
) -> Response:
    """List batches, newest first."""
    pending = None if status is None else status is BatchFilter.PENDING
    batches = await get_service(request).batches.list_batches(
        pending, page.name, page.tag, page.before, page.limit
    )
    return RawJsonResponse(batches_json(batches, page.limit))


@router.get(
    "/batches/{batch_id}",
    tags=["batches"],
    summary="Get a batch",
    response_class=Response,
    responses=describe_responses(
        examples.BATCH, BatchView, INVALID_WAIT, BATCH_NOT_FOUND, STORE_UNAVAILABLE
    ),
    openapi_extra={"parameters": [BATCH_ID, WAIT_FOR_BATCH]},
)
async def get_batch(request: Request) -> Response:
    """Return a batch with the number of its tasks in each state.

    With `wait`, the response comes as soon as all tasks have ended, or when the time is up.
    """
    wait_s = parse_query(request).wait_s
    batch = await get_service(request).batches.get(request.path_params["batch_id"], wait_s)
    return RawJsonResponse(batch_json(batch))


@router.post(
    "/batches/{batch_id}/cancel",
    tags=["batches"],
    summary="Cancel a batch",
    response_class=Response,
    responses=describe_responses(examples.CANCELLED, BatchView, BATCH_NOT_FOUND, STORE_UNAVAILABLE),
)
async def cancel_batch(request: Request, batch_id: BatchId) -> Response:
    """Cancel all tasks of a batch that have not ended. Cancelling it again changes nothing."""
    return RawJsonResponse(batch_json(await get_service(request).cancel_batch(batch_id)))


@router.get(
    "/batches/{batch_id}/results",
    tags=["batches"],
    summary="Results of a batch",
    response_class=Response,
    responses=describe_stream(
        NDJSON_TYPE,
        examples.RESULT_LINE,
        (400, "invalid_request", "offset: must be at most 1,000, the number of the batch's tasks"),
        BATCH_NOT_FOUND,
        STORE_UNAVAILABLE,
    ),
    openapi_extra={"parameters": [OFFSET]},
)
async def batch_results(request: Request, batch_id: BatchId) -> Response:
    """Stream the tasks of a batch with their results, one line of JSON for each, as they end.

    The stream ends after the last task. To resume a stream that ended early, pass the number of
    lines that you have read as `offset`: the order of the lines never changes.
    """
    offset = _parse_offset(request.query_params.get("offset", "0"))
    lines = await get_service(request).streams.batch_results(batch_id, offset)
    return StreamResponse(_ndjson_chunks(lines, accepts_encoded_arrays(request)), NDJSON_TYPE)


@router.get(
    "/batches/{batch_id}/events",
    tags=["batches"],
    summary="Events of a batch",
    response_class=Response,
    responses=describe_stream(
        SSE_TYPE, examples.BATCH_EVENTS, INVALID_EVENT_ID, BATCH_NOT_FOUND, STORE_UNAVAILABLE
    ),
    openapi_extra={"parameters": [LAST_EVENT_ID]},
)
async def follow_batch(request: Request, batch_id: BatchId) -> Response:
    """Stream every change of state of a batch's tasks, past and future, as server-sent events.

    The last event is `end`, when all tasks have ended. A client that reconnects with the
    `Last-Event-ID` of `end` gets 204.
    """
    events = await get_service(request).streams.batch_events(batch_id, _last_event_id(request))
    return _sse_response(events, partial(batch_sse, batch_id.lower()))


@router.get(
    "/tasks/{task_id}/events",
    tags=["tasks"],
    summary="Events of a task",
    response_class=Response,
    responses=describe_stream(
        SSE_TYPE, examples.TASK_EVENTS, INVALID_EVENT_ID, TASK_NOT_FOUND, STORE_UNAVAILABLE
    ),
    openapi_extra={"parameters": [LAST_EVENT_ID]},
)
async def follow_task(request: Request, task_id: TaskId) -> Response:
    """Stream every change of a task's state, past and future, as server-sent events.

    The stream ends when the task ends. A client that reconnects with the `Last-Event-ID` of the
    last event gets 204.
    """
    changes = await get_service(request).streams.task_changes(task_id, _last_event_id(request))
    return _sse_response(changes, partial(task_sse, task_id.lower()))


def _sse_response(
    answers: AsyncIterator[I | None] | None, to_text: Callable[[I], bytes]
) -> Response:
    """Return a stream of events, or 204 if no event follows: a browser then stops reconnecting."""
    if answers is None:
        return Response(status_code=204)
    return StreamResponse(_sse_chunks(answers, to_text), SSE_TYPE)


async def _sse_chunks(
    answers: AsyncIterator[I | None], to_text: Callable[[I], bytes]
) -> AsyncIterator[bytes]:
    async with aclosing(cast(AsyncGenerator[I | None, None], answers)) as items:
        async for item in items:
            if chunk := SSE_KEEPALIVE if item is None else to_text(item):
                yield chunk


async def _ndjson_chunks(
    results: AsyncIterator[BatchResultLine | None], encoded: bool
) -> AsyncIterator[bytes]:
    async with aclosing(cast(AsyncGenerator[BatchResultLine | None, None], results)) as lines:
        async for line in lines:
            if line is None:
                continue
            if line.task.result and line.task.result.json_size > MAX_INLINE_CHARACTERS:
                yield await asyncio.to_thread(ndjson_line, line, encoded)
            else:
                yield ndjson_line(line, encoded)


def _last_event_id(request: Request) -> int:
    """Return the number in the Last-Event-ID header; 0 without the header."""
    text = request.headers.get("last-event-id") or "0"
    if not _NUMBER.fullmatch(text):
        raise InvalidRequest("Last-Event-ID: must be the `id` of an event")
    return int(text)


def _parse_offset(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise InvalidRequest("offset: must be the number of lines that were read already")
    return int(text)


_NUMBER = re.compile("[0-9]{1,18}")
