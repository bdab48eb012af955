"""Deletion of old tasks and search for orphans, on both databases."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from quantumtask.shared.batch import NewBatch
from quantumtask.shared.blobs import describe_blob, new_blob_name, strip_result
from quantumtask.shared.database.queries import load_queries
from quantumtask.shared.limits import Consumption
from quantumtask.shared.principal import ALL_PROJECTS
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Assignment, Failure, Result, Submission, TaskSpec
from tests.support import databases
from tests.support.stores import FullStore

RESULT = Result('{"0": 1}', '["0"]', 7, "aer", "1", "statevector", 1.5)
BLOB = describe_blob("database/name", b"large")


@pytest.fixture
def store(configured: Settings) -> Iterator[FullStore]:
    opened = FullStore(configured)
    yield opened
    opened.close()


def without_retention(configured: Settings) -> Settings:
    """Return settings with a lifetime in the past, so that every finished task is deleted."""
    return replace(configured, retention_days=-1, idempotency_hours=-24)


def put(store: FullStore, *names: str) -> list[Assignment]:
    spec = TaskSpec("x", name="n", tags=("a", "b"), parameters='{"x": 1}')
    store.submit([Submission(name, spec, 1.0) for name in names])
    return store.claim("w", 1e9)


def end(store: FullStore, *names: str, result: Result = RESULT) -> None:
    assert len(store.complete([(a, result) for a in put(store, *names)])) == len(names)


def removed(configured: Settings, most: int) -> tuple[int, list[str]]:
    opened = FullStore(without_retention(configured))
    try:
        return opened.remove_tasks(most)
    finally:
        opened.close()


def rest(store: FullStore) -> dict[str, int]:
    """Return the number of remaining tasks, as seen in all tables."""
    database = store._database
    tables = ("tasks", "changes", "tags", "parameters", "circuits")
    counted = (f"SELECT count(DISTINCT sequence) FROM {table}" for table in tables)
    return {t: database.rows(q, {})[0][0] for t, q in zip(tables, counted, strict=True)}


def test_old_tasks_are_deleted_with_all_their_rows_and_others_stay(
    configured: Settings, store: FullStore
) -> None:
    end(store, "inline")
    end(store, "large", result=strip_result(RESULT, BLOB))
    [failed, cancelled] = put(store, "failed", "cancelled")
    store.fail(failed, Failure("code", "message"))
    store.cancel(ALL_PROJECTS, cancelled.id)
    store.submit([Submission("waiting", TaskSpec("x", tags=("a",), parameters="{}"), 1.0)])
    [running] = store.claim("w", 1)
    store.submit([Submission("later", TaskSpec("x", tags=("a",), parameters="{}"), 1.0)])
    assert removed(configured, 500) == (4, [BLOB.name])
    assert removed(configured, 500) == (0, [])
    assert set(rest(store).values()) == {2}
    assert store.list_tasks(ALL_PROJECTS, tag="b") == []
    assert store.complete([(running, RESULT)])


def test_a_client_deletes_a_task_that_has_ended_with_all_its_rows(store: FullStore) -> None:
    end(store, "large", result=strip_result(RESULT, BLOB))
    end(store, "other")
    [running] = put(store, "running")
    before, blobs = store.delete("default", "large")
    assert before is not None
    assert (before.id, blobs) == ("large", [BLOB.name])
    assert store.delete("default", "running")[0] is not None
    assert store.read(ALL_PROJECTS, ["large", "other", "running"]).keys() == {"other", "running"}
    assert store.delete("default", "large") == (None, [])
    assert set(rest(store).values()) == {2}
    assert store.complete([(running, RESULT)])
    for name in ("running", "other"):
        store.delete("default", name)
    assert set(rest(store).values()) == {0}
    assert sum(each.result_bytes for each in store._select(Consumption, "read_consumption")) == 0


def test_a_client_deletes_a_batch_as_a_whole_after_its_last_task_has_ended(
    store: FullStore,
) -> None:
    items = [Submission(name, TaskSpec("x", tags=("a",)), 1.0, batch="b", item=k)
             for k, name in enumerate(("one", "two"))]  # fmt: skip
    store.submit_batch(NewBatch("b", tuple(items), tags=("t",)))
    [one, two] = store.claim("w", 1e9)
    assert store.complete([(one, strip_result(RESULT, BLOB))])
    before, _ = store.delete_batch("default", "b")
    assert before is not None and before.finished_at is None
    assert store.delete("default", "one") == (store.read("default", ["one"])["one"], [])
    store.cancel("default", two.id)
    assert store.delete_batch("other", "b") == (None, [])
    assert store.delete_batch("default", "b")[1] == [BLOB.name]
    assert store.list_batches(ALL_PROJECTS) == store.list_batches(ALL_PROJECTS, tag="t") == []
    assert set(rest(store).values()) == {0}
    assert store.read_batch_events(ALL_PROJECTS, "b", 0, 9) == []


def test_the_oldest_tasks_are_deleted_first_in_steps_of_the_given_size(
    configured: Settings, store: FullStore
) -> None:
    for name in ("a", "b", "c"):
        end(store, name)
    assert removed(configured, 2)[0] == 2
    assert list(store.read(ALL_PROJECTS, ["a", "b", "c"])) == ["c"]


def test_recently_finished_tasks_stay(store: FullStore) -> None:
    end(store, "t")
    assert store.remove_tasks(500) == (0, [])
    assert store.read(ALL_PROJECTS, ["t"])["t"].result == RESULT


def test_a_task_lives_at_least_as_long_as_its_idempotency_key() -> None:
    assert Settings().retention_s == 30 * 86_400
    assert Settings(retention_days=0.5).retention_s == 24 * 3600
    assert Settings(retention_days=0.5, idempotency_hours=0).retention_s == 12 * 3600
    assert Settings(retention_days=0).retention_s == 0


def test_concurrent_deletions_share_the_tasks(configured: Settings, store: FullStore) -> None:
    end(store, *(f"t{n}" for n in range(200)), result=RESULT)
    long_timeout = replace(without_retention(configured), busy_timeout_s=30)
    counts: list[int] = []

    def work() -> None:
        mine = FullStore(long_timeout)
        while count := mine.remove_tasks(7)[0]:
            counts.append(count)
        mine.close()

    together = [threading.Thread(target=work) for _ in range(4)]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()
    assert sum(counts) == 200
    assert set(rest(store).values()) == {0}


def test_a_large_result_refers_to_its_object(store: FullStore) -> None:
    end(store, "large", result=strip_result(RESULT, BLOB))
    result = store.read(ALL_PROJECTS, ["large"])["large"].result
    assert result is not None
    assert (result.blob, result.counts, result.memory) == (BLOB, "null", None)
    assert store.list_tasks(ALL_PROJECTS)[0].result is not None


@pytest.mark.parametrize(
    "wrong",
    [
        "blob = 'x'",
        "blob = 'x', blob_bytes = 1, blob_sha256 = 'y', result = '{}'",
        "blob = 'x', blob_bytes = 1, blob_sha256 = 'y', result = 'null', result_memory = '[]'",
        "blob_bytes = 1",
    ],
)
def test_the_schema_refuses_an_incomplete_result(
    configured: Settings, store: FullStore, wrong: str
) -> None:
    end(store, "t", result=replace(RESULT, memory=None))
    with pytest.raises(databases.REFUSED):
        databases.execute(configured, f"UPDATE tasks SET {wrong}")


def test_only_objects_that_no_task_can_ever_name_are_orphans(store: FullStore) -> None:
    database = store.identity()
    names = {
        what: new_blob_name(database, task, attempt)
        for what, task, attempt in [
            ("named", "done", 1),
            ("written twice", "done", 1),
            ("about to be named", "running", 2),
            ("of a lost attempt", "running", 1),
            ("of a cancelled task", "cancelled", 1),
            ("of no task", "removed", 1),
        ]
    }
    end(store, "done", result=strip_result(RESULT, describe_blob(names["named"], b"")))
    put(store, "cancelled")
    store.cancel(ALL_PROJECTS, "cancelled")
    [first] = put(store, "running")
    store.release(first)
    assert [a.attempt for a in store.claim("w", 50)] == [2]
    names["half written"] = names["of no task"] + ".part"
    others = [f"{database}/notes.txt", "results"]
    orphans = store.find_orphans([*names.values(), *others])
    assert {what for what, name in names.items() if name not in orphans} == {
        "named",
        "about to be named",
    }
    assert set(orphans) <= set(names.values())


def test_every_database_has_a_unique_and_constant_identity(
    configured: Settings, store: FullStore
) -> None:
    again = FullStore(configured)
    assert again.identity() == store.identity()
    assert len(store.identity()) == 16
    again.close()


@pytest.mark.parametrize(
    "name",
    [
        "read_blobs",
        "expired_tasks",
        "delete_changes",
        "delete_tags",
        "delete_parameters",
        "delete_circuits",
        "delete_tasks",
    ],
)
def test_no_query_of_the_retention_thread_scans_a_table(
    configured: Settings, store: FullStore, name: str
) -> None:
    database = store._database
    query = database.translate(load_queries(*database.QUERY_OVERRIDES)[name])
    assert databases.scans(configured, query) == []
