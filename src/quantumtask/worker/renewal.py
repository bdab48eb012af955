"""Renewal: the regular transaction by which a worker keeps its tasks and shows their progress."""

import time
from collections.abc import Collection

from quantumtask.shared.settings import Settings
from quantumtask.shared.task_progress import TaskProgress
from quantumtask.shared.worker_store import WorkerStore
from quantumtask.worker.executor_protocol import Executor
from quantumtask.worker.progress import AttemptKey
from quantumtask.worker.throughput import ThroughputMeter


class Renewal:
    """Writes the heartbeat, leases and progress of a worker. Belongs to the thread of its loop."""

    def __init__(
        self,
        settings: Settings,
        store: WorkerStore,
        worker: str,
        executor: Executor,
        throughput: ThroughputMeter,
    ) -> None:
        self._renew_s = settings.renew_s
        self._store, self._worker = store, worker
        self._executor, self._throughput = executor, throughput
        self._due_at = 0.0
        self._changed: dict[AttemptKey, TaskProgress] = {}
        self._written: dict[AttemptKey, float | None] = {}  # fractions

    @property
    def due(self) -> bool:
        """True if it is time to write."""
        return time.monotonic() >= self._due_at

    def write(self, held: Collection[AttemptKey]) -> None:
        """Write the heartbeat, and for the attempts that are held the leases and the progress."""
        self._store.heartbeat(self._worker, self._executor.size, self._throughput.rate())
        self._store.renew(self._worker, {task_id for task_id, _ in held})
        self._written = {key: self._written[key] for key in self._written.keys() & held}
        self._changed = {
            key: progress
            for key, progress in self._executor.progress.items()
            if key in held and self._written.get(key, -1.0) != progress.fraction
        }
        self._store.record_progress(self._worker, self._changed)
        self._store.prune()

    def committed(self) -> None:
        """Note that the transaction of `write` has been committed."""
        self._written |= {key: each.fraction for key, each in self._changed.items()}
        self._due_at = time.monotonic() + self._renew_s
