"""Several jobs in one request: cancel and delete; and the estimate of a job by its counts."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request, Response

from quantumtask.api.http.body import open_body
from quantumtask.api.http.query import get_service
from quantumtask.api.schemas.requests import read_json
from quantumtask.doors.ionq.answers import json_response
from quantumtask.doors.ionq.backends import device_name
from quantumtask.doors.ionq.job_lookup import read_job_by_id
from quantumtask.doors.ionq.job_view import CANCELED
from quantumtask.doors.ionq.jobs import cancel_one, delete_one
from quantumtask.shared.batch import Batch
from quantumtask.shared.errors import InvalidRequest
from quantumtask.shared.task import Task

MAX_JOBS = 100
"""Most jobs of one request."""


async def cancel_jobs(request: Request) -> Response:
    """Cancel jobs; the answer names those that are canceled, and not those that had ended."""
    jobs = await _read_jobs(request)
    ids = [job.id for job in jobs if await cancel_one(request, job) == CANCELED]
    return json_response({"ids": ids, "status": CANCELED})


async def delete_jobs(request: Request) -> Response:
    """Delete jobs that have ended, with their results."""
    jobs = await _read_jobs(request)
    for job in jobs:
        await delete_one(request, job)
    return json_response({"ids": [job.id for job in jobs], "status": "deleted"})


async def _read_jobs(request: Request) -> list[Task | Batch]:
    """Return the jobs of a body, before any of them changes.

    Raises:
        InvalidRequest: the body is no object with a list of ids.
        JobNotFound: an id is none of a job of the sender.
    """
    async with open_body(request) as body:
        fields = read_json(body)
    ids = fields.get("ids") if isinstance(fields, dict) and len(fields) == 1 else None
    if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids):
        raise InvalidRequest('body: must be {"ids": [...]} with the ids of jobs')
    if not 1 <= len(ids) <= MAX_JOBS:
        raise InvalidRequest(f"ids: must be 1 to {MAX_JOBS} ids; got {len(ids):,}")
    return [await read_job_by_id(request, each) for each in dict.fromkeys(ids)]


async def estimate_job(request: Request) -> Response:
    """Return that a job costs nothing; counts of gates alone predict no time here."""
    query = request.query_params
    await get_service(request).catalog.backend(device_name(query.get("backend", "")))
    answer = {
        "input_values": _input_values(query),
        "estimated_cost": 0,
        "cost_unit": "usd",
        "rate_information": {},
        "estimated_execution_time": None,
        "current_predicted_queue_time": None,
    }
    return json_response(answer)


def _input_values(query: Mapping[str, str]) -> dict[str, Any]:
    """Return the parameters of a request, with their numbers, or raise InvalidRequest."""
    values: dict[str, Any] = {name: query[name] for name in ("type", "backend") if name in query}
    for name in ("1q_gates", "2q_gates", "qubits", "shots"):
        if (text := query.get(name)) is None:
            continue
        if not (text.isascii() and text.isdecimal() and len(text) <= 18):
            raise InvalidRequest(f"{name}: must be a whole number from 0 on")
        values[name] = int(text)
    for name in ("error_mitigation", "session"):
        if (text := query.get(name)) is not None:
            values[name] = text == "true"
    return values
