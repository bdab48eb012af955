"""`POST /draw`: the drawing of a circuit."""

from typing import Any

from fastapi import APIRouter, Request, Response

from quantumtask.api.http.query import find_client, get_service
from quantumtask.api.http.task_body import open_task
from quantumtask.api.routes.openapi_parts import (
    describe_problems,
    describe_task_body,
    wrap_examples,
)
from quantumtask.api.routes.refusals import (
    BODIES_TOO_LARGE,
    CIRCUIT_TOO_LARGE,
    INVALID_JSON,
    MISSING_CIRCUIT,
    OUT_OF_MEMORY,
    PARAMETERS_TOO_LARGE,
    UNKNOWN_GATE,
    UNSUPPORTED_ENCODING,
    WORKER_BUSY,
    WORKER_UNAVAILABLE,
)
from quantumtask.api.schemas.requests import ValidateRequest
from quantumtask.shared.disconnect import unless_disconnected

router = APIRouter()

SVG_TYPE = "image/svg+xml"

SVG_RESPONSE: Any = {
    200: {
        "description": "An SVG document",
        "content": {
            SVG_TYPE: {
                "schema": {"type": "string"},
                "examples": wrap_examples(
                    {"bell": '<svg xmlns="http://www.w3.org/2000/svg" class="qt-circuit" …></svg>'}
                ),
            }
        },
    }
}


@router.post(
    "/draw",
    tags=["tasks"],
    summary="Draw a circuit",
    response_class=Response,
    responses={
        **SVG_RESPONSE,
        **describe_problems(
            INVALID_JSON,
            MISSING_CIRCUIT,
            CIRCUIT_TOO_LARGE,
            PARAMETERS_TOO_LARGE,
            UNSUPPORTED_ENCODING,
            BODIES_TOO_LARGE,
            UNKNOWN_GATE,
            OUT_OF_MEMORY,
            WORKER_BUSY,
            WORKER_UNAVAILABLE,
        ),
    },
    openapi_extra=describe_task_body(ValidateRequest),
)
async def draw(request: Request) -> Response:
    """Return a circuit as an SVG document. Nothing is run or stored.

    The drawing follows the text: a loop, a branch and a gate of the program are drawn once, as they
    are written. A drawing has at most 60 qubits, 2,000 columns and 4,000 gates, and says what it
    leaves out. The response is 422 if the circuit is wrong, with its problems in `errors`, and 503
    if no worker answers or too many circuits wait.
    """
    async with open_task(request, ValidateRequest) as spec:
        drawing = get_service(request).questions.draw(spec, find_client(request))
        svg = await unless_disconnected(request.receive, drawing)
        return Response(svg, media_type=SVG_TYPE)
