"""Query parameters, content negotiation, and responses of JSON text."""

from functools import lru_cache
from typing import NamedTuple

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.datastructures import QueryParams

from quantumtask.api.service.tasks import TaskService
from quantumtask.shared.audit import Sender
from quantumtask.shared.close_names import suggestion
from quantumtask.shared.errors import InvalidRequest
from quantumtask.shared.principal import Principal

MAX_WAIT_S = 30.0
JSON_TYPE, ENCODED_JSON_TYPE = "application/json", "application/vnd.quantumtask+json"
"""Media types: arrays as nested lists of numbers; arrays in base64."""


class QueryOptions(NamedTuple):
    """The query parameters of a request about a task.

    Attributes:
        wait_s: Seconds to wait for the end of the task (long poll).
        strict: Refuse a circuit that would fail.
        status_only: Leave out everything that can be large (`view=status`).
    """

    wait_s: float
    strict: bool
    status_only: bool


def parse_query(request: Request) -> QueryOptions:
    """Return the options in a request's query; raise InvalidRequest that names the wrong one."""
    return _parse_query(request.scope["query_string"])


@lru_cache(64)  # most requests have one of few query strings
def _parse_query(query: bytes) -> QueryOptions:
    parameters = QueryParams(query)
    return QueryOptions(
        _parse_wait(parameters.get("wait", "0")),
        _parse_choice("strict", parameters.get("strict", "false"), "false", "true"),
        _parse_choice("view", parameters.get("view", "full"), "full", "status"),
    )


def _parse_wait(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= MAX_WAIT_S:
        raise InvalidRequest(f"wait: must be a number of seconds from 0 to {MAX_WAIT_S:g}")
    return seconds


def _parse_choice(name: str, text: str, off: str, on: str) -> bool:
    if text not in (off, on):
        raise InvalidRequest(f"{name}: must be {off} or {on}")
    return text == on


@lru_cache(64)
def check_query_names(query: bytes, names: frozenset[str], fields: frozenset[str]) -> None:
    """Raise InvalidRequest that names the first unknown parameter of a query.

    Args:
        query: The query string.
        names: The parameters of the route.
        fields: The fields of the route's body.
    """
    for name in QueryParams(query):
        if name in names:
            continue
        if name in fields:
            raise InvalidRequest(
                f"{name}: not a query parameter if the body is JSON; write `{name}` into the body"
            )
        similar = suggestion(name, names | fields)
        raise InvalidRequest(f"{name[:60]}: no such query parameter{similar}")


async def refuse_unknown_query(request: Request) -> None:
    """Raise InvalidRequest if the query of a request has a parameter that its route does not."""
    if query := request.scope["query_string"]:
        check_query_names(query, _query_names(request.scope["route"]), frozenset())


def _query_names(route: APIRoute) -> frozenset[str]:
    """Return the query parameters that a route documents."""
    dependants = (route.dependant, *route.dependant.dependencies)
    described = (route.openapi_extra or {}).get("parameters", [])
    return frozenset(
        [field.alias for dependant in dependants for field in dependant.query_params]
        + [each["name"] for each in described if each["in"] == "query"]
    )


def find_header(request: Request, name: bytes) -> str | None:
    """Return a header of a request, None if absent, in a third of the time of `request.headers`.

    Args:
        request: The request.
        name: The name in lower case, as the server has written all names.
    """
    for header, value in request.scope["headers"]:
        if header == name:
            text: str = value.decode("latin-1")
            return text
    return None


def accepts_encoded_arrays(request: Request) -> bool:
    """Return True if the client accepts arrays in base64."""
    return ENCODED_JSON_TYPE in (find_header(request, b"accept") or "")


def get_service(request: Request) -> TaskService:
    """Return the service of the application that handles a request."""
    service: TaskService = request.app.state.service
    return service


def get_principal(request: Request) -> Principal:
    """Return the sender of a request, whom the application knows before it calls a handler."""
    principal: Principal = request.scope["principal"]
    return principal


def get_scope(request: Request) -> str:
    """Return the project whose tasks the sender of a request sees, or ALL_PROJECTS."""
    return get_principal(request).scope


def get_sender(request: Request) -> Sender:
    """Return the principal of a request with the address of the client, for the audit log."""
    address = request.client.host if request.client else ""
    return Sender.from_request(get_principal(request), address)


def find_client(request: Request) -> str:
    """Return the name under which the sender of a request shares memory and processes with others.

    While authentication is off, all senders are one principal: their addresses tell them apart.
    """
    principal = get_principal(request)
    if principal.chooses_owner:
        return request.client.host if request.client else ""
    return f"{principal.project}/{principal.name}"


class RawJsonResponse(Response):
    """Response whose content is JSON text already.

    It skips `Response.__init__`, which encodes the content and completes headers: every task is
    answered at least twice, and both headers are known here.
    """

    def __init__(
        self, content: bytes | str, status: int = 200, media_type: str = JSON_TYPE
    ) -> None:
        self.status_code = status
        self.background = None
        self.body = content.encode() if isinstance(content, str) else content
        length = str(len(self.body)).encode()
        self.raw_headers = [(b"content-type", media_type.encode()), (b"content-length", length)]
