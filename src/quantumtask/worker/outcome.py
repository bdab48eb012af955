"""Outcomes of assignments, and their form as JSON."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from typing import Any, NamedTuple, TypeAlias

from quantumtask.shared.slot_result import clean_slot_text, parse_slot_result
from quantumtask.shared.task import Assignment, Failure, Problem, Result, TaskState


@dataclass(frozen=True)
class SlotRequest:
    """The request of a task for more than its slot, instead of a run.

    Attributes:
        slots: Number of slots whose memory the task needs; 1: it is faster with more threads.
    """

    slots: int


class TaskSize(NamedTuple):
    """The size of the run of a task that has requested more than its slot.

    Attributes:
        slots: Number of slots whose memory the task has.
        all_threads: True: all threads that no other task uses; False: those of its slots.
    """

    slots: int
    all_threads: bool


@dataclass(frozen=True)
class AttemptOutcome:
    """The outcome of an attempt.

    Attributes:
        assignment: The task and its attempt.
        value: The result, the failure or the request for more than a slot; None if the slot was
            lost, which is no fault of the task.
        requeue: If there is no value: True to return the task to the queue, so that another worker
            may run it; False to run it again on this worker.
        received_at: Time of its arrival at the worker, by the monotonic clock.
    """

    assignment: Assignment
    value: Result | Failure | SlotRequest | None
    requeue: bool = False
    received_at: float = field(default_factory=time.monotonic)

    def completion(self) -> tuple[Assignment, Result, float] | None:
        """Return the result with the milliseconds since its arrival; None without a result."""
        if not isinstance(self.value, Result):
            return None
        return self.assignment, self.value, (time.monotonic() - self.received_at) * 1e3


Report = Callable[[list[AttemptOutcome]], None]
"""Callback for outcomes; an executor calls it from its own threads."""


@dataclass(frozen=True, slots=True)
class RecordedOutcome:
    """An outcome and the new state of its task; None if the worker had lost its lease."""

    outcome: AttemptOutcome
    state: TaskState | None


# Only a worker sets the others.
_FIELDS_OF_RESULT = tuple(
    each.name for each in fields(Result) if each.name not in ("blob", "size", "store_ms")
)


Value: TypeAlias = Result | Failure | SlotRequest
"""Value that a slot returns for a task."""


def encode_value(value: Value) -> tuple[str, dict[str, Any]]:
    """Return a value as its kind and a JSON object."""
    if isinstance(value, Result):  # asdict would copy its texts
        return "Result", {name: getattr(value, name) for name in _FIELDS_OF_RESULT}
    return type(value).__name__, asdict(value)


def decode_value(kind: str, fields: dict[str, Any]) -> Value:
    """Return the value that `encode_value` has encoded.

    Raises:
        TypeError: A field is unknown, missing or of a wrong type.
        KeyError: A field is missing.
        ValueError: A number or a text is not possible.
    """
    if kind == "Result":
        return parse_slot_result(fields)
    if kind == "SlotRequest":
        return SlotRequest(**fields)
    problems = tuple(Problem(**problem) for problem in fields["problems"])
    texts = {name: clean_slot_text(fields[name]) for name in ("code", "message")}
    return Failure(**{**fields, **texts, "problems": problems})
