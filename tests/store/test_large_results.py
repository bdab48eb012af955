"""Large results and the deletion of old tasks, with real services."""

import gzip
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Result, TaskSpec
from quantumtask.worker.slots.execute import execute
from tests.support import interrupted_worker, s3
from tests.support.services import ENDLESS, Service, until

Start = Callable[..., Service]

WIDE = 'OPENQASM 3.0; include "stdgates.inc"; qubit[9] q; bit[1000] c; h q; ' + "".join(
    f"c[{100 * k}] = measure q[{k}]; " for k in range(9)
)
LARGE = TaskSpec(WIDE, shots=1500, seed=11, memory=True)
"""Short to run, with long bit strings: 1.5 MB of memory, 0.5 MB of counts."""

OUT = {"shots": LARGE.shots, "seed": LARGE.seed, "memory": True}


@pytest.fixture(scope="module")
def expected() -> Result:
    result = execute(LARGE, Settings())
    assert isinstance(result, Result)
    return result


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[s3.Server]:
    """Return an S3 server, not started yet, that the services are configured for."""
    server = s3.Server(tmp_path)
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Start a service; some tests damage its results folder and repair it again."""
    running = Service(tmp_path_factory.mktemp("large_results"), slots=1).start()
    yield running
    running.stop()


def large(service: Service, **more: Any) -> str:
    return service.submit(LARGE.circuit, **OUT, **more)


def text(service: Service, task_id: str) -> str:
    answer = service.http.get(f"/tasks/{task_id}", params={"wait": 30})
    assert answer.status_code == 200, answer.text
    return answer.text


def holds(answer: str, expected: Result) -> bool:
    """Return True if the answer has the exact text of this result."""
    return f'"result": {expected.counts}, "memory": {expected.memory}}}' in answer


def files(service: Service) -> list[Path]:
    return [p for p in (service.settings.data_dir / "results").rglob("*") if p.is_file()]


def logged(service: Service, words: str) -> bool:
    return any(words in log.read_text() for log in service.folder.glob("*.log"))


def test_a_large_result_goes_to_the_folder_and_is_returned_unchanged(
    start: Start, configured: Settings, expected: Result
) -> None:
    service = start(slots=1, database=configured.database)
    task_id = large(service, name="large")
    assert service.finished(task_id)["status"] == "completed"
    assert holds(text(service, task_id), expected)
    [file] = files(service)
    assert file.name.startswith(f"{task_id}-1-")
    lines = gzip.decompress(file.read_bytes()).decode().split("\n")
    assert lines == [expected.counts, expected.memory, "null"]
    waited = service.http.post("/tasks?wait=30", json={"circuit": LARGE.circuit, **OUT})
    assert holds(waited.text, expected)
    body = waited.json()
    assert (Counter(body["memory"]), len(files(service))) == (Counter(body["result"]), 2)
    listed = service.http.get("/tasks", params={"name": "large"}).json()["tasks"]
    assert [(t["task_id"], "result" in t) for t in listed] == [(task_id, False)]
    service.run()
    assert len(files(service)) == 2


@pytest.mark.xdist_group("s3")
def test_a_large_result_goes_to_the_bucket_and_is_returned_unchanged(
    start: Start, bucket: s3.Server, expected: Result
) -> None:
    bucket.start()
    service = start(slots=1, results=f"s3://{s3.BUCKET}/some/where")
    task_id = large(service)
    assert service.finished(task_id)["status"] == "completed"
    assert holds(text(service, task_id), expected)
    assert (bucket.objects(), files(service)) == (1, [])
    bucket.stop()
    answer = service.http.get(f"/tasks/{task_id}")
    assert (answer.status_code, answer.json()["code"]) == (503, "result_unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert service.run()["status"] == "completed"


@pytest.mark.xdist_group("s3")
def test_a_task_waits_for_an_unreachable_store_and_then_completes(
    start: Start, bucket: s3.Server, expected: Result
) -> None:
    service = start(slots=1, results=f"s3://{s3.BUCKET}")
    task_id = large(service)
    until(lambda: logged(service, "result upload delayed"), 60, service.logs)
    assert service.run()["status"] == "completed"  # others need not wait for it
    assert service.get(task_id)["state"] == "running"
    bucket.start()
    assert service.finished(task_id)["attempt"] == 1
    assert holds(text(service, task_id), expected)


@pytest.mark.slow_first
def test_a_worker_whose_store_stays_unreachable_requeues_the_task(start: Start) -> None:
    service = start(slots=1, lease_s=0.3, renew_s=0.05, max_crashes=10_000)
    place = service.settings.data_dir / "results"
    place.write_text("no folder")
    task_id = large(service)
    until(lambda: logged(service, "result upload failed: task requeued"), 60, service.logs)
    place.unlink()
    body = service.finished(task_id)
    assert (body["status"], body["attempt"] > 1) == ("completed", True)
    assert [h["state"] for h in body["history"]].count("completed") == 1


def test_a_worker_that_is_stopped_during_an_upload_requeues_the_task(start: Start) -> None:
    service = start(slots=1, drain_s=0.5)
    place = service.settings.data_dir / "results"
    place.write_text("no folder")
    task_id = large(service)
    until(lambda: logged(service, "result upload delayed"), 60, service.logs)
    assert service.worker.stop() == 0
    body = service.get(task_id)
    assert (body["state"], body["history"][-1]["move"]) == ("submitted", "release")
    place.unlink()
    service.start_worker()
    assert service.finished(task_id)["status"] == "completed"


def test_a_task_that_is_cancelled_during_an_upload_stays_cancelled(service: Service) -> None:
    large_one(service)
    place, elsewhere = away(service)
    place.write_text("no folder")
    task_id = large(service)
    until(lambda: logged(service, "result upload delayed"), 60, service.logs)
    assert service.http.post(f"/tasks/{task_id}/cancel").status_code == 200
    place.unlink()
    elsewhere.rename(place)
    assert service.finished(large(service))["status"] == "completed"
    assert service.get(task_id)["status"] == "cancelled"


def large_one(service: Service) -> tuple[str, Path]:
    """Run a task with a large result; return its id and the file of its result."""
    task_id = large(service)
    assert service.finished(task_id)["status"] == "completed"
    [file] = (file for file in files(service) if file.name.startswith(task_id))
    return task_id, file


def away(service: Service) -> tuple[Path, Path]:
    """Move the results folder away while the block runs."""
    place = service.settings.data_dir / "results"
    return place, place.rename(place.with_name("elsewhere"))


def test_a_damaged_result_is_never_shown(service: Service, expected: Result) -> None:
    task_id, file = large_one(service)
    sound = file.read_bytes()
    file.write_bytes(sound[:1000] + b"?" + sound[1001:])
    for _ in range(2):
        answer = service.http.get(f"/tasks/{task_id}")
        assert (answer.status_code, answer.json()["code"]) == (500, "result_damaged")
        assert task_id in answer.json()["detail"]
        assert answer.headers["content-type"] == "application/problem+json"
        file.unlink(missing_ok=True)
    assert logged(service, "large result could not be read")
    file.write_bytes(sound)
    assert holds(text(service, task_id), expected)


def test_a_result_that_takes_long_to_read_delays_no_other_request(
    service: Service, expected: Result
) -> None:
    task_id, file = large_one(service)
    sound = file.read_bytes()
    file.unlink()
    os.mkfifo(file)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(text, service, task_id)
        with file.open("wb") as pipe:  # returns when the API has begun to read
            assert service.run()["status"] == "completed"
            pipe.write(sound)
        assert holds(slow.result(), expected)


def test_a_temporarily_missing_folder_is_no_damage(service: Service, expected: Result) -> None:
    task_id, _ = large_one(service)
    place, elsewhere = away(service)
    answer = service.http.get(f"/tasks/{task_id}")
    assert (answer.status_code, answer.json()["code"]) == (503, "result_unavailable")
    elsewhere.rename(place)
    assert holds(text(service, task_id), expected)


def test_a_worker_killed_before_the_commit_leaves_one_result_and_no_orphan(
    start: Start, configured: Settings, expected: Result
) -> None:
    service = start(slots=1, lease_s=1, renew_s=0.1, max_crashes=1000, database=configured.database)
    service.worker.stop()
    service.runner = [interrupted_worker.__file__]
    lost_worker = service.start_worker()
    task_id = large(service)
    until(lambda: lost_worker.popen.poll() == 9, 60, service.logs)
    assert service.get(task_id)["state"] == "running"
    [orphan] = files(service)
    service.runner = ["-m", "quantumtask"]
    service.start_worker()
    body = service.finished(task_id)
    assert (body["status"], body["attempt"]) == ("completed", 2)
    assert [h["move"] for h in body["history"]].count("complete") == 1
    both = files(service)
    assert len(both) == 2
    for file in both:
        two_hours_old(file)
    until(lambda: not orphan.exists(), 60, service.logs)
    assert len(files(service)) == 1
    assert holds(text(service, task_id), expected)


def two_hours_old(file: Path) -> None:
    os.utime(file, times=(time.time() - 7200,) * 2)


def test_only_tasks_whose_lifetime_is_over_are_deleted(start: Start, configured: Settings) -> None:
    service = start(slots=1, database=configured.database)
    ended = [large(service), service.submit(name="n", tags=["a"]), service.submit("wrong")]
    for task_id in ended:
        service.finished(task_id)
    running, waiting, cancelled = service.submit(ENDLESS), service.submit(), service.submit()
    service.running(running)
    service.http.post(f"/tasks/{cancelled}/cancel")
    assert len(files(service)) == 1
    service.start_worker(
        worker_port=0, slots=1, renew_s=0.05, retention_days=1e-9, idempotency_hours=0
    )
    for task_id in (*ended, cancelled, waiting):  # what waited ends on the second worker
        until(lambda t=task_id: missing(service, t), 60, service.logs)
    until(lambda: files(service) == [], 30, service.logs)
    assert [t["task_id"] for t in service.http.get("/tasks").json()["tasks"]] == [running]
    assert service.http.post(f"/tasks/{running}/cancel").status_code == 200


def missing(service: Service, task_id: str) -> bool:
    answer: httpx.Response = service.http.get(f"/tasks/{task_id}")
    assert answer.status_code in (200, 404), answer.text
    return answer.status_code == 404
