"""The answers on a connection beyond the limit: probes work, everything else is refused."""

from http import HTTPStatus

from uvicorn._types import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, Scope

from quantumtask.shared.http_server.problem import PROBLEM_TYPE, problem_json

PROBE_PATHS = ("/health", "/ready", "/metrics")
RETRY_AFTER_S = 2


def answer_probes_only(app: ASGI3Application) -> ASGI3Application:
    """Return an application that answers probes, and refuses all other requests."""

    async def probes(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] == "http" and scope["path"] in PROBE_PATHS:
            await app(scope, receive, send)
        else:
            await _refuse(send)

    return probes


async def _refuse(send: ASGISendCallable) -> None:
    body = problem_json(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "too_many_connections",
        "the service has as many connections as it may have; try again in a moment",
    )
    headers = [
        (b"content-type", PROBLEM_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"retry-after", str(RETRY_AFTER_S).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
