"""Tests of `quantumtask doctor`, as text and as JSON, on machines with every kind of problem."""

import json
import re
import socket
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from quantumtask.cli.doctor import database, ray, services
from quantumtask.cli.doctor.check_result import CheckResult, Level
from quantumtask.cli.doctor.machine import file_system
from quantumtask.cli.doctor.settings import read
from quantumtask.shared.database.sqlite import MIGRATIONS
from quantumtask.shared.settings import Settings
from tests.support import databases, postgres
from tests.support.command_line import quantumtask
from tests.support.old_schemas import create_old_database
from tests.support.ray_cluster import ONE_TRY, Cluster
from tests.support.services import Service, free_port

Results = dict[str, list[CheckResult]]
NEWEST = len(MIGRATIONS)


def settings(folder: Path, **more: Any) -> dict[str, str]:
    """Return settings of a machine without a problem."""
    values = {"data_dir": folder, "port": free_port(), "worker_port": free_port(), **more}
    return {f"QUANTUMTASK_{name.upper()}": str(value) for name, value in values.items()}


def run_doctor(environment: dict[str, str], status: int) -> Results:
    """Return the results by check; the command must end with this exit status."""
    done = quantumtask("doctor", "--json", **environment)
    assert done.returncode == status, done.stdout + done.stderr
    assert done.stderr == ""
    answer = json.loads(done.stdout)
    assert answer["healthy"] is (status == 0)
    return by_check(map(from_json, answer["checks"]))


def from_json(check: dict[str, Any]) -> CheckResult:
    return CheckResult(check["check"], check["level"], check["saw"], check["advice"])


def by_check(results: Iterable[CheckResult]) -> Results:
    groups: Results = {}
    for result in results:
        assert (result.advice == "") is (result.level == "ok"), result
        groups.setdefault(result.check, []).append(result)
    return groups


def findings(results: Results, level: str = "problem") -> str:
    """Return all results of a level as one text."""
    selection = [each for group in results.values() for each in group if each.level == level]
    return "\n".join(f"{each.check}: {each.finding} {each.advice}" for each in selection)


@pytest.fixture(scope="module")
def unsafe_server() -> Iterator[postgres.Server]:
    """Start a PostgreSQL server without fsync and with few connections."""
    server = postgres.Server("fsync=off", "max_connections=12").start()
    yield server
    server.remove()


