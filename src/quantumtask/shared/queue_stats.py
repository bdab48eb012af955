"""What is known of the tasks that wait: how many, whose, and when one of them may start."""

from dataclasses import dataclass

MAX_TASKS_AHEAD = 1_000
"""How far the tasks ahead of another are counted."""


@dataclass(frozen=True, slots=True)
class OwnerQueue:
    """How many tasks of one owner and priority wait, and how many run."""

    owner: str
    priority: int
    waiting: int
    running: int


@dataclass(frozen=True, slots=True)
class QueueStats:
    """The whole of it. `oldest_at`: since when the longest waits, in seconds since 1970."""

    shares: tuple[OwnerQueue, ...]
    workers: int
    slots: int
    oldest_at: float | None

    @property
    def waiting(self) -> int:
        return sum(share.waiting for share in self.shares)

    @property
    def running(self) -> int:
        return sum(share.running for share in self.shares)


@dataclass(frozen=True, slots=True)
class ExpectedWait:
    """What a new task has to expect: how many wait, and for how long; None: nobody works."""

    waiting: int
    wait_s: float | None
