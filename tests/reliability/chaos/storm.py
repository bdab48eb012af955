"""A trial: clients submit tasks while faults happen; the audit follows."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace

from quantumtask.shared.settings import Settings
from tests.reliability.chaos import audit, journal
from tests.reliability.chaos.client import Client, Order, Pace, good
from tests.reliability.chaos.havoc import Blows, Havoc
from tests.reliability.chaos.journal import Journal
from tests.reliability.chaos.trouble import BACK_S, Trouble
from tests.support import databases
from tests.support.postgres import Server
from tests.support.services import Service, until

CLIENTS = 8


@dataclass(frozen=True)
class Report:
    """The faults of a trial, and the results of its tasks."""

    accepted: int
    seconds: float
    attempts: dict[int, int]
    fenced: int
    """How many writes of workers that had lost their lease were refused."""
    refusals: Counter[int]
    """How often each status other than 200 was answered to a submission."""
    outages: list[float]
    """The longest times, in seconds, for which nothing was accepted."""
    violations: list[str]
    blows: Counter[str] = field(default_factory=Counter)
    recoveries: list[float] = field(default_factory=list)
    """Seconds from each trouble until a task was taken and had run."""
    again: list[float] = field(default_factory=list)
    """Seconds from a cut until each task beyond it was claimed again."""


def storm(
    service: Service, tasks: int, seed: int, blows: Blows, server: Server | None = None
) -> Report:
    """Submit tasks, evenly over the faults, and wait until they have ended."""
    return dealt(service, tasks, Havoc(service, seed, server), blows)


def dealt(service: Service, tasks: int, havoc: Havoc, blows: Blows) -> Report:
    report = under(service, tasks, havoc.wreak(blows))
    return replace(report, blows=havoc.dealt)


def troubled(
    service: Service, tasks: int, trouble: Trouble, times: int, back_s: float = BACK_S
) -> Report:
    """Run a trial with outages, after each of which the service must be back soon."""
    report = under(service, tasks, trouble.wreak(times))
    late = [f"back after {s:.1f} s" for s in trouble.recoveries if s > back_s]
    return replace(
        report,
        blows=trouble.dealt,
        recoveries=trouble.recoveries,
        violations=report.violations + late,
    )


def under(
    service: Service,
    tasks: int,
    blows: Iterable[float],
    order: Callable[[int], Order] = good,
    limit: float = 120,
) -> Report:
    """Submit tasks while the faults happen, by the share of faults that is over."""
    started = time.monotonic()
    book, pace = Journal(service.folder / "journal"), Pace(tasks)
    clients = [Client(service, range(k, tasks, CLIENTS), book, pace, order) for k in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        for share in blows:
            pace.allow(share)
    finally:
        pace.allow(1)
        for client in clients:
            client.join()
    book.close()
    spent = time.monotonic() - started
    if broken := [str(client.error) for client in clients if client.error]:
        raise AssertionError("\n".join([*broken, service.logs()]))
    settle(service.settings, limit)
    outages = sorted((gap for client in clients for gap in client.gaps), reverse=True)[:3]
    refusals = sum((client.refusals for client in clients), Counter[int]())
    intents, books = journal.read(book.path), audit.read(service.settings)
    accepted = journal.accepted(intents)
    found = audit.violations(books, intents) + unread(service, accepted)
    return Report(len(accepted), spent, books.attempts, fenced(service), refusals, outages, found)


def settle(settings: Settings, limit: float) -> None:
    """Wait until every task has ended, or a time limit is over."""
    with suppress(AssertionError):
        until(lambda: not databases.ask(settings, _UNFINISHED), limit)


_UNFINISHED = "SELECT id FROM tasks WHERE state IN ('submitted', 'running') LIMIT 1"


def unread(service: Service, ids: Iterable[str]) -> list[str]:
    """Return the tasks that the service does not show as ended."""
    found = []
    for task_id in ids:
        answer = service.http.get(f"/tasks/{task_id}")
        if answer.status_code != 200:
            found.append(f"{task_id}: lost (GET answers {answer.status_code})")
        elif answer.json()["status"] == "pending":
            found.append(f"{task_id}: stuck")
    return found


def fenced(service: Service) -> int:
    """Return the number of late writes that the database refused, from the logs of the workers."""
    log = service.folder / "worker.log"
    return log.read_text().count("outcome dropped") if log.exists() else 0
