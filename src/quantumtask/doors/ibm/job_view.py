"""Tasks and batches as jobs of IBM's protocol."""

from typing import Any

from quantumtask.api.serialization.task_json import format_time
from quantumtask.doors.ibm.job_tags import tags_of_client
from quantumtask.doors.ibm.stored_job import StoredJob
from quantumtask.shared.task import FailureCode, TaskState

STATUSES = {
    TaskState.SUBMITTED: "Queued",
    TaskState.RUNNING: "Running",
    TaskState.COMPLETED: "Completed",
    TaskState.FAILED: "Failed",
    TaskState.CANCELLED: "Cancelled",
}

_RAN_TOO_LONG = 1305
"""IBM's code of a job that exceeded its largest run time."""


async def job_view(job: StoredJob) -> dict[str, Any]:
    """Return a job without its parameters."""
    record, state = job.record, await _state(job)
    return {
        "id": job.id,
        "backend": record.backend,
        "program": {"id": record.program_id},
        "created": format_time(job.item.submitted_at),
        "state": state,
        "status": state["status"],
        "tags": tags_of_client(job.item.tags),
        "session_id": record.session_id,
        "private": record.private,
        "runtime": record.runtime or "",
        "cost": record.cost_s,
        "calibration_id": record.calibration_id,
        "estimated_running_time_seconds": None,
    }


async def _state(job: StoredJob) -> dict[str, Any]:
    state = job.state
    failure = await job.failure() if state is TaskState.FAILED else None
    if failure is None:
        return {"status": STATUSES[state]}
    if failure.code == FailureCode.TIMEOUT and job.record.cost_s is not None:
        cancelled = STATUSES[TaskState.CANCELLED]
        return {"status": cancelled, "reason": failure.message, "reason_code": _RAN_TOO_LONG}
    return {"status": STATUSES[state], "reason": failure.message}
