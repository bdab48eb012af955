"""Inspection of a database: its server, schema, clock and workers, read without any change."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from quantumtask.shared.database.base import Database, Row, ServerInfo
from quantumtask.shared.database.connect import connect_database
from quantumtask.shared.database.queries import load_queries
from quantumtask.shared.errors import StoreUnavailable
from quantumtask.shared.settings import Settings

_Query = Callable[..., list[Row]]
_TOKENS_SCHEMA = 9
"""First version of the schema with tokens."""


@dataclass(frozen=True)
class DatabaseReport:
    """The result of an inspection.

    Attributes:
        server: The server of the database.
        schema: Version of the schema.
        newest_schema: Version of the schema that this release creates.
        clock_skew_s: Seconds by which the database's clock is ahead of this machine's.
        write_error: The error of a trial write; empty if writing works.
        waiting: Number of waiting tasks.
        workers: Seconds since the last heartbeat and number of slots of each worker, in order of
            the heartbeats, the latest first.
        tokens: Number of tokens that were ever created.
    """

    server: ServerInfo
    schema: int
    newest_schema: int
    clock_skew_s: float
    write_error: str
    waiting: int
    workers: tuple[tuple[float, int], ...]
    tokens: int


def inspect_database(settings: Settings) -> DatabaseReport | None:
    """Inspect the database; return None if the SQLite file does not exist yet.

    Raises:
        StoreUnavailable: The database cannot be reached.
    """
    if not settings.database and not settings.database_file.exists():
        return None
    database = connect_database(settings)
    try:
        return _inspect(database, settings.max_waiting_tasks)
    finally:
        database.close()


def _inspect(database: Database, max_waiting: int) -> DatabaseReport:
    texts = load_queries(*database.QUERY_OVERRIDES)

    def run(query: str, **values: Any) -> list[Row]:
        return database.rows(database.translate(texts[query]), values)

    schema = database.schema_version()
    waiting = run("count_waiting", limit=max_waiting) if schema else [(0,)]
    workers = run("list_workers") if schema else []
    return DatabaseReport(
        server=database.server_info(),
        schema=schema,
        newest_schema=database.NEWEST_SCHEMA,
        clock_skew_s=_clock_skew_s(run),
        write_error=_write_error(database, run) if schema else "",
        waiting=waiting[0][0],
        workers=tuple((age_s, slots) for _, slots, age_s in workers),
        tokens=len(run("list_tokens")) if schema >= _TOKENS_SCHEMA else 0,
    )


def _clock_skew_s(run: _Query) -> float:
    """Return the skew of the clocks; one below the duration of the query counts as none."""
    before = time.time()
    [(database_time,)] = run("clock")
    after = time.time()
    return max(0.0, float(database_time) - after) or min(0.0, float(database_time) - before)


class _Rollback(Exception):
    pass


def _write_error(database: Database, run: _Query) -> str:
    try:
        with suppress(_Rollback), database.transaction():
            run("probe")
            raise _Rollback
    except StoreUnavailable as error:
        return error.message
    return ""
