"""The interface of an executor: the local slots of a worker, or those of a Ray cluster."""

from collections.abc import Mapping
from typing import Protocol

from quantumtask.shared.task import Assignment
from quantumtask.shared.task_progress import TaskProgress
from quantumtask.worker.outcome import TaskSize
from quantumtask.worker.progress import AttemptKey


class Executor(Protocol):
    """Runs chunks of assignments and reports an outcome for each assignment."""

    def warm(self) -> None:
        """Start the executor; call this once, before all other methods."""

    @property
    def size(self) -> int:
        """Number of slots."""

    @property
    def free(self) -> int:
        """Number of chunks that can be submitted now."""

    @property
    def busy(self) -> int:
        """Number of slots that run tasks, those with direct runs included."""

    @property
    def progress(self) -> Mapping[AttemptKey, TaskProgress]:
        """The progress of the attempts that run now, as far as their engines can tell."""

    def submit(self, chunk: list[Assignment], size: TaskSize | None = None) -> None:
        """Run a chunk; call this only while so many slots are free.

        Args:
            size: The size of a single task that has requested it, or may not request any; None:
                one slot, and the outcome of a task may be a SlotRequest.
        """

    def kill(
        self, task_id: str | None = None, attempt: int | None = None, reason: str = "stopped"
    ) -> None:
        """Kill the slot that runs this attempt, if any; None: every slot that runs one."""

    def stop(self) -> None:
        """End all slots and all threads."""
