"""Outages of a service whose processes live on: no server, no disk space, a lock, a wrong clock."""

import os
import signal
import subprocess
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from pathlib import Path

import apsw
import httpx
import psycopg

from quantumtask.shared.settings import Settings
from tests.reliability.chaos.clock import Clock
from tests.reliability.chaos.journal import Journal
from tests.support.postgres import Server
from tests.support.services import BELL, Process, Service, slot_pids, until

BACK_S = 10.0
"""How soon a service must take and run a task again once its trouble is over."""

HOUR_S = 3600

PROBE = {"circuit": BELL, "priority": 10}
"""A task that goes before all that waits: whether tasks run is the question, not how many do."""


class Trouble:
    """Causes one kind of outage, and measures each time how soon the service is back.

    The time runs from the end of the outage, or from its beginning if the service itself recovers.
    """

    def __init__(
        self, service: Service, name: str, deal: Callable[[int], None], *, whole: bool = False
    ) -> None:
        self._service, self._name, self._deal, self._whole = service, name, deal, whole
        # As long as we live: a server that it starts dies with it.
        self._thread = ThreadPoolExecutor(1)
        self.dealt: Counter[str] = Counter()
        self.recoveries: list[float] = []

    def wreak(self, times: int) -> Iterator[float]:
        """Cause the outage the given number of times; yield the share of tasks to submit
        meanwhile.
        """
        for number in range(times):
            began = time.monotonic()
            dealing = self._thread.submit(self._deal, number)
            wait([dealing], timeout=0.3)  # it has begun
            yield (number + 1) / times
            dealing.result()
            self.dealt[self._name] += 1
            took = time.monotonic() - began if self._whole else 0.0
            self.recoveries.append(took + back(self._service))


def back(service: Service) -> float:
    """Return the seconds until the service has accepted a task and run it."""
    book, key, began = Journal(service.folder / "journal"), uuid.uuid4().hex, time.monotonic()
    book.intend(key, None)
    while time.monotonic() < began + 120:
        with suppress(httpx.TransportError):
            answer = service.http.post("/tasks", json=PROBE, headers={"Idempotency-Key": key})
            if answer.status_code == 200:
                book.answered(key, answer.json()["task_id"])
                service.finished(answer.json()["task_id"], 120)
                book.close()
                return time.monotonic() - began
        time.sleep(0.02)
    raise AssertionError(f"not back within two minutes\n{service.logs()}")


def stopping(server: Server) -> Callable[[int], None]:
    """Stop PostgreSQL at once, for up to two seconds."""

    def deal(number: int) -> None:
        server.stop()
        time.sleep((0.0, 0.5, 2.0)[number % 3])
        server.start()

    return deal


def locking(settings: Settings, seconds: float) -> Callable[[int], None]:
    """Lock the whole database from another connection."""

    def deal(_: int) -> None:
        with locked(settings):
            time.sleep(seconds)

    return deal


@contextmanager
def locked(settings: Settings) -> Iterator[None]:
    """Lock out all writers, and with PostgreSQL all readers, while the block runs."""
    if settings.database:
        with psycopg.connect(settings.database) as other:
            other.execute("LOCK TABLE tasks IN ACCESS EXCLUSIVE MODE")
            yield
        return
    file = apsw.Connection(str(settings.database_file))
    file.set_busy_timeout(60_000)
    file.execute("BEGIN EXCLUSIVE")
    yield
    file.execute("ROLLBACK")
    file.close()


def jumping(clock: Clock, service: Service) -> Callable[[int], None]:
    """The clock goes an hour forward, back, an hour back and forward, each time as a worker dies.

    It has a task then, and another worker is there. What the dead one had must run again now, and
    not when the clock has caught up.
    """

    def deal(number: int) -> None:
        dying, ready = service.worker, heard(service)
        _occupy(service, dying)
        service.start_worker(worker_port=0)
        until(lambda: heard(service) > ready, 60, service.logs)
        clock.move(offset := (HOUR_S, 0, -HOUR_S, 0)[number % 4])
        assert abs(clock.now() - time.time() - offset) < 60
        dying.kill()

    return deal


def _occupy(service: Service, worker: Process) -> None:
    """Have the only worker hold a task until it dies: its slots are stopped."""
    book, key = Journal(service.folder / "journal"), uuid.uuid4().hex
    book.intend(key, None)
    task_id = service.submit(LONG.format(time.time() % 1), priority=10)
    book.answered(key, task_id)
    book.close()
    service.running(task_id, 60)
    for slot in slot_pids(worker):
        os.kill(slot, signal.SIGSTOP)


LONG = (
    'include "stdgates.inc"; qubit[20] q; bit[20] c; rx({}) q[0];'
    + "".join(f"rx(0.3) q[{k % 20}]; cx q[{k % 20}], q[{(k + 1) % 20}];" for k in range(500))
    + "c = measure q;"
)
"""A second or so in the engine; a new one for each angle."""


def heard(service: Service) -> int:
    """Return the number of workers that have logged that they are ready."""
    return (service.folder / "worker.log").read_text().count("ready to run tasks")


def filling(disk: Path, seconds: float, after: Callable[[], None]) -> Callable[[int], None]:
    """Fill the disk for a while."""

    def deal(_: int) -> None:
        filler = disk / "filler"
        end = time.monotonic() + seconds
        with filler.open("wb", buffering=0) as file:
            while time.monotonic() < end:  # again and again: others may give something back
                with suppress(OSError):
                    while True:
                        file.write(bytes(4096))
                time.sleep(0.01)
        filler.unlink()
        after()

    return deal


class NoDisk(Exception):
    """A file system that cannot be mounted; the message has the reason."""


@contextmanager
def small_disk(mib: int) -> Iterator[Path]:
    """Mount a file system of this size for any user. Raises NoDisk without the permission."""
    folder = Path(tempfile.mkdtemp(prefix="disk-"))
    options = ["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=777", "tmpfs", str(folder)]
    try:
        subprocess.run(options, check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise NoDisk("there is no program `mount`") from None
    except subprocess.CalledProcessError as error:
        raise NoDisk(f"may not mount: {error.stderr.strip()}") from None
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()
