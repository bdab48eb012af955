"""The interface of an executor: the local slots of a worker, or those of a Ray cluster."""

from typing import Protocol

from quantumtask.shared.task import Assignment


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

    def submit(self, chunk: list[Assignment]) -> None:
        """Run a chunk; call this only while `free` is above 0."""

    def kill(
        self, task_id: str | None = None, attempt: int | None = None, reason: str = "stopped"
    ) -> None:
        """Kill the slot that runs this attempt, if any; None: every slot that runs one."""

    def stop(self) -> None:
        """End all slots and all threads."""
