"""The database: reachable, writable, of the right version, and set so that promises hold."""

from collections.abc import Iterator

from quantumtask.cli.doctor.line import Line, ok, problem, warning
from quantumtask.shared.database.base import ServerInfo
from quantumtask.shared.database.inspection import DatabaseReport, inspect_database
from quantumtask.shared.errors import StoreUnavailable
from quantumtask.shared.settings import PREFIX, Settings

SQLITE = (3, 51, 3)
"""Before it, a rare bug corrupts a WAL database with several connections."""
POSTGRESQL = (14, 0)
CLOCKS_S = 1.0
FEW_CONNECTIONS = 10
EACH_API, EACH_WORKER = 3, 2


def check(settings: Settings) -> Iterator[Line]:
    name = settings.database_label
    try:
        seen = inspect_database(settings)
    except StoreUnavailable as error:
        yield problem("database", f"{name}: {_reason(error)}", _way_out(settings))
        return
    if seen is None:
        yield ok("database", f"{name} is not there yet: the first service to start makes it")
        return
    yield from _server(seen.server)
    yield from _schema(seen, name)
    yield from _workers(seen, settings)


def _reason(error: StoreUnavailable) -> str:
    """What the driver said, where it said something; it never repeats a password."""
    said = str(error.__cause__).strip().splitlines() if error.__cause__ else []
    return f"{error.message} ({said[0]})" if said else error.message


def _way_out(settings: Settings) -> str:
    if settings.database:
        return f"Is the server running, and are user and password in {PREFIX}DATABASE right?"
    return f"May this user write {settings.data_dir} and all files in it? docs/how-to/backup.md"


def _server(server: ServerInfo) -> Iterator[Line]:
    least = POSTGRESQL if server.name == "PostgreSQL" else SQLITE
    name = f"{server.name} {_dotted(server.version)}"
    if server.version < least:
        yield problem("database", name, f"{_dotted(least)} or newer is needed.")
    else:
        yield ok("database", name)
    if server.name == "PostgreSQL":
        yield from _durability(server)
        yield from _connections(server)


def _durability(server: ServerInfo) -> Iterator[Line]:
    found = server.settings
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        if found[name] == "off":
            saw = f"{name} is off: what was answered may be gone after a crash of the server"
            yield problem("database", saw, f"ALTER SYSTEM SET {name} = on; then reload the server.")
    if found["only_reads"]:
        saw = "the server only reads: it is a standby, or set to"
        yield problem("database", saw, "Add ?target_session_attrs=read-write and name all servers.")
    if found["encoding"] != "UTF8":
        saw = f"the database's encoding is {found['encoding']}"
        yield problem("database", saw, "Make one in UTF8: names and circuits are Unicode.")


def _connections(server: ServerInfo) -> Iterator[Line]:
    used, most = server.settings["connections"], server.settings["most_connections"]
    saw = f"{used} of {most} connections in use, {server.settings['our_connections']} by services"
    if most - used < FEW_CONNECTIONS:
        each = f"An API process takes {EACH_API}, a Worker {EACH_WORKER}"
        yield warning("database", saw, f"{each}: raise max_connections before you add any.")
    else:
        yield ok("database", saw)


def _schema(seen: DatabaseReport, name: str) -> Iterator[Line]:
    if seen.schema == 0 and not seen.server.settings.get("may_create", True):
        advice = "GRANT CREATE ON SCHEMA public TO the user of the services."
        yield problem("schema", f"{name} is empty, and this user may not make tables", advice)
    elif seen.schema == 0:
        yield ok("schema", "none yet: the first service to start makes it")
    elif seen.schema > seen.newest_schema:
        saw = f"version {seen.schema}; this version of QuantumTask knows {seen.newest_schema}"
        yield warning("schema", saw, "Upgrade this machine: only the version before goes on too.")
    elif seen.schema < seen.newest_schema:
        saw = f"version {seen.schema}; the next service to start makes it {seen.newest_schema}"
        yield warning(
            "schema", saw, "Take a backup first: there is no way back. docs/how-to/backup.md"
        )
    elif not seen.refusal:
        yield ok("schema", f"version {seen.schema}, readable and writable")
    if seen.refusal:
        yield problem("schema", f"{name} cannot be written: {seen.refusal}", "Tasks get 503.")
    yield from _clock(seen)


def _clock(seen: DatabaseReport) -> Iterator[Line]:
    """SQLite's is this machine's."""
    if seen.server.name == "PostgreSQL" and abs(seen.ahead_s) <= CLOCKS_S:
        yield ok("clock", f"the database's and this machine's agree within {CLOCKS_S:g} s")
    elif abs(seen.ahead_s) > CLOCKS_S:
        way = "ahead of" if seen.ahead_s > 0 else "behind"
        yield warning(
            "clock",
            f"the database's clock is {abs(seen.ahead_s):.1f} s {way} this machine's",
            "Nothing is lost by that; logs, task ids and the ages that "
            "`quantumtask list` shows go by this one. Have both set by NTP.",
        )


def _workers(seen: DatabaseReport, settings: Settings) -> Iterator[Line]:
    recent_s = 3 * settings.renew_s
    slots = [slots for ago, slots in seen.workers if ago <= recent_s]
    waiting = f"{seen.waiting:,} tasks waiting"
    if slots:
        saw = f"{len(slots)} seen in the last {recent_s:g} s, {sum(slots)} slots; {waiting}"
        yield ok("workers", saw)
    else:
        last = f"the last one {seen.workers[0][0]:,.0f} s ago" if seen.workers else "none is known"
        yield warning(
            "workers",
            f"none seen in the last {recent_s:g} s ({last}); {waiting}",
            "Tasks are taken and wait. Start one: quantumtask worker",
        )
    if seen.waiting >= settings.max_waiting_tasks:
        saw = f"{seen.waiting:,} tasks wait, the most there may: submissions get 429"
        yield warning("workers", saw, f"Add Workers, or raise {PREFIX}MAX_WAITING_TASKS.")


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
