"""Tasks that have run before they are stored: one transaction, the same moves, one result."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import apsw
import pytest

from quantumtask.api.service.submission_writer import SubmissionWriter
from quantumtask.shared.database.sqlite import Sqlite
from quantumtask.shared.direct_run import DirectRun
from quantumtask.shared.errors import QueueFull
from quantumtask.shared.principal import ALL_PROJECTS
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Result, Submission, Task, TaskSpec, TaskState
from tests.support.stores import FullStore

REAL = apsw.vfs_names()[0]
RESULT = Result('{"0": 1}', None, 7, "aer", "1", "statevector", 1.5)


@pytest.fixture
def store(configured: Settings) -> Iterator[FullStore]:
    opened = FullStore(configured)
    yield opened
    opened.close()


def ran(worker: str = "worker", result: Result = RESULT) -> DirectRun:
    """Return a run that began 100 seconds ago, 200 after the submission."""
    started_at = time.monotonic() - 100
    return DirectRun(worker, result, started_at - 200, started_at, started_at + 50)


def new(task_id: str, **more: str) -> Submission:
    return Submission(task_id, TaskSpec("x"), 1.0, **more)  # type: ignore[arg-type]


def test_a_task_with_a_direct_run_has_the_moves_and_times_of_its_run(store: FullStore) -> None:
    runs = {"first": ran("one"), "third": ran("other")}
    answers = store.submit([new("first"), new("second"), new("third")], runs)
    tasks = store.read(ALL_PROJECTS, ["first", "second", "third"])
    assert answers == [tasks["first"], "second", tasks["third"]]
    assert tasks["second"].state is TaskState.SUBMITTED
    for task_id, worker in (("first", "one"), ("third", "other")):
        task = tasks[task_id]
        assert (task.state, task.attempt) == (TaskState.COMPLETED, 1)
        assert task.result is not None
        assert task.result.counts == RESULT.counts
        assert task.result.store_ms == pytest.approx(50_000, abs=25_000)
        moves = [(each.move, each.worker) for each in task.changes]
        assert moves == [("submit", None), ("claim", worker), ("complete", worker)]
        submit, claim, complete = (each.at for each in task.changes)
        assert (task.submitted_at, task.started_at, task.finished_at) == (submit, claim, complete)
        assert claim - submit == pytest.approx(200, abs=50)
        assert complete - claim == pytest.approx(100, abs=50)
    [usage] = store.usage("default", 1)
    assert usage.tasks == 2


def test_a_task_with_every_field_is_returned_as_it_is_read(store: FullStore) -> None:
    spec = TaskSpec(
        "x", 7, 3, True, 4.5, "name", ("b", "a"), "{}", "aer", "statevector", "owner", -4, "{}",
        '{"a": 1}', "project",
    )  # fmt: skip
    result = Result(
        '[{"0": 1}]', '["0"]', 2**63, "aer", "1", "statevector", 1 / 3, ("a", "é"), '{"o": []}',
        "double", 'a "reason"', '{"d": []}', (1,), (("c", 1), ("é", 2)), {"depth": [1, None, 0.1]},
        threads=2, compile_ms=2 / 3,
    )  # fmt: skip
    [task] = store.submit([Submission("task", spec, 1.0)], {"task": ran(result=result)})
    assert [task] == list(store.read(ALL_PROJECTS, ["task"]).values())
    assert store.read_request(ALL_PROJECTS, "task") == spec


def test_no_worker_claims_a_task_with_a_direct_run_and_none_writes_it_again(
    store: FullStore,
) -> None:
    store.submit([new("task")], {"task": ran()})
    before = store.read(ALL_PROJECTS, ["task"])
    assert store.claim("worker", 1e9) == []
    store.reclaim(store.leases())
    assert store.read(ALL_PROJECTS, ["task"]) == before


def test_a_repeated_key_drops_the_second_run(store: FullStore) -> None:
    first, again = (new(name, key="key", digest="same") for name in ("first", "again"))
    assert store.submit([first, again], {"first": ran(), "again": ran()}) == [
        *store.read(ALL_PROJECTS, ["first"]).values(),
        "first",
    ]
    assert store.submit([new("late", key="key", digest="same")], {"late": ran()}) == ["first"]
    assert list(store.read(ALL_PROJECTS, ["first", "again", "late"])) == ["first"]


def test_limits_refuse_a_task_that_has_run_already(configured: Settings) -> None:
    store = FullStore(replace(configured, max_waiting_tasks=1))
    store.submit([new("waits")])
    [refusal] = store.submit([new("ran")], {"ran": ran()})
    store.close()
    assert isinstance(refusal, QueueFull)


def test_no_statement_is_planned_again_at_each_run_with_sqlite(tmp_path: Path) -> None:
    store = FullStore(Settings(data_dir=tmp_path))
    assert isinstance(store._database, Sqlite)
    plans: dict[str, int] = {}

    def note(event: dict[str, Any]) -> None:
        plans[event["sql"]] = event["stmt_status"]["SQLITE_STMTSTATUS_REPREPARE"]

    store._database._connection.trace_v2(apsw.SQLITE_TRACE_PROFILE, note)
    for number in range(3):
        ended, waiting = f"ended-{number}", f"waiting-{number}"
        store.submit([new(ended), new(waiting)], {ended: ran()})
        store.read(ALL_PROJECTS, [ended, waiting])
        store.list_tasks(ALL_PROJECTS)
    store.close()
    assert len(plans) > 15
    assert [statement for statement, times in plans.items() if times] == []


class WrittenLog(apsw.VFS):
    """A file system that knows which bytes of the write-ahead log are on the disk.

    A power cut keeps what was synced, and may lose all that was written after it.
    """

    def __init__(self) -> None:
        self.synced: bytes | None = None
        super().__init__("power", REAL, makedefault=True)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        return WrittenFile(self, name, flags)


class WrittenFile(apsw.VFSFile):
    """A file of that file system."""

    def __init__(
        self, system: WrittenLog, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> None:
        super().__init__(REAL, name, flags)
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._log = Path(path) if path and path.endswith("-wal") else None
        self._system = system

    def xSync(self, flags: int) -> None:
        super().xSync(flags)
        if self._log:
            self._system.synced = self._log.read_bytes()


@pytest.fixture
def power() -> Iterator[WrittenLog]:
    system = WrittenLog()
    yield system
    system.unregister()


def test_an_answered_direct_run_survives_a_power_cut_with_sqlite(
    power: WrittenLog, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    FullStore(settings).close()

    async def check() -> None:
        writer = SubmissionWriter(settings)
        for number in range(3):
            task: Task = await writer.submissions((new(f"task-{number}"), ran()))
            assert after_power_cut(settings, power, tmp_path / str(number), task.id) == task
        writer.stop()

    asyncio.run(check())


def after_power_cut(
    settings: Settings, power: WrittenLog, folder: Path, task_id: str
) -> Task | None:
    """Return a task from a copy of what is on the disk now."""
    copied, assumed = settings.database_file, Settings(data_dir=folder)
    folder.mkdir()
    assumed.database_file.write_bytes(copied.read_bytes())
    assert power.synced is not None
    (folder / f"{copied.name}-wal").write_bytes(power.synced)
    store = FullStore(assumed)
    task = store.read(ALL_PROJECTS, [task_id]).get(task_id)
    store.close()
    return task
