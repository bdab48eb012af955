"""No task is lost and none ends twice, for all killed processes; and the audit can fail."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import apsw
import pytest

from tests.reliability.chaos import audit, journal
from tests.reliability.chaos.havoc import FULL, SETTINGS, SHORT
from tests.reliability.chaos.journal import Journal
from tests.reliability.chaos.storm import settle, storm, unread
from tests.store import mutants
from tests.support.postgres import Server
from tests.support.services import SECONDS, Process, Service, cpu_ticks, slot_pids, until
from tests.support.sizes import sized

MUTANTS = Path(mutants.__file__)
TASKS = sized(300, 3000)
BLOWS = sized(SHORT, FULL)
SOON = 0.3
"""Seconds after which a write is given up for now, where a test waits for two that were."""


@pytest.fixture
def services() -> Iterator[list[Service]]:
    running: list[Service] = []
    yield running
    for service in running:
        service.stop()


def begin(
    services: list[Service], folder: Path, mutant: str | None = None, **settings: Any
) -> Service:
    runner = [str(MUTANTS), mutant] if mutant else None
    service = Service(folder, runner, **(SETTINGS | settings))
    services.append(service)
    return service.start()


def violations(service: Service, limit: float = 60) -> list[str]:
    """Return the violations of the tasks of the journal, after a time to end."""
    settle(service.settings, limit)
    intents = journal.read(service.folder / "journal")
    found = audit.violations(audit.read(service.settings), intents)
    return found + unread(service, journal.accepted(intents))


def note(service: Service, *ids: str) -> None:
    """Write tasks into the journal that may end with any counts."""
    book = Journal(service.folder / "journal")
    for task_id in ids:
        book.intend(task_id, None)
        book.answered(task_id, task_id)
    book.close()


@pytest.mark.timeout(sized(600, 3600))
def test_300_tasks_survive_processes_killed_and_stopped_at_random(
    services: list[Service], tmp_path: Path
) -> None:
    service = begin(services, tmp_path)
    report = storm(service, TASKS, seed=1, blows=BLOWS)
    assert report.violations == []
    assert report.accepted == TASKS
    assert dict(report.blows) == BLOWS


@pytest.mark.timeout(sized(600, 3600))
def test_300_tasks_survive_when_postgresql_is_killed_too(
    services: list[Service], tmp_path: Path
) -> None:
    server = Server().start()
    try:
        service = begin(services, tmp_path, database=server.url)
        blows = {**BLOWS, "kill_server": sized(3, 10)}
        report = storm(service, TASKS, seed=2, blows=blows, server=server)
        assert report.violations == []
        assert report.accepted == TASKS
    finally:
        server.remove()


def overtake(service: Service) -> None:
    """Stop a worker with a result until another worker has its task, then let it write.

    The other worker still runs the task then, because its slot is stopped.
    """
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
    service.finished(task_id)
    note(service, task_id)


def refused_writes(worker: Process) -> int:
    return worker.log.read_text().count("store unavailable")


def idle(pid: int) -> bool:
    before = cpu_ticks(pid)
    time.sleep(0.3)
    return cpu_ticks(pid) == before


def test_a_worker_that_wakes_up_after_losing_its_lease_writes_nothing(
    services: list[Service], tmp_path: Path
) -> None:
    service = begin(services, tmp_path, busy_timeout_s=SOON)
    overtake(service)
    assert violations(service) == []


def test_the_audit_finds_writes_without_the_attempt(
    services: list[Service], tmp_path: Path
) -> None:
    service = begin(services, tmp_path, "no_attempt", busy_timeout_s=SOON)
    overtake(service)
    assert any("lost its lease" in what for what in violations(service))


def test_the_audit_finds_an_id_that_is_returned_before_the_commit(
    services: list[Service], tmp_path: Path
) -> None:
    service = begin(services, tmp_path, "id_before_commit")
    report = storm(service, tasks=100, seed=2, blows={"kill_api": 4})
    assert any(what.endswith(": lost") for what in report.violations)


def test_the_audit_finds_that_no_lease_is_reclaimed(
    services: list[Service], tmp_path: Path
) -> None:
    service = begin(services, tmp_path, "no_sweep")
    task_id = service.submit(SECONDS)
    service.running(task_id)
    service.worker.kill()
    service.start_worker()
    note(service, task_id)
    assert any("final 0 times" in what for what in violations(service, limit=4))
