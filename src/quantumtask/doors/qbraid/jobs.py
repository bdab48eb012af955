"""Jobs: submit, get, list, cancel and delete, and the programs of jobs."""

import asyncio
import re
from typing import Any

from fastapi import Request, Response

from quantumtask.api import metrics
from quantumtask.api.http.body import open_body
from quantumtask.api.http.query import (
    check_query_names,
    find_client,
    get_principal,
    get_scope,
    get_sender,
    get_service,
)
from quantumtask.api.service.batches import BatchSpec
from quantumtask.doors.qbraid.answers import data_response
from quantumtask.doors.qbraid.devices import VENDOR
from quantumtask.doors.qbraid.job_fields import PENDING, STATES_BY_STATUS, job_fields, status_of
from quantumtask.doors.qbraid.job_request import TAG, JobRecord, parse_request
from quantumtask.doors.stored_jobs import (
    JobNotFound,
    first_failure,
    read_facts,
    read_item,
    read_requested_item,
)
from quantumtask.shared.batch import Batch
from quantumtask.shared.errors import InvalidRequest, NotFound
from quantumtask.shared.task import FINAL_STATES, Task, TaskState

MAX_LISTED = 1000
DEFAULT_PAGE = 20
LIST_NAMES = frozenset({"page", "limit", "status", "statusGroup", "vendor", "provider"})
STATUS_GROUPS = {"all": tuple(TaskState), "pending": PENDING, "returned": tuple(FINAL_STATES)}


async def create_job(request: Request) -> Response:
    """Store a job durably and return it."""
    service, principal = get_service(request), get_principal(request)
    with metrics.count_refusals:
        async with open_body(request) as body:
            # In a thread: a large program would delay other requests.
            spec = await asyncio.to_thread(parse_request, body)
            if isinstance(spec, BatchSpec):
                job_id = (await service.submit_batch(principal, spec)).id
            else:
                job_id = await service.submit(principal, spec)
    return data_response(await _fields(request, await read_item(request, job_id)), 201)


async def answer_job(request: Request) -> Response:
    """Return a job."""
    return data_response(await _fields(request, await requested_job(request)))


async def requested_job(request: Request) -> Task | Batch:
    """Return the task or the batch of a request's path, or raise JobNotFound."""
    job = await read_requested_item(request, request.path_params["job_qrn"])
    read_facts(JobRecord, job, TAG)
    return job


async def _fields(request: Request, job: Task | Batch) -> dict[str, Any]:
    if isinstance(job, Task):
        return job_fields(job, job.failure.message if job.failure else None)
    children = await get_service(request).batches.task_ids(get_scope(request), job.id)
    failure = await first_failure(request, job, children)
    return job_fields(job, f"program {failure[0]}: {failure[1].message}" if failure else None)


async def answer_jobs(request: Request) -> Response:
    """Return a page of jobs, the newest first."""
    check_query_names(request.scope["query_string"], LIST_NAMES, frozenset())
    query = request.query_params
    page, limit = _number(request, "page", 1), _number(request, "limit", DEFAULT_PAGE)
    if page * limit > MAX_LISTED:
        raise InvalidRequest(f"page: only the newest {MAX_LISTED:,} jobs are listed")
    states = _states(request)
    others = {query.get("vendor", "all"), query.get("provider", "all")} - {"all", VENDOR}
    jobs = [] if others else await _newest(request, states, page * limit + 1)
    shown = jobs[(page - 1) * limit : page * limit]
    listed = await asyncio.gather(*(_listed(request, job) for job in shown))
    pages = {"page": page, "limit": limit, "hasNext": len(jobs) > page * limit, "hasPrev": page > 1}
    return data_response([each for each in listed if each], pagination=pages)


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not re.fullmatch("[0-9]{1,4}", text) or int(text) < 1:
        raise InvalidRequest(f"{name}: must be a whole number from 1 on")
    return int(text)


def _states(request: Request) -> tuple[TaskState, ...]:
    query = request.query_params
    status, group = query.get("status"), query.get("statusGroup", "all")
    if group not in STATUS_GROUPS:
        raise InvalidRequest(f"statusGroup: must be one of {', '.join(STATUS_GROUPS)}")
    if status is not None and status not in STATES_BY_STATUS:
        raise InvalidRequest(f"status: must be one of {', '.join(STATES_BY_STATUS)}")
    return STATES_BY_STATUS[status] if status else STATUS_GROUPS[group]


async def _newest(
    request: Request, states: tuple[TaskState, ...], count: int
) -> list[Task | Batch]:
    """Return the newest jobs whose status is that of one of the states."""
    service, scope = get_service(request), get_scope(request)
    # The status of a batch is not stored: all that may have it are read.
    most = count if states == tuple(TaskState) else MAX_LISTED + 1
    tasks, batches = await asyncio.gather(
        service.list_tasks(scope, states, None, TAG, None, count, None, 0.0, "", None),
        service.batches.list_batches(scope, None, None, TAG, None, most),
    )
    fit = (each for each in batches if set(STATES_BY_STATUS[status_of(each)]) & set(states))
    jobs: list[Task | Batch] = [*tasks, *fit]
    return sorted(jobs, key=lambda each: each.submitted_at, reverse=True)[:count]


async def _listed(request: Request, job: Task | Batch) -> dict[str, Any] | None:
    """Return a job of a list; None if it was deleted, or another client has its tag."""
    try:
        whole = await read_item(request, job.id)  # a list has no metadata
        return job_fields(whole, None)
    except JobNotFound:
        return None


async def withdraw_job(request: Request) -> Response:
    """Cancel a job; one that has ended is refused."""
    job = await requested_job(request)
    service, scope, sender = get_service(request), get_scope(request), get_sender(request)
    if isinstance(job, Batch):
        await service.cancel_batch(scope, job.id, sender)
    else:
        await service.cancel(scope, job.id, sender)
    return data_response({"jobQrn": job.id, "status": "CANCELLED"})


async def remove_job(request: Request) -> Response:
    """Delete a job that has ended, with its results."""
    job, deletion = await requested_job(request), get_service(request).deletion
    delete = deletion.delete_batch if isinstance(job, Batch) else deletion.delete_task
    await delete(get_scope(request), job.id, get_sender(request))
    return data_response({"jobQrn": job.id})


async def answer_program(request: Request) -> Response:
    """Return the program of a job, or those of a job with several."""
    job = await requested_job(request)
    if isinstance(job, Task):
        return data_response(await _program(request, job))
    service, scope = get_service(request), get_scope(request)
    children = await service.batches.task_ids(scope, job.id)
    return data_response(
        [await _program(request, await service.get(scope, child)) for child in children]
    )


async def _program(request: Request, task: Task) -> dict[str, str]:
    answers, client = get_service(request).answers, find_client(request)
    async with answers.open_circuit(get_scope(request), task.id, client) as text:
        return {"format": read_facts(JobRecord, task, TAG).format, "data": text.decode()}


async def answer_compiled_program(request: Request) -> Response:
    """Answer that no job has a compiled program, which qBraid's simulators lack, too."""
    await requested_job(request)
    raise NotFound("the job has no compiled program")
