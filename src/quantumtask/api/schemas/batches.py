"""Batches over the wire, as pydantic models."""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, FailFast, Field

from quantumtask.api.schemas.metadata import Metadata, metadata_text
from quantumtask.api.schemas.requests import BELL, Label, SubmitRequest, checked, read_json
from quantumtask.api.service.batches import MOST_TASKS, BatchSpec, numbered
from quantumtask.shared.errors import InvalidRequest, RequestError
from quantumtask.shared.task import TaskSpec


class BatchRequest(BaseModel):
    """Circuits to run, stored together."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        json_schema_extra={
            "examples": [{"tasks": [{"circuit": BELL}, {"circuit": BELL, "shots": 100}]}]
        },
    )

    tasks: list[Any] = Field(
        min_length=1, max_length=MOST_TASKS, description="Each as `POST /tasks` takes it."
    )
    name: Label | None = Field(None, description="A name to find it by, up to 50 characters.")
    tags: Annotated[list[Label], FailFast()] = Field(
        default=[], max_length=20, description="Up to 20 tags of up to 50 characters."
    )
    metadata: Metadata = None

    def spec(self) -> BatchSpec:
        metadata = metadata_text(self.metadata)
        tasks = [_task(number, fields) for number, fields in enumerate(self.tasks)]
        return BatchSpec(tasks, self.name, tuple(dict.fromkeys(self.tags)), metadata)


def parse_batch(body: bytes) -> BatchSpec:
    """A request body as a batch. Raises InvalidJson, or a RequestError that names what is wrong."""
    fields = read_json(body)
    if not isinstance(fields, dict) or not isinstance(fields.get("tasks"), list):
        raise InvalidRequest('tasks: the body must be a JSON object with a list of "tasks"')
    if not 1 <= len(fields["tasks"]) <= MOST_TASKS:
        raise InvalidRequest(f"tasks: must be 1 to {MOST_TASKS:,}, not {len(fields['tasks']):,}")
    return checked(BatchRequest, fields).spec()


def _task(number: int, fields: Any) -> TaskSpec:
    if not isinstance(fields, dict):
        raise InvalidRequest(f'tasks.{number}: must be a JSON object with a "circuit"')
    try:
        return checked(SubmitRequest, fields).spec()
    except RequestError as error:
        raise numbered(error, number) from None


class BatchSubmitted(BaseModel):
    """All tasks are stored durably and will run."""

    batch_id: str
    status: Literal["submitted"] = "submitted"
    task_ids: list[str] = Field(description="In the order in which they were given.")


class StatesOfTasks(BaseModel):
    """How many tasks are in each state."""

    submitted: int
    running: int
    completed: int
    failed: int
    cancelled: int


class BatchView(BaseModel):
    """A batch. Times are RFC 3339 in UTC."""

    batch_id: str
    status: Literal["pending", "completed"] = Field(description="completed: all have ended.")
    name: str | None
    tags: list[str]
    size: int = Field(description="How many tasks it was submitted with.")
    submitted_at: str
    finished_at: str | None = Field(description="When the last of them ended.")
    states: StatesOfTasks
    metadata: dict[str, Any] | None = Field(
        None, description="The object that the client sent; not in the list."
    )


class BatchList(BaseModel):
    batches: list[BatchView]
    next_cursor: str | None = Field(
        description="Pass it as cursor for older batches; null at the end."
    )


class BatchFilter(StrEnum):
    """Batches to list: those with tasks that have not ended, or the others."""

    PENDING = "pending"
    COMPLETED = "completed"
