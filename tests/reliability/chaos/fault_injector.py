"""Fault injector: ends or stops processes of a service, each by its id."""

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from tests.support.postgres import Server
from tests.support.services import Process, Service, slot_pids, until

FaultCounts = Mapping[str, int]

SETTINGS: dict[str, Any] = {
    "slots": 1,
    "lease_s": 1.0,
    "renew_s": 0.25,
    "poll_s": 0.1,
    "busy_timeout_s": 2.0,
    "max_crashes": 1000,
    "drain_s": 2.0,
}
"""Short leases, so that a lost worker is noticed soon; no task fails because of crashes."""

LONGER_THAN_A_LEASE_S = float(SETTINGS["lease_s"]) + 0.6

SHORT = {
    "kill_api": 2, "kill_worker": 2, "kill_slot": 2, "stop_worker": 2, "stop_slot": 1,
    "stop_api": 1,
}  # fmt: skip
FULL = {
    "kill_api": 60, "kill_worker": 50, "kill_slot": 100, "stop_worker": 50, "stop_slot": 5,
    "stop_api": 5,
}  # fmt: skip
ON_RAY = {**FULL, "kill_slot": 60, "kill_driver": 20, "kill_raylet": 12, "kill_gcs": 8}


class FaultInjector:
    """Causes faults in a service with two workers; a killed process is started again."""

    def __init__(self, service: Service, seed: int, server: Server | None = None) -> None:
        self._service, self._random, self._server = service, random.Random(seed), server
        self._timers: list[threading.Timer] = []
        self.fault_counts: Counter[str] = Counter()
        self.workers = [service.worker, self._new_worker()]

    def inject(self, faults: FaultCounts) -> Iterator[float]:
        """Cause each fault so many times, in random order.

        Yields, before each fault, the part of the faults that is over after it, from 0 to 1. After
        the last fault, all processes run again.
        """
        plan = [fault for fault, times in faults.items() for _ in range(times)]
        self._random.shuffle(plan)
        for number, fault in enumerate(plan, 1):
            yield number / len(plan)
            time.sleep(self._random.uniform(0.05, 0.6))
            getattr(self, fault)()
            self.fault_counts[fault] += 1
        for timer in self._timers:
            timer.join()

    def kill_api(self) -> None:
        self._service.api.kill()
        self._service.start_api()
        until(lambda: self._service.try_get("/health") == 200, 60, self._service.logs)

    def kill_worker(self) -> None:
        index = self._random.randrange(len(self.workers))
        self.workers[index].kill()
        self.workers[index] = self._new_worker()

    def kill_slot(self) -> None:
        self._signal_slot(signal.SIGKILL)

    def stop_worker(self) -> None:
        """Stop a worker for longer than its lease, so that it continues without the lease."""
        worker = self._random.choice(self.workers)
        worker.signal(signal.SIGSTOP)
        timer = threading.Timer(LONGER_THAN_A_LEASE_S, worker.signal, [signal.SIGCONT])
        timer.start()
        self._timers.append(timer)

    def stop_slot(self) -> None:
        pid = self._signal_slot(signal.SIGSTOP)
        time.sleep(0.3)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)

    def stop_api(self) -> None:
        self._service.api.signal(signal.SIGSTOP)
        time.sleep(0.3)
        self._service.api.signal(signal.SIGCONT)

    def kill_server(self) -> None:
        """Stop PostgreSQL at once, and start it again after 0 to 2 s."""
        assert self._server
        self._server.stop()
        time.sleep(self._random.choice((0.0, 0.5, 2.0)))
        self._server.start()

    def _signal_slot(self, signal_: signal.Signals) -> int:
        """Send a signal to a slot, as soon as there is one, and return its process id."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if pids := self.slots():
                pid = self._random.choice(pids)
                with suppress(ProcessLookupError):
                    os.kill(pid, signal_)
                    return pid
            time.sleep(0.02)
        raise AssertionError(f"no slot for a minute\n{self._service.logs()}")

    def slots(self) -> list[int]:
        return [pid for worker in self.workers for pid in slot_pids(worker)]

    def _new_worker(self) -> Process:
        return self._service.start_worker(worker_port=0)
