"""PostgreSQL, for processes on many machines; the only file that imports its driver."""

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
    9: "postgresql/0009_projects.sql",
    10: "postgresql/0010_preemption.sql",
    11: "postgresql/0011_sharing.sql",
    12: "postgresql/0012_audit.sql",
    13: "postgresql/0013_sessions.sql",
    14: "postgresql/0014_minutes.sql",
    15: "postgresql/0015_progress.sql",
}

_MIGRATION_LOCK = 0x7175616E74756D  # "quantum": the number of an advisory lock
_CHANNEL = "quantumtask"


class Postgresql(Database):
    """One connection to a server, which is opened again after it was lost.

    A lost connection rolls back the open transaction. A transaction whose commit was under way is
    written or not, and the caller cannot know which: all calls must be safe to repeat.
    """

    QUERY_OVERRIDES = ("postgresql/queries.sql",)
    NEWEST_SCHEMA = max(MIGRATIONS)

    def __init__(self, url: str, busy_timeout_s: float) -> None:
        self._options = _connection_options(url, busy_timeout_s)
        self._lock_timeout_ms = max(1, round(busy_timeout_s * 1000))  # 0 would mean no limit
        self._connection: psycopg.Connection[Row] | None = None
        self._backend_pid = 0  # the server's process for this connection
        self._reachable = True
        self._wrote = False  # in this transaction
        self._listening = False
        self._notified = False

    def migrate(self) -> None:
        """Run the migrations that the schema lacks; wait for a server that is still starting."""
        end = time.monotonic() + _SERVER_START_S
        while True:
            try:
                return self._migrate()
            except StoreUnavailable:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)

    def _migrate(self) -> None:
        with self.transaction():
            self._run(
                f"SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"
            )
            self._run(f"SET LOCAL lock_timeout = {self._lock_timeout_ms}")
            version = self.schema_version()
            for number, name in MIGRATIONS.items():
                if number > version:
                    self._run(_text(name))
                    self._run(f"UPDATE schema_version SET version = {number}")

    def schema_version(self) -> int:
        """Return the version of the schema; 0 for an empty database."""
        if self.rows("SELECT to_regclass('schema_version')::text", {}) == [(None,)]:
            return 0
        return int(self.rows("SELECT version FROM schema_version", {})[0][0])

    def server_info(self) -> ServerInfo:
        """Return version and settings of the server."""
        [(number, settings)] = self.rows(_text("postgresql/server.sql"), {})
        return ServerInfo("PostgreSQL", divmod(number, 10_000), settings)

    @staticmethod
    def translate(query: str) -> str:
        """Replace the placeholders of queries.sql by their PostgreSQL form."""
        query = re.sub(r"\$in (:\w+)", r"= ANY(\1)", query)
        query = re.sub(r"\$by \w+", "", query)
        # A subquery, so that the whole statement has one time and can use an index.
        query = query.replace("$now", "(SELECT extract(epoch FROM clock_timestamp())::float8)")
        return re.sub(r"(?<!:):(\w+)", r"%(\1)s", query)

    def begin(self, durable: bool) -> None:
        """Begin a transaction, which is always durable.

        A crashed server could otherwise forget a claim of a worker that is still alive, and give
        the same attempt to another worker.
        """
        del durable
        self._run("BEGIN")
        self._in_transaction, self._wrote = True, False

    def end(self, *, commit: bool) -> None:
        """Commit and notify the other connections, or roll back."""
        try:
            if commit:
                self._run(f"NOTIFY {_CHANNEL}; COMMIT" if self._wrote else "COMMIT")
        finally:
            self._in_transaction = False
            self._roll_back()

    def _roll_back(self) -> None:
        """End a transaction that is still open; close the connection if that fails."""
        connection = self._connection
        if connection and connection.info.transaction_status != TransactionStatus.IDLE:
            try:
                connection.execute("ROLLBACK", prepare=False)
            except psycopg.Error:
                connection.close()

    def check_room(self) -> None:
        """Do nothing: the server itself refuses a transaction for which it has no room."""

    def rows(self, query: str, values: Mapping[str, Any]) -> list[Row]:
        """Run a query and return its rows."""
        with _translated:
            cursor = self._usable().execute(query.encode(), values, binary=True)
            is_select = str(cursor.statusmessage).startswith("SELECT")
            self._wrote |= cursor.rowcount > 0 and not is_select
            return cursor.fetchall() if cursor.description else []

    def rows_of_each(self, query: str, values: Sequence[Mapping[str, Any]]) -> list[Row]:
        """Run a query once, with all values as one JSON array, and return all rows."""
        return self.rows(query, {"rows": _json(values)})

    def changed(self) -> bool:
        """Return True after a notification of another connection, or after a reconnection."""
        with _translated:
            connection = self._usable()
            if not self._listening:
                self._listen(connection)
                self._listening = True
            while notification := connection.pgconn.notifies():
                self._on_notification(notification.be_pid)
        notified, self._notified = self._notified, False
        return notified

    def close(self) -> None:
        """Close the connection."""
        if self._connection:
            self._connection.close()

    def _run(self, script: str) -> None:
        """Run statements without values and without rows."""
        with _translated:
            self._usable().execute(script.encode(), prepare=False)

    def _usable(self) -> "psycopg.Connection[Row]":
        """Return a connection that is not known to be broken; a transaction keeps its own."""
        if self._connection and not self._in_transaction:
            with suppress(psycopg.OperationalError):
                # Read incoming messages without waiting: notifications, or the end of the server.
                # Twice, because an ending server may send a reason first.
                self._connection.pgconn.consume_input()
                self._connection.pgconn.consume_input()
        if not self._connection or (self._connection.closed and not self._in_transaction):
            self._connect()
        assert self._connection
        return self._connection

    def _connect(self) -> None:
        connection = self._open()
        try:
            self._prepare(connection)
        except BaseException:  # only to close: the exception goes on
            connection.close()
            raise
        self._connection, self._backend_pid = connection, connection.info.backend_pid

    def _open(self) -> "psycopg.Connection[Row]":
        try:
            connection = psycopg.connect(**self._options, autocommit=True)
        except psycopg.OperationalError as error:
            if self._reachable:  # log once, not at every try
                log.warning("database connection failed", extra={"reason": str(error)})
            self._reachable = False
            raise
        self._reachable = True
        return connection

    def _prepare(self, connection: "psycopg.Connection[Row]") -> None:
        connection.adapters.register_dumper(
            int, Int8Dumper
        )  # one type, so one plan, for numbers of any size
        connection.adapters.register_dumper(str, _StrDumper)
        connection.add_notify_handler(lambda notification: self._on_notification(notification.pid))
        connection.execute(f"SET lock_timeout = {self._lock_timeout_ms};{_SESSION}".encode())
        if self._listening:
            self._listen(connection)

    def _listen(self, connection: "psycopg.Connection[Row]") -> None:
        connection.execute(f"LISTEN {_CHANNEL}".encode())
        self._notified = True  # earlier notifications were missed

    def _on_notification(self, backend_pid: int) -> None:
        """Note a transaction of another connection."""
        self._notified |= backend_pid != self._backend_pid


