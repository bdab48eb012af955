"""The FastAPI application, with a fast route for the two calls that every task makes."""

from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from time import perf_counter
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from quantumtask.api import metrics
from quantumtask.api.http import errors
from quantumtask.api.http.authentication import authenticate, is_open
from quantumtask.api.http.door import Door
from quantumtask.api.http.refusal_log import RefusalLog
from quantumtask.api.routes import tasks
from quantumtask.shared.errors import QuantumTaskError
from quantumtask.shared.http_server.access import AccessRules

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

    def __init__(self, access: AccessRules, doors: Sequence[Door], **options: Any) -> None:
        """Make the application.

        Args:
            access: The hosts and the origins of requests that are served.
            doors: The protocols of other services that are spoken, too.
            options: Options of FastAPI.
        """
        super().__init__(**options)
        self._access = access
        self._doors = {door.root: door for door in doors}
        self._refusals = RefusalLog()
        self._served: ASGIApp = self._serve
        if access.origins:
            self._served = CORSMiddleware(
                self._serve,
                allow_origins=access.origins,
                allow_methods=["GET", "HEAD", "POST", "DELETE"],
                allow_headers=["*"],
                expose_headers=["ETag", "Retry-After", "RateLimit", "RateLimit-Policy"],
            )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
        elif refusal := self._access.find_refusal(scope["method"], scope["headers"]):
            metrics.record_request(scope["method"], "other", HTTPStatus.FORBIDDEN, None)
            self._refusals.write(scope, HTTPStatus.FORBIDDEN, refusal.code)
            if door := self._find_door(scope["path"]):
                scope[errors.FORM] = door.error_response
            await errors.refused_response(refusal, scope)(scope, receive, send)
        else:
            await self._served(scope, receive, send)

    async def _answer_head(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer HEAD with the head of the answer to GET."""
        is_complete = False

        async def send_head(message: Message) -> None:
            nonlocal is_complete
            if message["type"] == "http.response.start":
                await send(message)
            elif not is_complete:  # the end, which also ends a stream
                is_complete = True
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        await self._serve({**scope, "method": "GET"}, receive, send_head)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "HEAD":
            await self._answer_head(scope, receive, send)
            return
        scope["app"] = self  # which FastAPI would set: `request.app` reads it
        if door := self._find_door(scope["path"]):
            await self._door_route(door, scope, receive, send)
            return
        try:
            service = self.state.service
            scope["principal"] = await authenticate(service.authenticator, scope)
            if not is_open(scope["path"]):
                await service.rate_limiter.check(scope["principal"])
        except QuantumTaskError as error:
            await self._refuse(error, scope, receive, send)
            return
        if route := _match_fast_route(scope):
            await self._fast_route(route, scope, receive, send)
        else:
            await self._framework_route(scope, receive, send)

    async def _refuse(
        self, error: QuantumTaskError, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Answer a request whose sender is not known, has too few rights or sends too many."""
        response = errors.error_response(Request(scope, receive), error)
        await response(scope, receive, send)
        metrics.record_request(scope["method"], "other", response.status_code, None)
        self._refusals.write(scope, response.status_code, error.code)

    async def _fast_route(self, route: str, scope: Scope, receive: Receive, send: Send) -> None:
        started = perf_counter()
        request = Request(scope, receive)
        try:
            response = await FAST_ENDPOINTS[route](request)
        except Exception as error:  # as FastAPI's own exception handlers do
            response = errors.error_response(request, error)
        await response(scope, receive, send)
        long_poll = b"wait=" in scope["query_string"]
        metrics.record_request(
            scope["method"], route, response.status_code, None if long_poll else started
        )

    def _find_door(self, path: str) -> Door | None:
        """Return the door whose root is the first part of a path."""
        end = path.find("/", 1)
        return self._doors.get(path if end < 0 else path[:end])

    async def _door_route(self, door: Door, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request in another service's protocol, its errors included."""
        started = perf_counter()
        scope[errors.FORM] = door.error_response
        request, path = Request(scope, receive), "other"
        try:
            route = door.find_route(scope)
            path = door.root + route.path
            scope[errors.FORM] = route.error_response or door.error_response
            await door.admit(route, self.state.service, scope)
            response = await route.endpoint(request)
        except Exception as error:  # as FastAPI's own exception handlers do
            response = errors.error_response(request, error)
            if isinstance(error, QuantumTaskError):
                self._refusals.write(scope, response.status_code, error.code)
        await response(scope, receive, send)
        metrics.record_request(scope["method"], path, response.status_code, started)

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
