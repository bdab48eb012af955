"""The worker's loop: records outcomes, claims waiting tasks, gives them to the executor."""

import logging
import queue
import threading
import time
import uuid
from dataclasses import replace
from enum import Enum, auto

from quantumtask.shared.errors import StoreUnavailable
from quantumtask.shared.processes import freeze_gc
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Assignment, Failure, FailureCode, Result, TaskState
from quantumtask.shared.worker_store import WorkerStore
from quantumtask.worker.direct_runs import DirectRunServer
from quantumtask.worker.executors import open_executor
from quantumtask.worker.large_tasks import LargeTasks
from quantumtask.worker.lease_monitor import LeaseMonitor
from quantumtask.worker.outcome import (
    AttemptOutcome,
    RecordedOutcome,
    SlotRequest,
    TaskSize,
)
from quantumtask.worker.preemption import Preemption
from quantumtask.worker.renewal import Renewal
from quantumtask.worker.result_uploader import ResultUploader
from quantumtask.worker.retention import RetentionThread
from quantumtask.worker.slots.executor import CHUNK_MS, pack_chunks
from quantumtask.worker.telemetry import metrics
from quantumtask.worker.telemetry.events import WorkerEvents
from quantumtask.worker.throughput import ThroughputMeter

log = logging.getLogger(__name__)

IDLE_PAUSE_S = 0.0001
SOME_BUSY_PAUSE_S = 0.0005  # tasks that arrive meanwhile are better claimed together
ALL_BUSY_PAUSE_S = 0.005  # without a free slot, only a cancellation needs the worker
RECLAIM_INTERVAL_S = 1.0


class WakeReason(Enum):
    """Reasons for the end of a worker's sleep."""

    TIMEOUT = auto()
    DOORBELL = auto()
    OUTCOME = auto()


