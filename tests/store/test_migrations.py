"""Databases of all previous versions are upgraded once, also while other processes run."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import apsw
import psycopg
import pytest

from quantumtask.shared.database import postgresql, sqlite
from quantumtask.shared.principal import ALL_PROJECTS
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Result, Submission, TaskSpec
from tests.support import databases
from tests.support.old_schemas import create_old_database
from tests.support.stores import FullStore

RELEASED = [
    *(("sqlite", number) for number in range(1, len(sqlite.MIGRATIONS) + 1)),
    *(("postgresql", number) for number in postgresql.MIGRATIONS),
]


@pytest.mark.parametrize(("kind", "version"), RELEASED)
def test_the_database_of_each_version_before_is_upgraded_with_all_its_rows(
    tmp_path: Path, kind: str, version: int
) -> None:
    with databases.new(kind, tmp_path) as settings:
        create_old_database(settings, version)
        for _ in range(2):  # upgraded once, and opened again
            store = FullStore(settings)
            holds_the_old_tasks(store)
            store.close()
        store = FullStore(settings)
        [assignment] = store.claim("w", 50)
        assert (assignment.id, assignment.spec.parameters) == ("waiting", None)
        assert (assignment.spec.engine, assignment.spec.method) == ("auto", None)
        result = Result('{"0": 1}', None, 1, "aer", "1", "x", 1, (), "{}")
        assert store.complete([(assignment, result)])
        store.close()


def holds_the_old_tasks(store: FullStore) -> None:
    tasks = store.read(ALL_PROJECTS, ["waiting", "completed", "failed"])
    assert {task.state for task in tasks.values()} == {"submitted", "completed", "failed"}
    assert [task.parameters for task in tasks.values()] == [None] * 3
    result, failure = tasks["completed"].result, tasks["failed"].failure
    assert result is not None
    assert (result.counts, result.outputs, result.seed) == ('{"0": 1}', None, 7)
    assert (result.engine, result.precision, result.reason) == ("aer", None, None)
    assert failure is not None
    assert (failure.problems[0].severity, failure.problems[0].end_line) == ("error", None)
    assert failure.problems[0].line == 5


def columns(settings: Settings) -> dict[str, set[str]]:
    """Return the names of all columns of all tables."""
    columns: dict[str, set[str]] = {}
    if settings.database:
        listed = (
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = current_schema()"
        )
        with psycopg.connect(settings.database) as server:
            rows = server.execute(listed).fetchall()
    else:
        listed = "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c"
        file = apsw.Connection(str(settings.database_file))
        rows = list(file.execute(f"{listed} WHERE t.type = 'table'"))
        file.close()
    for table, column in rows:
        columns.setdefault(table, set()).add(column)
    return columns


def test_a_version_has_the_same_tables_and_columns_on_both_databases(tmp_path: Path) -> None:
    assert max(postgresql.MIGRATIONS) == len(sqlite.MIGRATIONS)
    with databases.new("sqlite", tmp_path) as one, databases.new("postgresql", tmp_path) as other:
        for settings in (one, other):
            FullStore(settings).close()
        embedded, served = columns(one), columns(other)
    assert len(embedded) > 5
    for table in ("changes", "batch_events"):
        embedded[table].add("rowid")  # has no need to be asked for
    embedded["schema_version"] = {"version"}  # is kept in the head of the file
    assert embedded == served


OPEN = """
import sys
from quantumtask.shared.worker_store import WorkerStore
from quantumtask.shared.settings import load_settings
sys.stdin.readline()
WorkerStore(load_settings()).close()
"""


@pytest.mark.parametrize(("kind", "version"), [("sqlite", 0), ("postgresql", 0), ("sqlite", 1)])
def test_processes_that_start_together_upgrade_it_once(
    tmp_path: Path, kind: str, version: int
) -> None:
    with databases.new(kind, tmp_path) as settings:
        if version:
            create_old_database(settings, version)
        environment = {
            "PYTHONPATH": ":".join(sys.path),
            "QUANTUMTASK_DATA_DIR": str(settings.data_dir),
            "QUANTUMTASK_DATABASE": settings.database,
        }
        together = [
            subprocess.Popen(
                [sys.executable, "-c", OPEN],
                env=environment,
                stdin=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(4)
        ]
        for process in together:
            assert process.stdin
            process.stdin.write("now\n")
            process.stdin.flush()
        outputs = [process.communicate(timeout=60)[1] for process in together]
        assert [process.returncode for process in together] == [0] * 4, outputs


def test_the_version_before_still_works_after_the_next_one_has_upgraded_the_database(
    configured: Settings,
) -> None:
    """A migration adds columns and tables, and leaves their removal to the version after it."""
    old = FullStore(configured)
    old.submit([Submission("before", TaskSpec("x"), 1.0)])
    long_timeout = replace(configured, busy_timeout_s=5)
    databases.execute(long_timeout, "ALTER TABLE tasks ADD COLUMN later TEXT")
    newest = 1 + max(postgresql.MIGRATIONS)
    databases.execute(
        long_timeout,
        f"UPDATE schema_version SET version = {newest}"
        if long_timeout.database
        else f"PRAGMA user_version = {newest}",
    )
    old.submit([Submission("after", TaskSpec("x"), 1.0)])
    restarted = FullStore(configured)
    assert [a.id for a in restarted.claim("w", 1.5)] == ["before", "after"]
    assert [t.id for t in old.list_tasks(ALL_PROJECTS)] == ["after", "before"]
    old.close()
    restarted.close()
