"""A rolling upgrade loses no task: processes are replaced one by one, and two versions share one
database meanwhile.
"""

import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from quantumtask.shared.principal import ALL_PROJECTS
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Result, Submission, TaskSpec, TaskState
from tests.support import databases
from tests.support.circuits import prepare_number
from tests.support.previous_release import PreviousRelease
from tests.support.services import ENDLESS, TLS, Process, Service, free_port, until
from tests.support.stores import FullStore

CLIENTS, FEW = 3, 5


class Tier:
    """Two processes of a kind, each with a port of its own."""

    def __init__(self, service: Service, kind: str) -> None:
        self._service, self._kind = service, kind
        self._variable = "QUANTUMTASK_PORT" if kind == "api" else "QUANTUMTASK_WORKER_PORT"
        self.ports = [free_port(), free_port()]
        self.processes = [self._start(port) for port in self.ports]

    def _start(self, port: int) -> Process:
        process = self._service._start(self._kind, {self._variable: str(port)})
        until(lambda: healthy(port), 60, self._service.logs)
        return process

    def replace_one_after_the_other(self) -> None:
        """Send SIGTERM to each process and start the next version in its place."""
        for index, port in enumerate(self.ports):
            assert self.processes[index].stop() == 0
            self.processes[index] = self._start(port)


def healthy(port: int) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(f"http://127.0.0.1:{port}/health", verify=TLS).status_code == 200
    return False


