"""The routes of batches and of streams: HTTP in, the service called, text out."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from functools import partial
from typing import Annotated, TypeVar, cast

from fastapi import APIRouter, Path, Query, Request, Response

from quantumtask.api import metrics
from quantumtask.api.http.body import body_of
from quantumtask.api.http.query import Json, asked_of, service_of, wants_encoded
from quantumtask.api.http.streaming import Stream
from quantumtask.api.routes.batch_json import (
    BEAT,
    batch_events,
    batch_json,
    batches_json,
    history_events,
    line_json,
    taken_json,
)
from quantumtask.api.routes.refusals import (
    CIRCUIT_TOO_LARGE,
    INVALID_JSON,
    INVALID_WAIT,
    NOT_FOUND,
    PARAMETERS_TOO_LARGE,
    UNAVAILABLE,
    UNSUPPORTED,
    TaskId,
)
from quantumtask.api.schemas import batch_examples as examples
from quantumtask.api.schemas.batches import (
    BatchFilter,
    BatchList,
    BatchSubmitted,
    BatchView,
    parse_batch,
)
from quantumtask.api.schemas.openapi_examples import answers
from quantumtask.api.serialization.task_json import MOST_INLINE
from quantumtask.api.watch.event_streams import Line
from quantumtask.shared.errors import InvalidRequest

router = APIRouter()

I = TypeVar("I")  # noqa: E741

EVENTS, LINES = "text/event-stream", "application/x-ndjson"
NO_BATCH = (404, "batch_not_found", "batch not found")
NO_EVENT = (400, "invalid_request", "Last-Event-ID: must be the `id` of an event")
BATCH_TOO_LARGE = (
    413,
    "body_too_large",
    "the body is larger than 10,485,760 bytes, the most this service takes",
)
BatchId = Annotated[str, Path(description="The id that the submission returned.")]


@router.post(
    "/batches",
    tags=["batches"],
    summary="Submit a batch",
    response_class=Response,
    responses=answers(
        examples.SUBMITTED,
        BatchSubmitted,
        INVALID_JSON,
        (400, "invalid_request", "tasks.17.shots: must be 1 to 1,000,000"),
        (409, "idempotency_conflict", "this Idempotency-Key was used with another body"),
        CIRCUIT_TOO_LARGE,
        PARAMETERS_TOO_LARGE,
        BATCH_TOO_LARGE,
        UNSUPPORTED,
        (429, "queue_full", examples.NO_ROOM),
        UNAVAILABLE,
    ),
    openapi_extra=examples.SUBMISSION_OF_MANY,
)
async def submit_batch(request: Request) -> Response:
    """Stores up to 1,000 tasks durably, all of them or none, and answers with their ids.

    Each is a task as any other from then on: it fails, and is cancelled, for itself.
    """
    service = service_of(request)
    with metrics.refusals:
        # Beside everything else: ten megabytes take a while.
        spec = await asyncio.to_thread(parse_batch, await body_of(request))
        caller = request.headers.get("traceparent", "") if service.traced else ""
        key = request.headers.get("idempotency-key")
        taken = await service.submit_batch(spec, key, caller)
    return Json(taken_json(taken))


@router.get(
    "/batches",
    tags=["batches"],
    summary="List batches",
    response_class=Response,
    responses=answers(
        examples.LIST,
        BatchList,
        (400, "invalid_request", "limit: input should be less than or equal to 100"),
        UNAVAILABLE,
    ),
)
async def list_batches(
    request: Request,
    status: Annotated[BatchFilter | None, Query(description="Only these.")] = None,
    name: Annotated[
        str | None, Query(max_length=50, description="Only batches of this name.")
    ] = None,
    tag: Annotated[
        str | None, Query(max_length=50, description="Only batches with this tag.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=100, description="Length of the page.")] = 20,
    cursor: Annotated[
        str | None, Query(pattern=r"^[0-9]{1,18}$", description="`next_cursor` of the page before.")
    ] = None,
) -> Response:
    """Newest first."""
    pending = None if status is None else status is BatchFilter.PENDING
    before = None if cursor is None else int(cursor)
    found = await service_of(request).batches.page(pending, name, tag, before, limit)
    return Json(batches_json(found, limit))


@router.get(
    "/batches/{batch_id}",
    tags=["batches"],
    summary="Get a batch",
    response_class=Response,
    responses=answers(examples.BATCH, BatchView, INVALID_WAIT, NO_BATCH, UNAVAILABLE),
    openapi_extra=examples.WHICH_BATCH,
)
async def get_batch(request: Request) -> Response:
    """How many of its tasks are in which state; with `wait`, as soon as all have ended."""
    wait_s = asked_of(request).wait_s
    found = await service_of(request).batches.get(request.path_params["batch_id"], wait_s)
    return Json(batch_json(found))


@router.post(
    "/batches/{batch_id}/cancel",
    tags=["batches"],
    summary="Cancel a batch",
    response_class=Response,
    responses=answers(examples.CANCELLED, BatchView, NO_BATCH, UNAVAILABLE),
)
async def cancel_batch(request: Request, batch_id: BatchId) -> Response:
    """Ends all its tasks that have not ended yet. Cancelling it again changes nothing."""
    return Json(batch_json(await service_of(request).cancel_batch(batch_id)))


@router.get(
    "/batches/{batch_id}/results",
    tags=["batches"],
    summary="Results of a batch",
    response_class=Response,
    responses=examples.stream(
        LINES,
        examples.LINE,
        (400, "invalid_request", "offset: the batch has 1,000 tasks"),
        NO_BATCH,
        UNAVAILABLE,
    ),
    openapi_extra=examples.RESULTS_OF_BATCH,
)
async def batch_results(request: Request, batch_id: BatchId) -> Response:
    """Its tasks, a line of JSON each, in the order in which they end and as soon as they do.

    The stream ends with the last of them. One that ends sooner is resumed with the number of lines
    that were read as `offset`: the order never changes.
    """
    offset = _offset(request.query_params.get("offset", "0"))
    found = await service_of(request).streams.results(batch_id, offset)
    return Stream(_lines(found, wants_encoded(request)), LINES)


@router.get(
    "/batches/{batch_id}/events",
    tags=["batches"],
    summary="Events of a batch",
    response_class=Response,
    responses=examples.stream(EVENTS, examples.BATCH_EVENTS, NO_EVENT, NO_BATCH, UNAVAILABLE),
    openapi_extra=examples.EVENTS_OF_BATCH,
)
async def follow_batch(request: Request, batch_id: BatchId) -> Response:
    """Every change of state of its tasks, so far and to come, as server-sent events.

    The last event is `end`, once all tasks have ended; resumed behind it, the answer is 204.
    """
    found = await service_of(request).streams.of_batch(batch_id, _seen(request))
    return _events(found, partial(batch_events, batch_id.lower()))


@router.get(
    "/tasks/{task_id}/events",
    tags=["tasks"],
    summary="Events of a task",
    response_class=Response,
    responses=examples.stream(EVENTS, examples.TASK_EVENTS, NO_EVENT, NOT_FOUND, UNAVAILABLE),
    openapi_extra=examples.EVENTS_OF_TASK,
)
async def follow_task(request: Request, task_id: TaskId) -> Response:
    """Every change of state, so far and to come, as server-sent events.

    The stream ends with the task; resumed behind its last event, the answer is 204.
    """
    found = await service_of(request).streams.of_task(task_id, _seen(request))
    return _events(found, partial(history_events, task_id.lower()))


def _events(found: AsyncIterator[I | None] | None, text: Callable[[I], bytes]) -> Response:
    """A stream of events; where none is left, an answer that a browser does not ask for again."""
    if found is None:
        return Response(status_code=204)
    return Stream(_told(found, text), EVENTS)


async def _told(found: AsyncIterator[I | None], text: Callable[[I], bytes]) -> AsyncIterator[bytes]:
    async with aclosing(cast(AsyncGenerator[I | None, None], found)) as items:
        async for item in items:
            if piece := BEAT if item is None else text(item):
                yield piece


async def _lines(found: AsyncIterator[Line | None], encoded: bool) -> AsyncIterator[bytes]:
    async with aclosing(cast(AsyncGenerator[Line | None, None], found)) as lines:
        async for line in lines:
            if line is None:
                continue
            if line.task.result and line.task.result.bytes > MOST_INLINE:
                yield await asyncio.to_thread(line_json, line, encoded)  # beside everything else
            else:
                yield line_json(line, encoded)


def _seen(request: Request) -> int:
    """The number of the last event that was seen."""
    given = request.headers.get("last-event-id") or "0"
    if not _NUMBER.fullmatch(given):
        raise InvalidRequest("Last-Event-ID: must be the `id` of an event")
    return int(given)


def _offset(given: str) -> int:
    if not _NUMBER.fullmatch(given):
        raise InvalidRequest("offset: must be the number of lines that were read already")
    return int(given)


_NUMBER = re.compile("[0-9]{1,18}")
