"""Processes killed and stopped at random while clients submit and read; afterwards, the books.

The checker knows nothing of how the service works: it reads, over HTTP, what became of every task
that was accepted, and holds its history against the lifecycle.
"""

import os
import random
import signal
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from quantumtask.shared.task import FINAL, MOVES, Status
from tests.postgres import Server
from tests.services import NO_LIMITS, Process, Service, slot_pids, until

SETTINGS = {
    "slots": 1,
    "lease_s": 1.0,
    "renew_s": 0.25,
    "poll_s": 0.1,
    "busy_timeout_s": 2.0,
    "max_crashes": 1000,
    "drain_s": 2.0,
}
"""Short leases, so that a lost worker is noticed soon; and no task is given up, so all complete."""


BLOWS = ("kill_api", "kill_worker", "kill_slot", "stop_worker", "stop_slot", "stop_api")
WITH_SERVER = (*BLOWS, "kill_server", "kill_server")


@dataclass
class Books:
    """What was accepted, with the counts each task must end with; what was done to the service."""

    accepted: dict[str, dict[str, int]] = field(default_factory=dict)
    blows: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)


def circuit(number: int) -> tuple[str, dict[str, int]]:
    """A circuit that gives one bit string, its number, and does some work on the way."""
    flips = "".join(f"x q[{k}];" for k in range(12) if number >> k & 1)
    work = "rx(0.5) q; rx(-0.5) q;" * (1 + number % 7)
    text = f'include "stdgates.inc"; qubit[12] q; bit[12] c; {flips} {work} c = measure q;'
    return text, {f"{number % 4096:012b}": 100}


class Client(threading.Thread):
    """Submits circuits until all are accepted, through whatever happens to the API."""

    def __init__(self, service: Service, numbers: list[int], books: Books) -> None:
        super().__init__(name="client")
        self._service, self._numbers, self._books = service, numbers, books

    def run(self) -> None:
        with httpx.Client(base_url=self._service.url, timeout=10, limits=NO_LIMITS) as http:
            for number in self._numbers:
                text, counts = circuit(number)
                task_id = self._persist(http, text)
                with self._books.lock:
                    self._books.accepted[task_id] = counts
                with suppress(httpx.TransportError):
                    http.get(f"/tasks/{task_id}")

    def _persist(self, http: httpx.Client, text: str) -> str:
        """Submits under one key until there is an answer, as a careful client does."""
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        end = time.monotonic() + 120
        while time.monotonic() < end:
            with suppress(httpx.TransportError):
                answer = http.post("/tasks", json={"circuit": text, "shots": 100}, headers=headers)
                if answer.status_code == 200:
                    return str(answer.json()["task_id"])
                assert answer.status_code in (429, 503), answer.text
            time.sleep(0.05)
        raise AssertionError("nothing was accepted for two minutes")


class Havoc:
    """What can happen at night. Every blow is dealt to a process by its id."""

    def __init__(self, service: Service, books: Books, seed: int, server: Server | None) -> None:
        self._service, self._books, self._random = service, books, random.Random(seed)
        self._server = server
        self.workers = [service.worker, self._new_worker()]

    def wreak(self, blows: Sequence[str], going_on: Callable[[], bool]) -> None:
        """Each blow once and then any of them, until `going_on` is false; then everything runs."""
        turn = 0
        while going_on() or turn < len(blows):
            time.sleep(self._random.uniform(0.1, 0.5))
            blow = blows[turn] if turn < len(blows) else self._random.choice(blows)
            getattr(self, blow)()
            self._books.blows[blow] += 1
            turn += 1

    def kill_api(self) -> None:
        self._service.api.kill()
        self._service.start_api()
        until(lambda: self._service.try_get("/health") == 200, 60, self._service.logs)

    def kill_worker(self) -> None:
        index = self._random.randrange(2)
        self.workers[index].kill()
        self.workers[index] = self._new_worker()

    def kill_slot(self) -> None:
        self._to_a_slot(signal.SIGKILL)

    def stop_worker(self) -> None:
        """Long enough that its lease runs out and another takes over what it has."""
        worker = self._random.choice(self.workers)
        worker.signal(signal.SIGSTOP)
        time.sleep(float(SETTINGS["lease_s"]) + 0.6)
        worker.signal(signal.SIGCONT)

    def stop_slot(self) -> None:
        if pid := self._to_a_slot(signal.SIGSTOP):
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

    def _to_a_slot(self, number: signal.Signals) -> int | None:
        pids = [pid for worker in self.workers for pid in slot_pids(worker)]
        if not pids:
            return None
        pid = self._random.choice(pids)
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        return pid

    def _new_worker(self) -> Process:
        return self._service.start_worker(worker_port=0)


def storm(
    service: Service,
    tasks: int,
    seed: int,
    blows: Sequence[str] = BLOWS,
    clients: int = 8,
    server: Server | None = None,
) -> Books:
    """Submits tasks while the service is beaten; returns when they have all been accepted."""
    books = Books()
    threads = [Client(service, list(range(k, tasks, clients)), books) for k in range(clients)]
    havoc = Havoc(service, books, seed, server)
    for thread in threads:
        thread.start()
    havoc.wreak(blows, lambda: any(thread.is_alive() for thread in threads))
    for thread in threads:
        thread.join()
    return books


def settle(service: Service, books: Books, limit: float) -> None:
    """Gives the service time to finish what it has; does not mind if it can't."""
    end = time.monotonic() + limit
    with suppress(AssertionError):
        until(lambda: service.try_get("/health") == 200, limit)
        for task_id in list(books.accepted):
            while time.monotonic() < end and service.try_get(f"/tasks/{task_id}") == 200:
                if service.get(task_id, wait=1)["status"] != "pending":
                    break


def violations(service: Service, books: Books) -> list[str]:
    """Everything that is wrong with any accepted task."""
    found = []
    for task_id, counts in books.accepted.items():
        answer = service.http.get(f"/tasks/{task_id}")
        if answer.status_code != 200:
            found.append(f"{task_id}: lost ({answer.status_code})")
            continue
        found += [f"{task_id}: {what}" for what in faults(answer.json(), counts)]
    return found


def faults(body: dict[str, Any], counts: dict[str, int]) -> list[str]:
    """What is wrong with one task, given the counts it must end with."""
    found = []
    history = body["history"]
    finals = sum(Status(h["state"]) in FINAL for h in history)
    if finals != 1:
        found.append(f"final {finals} times, state {body['state']}")
    if body["status"] != "completed" or body["result"] != counts:
        found.append(f"{body['status']} with {body.get('result', body.get('error'))}")
    state, holder, attempt = Status.SUBMITTED, None, 0
    for change in history[1:]:
        move = change["move"]
        if state not in MOVES[move].sources:
            found.append(f"{move} from {state}")
        state = Status(change["state"])
        if move == "claim":
            holder, attempt = change["worker"], attempt + 1
        elif change["worker"] not in (None, holder):
            found.append(f"{move} by a worker that had lost its lease")
        if change["attempt"] != attempt:
            found.append(f"{move} at attempt {change['attempt']}, expected {attempt}")
    return found
