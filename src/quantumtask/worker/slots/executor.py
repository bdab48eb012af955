"""The local executor: the slots of this machine, and the packing of tasks into chunks."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing import forkserver

from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Assignment
from quantumtask.shared.task_progress import TaskProgress
from quantumtask.worker.outcome import AttemptOutcome, Report, TaskSize
from quantumtask.worker.progress import AttemptKey
from quantumtask.worker.slots.slot import CHUNK_LIMIT_S, Slot, SlotMessage

CHUNK_MS = 50.0
"""Predicted work of a full chunk, in milliseconds."""

DIRECT_PATIENCE_S = 2.0
"""Wait for direct runs after which their slots are killed: they should have ended long before."""

MIN_SPLIT_MS = 6.0
"""Predicted work below which a second slot is not used: waking it would take longer."""


class LocalExecutor:
    """An Executor with a thread for each slot, which supervises the child process of the slot.

    `report` is called from those threads; for the last outcomes of a chunk, after its slot is free
    again. `on_fatal` is called if a slot cannot be used any more.
    """

    def __init__(
        self, settings: Settings, report: Report, on_fatal: Callable[[BaseException], None]
    ) -> None:
        count = settings.slot_count
        self._settings = settings
        self._report = report
        self._on_fatal = on_fatal
        self._lock = threading.Lock()
        self._slot_freed = threading.Condition(self._lock)
        self._slots = [Slot(settings, settings.slot_threads) for _ in range(count)]
        self._free = list(self._slots)
        self._large: list[Slot] = []
        self._threads_in_use = 0  # by tasks that are not tiny
        self._direct: list[Slot] = []  # with a direct run
        self._waits = False  # `submit` waits for the end of a direct run
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="slot")

    def warm(self) -> None:
        """Start every child and wait until all are ready."""
        # Not in the thread of a slot: the fork server dies with the thread that started it.
        forkserver.ensure_running()
        list(self._pool.map(Slot.warm, self._slots))

    @property
    def size(self) -> int:
        """Number of slots."""
        return len(self._slots)

    @property
    def free(self) -> int:
        """Number of chunks that can be submitted now; a slot with a direct run counts as free."""
        with self._lock:  # a slot that moves from one to the other must not be counted twice
            return len(self._free) + len(self._direct)

    @property
    def busy(self) -> int:
        """Number of slots that run tasks, those with direct runs included."""
        return len(self._slots) - len(self._free)

    @property
    def progress(self) -> dict[AttemptKey, TaskProgress]:
        """The progress of the attempts that run now, as far as their engines can tell."""
        return {k: progress for s in self._all_slots() for k, progress in s.progress.items()}

    def submit(self, chunk: list[Assignment], size: TaskSize | None = None) -> None:
        """Run a chunk in a free slot, or a task that is larger in a slot of its own."""
        count = size.slots if size else 1
        with self._lock:
            self._wait_for_direct_runs(count)
            threads = self._threads(size)
            slots = [self._free.pop() for _ in range(count)]
            slot = slots[0]
            if (count, threads) != (1, self._settings.slot_threads):
                slot = Slot(self._settings.for_slots(count), threads)
                self._large.append(slot)
            used = 0 if size is None and all(map(_is_tiny, chunk)) else threads
            self._threads_in_use += used
        slot.assign(chunk, elastic=size is None)
        future = self._pool.submit(self._run, slot)
        future.add_done_callback(lambda done: self._on_chunk_end(done, slots, used))

    def _wait_for_direct_runs(self, count: int) -> None:
        """Wait until so many slots are free; no other direct run takes one meanwhile.

        A child that reads no message, or only slowly, would hold the loop of the worker for ever.
        """
        self._waits = True
        while not self._slot_freed.wait_for(lambda: len(self._free) >= count, DIRECT_PATIENCE_S):
            for slot in self._direct:
                slot.kill()
        self._waits = False

    def run_directly(self, chunk: list[Assignment], limit_s: float) -> list[SlotMessage]:
        """Run a chunk in the thread of the caller; return nothing without a slot that is ready.

        `submit` may wait for this slot, and the start of a child can take a minute.

        Args:
            chunk: The tasks.
            limit_s: Seconds after which the slot is killed. `submit` may have to wait as long.
        """
        with self._lock:
            slot = next((each for each in reversed(self._free) if each.is_ready), None)
            if self._waits or slot is None:
                return []
            self._free.remove(slot)
            self._direct.append(slot)
        try:
            slot.assign(chunk, limit_s=limit_s)
            return list(slot.run())
        finally:
            with self._lock:
                self._free.append(slot)
                self._direct.remove(slot)
                self._slot_freed.notify()

    def _threads(self, size: TaskSize | None) -> int:
        """Return the threads of a task: those of its slots, and those that no other task uses."""
        if size is None:
            return self._settings.slot_threads
        own = self._settings.threads_of(size.slots)
        unused = self._settings.threads_of(len(self._slots)) - self._threads_in_use
        return max(own, unused) if size.all_threads else own

    def kill(
        self, task_id: str | None = None, attempt: int | None = None, reason: str = "stopped"
    ) -> None:
        """Kill the slot that runs this attempt, if any; None: every slot that runs one."""
        for slot in self._all_slots():
            slot.kill(task_id, attempt, reason)

    def stop(self) -> None:
        """End all slots and their threads."""
        for slot in self._all_slots():
            slot.kill()
        self._pool.shutdown()
        for slot in self._slots:
            slot.stop()

    def _all_slots(self) -> list[Slot]:
        with self._lock:
            return [*self._slots, *self._large]

    def _run(self, slot: Slot) -> list[AttemptOutcome]:
        """Run the chunk of a slot, and end a larger slot.

        Returns:
            The outcomes of the last message; all others are reported.
        """
        try:
            return self._run_chunk(slot)
        finally:
            if slot in self._large:
                slot.stop()
                with self._lock:
                    self._large.remove(slot)

    def _run_chunk(self, slot: Slot) -> list[AttemptOutcome]:
        last: list[AttemptOutcome] = []
        for message in slot.run():
            if last:
                self._report(last)
            last = message.outcomes
        return last

    def _on_chunk_end(
        self, done: "Future[list[AttemptOutcome]]", slots: list[Slot], threads: int
    ) -> None:
        """Free the slots and the threads of a chunk, and report its last outcomes."""
        with self._lock:
            self._free += slots
            self._slot_freed.notify()
            self._threads_in_use -= threads
        if error := done.exception():
            self._on_fatal(error)
        else:
            self._report(done.result())


def pack_chunks(
    assignments: list[Assignment], slots: int
) -> tuple[list[list[Assignment]], list[Assignment]]:
    """Pack tasks into chunks, at most one for each free slot.

    Tiny tasks share chunks of about CHUNK_MS, spread evenly over the slots if there is more work
    than MIN_SPLIT_MS. A task that is large, has crashed before or has a short time limit gets a
    chunk of its own.

    Returns:
        The chunks, and the tasks that have to wait.
    """
    chunks: list[list[Assignment]] = []
    loads: list[float] = []
    waiting: list[Assignment] = []
    for assignment in assignments:
        load = assignment.cost_ms if _is_tiny(assignment) else float("inf")
        lightest = min(loads, default=float("inf"))
        if lightest + load > MIN_SPLIT_MS and len(chunks) < slots:
            chunks.append([assignment])
            loads.append(load)
        elif lightest + load <= CHUNK_MS:
            index = loads.index(lightest)
            chunks[index].append(assignment)
            loads[index] += load
        else:
            waiting.append(assignment)
    return chunks, waiting


def _is_tiny(assignment: Assignment) -> bool:
    spec = assignment.spec
    return (
        assignment.cost_ms <= CHUNK_MS
        and assignment.crashes == 0
        and spec.timeout_s >= CHUNK_LIMIT_S
    )
