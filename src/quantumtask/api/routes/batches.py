"""Routes of batches, and of event streams."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing, suppress
from functools import partial
from typing import Annotated, TypeVar, cast

from fastapi import APIRouter, Query, Request, Response

from quantumtask.api import metrics
from quantumtask.api.http.body import open_body
from quantumtask.api.http.query import (
    RawJsonResponse,
    accepts_encoded_arrays,
    find_client,
    get_principal,
    get_scope,
    get_sender,
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
    ndjson_error,
    ndjson_pieces,
    task_sse,
)
from quantumtask.api.routes.openapi_parts import (
    BATCH_ID,
    IDEMPOTENCY_KEY,
    LAST_EVENT_ID,
    OFFSET,
    WAIT_FOR_BATCH,
    describe_body,
    describe_events,
    describe_lines,
    describe_responses,
)
from quantumtask.api.routes.parameters import KNOWN_QUERY, BatchId, Page, TaskId
from quantumtask.api.routes.refusals import (
    BATCH_NOT_FOUND,
    BATCH_TOO_LARGE,
    BODIES_TOO_LARGE,
    CIRCUIT_TOO_LARGE,
    IDEMPOTENCY_CONFLICT,
    INVALID_EVENT_ID,
    INVALID_JSON,
    INVALID_WAIT,
    PARAMETERS_TOO_LARGE,
    QUEUE_FULL_FOR_BATCH,
    STORE_UNAVAILABLE,
    TASK_NOT_FOUND,
    UNKNOWN_QUERY,
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
from quantumtask.api.serialization.task_json import MAX_INLINE_CHARACTERS, result_texts
from quantumtask.api.watch.event_streams import FinishedTask
from quantumtask.shared.errors import (
    AnswersTooLarge,
    InvalidRequest,
    ResultDamaged,
    ResultStoreUnavailable,
    TaskNotFound,
)

router = APIRouter(dependencies=KNOWN_QUERY)

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
        BODIES_TOO_LARGE,
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
        async with open_body(request) as body:
            # In a thread: ten megabytes would delay other requests.
            spec = await asyncio.to_thread(parse_batch, body)
            traceparent = request.headers.get("traceparent", "") if service.tracing_enabled else ""
            key = request.headers.get("idempotency-key")
            receipt = await service.submit_batch(get_principal(request), spec, key, traceparent)
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
        get_scope(request), pending, page.name, page.tag, page.before, page.limit
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
    batch = await get_service(request).batches.get(
        get_scope(request), request.path_params["batch_id"], wait_s
    )
    return RawJsonResponse(batch_json(batch))


@router.post(
    "/batches/{batch_id}/cancel",
    tags=["batches"],
    summary="Cancel a batch",
    response_class=Response,
    responses=describe_responses(
        examples.CANCELLED, BatchView, UNKNOWN_QUERY, BATCH_NOT_FOUND, STORE_UNAVAILABLE
    ),
)
async def cancel_batch(request: Request, batch_id: BatchId) -> Response:
    """Cancel all tasks of a batch that have not ended. Cancelling it again changes nothing."""
    service, sender = get_service(request), get_sender(request)
    batch = await service.cancel_batch(get_scope(request), batch_id, sender)
    return RawJsonResponse(batch_json(batch))


@router.get(
    "/batches/{batch_id}/results",
    tags=["batches"],
    summary="Results of a batch",
    response_class=Response,
    responses=describe_lines(
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
    streams = get_service(request).streams
    finished = await streams.batch_results(get_scope(request), batch_id, offset)
    return StreamResponse(request, _ndjson_chunks(request, finished), NDJSON_TYPE)


@router.get(
    "/batches/{batch_id}/events",
    tags=["batches"],
    summary="Events of a batch",
    response_class=Response,
    responses=describe_events(
        examples.BATCH_EVENTS, INVALID_EVENT_ID, BATCH_NOT_FOUND, STORE_UNAVAILABLE
    ),
    openapi_extra={"parameters": [LAST_EVENT_ID]},
)
async def follow_batch(request: Request, batch_id: BatchId) -> Response:
    """Stream every change of state of a batch's tasks, past and future, as server-sent events.

    The last event is `end`, when all tasks have ended. A client that reconnects with the
    `Last-Event-ID` of `end` gets 204.
    """
    streams, after = get_service(request).streams, _last_event_id(request)
    events = await streams.batch_events(get_scope(request), batch_id, after)
    return _sse_response(request, events, partial(batch_sse, batch_id.lower()))


@router.get(
    "/tasks/{task_id}/events",
    tags=["tasks"],
    summary="Events of a task",
    response_class=Response,
    responses=describe_events(
        examples.TASK_EVENTS, INVALID_EVENT_ID, TASK_NOT_FOUND, STORE_UNAVAILABLE
    ),
    openapi_extra={"parameters": [LAST_EVENT_ID]},
)
async def follow_task(
    request: Request,
    task_id: TaskId,
    progress: Annotated[
        bool, Query(description="Also stream `progress`, every few seconds while it changes.")
    ] = False,
) -> Response:
    """Stream every change of a task's state, past and future, as server-sent events.

    The stream ends when the task ends. A client that reconnects with the `Last-Event-ID` of the
    last event gets 204.
    """
    streams, after = get_service(request).streams, _last_event_id(request)
    changes = await streams.task_changes(get_scope(request), task_id, after, progress)
    return _sse_response(request, changes, partial(task_sse, task_id.lower()))


def _sse_response(
    request: Request, answers: AsyncIterator[I | None] | None, to_text: Callable[[I], bytes]
) -> Response:
    """Return a stream of events, or 204 if no event follows: a browser then stops reconnecting."""
    if answers is None:
        return Response(status_code=204)
    return StreamResponse(request, _sse_chunks(answers, to_text), SSE_TYPE)


async def _sse_chunks(
    answers: AsyncIterator[I | None], to_text: Callable[[I], bytes]
) -> AsyncIterator[bytes]:
    async with aclosing(cast(AsyncGenerator[I | None, None], answers)) as items:
        async for item in items:
            if chunk := SSE_KEEPALIVE if item is None else to_text(item):
                yield chunk


async def _ndjson_chunks(
    request: Request, finished: AsyncIterator[FinishedTask | None]
) -> AsyncIterator[bytes]:
    """Yield the lines of tasks; end early, as other streams do, if one has no memory to be sent."""
    tasks = cast(AsyncGenerator[FinishedTask | None, None], finished)
    with suppress(AnswersTooLarge):
        async with aclosing(tasks):
            async for line in tasks:
                if line is not None:
                    async with aclosing(_line_chunks(request, line)) as chunks:
                        async for chunk in chunks:
                            yield chunk


async def _line_chunks(request: Request, line: FinishedTask) -> AsyncGenerator[bytes, None]:
    service, encoded = get_service(request), accepts_encoded_arrays(request)
    result = line.task.result
    if result is None or result.json_size <= MAX_INLINE_CHARACTERS:
        texts = result_texts(result) if result else None
        yield b"".join(ndjson_pieces(line, texts, encoded))
        return
    async with AsyncExitStack() as stack:
        try:
            opening = service.answers.open_result(line.task, find_client(request), patient=True)
            pieces = ndjson_pieces(line, await stack.enter_async_context(opening), encoded)
        except (ResultDamaged, ResultStoreUnavailable) as error:
            yield ndjson_error(line, error)
            return
        except TaskNotFound:  # it was removed meanwhile
            return
        async for chunk in service.answers.render(pieces):
            yield chunk


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
