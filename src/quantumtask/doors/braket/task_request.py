"""The body of `CreateQuantumTask` as a task."""

import json
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator, Field

from quantumtask.api.schemas.body_part import BodyPart
from quantumtask.api.schemas.metadata import metadata_text
from quantumtask.api.schemas.parameters import parameters_text
from quantumtask.api.schemas.requests import CircuitField, parse_model, read_json
from quantumtask.doors.braket.arns import backend_of
from quantumtask.doors.braket.planning import plan_program
from quantumtask.doors.braket.program_text import ProgramText
from quantumtask.doors.braket.task_record import TAG, TaskRecord
from quantumtask.shared.errors import InvalidRequest
from quantumtask.shared.task import SIMULATOR, TaskSpec

MAX_TAGS = 50
OPENQASM = "braket.ir.openqasm.program"

BucketName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]


class SchemaHeader(BodyPart):
    """The name and the version of a schema."""

    name: str
    version: str


class OpenQasmAction(BodyPart):
    """A program in OpenQASM, which no process but a slot compiles."""

    braketSchemaHeader: SchemaHeader
    source: CircuitField
    inputs: dict[str, Any] | None = None


class ParadigmParameters(BodyPart):
    """Parameters of devices with gates."""

    braketSchemaHeader: SchemaHeader | None = None
    qubitCount: int = 0
    disableQubitRewiring: Literal[False] = False


class DeviceParameters(BodyPart):
    """Parameters of a device, none of which changes a result here."""

    braketSchemaHeader: SchemaHeader | None = None
    paradigmParameters: ParadigmParameters = ParadigmParameters()


def _check_tags(tags: Any) -> Any:
    """Return the tags; raise ValueError for too many, or that names the first wrong one alone."""
    values = tags if isinstance(tags, dict) else {}
    if len(values) > MAX_TAGS:
        raise ValueError(f"must be at most {MAX_TAGS}; got {len(values):,}")
    wrong = next((name for name, value in values.items() if not isinstance(value, str)), None)
    if wrong is not None:
        raise ValueError(f"{wrong[:60]!r} the value must be a string")
    return tags


class TaskBody(BodyPart):
    """The body of `CreateQuantumTask`."""

    clientToken: Annotated[str, Field(min_length=1, max_length=64)]
    deviceArn: str
    deviceParameters: str | None = None
    shots: Annotated[int, Field(ge=0)]
    outputS3Bucket: BucketName
    outputS3KeyPrefix: Annotated[str, Field(min_length=1, max_length=1024)]
    action: str
    tags: Annotated[dict[str, Any], BeforeValidator(_check_tags)] = Field(default_factory=dict)


class NewTask(NamedTuple):
    """A task that is about to be stored, and its idempotency key: repeats store no second task."""

    spec: TaskSpec
    key: str


_MISSING = {
    "jobToken": "this service has no hybrid jobs",
    "associations": "this service has no reservations",
    "experimentalCapabilities": "this service has no experimental capabilities",
}
"""Fields of Braket that this service refuses, with the reason."""


def parse_new_task(body: bytes) -> NewTask:
    """Return the task in a request body.

    Raises:
        InvalidJson: the body is not JSON.
        RequestError: a field is not valid, or asks for something that this service lacks.
    """
    fields = read_json(body)
    if not isinstance(fields, dict):
        raise InvalidRequest("body: must be a JSON object")
    if absent := next((name for name in _MISSING if name in fields), None):
        raise InvalidRequest(f"{absent}: {_MISSING[absent]}")
    task = parse_model(TaskBody, fields)
    if task.deviceParameters is not None:
        parse_model(DeviceParameters, _read_object("deviceParameters", task.deviceParameters))
    return NewTask(_spec(task, _action(task.action)), task.clientToken)


def _spec(task: TaskBody, action: OpenQasmAction) -> TaskSpec:
    device = backend_of(task.deviceArn)
    plan = plan_program(action.source, task.shots)
    record = TaskRecord(
        device=task.deviceArn,
        shots=task.shots,
        bucket=task.outputS3Bucket,
        folder=task.outputS3KeyPrefix.strip("/"),
        parameters=task.deviceParameters,
        tags=task.tags,
    )
    options = plan.options() | ({} if device == SIMULATOR else {"backend": device})
    return TaskSpec(
        plan.circuit(),
        shots=task.shots or 1,
        tags=(TAG,),
        parameters=parameters_text(_inputs(action, plan.text)),
        options=json.dumps(options, separators=(",", ":")),
        metadata=metadata_text({TAG: record.model_dump(exclude_defaults=True)}),
    )


def _action(text: str) -> OpenQasmAction:
    fields = _read_object("action", text)
    header = fields.get("braketSchemaHeader")
    name = header.get("name") if isinstance(header, dict) else None
    if name != OPENQASM:
        raise InvalidRequest(
            f"action: must be a program of the schema {OPENQASM}; got {str(name)[:60]!r}"
        )
    action = parse_model(OpenQasmAction, fields)
    if action.braketSchemaHeader.version != "1":
        raise InvalidRequest("action.braketSchemaHeader.version: must be '1'")
    return action


def _inputs(action: OpenQasmAction, program: ProgramText) -> dict[str, Any] | None:
    """Return the values of the declared inputs; as in Braket, others may be there, too.

    Raises:
        InvalidRequest: a value is an array or an object.
    """
    for name, value in (action.inputs or {}).items():
        if not isinstance(value, int | float | str):
            raise InvalidRequest(
                f"action.inputs.{name[:40]}: must be a number or a text; arrays are not taken at "
                "this door"
            )
    declared = program.inputs
    return {
        name: value for name, value in (action.inputs or {}).items() if name in declared
    } or None


def _read_object(field: str, text: str) -> dict[str, Any]:
    """Return the JSON object in a field that is a text, or raise InvalidRequest."""
    fields = read_json(text.encode())
    if not isinstance(fields, dict):
        raise InvalidRequest(f"{field}: must be the text of a JSON object")
    return fields
