"""Tasks and batches as jobs of IonQ's protocol."""

from typing import Any

from quantumtask.api.serialization.task_json import format_time
from quantumtask.doors.ionq.job_body import JOB_TYPES
from quantumtask.doors.ionq.job_record import JobRecord, is_exact, read_record
from quantumtask.shared.batch import Batch
from quantumtask.shared.task import Task, TaskState

SUBMITTED, READY, STARTED = "submitted", "ready", "started"
COMPLETED, FAILED, CANCELED = "completed", "failed", "canceled"

STATUS = {
    TaskState.SUBMITTED: READY,
    TaskState.RUNNING: STARTED,
    TaskState.COMPLETED: COMPLETED,
    TaskState.FAILED: FAILED,
    TaskState.CANCELLED: CANCELED,
}
STATES = {
    **{status: (state,) for state, status in STATUS.items()},
    SUBMITTED: (TaskState.SUBMITTED,),
    "queued": (TaskState.SUBMITTED,),
    "running": (TaskState.RUNNING,),
}
"""For each value of the query parameter `status` the states of tasks that it stands for."""

SHOTS_FORMAT = "ionq.result.shots.json.v2"
"""The format of an artifact with the registers of each shot."""


def task_view(task: Task) -> dict[str, Any]:
    """Return a task as a job; raise JobNotFound if it was not submitted at this door."""
    record = read_record(task)
    result = task.result
    waiting = task.queue_position
    wait_s = waiting.starts_in_s if waiting else None
    return {
        **_common(task, record),
        "status": STATUS[task.state],
        "submitter_id": task.owner or None,
        "parent_job_id": task.batch,
        "child_job_ids": None,
        "started_at": format_time(task.started_at),
        "completed_at": format_time(task.finished_at),
        "predicted_wait_time_ms": None if wait_s is None else round(wait_s * 1e3),
        "execution_duration_ms": round(result.run_ms, 3) if result else None,
        "shots": task.shots,
        "failure": _failure(task),
        "stats": {
            "qubits": record.qubits,
            "circuits": 1,
            "gate_counts": {"1q": record.gates[0], "2q": record.gates[1]},
        },
        "results": _task_results(task, record) if result else None,
        **_warning(task, record),
    }


def batch_view(batch: Batch, children: list[str], failure: dict[str, str] | None) -> dict[str, Any]:
    """Return a batch as a job with a child for each of its tasks.

    Args:
        batch: The batch.
        children: The ids of its tasks, in the order of the submission.
        failure: The failure of the first task that failed.

    Raises:
        JobNotFound: the batch was not submitted at this door.
    """
    record = read_record(batch)
    status = batch_status(batch)
    return {
        **_common(batch, record),
        "status": status,
        "submitter_id": None,
        "parent_job_id": None,
        "child_job_ids": children,
        "started_at": None,
        "completed_at": format_time(batch.finished_at),
        "predicted_wait_time_ms": None,
        "execution_duration_ms": _duration_ms(batch),
        "shots": record.shots,
        "failure": failure,
        "stats": {"qubits": record.qubits, "circuits": batch.size},
        "results": _batch_results(batch) if status == COMPLETED else None,
    }


def batch_status(batch: Batch) -> str:
    """Return the status of a job with several circuits."""
    states = set(batch.states)
    if batch.finished_at is None:
        return READY if states == {TaskState.SUBMITTED} else STARTED
    if TaskState.FAILED in states:
        return FAILED
    return CANCELED if TaskState.CANCELLED in states else COMPLETED


def _common(item: Task | Batch, record: JobRecord) -> dict[str, Any]:
    return {
        "id": item.id,
        "type": record.type if record.type in JOB_TYPES else JOB_TYPES[0],
        "backend": record.backend,
        "dry_run": False,
        "project_id": item.project,
        "session_id": record.session_id,
        "metadata": record.metadata,
        "name": record.name,
        "submitted_at": format_time(item.submitted_at),
        "predicted_execution_duration_ms": None,
        "noise": record.noise or {"model": "ideal"},
        "settings": record.settings or {},
        "output": {},
    }


def _failure(task: Task) -> dict[str, str] | None:
    if task.failure is None:
        return None
    return {"code": task.failure.code, "error": task.failure.message}


def _task_results(task: Task, record: JobRecord) -> dict[str, Any]:
    place = f"/v0.4/jobs/{task.id}/results"
    if record.is_program:
        return {SHOTS_FORMAT: {"id": SHOTS_FORMAT}}
    names = ["probabilities", "histogram"]
    if task.result and (task.result.blob or task.result.memory is not None):
        names.append("shots")
    return {name: {"url": f"{place}/{name}"} for name in names}


def _batch_results(batch: Batch) -> dict[str, Any]:
    return {
        "probabilities": {"url": f"/v0.4/jobs/{batch.id}/results/probabilities/aggregated"},
        "histogram": {"url": f"/v0.4/jobs/{batch.id}/results/histogram/aggregated"},
    }


def _duration_ms(batch: Batch) -> float | None:
    if batch.finished_at is None:
        return None
    return round(1e3 * (batch.finished_at - batch.submitted_at), 3)


def _warning(task: Task, record: JobRecord) -> dict[str, Any]:
    """Return the warning of the protocol, if the job has one."""
    if task.result is None:
        return {}
    messages = list(task.result.warnings)
    if record.should_be_exact and not is_exact(task) and not record.is_program:
        messages.append(
            f"{record.qubits} qubits are too many for a table of exact probabilities: these are "
            f"the frequencies of {task.shots} shots"
        )
    return {"warning": {"messages": messages}} if messages else {}
