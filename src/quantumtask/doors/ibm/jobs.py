"""Jobs: submit, get, read results, cancel, delete and tag."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Request, Response

from quantumtask.api import metrics
from quantumtask.api.http.body import open_body
from quantumtask.api.http.query import get_principal, get_scope, get_sender, get_service
from quantumtask.api.http.streaming import LargeResponse
from quantumtask.api.schemas.body_part import BodyPart
from quantumtask.api.schemas.requests import parse_model, read_json
from quantumtask.api.service.batches import BatchSpec
from quantumtask.doors.ibm.answers import JSON_TYPE, json_response
from quantumtask.doors.ibm.backends import check_calibration, read_backend
from quantumtask.doors.ibm.job_request import NewJob, parse_job
from quantumtask.doors.ibm.job_tags import READ_TAG, check_tags, is_own
from quantumtask.doors.ibm.job_view import STATUSES, job_view
from quantumtask.doors.ibm.primitives import find_primitive
from quantumtask.doors.ibm.sessions import check_open
from quantumtask.doors.ibm.stored_job import StoredJob, read_job
from quantumtask.doors.stored_jobs import session_priority
from quantumtask.shared.batch import Batch
from quantumtask.shared.errors import InvalidRequest, TaskAlreadyFinished, TaskNotCompleted
from quantumtask.shared.task import TaskState


class TagsRequest(BodyPart):
    """The body of `PUT /jobs/{id}/tags`."""

    tags: list[str]


async def submit_job(request: Request) -> Response:
    """Store a job durably and return its id.

    The clients send a job again after an answer of 5xx, and do not mark it as a repetition. So this
    service answers 5xx only for a job that it has not stored.
    """
    service, principal = get_service(request), get_principal(request)
    priority = session_priority(principal, service.settings)
    with metrics.count_refusals:
        async with open_body(request) as body:
            # In a thread: large parameters would delay other requests.
            new = await asyncio.to_thread(parse_job, body, service.settings, priority)
            await _check(request, new)
            if isinstance(new.spec, BatchSpec):
                job_id = (await service.submit_batch(principal, new.spec)).id
            else:
                job_id = await service.submit(principal, new.spec)
    return json_response({"id": job_id, "backend": new.backend})


async def _check(request: Request, new: NewJob) -> None:
    """Raise RequestError unless session and calibration of a job exist."""
    if new.session:
        await check_open(request, new.session, new.backend)
    if new.calibration_id is not None:
        backend, _ = await read_backend(request, new.backend)
        check_calibration(backend, new.calibration_id)


async def get_job(request: Request) -> Response:
    """Return a job; with its parameters, unless the query excludes them or the job is private."""
    job = await read_job(request)
    view = await job_view(job)
    if job.record.private or request.query_params.get("exclude_params", "").lower() == "true":
        return json_response(view)
    return LargeResponse(request, _open(_with_params(job, view)), JSON_TYPE)


async def _with_params(job: StoredJob, view: dict[str, Any]) -> AsyncIterator[bytes]:
    yield json.dumps(view)[:-1].encode() + b', "params": '
    async for chunk in find_primitive(job.record.program_id).render_params(job):
        yield chunk
    yield b"}"


async def get_results(request: Request) -> Response:
    """Return the results of a completed job; those of one that failed are the reason.

    Those of a private job are returned once.
    """
    job = await read_job(request)
    if job.state is TaskState.FAILED and (failure := await job.failure()):
        return Response(failure.message, media_type="text/plain")
    if job.state is not TaskState.COMPLETED:
        raise TaskNotCompleted(
            "task_not_completed", f"the job is {STATUSES[job.state]}, and has no results"
        )
    if job.record.private and not await _is_first_reading(request, job):
        return Response(status_code=204)
    primitive = find_primitive(job.record.program_id)
    return LargeResponse(request, _open(primitive.render_results(job)), JSON_TYPE)


async def _is_first_reading(request: Request, job: StoredJob) -> bool:
    """Mark a job as read; return False if it is marked already."""
    change = _tag_change(request, job)
    before = await change(get_scope(request), job.id, lambda tags: (*tags, READ_TAG), None)
    return READ_TAG not in before


def _tag_change(request: Request, job: StoredJob) -> Any:
    tagging = get_service(request).tagging
    is_batch = isinstance(job.item, Batch)
    return tagging.change_batch_tags if is_batch else tagging.change_task_tags


async def replace_tags(request: Request) -> Response:
    """Replace the tags that the client has set."""
    job = await read_job(request)
    async with open_body(request) as body:
        fields = read_json(body)
    if not isinstance(fields, dict):
        raise InvalidRequest("body: must be a JSON object")
    tags = parse_model(TagsRequest, fields).tags
    check_tags(tags)
    await _tag_change(request, job)(
        get_scope(request),
        job.id,
        lambda before: (*filter(is_own, before), *tags),
        get_sender(request),
    )
    return Response(status_code=204)


async def cancel_job(request: Request) -> Response:
    """Cancel a job; one that has ended is refused."""
    job = await read_job(request)
    if job.state.final:
        raise TaskAlreadyFinished(f"the job is {STATUSES[job.state]}, and cannot be cancelled")
    await _cancel(request, job)
    return Response(status_code=204)


async def _cancel(request: Request, job: StoredJob) -> None:
    service, scope, sender = get_service(request), get_scope(request), get_sender(request)
    if isinstance(job.item, Batch):
        await service.cancel_batch(scope, job.id, sender)
    else:
        await service.cancel(scope, job.id, sender)


async def delete_job(request: Request) -> Response:
    """Delete a job with its results; one that has not ended is cancelled before."""
    job = await read_job(request)
    if not job.state.final:
        await _cancel(request, job)
    deletion = get_service(request).deletion
    delete = deletion.delete_batch if isinstance(job.item, Batch) else deletion.delete_task
    await delete(get_scope(request), job.id, get_sender(request))
    return Response(status_code=204)


@asynccontextmanager
async def _open(chunks: AsyncIterator[bytes]) -> AsyncIterator[AsyncIterator[bytes]]:
    yield chunks
