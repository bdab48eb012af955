"""`GET /tasks/{id}/circuit` and `/request`: a task as it was submitted."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from quantumtask.api.http.query import find_client, get_principal, get_scope, get_service
from quantumtask.api.http.streaming import LargeResponse
from quantumtask.api.routes.openapi_parts import (
    describe_problems,
    describe_responses,
    wrap_examples,
)
from quantumtask.api.routes.parameters import KNOWN_QUERY, TaskId
from quantumtask.api.routes.refusals import (
    ANSWERS_TOO_LARGE,
    STORE_UNAVAILABLE,
    TASK_NOT_FOUND,
    UNKNOWN_QUERY,
)
from quantumtask.api.schemas.requests import BELL, SubmitRequest
from quantumtask.api.watch.render_threads import CHUNK_BYTES

router = APIRouter(dependencies=KNOWN_QUERY)

TEXT_RESPONSE: Any = {200: {"content": {"text/plain": {"examples": wrap_examples({"bell": BELL})}}}}


@router.get(
    "/tasks/{task_id}/circuit",
    tags=["tasks"],
    summary="Get the circuit of a task",
    response_class=PlainTextResponse,
    responses={
        **TEXT_RESPONSE,
        **describe_problems(UNKNOWN_QUERY, TASK_NOT_FOUND, STORE_UNAVAILABLE, ANSWERS_TOO_LARGE),
    },
)
async def get_circuit(request: Request, task_id: TaskId) -> Response:
    """Return the OpenQASM text of a task, byte for byte as it was submitted."""
    return LargeResponse(request, _circuit_chunks(request, task_id), "text/plain; charset=utf-8")


@asynccontextmanager
async def _circuit_chunks(request: Request, task_id: str) -> AsyncIterator[AsyncIterator[bytes]]:
    scope, client = get_scope(request), find_client(request)
    async with get_service(request).answers.open_circuit(scope, task_id, client) as text:
        yield _slices(text)


@router.get(
    "/tasks/{task_id}/request",
    tags=["tasks"],
    summary="Get the request of a task",
    response_class=Response,
    responses=describe_responses(
        {"seeded": {"circuit": BELL, "shots": 100, "seed": 7, "engine": "aer"}},
        SubmitRequest,
        UNKNOWN_QUERY,
        TASK_NOT_FOUND,
        STORE_UNAVAILABLE,
        ANSWERS_TOO_LARGE,
    ),
)
async def get_request(request: Request, task_id: TaskId) -> Response:
    """Return the body that submits the same task again with `POST /tasks`.

    Fields that have their default are left out, and the owner where requests have tokens: a task
    then belongs to its sender.
    """
    return LargeResponse(request, _request_chunks(request, task_id), "application/json")


@asynccontextmanager
async def _request_chunks(request: Request, task_id: str) -> AsyncIterator[AsyncIterator[bytes]]:
    principal, client = get_principal(request), find_client(request)
    async with get_service(request).answers.open_request(principal, task_id, client) as body:
        yield _slices(body)


async def _slices(text: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(text), CHUNK_BYTES):
        yield text[start : start + CHUNK_BYTES]
