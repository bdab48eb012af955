"""What goes over the wire, as pydantic models: the check of what comes in, the text of /docs."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, FailFast, Field, ValidationError
from pydantic_core import from_json

from quantumtask.shared.errors import InvalidJson, InvalidRequest
from quantumtask.shared.task import Status, TaskSpec

BELL = (
    'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[2] q;\nbit[2] c;\n'
    "h q[0];\ncx q[0], q[1];\nc = measure q;\n"
)


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must not hold control characters")
    return text


Label = Annotated[str, Field(min_length=1, max_length=50), AfterValidator(_printable)]


class SubmitRequest(BaseModel):
    """A circuit to run."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        json_schema_extra={
            "examples": [{"circuit": BELL}, {"circuit": BELL, "shots": 100, "seed": 7}]
        },
    )

    circuit: Annotated[str, AfterValidator(_not_blank)] = Field(description="OpenQASM 3 text.")
    shots: int = Field(1024, description="How often to run it: 1 to 1,000,000.")
    seed: int | None = Field(
        None, description="0 to 2^63 - 1; the same seed gives the same counts. None: one is drawn."
    )
    memory: bool = Field(False, description="Also return the bit string of every shot.")
    timeout_s: float = Field(
        600.0, allow_inf_nan=False, description="Most wall-clock seconds it may run."
    )
    name: Label | None = Field(None, description="A name to find it by, up to 50 characters.")
    tags: Annotated[list[Label], FailFast()] = Field(
        default=[], max_length=20, description="Up to 20 tags of up to 50 characters."
    )

    def spec(self) -> TaskSpec:
        return TaskSpec(**{**self.model_dump(), "tags": tuple(dict.fromkeys(self.tags))})


def parse_submission(body: bytes) -> TaskSpec:
    """A request body as a task. Raises InvalidJson, or InvalidRequest that names the field."""
    try:
        fields = from_json(body, allow_inf_nan=False)
    except ValueError:
        raise InvalidJson from None
    if not isinstance(fields, dict):
        raise InvalidRequest('the body must be a JSON object with a "circuit"')
    # Before pydantic, which would make an error of each of a million unknown fields.
    if unknown := next((name for name in fields if name not in SubmitRequest.model_fields), None):
        raise InvalidRequest(f"{unknown[:60]}: no such field")
    try:
        return SubmitRequest.model_validate(fields).spec()
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
    raise InvalidRequest(first_reason(problems))


def first_reason(problems: Sequence[Any]) -> str:
    """The first of pydantic's findings as "field: reason"."""
    place = [str(part) for part in problems[0]["loc"] if part not in ("body", "query", "path")]
    reason = problems[0]["msg"].removeprefix("Value error, ")
    return f"{'.'.join(place)}: {reason[:1].lower()}{reason[1:]}"


class StateFilter(StrEnum):
    """States to list by; "pending" is submitted or running."""

    PENDING = "pending"
    SUBMITTED = "submitted"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    def states(self) -> tuple[Status, ...]:
        if self is StateFilter.PENDING:
            return (Status.SUBMITTED, Status.RUNNING)
        return (Status(self.value),)


WireStatus = Literal["pending", "completed", "failed", "cancelled"]


class Submitted(BaseModel):
    """The task is stored durably and will run."""

    task_id: str
    status: Literal["submitted"] = "submitted"


class Cancelled(BaseModel):
    task_id: str
    status: Literal["cancelled"] = "cancelled"


class ChangeOfState(BaseModel):
    move: str = Field(description="submit, or a move of the lifecycle.")
    state: Status = Field(description="The state it led to.")
    at: str
    attempt: int
    worker: str | None = Field(description="The worker that made the move, where one did.")


class CircuitProblem(BaseModel):
    """One thing wrong with a circuit; line and column count from 1."""

    code: str
    message: str
    line: int | None
    column: int | None
    token: str | None
    hint: str | None


class TaskSummary(BaseModel):
    """A task as the list shows it. Times are RFC 3339 in UTC."""

    task_id: str
    status: WireStatus
    state: Status = Field(description="The exact state; submitted and running both read pending.")
    name: str | None
    tags: list[str]
    shots: int
    attempt: int = Field(description="How many times a worker took it up.")
    submitted_at: str
    started_at: str | None
    finished_at: str | None
    waiting_ms: float | None = Field(description="Milliseconds it spent waiting, so far or in all.")
    running_ms: float | None = Field(description="Milliseconds it spent running, when it ended.")
    seed: int | None = Field(None, description="The seed that was used.")
    engine: str | None = Field(None, description="The simulator that ran it.")
    engine_version: str | None = None
    method: str | None = Field(None, description="The engine's method, such as statevector.")
    warnings: list[str] | None = None
    error: str | None = Field(None, description="Why it failed, in one sentence.")
    error_code: str | None = None


class TaskView(TaskSummary):
    """A task, with its result or its failure once it has one, and its history."""

    result: dict[str, int] | None = Field(
        None, description="Counts, as Qiskit writes them: the last bit first, registers by a space."
    )
    memory: list[str] | None = Field(None, description="The bit string of every shot, in order.")
    errors: list[CircuitProblem] | None = Field(None, description="All problems of its circuit.")
    history: list[ChangeOfState]


class TaskList(BaseModel):
    tasks: list[TaskSummary]
    next_cursor: str | None = Field(
        description="Pass it as cursor for older tasks; null at the end."
    )


class Health(BaseModel):
    status: Literal["ok"] = "ok"


class Ready(BaseModel):
    ready: bool
    database: bool = Field(description="The database can be written.")
    worker: bool = Field(description="A worker was seen lately.")


class ProblemDocument(BaseModel):
    """RFC 9457. `code` is stable, `detail` is for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
