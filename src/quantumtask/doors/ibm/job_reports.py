"""Logs and metrics of jobs, and the usage of an instance."""

from collections.abc import Iterable
from typing import Any

from fastapi import Request, Response

from quantumtask.api.http.query import get_scope, get_service
from quantumtask.api.serialization.task_json import format_time
from quantumtask.doors.ibm.answers import json_response
from quantumtask.doors.ibm.cloud import INSTANCE, PLAN
from quantumtask.doors.ibm.stored_job import read_job
from quantumtask.shared.task import Task

_USAGE_DAYS = 28
"""Days over which IBM's free plan counts."""


async def answer_logs(request: Request) -> Response:
    """Return what a job reports: engine and warnings of each task, and problems of its circuit."""
    tasks = await (await read_job(request)).tasks()
    lines = [f"pub {n}: {line}\n" for n, task in enumerate(tasks) for line in _lines(task)]
    return Response("".join(lines), media_type="text/plain")


def _lines(task: Task) -> Iterable[str]:
    if result := task.result:
        yield f"{result.engine} {result.engine_version}, {result.method}, seed {result.seed}"
        if result.reason:
            yield result.reason
        yield from (f"warning: {warning}" for warning in result.warnings)
    if task.failure:
        yield f"error: {task.failure.message}"
        yield from (each.sentence() for each in task.failure.problems)


async def answer_metrics(request: Request) -> Response:
    """Return the times of a job, and how long its tasks ran."""
    job = await read_job(request)
    tasks = await job.tasks()
    started = [task.started_at for task in tasks if task.started_at is not None]
    ended = job.item.finished_at
    run_s = sum(task.result.run_ms for task in tasks if task.result) / 1e3
    fields: dict[str, Any] = {
        "timestamps": {
            "created": format_time(job.item.submitted_at),
            "running": format_time(min(started)) if started else None,
            "finished": format_time(ended),
        },
        "usage": {
            "qpu_charge_time_seconds": round(run_s, 3),
            "seconds": round(run_s, 3),
            "quantum_seconds": round(run_s, 3),
            "status": "pending" if ended is None else "complete",
        },
        "bss": {"seconds": round(run_s, 3)},
        "executions": sum(task.shots for task in tasks),
        "num_circuits": len(tasks),
        "qiskit_version": None,  # the slot's own business: the engine is in the logs
    }
    return json_response(fields)


async def answer_usage(request: Request) -> Response:
    """Return the processor time of the sender's project in the last weeks; it has no limit here.

    Limits of projects are checked when a job is submitted, and say themselves what they are.
    """
    days = await get_service(request).reports.usage(get_scope(request), _USAGE_DAYS)
    fields = {
        "instance_id": INSTANCE,
        "plan_id": PLAN,
        "usage_consumed_seconds": round(sum(day.processor_s for day in days), 3),
        "usage_limit_reached": False,
    }
    return json_response(fields)
