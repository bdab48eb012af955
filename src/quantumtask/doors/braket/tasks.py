"""Quantum tasks: create, get, search and cancel."""

import asyncio
from typing import Any

from fastapi import Request, Response

from quantumtask.api import metrics
from quantumtask.api.http.body import open_body
from quantumtask.api.http.query import get_principal, get_scope, get_sender, get_service
from quantumtask.api.serialization.task_json import format_time
from quantumtask.doors.braket.answers import json_response
from quantumtask.doors.braket.arns import task_arn, task_id_of
from quantumtask.doors.braket.task_record import TaskRecord, read_record, read_requested_task
from quantumtask.doors.braket.task_request import OPENQASM, parse_new_task
from quantumtask.shared.task import Task, TaskState

STATUSES = {
    TaskState.SUBMITTED: "QUEUED",
    TaskState.RUNNING: "RUNNING",
    TaskState.COMPLETED: "COMPLETED",
    TaskState.FAILED: "FAILED",
    TaskState.CANCELLED: "CANCELLED",
}


async def create_task(request: Request) -> Response:
    """Store a task durably and return its name."""
    service, principal = get_service(request), get_principal(request)
    with metrics.count_refusals:
        async with open_body(request) as body:
            # In a thread: a large program would delay other requests.
            new = await asyncio.to_thread(parse_new_task, body)
            task_id = await service.submit(principal, new.spec, new.key)
    return json_response({"quantumTaskArn": task_arn(task_id)}, 201)


async def answer_task(request: Request) -> Response:
    """Return a task."""
    task = await read_requested_task(request, task_id_of(request.path_params["task_arn"]))
    record, status = read_record(task), STATUSES[task.state]
    fields = summary(task, record)
    fields |= {
        "deviceParameters": record.parameters or "{}",
        "queueInfo": _queue_info(task, status),
        "actionMetadata": {"actionType": OPENQASM},
    }
    if task.failure:
        fields["failureReason"] = task.failure.message
    if task.state is TaskState.COMPLETED:
        fields["numSuccessfulShots"] = record.shots
    return json_response(fields)


def summary(task: Task, record: TaskRecord) -> dict[str, Any]:
    """Return the fields of a task that the answers of searches also have."""
    fields = {
        "quantumTaskArn": task_arn(task.id),
        "deviceArn": record.device,
        "status": STATUSES[task.state],
        "shots": record.shots,
        "outputS3Bucket": record.bucket,
        "outputS3Directory": record.directory(task),
        "createdAt": format_time(task.submitted_at),
        "tags": record.tags,
    }
    if task.finished_at is not None:
        fields["endedAt"] = format_time(task.finished_at)
    return fields


def _queue_info(task: Task, status: str) -> dict[str, str]:
    info = {"queue": "QUANTUM_TASKS_QUEUE", "queuePriority": "Normal"}
    if task.queue_position:
        more = ">" if task.queue_position.at_least else ""
        return {**info, "position": f"{more}{task.queue_position.position}"}
    message = f"The task is {status}, and has no position in the queue."
    return {**info, "position": "None", "message": message}


async def withdraw_task(request: Request) -> Response:
    """Cancel a task; one that has ended is refused."""
    task = await read_requested_task(request, task_id_of(request.path_params["task_arn"]))
    await get_service(request).cancel(get_scope(request), task.id, get_sender(request))
    return json_response({"quantumTaskArn": task_arn(task.id), "cancellationStatus": "CANCELLED"})
