"""Streams of events and results from a running API; the Store's methods move the tasks."""

import json
import signal
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from quantumtask.shared.principal import ALL_PROJECTS
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Assignment, Failure, Result
from quantumtask.shared.task_progress import TaskProgress
from tests.support import postgres
from tests.support.problems import problem
from tests.support.prometheus import scrape
from tests.support.services import BELL, Service, memory_mib, until
from tests.support.stores import FullStore

RESULT = Result('{"0": 1}', None, 7, "aer", "1", "statevector", 1.5)
ITEM = {"circuit": BELL, "shots": 10}


class Event(NamedTuple):
    id: int
    event: str
    data: dict[str, Any]


class Api(Service):
    """An API without a worker; the test moves tasks through `store`."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        super().__init__(folder, **settings)
        self.start_again()
        self.store = FullStore(self.settings)

    def start_again(self) -> None:
        self.start_api()
        until(lambda: self.try_get("/health") == 200, 60, self.logs)

    def stop(self) -> None:
        self.store.close()
        super().stop()

    def batch(self, size: int) -> str:
        answer = self.http.post("/batches", json={"tasks": [ITEM] * size})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["batch_id"])

    def claim(self) -> list[Assignment]:
        """Claim all waiting tasks."""
        stream: list[Assignment] = []
        while some := self.store.claim("w", 1e9):
            stream += some
        return stream

    def streams(self) -> float:
        return scrape(self.url)("streams")

    @contextmanager
    def following(self, path: str, last_id: int = 0) -> Iterator[Iterator[Event]]:
        headers = {"Last-Event-ID": str(last_id)} if last_id else {}
        with self.http.stream("GET", path, headers=headers, timeout=60) as answer:
            assert answer.status_code == 200, answer.read()
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert answer.headers["cache-control"] == "no-store"
            yield events(answer.iter_lines())

    def all_events(self, path: str, last_id: int = 0) -> list[Event]:
        with self.following(path, last_id) as stream:
            return list(stream)

    def lines(self, path: str) -> Iterator[dict[str, Any]]:
        with self.http.stream("GET", path, timeout=60) as answer:
            assert answer.status_code == 200, answer.read()
            yield from map(json.loads, answer.iter_lines())


def events(lines: Iterator[str]) -> Iterator[Event]:
    """Parse server-sent events as the HTML standard says."""
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        if name:
            fields[name] = value.removeprefix(" ")
        elif not line and fields:
            yield Event(int(fields["id"]), fields["event"], json.loads(fields["data"]))
            fields = {}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    running = Api(tmp_path_factory.mktemp("api"))
    yield running
    running.stop()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Api]]:
    """Start an API for one test."""
    running: list[Api] = []

    def start_one(**settings: Any) -> Api:
        running.append(Api(tmp_path, **settings))
        return running[-1]

    yield start_one
    for each in running:
        each.stop()


def test_a_change_of_any_task_is_an_event_of_the_project(api: Api) -> None:
    with api.http.stream("GET", "/events", timeout=60) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = (line for line in answer.iter_lines() if line.startswith("event"))
        assert next(lines) == "event: changed"  # at the beginning
        task_id = api.submit()
        assert next(lines) == "event: changed"
        api.http.post(f"/tasks/{task_id}/cancel")
        assert next(lines) == "event: changed"


def test_progress_is_an_event_for_those_who_ask_and_a_change_of_the_project(api: Api) -> None:
    task_id = api.submit()
    [assignment] = api.claim()

    def record(fraction: float) -> None:
        progress = {(task_id, assignment.attempt): TaskProgress(fraction, 60)}
        api.store.record_progress(assignment.worker, progress)

    path = f"/tasks/{task_id}/events"
    with (
        api.http.stream("GET", f"{path}?progress=true") as watching,
        api.following(path) as following,
        api.http.stream("GET", "/events") as project,
    ):
        changed = (line for line in project.iter_lines() if line.startswith("event"))
        next(changed)
        data = (line for line in watching.iter_lines() if "fraction" in line)
        for fraction in (0.25, 0.5):
            record(fraction)
            progress = json.loads(next(data).removeprefix("data: "))
            assert (progress["task_id"], progress["attempt"]) == (task_id, 1)
            assert progress["fraction"] == fraction
            assert 0 < progress["remaining_s"] <= 60
            assert next(changed) == "event: changed"
        api.store.complete([(assignment, RESULT)])
        assert [event.event for event in following] == ["submitted", "running", "completed"]
        assert list(data) == []


def test_events_of_a_task_come_as_they_happen_and_end_with_it(api: Api) -> None:
    task_id = api.submit()
    with api.following(f"/tasks/{task_id}/events") as stream:
        first = next(stream)
        assert (first.id, first.event) == (1, "submitted")
        [assignment] = api.claim()
        assert next(stream).data["move"] == "claim"
        api.store.release(assignment)
        assert next(stream).data["move"] == "release"
        [assignment] = api.claim()
        assert next(stream).data["attempt"] == 2
        api.store.complete([(assignment, RESULT)])
        last = next(stream)
        assert next(stream, None) is None
    assert (last.id, last.event) == (5, "completed")
    assert last.data == {
        "task_id": task_id, "state": "completed", "status": "completed",
        "at": api.get(task_id)["history"][-1]["at"], "attempt": 2, "move": "complete",
    }  # fmt: skip
    assert first.data["status"] == "pending"


def test_events_of_a_task_are_resumed_behind_any_of_them(api: Api) -> None:
    task_id = api.submit()
    [assignment] = api.claim()
    api.store.fail(assignment, Failure("code", "message"))
    path = f"/tasks/{task_id}/events"
    whole = api.all_events(path)
    assert [event.event for event in whole] == ["submitted", "running", "failed"]
    for last_id in range(3):
        assert api.all_events(path, last_id) == whole[last_id:]
    for last_id in (3, 4, 10**17):
        answer = api.http.get(path, headers={"Last-Event-ID": str(last_id)})
        assert (answer.status_code, answer.content) == (204, b"")


def test_events_of_a_batch_are_those_of_all_its_tasks_and_its_end(api: Api) -> None:
    batch_id = api.batch(3)
    with api.following(f"/batches/{batch_id}/events") as stream:
        assert [next(stream).data["item"] for _ in range(3)] == [0, 1, 2]
        first, second, third = api.claim()
        assert [next(stream).event for _ in range(3)] == ["running"] * 3
        api.store.complete([(second, RESULT)])
        assert (received := next(stream)).data["item"] == 1
        assert received.data["task_id"] == second.id
        api.store.cancel(ALL_PROJECTS, first.id)
        assert next(stream).event == "cancelled"
        api.store.complete([(third, RESULT)])
        assert next(stream).data["state"] == "completed"
        end = next(stream)
        assert next(stream, None) is None
    assert end == (10, "end", {"batch_id": batch_id})
    path = f"/batches/{batch_id}/events"
    whole = api.all_events(path)
    assert [event.id for event in whole] == list(range(1, 11))
    for last_id in range(10):
        assert api.all_events(path, last_id) == whole[last_id:]
    assert api.http.get(path, headers={"Last-Event-ID": "10"}).status_code == 204


def test_many_events_at_once_all_come(api: Api) -> None:
    batch_id = api.batch(1000)
    with api.following(f"/batches/{batch_id}/events") as stream:
        first = [next(stream) for _ in range(500)]
        assert api.http.post(f"/batches/{batch_id}/cancel").status_code == 200
        whole = first + list(stream)
    assert [event.id for event in whole] == list(range(1, 2002))
    found_lines = list(api.lines(f"/batches/{batch_id}/results"))
    assert [line["offset"] for line in found_lines] == list(range(1000))
    assert {line["status"] for line in found_lines} == {"cancelled"}


def test_a_place_that_is_not_reached_yet_is_waited_for(api: Api) -> None:
    task_id = api.submit()
    with api.following(f"/tasks/{task_id}/events", last_id=2) as stream:
        [assignment] = api.claim()
        api.store.complete([(assignment, RESULT)])
        assert [event.id for event in stream] == [3]


@pytest.mark.parametrize("wrong", ["x", "-1", "1.5", "9" * 19, "1 2"])
def test_a_last_event_id_that_is_none_is_refused(api: Api, wrong: str) -> None:
    for path in (f"/tasks/{api.submit()}/events", f"/batches/{api.batch(1)}/events"):
        answer = api.http.get(path, headers={"Last-Event-ID": wrong})
        assert answer.status_code == 400
        assert str(problem(answer)["detail"]).startswith("Last-Event-ID: ")
    api.claim()


def test_events_of_an_unknown_task_are_none(api: Api) -> None:
    for unknown in ("x", "00000000-0000-7000-8000-000000000000"):
        answer = api.http.get(f"/tasks/{unknown}/events")
        assert answer.status_code == 404
        assert problem(answer)["code"] == "task_not_found"


@pytest.mark.slow_first
def test_a_stream_that_has_nothing_to_tell_shows_that_it_lives(api: Api) -> None:
    task_id, batch_id = api.submit(), api.batch(1)

    def read_until_comment(path: str) -> list[str]:
        """Return the lines up to the first comment, without the events."""
        stream = []
        with api.http.stream("GET", path, timeout=60) as answer:
            for line in answer.iter_lines():
                if not line.partition(":")[0]:
                    stream.append(line)
                if line == ":":
                    return stream
        return stream

    with ThreadPoolExecutor(2) as pool:
        paths = [f"/tasks/{task_id}/events", f"/batches/{batch_id}/events"]
        assert list(pool.map(read_until_comment, paths)) == [["", ":"]] * 2
    api.claim()


def test_many_who_follow_take_no_thread_each_and_nothing_is_left_when_they_leave(
    start: Callable[..., Api],
) -> None:
    api = start()
    task_id, batch_id = api.submit(), api.batch(2)
    paths = [
        f"/tasks/{task_id}/events", f"/batches/{batch_id}/events", f"/batches/{batch_id}/results",
    ]  # fmt: skip
    for again in range(2):
        opened = [opened_stream(api, path) for path in paths * 60]
        until(lambda: api.streams() == 180, 30, api.logs)
        assert threads(api.api.pid) < 20
        for each in opened:
            each.close()
        until(lambda: api.streams() == 0, 30, api.logs)
        if not again:
            before = descriptors(api.api.pid)
    assert descriptors(api.api.pid) <= before + 5
    assert "Traceback" not in api.api.log.read_text()
    [first, *_] = api.claim()
    assert api.store.complete([(first, RESULT)])
    assert api.get(task_id)["status"] == "completed"


def opened_stream(api: Api, path: str) -> socket.socket:
    """Open a connection that requests a stream and reads nothing of it."""
    opened = socket.create_connection(("127.0.0.1", api.port))
    opened.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return opened


def threads(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("Threads:")[2].split()[0])


def descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def test_who_reads_slowly_holds_up_nobody_and_fills_no_memory(start: Callable[..., Api]) -> None:
    api = start()
    batch_id = api.batch(60)
    large = Result('{"0": 1}', json.dumps(["01" * 50] * 20_000), 7, "aer", "1", "x", 1.5)
    for assignment in api.claim():
        api.store.complete([(assignment, large)])
    path = f"/batches/{batch_id}/results"
    assert sum(len(line["memory"]) for line in api.lines(path)) == 60 * 20_000
    before = memory_mib(api.api.pid)
    slow = [opened_stream(api, path) for _ in range(5)]
    until(lambda: api.streams() == 5, 30, api.logs)
    task_id = api.submit()
    with api.following(f"/tasks/{task_id}/events") as stream:
        assert next(stream).event == "submitted"
        [assignment] = api.claim()
        assert next(stream).event == "running"
        api.store.complete([(assignment, RESULT)])
        assert next(stream).event == "completed"
    assert len(list(api.lines(path))) == 60
    assert memory_mib(api.api.pid) - before < 5 * 60 * 2 / 3, "as if it held all for each"
    for each in slow:
        each.close()
    until(lambda: api.streams() == 0, 30, api.logs)


def test_an_api_that_is_told_to_stop_ends_its_streams_and_they_go_on_at_the_next(
    start: Callable[..., Api],
) -> None:
    api = start()
    task_id, batch_id = api.submit(), api.batch(2)
    path = f"/batches/{batch_id}/results"
    with (
        api.following(f"/tasks/{task_id}/events") as of_task,
        api.following(f"/batches/{batch_id}/events") as of_batch,
        ThreadPoolExecutor(1) as pool,
    ):
        results = pool.submit(lambda: list(api.lines(path)))
        assert next(of_task).id == 1
        assert [next(of_batch).id for _ in range(2)] == [1, 2]
        until(lambda: api.streams() == 3, 30, api.logs)
        assert api.api.stop() == 0
        assert list(of_task) == []
        assert list(of_batch) == []
        assert results.result() == []
    assert "Traceback" not in api.api.log.read_text()
    api.start_again()
    api.store.cancel_batch(ALL_PROJECTS, batch_id)
    api.store.cancel(ALL_PROJECTS, task_id)
    assert [event.id for event in api.all_events(f"/tasks/{task_id}/events", 1)] == [2]
    assert [event.id for event in api.all_events(f"/batches/{batch_id}/events", 2)] == [3, 4, 5]
    assert [line["offset"] for line in api.lines(path)] == [0, 1]


def test_an_api_that_is_killed_amid_streams_loses_and_repeats_nothing(
    start: Callable[..., Api], configured: Settings
) -> None:
    """Kill and restart the API again and again while tasks end one after the other."""
    api = start(database=configured.database)
    batch_id = api.batch(60)
    claimed = api.claim()
    assert len(claimed) == 60
    received: list[Event] = []
    events: list[dict[str, Any]] = []

    def follow() -> None:
        while not received or received[-1].event != "end":
            until(lambda: api.try_get("/health") == 200, 60, api.logs)
            with suppress(httpx.TransportError):
                place = received[-1].id if received else 0
                with api.following(f"/batches/{batch_id}/events", place) as stream:
                    received.extend(stream)

    def read() -> None:
        while len(events) < 60:
            until(lambda: api.try_get("/health") == 200, 60, api.logs)
            with suppress(httpx.TransportError):
                events.extend(api.lines(f"/batches/{batch_id}/results?offset={len(events)}"))

    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(follow), pool.submit(read)]
        until(lambda: len(received) >= 120, 60, api.logs)
        for n, assignment in enumerate(claimed):
            api.store.complete([(assignment, RESULT)])
            if n % 20 == 10:
                until(lambda n=n: len(events) > n and len(received) > 120 + n, 60, api.logs)
                api.api.signal(signal.SIGKILL)
                api.api.popen.wait(30)
                api.start_api()
        for each in running:
            each.result(60)
    assert [event.id for event in received] == list(range(1, 182))
    assert received == api.all_events(f"/batches/{batch_id}/events")
    assert [line["offset"] for line in events] == list(range(60))
    assert [line["task_id"] for line in events] == [each.id for each in claimed]


def test_a_stream_outlives_its_database(start: Callable[..., Api]) -> None:
    server = postgres.Server("fsync=off").start()
    try:
        api = start(database=server.url)
        task_id = api.submit()
        with api.following(f"/tasks/{task_id}/events") as stream:
            assert next(stream).id == 1
            server.stop()
            server.start()
            api.store.cancel(ALL_PROJECTS, task_id)
            assert [event.id for event in stream] == [2]
    finally:
        server.remove()
