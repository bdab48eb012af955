"""The states by which lists of tasks are filtered."""

from enum import StrEnum

from quantumtask.shared.task import TaskState


class StateFilter(StrEnum):
    """States to filter tasks by; `pending` is submitted or running."""

    PENDING = "pending"
    SUBMITTED = "submitted"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    def states(self) -> tuple[TaskState, ...]:
        """Return the states of the lifecycle that this filter includes."""
        if self is StateFilter.PENDING:
            return (TaskState.SUBMITTED, TaskState.RUNNING)
        return (TaskState(self.value),)
