"""Primitives, which IBM's protocol calls programs: what a job does with its parameters.

A primitive makes tasks of the parameters, and the JSON of the results of what the tasks returned.
The tasks are those of `POST /tasks`, and run as all others.
"""

from collections.abc import AsyncIterator, Mapping
from types import MappingProxyType
from typing import Any, Protocol

from quantumtask.doors.ibm.estimator import Estimator
from quantumtask.doors.ibm.executor import ProgramExecutor
from quantumtask.doors.ibm.job_plan import JobContext, JobPlan
from quantumtask.doors.ibm.sampler import Sampler
from quantumtask.doors.ibm.stored_job import StoredJob
from quantumtask.shared.errors import InvalidRequest


class JobPrimitive(Protocol):
    """A kind of job: converts its parameters to tasks, and the results of the tasks to its own."""

    def plan_job(self, params: dict[str, Any], context: JobContext) -> JobPlan:
        """Return the tasks of a job. Runs in a thread.

        Args:
            params: The parameters as JSON, in which every circuit is a text that is not decoded.
            context: Facts about the job.

        Raises:
            RequestError: a parameter is not valid; the message names it.
        """
        ...

    def render_params(self, job: StoredJob) -> AsyncIterator[bytes]:
        """Yield the parameters of a job as JSON, with the values that the client submitted."""
        ...

    def render_results(self, job: StoredJob) -> AsyncIterator[bytes]:
        """Yield the results of a completed job as JSON."""
        ...


PRIMITIVES: Mapping[str, JobPrimitive] = MappingProxyType(
    {"sampler": Sampler(), "estimator": Estimator(), "executor": ProgramExecutor()}
)
"""The primitives by their names in `program_id`."""


def find_primitive(program_id: str) -> JobPrimitive:
    """Return the primitive of a name, or raise InvalidRequest."""
    try:
        return PRIMITIVES[program_id]
    except KeyError:
        names = ", ".join(PRIMITIVES) or "none"
        raise InvalidRequest(
            f"program_id: must be one of {names}; got {program_id[:60]!r}"
        ) from None
