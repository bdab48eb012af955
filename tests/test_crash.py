"""Nothing is lost and nothing happens twice, whatever is killed; and the test for it can fail."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import apsw
import pytest

from quantumtask.shared.settings import Settings
from tests import chaos, mutants
from tests.chaos import BLOWS, WITH_SERVER, Books, settle, storm, violations
from tests.postgres import Server
from tests.services import SECONDS, Process, Service, cpu_ticks, slot_pids, until

MUTANTS = Path(mutants.__file__)


@pytest.fixture
def services() -> Iterator[list[Service]]:
    running: list[Service] = []
    yield running
    for service in running:
        service.stop()


def begin(
    services: list[Service], folder: Path, mutant: str | None = None, database: str = ""
) -> Service:
    runner = [str(MUTANTS), mutant] if mutant else None
    service = Service(folder, runner, **chaos.SETTINGS, database=database)
    services.append(service)
    return service.start()


@pytest.mark.timeout(600)
def test_500_tasks_survive_processes_killed_and_stopped_at_random(
    configured: Settings, services: list[Service], tmp_path: Path
) -> None:
    service = begin(services, tmp_path, database=configured.database)
    books = storm(service, tasks=500, seed=1)
    assert len(books.accepted) == 500
    assert set(books.blows) == set(BLOWS)
    settle(service, books, limit=120)
    assert violations(service, books) == []


@pytest.mark.timeout(600)
def test_500_tasks_survive_a_postgresql_that_is_killed_among_them(
    services: list[Service], tmp_path: Path
) -> None:
    server = Server().start()
    try:
        service = begin(services, tmp_path, database=server.url)
        books = storm(service, tasks=500, seed=2, blows=WITH_SERVER, server=server)
        assert books.blows["kill_server"] >= 2
        settle(service, books, limit=120)
        assert violations(service, books) == []
    finally:
        server.remove()


def overtake(service: Service) -> Books:
    """A worker has a result that it cannot write yet, and is stopped until another has its task.

    Then it wakes up and writes, while the other still runs the task: its slot is held until then.
    """
    books = Books()
    first = service.worker
    task_id = service.submit(SECONDS, seed=5)
    service.running(task_id)
    [finishing] = slot_pids(first)
    lock = apsw.Connection(str(service.settings.database_file))
    lock.set_busy_timeout(10_000)
    lock.execute("BEGIN IMMEDIATE")
    until(lambda: idle(finishing), 60)
    failures = refused_writes(first)
    until(lambda: refused_writes(first) >= failures + 2, 30)
    first.signal(signal.SIGSTOP)
    lock.execute("ROLLBACK")
    lock.close()
    second = service.start_worker(worker_port=0)
    until(lambda: service.get(task_id)["attempt"] == 2, 60, service.logs)
    [held] = slot_pids(second)
    os.kill(held, signal.SIGSTOP)
    first.signal(signal.SIGCONT)
    dropped = "outcome dropped"
    until(
        lambda: dropped in first.log.read_text() or service.get(task_id)["status"] != "pending", 30
    )
    with suppress(ProcessLookupError):  # its worker has killed it, if the first one has written
        os.kill(held, signal.SIGCONT)
    books.accepted[task_id] = service.finished(task_id).get("result", {})
    return books


def refused_writes(worker: Process) -> int:
    return worker.log.read_text().count("store unavailable")


def idle(pid: int) -> bool:
    before = cpu_ticks(pid)
    time.sleep(0.3)
    return cpu_ticks(pid) == before


def test_a_worker_that_wakes_up_after_losing_its_lease_writes_nothing(
    services: list[Service], tmp_path: Path
) -> None:
    service = begin(services, tmp_path)
    books = overtake(service)
    assert violations(service, books) == []


def test_the_checker_notices_writes_without_the_attempt(
    services: list[Service], tmp_path: Path
) -> None:
    service = begin(services, tmp_path, "no_attempt")
    books = overtake(service)
    assert any("lost its lease" in what for what in violations(service, books))


def test_the_checker_notices_an_id_that_is_returned_before_the_commit(
    services: list[Service], tmp_path: Path
) -> None:
    service = begin(services, tmp_path, "id_before_commit")
    books = storm(service, tasks=200, seed=2, blows=("kill_api",) * 5)
    settle(service, books, limit=5)
    assert any("lost (404)" in what for what in violations(service, books))


def test_the_checker_notices_that_nobody_sweeps_leases(
    services: list[Service], tmp_path: Path
) -> None:
    service = begin(services, tmp_path, "no_sweep")
    task_id = service.submit(SECONDS)
    service.running(task_id)
    service.worker.kill()
    service.start_worker()
    books = Books({task_id: {}})
    settle(service, books, limit=8)
    assert any("final 0 times" in what for what in violations(service, books))
