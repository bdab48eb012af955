"""Jobs: submit, get and read results."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Request, Response

from quantumtask.api import metrics
from quantumtask.api.http.body import open_body
from quantumtask.api.http.query import get_principal, get_service
from quantumtask.api.http.streaming import LargeResponse
from quantumtask.api.serialization.task_json import format_time
from quantumtask.api.service.batches import BatchSpec
from quantumtask.doors.ibm.answers import JSON_TYPE, json_response
from quantumtask.doors.ibm.job_request import parse_job
from quantumtask.doors.ibm.primitives import find_primitive
from quantumtask.doors.ibm.stored_job import StoredJob, read_job
from quantumtask.shared.errors import TaskNotCompleted
from quantumtask.shared.task import TaskState

STATUSES = {
    TaskState.SUBMITTED: "Queued",
    TaskState.RUNNING: "Running",
    TaskState.COMPLETED: "Completed",
    TaskState.FAILED: "Failed",
    TaskState.CANCELLED: "Cancelled",
}


async def submit_job(request: Request) -> Response:
    """Store a job durably and return its id."""
    service, principal = get_service(request), get_principal(request)
    with metrics.count_refusals:
        async with open_body(request) as body:
            # In a thread: large parameters would delay other requests.
            job, spec = await asyncio.to_thread(parse_job, body, service.settings)
            if isinstance(spec, BatchSpec):
                job_id = (await service.submit_batch(principal, spec)).id
            else:
                job_id = await service.submit(principal, spec)
    return json_response({"id": job_id, "backend": job.backend})


async def get_job(request: Request) -> Response:
    """Return a job, with its parameters unless the query excludes them."""
    job = await read_job(request)
    fields = await job_fields(job)
    if request.query_params.get("exclude_params") == "true":
        return json_response(fields)
    return LargeResponse(request, _open(_with_params(job, fields)), JSON_TYPE)


async def job_fields(job: StoredJob) -> dict[str, Any]:
    """Return a job without its parameters."""
    state: dict[str, Any] = {"status": STATUSES[job.state]}
    if job.state is TaskState.FAILED:
        state["reason"] = await job.failure()
    return {
        "id": job.id,
        "backend": job.record.backend,
        "program": {"id": job.record.program_id},
        "created": format_time(job.item.submitted_at),
        "state": state,
        "status": state["status"],
        "session_id": job.record.session_id,
        "private": job.record.private,
    }


async def get_results(request: Request) -> Response:
    """Return the results of a completed job; those of one that failed are the reason."""
    job = await read_job(request)
    if job.state is TaskState.FAILED:
        return Response(await job.failure(), media_type="text/plain")
    if job.state is not TaskState.COMPLETED:
        raise TaskNotCompleted(
            "task_not_completed", f"the job is {STATUSES[job.state]}, and has no results"
        )
    primitive = find_primitive(job.record.program_id)
    return LargeResponse(request, _open(primitive.render_results(job)), JSON_TYPE)


async def _with_params(job: StoredJob, fields: dict[str, Any]) -> AsyncIterator[bytes]:
    yield json.dumps(fields)[:-1].encode() + b', "params": '
    async for chunk in find_primitive(job.record.program_id).render_params(job):
        yield chunk
    yield b"}"


@asynccontextmanager
async def _open(chunks: AsyncIterator[bytes]) -> AsyncIterator[AsyncIterator[bytes]]:
    yield chunks
