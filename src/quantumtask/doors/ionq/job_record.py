"""Facts about a job that only IonQ's protocol has, in the metadata of its task or batch."""

import json
from typing import Any

from pydantic import BaseModel, ConfigDict

from quantumtask.api.schemas.metadata import metadata_text
from quantumtask.doors.ionq.job_body import CIRCUIT, OPENQASM
from quantumtask.doors.ionq.noise_models import IDEAL
from quantumtask.doors.stored_jobs import read_facts
from quantumtask.shared.batch import Batch
from quantumtask.shared.output_kinds import PROBABILITIES
from quantumtask.shared.task import SIMULATOR, Task

TAG = "ionq"
"""The tag of every job, by which jobs are listed, and the name in the metadata."""
SESSION_TAG = "session:"
"""The first letters of the tag of all jobs of a session."""


class JobRecord(BaseModel):
    """Facts about a job.

    Attributes:
        type: One of JOB_TYPES.
        backend: IonQ's name of the backend.
        qubits: The number of qubits.
        gates: The number of gates on one qubit, and on two.
        shots: The shots, of a job with several circuits too.
        metadata: The metadata of the client.
    """

    model_config = ConfigDict(extra="ignore")

    type: str = CIRCUIT
    backend: str = SIMULATOR
    name: str | None = None
    qubits: int = 0
    gates: tuple[int, int] = (0, 0)
    shots: int = 1
    noise: dict[str, Any] | None = None
    settings: dict[str, Any] | None = None
    session_id: str | None = None
    metadata: dict[str, Any] | None = None

    @property
    def is_program(self) -> bool:
        """True if the job has a program in OpenQASM, with registers of its own."""
        return self.type == OPENQASM

    @property
    def should_be_exact(self) -> bool:
        """True if IonQ's service would return exact probabilities."""
        noise_model = (self.noise or {}).get("model", IDEAL)
        return self.backend == SIMULATOR and noise_model == IDEAL

    def to_metadata(self) -> str | None:
        """Return the metadata of a task as JSON text; raise InvalidRequest if it is too large."""
        return metadata_text({TAG: self.model_dump(exclude_defaults=True)})


def is_exact(task: Task) -> bool:
    """Return True if a task has exact probabilities, and not only frequencies of shots."""
    return PROBABILITIES in json.loads(task.options or "{}").get("return", ())


def read_record(item: Task | Batch) -> JobRecord:
    """Return the facts about a job.

    Raises:
        JobNotFound: the task or batch was not submitted at this door.
    """
    return read_facts(JobRecord, item, TAG)