class Worker:
    """Runs tasks until it is stopped. `run` belongs to one thread; `ring` and `stop` to any.

    Each iteration is one transaction: it records all outcomes and claims the next tasks with one
    commit. The worker compares the attempts that it believes to hold with those in the Store at
    every iteration. So it handles a cancelled task and a lost lease alike: it kills the slot.
    """

    def __init__(self, settings: Settings) -> None:
        self.id = str(uuid.uuid4())
        self.fatal_error: BaseException | None = None
        self.warm = False
        self._settings = settings
        self._executor = open_executor(settings, self._report, self._on_fatal)
        self._direct = DirectRunServer(settings, self.id, self._executor, self._has_waiting)
        self._store = WorkerStore(settings)
        self._events = WorkerEvents(settings, self.id)
        self._stopping = threading.Event()
        # No SimpleQueue: its `get` with a timeout may block for ever (CPython 3.11 and 3.12).
        self._inbox: queue.Queue[AttemptOutcome | None] = queue.Queue()  # None: the doorbell
        self._uploader = ResultUploader(settings, self._store.identity(), self._inbox.put)
        self._retention = RetentionThread(settings)
        self._held: dict[tuple[str, int], Assignment] = {}
        self._backlog: list[Assignment] = []  # claimed, but not in a slot yet
        self._retries: list[Assignment] = []  # to run again, each alone in a slot
        self._large = LargeTasks()  # to run again, each with more than a slot
        self._outcomes: list[AttemptOutcome] = []  # not recorded yet
        self._more_waiting = False  # the last claim has filled its budget
        self._preemption = Preemption(settings, self._store, self.id)
        self._throughput = ThroughputMeter()
        self._lease_monitor = LeaseMonitor(settings)
        self._event_at = 0.0  # the last outcome, doorbell or write by another process
        self._renewal = Renewal(settings, self._store, self.id, self._executor, self._throughput)
        self._reclaim_at = 0.0

    @property
    def busy(self) -> int:
        """Number of slots that run tasks."""
        return self._executor.busy

    @property
    def slots(self) -> int:
        """Number of slots."""
        return self._executor.size

    def ring(self) -> None:
        """Stay awake for a while, because a task is about to be written or was just written."""
        self._inbox.put(None)

    def stop(self) -> None:
        """Stop claiming, let running tasks end within the drain time, requeue the rest."""
        self._stopping.set()
        self._inbox.put(None)

    def run(self) -> None:
        """Work until `stop`, or until no slot can be used any more; see `fatal_error`."""
        self._executor.warm()
        self.warm = True
        freeze_gc()
        self._retention.start()
        self._direct.start()
        log.info("ready to run tasks", extra={"worker": self.id, "slots": self.slots})
        while not self._stopping.is_set():
            if self._try_iteration() and not (self._more_waiting and self._unreserved_slots()):
                self._sleep()
        self._drain()

    def _sleep(self) -> None:
        """Wait for an outcome, a write by another process, or the next poll.

        The check for writes takes microseconds. A busy worker makes it often and an idle one
        rarely: after a tenth of the time since the last event, or of the time between polls.
        """
        poll_s, shortest = self._settings.poll_s, self._shortest_pause_s()
        end = time.monotonic() + poll_s
        while not self._stopping.is_set():
            idle_s = time.monotonic() - self._event_at
            reason = self._wait_event(max(shortest, min(idle_s, poll_s) / 10))
            changed = reason is WakeReason.OUTCOME or self._store_changed()
            if changed or reason is WakeReason.DOORBELL:
                self._event_at = time.monotonic()
            if changed or time.monotonic() >= end:
                return

    def _shortest_pause_s(self) -> float:
        if not self._executor.free:
            return ALL_BUSY_PAUSE_S
        return SOME_BUSY_PAUSE_S if self._executor.free < self._executor.size else IDLE_PAUSE_S

    def _wait_event(self, timeout_s: float) -> WakeReason:
        """Wait for an event; an outcome stays in the inbox."""
        try:
            event = self._inbox.get(timeout=timeout_s)
        except queue.Empty:
            return WakeReason.TIMEOUT
        if event is None:
            return WakeReason.DOORBELL
        self._inbox.put(event)
        return WakeReason.OUTCOME

    def _store_changed(self) -> bool:
        """Return True if another process has written something that concerns this worker."""
        try:
            return self._store.changed() and (bool(self._held) or self._store.has_waiting())
        except StoreUnavailable:
            return True

    def _try_iteration(self) -> bool:
        try:
            self._iterate()
        except StoreUnavailable as error:
            # Nothing is lost: unrecorded outcomes stay in `_outcomes`, and leases last a while.
            self._events.store_unavailable(error)
            time.sleep(0.1)
            return False
        return True

    def _iterate(self) -> None:
        self._collect()
        if not self._executor.size:
            self._requeue_waiting()
        renewal_due = self._renewal.due
        free_slots = self._free_slots()
        held_before = set(self._held)
        self._reclaim_expired()
        if self._outcomes or renewal_due or free_slots:
            self._write(renewal_due, free_slots)
        self._drop_lost(held_before)
        self._preempt()
        self._dispatch()

    def _write(self, renewal_due: bool, free_slots: int) -> None:
        began_ns = time.time_ns()
        with self._store.transaction(durable=renewal_due or bool(self._outcomes)):
            recorded = self._record(self._outcomes)
            if renewal_due:
                self._renewal.write(self._held.keys())
            claim_ns = time.time_ns()
            claimed = self._claim(free_slots) if free_slots else []
        self._events.committed(recorded, claimed, claim_ns, began_ns)
        if free_slots:
            claimed_ms = sum(assignment.cost_ms for assignment in claimed)
            self._more_waiting = claimed_ms >= free_slots * CHUNK_MS
        work_ms = sum(outcome.assignment.cost_ms for outcome in self._outcomes)
        self._throughput.record(time.monotonic(), work_ms, waiting=self._more_waiting)
        for outcome in self._outcomes:
            self._held.pop(_key(outcome.assignment), None)
        self._outcomes = []
        self._held |= {_key(assignment): assignment for assignment in claimed}
        self._backlog += claimed
        if renewal_due:
            self._renewal.committed()

    def _claim(self, free_slots: int) -> list[Assignment]:
        began = time.perf_counter()
        claimed = self._store.claim(self.id, free_slots * CHUNK_MS)
        metrics.claimed(len(claimed), time.perf_counter() - began)
        return claimed

    def _free_slots(self) -> int:
        """Return the number of slots to claim tasks for."""
        if self._backlog or self._retries or self._uploader.saturated or self._stopping.is_set():
            return 0
        return self._unreserved_slots()

    def _has_waiting(self) -> bool:
        """Return True if tasks wait that are stored; threads of direct runs ask."""
        waiting = self._backlog or self._retries or self._large.assignments or self._more_waiting
        return bool(waiting) or self._stopping.is_set()

    def _unreserved_slots(self) -> int:
        """Return the number of free slots that no large task waits for."""
        return max(0, self._executor.free - self._large.reserved)

    def _collect(self) -> None:
        """Take all outcomes from the inbox; a task whose slot was lost is to run again, alone."""
        while True:
            try:
                outcome = self._inbox.get_nowait()
            except queue.Empty:
                return
            if outcome is None or _key(outcome.assignment) not in self._held:
                continue
            self._events.ended(outcome)
            if isinstance(outcome.value, SlotRequest) and not self._stopping.is_set():
                self._large.add(outcome.assignment, outcome.value)
                continue
            retry = outcome.value is None and not outcome.requeue
            if retry and not self._stopping.is_set():
                self._events.retried(outcome.assignment)
                self._retries.append(outcome.assignment)
            else:
                self._outcomes.append(outcome)

    def _record(self, outcomes: list[AttemptOutcome]) -> list[RecordedOutcome]:
        """Write the outcomes of attempts that this worker still holds."""
        results = [completion for each in outcomes if (completion := each.completion())]
        completed = dict.fromkeys(self._store.complete(results), TaskState.COMPLETED)
        return [
            RecordedOutcome(
                outcome, completed.get(_key(outcome.assignment)) or self._record_other(outcome)
            )
            for outcome in outcomes
        ]

    def _record_other(self, outcome: AttemptOutcome) -> TaskState | None:
        """Write an outcome without a result; return the new state, None if the lease is lost."""
        assignment, value = outcome.assignment, outcome.value
        if value is None or isinstance(value, SlotRequest):
            return TaskState.SUBMITTED if self._store.release(assignment) else None
        if isinstance(value, Result):
            return None
        if value.code == FailureCode.WORKER_CRASHED:
            return self._record_crash(assignment, value)
        return TaskState.FAILED if self._store.fail(assignment, value) else None

    def _record_crash(self, assignment: Assignment, failure: Failure) -> TaskState | None:
        crashes = assignment.crashes + 1
        if crashes < self._settings.max_crashes:
            released = self._store.release(assignment, crashed=True)
            return TaskState.SUBMITTED if released else None
        message = f"{failure.message}; crash {crashes} of {self._settings.max_crashes}, not retried"
        failed = self._store.fail(assignment, replace(failure, message=message))
        return TaskState.FAILED if failed else None

    def _reclaim_expired(self) -> None:
        """Return the tasks of lost workers to the queue, once in an interval."""
        now = time.monotonic()
        if now < self._reclaim_at:
            return
        self._reclaim_at = now + min(RECLAIM_INTERVAL_S, self._settings.renew_s)
        if lost := self._lease_monitor.find_lost(self._store.leases(), now):
            self._events.reclaimed(self._store.reclaim(lost))

    def _drop_lost(self, held_before: set[tuple[str, int]]) -> None:
        """Kill each attempt whose lease is lost; check only attempts held before this iteration."""
        candidates = self._held.keys() & held_before
        if not candidates:
            return
        lost = candidates - self._store.held_attempts(self.id)
        states = self._store.task_states({task_id for task_id, _ in lost}) if lost else {}
        for key in lost:
            assignment = self._remove_held(key)
            cancelled = states.get(assignment.id) is TaskState.CANCELLED
            self._executor.kill(*key, "cancelled" if cancelled else "lease_lost")
            self._uploader.cancel(*key)
            self._events.lease_lost(assignment, "cancelled" if cancelled else "taken")

    def _remove_held(self, key: tuple[str, int]) -> Assignment:
        """Remove an attempt that this worker has lost, wherever it waits for a slot."""
        assignment = self._held.pop(key)
        self._backlog = [each for each in self._backlog if each is not assignment]
        self._retries = [each for each in self._retries if each is not assignment]
        self._large.remove(assignment)
        return assignment

    def _preempt(self) -> None:
        """Kill one slot if all are busy and an owner without any waits in vain."""
        if self._unreserved_slots() or not self._preemption.due(self._held):
            return
        waiting = (*self._backlog, *self._retries, *self._large.assignments)
        if freed := self._preemption.free_slot(waiting):
            self._events.preempted(self._remove_held(freed.key))
            if freed.for_queue:
                self._requeue_waiting()
            self._executor.kill(*freed.key, "preempted")
            self._uploader.cancel(*freed.key)

    def _dispatch(self) -> None:
        while self._retries and self._unreserved_slots():
            self._submit([self._retries.pop(0)])
        if self._backlog and (free := self._unreserved_slots()):
            chunks, self._backlog = pack_chunks(self._backlog, free)
            for chunk in chunks:
                self._submit(chunk)
        others_wait = bool(self._retries or self._backlog or self._more_waiting)
        while start := self._large.take_first(self._executor.free, others_wait=others_wait):
            assignment, size = start
            self._submit([assignment], size)

    def _submit(self, chunk: list[Assignment], size: TaskSize | None = None) -> None:
        self._events.started(chunk)
        self._preemption.start(chunk)
        self._executor.submit(chunk, size)

    def _drain(self) -> None:
        """Requeue tasks that have not started; wait for running tasks, then kill late ones."""
        self._direct.stop()
        log.info("draining", extra={"held": len(self._held)})
        self._requeue_waiting()
        deadline = time.monotonic() + (0 if self.fatal_error else self._settings.drain_s)
        if self.fatal_error:
            self._requeue_all()
        while self._held:
            if time.monotonic() > deadline:
                self._executor.kill()
                self._uploader.cancel_all()
            if time.monotonic() > deadline + self._settings.busy_timeout_s:
                break  # the leases will expire
            self._try_iteration()
            self._wait_event(0.05)
        self._executor.stop()
        self._close()

    def _requeue_waiting(self) -> None:
        """Requeue the tasks that are in no slot: no slot will be free for them soon."""
        waiting = (*self._backlog, *self._retries, *self._large.take_all())
        self._outcomes += [AttemptOutcome(each, None) for each in waiting]
        self._backlog, self._retries = [], []

    def _requeue_all(self) -> None:
        """End all slots and requeue all tasks without an outcome."""
        self._executor.stop()
        self._uploader.cancel_all()
        self._collect()
        ended = {_key(outcome.assignment) for outcome in self._outcomes}
        self._outcomes += [
            AttemptOutcome(each, None) for k, each in self._held.items() if k not in ended
        ]

    def _close(self) -> None:
        self._retention.stop()
        try:
            self._store.deregister(self.id)
        except StoreUnavailable as error:
            log.warning("store unavailable", extra={"reason": error.message})
        self._store.close()
        self._events.close()
        log.info("stopped", extra={"worker": self.id})

    def _report(self, outcomes: list[AttemptOutcome]) -> None:
        for outcome in outcomes:
            self._uploader.submit(outcome)

    def _on_fatal(self, error: BaseException) -> None:
        log.critical("slot unusable: worker stopping", extra={"reason": str(error)})
        self.fatal_error = error
        self.stop()


def _key(assignment: Assignment) -> tuple[str, int]:
    return assignment.id, assignment.attempt
