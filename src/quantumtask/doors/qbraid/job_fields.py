"""Tasks and batches as jobs of qBraid's protocol."""

from typing import Any

from quantumtask.api.serialization.task_json import format_time
from quantumtask.doors.qbraid.devices import VENDOR
from quantumtask.doors.qbraid.job_request import TAG, JobRecord
from quantumtask.doors.stored_jobs import read_facts
from quantumtask.shared.batch import Batch
from quantumtask.shared.task import Task, TaskState

STATUSES = {
    TaskState.SUBMITTED: "QUEUED",
    TaskState.RUNNING: "RUNNING",
    TaskState.COMPLETED: "COMPLETED",
    TaskState.FAILED: "FAILED",
    TaskState.CANCELLED: "CANCELLED",
}
STATES_BY_STATUS = {status: (state,) for state, status in STATUSES.items()} | {
    "INITIALIZING": (TaskState.SUBMITTED,)
}
PENDING = (TaskState.SUBMITTED, TaskState.RUNNING)


def job_fields(job: Task | Batch, message: str | None) -> dict[str, Any]:
    """Return a task or a batch as a job.

    Args:
        job: The task or batch.
        message: The reason of a failure.

    Raises:
        JobNotFound: the job was not submitted at this door.
    """
    facts = read_facts(JobRecord, job, TAG)
    position = job.queue_position if isinstance(job, Task) else None
    return {
        "jobQrn": job.id,
        "deviceQrn": facts.device,
        "vendor": VENDOR,
        "provider": VENDOR,
        "status": status_of(job),
        "statusMsg": message,
        "experimentType": "gate_model",
        "queuePosition": position.position if position else None,
        "timeStamps": time_stamps(job),
        "name": facts.name,
        "shots": facts.shots,
        "tags": facts.tags,
        "runtimeOptions": facts.options,
        "cost": 0,
        "estimatedCost": 0,
        "numCircuits": job.size if isinstance(job, Batch) else 1,
        "metadata": {},
    }


def status_of(job: Task | Batch) -> str:
    """Return the status of a job."""
    if isinstance(job, Task):
        return STATUSES[job.state]
    states = set(job.states)
    if job.finished_at is None:
        return "QUEUED" if states == {TaskState.SUBMITTED} else "RUNNING"
    worst = (TaskState.FAILED, TaskState.CANCELLED, TaskState.COMPLETED)
    return STATUSES[next(state for state in worst if state in states)]


def time_stamps(job: Task | Batch) -> dict[str, Any]:
    """Return the times of a job; `executionDuration` is in milliseconds."""
    duration = None
    if isinstance(job, Task) and job.result:
        duration = round(job.result.run_ms)
    elif job.finished_at is not None:
        duration = round(1e3 * (job.finished_at - job.submitted_at))
    return {
        "createdAt": format_time(job.submitted_at),
        "endedAt": format_time(job.finished_at),
        "executionDuration": duration,
    }
