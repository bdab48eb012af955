"""What a request asks for beside its body, and JSON as an answer."""

from functools import lru_cache
from typing import NamedTuple

from fastapi import Request, Response
from starlette.datastructures import QueryParams

from quantumtask.api.service.tasks import Service
from quantumtask.shared.errors import InvalidRequest

LONGEST_WAIT_S = 30.0
PLAIN, ENCODED = "application/json", "application/vnd.quantumtask+json"
"""With arrays as lists of numbers; with arrays in base64."""


class Asked(NamedTuple):
    """`wait_s`: seconds to wait for the end of a task; `strict`: refuse a circuit that would fail;
    `status_only`: nothing that can be large."""

    wait_s: float
    strict: bool
    status_only: bool


def asked_of(request: Request) -> Asked:
    """Raises InvalidRequest that names what is wrong."""
    return _asked(request.scope["query_string"])


@lru_cache(64)
def _asked(query: bytes) -> Asked:
    """Remembered, because most clients ask for the same."""
    given = QueryParams(query)
    return Asked(
        _seconds(given.get("wait", "0")),
        _one_of("strict", given.get("strict", "false"), "false", "true"),
        _one_of("view", given.get("view", "full"), "full", "status"),
    )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= LONGEST_WAIT_S:
        raise InvalidRequest(f"wait: must be a number of seconds from 0 to {LONGEST_WAIT_S:g}")
    return seconds


def _one_of(name: str, text: str, no: str, yes: str) -> bool:
    if text not in (no, yes):
        raise InvalidRequest(f"{name}: must be {no} or {yes}")
    return text == yes


def wants_encoded(request: Request) -> bool:
    """Whether arrays are wanted in base64."""
    return ENCODED in request.headers.get("accept", "")


def service_of(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


class Json(Response):
    """JSON text as an answer, without the search for headers that it cannot have."""

    def __init__(self, content: bytes | str, status: int = 200, kind: str = PLAIN) -> None:
        self.status_code = status
        self.background = None
        self.body = content.encode() if isinstance(content, str) else content
        length = str(len(self.body)).encode()
        self.raw_headers = [(b"content-type", kind.encode()), (b"content-length", length)]
