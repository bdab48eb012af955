"""The body of `POST /jobs` as a task or a batch."""

from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field

from quantumtask.api.schemas.body_part import BodyPart
from quantumtask.api.schemas.requests import parse_model, read_json
from quantumtask.api.service.batches import MAX_BATCH_TASKS, BatchSpec
from quantumtask.doors.ibm.job_plan import JobContext, JobPlan
from quantumtask.doors.ibm.job_record import SESSION_TAG, TAG, ChildRecord, JobRecord
from quantumtask.doors.ibm.primitives import find_primitive
from quantumtask.shared.errors import InvalidRequest
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import SIMULATOR, TaskSpec


class JobRequest(BodyPart):
    """A job: a primitive, and its parameters."""

    program_id: str
    backend: str
    params: dict[str, Any]
    runtime: Annotated[str | None, Field(max_length=200)] = None
    log_level: Annotated[str | None, Field(max_length=50)] = None
    session_id: str | None = None
    tags: list[str] = Field(default_factory=list)
    cost: Annotated[int | None, Field(ge=1)] = None
    private: bool = False
    calibration_id: str | None = None


def parse_job(body: bytes, settings: Settings) -> tuple[JobRequest, TaskSpec | BatchSpec]:
    """Return the job in a request body, and its task or batch.

    Raises:
        InvalidJson: the body is not JSON.
        RequestError: a field is not valid; the message names it.
    """
    fields = read_json(body)
    if not isinstance(fields, dict):
        raise InvalidRequest("body: must be a JSON object")
    job = parse_model(JobRequest, fields)
    device = None if job.backend == SIMULATOR else job.backend
    plan = find_primitive(job.program_id).plan_job(job.params, JobContext(device, settings))
    return job, _to_spec(job, plan)


def _to_spec(job: JobRequest, plan: JobPlan) -> TaskSpec | BatchSpec:
    """Return the tasks of a plan with what the door knows about the job."""
    if len(plan.tasks) > MAX_BATCH_TASKS:
        raise InvalidRequest(
            f"params: must have at most {MAX_BATCH_TASKS:,} circuits; got {len(plan.tasks):,}"
        )
    record = JobRecord(
        program_id=job.program_id,
        backend=job.backend,
        facts=dict(plan.facts),
        session_id=job.session_id,
        private=job.private,
        cost_s=job.cost,
        log_level=job.log_level,
        runtime=job.runtime,
        calibration_id=job.calibration_id,
    )
    tags = (TAG, *([SESSION_TAG + job.session_id] if job.session_id else []), *job.tags)
    items = [dict(each) for each in plan.task_facts] or [{} for _ in plan.tasks]
    if len(plan.tasks) == 1:
        record = record.model_copy(update={"task_facts": items[0]})
        return replace(plan.tasks[0], tags=tags, metadata=record.to_metadata())
    tasks = [
        replace(task, metadata=ChildRecord(task_facts=facts).to_metadata())
        for task, facts in zip(plan.tasks, items, strict=True)
    ]
    return BatchSpec(tasks, None, tags, record.to_metadata())
