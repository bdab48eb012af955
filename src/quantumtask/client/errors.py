"""What can go wrong for a user of the client, as one tree of exceptions.

ClientError
|-- Unreachable        no service answers at the URL
|-- ServiceError       the service answered, and refused: `status` is the HTTP status
|-- TaskFailed         the task failed, or would fail
|   `-- CircuitError   ... because of its circuit: has `problems`, `line` and `column`
`-- TaskCancelled      somebody cancelled the task

All have a stable `code` for programs and a `detail` for people. What takes longer than its
`timeout` raises Python's own TimeoutError.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a circuit; lines and columns count from 1, `end_column` is excluded."""

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
    """The root of what this client raises."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class Unreachable(ClientError):
    """No service answers at the URL."""

    def __init__(self, url: str) -> None:
        words = f"No QuantumTask service answers at {url}. Is `quantumtask up` running?"
        super().__init__("unreachable", words)
        self.url = url


class ServiceError(ClientError):
    """The service refused the request; nothing was changed by it."""

    def __init__(self, code: str, detail: str, status: int) -> None:
        super().__init__(code, detail)
        self.status = status


class TaskFailed(ClientError):
    """A task that failed; or, with `task_id` None, a circuit that was refused because it would."""

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
    """The circuit is wrong: `line` and `column` are those of the first of its `problems`."""

    @property
    def line(self) -> int | None:
        return self.problems[0].line if self.problems else None

    @property
    def column(self) -> int | None:
        return self.problems[0].column if self.problems else None


class TaskCancelled(ClientError):
    """The task was cancelled, so there is no result."""

    def __init__(self, task_id: str) -> None:
        super().__init__("task_cancelled", f"task {task_id} was cancelled")
        self.task_id = task_id


def failure(
    code: str, detail: str, errors: Iterable[Mapping[str, Any]], task_id: str | None = None
) -> TaskFailed:
    """The exception for a failure as the service tells it; `errors` are its problems, if any."""
    problems = [_problem(each) for each in errors]
    return (CircuitError if problems else TaskFailed)(code, detail, problems, task_id)


def _problem(told: Mapping[str, Any]) -> Problem:
    """A newer service may tell more of it than this client knows."""
    return Problem(**{each.name: told[each.name] for each in fields(Problem) if each.name in told})
