"""Readiness of the service, as data."""

from dataclasses import dataclass

NO_HEARTBEAT = "no worker has a recent heartbeat: start `quantumtask worker`, or read its log"


@dataclass(frozen=True)
class Readiness:
    """State of the parts that the service needs to take tasks and run them.

    Attributes:
        reason: The reason why the service is not ready; None if it is.
    """

    database: bool
    worker: bool
    reason: str | None = None

    @property
    def ready(self) -> bool:
        """True if tasks can be taken and run."""
        return self.database and self.worker
