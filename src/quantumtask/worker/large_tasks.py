"""The tasks of a worker that have requested more than a slot and have not started again."""

from quantumtask.shared.task import Assignment
from quantumtask.worker.outcome import SlotRequest, TaskSize


class LargeTasks:
    """A queue of requests for larger slots, for one thread.

    The first request reserves the slots that it needs: no other task starts in these slots, so that
    the request waits at most for the tasks that run now.
    """

    def __init__(self) -> None:
        self._requests: list[tuple[Assignment, SlotRequest]] = []

    def add(self, assignment: Assignment, request: SlotRequest) -> None:
        """Add the request of a task."""
        self._requests.append((assignment, request))

    def remove(self, assignment: Assignment) -> None:
        """Remove a task that has lost its lease, if it is here."""
        self._requests = [each for each in self._requests if each[0] is not assignment]

    @property
    def assignments(self) -> list[Assignment]:
        """All tasks."""
        return [assignment for assignment, _ in self._requests]

    def take_all(self) -> list[Assignment]:
        """Remove and return all tasks."""
        assignments, self._requests = self.assignments, []
        return assignments

    @property
    def reserved(self) -> int:
        """Number of slots that the first task needs."""
        return self._requests[0][1].slots if self._requests else 0

    def take_first(self, free: int, *, others_wait: bool) -> tuple[Assignment, TaskSize] | None:
        """Remove and return the first task and its size, if it can start.

        Args:
            free: The number of free slots.
            others_wait: True: other tasks need the threads that no task uses.
        """
        if not self._requests or free < self.reserved:
            return None
        assignment, request = self._requests.pop(0)
        return assignment, TaskSize(request.slots, all_threads=not others_wait)
