"""Jobs by id: the id of a job is that of a task or of a batch."""

from fastapi import Request

from quantumtask.api.http.query import get_scope, get_service
from quantumtask.doors.ionq.job_record import JobNotFound, read_record
from quantumtask.doors.ionq.job_view import failure_of
from quantumtask.shared.batch import Batch
from quantumtask.shared.errors import BatchNotFound, TaskNotFound
from quantumtask.shared.task import Task, TaskState


async def read_job(request: Request) -> Task | Batch:
    """Return the task or the batch of a request's path.

    Raises:
        JobNotFound: no task or batch of the sender that was submitted at this door has this id.
    """
    service, scope, job_id = get_service(request), get_scope(request), request.path_params["job_id"]
    job: Task | Batch
    try:
        job = await service.get(scope, job_id)
    except TaskNotFound:
        try:
            job = await service.batches.get(scope, job_id)
        except BatchNotFound:
            raise JobNotFound from None
    read_record(job)
    return job


async def first_failure(
    request: Request, batch: Batch, children: list[str]
) -> dict[str, str] | None:
    """Return the failure of the first task of a batch that failed; None without one."""
    if not batch.states.get(TaskState.FAILED):
        return None
    for child in children:
        failure = failure_of(await get_service(request).get(get_scope(request), child))
        if failure:
            return failure
    return None
