"""Jobs of Qiskit: tasks that were submitted together, and their common result."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from qiskit.primitives import BasePrimitiveJob
from qiskit.providers import BackendV2, JobError, JobStatus, JobV1
from qiskit.providers.jobstatus import JOB_FINAL_STATES
from qiskit.result import Result

from quantumtask.client.connection import Json
from quantumtask.client.notebook import batch_html
from quantumtask.client.qiskit.primitive_results import RESULT_BUILDERS
from quantumtask.client.qiskit.record import RUN, Record, parse_record
from quantumtask.client.qiskit.result_conversion import record_from_answers, run_result
from quantumtask.client.qiskit.submission import JobSubmission, adapter_entry, find_submission


def job_status(states: Mapping[str, int]) -> JobStatus:
    """Return the state of the job: running from the first start to the last end of a task."""
    known = {state for state, count in states.items() if count}
    if known & {"submitted", "running"}:
        return JobStatus.QUEUED if known == {"submitted"} else JobStatus.RUNNING
    if "failed" in known:
        return JobStatus.ERROR
    return JobStatus.CANCELLED if "cancelled" in known else JobStatus.DONE


def failure(answers: Sequence[Json]) -> str | None:
    """Return the error of the first task without a result; None if all tasks completed."""
    for answer in answers:
        if answer["status"] != "completed":
            return str(answer.get("error") or f"task {answer['task_id']} was cancelled")
    return None


def running_seconds(answers: Sequence[Json]) -> float:
    """Return the sum of the run times of tasks on the service, in seconds."""
    return float(sum(task.get("running_ms") or 0 for task in answers) / 1000)


class SubmittedJob:
    """Base of both kinds of jobs: state and properties of the tasks of a job."""

    part = False
    """True for one of several requests of a job, which has only the tasks of that request."""
    _submission: JobSubmission
    _backend: BackendV2

    def backend(self) -> BackendV2:
        """Backend of the job."""
        return self._backend

    def cancel(self) -> bool:
        """Cancel the tasks that have not ended; return False if all tasks have ended."""
        return self._submission.cancel()

    @property
    def tags(self) -> list[str]:
        """Tags of the job, as submitted."""
        return list(self._submission.info()["tags"])

    @property
    def creation_date(self) -> datetime | None:
        """Time at which the service stored the job, in UTC; None for a job without tasks."""
        return _moment(self._submission.info().get("submitted_at"))

    def queue_position(self, refresh: bool = False) -> int | None:  # noqa: ARG002
        """Return the queue position of the first waiting task, from 1; None if no task waits."""
        return self._submission.position()

    def usage(self) -> float:
        """Return the seconds that the tasks ran on the service; 0 until all tasks have ended."""
        return running_seconds(self._final_answers())

    def metrics(self) -> Json:
        """Return times, usage and queue position, by the names of the service of IBM.

        The value `running` is the start of the first task, and `finished` is the end of the last
        task; both are None until all tasks have ended.
        """
        answers = self._final_answers()
        starts = [task["started_at"] for task in answers if task.get("started_at")]
        ends = [task["finished_at"] for task in answers if task.get("finished_at")]
        return {
            "timestamps": {
                "created": self._submission.info().get("submitted_at"),
                "running": min(starts, default=None),
                "finished": max(ends, default=None),
            },
            "usage": {"seconds": running_seconds(answers)},
            "position_in_queue": None if answers else self.queue_position(),
            "tasks": sum(self._submission.states().values()),
        }

    def error_message(self) -> str | None:
        """Return the error of the first failed task; None without one, or before the end."""
        return failure(self._final_answers())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._submission.id!r}, backend={self._backend.name!r})"

    def _repr_html_(self) -> str:
        """Return the job as HTML for a notebook; it asks the service for the state."""
        view = self._submission.info()
        states = self._submission.states()
        known = {"batch_id": self._submission.id, "name": view.get("name") or "job"}
        return batch_html({**known, "states": states}, sum(states.values()))

    def _final_answers(self) -> list[Json]:
        """Return the answers of all tasks; [] until all tasks have ended."""
        states = self._submission.states()
        pending = states["submitted"] or states["running"]
        return [] if pending else self._submission.answers(None)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


class QuantumTaskJob(SubmittedJob, JobV1):
    """Job of `backend.run`; `retrieve_job` returns the job again by its `job_id`."""

    def __init__(
        self, backend: BackendV2, submission: JobSubmission, record: Record | None = None
    ) -> None:
        JobV1.__init__(self, backend, submission.id)
        self._submission = submission
        self._record = record
        self._result: Result | None = None

    def submit(self) -> None:
        """Raise JobError: `backend.run` has submitted the job."""
        raise JobError("this job has been submitted already")

    def status(self) -> JobStatus:
        """Return the state of the job."""
        return job_status(self._submission.states())

    def result(self, timeout: float | None = None) -> Result:
        """Wait for all circuits and return their results.

        The result of a failed circuit holds its error.

        Raises:
            JobError: All circuits failed.
            JobTimeoutError: The job has not ended after `timeout` seconds.
        """
        if self._result is None:
            self._result = self._build_result(self._submission.answers(timeout))
        return self._result

    def wait_for_final_state(
        self,
        timeout: float | None = None,
        wait: float = 5,
        callback: Callable[..., Any] | None = None,
    ) -> None:
        """Wait for the end of the job.

        Args:
            timeout: Time limit, in seconds.
            wait: Seconds between two calls of the callback.
            callback: Function of job id, state and job.

        Raises:
            JobTimeoutError: The job has not ended after `timeout` seconds.
        """
        if callback is None:
            self._submission.answers(timeout)
        else:
            super().wait_for_final_state(timeout, wait, callback)

    def _build_result(self, answers: list[Json]) -> Result:
        why = failure(answers)
        if why is not None and all(answer["status"] != "completed" for answer in answers):
            raise JobError(why)
        backend = self.backend()
        record = self._record or record_from_answers(answers, backend.name)
        return Result(
            results=list(run_result(record, answers)),
            backend_name=backend.name,
            backend_version=backend.backend_version,
            job_id=self.job_id(),
            success=why is None,
            status="COMPLETED" if why is None else f"PARTIAL: {why}",
            date=datetime.now(UTC).isoformat(),
            time_taken=running_seconds(answers),
        )


class PrimitiveJob(SubmittedJob, BasePrimitiveJob[Any, JobStatus]):
    """Job of a primitive; `retrieve_job` returns the job again by its `job_id`."""

    def __init__(
        self, backend: BackendV2, submission: JobSubmission, record: Record | None
    ) -> None:
        BasePrimitiveJob.__init__(self, submission.id)
        self._backend = backend
        self._submission = submission
        self._record = record
        self._result: Any = None

    def result(self, timeout: float | None = None) -> Any:
        """Wait for all PUBs and return their result.

        Raises:
            JobError: A PUB failed, or the job was retrieved by its id and has PUBs of too many
                different shapes to be stored with it.
            JobTimeoutError: The job has not ended after `timeout` seconds.
        """
        if self._record is None:
            raise JobError("this job had too many different PUBs to store their shapes")
        if self._result is None:
            answers = self._submission.answers(timeout)
            if (why := failure(answers)) is not None:
                raise JobError(why)
            self._result = RESULT_BUILDERS[self._record.kind](self._record, answers)
        return self._result

    def status(self) -> JobStatus:
        """Return the state of the job."""
        return job_status(self._submission.states())

    def done(self) -> bool:
        """Return True if the job completed."""
        return self.status() is JobStatus.DONE

    def running(self) -> bool:
        """Return True if a task of the job runs."""
        return self.status() is JobStatus.RUNNING

    def cancelled(self) -> bool:
        """Return True if the job was cancelled."""
        return self.status() is JobStatus.CANCELLED

    def in_final_state(self) -> bool:
        """Return True if the job has ended."""
        return self.status() in JOB_FINAL_STATES


Job = QuantumTaskJob | PrimitiveJob


def find_job(backend: Any, job_id: str) -> Job:
    """Return an earlier job by its id.

    Raises:
        ServiceError: The id is unknown.
    """
    submission, view = find_submission(backend.service.connection, job_id)
    entry = adapter_entry(view)
    options = view.get("options") or {}
    name = entry.get("backend") or options.get("backend") or "simulator"
    here = backend if name == backend.name else backend.provider.backend(name)
    record = parse_record(entry)
    kind = record.kind if record else entry.get("kind", RUN)
    job = (QuantumTaskJob if kind == RUN else PrimitiveJob)(here, submission, record)
    job.part = "part" in entry
    return job
