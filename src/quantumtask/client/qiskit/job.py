"""What Qiskit calls a job: tasks that were posted together, and the result they make."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from qiskit.primitives import BasePrimitiveJob
from qiskit.providers import BackendV2, JobError, JobStatus, JobV1
from qiskit.providers.jobstatus import JOB_FINAL_STATES
from qiskit.result import Result

from quantumtask.client.qiskit.results import Json, Sent, experiments, known_header
from quantumtask.client.qiskit.submission import Submission


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


class QuantumTaskJob(JobV1):
    """Circuits that a backend was given; `job_id` finds them again."""

    def __init__(
        self, backend: BackendV2, submission: Submission, sent: Sequence[Sent] | None = None
    ) -> None:
        super().__init__(backend, submission.id)
        self._submission = submission
        self._sent = sent
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

    def cancel(self) -> bool:
        """Cancels what has not ended; False if all has."""
        return self._submission.cancel()

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
        sent = self._sent or [_known(answer) for answer in answers]
        parts = [
            part
            for each, answer in zip(sent, answers, strict=True)
            for part in experiments(each, answer)
        ]
        backend = self.backend()
        return Result(
            results=parts,
            backend_name=backend.name,
            backend_version=backend.backend_version,
            job_id=self.job_id(),
            success=why is None,
            status="COMPLETED" if why is None else f"PARTIAL: {why}",
            date=datetime.now(UTC).isoformat(),
        )


def _known(answer: Json) -> Sent:
    shape = answer.get("shape")
    return Sent(known_header(answer), len(answer["result"]) if shape else None)


class PrimitiveJob(BasePrimitiveJob[Any, JobStatus]):
    """PUBs that a primitive was given; `make` turns the answers into its result."""

    def __init__(self, submission: Submission, make: Callable[[list[Json]], Any]) -> None:
        super().__init__(submission.id)
        self._submission = submission
        self._make = make
        self._result: Any = None

    def result(self, timeout: float | None = None) -> Any:
        """The result of all PUBs, once all have ended; JobError where one has failed.

        JobTimeoutError where they have not ended after `timeout` seconds.
        """
        if self._result is None:
            answers = self._submission.answers(timeout)
            if (why := failure(answers)) is not None:
                raise JobError(why)
            self._result = self._make(answers)
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

    def cancel(self) -> bool:
        """Cancels what has not ended; False if all has."""
        return self._submission.cancel()
