"""The databases behind the Store. SQL drivers are imported here and nowhere else."""

import contextlib
import time
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import apsw

from quantumtask.shared.errors import StoreUnavailable

Row = tuple[Any, ...]

MIGRATIONS = ("0001_tasks.sql", "0002_parameters.sql", "0003_engines.sql")


class Sqlite:
    """One connection to an embedded database. For one thread at a time.

    WAL with `synchronous=FULL`: a transaction that has returned from its commit survives a power
    cut. Every error of the database reaches the caller as StoreUnavailable, with nothing written.
    """

    def __init__(self, path: Path, busy_timeout_s: float) -> None:
        with _translated:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = _open(path, busy_timeout_s)
        self._depth = 0
        self._durable = True
        self._version: int | None = None

    def migrate(self) -> None:
        """Brings the schema up to date; safe to call from several processes at once."""
        with self.transaction():
            done = self._connection.pragma("user_version")
            for number, name in enumerate(MIGRATIONS[done:], done + 1):
                script = resources.files(__package__).joinpath("sql", name).read_text()
                self._connection.execute(script).fetchall()
                self._connection.pragma("user_version", number)

    @staticmethod
    def sql(query: str) -> str:
        """A query of queries.sql in this dialect."""
        return query.replace("$now", "unixepoch('now', 'subsec')")

    def transaction(self, durable: bool = True) -> contextlib.AbstractContextManager[None]:
        """Everything inside is written together or not at all. They nest: the outermost counts.

        One that need not be `durable` may be undone by a power cut, though by nothing less.
        """
        return _INSIDE if self._depth else _Transaction(self, durable)

    def begin(self, durable: bool) -> None:
        with _translated:
            self._synchronize(durable)
            self._connection.execute("BEGIN IMMEDIATE")
        self._depth = 1

    def end(self, *, commit: bool) -> None:
        """Writes everything since `begin`, or nothing of it."""
        try:
            if commit:
                with _translated:
                    self._connection.execute("COMMIT")
        finally:
            self._depth = 0
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
        """What the query returns for the first values, then for the second ..."""
        with _translated:
            return self._connection.executemany(query, values).fetchall()

    def changed(self) -> bool:
        """Whether another connection has committed since the last call; costs microseconds."""
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


_INSIDE = contextlib.nullcontext()


class _Transaction:
    def __init__(self, database: Sqlite, durable: bool) -> None:
        self._database = database
        self._durable = durable

    def __enter__(self) -> None:
        self._database.begin(self._durable)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._database.end(commit=kind is None)


class _Translated:
    """Makes errors of the database StoreUnavailable; those of our SQL stay what they are."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: object
    ) -> None:
        if error is None:
            return
        for kinds, words in _UNAVAILABLE:
            if isinstance(error, kinds):
                raise StoreUnavailable(words) from error


_UNAVAILABLE: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((apsw.BusyError, apsw.LockedError, apsw.ProtocolError), "the database is locked"),
    ((apsw.FullError,), "the disk is full"),
    (
        (apsw.IOError, apsw.CantOpenError, apsw.ReadOnlyError, apsw.NoMemError, OSError),
        "the database cannot be read or written",
    ),
)

_translated = _Translated()
