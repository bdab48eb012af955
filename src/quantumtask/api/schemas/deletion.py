"""Models of deletions."""

from typing import Literal

from pydantic import BaseModel


class TaskDeleted(BaseModel):
    """The task and its result are deleted."""

    task_id: str
    status: Literal["deleted"] = "deleted"


class BatchDeleted(BaseModel):
    """The batch, its tasks and their results are deleted."""

    batch_id: str
    status: Literal["deleted"] = "deleted"
