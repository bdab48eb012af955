"""Doors: the protocols of other services, each below a path of its own of the same application.

A door translates: a request of its protocol becomes calls of `TaskService`, and their answers
become an answer of its protocol. The application finds the route, knows the sender and counts the
request before a door sees it.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from re import Pattern
from typing import Any

from fastapi import Request, Response
from starlette.convertors import Convertor
from starlette.exceptions import HTTPException
from starlette.routing import compile_path
from starlette.types import Scope

from quantumtask.api.http.authentication import check_role
from quantumtask.api.http.errors import ErrorAnswer
from quantumtask.api.service.authenticator import Authenticator
from quantumtask.api.service.tasks import TaskService
from quantumtask.shared.principal import LOCAL, Principal

Identify = Callable[[Authenticator, Scope], Awaitable[Principal]]
"""Finds the sender of a request by the credentials of a protocol; raises Unauthenticated."""


@dataclass(frozen=True)
class DoorRoute:
    """One call of a protocol.

    Attributes:
        method: The HTTP method; HEAD is answered by the route of GET.
        path: The path below the root of the door; `{name}` is a parameter.
        endpoint: Answers a request, or raises an error.
        reads: The call changes nothing, so that every role may send it.
        is_open: The call needs no credentials.
        error_response: Writes an error of this call; None: in the form of its door.
    """

    method: str
    path: str
    endpoint: Callable[[Request], Awaitable[Response]]
    reads: bool = False
    is_open: bool = False
    error_response: Callable[[ErrorAnswer], Response] | None = None


class Door:
    """The protocol of another service.

    Attributes:
        name: The name in the setting `doors`.
        root: The first part of the path of each of its requests, such as `/v0.4`.
        routes: Its calls; the first one that matches a request answers it.
        error_response: Writes an error in the form of the protocol.
    """

    def __init__(
        self,
        name: str,
        root: str,
        routes: Sequence[DoorRoute],
        identify: Identify,
        error_response: Callable[[ErrorAnswer], Response],
    ) -> None:
        self.name, self.root, self.routes = name, root, routes
        self.error_response = error_response
        self._identify = identify
        self._compiled = [(route, *compile_path(root + route.path)[::2]) for route in routes]

    def find_route(self, scope: Scope) -> DoorRoute:
        """Return the route of a request, and set the parameters of its path in the scope.

        Raises:
            HTTPException: no route has this path (404), or none this method (405).
        """
        methods = set()
        for route, pattern, convertors in self._compiled:
            parameters = _match(pattern, convertors, scope["path"])
            if parameters is None:
                continue
            if route.method == scope["method"]:
                scope["path_params"] = parameters
                return route
            methods.add(route.method)
        if methods:
            raise HTTPException(405, headers={"Allow": ", ".join(sorted(methods))})
        raise HTTPException(404)

    async def admit(self, route: DoorRoute, service: TaskService, scope: Scope) -> None:
        """Find the sender of a request and put it into the scope, as for a route of the API.

        Raises:
            Unauthenticated: the request needs credentials, and has none that are valid.
            Forbidden: the role of the sender does not allow the request.
            RateExceeded: the sender sends too many requests.
        """
        scope["principal"] = LOCAL
        if route.is_open:
            return
        principal = await self._identify(service.authenticator, scope)
        check_role(principal, route.reads)
        scope["principal"] = principal
        await service.rate_limiter.check(principal)


def _match(
    pattern: Pattern[str], convertors: dict[str, Convertor[Any]], path: str
) -> dict[str, Any] | None:
    match = pattern.match(path)
    if match is None:
        return None
    return {name: convertors[name].convert(text) for name, text in match.groupdict().items()}
