"""Leases of workers, and the tasks that are taken from lost workers, as data."""

from dataclasses import dataclass

from quantumtask.shared.task import TaskState


@dataclass(frozen=True, slots=True)
class Lease:
    """The lease under which a worker holds tasks.

    Attributes:
        expires_at: End of the lease in seconds since 1970.
        expired: True if the lease has ended by the database's clock.
    """

    worker: str
    expires_at: float
    expired: bool


@dataclass(frozen=True, slots=True)
class ReclaimedTask:
    """A task that was taken from a lost worker, with its lost attempt and its new state."""

    id: str
    attempt: int
    worker: str
    state: TaskState
