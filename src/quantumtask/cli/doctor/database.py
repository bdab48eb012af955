"""Check of the database: access, version, schema, clock, and settings for durability."""

from collections.abc import Iterator

from quantumtask.cli.doctor.check_result import CheckResult, ok, problem, warning
from quantumtask.shared.database.base import ServerInfo
from quantumtask.shared.database.inspection import DatabaseReport, inspect_database
from quantumtask.shared.errors import StoreUnavailable
from quantumtask.shared.quantity import quantity
from quantumtask.shared.settings import PREFIX, Settings

SQLITE = (3, 51, 3)
"""First version without a rare bug that corrupts a WAL database with several connections."""
POSTGRESQL = (14, 0)
MAX_CLOCK_SKEW_S = 1.0
MIN_FREE_CONNECTIONS = 10
CONNECTIONS_PER_API, CONNECTIONS_PER_WORKER = 3, 2


def check(settings: Settings) -> Iterator[CheckResult]:
    """Check the database that the settings name."""
    name = settings.database_label
    try:
        report = inspect_database(settings)
    except StoreUnavailable as error:
        yield problem("database", f"{name}: {_reason(error)}", _access_advice(settings))
        return
    if report is None:
        yield ok("database", f"{name} does not exist yet: the first service that starts creates it")
        return
    yield from _server(report.server)
    yield from _schema(report, name)
    yield from _workers(report, settings)


def _reason(error: StoreUnavailable) -> str:
    """Return the message of the driver, which never holds a password."""
    lines = str(error.__cause__).strip().splitlines() if error.__cause__ else []
    return f"{error.message} ({lines[0]})" if lines else error.message


def _access_advice(settings: Settings) -> str:
    if settings.database:
        return f"Check that the server runs, and the user and password in {PREFIX}DATABASE."
    return (
        f"Check that this user may write {settings.data_dir} and its files: docs/how-to/backup.md"
    )


def _server(server: ServerInfo) -> Iterator[CheckResult]:
    minimum = POSTGRESQL if server.name == "PostgreSQL" else SQLITE
    name = f"{server.name} {_format_version(server.version)}"
    if server.version < minimum:
        yield problem("database", name, f"Install {_format_version(minimum)} or newer.")
    else:
        yield ok("database", name)
    if server.name == "PostgreSQL":
        yield from _durability(server)
        yield from _connections(server)


def _durability(server: ServerInfo) -> Iterator[CheckResult]:
    options = server.settings
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        if options[name] == "off":
            finding = f"{name} is off: a crash of the server can lose accepted tasks"
            yield problem(
                "database", finding, f"Run ALTER SYSTEM SET {name} = on; and reload the server."
            )
    if options["only_reads"]:
        finding = "the server is read-only: a standby, or configured so"
        yield problem(
            "database", finding, "Add ?target_session_attrs=read-write and name all servers."
        )
    if options["encoding"] != "UTF8":
        finding = f"the database's encoding is {options['encoding']}"
        yield problem(
            "database", finding, "Create a database in UTF8: names and circuits are Unicode."
        )


def _connections(server: ServerInfo) -> Iterator[CheckResult]:
    used, limit = server.settings["connections"], server.settings["most_connections"]
    finding = (
        f"{used} of {limit} connections in use, {server.settings['our_connections']} by services"
    )
    if limit - used < MIN_FREE_CONNECTIONS:
        usage = f"An API process takes {CONNECTIONS_PER_API}, a Worker {CONNECTIONS_PER_WORKER}"
        yield warning(
            "database", finding, f"{usage}: raise max_connections before you add services."
        )
    else:
        yield ok("database", finding)


def _schema(report: DatabaseReport, name: str) -> Iterator[CheckResult]:
    if report.schema == 0 and not report.server.settings.get("may_create", True):
        advice = "Run GRANT CREATE ON SCHEMA public TO the user of the services."
        yield problem("schema", f"{name} is empty, and this user may not create tables", advice)
    elif report.schema == 0:
        yield ok("schema", "none yet: the first service that starts creates it")
    elif report.schema > report.newest_schema:
        finding = f"version {report.schema}; this version of QuantumTask has {report.newest_schema}"
        yield warning(
            "schema", finding, "Upgrade this machine: a schema supports only the version before it."
        )
    elif report.schema < report.newest_schema:
        finding = f"version {report.schema}; the next service upgrades it to {report.newest_schema}"
        yield warning(
            "schema",
            finding,
            "Take a backup first: an upgrade cannot be undone. docs/how-to/backup.md",
        )
    elif not report.write_error:
        yield ok("schema", f"version {report.schema}, readable and writable")
    if report.write_error:
        yield problem(
            "schema",
            f"{name} cannot be written: {report.write_error}",
            "Submissions get 503 until it can be written.",
        )
    yield from _clock(report)


def _clock(report: DatabaseReport) -> Iterator[CheckResult]:
    """Compare the clock of a PostgreSQL server with the clock of this machine."""
    if report.server.name == "PostgreSQL" and abs(report.clock_skew_s) <= MAX_CLOCK_SKEW_S:
        yield ok(
            "clock",
            f"the clocks of the database and of this machine agree within {MAX_CLOCK_SKEW_S:g} s",
        )
    elif abs(report.clock_skew_s) > MAX_CLOCK_SKEW_S:
        relation = "ahead of" if report.clock_skew_s > 0 else "behind"
        yield warning(
            "clock",
            f"the database's clock is {abs(report.clock_skew_s):.1f} s {relation} this machine's",
            "No task is lost, but logs, task ids and ages in `quantumtask list` use this machine's "
            "clock. Set both clocks by NTP.",
        )


def _workers(report: DatabaseReport, settings: Settings) -> Iterator[CheckResult]:
    recent_s = 3 * settings.renew_s
    slots = [slots for age, slots in report.workers if age <= recent_s]
    waiting = f"{quantity(report.waiting, 'task')} waiting"
    if slots:
        total = quantity(sum(slots), "slot")
        finding = f"{len(slots)} seen in the last {recent_s:g} s, {total}; {waiting}"
        yield ok("workers", finding)
    else:
        last = (
            f"the last one {report.workers[0][0]:,.0f} s ago"
            if report.workers
            else "no Worker has ever started"
        )
        yield warning(
            "workers",
            f"none seen in the last {recent_s:g} s ({last}); {waiting}",
            "Tasks are accepted and wait. Start a Worker: quantumtask worker",
        )
    if report.waiting >= settings.max_waiting_tasks:
        finding = f"{report.waiting:,} tasks wait, the limit: submissions get 429"
        yield warning("workers", finding, f"Add Workers, or raise {PREFIX}MAX_WAITING_TASKS.")


def _format_version(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
