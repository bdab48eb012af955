"""Preemption: a task gives its slot to an owner who has waited and has none.

Two long tasks would otherwise keep everybody else from two slots for a day. A task that gives way
runs again later, from its beginning, and is then promised twice the run that it has lost. So the
lost runs of a task together are shorter than two of its whole runs, and every task comes to its
end.
"""

import time
from collections import Counter
from collections.abc import Collection, Iterable
from typing import NamedTuple

from quantumtask.shared.fair_share import Turn
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Assignment
from quantumtask.shared.worker_store import WorkerStore

PATIENCE_S = 0.5
"""Wait of a task after which its owner counts as waiting in vain."""

PATIENCE_WITH_FREE_SLOTS_S = 5.0
"""The same while other slots become free again and again: the queue gives these to the owner."""

_INTERVAL_S = 0.5
_MAX_SHARE = 0.05  # of the worker's time that the search for starved tasks may take
PROMISE_FACTOR = 2.0
"""Length of the next promised run, in lengths of the lost one."""

Key = tuple[str, int]


class Run(NamedTuple):
    """A task that is alone in its slot: its turn, and the seconds that it has run."""

    turn: Turn
    seconds: float

    @property
    def share(self) -> tuple[str, str]:
        """The project and the owner."""
        return self.turn.share


class FreedSlot(NamedTuple):
    """An attempt that has ended, so that its slot is to be killed.

    Attributes:
        key: The attempt.
        for_queue: The slot is for a task in the queue, and not for one that the worker has claimed.
    """

    key: Key
    for_queue: bool


def choose_run(runs: Collection[Run], rank: int, turn_s: float) -> Run | None:
    """Return the run that gives way: the last one that the owner with most runs has begun.

    Args:
        runs: All runs of the worker.
        rank: The rank of the task that waits; runs of a higher priority do not give way.
        turn_s: The shortest run of a task that has not given way before.
    """
    runs_of = Counter(run.share for run in runs)
    ready = [
        run
        for run in runs
        if run.turn.rank >= rank and run.seconds >= max(turn_s, run.turn.turn_s or 0.0)
    ]
    return max(ready, key=lambda run: (runs_of[run.share], -run.seconds), default=None)


class Preemption:
    """Looks for owners who wait in vain, in the thread of the worker's loop.

    Only tasks that are alone in their slot give way: a chunk of tiny tasks ends soon anyway.
    """

    def __init__(self, settings: Settings, store: WorkerStore, worker: str) -> None:
        self._turn_s = settings.turn_s
        self._store, self._worker = store, worker
        self._begun_at: dict[Key, float] = {}
        self._last_begin = 0.0
        self._due_at = 0.0

    def start(self, chunk: list[Assignment]) -> None:
        """Note the begin of a chunk."""
        self._last_begin = time.monotonic()
        if self._turn_s and len(chunk) == 1:
            self._begun_at[_key(chunk[0])] = self._last_begin

    def due(self, held: Collection[Key]) -> bool:
        """Return True if it is time to look for a task that gives way, and one has had its turn.

        Args:
            held: The attempts that the worker holds.
        """
        now = time.monotonic()
        if not self._begun_at or now < self._due_at:
            return False
        self._begun_at = {key: at for key, at in self._begun_at.items() if key in held}
        return any(now - at >= self._turn_s for at in self._begun_at.values())

    def free_slot(self, waiting: Iterable[Assignment]) -> FreedSlot | None:
        """Make one run give way, if an owner waits in vain; return the slot that is to be killed.

        Args:
            waiting: Tasks that the worker has claimed and that are in no slot.
        """
        began = time.monotonic()
        freed = self._free_slot(began, set(map(_key, waiting)))
        took_s = time.monotonic() - began
        self._due_at = began + max(_INTERVAL_S, took_s / _MAX_SHARE)
        return freed

    def _free_slot(self, now: float, waiting: set[Key]) -> FreedSlot | None:
        turns = {turn.key: turn for turn in self._store.held_turns(self._worker)}
        runs = [Run(turns[k], now - at) for k, at in self._begun_at.items() if k in turns]
        shares = {run.share for run in runs}
        ranks = [
            turn.rank for k, turn in turns.items() if k in waiting and turn.share not in shares
        ]
        patience_s = PATIENCE_S
        if now - self._last_begin < self._turn_s:
            ranks, patience_s = [], PATIENCE_WITH_FREE_SLOTS_S
        starved = None if ranks else self._store.starved_task(patience_s)
        if starved:
            ranks = [starved.rank]
        if not ranks or not (run := choose_run(runs, min(ranks), self._turn_s)):
            return None
        if not self._store.give_way(run.turn, PROMISE_FACTOR * run.seconds, self._worker, starved):
            return None
        return FreedSlot(run.turn.key, for_queue=starved is not None)


def _key(assignment: Assignment) -> Key:
    return assignment.id, assignment.attempt
