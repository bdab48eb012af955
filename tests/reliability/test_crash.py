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

from tests.reliability.chaos import audit, journal, scenarios
from tests.reliability.chaos.fault_injector import FULL, SETTINGS, SHORT
from tests.reliability.chaos.journal import Journal
from tests.reliability.chaos.outages import ready_workers
from tests.reliability.chaos.trial import run_with_kills, unfinished, wait_for_end
from tests.store import mutants
from tests.support import databases
from tests.support.services import BELL, SECONDS, Process, Service, cpu_ticks, slot_pids, until
from tests.support.sizes import sized

pytestmark = pytest.mark.slow_first

MUTANTS = Path(mutants.__file__)
TASKS = sized(100, 3000)
FAULTS = sized(SHORT, FULL)
SERVER_FAULTS = sized(
    {"kill_api": 1, "kill_worker": 1, "kill_slot": 1, "stop_worker": 1, "kill_server": 2},
    {**FULL, "kill_server": 10},
)
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
    wait_for_end(service.settings, limit)
    records = journal.read(service.folder / "journal")
    problems = audit.violations(audit.read(service.settings), records)
    return problems + unfinished(service, journal.accepted(records))


def note(service: Service, *ids: str) -> None:
    """Write tasks into the journal that may end with any counts."""
    journal_file = Journal(service.folder / "journal")
    for task_id in ids:
        journal_file.record_submission(task_id, None)
        journal_file.record_answer(task_id, task_id)
    journal_file.close()


@pytest.mark.timeout(sized(600, 3600))
def test_tasks_survive_processes_killed_and_stopped_at_random(
    services: list[Service], tmp_path: Path
) -> None:
    service = begin(services, tmp_path)
    report = run_with_kills(service, TASKS, seed=1, faults=FAULTS)
    assert report.violations == []
    assert report.accepted == TASKS
    assert dict(report.faults) == FAULTS


@pytest.mark.timeout(sized(600, 3600))
def test_tasks_survive_when_postgresql_is_killed_too() -> None:
    """Each request needs a token, so that the tokens survive as well."""
    report = scenarios.with_kills("postgresql", TASKS, seed=2, faults=SERVER_FAULTS, tokens=True)
    assert report.violations == []
    assert report.accepted == TASKS
    assert dict(report.faults) == SERVER_FAULTS


def submit_despite_locks(service: Service) -> str:
    """Submit a task, again if another process has held the lock for longer than SOON."""
    body = {"circuit": BELL, "seed": 5}
    while (answer := service.http.post("/tasks", json=body)).status_code == 503:
        time.sleep(0.1)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["task_id"])


def overtake(service: Service) -> None:
    """Stop a worker with a result until another worker has its task, then let it write.

    The other worker still runs the task then, because its slot is stopped.
    """
    first, second = service.worker, service.start_worker(worker_port=0)
    until(lambda: ready_workers(service) == 2, 60, service.logs)
    [finishing], [stopped_slot] = slot_pids(first), slot_pids(second)
    for pid in (finishing, stopped_slot):
        os.kill(pid, signal.SIGSTOP)
    with databases.locked(service.settings):  # or the worker might be stopped with this lock
        second.signal(signal.SIGSTOP)
    task_id = submit_despite_locks(service)
    service.running(task_id)
    lock = apsw.Connection(str(service.settings.database_file))
    lock.set_busy_timeout(10_000)
    lock.execute("BEGIN IMMEDIATE")
    os.kill(finishing, signal.SIGCONT)
    until(lambda: idle(finishing), 60)
    failures = refused_writes(first)
    until(lambda: refused_writes(first) >= failures + 2, 30)
    first.signal(signal.SIGSTOP)
    lock.execute("ROLLBACK")
    lock.close()
    second.signal(signal.SIGCONT)
    until(lambda: service.get(task_id)["attempt"] == 2, 60, service.logs)
    first.signal(signal.SIGCONT)
    dropped = "outcome dropped"
    until(
        lambda: dropped in first.log.read_text() or service.get(task_id)["status"] != "pending", 30
    )
    with suppress(ProcessLookupError):  # its worker has killed it, if the first one has written
        os.kill(stopped_slot, signal.SIGCONT)
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
    report = run_with_kills(service, tasks=60, seed=2, faults={"kill_api": 4}, waits=False)
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
