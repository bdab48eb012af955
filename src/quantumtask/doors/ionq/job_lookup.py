"""Jobs by the id in the path of a request."""

from fastapi import Request

from quantumtask.doors.ionq.job_record import read_record
from quantumtask.doors.stored_jobs import first_failure, read_item, read_requested_item
from quantumtask.shared.batch import Batch
from quantumtask.shared.task import Task


async def read_job(request: Request) -> Task | Batch:
    """Return the task or the batch of a request's path.

    Raises:
        JobNotFound: no task or batch of the sender that was submitted at this door has this id.
    """
    job = await read_requested_item(request, request.path_params["job_id"])
    read_record(job)
    return job


async def read_job_by_id(request: Request, job_id: str) -> Task | Batch:
    """Return the task or the batch of an id, or raise JobNotFound."""
    job = await read_item(request, job_id)
    read_record(job)
    return job


async def failure_of_batch(
    request: Request, batch: Batch, children: list[str]
) -> dict[str, str] | None:
    """Return the failure of the first circuit that failed; None without one."""
    failed = await first_failure(request, batch, children)
    if failed is None:
        return None
    number, failure = failed
    return {"code": failure.code, "error": f"circuit {number}: {failure.message}"}
