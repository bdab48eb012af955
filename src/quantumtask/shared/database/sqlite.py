"""One SQLite file for all processes of one machine. No other module imports apsw."""

import json
import re
import time
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import apsw

from quantumtask.shared.database.base import Database, ErrorTranslation, Row, ServerInfo
from quantumtask.shared.database.sqlite_file import SqliteFiles

MIGRATIONS = (
    "0001_tasks.sql",
    "0002_parameters.sql",
    "0003_engines.sql",
    "0004_shares.sql",
    "0005_results.sql",
    "0006_options.sql",
    "0007_batches.sql",
    "0008_metadata.sql",
    "0009_projects.sql",
    "0010_preemption.sql",
    "0011_sharing.sql",
    "0012_audit.sql",
    "0013_sessions.sql",
    "0014_minutes.sql",
    "0015_progress.sql",
)


class Sqlite(Database):
    """One connection to the file, in WAL mode, with `synchronous=FULL` for durable transactions."""

    NEWEST_SCHEMA = len(MIGRATIONS)

    def __init__(self, path: Path, busy_timeout_s: float) -> None:
        with _translated:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = _open(path, busy_timeout_s)
        self._files = SqliteFiles(path)
        self._connection.convert_binding = lambda _cursor, _number, value: json.dumps(value)
        self._durable = True
        self._data_version: int | None = None

    def migrate(self) -> None:
        """Run the migrations that the file lacks."""
        with self.transaction():
            version = self.schema_version()
            for number, name in enumerate(MIGRATIONS[version:], version + 1):
                script = resources.files(__package__).joinpath("sql", name).read_text()
                self._connection.execute(script).fetchall()
                self._connection.pragma("user_version", number)

    def schema_version(self) -> int:
        """Return the version of the schema; 0 for an empty file."""
        with _translated:
            return int(self._connection.pragma("user_version"))

    def server_info(self) -> ServerInfo:
        """Return the version of the SQLite library."""
        version = apsw.sqlite_lib_version()
        return ServerInfo("SQLite", tuple(map(int, version.split("."))), {})

    @staticmethod
    def translate(query: str) -> str:
        """Replace the three placeholders of queries.sql by their SQLite form."""
        query = re.sub(r"\$in (:\w+)", r"IN (SELECT value FROM json_each(\1))", query)
        query = query.replace("$by", "INDEXED BY")
        return query.replace("$now", "unixepoch('now', 'subsec')")

    def begin(self, durable: bool) -> None:
        """Begin a transaction with the write lock."""
        self._files.check()
        with _translated:
            self._synchronize(durable)
            self._connection.execute("BEGIN IMMEDIATE")
        self._in_transaction = True

    def end(self, *, commit: bool) -> None:
        """Commit, or roll back; also roll back after a failed commit."""
        try:
            if commit:
                with _translated:
                    self._connection.execute("COMMIT")
                self._files.check()  # what was written to a removed file is not to be confirmed
        finally:
            self._in_transaction = False
            if self._connection.in_transaction:
                with _translated:
                    self._connection.execute("ROLLBACK")

    def check_room(self) -> None:
        """Raise StoreUnavailable if the disk has no room for more tasks."""
        self._files.check_room()

    def _synchronize(self, durable: bool) -> None:
        if durable is not self._durable:
            self._connection.pragma("synchronous", "full" if durable else "normal")
            self._durable = durable

    def rows(self, query: str, values: Mapping[str, Any]) -> list[Row]:
        """Run a query and return its rows."""
        with _translated:
            return self._connection.execute(query, values).fetchall()

    def rows_of_each(self, query: str, values: Sequence[Mapping[str, Any]]) -> list[Row]:
        """Run a query once for each of the values and return all rows."""
        with _translated:
            return self._connection.executemany(query, values).fetchall()

    def changed(self) -> bool:
        """Return True if SQLite's data version has changed since the last call."""
        with _translated:
            data_version = self._connection.pragma("data_version")
        before, self._data_version = self._data_version, data_version
        return bool(before != data_version)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


_PRAGMAS: tuple[tuple[str, str | int], ...] = (
    ("journal_mode", "wal"),
    ("synchronous", "full"),
    ("foreign_keys", "on"),
    ("journal_size_limit", 64 * 1024 * 1024),
    ("cache_size", -16_384),
)


def _open(path: Path, busy_timeout_s: float) -> apsw.Connection:
    """Open a connection in WAL mode.

    Several processes may create the file at once. Only one of them can switch it to WAL mode, and
    SQLite does not call the busy handlers of the others, so this function waits itself.
    """
    end = time.monotonic() + busy_timeout_s
    while True:
        connection = apsw.Connection(str(path))
        connection.set_busy_handler(_BusyHandler(busy_timeout_s))
        # One plan for each statement. SQLite would otherwise plan some again at each run, such as
        # those with `LIMIT :limit`, to look at the values: the plan is the same, and takes longer
        # than the run.
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
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
    """Copy all committed data, those in the WAL included, to a new file, and verify the copy.

    The copy is made in one step, so that it is of one moment; others read and write meanwhile.
    """
    with _translated:
        original, copy = apsw.Connection(str(source)), apsw.Connection(str(target))
        try:
            with copy.backup("main", original, "main") as pages:
                pages.step(-1)
            copy.pragma("journal_mode", "delete")  # a single file, without a WAL beside it
            if copy.pragma("quick_check") != "ok":
                raise apsw.CorruptError
        finally:
            copy.close()
            original.close()


class _BusyHandler:
    """Waits for another writer in steps of 0.1 ms; the steps of SQLite's handler reach 100 ms."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._started_at = 0.0

    def __call__(self, tries: int) -> bool:
        now = time.monotonic()
        if tries == 0:
            self._started_at = now
        time.sleep(0.0001)
        return now - self._started_at < self._limit_s


_translated = ErrorTranslation(
    ((apsw.BusyError, apsw.LockedError, apsw.ProtocolError), "the database is locked"),
    ((apsw.FullError,), "the disk is full"),
    (
        (apsw.NotADBError, apsw.CorruptError),
        "the database file is damaged: restore a backup, see docs/how-to/backup.md",
    ),
    (
        (apsw.IOError, apsw.CantOpenError, apsw.ReadOnlyError, apsw.NoMemError, OSError),
        "the database cannot be read or written",
    ),
)
