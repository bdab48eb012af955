"""SQLite, a file that the processes of one machine share. Its driver is imported only here."""

import json
import re
import time
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import apsw

from quantumtask.shared.database.base import Database, ErrorTranslation, Row, ServerInfo

MIGRATIONS = (
    "0001_tasks.sql",
    "0002_parameters.sql",
    "0003_engines.sql",
    "0004_shares.sql",
    "0005_results.sql",
    "0006_options.sql",
    "0007_batches.sql",
    "0008_metadata.sql",
)


class Sqlite(Database):
    """One connection to the file, in WAL mode, with `synchronous=FULL` for what must be durable."""

    NEWEST = len(MIGRATIONS)

    def __init__(self, path: Path, busy_timeout_s: float) -> None:
        with _translated:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = _open(path, busy_timeout_s)
        self._connection.convert_binding = lambda _cursor, _number, value: json.dumps(value)
        self._durable = True
        self._version: int | None = None

    def migrate(self) -> None:
        with self.transaction():
            done = self.version()
            for number, name in enumerate(MIGRATIONS[done:], done + 1):
                script = resources.files(__package__).joinpath("sql", name).read_text()
                self._connection.execute(script).fetchall()
                self._connection.pragma("user_version", number)

    def version(self) -> int:
        with _translated:
            return int(self._connection.pragma("user_version"))

    def server(self) -> ServerInfo:
        name = apsw.sqlite_lib_version()
        return ServerInfo("SQLite", tuple(map(int, name.split("."))), {})

    @staticmethod
    def sql(query: str) -> str:
        query = re.sub(r"\$in (:\w+)", r"IN (SELECT value FROM json_each(\1))", query)
        query = query.replace("$by", "INDEXED BY")
        return query.replace("$now", "unixepoch('now', 'subsec')")

    def begin(self, durable: bool) -> None:
        with _translated:
            self._synchronize(durable)
            self._connection.execute("BEGIN IMMEDIATE")
        self._inside = True

    def end(self, *, commit: bool) -> None:
        try:
            if commit:
                with _translated:
                    self._connection.execute("COMMIT")
        finally:
            self._inside = False
            if self._connection.in_transaction:
                with _translated:
                    self._connection.execute("ROLLBACK")

    def _synchronize(self, durable: bool) -> None:
        if durable is not self._durable:
            self._connection.pragma("synchronous", "full" if durable else "normal")
            self._durable = durable

    def rows(self, query: str, values: Mapping[str, Any]) -> list[Row]:
        with _translated:
            return self._connection.execute(query, values).fetchall()

    def rows_of_each(self, query: str, values: Sequence[Mapping[str, Any]]) -> list[Row]:
        with _translated:
            return self._connection.executemany(query, values).fetchall()

    def changed(self) -> bool:
        with _translated:
            before, self._version = self._version, self._connection.pragma("data_version")
        return before != self._version

    def close(self) -> None:
        self._connection.close()


_PRAGMAS: tuple[tuple[str, str | int], ...] = (
    ("journal_mode", "wal"),
    ("synchronous", "full"),
    ("foreign_keys", "on"),
    ("journal_size_limit", 64 * 1024 * 1024),
    ("cache_size", -16_384),
)


def _open(path: Path, busy_timeout_s: float) -> apsw.Connection:
    """A connection in WAL mode. Several processes may make the file at once: only one of them can
    switch it to WAL, and SQLite does not ask the others' busy handlers to wait for that.
    """
    end = time.monotonic() + busy_timeout_s
    while True:
        connection = apsw.Connection(str(path))
        connection.set_busy_handler(_Patience(busy_timeout_s))
        try:
            for pragma, value in _PRAGMAS:
                connection.pragma(pragma, value)
        except apsw.BusyError:
            connection.close()
            if time.monotonic() > end:
                raise
            time.sleep(0.01)
        else:
            return connection


def copy_database(source: Path, target: Path) -> None:
    """Copies all that is committed, the WAL included, to a new file, and reads it through.

    In one step, so that it is of one moment; others go on reading and writing meanwhile.
    """
    with _translated:
        there, here = apsw.Connection(str(source)), apsw.Connection(str(target))
        try:
            with here.backup("main", there, "main") as pages:
                pages.step(-1)
            here.pragma("journal_mode", "delete")  # one file, with none beside it
            if here.pragma("quick_check") != "ok":
                raise apsw.CorruptError
        finally:
            here.close()
            there.close()


class _Patience:
    """Waits for another writer in steps of a tenth of a millisecond; SQLite's own reach 100."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._since = 0.0

    def __call__(self, tries: int) -> bool:
        now = time.monotonic()
        if tries == 0:
            self._since = now
        time.sleep(0.0001)
        return now - self._since < self._limit_s


_translated = ErrorTranslation(
    ((apsw.BusyError, apsw.LockedError, apsw.ProtocolError), "the database is locked"),
    ((apsw.FullError,), "the disk is full"),
    (
        (apsw.NotADBError, apsw.CorruptError),
        "the file of the database is damaged: docs/how-to/backup.md says how to restore one",
    ),
    (
        (apsw.IOError, apsw.CantOpenError, apsw.ReadOnlyError, apsw.NoMemError, OSError),
        "the database cannot be read or written",
    ),
)
