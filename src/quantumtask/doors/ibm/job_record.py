"""Facts about a job that only IBM's protocol has, in the metadata of its task or batch."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from quantumtask.api.schemas.metadata import metadata_text
from quantumtask.doors.stored_jobs import read_facts
from quantumtask.shared.batch import Batch
from quantumtask.shared.task import Task

TAG = "ibm"
"""The tag of every job, by which jobs are listed, and the name in the metadata."""


class ChildRecord(BaseModel):
    """Facts about a task of a job.

    Attributes:
        task_facts: Facts of the primitive about the task.
    """

    model_config = ConfigDict(extra="ignore")

    task_facts: dict[str, Any] = {}

    def to_metadata(self) -> str | None:
        """Return the metadata of a task as JSON text; raise InvalidRequest if it is too large."""
        return metadata_text({TAG: self.model_dump(exclude_defaults=True)})


class JobRecord(ChildRecord):
    """Facts about a job.

    Attributes:
        program_id: The name of the primitive.
        backend: The name of the backend.
        facts: Facts of the primitive about the job.
        session_id: The session or batch of jobs, if the job belongs to one.
        private: Parameters are not returned, and results only once.
        cost_s: The longest run in seconds that the client allows.
    """

    program_id: str
    backend: str
    facts: dict[str, Any] = {}
    session_id: str | None = None
    private: bool = False
    cost_s: int | None = None
    log_level: str | None = None
    runtime: str | None = None
    calibration_id: str | None = None


def read_record(job: Task | Batch) -> JobRecord:
    """Return the facts about a job; raise JobNotFound if it was not submitted at this door."""
    return read_facts(JobRecord, job, TAG)
