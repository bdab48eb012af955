"""Restart of services that have ended, as `quantumtask up` and Kubernetes do it."""

import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.support.services import Process, Service

LIMIT_S = 120.0


class Keeper:
    """An API and two workers that end at failpoints and are restarted until all were reached."""

    def __init__(self, service: Service, points: dict[str, tuple[str, ...]], times: int) -> None:
        self._service, self._points, self._times = service, points, times
        self._deaths = Path(service.folder / "deaths")
        self._deaths.mkdir()
        self._api = self._start("api")
        self._workers = [self._start("worker"), self._start("worker")]
        self.dealt: Counter[str] = Counter()

    def wreak(self) -> Iterator[float]:
        """Yield the share of deaths that is over with the next one."""
        wanted = self._times * sum(map(len, self._points.values()))
        end = time.monotonic() + LIMIT_S
        drain_at = time.monotonic()
        while (done := self._count()) < wanted and time.monotonic() < end:
            # So much more as time has passed: a point that is reached by few tasks needs more.
            spent = 1 - (end - time.monotonic()) / LIMIT_S
            yield max((done + 1) / wanted, spent)
            time.sleep(0.05)
            self._tend()
            if time.monotonic() > drain_at and self._wanted("release"):
                self._workers.reverse()
                self._workers[0].signal(signal.SIGTERM)  # what it runs goes back
                drain_at = time.monotonic() + 4
        self._settle()

    @property
    def missed(self) -> list[str]:
        """Return the failpoints at which too few processes have ended."""
        names = [name for points in self._points.values() for name in points]
        return [name for name in names if self._died(name) < self._times]

    def _settle(self) -> None:
        """Start the services without failpoints."""
        end = time.monotonic() + LIMIT_S
        while self._service.try_get("/health") != 200 and time.monotonic() < end:
            self._tend()
            time.sleep(0.05)
        self._tend()
        self._count()

    def _tend(self) -> None:
        if self._api.popen.poll() is not None:
            self._api = self._start("api")
        for index, worker in enumerate(self._workers):
            if worker.popen.poll() is not None:
                self._workers[index] = self._start("worker")

    def _start(self, name: str) -> Process:
        points = ",".join(self._points.get(name, ()))
        self._service.runner = [
            "-m", "tests.reliability.chaos.failpoints",
            str(self._deaths), str(self._times), points or "none",
        ]  # fmt: skip
        if name == "api":
            return self._service.start_api()
        return self._service.start_worker(worker_port=0)

    def _wanted(self, place: str) -> bool:
        return any(name.startswith(place) for name in self.missed)

    def _count(self) -> int:
        self.dealt = Counter(file.name.rsplit(".", 2)[0] for file in self._deaths.iterdir())
        return self.dealt.total()

    def _died(self, name: str) -> int:
        return len(list(self._deaths.glob(f"{name}.*")))
