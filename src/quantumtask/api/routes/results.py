"""`GET /tasks/{id}/result`: a result apart from its task, compressed, and only once."""

from fastapi import APIRouter, Request, Response

from quantumtask.api.http.query import ENCODED, PLAIN, asked_of, service_of, wants_encoded
from quantumtask.api.routes.refusals import DAMAGED, INVALID_WAIT, NO_RESULT, NOT_FOUND, UNAVAILABLE
from quantumtask.api.schemas import openapi_examples
from quantumtask.api.schemas.openapi_examples import answers
from quantumtask.api.schemas.responses import ResultView
from quantumtask.shared.errors import NoResult
from quantumtask.shared.task import Result, Status, Task
from quantumtask.version import __version__

router = APIRouter()

SMALL = 1024
"""Characters that are not worth compressing."""


@router.get(
    "/tasks/{task_id}/result",
    tags=["tasks"],
    summary="Get the result of a task",
    response_class=Response,
    responses=answers(
        openapi_examples.RESULT,
        ResultView,
        INVALID_WAIT,
        NOT_FOUND,
        (409, "task_not_finished", "the task is running still: it has no result yet"),
        (409, "task_failed", "line 5, column 1: unknown gate `frobnicate`"),
        (409, "task_cancelled", "the task was cancelled"),
        DAMAGED,
        UNAVAILABLE,
        NO_RESULT,
    ),
    openapi_extra=openapi_examples.WHICH_RESULT,
)
async def get_result(request: Request) -> Response:
    """The whole result, however large, in gzip where that is accepted.

    It never changes: with `If-None-Match` and the `ETag` of an earlier answer, 304. Asked for
    `application/vnd.quantumtask+json`, arrays are `{"dtype", "shape", "data"}`, with the bytes of
    little-endian numbers in base64; else they are lists.
    """
    service, asked = service_of(request), asked_of(request)
    task = await service.get(request.path_params["task_id"], asked.wait_s)
    result = _result(task)
    encoded = wants_encoded(request)
    packed = result.bytes > SMALL and "gzip" in request.headers.get("accept-encoding", "")
    headers = _headers(task, encoded, packed)
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    content = await service.result(task, encoded=encoded, packed=packed)
    if packed:
        headers["Content-Encoding"] = "gzip"
    return Response(content, 200, headers, ENCODED if encoded else PLAIN)


def _result(task: Task) -> Result:
    """Raises NoResult that says why there is none."""
    if task.result:
        return task.result
    if task.failure:
        raise NoResult("task_failed", task.failure.message)
    if task.state is Status.CANCELLED:
        raise NoResult("task_cancelled", "the task was cancelled")
    raise NoResult("task_not_finished", f"the task is {task.state} still: it has no result yet")


def _headers(task: Task, encoded: bool, packed: bool) -> dict[str, str]:
    """A result is written once; what is sent may differ from one version to the next."""
    form = ("e" if encoded else "p") + ("z" if packed else "")
    return {
        "ETag": f'"{task.id}-{task.attempt}-{form}-{__version__}"',
        "Vary": "Accept, Accept-Encoding",
        "Cache-Control": "private, no-cache",
    }
