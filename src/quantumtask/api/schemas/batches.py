"""Request and response models of batches."""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, FailFast, Field

from quantumtask.api.schemas.metadata import Metadata, metadata_text
from quantumtask.api.schemas.requests import BELL, LabelField, SubmitRequest, parse_model, read_json
from quantumtask.api.service.batches import MAX_BATCH_TASKS, BatchSpec, with_item_index
from quantumtask.shared.errors import InvalidRequest, RequestError
from quantumtask.shared.task import TaskSpec


class BatchRequest(BaseModel):
    """A batch: circuits to run, stored together."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        json_schema_extra={
            "examples": [{"tasks": [{"circuit": BELL}, {"circuit": BELL, "shots": 100}]}]
        },
    )

    tasks: list[Any] = Field(
        min_length=1,
        max_length=MAX_BATCH_TASKS,
        description="The tasks; each is an object as in `POST /tasks`.",
    )
    name: LabelField | None = Field(None, description="A name to filter by, up to 50 characters.")
    tags: Annotated[list[LabelField], FailFast()] = Field(
        default=[], max_length=20, description="Up to 20 tags of up to 50 characters, to filter by."
    )
    metadata: Metadata = None

    def to_spec(self) -> BatchSpec:
        """Return the batch with its tasks parsed; raise RequestError that names the field."""
        metadata = metadata_text(self.metadata)
        tasks = [_parse_item(index, fields) for index, fields in enumerate(self.tasks)]
        return BatchSpec(tasks, self.name, tuple(dict.fromkeys(self.tags)), metadata)


def parse_batch(body: bytes) -> BatchSpec:
    """Parse a request body as a batch.

    Raises:
        InvalidJson: the body is not JSON.
        RequestError: a field is not valid; the message names it.
    """
    fields = read_json(body)
    if not isinstance(fields, dict) or not isinstance(fields.get("tasks"), list):
        raise InvalidRequest('tasks: the body must be a JSON object with a list of "tasks"')
    if not 1 <= len(fields["tasks"]) <= MAX_BATCH_TASKS:
        raise InvalidRequest(
            f"tasks: must be 1 to {MAX_BATCH_TASKS:,} tasks; got {len(fields['tasks']):,}"
        )
    return parse_model(BatchRequest, fields).to_spec()


def _parse_item(index: int, fields: Any) -> TaskSpec:
    if not isinstance(fields, dict):
        raise InvalidRequest(f'tasks.{index}: must be a JSON object with a "circuit"')
    try:
        return parse_model(SubmitRequest, fields).to_spec()
    except RequestError as error:
        raise with_item_index(error, index) from None


class BatchSubmitted(BaseModel):
    """The batch is stored durably and its tasks will run."""

    batch_id: str
    status: Literal["submitted"] = "submitted"
    task_ids: list[str] = Field(description="Ids of the tasks, in the order of the request.")


class TaskCounts(BaseModel):
    """Number of tasks in each state."""

    submitted: int
    running: int
    completed: int
    failed: int
    cancelled: int


class BatchView(BaseModel):
    """A batch. Times are RFC 3339 in UTC."""

    batch_id: str
    status: Literal["pending", "completed"] = Field(
        description="`completed`: all tasks have ended."
    )
    project: str
    name: str | None
    tags: list[str]
    size: int = Field(description="Number of tasks in the request.")
    submitted_at: str
    finished_at: str | None = Field(description="Time at which the last task ended.")
    states: TaskCounts
    metadata: dict[str, Any] | None = Field(
        None, description="The metadata of the request; not in lists."
    )


class BatchList(BaseModel):
    """A page of batches."""

    batches: list[BatchView]
    next_cursor: str | None = Field(
        description="The `cursor` of the next page, with older batches; null on the last page."
    )


class BatchFilter(StrEnum):
    """States of batches to list: `pending` batches have tasks that have not ended."""

    PENDING = "pending"
    COMPLETED = "completed"
