"""Results of jobs: counts, whose last character is the first bit of the register declared first."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import islice
from typing import Any

from fastapi import Request, Response

from quantumtask.api.http.query import find_client, get_scope, get_service
from quantumtask.api.http.streaming import LargeResponse
from quantumtask.api.serialization.result_readers import read_counts
from quantumtask.api.serialization.task_json import ResultTexts
from quantumtask.doors.qbraid.answers import JSON_TYPE
from quantumtask.doors.qbraid.job_fields import status_of, time_stamps
from quantumtask.doors.qbraid.jobs import requested_job
from quantumtask.shared.batch import Batch
from quantumtask.shared.errors import TaskNotCompleted
from quantumtask.shared.task import Task

_GROUP = 500


async def answer_result(request: Request) -> Response:
    """Return the counts of a job, or those of each of its programs."""
    job = await requested_job(request)
    if (status := status_of(job)) != "COMPLETED":
        raise TaskNotCompleted("task_not_completed", f"the job is {status}, and has no result")
    return LargeResponse(request, _opened(_answer(request, job)), JSON_TYPE)


@asynccontextmanager
async def _opened(chunks: AsyncIterator[bytes]) -> AsyncIterator[AsyncIterator[bytes]]:
    yield chunks


async def _answer(request: Request, job: Task | Batch) -> AsyncIterator[bytes]:
    yield b'{"success": true, "data": '
    if isinstance(job, Task):
        async for chunk in _result(request, job):
            yield chunk
    else:
        service, scope = get_service(request), get_scope(request)
        separator = _head(job) + b', "results": ['
        for child in await service.batches.task_ids(scope, job.id):
            yield separator
            async for chunk in _result(request, await service.get(scope, child)):
                yield chunk
            separator = b", "
        yield b"]}"
    yield b"}"


def _head(job: Task | Batch) -> bytes:
    """Return the members of a result before its values, without the end of the object."""
    fields: dict[str, Any] = {"status": "COMPLETED", "cost": 0, "timeStamps": time_stamps(job)}
    return json.dumps(fields)[:-1].encode()


async def _result(request: Request, task: Task) -> AsyncIterator[bytes]:
    service = get_service(request)
    async with service.answers.open_result(task, find_client(request)) as texts:
        yield _head(task) + b', "resultData": {"measurementCounts": {'
        async for chunk in service.answers.render(_counts(texts)):
            yield chunk
        yield b"}}}"


def _counts(texts: ResultTexts) -> Iterator[bytes]:
    pairs, separator = read_counts(texts), b""
    while group := {bits.replace(" ", ""): n for bits, n in islice(pairs, _GROUP)}:
        yield separator + json.dumps(group)[1:-1].encode()
        separator = b", "
