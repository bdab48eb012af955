"""The slots of this machine: work in by chunks, outcomes out."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing import forkserver

from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Assignment
from quantumtask.worker.outcome import Outcome
from quantumtask.worker.slots.slot import CHUNK_LIMIT_S, Report, Slot

CHUNK_MS = 50.0
"""About how much predicted work travels to a slot at once."""

WORTH_MS = 1.0
"""Less work than this is not worth the waking of a second slot."""


class Executor:
    """A thread for each slot, which supervises the slot's child process.

    `report` is called from those threads with outcomes, one for every assignment that was
    submitted; the last of a chunk come when its slot is free again. `failed` is called when a slot
    cannot be used any more.
    """

    def __init__(
        self,
        settings: Settings,
        report: Report,
        failed: Callable[[BaseException], None],
    ) -> None:
        count = settings.slot_count
        self._report = report
        self._failed = failed
        self._lock = threading.Lock()
        self._slots = [Slot(settings, settings.slot_threads, report) for _ in range(count)]
        self._free = list(self._slots)
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="slot")

    def warm(self) -> None:
        """Starts every child and waits until all are ready."""
        # Here and not in a slot's thread: the fork server dies with the thread that started it.
        forkserver.ensure_running()
        list(self._pool.map(Slot.warm, self._slots))

    @property
    def size(self) -> int:
        return len(self._slots)

    @property
    def free(self) -> int:
        """How many chunks could be submitted now."""
        return len(self._free)

    def submit(self, chunk: list[Assignment]) -> None:
        """Gives a chunk to a free slot."""
        with self._lock:
            slot = self._free.pop()
        slot.assign(chunk)
        future = self._pool.submit(slot.run)
        future.add_done_callback(lambda ended: self._freed(ended, slot))

    def kill(
        self, task_id: str | None = None, attempt: int | None = None, why: str = "stopped"
    ) -> None:
        """Kills the slot that runs this attempt, if any does; None: every slot that runs one."""
        for slot in self._slots:
            slot.kill(task_id, attempt, why)

    def stop(self) -> None:
        """Ends all slots, and the threads with them."""
        for slot in self._slots:
            slot.kill()
        self._pool.shutdown()
        for slot in self._slots:
            slot.stop()

    def _freed(self, ended: "Future[list[Outcome]]", slot: Slot) -> None:
        with self._lock:
            self._free.append(slot)
        if error := ended.exception():
            self._failed(error)
        else:
            self._report(ended.result())


def share_out(
    assignments: list[Assignment], slots: int
) -> tuple[list[list[Assignment]], list[Assignment]]:
    """Splits work over free slots; returns one chunk a slot, and what has to wait.

    Tiny tasks share chunks of about CHUNK_MS predicted work, evenly over the slots once there is
    more of it than WORTH_MS; a large one, one that has crashed before, or one with a short time
    limit goes alone.
    """
    chunks: list[list[Assignment]] = []
    loads: list[float] = []
    waiting: list[Assignment] = []
    for assignment in assignments:
        load = assignment.cost_ms if _tiny(assignment) else float("inf")
        lightest = min(loads, default=float("inf"))
        if lightest + load > WORTH_MS and len(chunks) < slots:
            chunks.append([assignment])
            loads.append(load)
        elif lightest + load <= CHUNK_MS:
            index = loads.index(lightest)
            chunks[index].append(assignment)
            loads[index] += load
        else:
            waiting.append(assignment)
    return chunks, waiting


def _tiny(assignment: Assignment) -> bool:
    spec = assignment.spec
    return (
        assignment.cost_ms <= CHUNK_MS
        and assignment.crashes == 0
        and spec.timeout_s >= CHUNK_LIMIT_S
    )
