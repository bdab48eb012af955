"""What a database says of itself and its tasks: asked without changing anything in it."""

import time
from contextlib import suppress
from dataclasses import dataclass

from quantumtask.shared.database.base import Database, ServerInfo
from quantumtask.shared.database.connect import connect
from quantumtask.shared.database.queries import load_queries
from quantumtask.shared.errors import StoreUnavailable
from quantumtask.shared.settings import Settings


@dataclass(frozen=True)
class DatabaseReport:
    """What was seen. Times are in seconds."""

    server: ServerInfo
    schema: int
    newest_schema: int
    """The version of the schema that this version of ours makes."""
    ahead_s: float
    """How far the database's clock is ahead of this machine's."""
    refusal: str
    """Why a row cannot be written; empty: it can."""
    waiting: int
    workers: tuple[tuple[float, int], ...]
    """How long ago each was seen, the last one first, and its slots."""


def inspect_database(settings: Settings) -> DatabaseReport | None:
    """Looks; None where there is no file of SQLite yet.

    Raises StoreUnavailable where the database cannot be reached.
    """
    if not settings.database and not settings.database_file.exists():
        return None
    database = connect(settings)
    try:
        return _examine(database, settings.max_waiting_tasks)
    finally:
        database.close()


def _examine(database: Database, most_waiting: int) -> DatabaseReport:
    asked = {
        name: database.sql(text)
        for name, text in load_queries(*database.ALSO).items()
        if name in ("workers", "clock", "probe", "count_waiting")
    }
    schema = database.version()
    waiting = database.rows(asked["count_waiting"], {"most": most_waiting}) if schema else [(0,)]
    workers = database.rows(asked["workers"], {}) if schema else []
    return DatabaseReport(
        server=database.server(),
        schema=schema,
        newest_schema=database.NEWEST,
        ahead_s=_ahead_s(database, asked["clock"]),
        refusal=_refusal(database, asked["probe"]) if schema else "",
        waiting=waiting[0][0],
        workers=tuple((ago, slots) for _, slots, ago in workers),
    )


def _ahead_s(database: Database, clock: str) -> float:
    """What is less than the answer took is no difference."""
    before = time.time()
    [(there,)] = database.rows(clock, {})
    after = time.time()
    return max(0.0, float(there) - after) or min(0.0, float(there) - before)


class _Undo(Exception):
    pass


def _refusal(database: Database, probe: str) -> str:
    try:
        with suppress(_Undo), database.transaction():
            database.rows(probe, {})
            raise _Undo
    except StoreUnavailable as error:
        return error.message
    return ""
