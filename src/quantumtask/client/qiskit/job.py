"""What Qiskit calls a job: tasks that were posted together, and the result they make."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from qiskit.primitives import BasePrimitiveJob
from qiskit.providers import BackendV2, JobError, JobStatus, JobV1
from qiskit.providers.jobstatus import JOB_FINAL_STATES
from qiskit.result import Result

from quantumtask.client.qiskit.primitive_results import MAKERS
from quantumtask.client.qiskit.record import RUN, Record, record_of
from quantumtask.client.qiskit.result_conversion import record_of_circuits, run_result
from quantumtask.client.qiskit.service import Json
from quantumtask.client.qiskit.submission import Submission, entry_of, find


def status_of(states: Mapping[str, int]) -> JobStatus:
    """Of all its tasks together: it runs from the first that does until the last has ended."""
    known = {state for state, count in states.items() if count}
    if known & {"submitted", "running"}:
        return JobStatus.QUEUED if known == {"submitted"} else JobStatus.RUNNING
    if "failed" in known:
        return JobStatus.ERROR
    return JobStatus.CANCELLED if "cancelled" in known else JobStatus.DONE


def failure(answers: Sequence[Json]) -> str | None:
    """Why the first that has not completed did not."""
    for answer in answers:
        if answer["status"] != "completed":
            return str(answer.get("error") or f"task {answer['task_id']} was cancelled")
    return None


class Posted:
    """Base of both kinds of jobs: status and properties of the tasks of a job."""

    part = False
    """True for one of several requests of a job, which has only the tasks of that request."""
    _submission: Submission
    _backend: BackendV2

    def backend(self) -> BackendV2:
        return self._backend

    def cancel(self) -> bool:
        """Cancels the tasks that have not ended; False if all have ended."""
        return self._submission.cancel()

    @property
    def tags(self) -> list[str]:
        """The tags of the job, as submitted."""
        return list(self._submission.info()["tags"])

    @property
    def creation_date(self) -> datetime | None:
        """The time at which the service stored the job, in UTC; None for a job without tasks."""
        return _moment(self._submission.info().get("submitted_at"))

    def queue_position(self, refresh: bool = False) -> int | None:  # noqa: ARG002
        """The place of the job's first waiting task in the queue, from 1; None if none waits."""
        return self._submission.position()

    def usage(self) -> float:
        """Seconds that the tasks of the job ran on the service; 0 until all tasks have ended."""
        return float(sum(task.get("running_ms") or 0 for task in self._ended()) / 1000)

    def metrics(self) -> Json:
        """Times, usage and place in the queue, by the names of IBM's service.

        `running` is the start of the first task and `finished` the end of the last task; both are
        None until all tasks have ended.
        """
        ended = self._ended()
        starts = [task["started_at"] for task in ended if task.get("started_at")]
        ends = [task["finished_at"] for task in ended if task.get("finished_at")]
        return {
            "timestamps": {
                "created": self._submission.info().get("submitted_at"),
                "running": min(starts, default=None),
                "finished": max(ends, default=None),
            },
            "usage": {"seconds": sum(task.get("running_ms") or 0 for task in ended) / 1000},
            "position_in_queue": None if ended else self.queue_position(),
            "tasks": sum(self._submission.states().values()),
        }

    def error_message(self) -> str | None:
        """The error of the first task that failed; None if no task has, or before the end."""
        return failure(self._ended())

    def _ended(self) -> list[Json]:
        """The answers of all tasks; [] until all tasks have ended."""
        states = self._submission.states()
        pending = states["submitted"] or states["running"]
        return [] if pending else self._submission.answers(None)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


class QuantumTaskJob(Posted, JobV1):
    """Circuits that a backend was given; `job_id` finds them again."""

    def __init__(
        self, backend: BackendV2, submission: Submission, record: Record | None = None
    ) -> None:
        JobV1.__init__(self, backend, submission.id)
        self._submission = submission
        self._record = record
        self._result: Result | None = None

    def submit(self) -> None:
        """Raises JobError: `backend.run` has submitted it."""
        raise JobError("this job has been submitted already")

    def status(self) -> JobStatus:
        return status_of(self._submission.states())

    def result(self, timeout: float | None = None) -> Result:
        """The result of all circuits, once all have ended.

        Where some have failed, their part of it says why. JobError where all have, and
        JobTimeoutError where they have not ended after `timeout` seconds.
        """
        if self._result is None:
            self._result = self._made(self._submission.answers(timeout))
        return self._result

    def wait_for_final_state(
        self,
        timeout: float | None = None,
        wait: float = 5,
        callback: Callable[..., Any] | None = None,
    ) -> None:
        """Returns when all have ended; with a callback, that is called every `wait` seconds.

        JobTimeoutError if they have not after `timeout` seconds.
        """
        if callback is None:
            self._submission.answers(timeout)
        else:
            super().wait_for_final_state(timeout, wait, callback)

    def _made(self, answers: list[Json]) -> Result:
        why = failure(answers)
        if why is not None and all(answer["status"] != "completed" for answer in answers):
            raise JobError(why)
        backend = self.backend()
        record = self._record or record_of_circuits(answers, backend.name)
        return Result(
            results=list(run_result(record, answers)),
            backend_name=backend.name,
            backend_version=backend.backend_version,
            job_id=self.job_id(),
            success=why is None,
            status="COMPLETED" if why is None else f"PARTIAL: {why}",
            date=datetime.now(UTC).isoformat(),
        )


class PrimitiveJob(Posted, BasePrimitiveJob[Any, JobStatus]):
    """Job of a primitive; `retrieve_job` finds the job again by its `job_id`."""

    def __init__(self, backend: BackendV2, submission: Submission, record: Record | None) -> None:
        BasePrimitiveJob.__init__(self, submission.id)
        self._backend = backend
        self._submission = submission
        self._record = record
        self._result: Any = None

    def result(self, timeout: float | None = None) -> Any:
        """Waits for all PUBs, and returns their result.

        Raises:
            JobError: A PUB failed, or the job of another process had too many different PUBs for
                their shapes to be kept.
            JobTimeoutError: The job has not ended after `timeout` seconds.
        """
        if self._record is None:
            raise JobError("this job had too many different PUBs for their shapes to be kept")
        if self._result is None:
            answers = self._submission.answers(timeout)
            if (why := failure(answers)) is not None:
                raise JobError(why)
            self._result = MAKERS[self._record.kind](self._record, answers)
        return self._result

    def status(self) -> JobStatus:
        return status_of(self._submission.states())

    def done(self) -> bool:
        return self.status() is JobStatus.DONE

    def running(self) -> bool:
        return self.status() is JobStatus.RUNNING

    def cancelled(self) -> bool:
        return self.status() is JobStatus.CANCELLED

    def in_final_state(self) -> bool:
        return self.status() in JOB_FINAL_STATES


Job = QuantumTaskJob | PrimitiveJob


def job_of(backend: Any, job_id: str) -> Job:
    """An earlier job by its id. Raises ServiceError for an unknown id."""
    submission, told = find(backend.service.connection, job_id)
    kept = entry_of(told)
    options = told.get("options") or {}
    name = kept.get("backend") or options.get("backend") or "simulator"
    here = backend if name == backend.name else backend.provider.backend(name)
    record = record_of(kept)
    kind = record.kind if record else kept.get("kind", RUN)
    made = (QuantumTaskJob if kind == RUN else PrimitiveJob)(here, submission, record)
    made.part = "part" in kept
    return made
