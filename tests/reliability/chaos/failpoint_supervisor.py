"""Supervisor of services that end at failpoints: restarts them, as `quantumtask up` does."""

import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.reliability.chaos.outages import ready_workers
from tests.support.services import Process, Service, until

LIMIT_S = 120.0


class FailpointSupervisor:
    """Runs an API and two workers, and restarts them until every failpoint was reached."""

    def __init__(self, service: Service, points: dict[str, tuple[str, ...]], times: int) -> None:
        self._service, self._points, self._times = service, points, times
        self._marks = Path(service.folder / "failpoints")
        self._marks.mkdir()
        self._reachable: Process | None = None
        self._api = self._start("api")
        self._workers = [self._start("worker"), self._start("worker")]
        self.fault_counts: Counter[str] = Counter()

    def inject(self) -> Iterator[float]:
        """Restart ended processes, and yield the progress, from 0 to 1, after each check.

        The first tasks are submitted when a worker is ready: no task runs directly before.
        """
        until(lambda: ready_workers(self._service) == len(self._workers), 60, self._service.logs)
        total = self._times * sum(map(len, self._points.values()))
        end = time.monotonic() + LIMIT_S
        drain_at = time.monotonic()
        while (ends := self._count()) < total and time.monotonic() < end:
            # More tasks as time passes, because few tasks reach some of the failpoints.
            elapsed = 1 - (end - time.monotonic()) / LIMIT_S
            yield max((ends + 1) / total, elapsed)
            time.sleep(0.05)
            self._restart_ended()
            if time.monotonic() > drain_at and self._misses("release"):
                self._workers.reverse()
                self._workers[0].signal(signal.SIGTERM)  # the worker releases its tasks
                drain_at = time.monotonic() + 4
        self._finish()

    @property
    def missed(self) -> list[str]:
        """Return the failpoints at which too few processes have ended."""
        names = [name for points in self._points.values() for name in points]
        return [name for name in names if self._end_count(name) < self._times]

    def _finish(self) -> None:
        """Restart ended processes until the API is healthy."""
        end = time.monotonic() + LIMIT_S
        while self._service.try_get("/health") != 200 and time.monotonic() < end:
            self._restart_ended()
            time.sleep(0.05)
        self._restart_ended()
        self._count()

    def _restart_ended(self) -> None:
        if self._api.popen.poll() is not None:
            self._api = self._start("api")
        for index, worker in enumerate(self._workers):
            if worker.popen.poll() is not None:
                self._workers[index] = self._start("worker")

    def _start(self, name: str) -> Process:
        points = ",".join(self._points.get(name, ()))
        self._service.runner = [
            "-m", "tests.reliability.chaos.failpoints",
            str(self._marks), str(self._times), points or "none",
        ]  # fmt: skip
        if name == "api":
            return self._service.start_api()
        if self._reachable and self._reachable.popen.poll() is None:
            return self._service.start_worker(worker_port=0)
        self._reachable = self._service.start_worker()  # the port of the doorbell and direct runs
        return self._reachable

    def _misses(self, place: str) -> bool:
        return any(name.startswith(place) for name in self.missed)

    def _count(self) -> int:
        self.fault_counts = Counter(file.name.rsplit(".", 2)[0] for file in self._marks.iterdir())
        return self.fault_counts.total()

    def _end_count(self, name: str) -> int:
        return len(list(self._marks.glob(f"{name}.*")))