def _text(name: str) -> str:
    """Return the text of a file of SQL."""
    return resources.files(__package__).joinpath("sql", name).read_text()


def _json(values: Sequence[Mapping[str, Any]]) -> str:
    """Return the rows as a JSON array, bytes as hexadecimal digits."""
    text = json.dumps(values, default=bytes.hex)
    if "\\u0000" in text:
        text = json.dumps([_without_nul(each) for each in values], default=bytes.hex)
    return text


def _without_nul(values: Mapping[str, Any]) -> dict[str, Any]:
    """Replace NUL characters, which the type `text` of PostgreSQL cannot hold."""
    return {k: v.replace("\0", "\ufffd") if isinstance(v, str) else v for k, v in values.items()}


class _StrDumper(StrDumperUnknown):
    """Replaces NUL characters, which the type `text` of PostgreSQL cannot hold."""

    def dump(self, obj: str) -> Any:
        """Return the text without NUL characters."""
        return super().dump(obj.replace("\0", "\ufffd"))


# Sequential scans are off because a plan that is made while a table is small stays in use after the
# table has grown. The timeout releases the locks of a client that stops inside a transaction.
_SESSION = """
SET idle_in_transaction_session_timeout = '10s';
SET default_transaction_isolation = 'read committed';
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SET jit = off;
"""

_SERVER_START_S = 10
_DEAD_PEER_S = 10
"""Seconds of silence after which a server or a network counts as lost."""


def _connection_options(url: str, busy_timeout_s: float) -> dict[str, Any]:
    """Return the options of the URL, with defaults that detect the loss of the server."""
    try:
        url_options = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        # Without the cause, which repeats the URL with its password.
        raise StoreUnavailable("QUANTUMTASK_DATABASE must be a valid URL of PostgreSQL") from None
    return {
        "application_name": "quantumtask",
        "client_encoding": "UTF8",
        "connect_timeout": max(2, round(busy_timeout_s)),
        "tcp_user_timeout": _DEAD_PEER_S * 1000,
        "keepalives_idle": _DEAD_PEER_S // 2,
        "keepalives_interval": 1,
        "keepalives_count": _DEAD_PEER_S // 2,
        **url_options,
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
            psycopg.InternalError,  # an aborted transaction, or a read-only server
            psycopg.errors.InsufficientPrivilege,
        ),
        "the database cannot be read or written",
    ),
)
