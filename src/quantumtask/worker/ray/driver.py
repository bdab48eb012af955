"""The driver: a process that holds a worker's connection to Ray, and may be lost at any time.

It takes chunks and sends their outcomes; all other state is in Ray. Every event (a message of the
worker, an answer of an actor, a list of nodes) is put into one queue, and one thread handles them.
"""

import json
import os
import pickle
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from quantumtask.shared.processes import kill_on_parent_death
from quantumtask.shared.settings import MIB, Settings
from quantumtask.shared.task import Assignment
from quantumtask.version import __version__
from quantumtask.worker.outcome import AttemptOutcome
from quantumtask.worker.ray import cluster, placement
from quantumtask.worker.ray.cluster import (
    ActorHandle,
    ActorLoss,
    Callback,
    ClusterNode,
    ClusterUnavailable,
    loss_failure,
)
from quantumtask.worker.ray.executor import HEAD_TIMEOUT_S
from quantumtask.worker.ray.messages import (
    Capacity,
    MemoryEstimate,
    RunReply,
    Submit,
    encode_outcome_list,
)
from quantumtask.worker.ray.placement import ActorSlot, ChunkInFlight, NodeCapacity
from quantumtask.worker.ray.worker_connection import WorkerConnection
from quantumtask.worker.slots.slot import CHUNK_LIMIT_S

NODES_INTERVAL_S = 1.0
"""Interval at which the nodes are listed and a sign of life is sent to the worker."""

KILL_INTERVAL_S = 0.1
"""Interval at which the kill of a chunk is repeated until it has ended."""

RUN_GRACE_S = 20.0
"""Time that a slot has beyond the limit of its chunk, before its actor is killed."""

KILL_GRACE_S = 20.0
"""Time that a slot has to kill its child, before its actor is killed."""

NODE_PAUSE_S = 5.0
"""Time for which a node is not used after an actor did not start on it."""

MAX_START_FAILURES = 3
"""Failed starts on a node before an error is logged: on a node that has just died, all fail."""


