"""Faults that end or stop processes, each sent to a process by its id."""

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

Blows = Mapping[str, int]

SETTINGS: dict[str, Any] = {
    "slots": 1,
    "lease_s": 1.0,
    "renew_s": 0.25,
    "poll_s": 0.1,
    "busy_timeout_s": 2.0,
    "max_crashes": 1000,
    "drain_s": 2.0,
}
"""Short leases, so that a lost worker is noticed soon; and no task is given up, so all complete."""

LONGER_THAN_A_LEASE_S = float(SETTINGS["lease_s"]) + 0.6

SHORT = {
    "kill_api": 3, "kill_worker": 3, "kill_slot": 4, "stop_worker": 3, "stop_slot": 1,
    "stop_api": 1,
}  # fmt: skip
FULL = {
    "kill_api": 60, "kill_worker": 50, "kill_slot": 100, "stop_worker": 50, "stop_slot": 5,
    "stop_api": 5,
}  # fmt: skip
ON_RAY = {**FULL, "kill_slot": 60, "kill_bridge": 20, "kill_raylet": 12, "kill_gcs": 8}


class Havoc:
    """Causes faults in a service. Two workers run at any time, except those just killed."""

    def __init__(self, service: Service, seed: int, server: Server | None = None) -> None:
        self._service, self._random, self._server = service, random.Random(seed), server
        self._stopped: list[threading.Timer] = []
        self.dealt: Counter[str] = Counter()
        self.workers = [service.worker, self._new_worker()]

    def wreak(self, blows: Blows) -> Iterator[float]:
        """Cause each fault the given number of times, in random order.

        Yields the share of faults that is over with the next one. All processes run again after
        the last one.
        """
        plan = [blow for blow, times in blows.items() for _ in range(times)]
        self._random.shuffle(plan)
        for number, blow in enumerate(plan, 1):
            yield number / len(plan)
            time.sleep(self._random.uniform(0.05, 0.6))
            getattr(self, blow)()
            self.dealt[blow] += 1
        for timer in self._stopped:
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
        self._to_a_slot(signal.SIGKILL)

    def stop_worker(self) -> None:
        """Stop a worker for longer than its lease, then continue it: it writes after its lease is
        lost.
        """
        worker = self._random.choice(self.workers)
        worker.signal(signal.SIGSTOP)
        timer = threading.Timer(LONGER_THAN_A_LEASE_S, worker.signal, [signal.SIGCONT])
        timer.start()
        self._stopped.append(timer)

    def stop_slot(self) -> None:
        pid = self._to_a_slot(signal.SIGSTOP)
        time.sleep(0.3)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)

    def stop_api(self) -> None:
        self._service.api.signal(signal.SIGSTOP)
        time.sleep(0.3)
        self._service.api.signal(signal.SIGCONT)

    def kill_server(self) -> None:
        """PostgreSQL ends at once, and comes back after a moment that may be long."""
        assert self._server
        self._server.stop()
        time.sleep(self._random.choice((0.0, 0.5, 2.0)))
        self._server.start()

    def _to_a_slot(self, number: signal.Signals) -> int:
        """The slot that was hit, as soon as there is one."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if pids := self.slots():
                pid = self._random.choice(pids)
                with suppress(ProcessLookupError):
                    os.kill(pid, number)
                    return pid
            time.sleep(0.02)
        raise AssertionError(f"no slot for a minute\n{self._service.logs()}")

    def slots(self) -> list[int]:
        return [pid for worker in self.workers for pid in slot_pids(worker)]

    def _new_worker(self) -> Process:
        return self._service.start_worker(worker_port=0)
