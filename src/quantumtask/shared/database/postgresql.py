"""PostgreSQL, for many processes on many machines. Its driver is imported only here."""

import json
import logging
import re
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import resources
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from psycopg.types.numeric import Int8Dumper
from psycopg.types.string import StrDumperUnknown

from quantumtask.shared.database.base import Database, ErrorTranslation, Row, ServerInfo
from quantumtask.shared.errors import StoreUnavailable

log = logging.getLogger(__name__)

MIGRATIONS = {
    3: "postgresql/0003_tasks.sql",
    4: "postgresql/0004_shares.sql",
    5: "postgresql/0005_results.sql",
    6: "postgresql/0006_options.sql",
    7: "postgresql/0007_batches.sql",
    8: "postgresql/0008_metadata.sql",
}

_MIGRATING = 0x7175616E74756D  # "quantum": names the lock of who brings the schema up to date
_CHANNEL = "quantumtask"


class Postgresql(Database):
    """One connection to a server, made again after it was lost.

    What is lost with it is the transaction that was open; one that was being committed is written
    or not, and nobody knows which: whoever asked must be able to ask again.
    """

    ALSO = ("postgresql/queries.sql",)
    NEWEST = max(MIGRATIONS)

    def __init__(self, url: str, patience_s: float) -> None:
        self._where = _connection_options(url, patience_s)
        self._patience_ms = max(1, round(patience_s * 1000))  # 0 would be for ever
        self._connection: psycopg.Connection[Row] | None = None
        self._pid = 0  # of the server's process at the other end
        self._reachable = True
        self._wrote = False  # in this transaction
        self._listens = False
        self._news = False

    def migrate(self) -> None:
        """Waits for a server that starts at the same time as we do."""
        end = time.monotonic() + _STARTING_S
        while True:
            try:
                return self._migrate()
            except StoreUnavailable:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)

    def _migrate(self) -> None:
        with self.transaction():
            self._run(f"SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock({_MIGRATING})")
            self._run(f"SET LOCAL lock_timeout = {self._patience_ms}")
            done = self.version()
            for number, name in MIGRATIONS.items():
                if number > done:
                    self._run(_text(name))
                    self._run(f"UPDATE schema_version SET version = {number}")

    def version(self) -> int:
        if self.rows("SELECT to_regclass('schema_version')::text", {}) == [(None,)]:
            return 0
        return int(self.rows("SELECT version FROM schema_version", {})[0][0])

    def server(self) -> ServerInfo:
        [(number, settings)] = self.rows(_text("postgresql/server.sql"), {})
        return ServerInfo("PostgreSQL", divmod(number, 10_000), settings)

    @staticmethod
    def sql(query: str) -> str:
        query = re.sub(r"\$in (:\w+)", r"= ANY(\1)", query)
        query = re.sub(r"\$by \w+", "", query)
        # A subquery, so that it is one moment for the whole statement and an index can be used.
        query = query.replace("$now", "(SELECT extract(epoch FROM clock_timestamp())::float8)")
        return re.sub(r"(?<!:):(\w+)", r"%(\1)s", query)

    def begin(self, durable: bool) -> None:
        # Always durable: a server that crashed would forget a claim whose worker is still alive,
        # and give its attempt to another.
        del durable
        self._run("BEGIN")
        self._inside, self._wrote = True, False

    def end(self, *, commit: bool) -> None:
        try:
            if commit:
                self._run(f"NOTIFY {_CHANNEL}; COMMIT" if self._wrote else "COMMIT")
        finally:
            self._inside = False
            self._roll_back()

    def _roll_back(self) -> None:
        """Ends a transaction that is still open, if need be by ending the connection."""
        connection = self._connection
        if connection and connection.info.transaction_status != TransactionStatus.IDLE:
            try:
                connection.execute("ROLLBACK", prepare=False)
            except psycopg.Error:
                connection.close()

    def rows(self, query: str, values: Mapping[str, Any]) -> list[Row]:
        with _translated:
            cursor = self._usable().execute(query.encode(), values, binary=True)
            reads = str(cursor.statusmessage).startswith("SELECT")
            self._wrote |= cursor.rowcount > 0 and not reads
            return cursor.fetchall() if cursor.description else []

    def rows_of_each(self, query: str, values: Sequence[Mapping[str, Any]]) -> list[Row]:
        return self.rows(query, {"rows": _json(values)})

    def changed(self) -> bool:
        """As SQLite's. A server that was away may have kept something from us: that is a change."""
        with _translated:
            connection = self._usable()
            if not self._listens:
                self._listen(connection)
                self._listens = True
            while notification := connection.pgconn.notifies():
                self._hear(notification.be_pid)
        news, self._news = self._news, False
        return news

    def close(self) -> None:
        if self._connection:
            self._connection.close()

    def _run(self, script: str) -> None:
        """Runs statements that have no values and return nothing."""
        with _translated:
            self._usable().execute(script.encode(), prepare=False)

    def _usable(self) -> "psycopg.Connection[Row]":
        """A connection that is not known to be broken; inside a transaction, only ever its own."""
        if self._connection and not self._inside:
            with suppress(psycopg.OperationalError):
                # Reads what has come, without waiting: notifications, or that the server ended.
                # Twice, because one that ends may say why first.
                self._connection.pgconn.consume_input()
                self._connection.pgconn.consume_input()
        if not self._connection or (self._connection.closed and not self._inside):
            self._connect()
        assert self._connection
        return self._connection

    def _connect(self) -> None:
        connection = self._reach()
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        self._connection, self._pid = connection, connection.info.backend_pid

    def _reach(self) -> "psycopg.Connection[Row]":
        try:
            connection = psycopg.connect(**self._where, autocommit=True)
        except psycopg.OperationalError as error:
            if self._reachable:  # once, not at every try
                log.warning("no connection to the database", extra={"reason": str(error)})
            self._reachable = False
            raise
        self._reachable = True
        return connection

    def _prepare(self, connection: "psycopg.Connection[Row]") -> None:
        connection.adapters.register_dumper(int, Int8Dumper)  # one plan, however large the number
        connection.adapters.register_dumper(str, _StrDumper)
        connection.add_notify_handler(lambda notification: self._hear(notification.pid))
        connection.execute(f"SET lock_timeout = {self._patience_ms};{_SESSION}".encode())
        if self._listens:
            self._listen(connection)

    def _listen(self, connection: "psycopg.Connection[Row]") -> None:
        connection.execute(f"LISTEN {_CHANNEL}".encode())
        self._news = True  # what was written until now was not heard

    def _hear(self, pid: int) -> None:
        """Takes note of a transaction of the server's process `pid`, unless that one is ours."""
        self._news |= pid != self._pid


