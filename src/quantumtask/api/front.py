"""The application, with a short way in for the two calls that every task makes."""

from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response
from starlette.types import Receive, Scope, Send

from quantumtask.api import errors, routes

Endpoint = Callable[[Request], Awaitable[Response]]


class Front(FastAPI):
    """FastAPI, which documents those two calls as all others and stays out of them otherwise.

    Their cost is the service's speed, and most of it was the framework's.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = _short_way(scope)
        if endpoint is None:
            await super().__call__(scope, receive, send)
            return
        scope["app"] = self
        request = Request(scope, receive)
        try:
            response = await endpoint(request)
        except Exception as error:
            response = errors.answer(request, error)
        await response(scope, receive, send)


def _short_way(scope: Scope) -> Endpoint | None:
    if scope["type"] != "http":
        return None
    path: str = scope["path"]
    if scope["method"] == "POST":
        return routes.submit if path == "/tasks" else None
    task_id = path.removeprefix("/tasks/")
    if scope["method"] != "GET" or task_id == path or not task_id or "/" in task_id:
        return None
    scope["path_params"] = {"task_id": task_id}
    return routes.get_task
