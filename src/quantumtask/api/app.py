"""The FastAPI application, with a fast route for the two calls that every task makes."""

from collections.abc import Awaitable, Callable
from time import perf_counter

from fastapi import FastAPI, Request, Response
from starlette.types import Message, Receive, Scope, Send

from quantumtask.api import metrics
from quantumtask.api.http import errors
from quantumtask.api.routes import tasks

Endpoint = Callable[[Request], Awaitable[Response]]

SUBMIT, GET = "/tasks", "/tasks/{task_id}"
FAST_ENDPOINTS: dict[str, Endpoint] = {SUBMIT: tasks.submit, GET: tasks.get_task}

STREAM_SUFFIXES = ("/events", "/results")
"""Endings of the routes that stream; the duration of a stream is not recorded."""


class App(FastAPI):
    """FastAPI application whose `POST /tasks` and `GET /tasks/{id}` bypass the framework.

    FastAPI's middleware, routing and dependencies cost more than these two calls themselves, and
    every task makes both. The bypass (`_fast_route`) calls the endpoint with a bare Request. These
    endpoints therefore read the query, the headers and the body themselves, have no dependencies,
    and return a finished Response. FastAPI still knows both routes: it documents them, and it
    answers other HTTP methods on their paths.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
        elif route := _match_fast_route(scope):
            await self._fast_route(route, scope, receive, send)
        else:
            await self._framework_route(scope, receive, send)

    async def _fast_route(self, route: str, scope: Scope, receive: Receive, send: Send) -> None:
        started = perf_counter()
        scope["app"] = self  # which FastAPI would set: `request.app` reads it
        request = Request(scope, receive)
        try:
            response = await FAST_ENDPOINTS[route](request)
        except Exception as error:  # as FastAPI's own exception handlers do
            response = errors.problem_response(request, error)
        await response(scope, receive, send)
        long_poll = b"wait=" in scope["query_string"]
        metrics.record_request(
            scope["method"], route, response.status_code, None if long_poll else started
        )

    async def _framework_route(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = perf_counter()
        status = 500  # if no response is sent

        async def send_and_note_status(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await super().__call__(scope, receive, send_and_note_status)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            untimed = b"wait=" in scope["query_string"] or route.endswith(STREAM_SUFFIXES)
            metrics.record_request(scope["method"], route, status, None if untimed else started)


def _match_fast_route(scope: Scope) -> str | None:
    """Return the route if it is one of the two fast ones, and set its path parameters."""
    path: str = scope["path"]
    if scope["method"] == "POST":
        return SUBMIT if path == SUBMIT else None
    task_id = path.removeprefix("/tasks/")
    if scope["method"] != "GET" or task_id == path or not task_id or "/" in task_id:
        return None
    scope["path_params"] = {"task_id": task_id}
    return GET
