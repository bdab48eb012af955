"""Facts about a task that only Braket's protocol has, in the metadata of the task."""

from fastapi import Request
from pydantic import BaseModel, ConfigDict

from quantumtask.doors.stored_jobs import JobNotFound, read_facts, read_item, read_requested_item
from quantumtask.shared.batch import Batch
from quantumtask.shared.task import Task

TAG = "braket"
"""The tag of every task, by which tasks are listed, and the name in the metadata."""

RESULTS_FILE = "results.json"


class TaskRecord(BaseModel):
    """Facts about a task.

    Attributes:
        device: The name of the device in AWS.
        shots: The shots; 0: exact values.
        bucket: The bucket in which the client looks for the result.
        folder: The path in the bucket above the folder of the task.
        parameters: The parameters of the device, as they were sent.
        tags: The tags of the client.
    """

    model_config = ConfigDict(extra="ignore")

    device: str
    shots: int
    bucket: str
    folder: str
    parameters: str | None = None
    tags: dict[str, str] = {}

    def directory(self, task: Task) -> str:
        """Return the folder of a task in the bucket."""
        return f"{self.folder}/{task.id}"


def read_record(task: Task) -> TaskRecord:
    """Return the facts about a task; raise JobNotFound if it was not submitted at this door."""
    return read_facts(TaskRecord, task, TAG)


async def read_task(request: Request, task_id: str) -> Task:
    """Return the task with this id if the sender may see it, or raise JobNotFound."""
    return _check_task(await read_item(request, task_id))


async def read_requested_task(request: Request, task_id: str) -> Task:
    """Return the task that a request names in its path, or raise JobNotFound."""
    return _check_task(await read_requested_item(request, task_id))


def _check_task(item: Task | Batch) -> Task:
    """Return a task that was submitted at this door; raise JobNotFound for all others."""
    if not isinstance(item, Task):
        raise JobNotFound
    read_record(item)
    return item
