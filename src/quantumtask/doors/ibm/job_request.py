"""The body of `POST /jobs` as a task or a batch."""

from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import Field

from quantumtask.api.schemas.body_part import BodyPart
from quantumtask.api.schemas.requests import parse_model, read_json
from quantumtask.api.service.batches import MAX_BATCH_TASKS, BatchSpec
from quantumtask.doors.ibm.job_plan import JobContext, JobPlan
from quantumtask.doors.ibm.job_record import TAG, ChildRecord, JobRecord
from quantumtask.doors.ibm.job_tags import BACKEND_TAG, PROGRAM_TAG, check_tags
from quantumtask.doors.ibm.primitives import find_primitive
from quantumtask.doors.ibm.sessions import DEDICATED, SessionId
from quantumtask.shared.errors import InvalidRequest
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import SIMULATOR, TaskSpec


class JobRequest(BodyPart):
    """A job: a primitive, and its parameters."""

    program_id: str
    backend: Annotated[str, Field(min_length=1, max_length=60)]
    params: dict[str, Any]
    runtime: Annotated[str | None, Field(max_length=200)] = None
    log_level: Annotated[str | None, Field(max_length=50)] = None
    session_id: str | None = None
    tags: list[str] = Field(default_factory=list)
    cost: Annotated[int | None, Field(ge=1)] = None
    private: bool = False
    calibration_id: str | None = None


@dataclass(frozen=True)
class NewJob:
    """A job that is about to be stored.

    Attributes:
        spec: Its task, or its batch.
    """

    backend: str
    spec: TaskSpec | BatchSpec
    session: SessionId | None
    calibration_id: str | None


def parse_job(body: bytes, settings: Settings, priority: int) -> NewJob:
    """Return the job in a request body.

    Args:
        body: The body.
        settings: The settings of the API.
        priority: The priority of a job of a session.

    Raises:
        InvalidJson: the body is not JSON.
        RequestError: a field is not valid; the message names it.
    """
    fields = read_json(body)
    if not isinstance(fields, dict):
        raise InvalidRequest("body: must be a JSON object")
    job = parse_model(JobRequest, fields)
    check_tags(job.tags)
    session = None if job.session_id is None else SessionId.parse(job.session_id)
    device = None if job.backend == SIMULATOR else job.backend
    plan = find_primitive(job.program_id).plan_job(job.params, JobContext(device, settings))
    changes: dict[str, Any] = {}
    if session and session.mode == DEDICATED:
        changes["priority"] = priority
    if job.cost is not None:
        changes["timeout_s"] = float(min(job.cost, settings.max_timeout_s))
    plan = replace(plan, tasks=[replace(task, **changes) for task in plan.tasks])
    return NewJob(
        job.backend, _to_spec(job, plan, _tags(job, session)), session, job.calibration_id
    )


def _tags(job: JobRequest, session: SessionId | None) -> tuple[str, ...]:
    own = (TAG, PROGRAM_TAG + job.program_id, BACKEND_TAG + job.backend)
    return (*own, *([session.tag] if session else []), *dict.fromkeys(job.tags))


def _to_spec(job: JobRequest, plan: JobPlan, tags: tuple[str, ...]) -> TaskSpec | BatchSpec:
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
    items = [dict(each) for each in plan.task_facts] or [{} for _ in plan.tasks]
    if len(plan.tasks) == 1:
        record = record.model_copy(update={"task_facts": items[0]})
        return replace(plan.tasks[0], tags=tags, metadata=record.to_metadata())
    tasks = [
        replace(task, metadata=ChildRecord(task_facts=facts).to_metadata())
        for task, facts in zip(plan.tasks, items, strict=True)
    ]
    return BatchSpec(tasks, None, tags, record.to_metadata())