class RayDriver:
    """Runs chunks in actors on the nodes of a cluster."""

    def __init__(self, worker: WorkerConnection, settings: Settings) -> None:
        self._worker = worker
        self._settings = settings
        # No SimpleQueue: its `get` with a timeout may block for ever (CPython 3.11 and 3.12).
        self._events: queue.Queue[Callable[[], None]] = queue.Queue()
        self._capacities: dict[str, NodeCapacity] = {}
        self._unusable: dict[str, tuple[float, int]] = {}  # node: until when, failed starts
        self._slots: list[ActorSlot] = []
        self._waiting: list[ChunkInFlight] = []
        self._large: list[ChunkInFlight] = []
        self._too_large: list[ChunkInFlight] = []  # for all nodes that are alive now
        self._wait_for_nodes()

    def run(self) -> None:
        """Handle events until the worker closes the connection."""
        for listen in (self._read_messages, self._watch_nodes):
            threading.Thread(target=listen, daemon=True).start()
        while True:
            self._process_events()
            self._schedule()

    # Sources of events, each with a thread of its own

    def _read_messages(self) -> None:
        try:
            while True:
                message = self._worker.receive()
                handle = self._submit if isinstance(message, Submit) else self._kill
                self._events.put(partial(handle, *message))
        except (EOFError, OSError):
            os._exit(0)

    def _watch_nodes(self) -> None:
        lost_at = float("inf")
        while time.monotonic() < lost_at:
            try:
                self._events.put(partial(self._on_nodes, cluster.list_nodes()))
                lost_at = time.monotonic() + HEAD_TIMEOUT_S
            except Exception as error:  # Ray documents no exceptions for an unreachable head
                lost_at = min(lost_at, time.monotonic() + HEAD_TIMEOUT_S)
                self._events.put(partial(self._on_head_unreachable, str(error)))
            time.sleep(NODES_INTERVAL_S)
        os._exit(1)

    def _post(self, handle: Callable[..., None], *arguments: Any) -> Callback:
        """Return a callback for Ray that posts the answer of an actor as an event."""
        return lambda answer, loss: self._events.put(partial(handle, *arguments, answer, loss))

    # The loop

    def _process_events(self) -> None:
        """Wait for an event and handle all events of the queue."""
        killing = any(slot.work and slot.work.kill_reason for slot in self._slots)
        try:
            self._events.get(timeout=KILL_INTERVAL_S if killing else NODES_INTERVAL_S)()
            while True:
                self._events.get_nowait()()
        except queue.Empty:
            pass

    def _schedule(self) -> None:
        """Give waiting chunks to idle slots; report the remaining capacity to the worker."""
        self._enforce_deadlines()
        allocation = placement.allocate(self._large, self._slots, self._capacities)
        for work, slots in allocation.start:
            self._start_large(work, slots)
        reserved = [slot for slot in allocation.reserved if slot in self._slots]
        for slot in [slot for slot in self._slots if slot.idle and slot not in reserved]:
            if self._waiting:
                self._start_chunk(slot, self._waiting.pop(0))
        ready = [slot for slot in self._slots if slot.ready or slot.work]
        chunks = len(ready) - len(reserved) + len(self._large) + len(self._too_large)
        self._worker.report_capacity(Capacity(sum(slot.cores for slot in ready), chunks))

    def _enforce_deadlines(self) -> None:
        """Send kills of cancelled chunks again; kill the actor of a chunk after its deadline."""
        now = time.monotonic()
        for slot in list(self._slots):
            if slot.work and slot.work.kill_reason:
                for task in slot.work.chunk:
                    slot.actor.notify("kill", task.id, task.attempt, slot.work.kill_reason)
            if slot.work and now > slot.work.deadline:
                self._on_slot_lost(slot, ActorLoss.OTHER)

    # Messages of the worker

    def _submit(self, number: int, chunk: list[Assignment]) -> None:
        self._waiting.append(ChunkInFlight(number, chunk))

    def _kill(self, task_id: str | None, attempt: int | None, reason: str) -> None:
        def concerns(work: ChunkInFlight) -> bool:
            return task_id is None or any(
                (task.id, task.attempt) == (task_id, attempt) for task in work.chunk
            )

        for waiting in (self._waiting, self._large, self._too_large):
            for work in filter(concerns, list(waiting)):
                waiting.remove(work)
                self._worker.end_chunk(work.number)
        for slot in [slot for slot in self._slots if slot.work and concerns(slot.work)]:
            self._kill_work(slot, reason)

    def _kill_work(self, slot: ActorSlot, reason: str) -> None:
        """Kill the chunk of a slot; the actor of a large task is no longer needed, either."""
        assert slot.work
        if slot.work.min_memory:
            self._on_slot_lost(slot, ActorLoss.OTHER)
        elif not slot.work.kill_reason:
            slot.work.kill_reason = reason
            slot.work.deadline = time.monotonic() + KILL_GRACE_S

    # Nodes and their actors

    def _on_nodes(self, nodes: list[ClusterNode]) -> None:
        """Update the nodes, and start an actor for every slot of them."""
        before = self._capacities
        self._capacities = placement.node_capacities(nodes, self._settings)
        if before.keys() - self._capacities.keys():
            self._wait_for_nodes()
        self._sort_out_large(before)
        for capacity in self._capacities.values():
            self._reconcile_node(capacity)
        self._request_progress()
        self._worker.require_sign_of_life()

    def _sort_out_large(self, before: dict[str, NodeCapacity]) -> None:
        """Move tasks that now fit no node to `_too_large`; retry them when nodes have changed."""
        aside = [work for work in self._large if work.min_memory > self._max_memory()]
        self._large = [work for work in self._large if work not in aside]
        self._too_large += [ChunkInFlight(work.number, work.chunk) for work in aside]
        if self._capacities.keys() - before.keys() or not self._waits_for_nodes():
            self._waiting, self._too_large = self._waiting + self._too_large, []

    def _wait_for_nodes(self) -> None:
        """Begin a period in which tasks too large for all nodes wait, since more nodes may join."""
        self._nodes_complete_at = time.monotonic() + self._settings.ray_patience_s

    def _waits_for_nodes(self) -> bool:
        return time.monotonic() < self._nodes_complete_at

    def _on_head_unreachable(self, reason: str) -> None:
        self._worker.log("WARNING", "head of the Ray cluster unreachable", reason=reason[:200])

    def _max_memory(self) -> int:
        return max((capacity.max_memory for capacity in self._capacities.values()), default=0)

    def _reconcile_node(self, capacity: NodeCapacity) -> None:
        """Start the actors that a node lacks, or end its surplus idle actors."""
        node = capacity.node.id
        on_node = [slot for slot in self._slots if slot.capacity.node.id == node]
        missing = capacity.slots - sum(slot.cores for slot in on_node)
        if time.monotonic() > self._unusable.get(node, (0.0, 0))[0]:
            for _ in range(missing):
                actor = self._create_actor(capacity, 1, capacity.slot_memory)
                self._add_slot(ActorSlot(capacity, 1, actor))
        for slot in [slot for slot in on_node if slot.idle][: max(0, -missing)]:
            self._remove_slot(slot)

    def _create_actor(self, capacity: NodeCapacity, cores: int, memory: int) -> ActorHandle:
        settings = replace(self._settings, slot_memory_mb=memory // MIB)
        return ActorHandle(capacity.node, settings, cores, memory)

    def _add_slot(self, slot: ActorSlot) -> None:
        self._slots.append(slot)
        slot.actor.call("ready", then=self._post(self._on_ready, slot))

    def _on_ready(self, slot: ActorSlot, version: str | None, loss: ActorLoss | None) -> None:
        if slot not in self._slots:
            return
        if loss or version != __version__:
            self._on_start_failure(slot, version)
            return
        slot.ready = True
        self._unusable.pop(slot.capacity.node.id, None)
        if slot.work:
            self._start_chunk(slot, slot.work)

    def _on_start_failure(self, slot: ActorSlot, version: str | None) -> None:
        """Pause a node on which an actor did not start, or has another version of this package."""
        node = slot.capacity.node
        _, failures = self._unusable.get(node.id, (0.0, 0))
        self._unusable[node.id] = (time.monotonic() + NODE_PAUSE_S, failures + 1)
        if version:
            advice = f"install QuantumTask {__version__} on {node.name}, which has {version}"
        else:
            advice = f"see Ray's logs on {node.name}, and that QuantumTask is installed there"
        if failures == MAX_START_FAILURES:
            self._worker.log("ERROR", "node cannot run circuits", node=node.name, advice=advice)
        self._on_slot_lost(slot, ActorLoss.OTHER)

    def _remove_slot(self, slot: ActorSlot) -> None:
        self._slots.remove(slot)
        slot.actor.kill()

    # Chunks

    def _start_chunk(self, slot: ActorSlot, work: ChunkInFlight) -> None:
        slot.work = work
        limit_s = work.single.spec.timeout_s if work.single else CHUNK_LIMIT_S
        now = time.monotonic()
        work.deadline, work.progress_at = now + limit_s + RUN_GRACE_S, now + NODES_INTERVAL_S
        chunk = pickle.dumps(work.chunk)  # Ray's own pickling takes several times as long
        slot.actor.call("run", chunk, then=self._post(self._on_run_reply, slot, work))

    def _start_large(self, work: ChunkInFlight, slots: list[ActorSlot]) -> None:
        """Replace several actors by a larger one, which starts when Ray has ended the others."""
        self._large.remove(work)
        for slot in slots:
            self._remove_slot(slot)
        capacity, cores = slots[0].capacity, len(slots)
        actor = self._create_actor(capacity, cores, work.min_memory)
        self._add_slot(ActorSlot(capacity, cores, actor, work=work))

    def _request_progress(self) -> None:
        """Ask the actors that are due for the progress of their tasks."""
        now = time.monotonic()
        for slot in self._slots:
            if slot.ready and slot.work and slot.work.single and now >= slot.work.progress_at:
                slot.work.progress_at = now + self._settings.renew_s
                slot.actor.call("progress", then=self._post(self._on_progress, slot, slot.work))

    def _on_progress(
        self, slot: ActorSlot, work: ChunkInFlight, progress: bytes | None, _: ActorLoss | None
    ) -> None:
        if progress and slot.work is work:
            self._worker.send_progress(work.number, progress)

    def _on_run_reply(
        self,
        slot: ActorSlot,
        work: ChunkInFlight,
        reply: RunReply | None,
        loss: ActorLoss | None,
    ) -> None:
        if slot.work is not work:
            return  # the driver has given up the chunk
        if reply is None:
            self._on_slot_lost(slot, loss or ActorLoss.OTHER)
            return
        for outcomes in reply.outcomes:
            self._worker.send_outcomes(work.number, outcomes)
        if not reply.out_of_memory:
            self._finish(slot, work)
        elif self._may_move(slot, work):
            self._request_memory_estimate(slot, work, reply.out_of_memory)
        else:
            self._worker.send_outcomes(work.number, reply.out_of_memory)
            self._finish(slot, work)

    def _may_move(self, slot: ActorSlot, work: ChunkInFlight) -> bool:
        """Return True if a task that had too little memory may run in a larger slot."""
        larger = self._max_memory() > slot.capacity.slot_memory or self._waits_for_nodes()
        return larger and not work.min_memory and not work.kill_reason

    def _request_memory_estimate(
        self, slot: ActorSlot, work: ChunkInFlight, failure: bytes
    ) -> None:
        """Ask the actor for the memory that a task needs."""
        [[task_id, *_]] = json.loads(failure)
        task = next(task for task in work.chunk if task.id == task_id)
        self._worker.end_chunk(work.number, retained=task_id)
        then = self._post(self._on_memory_estimate, slot, work, task)
        slot.actor.call("estimate_memory", task, failure, self._max_memory(), then=then)

    def _on_memory_estimate(
        self,
        slot: ActorSlot,
        work: ChunkInFlight,
        task: Assignment,
        estimate: MemoryEstimate | None,
        loss: ActorLoss | None,
    ) -> None:
        if slot.work is not work:
            return
        if estimate is None:
            self._on_slot_lost(slot, loss or ActorLoss.OTHER)
            return
        needed = placement.retry_memory(estimate.memory_bytes, slot.capacity)
        fits = estimate.memory_bytes > 0 and needed <= self._max_memory()
        if fits and not work.kill_reason:
            self._large.append(ChunkInFlight(work.number, [task], needed))
            slot.work = None
        elif self._waits_for_nodes() and not work.kill_reason:
            self._too_large.append(ChunkInFlight(work.number, [task]))
            slot.work = None
        else:
            self._worker.send_outcomes(work.number, estimate.failure)
            self._finish(slot, work)

    def _finish(self, slot: ActorSlot, work: ChunkInFlight) -> None:
        slot.work = None
        self._worker.end_chunk(work.number)
        if work.min_memory:
            self._remove_slot(slot)

    def _on_slot_lost(self, slot: ActorSlot, loss: ActorLoss) -> None:
        """Remove a slot whose actor is lost, or is to be killed, and end its chunk."""
        self._remove_slot(slot)
        work, slot.work = slot.work, None
        if work is None:
            return
        task = work.single
        if task and not work.kill_reason and (failure := loss_failure(loss, slot.capacity.node)):
            self._worker.send_outcomes(
                work.number, encode_outcome_list([AttemptOutcome(task, failure)])
            )
        self._worker.end_chunk(work.number)


def main() -> None:
    """Run `python -m quantumtask.worker.ray.driver FD PARENT`.

    FD is the connection to the worker, PARENT the process id of the worker.
    """
    worker = WorkerConnection(Connection(int(sys.argv[1])))
    kill_on_parent_death(signal.SIGKILL, parent=int(sys.argv[2]))
    settings = worker.receive_settings()
    driver = RayDriver(worker, settings)
    try:
        cluster.connect_cluster(settings.ray_address)
        driver.run()
    except ClusterUnavailable as error:
        worker.log("ERROR", str(error))
    except Exception as error:  # any fault: the output of this process is discarded
        worker.log("CRITICAL", "Ray driver failed", reason=repr(error))


if __name__ == "__main__":
    main()
