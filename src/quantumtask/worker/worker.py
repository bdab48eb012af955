"""The Worker's loop: record what has ended, claim what waits, give it to the slots."""

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
from quantumtask.shared.task import Assignment, Failure, Result, TaskState
from quantumtask.shared.worker_store import WorkerStore
from quantumtask.worker.lease_monitor import Watch
from quantumtask.worker.outcome import Outcome, Recorded
from quantumtask.worker.ray.executor import RayExecutor
from quantumtask.worker.result_uploader import Keeper
from quantumtask.worker.retention import Housekeeper
from quantumtask.worker.slots.executor import CHUNK_MS, Executor, share_out
from quantumtask.worker.telemetry import metrics
from quantumtask.worker.telemetry.events import Chronicle
from quantumtask.worker.throughput import Pace

log = logging.getLogger(__name__)

EXECUTORS: dict[str, type[Executor | RayExecutor]] = {"local": Executor, "ray": RayExecutor}

IDLE_PAUSE_S = 0.0001
SOME_PAUSE_S = 0.0005  # a slot is at work: what comes meanwhile is better claimed together
LOOK_S = 1.0  # how often all leases are looked at
BUSY_PAUSE_S = 0.005  # all slots are taken: only a cancellation would be news


class Heard(Enum):
    """What may end a worker's sleep."""

    NOTHING = auto()
    RING = auto()
    OUTCOME = auto()


