"""Compare the responses of a real service with the models that document them."""

from functools import cache
from typing import Any

import httpx
from pydantic import TypeAdapter
from starlette.routing import Match

JSON_TYPES = ("application/json", "application/vnd.quantumtask+json")
PROBLEM_TYPE = "application/problem+json"
UNDOCUMENTED = {401, 403, 404, 405, 500}
"""Statuses that no route has of its own: of a missing token, of a role with too few rights, of an
unknown path, an unknown method and a mistake of the service.
"""


def check_responses(client: httpx.Client) -> None:
    """Make the client compare each response of JSON with the model of its route and status."""
    client.event_hooks = {"response": [check_response]}


def check_response(response: httpx.Response) -> None:
    media_type = response.headers.get("content-type", "")
    route = find_route(response.request.method, response.url.path)
    if media_type == PROBLEM_TYPE:
        check_value(problem_document(), read_json(response))
        documented = route is None or response.status_code in {*route.responses, *UNDOCUMENTED}
        assert documented, f"{route.path} does not document {response.status_code}"
    elif media_type in JSON_TYPES and route is not None and route.include_in_schema:
        check_value(route.responses[response.status_code]["model"], read_json(response))


def check_value(model: Any, value: Any) -> None:
    """Fail unless the value is an instance of the model, and has no field but the model's."""
    adapter = adapter_of(model)
    instance = adapter.validate_python(value)
    dumped = adapter.dump_python(instance, mode="json", by_alias=True, exclude_unset=True)
    assert dumped == value, f"{model} does not describe all of {value}"


def read_json(response: httpx.Response) -> Any:
    response.read()
    return response.json()


@cache
def find_route(method: str, path: str) -> Any:
    """Return the route of the API that handles a request; None if there is none."""
    scope = {"type": "http", "method": method, "path": path, "headers": []}
    for router in routers():
        for route in router.routes:
            if route.matches(scope)[0] is Match.FULL:
                return route
    return None


# Imported with the first response, for the tests that have none: that takes a second.


def problem_document() -> Any:
    from quantumtask.api.schemas.responses import ProblemDocument

    return ProblemDocument


def routers() -> list[Any]:
    from quantumtask.api.routes import batches, circuit, results, service, tasks

    return [each.router for each in (tasks, results, circuit, batches, service)]


@cache
def adapter_of(model: Any) -> TypeAdapter[Any]:
    return TypeAdapter(model)
