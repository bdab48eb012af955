"""Outages below a running service: no server, no disk space, a lock, a wrong clock."""

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
from tests.support import databases
from tests.support.postgres import Server
from tests.support.services import BELL, Process, Service, entangle, slot_pids, until

RECOVERY_LIMIT_S = 30.0
"""Seconds after an outage within which a service must accept and run a task again.

It takes less than five on an idle machine; the suite also runs on busy ones.
"""

HOUR_S = 3600

PROBE = {"circuit": BELL, "priority": 10}
"""A task that runs before all waiting tasks, so that its time is that of the recovery."""


class OutageInjector:
    """Causes one kind of outage repeatedly, and measures the recovery time of the service.

    The time begins at the end of the outage; with `from_start`, at its beginning.
    """

    def __init__(
        self,
        service: Service,
        name: str,
        cause: Callable[[int], None],
        *,
        from_start: bool = False,
    ) -> None:
        self._service, self._name, self._cause = service, name, cause
        self._from_start = from_start
        # Lives as long as this process: PostgreSQL ends with the thread that started it.
        self._thread = ThreadPoolExecutor(1)
        self.fault_counts: Counter[str] = Counter()
        self.recoveries: list[float] = []

    def inject(self, times: int) -> Iterator[float]:
        """Cause the outage so many times; yield the part of all tasks to submit during each."""
        for number in range(times):
            began = time.monotonic()
            outage = self._thread.submit(self._cause, number)
            wait([outage], timeout=0.3)  # the outage has begun
            yield (number + 1) / times
            outage.result()
            self.fault_counts[self._name] += 1
            duration = time.monotonic() - began if self._from_start else 0.0
            self.recoveries.append(duration + recovery_time(self._service))


def recovery_time(service: Service) -> float:
    """Return the seconds until the service has accepted a task and run it."""
    journal_file, key, began = (
        Journal(service.folder / "journal"),
        uuid.uuid4().hex,
        time.monotonic(),
    )
    journal_file.record_submission(key, None)
    while time.monotonic() < began + 120:
        with suppress(httpx.TransportError):
            answer = service.http.post("/tasks", json=PROBE, headers={"Idempotency-Key": key})
            if answer.status_code == 200:
                journal_file.record_answer(key, answer.json()["task_id"])
                service.finished(answer.json()["task_id"], 120)
                journal_file.close()
                return time.monotonic() - began
        time.sleep(0.02)
    raise AssertionError(f"no recovery within two minutes\n{service.logs()}")


def stop_server(server: Server) -> Callable[[int], None]:
    """Stop PostgreSQL at once, for up to two seconds."""

    def cause(number: int) -> None:
        server.stop()
        time.sleep((0.0, 0.5, 2.0)[number % 3])
        server.start()

    return cause


def lock_database(settings: Settings, seconds: float) -> Callable[[int], None]:
    """Lock the whole database from another connection."""

    def cause(_: int) -> None:
        with locked_database(settings):
            time.sleep(seconds)

    return cause


@contextmanager
def locked_database(settings: Settings) -> Iterator[None]:
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


def move_clock(clock: Clock, service: Service) -> Callable[[int], None]:
    """Move the clock by an hour forward, back, an hour back, forward; kill a worker each time.

    The killed worker has a task, and another worker runs. The task must run again at once, and
    not only when the clock has reached the old time.
    """

    def cause(number: int) -> None:
        worker, ready = service.worker, ready_workers(service)
        _hold_task(service, worker)
        service.start_worker(worker_port=0)
        until(lambda: ready_workers(service) > ready, 60, service.logs)
        clock.move(offset := (HOUR_S, 0, -HOUR_S, 0)[number % 4])
        assert abs(clock.now() - time.time() - offset) < 60
        worker.kill()

    return cause


def _hold_task(service: Service, worker: Process) -> None:
    """Give a task to the only worker, and stop its slots, so that the task does not end.

    A stopped slot has this task or others that it had begun. The worker replaces a slot with small
    tasks after their time: the new slot may have this task, and is stopped again.
    """
    _stop_slots(worker)
    journal_file, key = Journal(service.folder / "journal"), uuid.uuid4().hex
    journal_file.record_submission(key, None)
    task_id = service.submit(HALF_A_SECOND, priority=10)
    journal_file.record_answer(key, task_id)
    journal_file.close()

    def held() -> bool:
        return service.get(task_id)["state"] != "submitted" or bool(
            databases.ask(service.settings, _RUNNING)
        )

    until(held, 60, service.logs)
    _stop_slots(worker)


_RUNNING = "SELECT id FROM tasks WHERE state = 'running'"


def _stop_slots(worker: Process) -> None:
    for slot in slot_pids(worker):
        with suppress(ProcessLookupError):  # a slot whose time was over has ended
            os.kill(slot, signal.SIGSTOP)


HALF_A_SECOND = entangle(120)
"""A task that is alone in its slot, which has the time limit of the task."""


def ready_workers(service: Service) -> int:
    """Return the number of workers that have logged that they are ready."""
    return (service.folder / "worker.log").read_text().count("ready to run tasks")


def fill_disk(disk: Path, seconds: float, after: Callable[[], None]) -> Callable[[int], None]:
    """Fill the disk for a while."""

    def cause(_: int) -> None:
        filler = disk / "filler"
        end = time.monotonic() + seconds
        with filler.open("wb", buffering=0) as file:
            while time.monotonic() < end:  # other processes may free space
                with suppress(OSError):
                    while True:
                        file.write(bytes(4096))
                time.sleep(0.01)
        filler.unlink()
        after()

    return cause


class DiskUnavailable(Exception):
    """A file system that cannot be mounted; the message has the reason."""


@contextmanager
def small_disk(mib: int) -> Iterator[Path]:
    """Mount a file system of this size for any user. Raises DiskUnavailable."""
    folder = Path(tempfile.mkdtemp(prefix="disk-"))
    options = ["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=777", "tmpfs", str(folder)]
    try:
        subprocess.run(options, check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise DiskUnavailable("there is no program `mount`") from None
    except subprocess.CalledProcessError as error:
        raise DiskUnavailable(f"may not mount: {error.stderr.strip()}") from None
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()
