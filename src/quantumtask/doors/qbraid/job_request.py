"""The body of `POST /jobs` as a task or a batch."""

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from quantumtask.api.schemas.body_part import BodyPart
from quantumtask.api.schemas.metadata import metadata_text
from quantumtask.api.schemas.requests import CircuitField, parse_model, read_json
from quantumtask.api.service.batches import MAX_BATCH_TASKS, BatchSpec
from quantumtask.doors.qbraid.devices import name_of
from quantumtask.doors.stored_jobs import task_name
from quantumtask.shared.errors import InvalidRequest
from quantumtask.shared.output_kinds import COUNTS
from quantumtask.shared.task import SIMULATOR, TaskSpec

TAG = "qbraid"
"""The tag of every job, by which jobs are listed, and the name in the metadata."""
SHOTS_WITHOUT_A_NUMBER = 1024


class JobRecord(BaseModel):
    """Facts about a job that only qBraid's protocol has; they are in the metadata."""

    model_config = ConfigDict(extra="ignore")

    device: str = ""
    name: str | None = None
    shots: int = 1
    tags: dict[str, str | int | bool] = {}
    options: dict[str, Any] = {}
    format: str = "qasm3"


class ProgramText(BodyPart):
    """A program in OpenQASM, which no process but a slot reads."""

    format: Literal["qasm2", "qasm3"]
    data: CircuitField


class DeviceOptions(BodyPart):
    """Options of the devices of this service."""

    seed: int | None = None


def _check_tags(tags: Any) -> Any:
    """Return the tags; raise ValueError that names the first wrong one alone."""
    values = tags.items() if isinstance(tags, dict) else ()
    wrong = next((name for name, value in values if not isinstance(value, str | int)), None)
    if wrong is not None:
        raise ValueError(f"{wrong[:60]!r} must be a text, a whole number, true or false")
    return tags


class JobRequest(BodyPart):
    """A job: a program, or several."""

    deviceQrn: str
    program: ProgramText | Annotated[list[ProgramText], Field(min_length=1)]
    shots: int | None = None
    name: Annotated[str | None, Field(max_length=1000)] = None
    tags: Annotated[dict[str, Any], BeforeValidator(_check_tags)] = Field(default_factory=dict)
    runtimeOptions: DeviceOptions = DeviceOptions()
    groupJobQrn: str | None = None


def parse_request(body: bytes) -> TaskSpec | BatchSpec:
    """Return the task or the batch in a request body.

    Raises:
        InvalidJson: the body is not JSON.
        RequestError: a field is not valid; the message names it.
    """
    fields = read_json(body)
    if not isinstance(fields, dict):
        raise InvalidRequest("body: must be a JSON object")
    if isinstance(programs := fields.get("program"), list) and len(programs) > MAX_BATCH_TASKS:
        raise InvalidRequest(
            f"program: must be at most {MAX_BATCH_TASKS:,} programs; got {len(programs):,}"
        )
    job = parse_model(JobRequest, fields)
    if job.groupJobQrn is not None:
        raise InvalidRequest("groupJobQrn: this service has no groups; send several programs")
    if isinstance(job.program, ProgramText):
        return _task(job, job.program, (TAG,))
    tasks = [_task(job, program, ()) for program in job.program]
    return BatchSpec(tasks, task_name(job.name), (TAG,), _metadata(job, job.program[0]))


def _task(job: JobRequest, program: ProgramText, tags: tuple[str, ...]) -> TaskSpec:
    device = name_of(job.deviceQrn)
    options = {"return": [COUNTS]} | ({} if device == SIMULATOR else {"backend": device})
    return TaskSpec(
        program.data,
        shots=SHOTS_WITHOUT_A_NUMBER if job.shots is None else job.shots,
        seed=job.runtimeOptions.seed,
        name=task_name(job.name),
        tags=tags,
        options=json.dumps(options),
        metadata=_metadata(job, program),
    )


def _metadata(job: JobRequest, program: ProgramText) -> str | None:
    facts = JobRecord(
        device=job.deviceQrn,
        name=job.name,
        shots=SHOTS_WITHOUT_A_NUMBER if job.shots is None else job.shots,
        tags=job.tags,
        options=job.runtimeOptions.model_dump(exclude_none=True),
        format=program.format,
    )
    return metadata_text({TAG: facts.model_dump(exclude_defaults=True)})
