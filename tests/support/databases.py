"""Databases for tests of the Store: new, locked, and queried without the Store."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
import psycopg

from quantumtask.shared.database.base import Database
from quantumtask.shared.database.postgresql import Postgresql
from quantumtask.shared.database.queries import load_queries
from quantumtask.shared.database.sqlite import Sqlite
from quantumtask.shared.errors import (
    QuantumTaskError,
)
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Task
from tests.support import schemas
from tests.support.stores import FullStore

KINDS: dict[str, type[Database]] = {"sqlite": Sqlite, "postgresql": Postgresql}
REFUSED = (apsw.ConstraintError, psycopg.errors.CheckViolation)


@contextmanager
def empty(kind: str, folder: Path) -> Iterator[Settings]:
    """Return settings with an empty database, which may have its tables already."""
    if kind == "sqlite":
        yield Settings(data_dir=folder)
    else:
        with schemas.empty_schema() as url:
            yield Settings(data_dir=folder, database=url)


@contextmanager
def new(kind: str, folder: Path) -> Iterator[Settings]:
    """Return settings with a new database without tables, for a test that makes or changes them."""
    if kind == "sqlite":
        yield Settings(data_dir=folder)
    else:
        with schemas.new_schema() as url:
            yield Settings(data_dir=folder, database=url)


@contextmanager
def locked(settings: Settings) -> Iterator[None]:
    """Lock out all writers while the block runs."""
    if settings.database:
        with psycopg.connect(settings.database) as other:
            other.execute("LOCK TABLE tasks")
            yield
    else:
        file = apsw.Connection(str(settings.database_file))
        file.set_busy_timeout(30_000)  # somebody may be writing now
        file.execute("BEGIN IMMEDIATE")
        yield
        file.execute("ROLLBACK")
        file.close()


def sweep(store: FullStore) -> int:
    """Reclaim the tasks of all expired leases, without monitoring them for a while."""
    return len(store.reclaim([lease for lease in store.leases() if lease.expired]))


def execute(settings: Settings, statement: str) -> None:
    """Run a statement that the Store does not have."""
    if settings.database:
        with psycopg.connect(settings.database) as connection:
            connection.execute(statement.encode())
    else:
        file = apsw.Connection(str(settings.database_file))
        try:
            file.execute(statement).fetchall()
        finally:
            file.close()


def ask(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query that the Store does not have."""
    if settings.database:
        with psycopg.connect(settings.database) as connection:
            return connection.execute(query.encode()).fetchall()
    file = apsw.Connection(str(settings.database_file))
    file.set_busy_timeout(10_000)
    try:
        return list(file.execute(query))
    finally:
        file.close()


def scans(settings: Settings, query: str) -> list[str]:
    """Return the steps of the plan of a query that scan a whole table of QuantumTask."""
    if settings.database:
        return [step for step in steps(settings, query) if "Seq Scan on" in step]
    stored = "tasks|tags|circuits|parameters|changes|idempotency_keys"
    lines = [step for step in _sqlite_plan(settings, query) if re.match(f"SCAN ({stored})", step)]
    return [step for step in lines if "INDEX tasks_waiting" not in step]  # holds only what waits


def scanning_queries(
    settings: Settings, store: FullStore, names: Sequence[str]
) -> dict[str, list[str]]:
    """Return the queries of the Store that scan a whole table, each with those steps."""
    database = store._database
    queries = load_queries(*database.QUERY_OVERRIDES)
    by_query = {name: scans(settings, database.translate(queries[name])) for name in names}
    return {name: each for name, each in by_query.items() if each}


def steps(settings: Settings, query: str) -> list[str]:
    """Return the plan of a query of the Store."""
    return (_postgresql_plan if settings.database else _sqlite_plan)(settings, query)


def _sqlite_plan(settings: Settings, query: str) -> list[str]:
    file = apsw.Connection(str(settings.database_file))
    values = dict.fromkeys(re.findall(r":(\w+)", query))
    plan = [row[3] for row in file.execute(f"EXPLAIN QUERY PLAN {query}", values)]
    file.close()
    return plan


def _postgresql_plan(settings: Settings, query: str) -> list[str]:
    names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", query)))
    numbered = re.sub(r"%\((\w+)\)s", lambda name: f"${names.index(name[1]) + 1}", query)
    database = Postgresql(settings.database, 1)
    plan = database._usable().execute(f"EXPLAIN (GENERIC_PLAN) {numbered}".encode()).fetchall()
    database.close()
    return [step for (step,) in plan]


def ids(answers: Sequence[str | Task | QuantumTaskError]) -> list[str]:
    """Return the ids of tasks that were all accepted."""
    assert all(isinstance(answer, str) for answer in answers), answers
    return [answer for answer in answers if isinstance(answer, str)]
