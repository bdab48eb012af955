"""The application, with a short way in for the two calls that every task makes."""

from collections.abc import Awaitable, Callable
from time import perf_counter

from fastapi import FastAPI, Request, Response
from starlette.types import Message, Receive, Scope, Send

from quantumtask.api import metrics
from quantumtask.api.http import errors
from quantumtask.api.routes import tasks

Endpoint = Callable[[Request], Awaitable[Response]]

SUBMIT, GET = "/tasks", "/tasks/{task_id}"
ENDPOINTS: dict[str, Endpoint] = {SUBMIT: tasks.submit, GET: tasks.get_task}

STREAMS = ("/events", "/results")
"""How the routes end whose answers take as long as what they tell of."""


class Front(FastAPI):
    """FastAPI, which documents those two calls as all others and stays out of them otherwise.

    Their cost is the service's speed, and most of it was the framework's.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        started = perf_counter()
        route = _short_way(scope)
        if route is None:
            await self._long_way(scope, receive, send, started)
            return
        scope["app"] = self
        request = Request(scope, receive)
        try:
            response = await ENDPOINTS[route](request)
        except Exception as error:
            response = errors.answer(request, error)
        await response(scope, receive, send)
        waited = b"wait=" in scope["query_string"]
        metrics.answered(scope["method"], route, response.status_code, None if waited else started)

    async def _long_way(self, scope: Scope, receive: Receive, send: Send, started: float) -> None:
        status = 500  # where nothing is answered

        async def sending(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await super().__call__(scope, receive, sending)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            waited = b"wait=" in scope["query_string"] or route.endswith(STREAMS)
            metrics.answered(scope["method"], route, status, None if waited else started)


def _short_way(scope: Scope) -> str | None:
    """The route of one of the two calls; None: it is another one."""
    path: str = scope["path"]
    if scope["method"] == "POST":
        return SUBMIT if path == SUBMIT else None
    task_id = path.removeprefix("/tasks/")
    if scope["method"] != "GET" or task_id == path or not task_id or "/" in task_id:
        return None
    scope["path_params"] = {"task_id": task_id}
    return GET
