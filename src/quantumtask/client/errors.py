"""Exceptions of the client.

    ClientError
    |-- Unreachable        no service answers at the URL
    |-- ServiceError       the service refused the request; `status` is the HTTP status
    |-- TaskFailed         the task failed or would fail
    |   `-- CircuitError   ... because of its circuit; has `problems`, `line` and `column`
    `-- TaskCancelled      the task was cancelled

Every exception has a stable `code` for programs and a `detail` for people. A call that exceeds its
timeout raises Python's TimeoutError.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

WITHOUT_WORKER = "no worker is running: start one with `quantumtask worker`, or read its log"
"""Detail of a refusal by a service without workers."""


@dataclass(frozen=True)
class Problem:
    """One problem of a circuit. Lines and columns count from 1; `end_column` is excluded."""

    code: str
    message: str
    severity: str = "error"
    hint: str | None = None
    line: int | None = None
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None
    token: str | None = None


class ClientError(Exception):
    """Base class of the exceptions of this client."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the fields: Exception would call the constructor with the detail alone."""
        return _restore, (type(self), self.args, vars(self))


class Unreachable(ClientError):
    """No service answers at the URL."""

    def __init__(self, url: str) -> None:
        words = f"No QuantumTask service answers at {url}. Is `quantumtask up` running?"
        super().__init__("unreachable", words)
        self.url = url


class ServiceError(ClientError):
    """The service refused the request and changed nothing."""

    def __init__(self, code: str, detail: str, status: int) -> None:
        super().__init__(code, detail)
        self.status = status


class TaskFailed(ClientError):
    """The task failed. With `task_id` None, the service refused a circuit that would fail."""

    def __init__(
        self,
        code: str,
        detail: str,
        problems: Sequence[Problem] = (),
        task_id: str | None = None,
    ) -> None:
        super().__init__(code, detail)
        self.problems = tuple(problems)
        self.task_id = task_id


class CircuitError(TaskFailed):
    """The circuit is wrong; `line` and `column` are those of the first problem."""

    @property
    def line(self) -> int | None:
        """Line of the first problem."""
        return self.problems[0].line if self.problems else None

    @property
    def column(self) -> int | None:
        """Column of the first problem."""
        return self.problems[0].column if self.problems else None


class TaskCancelled(ClientError):
    """The task was cancelled and has no result."""

    def __init__(self, task_id: str) -> None:
        super().__init__("task_cancelled", f"task {task_id} was cancelled")
        self.task_id = task_id


def failure(
    code: str, detail: str, errors: Iterable[Mapping[str, Any]], task_id: str | None = None
) -> TaskFailed:
    """Return the exception for a failure; `errors` are the problems of the circuit."""
    problems = [_problem(each) for each in errors]
    return (CircuitError if problems else TaskFailed)(code, detail, problems, task_id)


def _restore(kind: type[ClientError], args: tuple[Any, ...], attributes: dict[str, Any]) -> Any:
    """Return a copy of an exception that was pickled."""
    error = kind.__new__(kind, *args)
    vars(error).update(attributes)
    return error


def _problem(problem: Mapping[str, Any]) -> Problem:
    """Return a problem without the fields that only newer services know."""
    return Problem(
        **{each.name: problem[each.name] for each in fields(Problem) if each.name in problem}
    )
