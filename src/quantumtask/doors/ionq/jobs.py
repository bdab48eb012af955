"""Jobs: submit, get, list, cancel and delete."""

import asyncio
from typing import Any

from fastapi import Request, Response

from quantumtask.api import metrics
from quantumtask.api.http.body import open_body
from quantumtask.api.http.query import get_principal, get_scope, get_sender, get_service
from quantumtask.api.service.batches import BatchSpec
from quantumtask.doors.ionq.answers import json_response
from quantumtask.doors.ionq.job_body import parse_job
from quantumtask.doors.ionq.job_lookup import failure_of_batch, read_job
from quantumtask.doors.ionq.job_record import read_record
from quantumtask.doors.ionq.job_view import CANCELED, SUBMITTED, batch_view, task_view
from quantumtask.doors.ionq.submission import NewJob
from quantumtask.doors.stored_jobs import session_priority
from quantumtask.shared.batch import Batch
from quantumtask.shared.errors import TaskAlreadyFinished
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Task, TaskSpec


async def submit_job(request: Request) -> Response:
    """Store a job durably and return its id."""
    service, principal = get_service(request), get_principal(request)
    priority = session_priority(principal, service.settings)
    with metrics.count_refusals:
        async with open_body(request) as body:
            # In a thread: a large circuit would delay other requests.
            spec, session_id = await asyncio.to_thread(_parse, body, service.settings, priority)
            if isinstance(spec, BatchSpec):
                job_id = (await service.submit_batch(principal, spec)).id
            else:
                job_id = await service.submit(principal, spec)
    return json_response({"id": job_id, "status": SUBMITTED, "session_id": session_id}, 201)


def _parse(
    body: bytes, settings: Settings, priority: int
) -> tuple[TaskSpec | BatchSpec, str | None]:
    job = parse_job(body)
    return NewJob(job, settings, priority).to_spec(), job.session_id


async def get_job(request: Request) -> Response:
    """Return a job."""
    return json_response(await _view(request, await read_job(request)))


async def _view(request: Request, job: Task | Batch) -> dict[str, Any]:
    if isinstance(job, Task):
        return task_view(job)
    read_record(job)
    service = get_service(request)
    children = await service.batches.task_ids(get_scope(request), job.id)
    return batch_view(job, children, await failure_of_batch(request, job, children))


async def cancel_job(request: Request) -> Response:
    """Cancel a job. A job that has ended stays as it is, which its status says."""
    job = await read_job(request)
    return json_response({"id": job.id, "status": await cancel_one(request, job)})


async def cancel_one(request: Request, job: Task | Batch) -> str:
    """Cancel a job, and return its status then."""
    service, scope, sender = get_service(request), get_scope(request), get_sender(request)
    if isinstance(job, Batch):
        await service.cancel_batch(scope, job.id, sender)
        return str((await _view(request, await read_job(request)))["status"])
    try:
        await service.cancel(scope, job.id, sender)
    except TaskAlreadyFinished:
        return str(task_view(await service.get(scope, job.id))["status"])
    return CANCELED


async def delete_job(request: Request) -> Response:
    """Delete a job that has ended, with its results."""
    job = await read_job(request)
    await delete_one(request, job)
    return json_response({"id": job.id, "status": "deleted"})


async def delete_one(request: Request, job: Task | Batch) -> None:
    """Delete a job that has ended."""
    deletion = get_service(request).deletion
    delete = deletion.delete_batch if isinstance(job, Batch) else deletion.delete_task
    await delete(get_scope(request), job.id, get_sender(request))
