"""Behaviour of PostgreSQL alone: many writers at once, a server that restarts, a password."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Event

import httpx
import pytest

from quantumtask.shared.errors import StoreUnavailable
from quantumtask.shared.principal import ALL_PROJECTS
from quantumtask.shared.settings import Settings, SettingsError, load_settings
from quantumtask.shared.task import Result, Submission, TaskSpec, TaskState
from tests.support import databases, postgres
from tests.support.services import BELL, ENDLESS, Service, free_port, until
from tests.support.sizes import sized
from tests.support.stores import FullStore

Start = Callable[..., Service]
RESULT = Result('{"0": 1}', None, 7, "aer", "1", "statevector", 1.5)


@pytest.fixture
def configured(tmp_path: Path) -> Iterator[Settings]:
    with databases.empty("postgresql", tmp_path) as settings:
        yield settings


@pytest.fixture
def server() -> Iterator[postgres.Server]:
    """Start a server for this test alone, which it can stop and start."""
    own = postgres.Server("fsync=off").start()
    yield own
    own.remove()


def put(store: FullStore, *names: str) -> None:
    answers = store.submit([Submission(name, TaskSpec("x"), 1.0) for name in names])
    assert answers == list(names)


# Many writers


def test_a_claim_skips_tasks_that_another_claim_has_locked(configured: Settings) -> None:
    first, second = FullStore(configured), FullStore(configured)
    put(first, "a", "b", "c")
    with first.transaction():
        assert [a.id for a in first.claim("first", 1.5)] == ["a", "b"]
        assert [a.id for a in second.claim("second", 1.5)] == ["c"]
    assert second.claim("second", 1.5) == []
    first.close()
    second.close()


def test_a_claim_stays_within_its_budget_if_the_cheapest_tasks_are_locked(
    configured: Settings,
) -> None:
    first, second = FullStore(configured), FullStore(configured)
    first.submit([Submission(f"cheap{n}", TaskSpec("x"), 0.1) for n in range(10)])
    first.submit([Submission(f"dear{n}", TaskSpec("x"), 100.0) for n in range(10)])
    with first.transaction():
        assert len(first.claim("first", 0.95)) == 10
        assert [a.id for a in second.claim("second", 150)] == ["dear0", "dear1"]
    first.close()
    second.close()


def test_a_claim_among_many_waiting_tasks_reads_only_the_tasks_that_it_claims(
    configured: Settings,
) -> None:
    store = FullStore(replace(configured, max_waiting_tasks=10_000, max_waiting_per_owner=10_000))
    put(store, *(f"t{n}" for n in range(10_000)))
    databases.execute(configured, "ANALYZE tasks")
    assert len(store.claim("w", 0.5)) == 1
    plan = databases.steps(configured, store._queries["claim"])
    assert any("Index Scan using tasks_pkey" in step for step in plan)
    assert [step for step in plan if ("Hash" in step and "Join" in step) or "Merge" in step] == []
    store.close()


def test_a_worker_stopped_inside_a_transaction_delays_no_reclaim(configured: Settings) -> None:
    expired, stopped, store = (
        FullStore(replace(configured, lease_s=-1)),
        *map(FullStore, [configured] * 2),
    )
    put(store, "held", "free")
    claim, _ = expired.claim("w", 50)
    with stopped.transaction():
        stopped.complete([(claim, RESULT)])
        assert databases.sweep(store) == 1
        assert store.read(ALL_PROJECTS, ["free"])["free"].state is TaskState.SUBMITTED
    assert store.read(ALL_PROJECTS, ["held"])["held"].state is TaskState.COMPLETED
    for each in (expired, stopped, store):
        each.close()


def test_one_key_sent_to_many_processes_at_once_is_one_task(configured: Settings) -> None:
    stores = [FullStore(configured) for _ in range(6)]

    def submit(number: int) -> list[object]:
        keys = [f"key{n}" for n in range(10)]
        return [
            *stores[number].submit(
                [Submission(f"{k}-{number}", TaskSpec("x"), 1.0, k, "same") for k in keys]
            )
        ]

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(submit, range(6)))
    ids = [[a for a in each if isinstance(a, str)] for each in answers]
    assert ids == [ids[0]] * 6
    assert sorted(t.id for t in stores[0].list_tasks(ALL_PROJECTS, limit=100)) == sorted(ids[0])
    for store in stores:
        store.close()


def test_text_with_a_nul_is_stored_without_it(configured: Settings) -> None:
    store = FullStore(configured)
    store.submit([Submission("t", TaskSpec("x", name="a\0b", tags=("c\0",)), 1.0)])
    assert [t.name for t in store.list_tasks(ALL_PROJECTS, name="a\0b", tag="c\0")] == ["a\ufffdb"]
    assert store.list_tasks(ALL_PROJECTS, name="\0") == []
    store.close()


# A server that comes and goes


def test_a_call_that_begins_after_a_restart_succeeds(server: postgres.Server) -> None:
    store = FullStore(Settings(database=server.url))
    put(store, "before")
    server.stop()
    server.start()
    put(store, "after")
    assert [t.id for t in store.list_tasks(ALL_PROJECTS)] == ["after", "before"]
    store.close()


def test_a_stopped_server_is_unavailable_until_it_runs_again(
    server: postgres.Server, caplog: pytest.LogCaptureFixture
) -> None:
    store, reader = (
        FullStore(Settings(database=server.url)),
        FullStore(Settings(database=server.url)),
    )
    assert reader.changed()
    server.stop()
    for _ in range(3):
        with pytest.raises(StoreUnavailable), caplog.at_level(logging.WARNING):
            put(store, "never")
        with pytest.raises(StoreUnavailable):
            store.read(ALL_PROJECTS, ["never"])
        with pytest.raises(StoreUnavailable):
            reader.changed()
    assert len(caplog.records) == 2, "one line for each connection, not one for each try"
    server.start()
    assert reader.changed(), "what was written meanwhile was not heard"
    assert not reader.changed()
    put(store, "t")
    until(reader.changed, 5)
    assert set(store.read(ALL_PROJECTS, ["never", "t"])) == {"t"}
    store.close()
    reader.close()


def test_a_transaction_that_loses_its_server_writes_nothing(server: postgres.Server) -> None:
    store = FullStore(Settings(database=server.url))
    with pytest.raises(StoreUnavailable), store.transaction():
        put(store, "a")
        server.stop()
        server.start()
        put(store, "b")
    assert store.list_tasks(ALL_PROJECTS) == []
    put(store, "c")
    assert [t.id for t in store.list_tasks(ALL_PROJECTS)] == ["c"]
    store.close()


def test_nothing_is_lost_or_done_twice_while_the_server_is_killed_again_and_again(
    server: postgres.Server,
) -> None:
    configured = Settings(database=server.url, lease_s=1, max_crashes=1000)
    FullStore(configured).close()
    count, stops = sized((200, 3), (300, 5))
    accepted: list[str] = []
    done = Event()

    def submit(number: int) -> None:
        store = FullStore(configured)
        for n in range(count):
            name = f"t{number}-{n}"
            while not done.is_set():
                with suppress(StoreUnavailable):
                    store.submit([Submission(name, TaskSpec("x"), 1.0, name, "digest")])
                    accepted.append(name)
                    break
        store.close()

    def work(number: int) -> None:
        store = FullStore(configured)
        while not done.is_set():
            with suppress(StoreUnavailable), store.transaction():
                databases.sweep(store)
                store.complete([(a, RESULT) for a in store.claim(f"w{number}", 5)])
            done.wait(0.01)
        store.close()

    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(role, n) for role in (submit, work) for n in range(2)]
        try:
            for n in range(stops):
                until(lambda n=n: len(accepted) > 100 * (n + 1), 60)
                server.stop()
                server.start()
            until(lambda: len(accepted) == 2 * count, 60)
            store = FullStore(configured)
            until(
                lambda: (
                    not store.list_tasks(ALL_PROJECTS, [TaskState.SUBMITTED, TaskState.RUNNING])
                ),
                60,
            )
        finally:
            done.set()
        for role in running:
            role.result()
    tasks = store.read(ALL_PROJECTS, accepted)
    assert len(tasks) == 2 * count
    assert {task.state for task in tasks.values()} == {TaskState.COMPLETED}
    ends = [sum(c.state.final for c in task.changes) for task in tasks.values()]
    assert ends == [1] * len(tasks)
    store.close()


# A service on it


def test_a_service_on_postgresql_accepts_runs_and_cancels_tasks(
    start: Start, configured: Settings
) -> None:
    url = configured.database.replace("postgres@", "postgres:s3cret@")
    service = start(slots=1, database=url)
    assert service.run()["status"] == "completed"
    endless = service.submit(ENDLESS)
    service.running(endless)
    assert service.http.post(f"/tasks/{endless}/cancel").status_code == 200
    assert service.finished(endless)["status"] == "cancelled"
    assert service.run(BELL, shots=10, name="bell")["status"] == "completed"
    assert len(service.http.get("/tasks").json()["tasks"]) == 3
    assert service.http.get("/ready").status_code == 200
    assert not (service.folder / "data" / "quantumtask.db").exists()
    for process in service.processes:
        assert process.stop() == 0
    assert "s3cret" not in "".join(p.read_text() for p in service.folder.glob("*.log"))


def test_a_long_poll_at_another_api_process_ends_with_the_task(
    start: Start, configured: Settings
) -> None:
    service = start(slots=1, database=configured.database, poll_s=30.0, renew_s=30.0)
    port = free_port()
    service._start("api", {"QUANTUMTASK_PORT": str(port)})
    other = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60)
    until(lambda: answers(other), 30, service.logs)
    task_id = other.post("/tasks", json={"circuit": BELL}).json()["task_id"]
    assert service.get(task_id, wait=20)["status"] == "completed"
    second = service.submit()
    assert other.get(f"/tasks/{second}", params={"wait": 20}).json()["status"] == "completed"
    other.close()


def answers(api: httpx.Client) -> bool:
    with suppress(httpx.TransportError):
        return api.get("/health").status_code == 200
    return False


def test_a_service_outlives_its_server(start: Start, server: postgres.Server) -> None:
    service = start(slots=1, database=server.url)
    before = service.run()
    server.stop()
    refused = service.http.post("/tasks", json={"circuit": BELL})
    assert refused.status_code == 503
    assert refused.json()["code"] == "store_unavailable"
    assert str(server.port) not in refused.text
    assert service.http.get("/ready").status_code == 503
    server.start()
    until(lambda: service.try_get("/ready") == 200, 30, service.logs)
    assert service.run()["status"] == "completed"
    assert service.get(before["task_id"])["result"] == before["result"]


def test_a_service_waits_for_a_server_that_starts_with_it(
    server: postgres.Server, tmp_path: Path
) -> None:
    server.stop()
    service = Service(tmp_path, slots=1, database=server.url)
    service.start_api()
    worker = service.start_worker()
    until(lambda: "database connection failed" in worker.log.read_text(), 30)
    server.start()
    service.wait_ready()
    assert service.run()["status"] == "completed"
    service.stop()


@pytest.mark.slow_first
def test_a_service_without_a_server_logs_the_reason_without_the_password(
    tmp_path: Path,
) -> None:
    url = f"postgresql://someone:s3cret@127.0.0.1:{free_port()}/tasks"
    service = Service(tmp_path, database=url)
    processes = [service.start_worker(), service.start_api()]
    for process in processes:
        assert process.popen.wait(30) != 0
        output = process.log.read_text()
        assert "Connection refused" in output
        assert "the database cannot be read or written" in output
        assert "s3cret" not in output
    assert "The worker cannot run: the database" in service.worker.log.read_text()
    service.stop()


# The setting


@pytest.mark.parametrize(
    "url",
    ["mysql://u:s3cret@h/d", "data/tasks.db", "postgres://h/d", "postgresql://u:s3cr@et@h/d",
     "postgresql://u:s3?ret@h/d", "postgresql://h/d?password=s@cret"],
)  # fmt: skip
def test_a_wrong_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(SettingsError) as error:
        load_settings({"QUANTUMTASK_DATABASE": url})
    assert "QUANTUMTASK_DATABASE must be postgresql://" in str(error.value)
    assert url not in str(error.value)
    assert "ret" not in str(error.value)


@pytest.mark.parametrize(
    ("url", "label"),
    [
        ("postgresql://u:s3cret@h:5432/d", "postgresql://h:5432/d"),
        ("postgresql://h1,h2:5433/d?password=s3cret", "postgresql://h1,h2:5433/d"),
        ("postgresql:///d?host=/run/postgresql", "postgresql:///d"),
        ("postgresql://u:%73%33cret@h", "postgresql://h"),
    ],
)
def test_the_password_is_never_shown(url: str, label: str) -> None:
    settings = load_settings({"QUANTUMTASK_DATABASE": url})
    assert settings.database == url
    assert settings.database_label == label
    assert "cret" not in repr(settings)
    assert "cret" not in settings.database_label


def test_a_url_that_only_the_driver_refuses_is_not_repeated_either(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable) as error:
        FullStore(Settings(data_dir=tmp_path, database="postgresql://u:s3cret%@h/d"))
    assert "cret" not in str(error.value)
    assert error.value.__cause__ is None
