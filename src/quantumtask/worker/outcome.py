"""What comes of an assignment, and how a slot tells its supervisor."""

from dataclasses import asdict, dataclass, fields
from typing import Any

from quantumtask.shared.task import (
    Assignment,
    Failure,
    Problem,
    Result,
    TaskState,
    parse_result_fields,
)


@dataclass(frozen=True)
class Outcome:
    """What came of an assignment; None: it did not finish through no fault of its own.

    Then it runs again here, unless it is `for_another` worker to try.
    """

    assignment: Assignment
    verdict: Result | Failure | None
    for_another: bool = False


# A slot names no blob: it could name another task's.
_RESULT = tuple(field.name for field in fields(Result) if field.name != "blob")


def encode(verdict: Result | Failure) -> tuple[str, dict[str, Any]]:
    """A verdict as JSON-able data."""
    if isinstance(verdict, Result):  # asdict would copy each text of it
        return "Result", {name: getattr(verdict, name) for name in _RESULT}
    return "Failure", asdict(verdict)


def decode(kind: str, fields: dict[str, Any]) -> Result | Failure:
    """The verdict that `encode` was given."""
    if kind == "Result":
        return Result(**{**parse_result_fields(fields), "blob": None})
    return Failure(**{**fields, "problems": tuple(Problem(**p) for p in fields["problems"])})


@dataclass(frozen=True, slots=True)
class Recorded:
    """An outcome, and the state that it brought its task to; None: the task was not ours."""

    outcome: Outcome
    state: TaskState | None