class Client:
    """Submits a few circuits with a key each, waits for them, and submits more, through any API."""

    def __init__(self, ports: list[int], number: int) -> None:
        self._ports, self._number = ports, number
        self.ended: list[tuple[dict[str, Any], dict[str, int]]] = []
        """Tasks, and the counts each must have."""
        self.statuses: set[int] = set()

    def run(self, enough: threading.Event) -> "Client":
        with httpx.Client(timeout=60, verify=TLS) as self._http:
            while not enough.is_set():
                few = range(len(self.ended), len(self.ended) + FEW)
                accepted = [self._submit(self._number + CLIENTS * n) for n in few]
                self.ended += [(self._await(task_id), counts) for task_id, counts in accepted]
        return self

    def _submit(self, number: int) -> tuple[str, dict[str, int]]:
        text, counts = prepare_number(number)
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        answer = self._ask("POST", "/tasks", json={"circuit": text, "shots": 10}, headers=headers)
        return answer["task_id"], counts

    def _await(self, task_id: str) -> dict[str, Any]:
        """Wait for a task; an API that is stopping answers with the task as it is."""
        end = time.monotonic() + 60
        while (task := self._ask("GET", f"/tasks/{task_id}?wait=30"))["status"] == "pending":
            assert time.monotonic() < end, task
        return task

    def _ask(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        """Return the answer with status 200; repeat the request at another API otherwise."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            self._ports = self._ports[::-1]
            with suppress(httpx.TransportError):
                url = f"http://127.0.0.1:{self._ports[0]}{path}"
                answer = self._http.request(method, url, **more)
                self.statuses.add(answer.status_code)
                if answer.status_code == 200:
                    body: dict[str, Any] = answer.json()
                    return body
        raise AssertionError(f"nobody answered {method} {path} for a minute: {self.statuses}")


def test_replacing_every_process_under_load_loses_no_task(tmp_path: Path) -> None:
    with databases.empty("postgresql", tmp_path) as configured:
        service = Service(tmp_path, slots=1, database=configured.database)
        try:
            apis, workers = Tier(service, "api"), Tier(service, "worker")
            enough = threading.Event()
            clients = [Client(apis.ports, n) for n in range(CLIENTS)]
            with ThreadPoolExecutor(CLIENTS) as pool:
                running = [pool.submit(client.run, enough) for client in clients]
                try:
                    apis.replace_one_after_the_other()
                    workers.replace_one_after_the_other()
                finally:
                    enough.set()
            for each in running:
                client = each.result()
                assert client.statuses <= {200, 503}
                assert len(client.ended) >= FEW
                for task, counts in client.ended:
                    holds(task, counts)
        finally:
            service.stop()


def holds(task: Mapping[str, Any], counts: dict[str, int]) -> None:
    """Return True if the task ended once, with the right counts, and was never reclaimed."""
    assert (task["status"], task["result"]) == ("completed", counts)
    finals = [change for change in task["history"] if change["state"] == "completed"]
    assert len(finals) == 1
    assert {change["move"] for change in task["history"]} <= {
        "submit", "claim", "release", "complete",
    }  # fmt: skip


def test_a_replaced_worker_requeues_its_unfinished_tasks_at_once(
    tmp_path: Path,
) -> None:
    """Long before the end of its lease."""
    with databases.empty("postgresql", tmp_path) as configured:
        service = Service(tmp_path, slots=1, database=configured.database, drain_s=0.5, lease_s=300)
        try:
            service.start()
            task_id = service.submit(ENDLESS)
            service.running(task_id)
            assert service.worker.stop() == 0
            assert service.get(task_id)["state"] == "submitted"
            service.start_worker()
            service.running(task_id)
            assert service.get(task_id)["attempt"] == 2
        finally:
            service.stop()


# Two versions on one database


RESULT = Result('{"0": 1}', None, 7, "aer", "1", "statevector", 1.5)


@pytest.fixture
def both(configured: Settings) -> Iterator[tuple[FullStore, PreviousRelease]]:
    """Return a Store of this version with an upgraded schema, and the version before."""
    store = FullStore(configured)
    before = PreviousRelease(configured)
    yield store, before
    before.close()
    store.close()


def states(store: FullStore, *ids: str) -> list[str]:
    state_of = store.task_states(ids)
    return [str(state_of[task_id]) for task_id in ids]


def test_this_version_runs_tasks_that_the_version_before_accepted(
    both: tuple[FullStore, PreviousRelease],
) -> None:
    store, before = both
    before.submit("a", "b")
    assignments = store.claim("w", 50)
    assert [each.id for each in assignments] == ["a", "b"]
    assert store.complete([(each, RESULT) for each in assignments]) == {("a", 1), ("b", 1)}
    read = before.rows("read", ids=["a", "b"])
    assert [(row[0], row[2], row[10]) for row in read] == [
        ("a", "completed", '{"0": 1}'),
        ("b", "completed", '{"0": 1}'),
    ]
    moves = before.rows("read_changes", sequences=[read[0][1]])
    assert [row[1] for row in moves] == ["submit", "claim", "complete"]
    assert [task.id for task in store.list_tasks(ALL_PROJECTS, name="old", tag="a")] == ["b", "a"]


def test_the_version_before_runs_tasks_that_this_version_accepted(
    both: tuple[FullStore, PreviousRelease],
) -> None:
    store, before = both
    names = ["done", "failed", "given", "stopped"]
    store.submit([Submission(name, TaskSpec("x"), 1.0) for name in names])
    assert before.claim() == dict.fromkeys(names, 1)
    assert {row[0] for row in before.rows("held", worker="before")} == set(names)
    assert len(before.rows("renew", worker="before", ids=names, lease_s=30)) == 4
    assert before.complete("done", 1)
    failure = {"code": "x", "message": "y", "problems": "[]"}
    assert before.move("fail", id="failed", attempt=1, worker="before", **failure)
    assert before.move("release", id="given", attempt=1, worker="before", crashed=0)
    assert before.move("cancel", id="stopped")
    assert states(store, *names) == ["completed", "failed", "submitted", "cancelled"]
    assert before.complete("done", 1) == []
    result = store.read(ALL_PROJECTS, ["done"])["done"].result
    assert result is not None
    assert result.counts == '{"0": 1}'


def test_this_version_reads_results_with_fields_of_the_version_after(
    configured: Settings, both: tuple[FullStore, PreviousRelease]
) -> None:
    store, _ = both
    store.submit([Submission("a", TaskSpec("x"), 1.0)])
    store.complete([(each, RESULT) for each in store.claim("w", 50)])
    addition = """'{"of_the_next_version": {"a": [1]}, ' || substr(report, 2)"""
    databases.execute(configured, f"UPDATE tasks SET report = {addition}")
    for task in (store.read(ALL_PROJECTS, ["a"])["a"], *store.list_tasks(ALL_PROJECTS)):
        assert task.result is not None
        assert (task.result.engine, task.result.run_ms) == (RESULT.engine, RESULT.run_ms)


def test_each_version_takes_over_from_lost_workers_of_the_other(
    configured: Settings, both: tuple[FullStore, PreviousRelease]
) -> None:
    store, before = both
    before.submit("old", "worn")
    assert set(before.claim(lease_s=-1)) == {"old", "worn"}
    assert len(store.reclaim(store.leases())) == 2
    expired = FullStore(replace(configured, lease_s=-1))
    assert {each.id for each in expired.claim("w", 50)} == {"old", "worn"}
    expired.close()
    assert len(before.move("release.expired", max_crashes=3)) == 2
    assert set(before.claim(lease_s=-1)) == {"old", "worn"}
    assert len(before.move("abandon", max_crashes=3)) == 2
    assert states(store, "old", "worn") == ["failed", "failed"]


def test_every_statement_of_the_version_before_runs_on_this_schema(
    both: tuple[FullStore, PreviousRelease],
) -> None:
    store, before = both
    before.submit("t", "u")
    before.claim(budget_ms=0.5)
    before.move("release", id="t", attempt=1, worker="before", crashed=1)
    before.claim(budget_ms=0.5)
    before.complete("t", 2)
    before.move("fail", id="t", attempt=1, code="x", message="y", problems="[]")
    before.move("cancel", id="u")
    before.move("release.expired", max_crashes=3)
    before.move("abandon", max_crashes=3)
    before.rows("renew", worker="before", ids=["t"], lease_s=30)
    before.rows("held", worker="before")
    assert before.rows("count_waiting", most=10) == [(0,)]
    assert sorted(before.rows("states", ids=["t", "u"])) == [("t", "completed"), ("u", "cancelled")]
    [[_, sequence, *_], _] = before.rows("read", ids=["t", "u"])
    before.rows("read_changes", sequences=[sequence])
    newest = {"states": [str(each) for each in TaskState], "before": 2**63 - 1, "most": 5}
    for name in ("page", "page_of_name", "page_of_tag"):
        assert len(before.rows(name, **newest, name="old", tag="a")) == 2
    assert len(before.rows("list", sequences=[sequence])) == 1
    key = {"key": "k", "digest": "d", "task_id": "t", "keep_s": 60.0}
    assert before.rows("remember_key", **key) == [("k",)]
    assert before.rows("find_key", key="k") == [("d", "t")]
    before.rows("forget_keys")
    before.rows("beat", worker="before", slots=1)
    assert before.rows("workers_seen", within_s=60.0) == [(1,)]
    assert store.has_live_worker()
    before.rows("forget_workers", worker="before")
    before.rows("probe")
    assert before.unused == set()