def test_a_machine_without_services_is_healthy_and_stays_unchanged(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    results = run_doctor(settings(folder), 0)
    assert "does not exist yet" in results["database"][0].finding
    assert "not running here" in results["api"][0].finding
    assert {each.finding.split()[0] for each in results["engines"]} >= {"qdk", "qiskit-aer"}
    assert not folder.exists()


def test_every_part_of_a_running_service_is_checked(start: Callable[..., Service]) -> None:
    service = start(slots=1)
    environment = {**service.environment, "QUANTUMTASK_WORKER_URL": str(service.worker_url)}
    results = run_doctor(environment, 0)
    assert f"answers on port {service.port}" in results["api"][0].finding
    assert "a Worker answers" in results["doorbell"][0].finding
    assert results["workers"][0].finding.startswith("1 seen in the last")
    assert "readable and writable" in results["schema"][0].finding


@pytest.mark.slow_first
def test_every_part_of_a_service_on_postgresql_is_checked(
    start: Callable[..., Service], tmp_path: Path
) -> None:
    server = postgres.Server().start()
    before = by_check(database.check(Settings(tmp_path, database=server.url)))
    assert findings(before) == ""
    assert "none yet" in before["schema"][0].finding
    service = start(slots=1, database=server.url)
    results = run_doctor(service.environment, 0)
    server.remove()
    assert results["database"][0].finding.startswith("PostgreSQL 1")
    # The second connection of a worker may open later.
    assert re.search("[45] by services", results["database"][1].finding)
    assert "agree" in results["clock"][0].finding


def test_the_text_has_one_line_for_each_result_and_advice_and_counts_the_problems(
    tmp_path: Path,
) -> None:
    """The data folder cannot be checked: that is a problem, and the other checks are made."""
    folder = str(tmp_path / ("x" * 5000))
    done = quantumtask("doctor", "--data-dir", folder, **settings(tmp_path, slots=1, renew_s=40))
    assert (done.returncode, done.stderr) == (1, "")
    line = r"^problem +settings +leases last 30 s and are renewed every 40 s"
    assert re.search(line, done.stdout, re.MULTILINE)
    assert "Make QUANTUMTASK_RENEW_S a third" in done.stdout
    assert "cannot be checked: [Errno 36] File name too long" in done.stdout
    assert re.search(r"^ok +engines ", done.stdout, re.MULTILINE)
    problems = len(re.findall(r"^problem ", done.stdout, re.MULTILINE))
    assert done.stdout.rstrip().endswith(f" {problems} problems")


def test_all_wrong_settings_are_reported_together(tmp_path: Path) -> None:
    port = free_port()
    environment = settings(
        tmp_path,
        max_shotz=5,
        slots="many",
        port=port,
        worker_port=port,
        renew_s=16,
        worker_url="worker:8001",
        max_body_bytes=10,
        database="mysql://me:s3cret@db/tasks",
    )
    results = run_doctor(environment, 1)
    for part in (
        "MAX_SHOTZ is not a setting",
        "got 'many'",
        "have the same port",
        "is not an http://",
    ):
        assert part in findings(results), part
    assert "QUANTUMTASK_DATABASE must be" in findings(results)
    assert "s3cret" not in str(results)
    assert "one late renewal" in findings(results, "warning")
    assert "circuits may have 8,388,608 bytes" in findings(results, "warning")


def test_options_replace_variables_and_doubtful_settings_are_warnings(tmp_path: Path) -> None:
    url, port, worker_port = f"http://127.0.0.1:{free_port()}", free_port(), free_port()
    doubtful = {"slots": 1, "slot_memory_mb": 2**40, "worker_url": url}
    done = quantumtask(
        "doctor", "--json", "--data-dir", str(tmp_path / "here"), "--port", str(port),
        **settings(tmp_path / "there", worker_port=worker_port, **doubtful),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    results = by_check(map(from_json, json.loads(done.stdout)["checks"]))
    assert f"{tmp_path / 'here'}" in results["database"][0].finding
    assert f"port {port} of" in results["api"][0].finding
    assert f"port {worker_port} of" in results["worker"][0].finding
    assert "more memory than the machine has" in findings(results, "warning")
    assert f"no Worker answers at {url}" in findings(results, "warning")


@pytest.mark.parametrize("name", ["QUANTUMTASK_PORT-A", "QUANTUMTASK_A B", "QUANTUMTASK_X_FILE"])
def test_a_variable_with_any_name_is_reported(name: str, tmp_path: Path) -> None:
    usable, results = read({**settings(tmp_path), name: "1"})
    assert usable.data_dir == tmp_path
    assert [each.finding.split(" is not")[0] for each in results[:-1]] == [name]
    assert results[0].advice == f"Correct or unset {name}: no service starts."


def test_a_port_of_another_program_is_a_problem(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        other.settimeout(60)
        port = other.getsockname()[1]
        results = by_check(services.check(Settings(tmp_path, port=port, worker_port=free_port())))
    assert f"another program uses port {port} of 127.0.0.1" in findings(results)


# The database


def check_database(configured: Settings) -> Results:
    return by_check(database.check(configured))


@pytest.mark.parametrize("kind", databases.KINDS)
def test_a_database_without_workers_warns_that_tasks_wait(tmp_path: Path, kind: str) -> None:
    old_worker = "INSERT INTO workers (id, slots, seen_at) VALUES ('w', 2, 1000)"
    with databases.new(kind, tmp_path) as configured:
        create_old_database(configured, NEWEST)
        databases.execute(configured, old_worker)
        results = check_database(configured)
    assert "none seen in the last 15 s" in results["workers"][0].finding
    assert results["workers"][0].finding.endswith("1 task waiting")
    assert "quantumtask worker" in results["workers"][0].advice


def test_an_older_schema_is_reported_and_stays_unchanged(tmp_path: Path) -> None:
    create_old_database(Settings(data_dir=tmp_path), 1)
    for _ in range(2):
        results = check_database(Settings(tmp_path))
        assert results["schema"][0].finding.startswith("version 1; the next service")
        assert "backup" in results["schema"][0].advice


def test_a_newer_schema_asks_for_an_upgrade(tmp_path: Path) -> None:
    create_old_database(Settings(data_dir=tmp_path), NEWEST)
    databases.execute(Settings(data_dir=tmp_path), "PRAGMA user_version = 999")
    assert "Upgrade this machine" in findings(check_database(Settings(tmp_path)), "warning")


def test_a_damaged_file_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "quantumtask.db").write_bytes(b"no database" * 1000)
    results = check_database(Settings(tmp_path))
    assert "the database file is damaged" in results["database"][0].finding


def test_a_database_that_cannot_be_written_is_a_problem(tmp_path: Path) -> None:
    configured = Settings(data_dir=tmp_path)
    create_old_database(configured, NEWEST)
    check_database(Settings(tmp_path))  # switches the database to WAL
    with databases.locked(configured):
        results = check_database(Settings(tmp_path, busy_timeout_s=0.1))
    assert "cannot be written: the database is locked" in findings(results)


def test_an_unreachable_server_is_a_problem_shown_without_the_password(tmp_path: Path) -> None:
    url = f"postgresql://someone:s3cret@127.0.0.1:{free_port()}/tasks"
    results = check_database(Settings(tmp_path, url))
    assert "Connection refused" in findings(results)
    assert "Check that the server runs" in findings(results)
    assert "s3cret" not in str(results)


def test_a_server_without_fsync_or_with_few_connections_is_reported(
    unsafe_server: postgres.Server, tmp_path: Path
) -> None:
    url = f"{unsafe_server.url}?options=-csynchronous_commit%3Doff"
    results = check_database(Settings(tmp_path, url))
    assert "fsync is off" in findings(results)
    assert "synchronous_commit is off" in findings(results)
    assert "full_page_writes" not in findings(results)
    assert "of 9 connections in use" in findings(results, "warning")


def test_a_read_only_server_is_a_problem(unsafe_server: postgres.Server, tmp_path: Path) -> None:
    url = f"{unsafe_server.url}?options=-cdefault_transaction_read_only%3Don"
    assert "the server is read-only" in findings(check_database(Settings(tmp_path, url)))


def test_a_clock_that_differs_from_the_database_is_a_warning(tmp_path: Path) -> None:
    with databases.new("postgresql", tmp_path) as configured:
        databases.execute(
            configured,
            "CREATE FUNCTION clock_timestamp() RETURNS timestamptz LANGUAGE sql AS "
            "$$ SELECT pg_catalog.clock_timestamp() - interval '1 hour' $$",
        )
        results = check_database(Settings(tmp_path, f"{configured.database},pg_catalog"))
    assert "the database's clock is 3600." in results["clock"][0].finding
    assert "No task is lost" in results["clock"][0].advice


# The machine


@pytest.mark.parametrize(
    ("library", "level", "status"), [("stim", "warning", 0), ("qiskit_aer", "problem", 1)]
)
def test_a_library_that_cannot_be_imported_is_a_warning_or_a_problem(
    tmp_path: Path, library: str, level: str, status: int
) -> None:
    (tmp_path / f"{library}.py").write_text("raise ImportError('libgomp.so.1 is missing')")
    path = f"{tmp_path}:{Path(__file__).parents[2] / 'src'}"
    results = run_doctor({**settings(tmp_path), "PYTHONPATH": path}, status)
    assert "cannot be imported: ImportError: libgomp.so.1 is missing" in findings(results, level)
    levels = [each.level for each in results["engines"]]
    assert (len(levels), levels[0]) == (5, Level.OK)
    assert levels.count(Level.OK) >= 2  # the module for Stim imports a part of Aer


@pytest.mark.slow_first
@pytest.mark.xdist_group("ray")
def test_a_ray_cluster_is_checked_with_the_access_of_a_worker(
    tmp_path: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = {"executor": "ray", "ray_address": cluster.address}
    environment = {**settings(tmp_path, **address), **cluster.access}
    results = run_doctor(environment, 0)
    assert results["ray"][0].finding.endswith("1 nodes, 4 cores, 8.0 GiB")
    wrong = dict([ONE_TRY], RAY_AUTH_TOKEN_PATH="", RAY_AUTH_TOKEN="0" * 64)
    assert "the network and the token" in findings(run_doctor({**environment, **wrong}, 1))
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "none"))
    of_ray = Settings(tmp_path, executor="ray", ray_address=cluster.address)
    assert "no token is set" in findings(by_check(ray.check(of_ray)))


MOUNTS = """\
22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
30 22 0:41 / /srv rw - nfs4 server:/export rw
31 30 8:2 / /srv/local\\040disk rw shared:1 - xfs /dev/sdb rw
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [("/srv/tasks", "nfs4"), ("/srv/local disk/tasks", "xfs"), ("/srv2", "ext4"), ("/", "ext4")],
)
def test_the_file_system_is_that_of_the_nearest_mount(folder: str, kind: str) -> None:
    assert file_system(Path(folder), MOUNTS) == kind
    assert file_system(Path(folder), "") == ""
