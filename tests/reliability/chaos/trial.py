"""A trial: clients submit tasks while faults happen; the audit follows."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from quantumtask.shared.settings import Settings
from tests.reliability.chaos import audit, journal
from tests.reliability.chaos.client import CircuitCase, Client, SubmissionPace, checked_circuit
from tests.reliability.chaos.fault_injector import FaultCounts, FaultInjector
from tests.reliability.chaos.journal import Journal
from tests.reliability.chaos.outages import RECOVERY_LIMIT_S, OutageInjector
from tests.support import databases
from tests.support.postgres import Server
from tests.support.services import Service

CLIENTS = 8


@dataclass(frozen=True)
class Report:
    """The faults of a trial, and the results of its tasks."""

    accepted: int
    seconds: float
    attempts: dict[int, int]
    fenced_writes: int
    """Number of refused writes of workers that had lost their lease."""
    refusals: Counter[int]
    """Number of answers to submissions with each status other than 200."""
    outages: list[float]
    """The longest times, in seconds, for which nothing was accepted."""
    violations: list[str]
    faults: Counter[str] = field(default_factory=Counter)
    recoveries: list[float] = field(default_factory=list)
    """Seconds from each outage until a task was accepted and had run."""
    retry_times: list[float] = field(default_factory=list)
    """Seconds from a partition until each task on the other host was claimed again."""


def run_with_kills(
    service: Service,
    tasks: int,
    seed: int,
    faults: FaultCounts,
    server: Server | None = None,
    *,
    waits: bool = True,
) -> Report:
    """Submit tasks, evenly over the faults, and wait until they have ended."""
    injector = FaultInjector(service, seed, server)
    report = run_trial(service, tasks, injector.inject(faults), waits=waits)
    return replace(report, faults=injector.fault_counts)


def run_with_faults(
    service: Service, tasks: int, injector: FaultInjector, faults: FaultCounts
) -> Report:
    """Run a trial with the faults of an injector."""
    report = run_trial(service, tasks, injector.inject(faults))
    return replace(report, faults=injector.fault_counts)


def run_with_outages(
    service: Service,
    tasks: int,
    injector: OutageInjector,
    times: int,
    recovery_limit_s: float = RECOVERY_LIMIT_S,
) -> Report:
    """Run a trial with outages, after each of which the service must recover in time."""
    report = run_trial(service, tasks, injector.inject(times))
    late = [f"recovered after {s:.1f} s" for s in injector.recoveries if s > recovery_limit_s]
    return replace(
        report,
        faults=injector.fault_counts,
        recoveries=injector.recoveries,
        violations=report.violations + late,
    )


def run_trial(
    service: Service,
    tasks: int,
    progress: Iterable[float],
    case: Callable[[int], CircuitCase] = checked_circuit,
    limit: float = 120,
    *,
    waits: bool = True,
) -> Report:
    """Submit tasks while faults happen, and audit them; `progress` is the part of the faults."""
    started = time.monotonic()
    journal_file, pace = Journal(service.folder / "journal"), SubmissionPace(tasks)
    clients = [
        Client(service, range(k, tasks, CLIENTS), journal_file, pace, case, waits=waits)
        for k in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    try:
        for share in progress:
            pace.allow(share)
    finally:
        pace.allow(1)
        for client in clients:
            client.join()
    journal_file.close()
    seconds = time.monotonic() - started
    if errors := [str(client.error) for client in clients if client.error]:
        raise AssertionError("\n".join([*errors, service.logs()]))
    wait_for_end(service.settings, limit)
    outages = sorted((gap for client in clients for gap in client.gaps), reverse=True)[:3]
    refusals = sum((client.refusals for client in clients), Counter[int]())
    records, stored_tasks = journal.read(journal_file.path), audit.read(service.settings)
    accepted = journal.accepted(records)
    violations = audit.violations(stored_tasks, records) + unfinished(service, accepted)
    return Report(
        len(accepted),
        seconds,
        stored_tasks.attempts,
        count_fenced_writes(service),
        refusals,
        outages,
        violations,
    )


def wait_for_end(settings: Settings, limit: float) -> None:
    """Wait until every task has ended, or none has ended for `limit` seconds."""
    remaining, since = _count_unfinished(settings), time.monotonic()
    while remaining and time.monotonic() - since < limit:
        time.sleep(0.1)
        count = _count_unfinished(settings)
        if count < remaining:
            remaining, since = count, time.monotonic()


def _count_unfinished(settings: Settings) -> int:
    query = "SELECT count(*) FROM tasks WHERE state IN ('submitted', 'running')"
    return int(databases.ask(settings, query)[0][0])


def unfinished(service: Service, ids: Iterable[str]) -> list[str]:
    """Return the tasks that the service does not show as ended."""
    problems = []
    for task_id in ids:
        answer = service.http.get(f"/tasks/{task_id}")
        if answer.status_code != 200:
            problems.append(f"{task_id}: lost (GET answers {answer.status_code})")
        elif answer.json()["status"] == "pending":
            problems.append(f"{task_id}: stuck")
    return problems


def count_fenced_writes(service: Service) -> int:
    """Return the number of late writes that the database refused, from the logs of the workers."""
    log = service.folder / "worker.log"
    return log.read_text().count("outcome dropped") if log.exists() else 0