class Worker:
    """Runs tasks until told to stop. `run` belongs to one thread; `ring` and `stop` to any.

    A turn is one transaction: everything that ended is recorded and the next tasks are claimed with
    one commit. What the Worker believes to hold is checked against the Store at every turn, so a
    cancelled task and a lost lease look the same to it: the slot that has the task is killed.
    """

    def __init__(self, settings: Settings) -> None:
        self.id = str(uuid.uuid4())
        self.broken: BaseException | None = None
        self.warm = False
        self._settings = settings
        self._executor = EXECUTORS[settings.executor](settings, self._report, self._break)
        self._store = WorkerStore(settings)
        self._chronicle = Chronicle(settings, self.id)
        self._stopping = threading.Event()
        # No SimpleQueue: its `get` with a timeout may block forever (CPython 3.11 and 3.12).
        self._news: queue.Queue[Outcome | None] = queue.Queue()  # None: a ring
        self._keeper = Keeper(settings, self._store.identity(), self._news.put)
        self._housekeeper = Housekeeper(settings)
        self._held: dict[tuple[str, int], Assignment] = {}
        self._backlog: list[Assignment] = []  # claimed, and not in a slot yet
        self._alone: list[Assignment] = []  # to be run again, one at a time
        self._ended: list[Outcome] = []  # not recorded yet
        self._more = False  # tasks may be waiting beyond what was claimed last
        self._pace = Pace()
        self._watch = Watch(settings)
        self._renew_at = 0.0
        self._look_at = 0.0

    @property
    def busy(self) -> int:
        """How many slots are at work."""
        return self._executor.size - self._executor.free

    @property
    def slots(self) -> int:
        return self._executor.size

    def ring(self) -> None:
        """Somebody is about to write a task, or has just done so: stays awake for a while."""
        self._news.put(None)

    def stop(self) -> None:
        """Claims nothing more, lets running tasks end within the drain time, returns the rest."""
        self._stopping.set()
        self._news.put(None)

    def run(self) -> None:
        """Works until `stop`, or until no slot can be used any more (then `broken` says why)."""
        self._executor.warm()
        self.warm = True
        freeze_gc()
        self._housekeeper.start()
        log.info("ready to run tasks", extra={"worker": self.id, "slots": self.slots})
        while not self._stopping.is_set():
            if self._try_turn() and not (self._more and self._executor.free):
                self._sleep()
        self._drain()

    def _sleep(self) -> None:
        """Until an outcome, a write of another process, or the next poll.

        Whether anything was written costs microseconds to ask. It is asked again after a tenth of
        the time that has passed since there was news, or a ring: so a busy worker hardly waits and
        an idle one hardly asks.
        """
        awake_at = time.monotonic()
        end = awake_at + self._settings.poll_s
        pause = shortest = self._shortest_pause_s()
        while (heard := self._listen(pause)) is not Heard.OUTCOME:
            now = time.monotonic()
            if now >= end or self._stopping.is_set() or self._store_changed():
                break
            if heard is Heard.RING:
                awake_at = now
            pause = max(shortest, (now - awake_at) / 10)

    def _shortest_pause_s(self) -> float:
        if not self._executor.free:
            return BUSY_PAUSE_S
        return SOME_PAUSE_S if self.busy else IDLE_PAUSE_S

    def _listen(self, within_s: float) -> "Heard":
        """What comes before the time is up; an outcome stays to be collected."""
        try:
            news = self._news.get(timeout=within_s)
        except queue.Empty:
            return Heard.NOTHING
        if news is None:
            return Heard.RING
        self._news.put(news)
        return Heard.OUTCOME

    def _store_changed(self) -> bool:
        try:
            return self._store.changed()
        except StoreUnavailable:
            return True

    def _try_turn(self) -> bool:
        try:
            self._turn()
        except StoreUnavailable as error:
            # Nothing is lost: what ended stays in `_ended`, what is held stays leased for a while.
            self._chronicle.unavailable(error)
            time.sleep(0.1)
            return False
        return True

    def _turn(self) -> None:
        self._collect()
        if not self._executor.size:
            self._return_waiting()
        due = time.monotonic() >= self._renew_at
        room = self._room()
        before = set(self._held)
        self._take_over()
        if self._ended or due or room:
            self._write(due, room)
        self._drop_lost(before)
        self._dispatch()

    def _write(self, due: bool, room: int) -> None:
        began_ns = time.time_ns()
        with self._store.transaction(durable=due or bool(self._ended)):
            recorded = self._record(self._ended)
            if due:
                self._renew()
            claim_ns = time.time_ns()
            claimed = self._claim(room) if room else []
        self._chronicle.wrote(recorded, claimed, claim_ns, began_ns)
        if room:
            self._more = sum(a.cost_ms for a in claimed) >= room * CHUNK_MS
        done_ms = sum(o.assignment.cost_ms for o in self._ended)
        self._pace.turn(time.monotonic(), done_ms, waiting=self._more)
        for outcome in self._ended:
            self._held.pop(_key(outcome.assignment), None)
        self._ended = []
        self._held |= {_key(a): a for a in claimed}
        self._backlog += claimed
        if due:
            self._renew_at = time.monotonic() + self._settings.renew_s

    def _claim(self, room: int) -> list[Assignment]:
        began = time.perf_counter()
        claimed = self._store.claim(self.id, room * CHUNK_MS)
        metrics.claimed(len(claimed), time.perf_counter() - began)
        return claimed

    def _room(self) -> int:
        """How many slots could take tasks that are not claimed yet."""
        if self._backlog or self._alone or self._keeper.full or self._stopping.is_set():
            return 0
        return self._executor.free

    def _collect(self) -> None:
        """Takes in what the slots report; what did not finish runs again, alone."""
        while True:
            try:
                outcome = self._news.get_nowait()
            except queue.Empty:
                return
            if outcome is None or _key(outcome.assignment) not in self._held:
                continue
            self._chronicle.ended(outcome)
            again = outcome.verdict is None and not outcome.for_another
            if again and not self._stopping.is_set():
                self._chronicle.retried(outcome.assignment)
                self._alone.append(outcome.assignment)
            else:
                self._ended.append(outcome)

    def _record(self, outcomes: list[Outcome]) -> list[Recorded]:
        """Writes outcomes of tasks that are still ours; the others are another's to write."""
        results = [(o.assignment, o.verdict) for o in outcomes if isinstance(o.verdict, Result)]
        written = self._store.complete(results)
        done = dict.fromkeys(written, TaskState.COMPLETED)
        return [
            Recorded(o, done.get(_key(o.assignment)) or self._record_other(o.assignment, o.verdict))
            for o in outcomes
        ]

    def _record_other(
        self, assignment: Assignment, verdict: Result | Failure | None
    ) -> TaskState | None:
        if verdict is None:
            return TaskState.SUBMITTED if self._store.release(assignment) else None
        if isinstance(verdict, Result):
            return None
        if verdict.code == "worker_crashed":
            return self._record_crash(assignment, verdict)
        return TaskState.FAILED if self._store.fail(assignment, verdict) else None

    def _record_crash(self, assignment: Assignment, failure: Failure) -> TaskState | None:
        crashes = assignment.crashes + 1
        if crashes < self._settings.max_crashes:
            released = self._store.release(assignment, crashed=True)
            return TaskState.SUBMITTED if released else None
        message = f"{failure.message}, for the {crashes}. time: given up"
        failed = self._store.fail(assignment, replace(failure, message=message))
        return TaskState.FAILED if failed else None

    def _renew(self) -> None:
        self._store.heartbeat(self.id, self._executor.size, self._pace.measure())
        self._store.renew(self.id, {task_id for task_id, _ in self._held})
        self._store.prune_shares()

    def _take_over(self) -> None:
        """Gives back to the queue what lost workers had, looking for it now and then."""
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + min(LOOK_S, self._settings.renew_s)
        if lost := self._watch.lost(self._store.leases(), now):
            self._chronicle.swept(self._store.reclaim(lost))

    def _drop_lost(self, before: set[tuple[str, int]]) -> None:
        """Kills what was cancelled or taken from us, of what was held before this turn."""
        suspects = self._held.keys() & before
        if not suspects:
            return
        missing = suspects - self._store.held_attempts(self.id)
        states = self._store.task_states({task_id for task_id, _ in missing}) if missing else {}
        for key in missing:
            lost = self._held.pop(key)
            self._backlog = [a for a in self._backlog if a is not lost]
            self._alone = [a for a in self._alone if a is not lost]
            cancelled = states.get(lost.id) is TaskState.CANCELLED
            self._executor.kill(lost.id, lost.attempt, "cancelled" if cancelled else "lease_lost")
            self._keeper.drop(lost.id, lost.attempt)
            self._chronicle.lost(lost, "cancelled" if cancelled else "taken")

    def _dispatch(self) -> None:
        while self._alone and self._executor.free:
            self._give([self._alone.pop(0)])
        if self._backlog and (free := self._executor.free):
            chunks, self._backlog = share_out(self._backlog, free)
            for chunk in chunks:
                self._give(chunk)

    def _give(self, chunk: list[Assignment]) -> None:
        self._chronicle.started(chunk)
        self._executor.submit(chunk)

    def _drain(self) -> None:
        """Gives back what has not started, waits for what has, kills what takes too long."""
        log.info("draining", extra={"held": len(self._held)})
        self._return_waiting()
        deadline = time.monotonic() + (0 if self.broken else self._settings.drain_s)
        if self.broken:
            self._give_all_back()
        while self._held:
            if time.monotonic() > deadline:
                self._executor.kill()
                self._keeper.give_up()
            if time.monotonic() > deadline + self._settings.busy_timeout_s:
                break  # the leases will run out
            self._try_turn()
            self._listen(0.05)
        self._executor.stop()
        self._leave()

    def _return_waiting(self) -> None:
        """Gives back what no slot has: there will be none for it here, or not soon."""
        self._ended += [Outcome(a, None) for a in (*self._backlog, *self._alone)]
        self._backlog, self._alone = [], []

    def _give_all_back(self) -> None:
        """Ends the slots; what they have not finished goes back to the queue."""
        self._executor.stop()
        self._keeper.give_up()
        self._collect()
        ended = {_key(outcome.assignment) for outcome in self._ended}
        self._ended += [Outcome(a, None) for k, a in self._held.items() if k not in ended]

    def _leave(self) -> None:
        self._housekeeper.stop()
        try:
            self._store.deregister(self.id)
        except StoreUnavailable as error:
            log.warning("store unavailable", extra={"reason": error.message})
        self._store.close()
        self._chronicle.close()
        log.info("stopped", extra={"worker": self.id})

    def _report(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            self._keeper.take(outcome)

    def _break(self, error: BaseException) -> None:
        log.critical("a slot cannot be used any more", extra={"reason": str(error)})
        self.broken = error
        self.stop()


def _key(assignment: Assignment) -> tuple[str, int]:
    return assignment.id, assignment.attempt
