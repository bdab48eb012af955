"""Models of tags."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, FailFast, Field

from quantumtask.api.schemas.requests import LabelField


class TagsChange(BaseModel):
    """The tags of a task or a batch from now on, instead of those before."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={
        "examples": [{"tags": ["ansatz", "run-2"]}]
    })  # fmt: skip

    tags: Annotated[list[LabelField], FailFast()] = Field(
        max_length=20, description="Up to 20 tags of up to 50 characters; none removes all."
    )


class TaskTags(BaseModel):
    """The tags of a task."""

    task_id: str
    tags: list[str]


class BatchTags(BaseModel):
    """The tags of a batch."""

    batch_id: str
    tags: list[str]
