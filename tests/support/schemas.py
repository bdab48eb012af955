"""Schemas of the PostgreSQL that the tests share: each test has one of its own.

A schema and not a database, which takes ten times as long to make. Running the migrations takes
twenty times as long as deleting the rows of a small test. So the schema of a test that has ended is
used again, with its tables.
"""

import atexit
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import psycopg

from quantumtask.shared.database.postgresql import Postgresql
from tests.support.postgres import SERVER_URL, server

MOST_TASKS = 1000
"""A schema that has had more tasks is not used again: its indexes have grown."""

_free: list[str] = []
"""Schemas of tests that have ended. Their rows are deleted at the beginning of the next test: by
then, the services of the test before have ended, too."""


@contextmanager
def empty_schema() -> Iterator[str]:
    """The URL of a schema without rows, with tables or without."""
    if SERVER_URL:  # deleting the rows needs a superuser
        with new_schema() as url:
            yield url
        return
    name = _free_schema() or _create()
    yield _url(name)
    _free.append(name)


@contextmanager
def new_schema() -> Iterator[str]:
    """The URL of a new schema without tables, for a test that makes or changes tables.

    Only on the server of another is it dropped: that takes a quarter of the time of a small test.
    """
    name = _create()
    yield _url(name)
    if SERVER_URL:
        _admin().execute(f"DROP SCHEMA {name} CASCADE".encode())


def _create() -> str:
    name = f"test_{secrets.token_hex(6)}"
    _admin().execute(f"CREATE SCHEMA {name}".encode())
    return name


def _url(schema: str) -> str:
    return f"{server()}{'&' if '?' in server() else '?'}options=-csearch_path%3D{schema}"


@cache
def _admin() -> "psycopg.Connection[tuple[Any, ...]]":
    """Return a connection to the shared server."""
    connection = psycopg.connect(server(), autocommit=True)
    atexit.register(connection.close)
    return connection


def _free_schema() -> str | None:
    """Return a used schema after deleting its rows; None if there is none."""
    while _free:
        name = _free.pop()
        if not _rows(f"SELECT 1 WHERE to_regclass('{name}.schema_version') IS NOT NULL"):
            return name
        last = f"(SELECT last_value FROM {name}.tasks_sequence_seq)"
        [(version, tasks)] = _rows(f"SELECT version, {last} FROM {name}.schema_version")
        if version == Postgresql.NEWEST_SCHEMA and tasks <= MOST_TASKS:
            _delete_rows(name)
            return name
    return None


def _delete_rows(schema: str) -> None:
    """Delete all rows except those that the migrations make; restart all sequences."""
    tables, sequences = _tables_and_sequences()
    statements = [f"DELETE FROM {schema}.{table}" for table in tables]
    statements += [f"SELECT setval('{schema}.{name}', 1, false)" for name in sequences]
    # As a replica: without the trigger that protects the audit log, and without foreign keys.
    script = ";".join(["SET session_replication_role = replica", *statements])
    _admin().execute(script.encode())


@cache
def _tables_and_sequences() -> tuple[list[str], list[str]]:
    """Return the names of the tables that are empty after the migrations, and of the sequences."""
    schema = _create()
    database = Postgresql(_url(schema), busy_timeout_s=5)
    database.migrate()
    database.close()
    tables = _rows(f"SELECT tablename FROM pg_tables WHERE schemaname = '{schema}'")
    sequences = _rows(f"SELECT sequencename FROM pg_sequences WHERE schemaname = '{schema}'")
    are_empty = [name for (name,) in tables if not _rows(f"SELECT 1 FROM {schema}.{name} LIMIT 1")]
    return are_empty, [name for (name,) in sequences]


def _rows(query: str) -> list[tuple[Any, ...]]:
    return _admin().execute(query.encode()).fetchall()