def _text(name: str) -> str:
    """A file of SQL."""
    return resources.files(__package__).joinpath("sql", name).read_text()


def _json(values: Sequence[Mapping[str, Any]]) -> str:
    """Rows as JSON, bytes as hexadecimal digits."""
    text = json.dumps(values, default=bytes.hex)
    if "\\u0000" in text:
        text = json.dumps([_without_nul(each) for each in values], default=bytes.hex)
    return text


def _without_nul(values: Mapping[str, Any]) -> dict[str, Any]:
    """PostgreSQL's text cannot hold the character NUL."""
    return {k: v.replace("\0", "\ufffd") if isinstance(v, str) else v for k, v in values.items()}


class _StrDumper(StrDumperUnknown):
    """Leaves out what PostgreSQL's text cannot hold."""

    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\0", "\ufffd"))


# Every query finds its rows by an index, and a plan made while a table is small is kept when it has
# grown. A client that stopped amid a transaction may not hold its rows for long.
_SESSION = """
SET idle_in_transaction_session_timeout = '10s';
SET default_transaction_isolation = 'read committed';
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SET jit = off;
"""

_STARTING_S = 10
# A server or a network that is silent for so long is gone.
_SILENCE_S = 10


def _connection_options(url: str, patience_s: float) -> dict[str, Any]:
    """The parts of the URL, and what it does not say about noticing that the server is gone."""
    try:
        given = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        # Without its cause, which repeats the URL.
        raise StoreUnavailable("QUANTUMTASK_DATABASE is no URL that PostgreSQL knows") from None
    return {
        "application_name": "quantumtask",
        "client_encoding": "UTF8",
        "connect_timeout": max(2, round(patience_s)),
        "tcp_user_timeout": _SILENCE_S * 1000,
        "keepalives_idle": _SILENCE_S // 2,
        "keepalives_interval": 1,
        "keepalives_count": _SILENCE_S // 2,
        **given,
    }


_translated = ErrorTranslation(
    (
        (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected),
        "the database is locked",
    ),
    ((psycopg.errors.DiskFull,), "the disk is full"),
    (
        (
            psycopg.OperationalError,
            psycopg.InterfaceError,
            psycopg.InternalError,  # a transaction that the server ended; a server that only reads
            psycopg.errors.InsufficientPrivilege,
        ),
        "the database cannot be read or written",
    ),
)
