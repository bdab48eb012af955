"""Background execution and concurrency, through HTTP. Also runs against QUANTUMTASK_URL."""

import re
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from quantumtask.shared.task import ENGINES
from tests.support.services import BELL, ENDLESS, Service


def test_a_submission_is_answered_with_an_id_before_it_runs(service: Service) -> None:
    answer = service.http.post("/tasks", json={"circuit": ENDLESS})
    body = answer.json()
    assert (answer.status_code, body["status"]) == (200, "submitted")
    assert set(body) == {"task_id", "status"}
    assert service.get(body["task_id"])["status"] == "pending"
    assert service.http.post(f"/tasks/{body['task_id']}/cancel").status_code == 200


def test_a_submission_that_waits_is_answered_with_the_finished_task(service: Service) -> None:
    body = service.http.post("/tasks?wait=30", json={"circuit": BELL, "shots": 10}).json()
    assert (body["status"], sum(body["result"].values())) == ("completed", 10)
    assert body == service.get(body["task_id"])
    broken = service.http.post(
        "/tasks?wait=30", json={"circuit": 'include "stdgates.inc"; qubit q; hh q;'}
    ).json()
    assert (broken["status"], broken["error_code"]) == ("failed", "unknown_gate")


def test_a_submission_waits_no_longer_than_it_says(service: Service) -> None:
    answer = service.http.post("/tasks?wait=0.2", json={"circuit": ENDLESS})
    assert (answer.status_code, answer.json()["status"]) == (200, "pending")
    assert service.http.post(f"/tasks/{answer.json()['task_id']}/cancel").status_code == 200


def test_a_submission_with_a_wrong_wait_stores_nothing(service: Service) -> None:
    name = uuid.uuid4().hex
    for wait in ("31", "-1", "nan", "soon"):
        answer = service.http.post(f"/tasks?wait={wait}", json={"circuit": BELL, "name": name})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert service.http.get("/tasks", params={"name": name}).json()["tasks"] == []


def test_ids_are_uuids_that_begin_with_the_time(service: Service) -> None:
    ids = [service.submit() for _ in range(3)]
    assert {uuid.UUID(task_id).version for task_id in ids} == {7}
    moments = [int(task_id.replace("-", "")[:12], 16) / 1000 for task_id in ids]
    assert moments == sorted(moments)
    assert abs(moments[0] - time.time()) < 3600
    assert len(set(ids)) == 3


def test_a_bell_pair_completes_with_counts(service: Service) -> None:
    body = service.run()
    assert body["status"] == "completed"
    assert set(body["result"]) == {"00", "11"}
    assert sum(body["result"].values()) == 1024
    assert 380 < body["result"]["00"] < 644  # eight standard deviations


def test_a_finished_task_tells_how_it_went(service: Service) -> None:
    body = service.run(shots=50, seed=11, name="told", tags=["a", "b"])
    assert (body["shots"], body["seed"]) == (50, 11)
    assert (body["name"], body["tags"]) == ("told", ["a", "b"])
    assert body["engine"] in ENGINES
    assert body["attempt"] == 1
    assert body["engine_version"]
    assert body["method"]
    assert body["submitted_at"] <= body["started_at"] <= body["finished_at"]
    assert body["waiting_ms"] >= 0
    assert body["running_ms"] > 0
    assert [(h["move"], h["state"]) for h in body["history"]] == [
        ("submit", "submitted"),
        ("claim", "running"),
        ("complete", "completed"),
    ]


def test_the_same_seed_gives_the_same_counts_and_no_seed_another_one(service: Service) -> None:
    first, second = (service.run(seed=7) for _ in range(2))
    assert first["result"] == second["result"]
    assert service.run()["seed"] != service.run()["seed"]


def test_memory_gives_the_bit_string_of_every_shot(service: Service) -> None:
    body = service.run(shots=20, memory=True)
    assert len(body["memory"]) == 20
    assert {b: body["memory"].count(b) for b in set(body["memory"])} == body["result"]
    assert "memory" not in service.run(shots=20)


def test_waiting_answers_as_soon_as_the_task_ends(service: Service) -> None:
    task_id = service.submit()
    started = time.monotonic()
    assert service.get(task_id, wait=30)["status"] == "completed"
    assert time.monotonic() - started < 25


def test_waiting_answers_when_the_time_is_up(service: Service) -> None:
    task_id = service.submit(ENDLESS)
    started = time.monotonic()
    assert service.get(task_id, wait=0.5)["status"] == "pending"
    assert time.monotonic() - started >= 0.5
    service.http.post(f"/tasks/{task_id}/cancel")


def test_waiting_for_an_unknown_task_does_not_wait(service: Service) -> None:
    answer = service.http.get(f"/tasks/{uuid.uuid4()}?wait=30", timeout=20)
    assert answer.status_code == 404


def test_a_hundred_clients_can_wait_for_one_task(service: Service) -> None:
    task_id = service.submit(ENDLESS)
    with ThreadPoolExecutor(100) as pool:
        waiting = [pool.submit(service.get, task_id, 30) for _ in range(100)]
        service.running(task_id)
        service.http.post(f"/tasks/{task_id}/cancel")
        assert {w.result()["status"] for w in waiting} == {"cancelled"}


def test_small_tasks_pass_a_long_one(service: Service) -> None:
    long = service.submit(ENDLESS)
    service.running(long)
    assert service.run()["status"] == "completed"
    assert service.get(long)["status"] == "pending"
    service.http.post(f"/tasks/{long}/cancel")


def test_fifty_at_once_all_complete_and_none_is_mixed_up(service: Service) -> None:
    def one(n: int) -> None:
        flips = "".join(f"x q[{k}];" for k in range(6) if n >> k & 1)
        circuit = f'include "stdgates.inc"; qubit[6] q; bit[6] c; {flips} c = measure q;'
        assert service.run(circuit, shots=10 + n)["result"] == {f"{n:06b}": 10 + n}

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(one, range(50)))


def test_bad_circuits_among_many_harm_no_other(service: Service) -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(service.submit, [BELL if n % 5 else "h q[5];" for n in range(40)]))
    states = [service.finished(task_id)["status"] for task_id in ids]
    assert states == ["completed" if n % 5 else "failed" for n in range(40)]


def test_the_same_key_and_body_give_the_same_task_however_often(service: Service) -> None:
    headers = {"Idempotency-Key": str(uuid.uuid4())}

    def post(_: int) -> str:
        body = {"circuit": BELL, "shots": 10}
        return str(service.http.post("/tasks", json=body, headers=headers).json()["task_id"])

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(post, range(24)))) == 1
    other = service.http.post("/tasks", json={"circuit": BELL, "shots": 11}, headers=headers)
    assert other.status_code == 409
    assert other.json()["code"] == "idempotency_conflict"


def test_a_waiting_and_a_running_task_can_be_cancelled_and_cancelled_again(
    service: Service,
) -> None:
    running = service.submit(ENDLESS)
    service.running(running)
    for _ in range(2):
        answer = service.http.post(f"/tasks/{running}/cancel")
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    body = service.get(running)
    assert (body["status"], body["state"]) == ("cancelled", "cancelled")
    assert [h["move"] for h in body["history"]] == ["submit", "claim", "cancel"]
    assert service.run()["status"] == "completed"


def test_lists_show_newest_first_and_page_through(service: Service) -> None:
    tag = uuid.uuid4().hex
    ids = [service.submit(tags=[tag], name=f"n{n % 2}", shots=10) for n in range(5)]
    for task_id in ids:
        service.finished(task_id)
    listed_ids: list[str] = []
    cursor = None
    while True:
        query: dict[str, Any] = {"tag": tag, "limit": 2} | ({"cursor": cursor} if cursor else {})
        page = service.http.get("/tasks", params=query).json()
        listed_ids += [task["task_id"] for task in page["tasks"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert listed_ids == ids[::-1]
    named = service.http.get("/tasks", params={"tag": tag, "name": "n1"}).json()["tasks"]
    assert [task["task_id"] for task in named] == [ids[3], ids[1]]
    assert all("result" not in task for task in named)
    for status, count in (("completed", 5), ("failed", 0), ("pending", 0)):
        listed = service.http.get("/tasks", params={"tag": tag, "status": status}).json()
        assert len(listed["tasks"]) == count


def test_the_service_is_alive_and_ready_and_describes_itself(service: Service) -> None:
    assert service.http.get("/health").json() == {"status": "ok"}
    ready = service.http.get("/ready")
    assert (ready.status_code, ready.json()["ready"]) == (200, True)
    page = service.http.get("/", follow_redirects=True)
    assert page.url.path == "/docs"
    files = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert files
    own = [file for file in files if file[0] == "/"]
    assert all(service.http.get(each, follow_redirects=True).status_code == 200 for each in own)
    assert not [file for file in files if file.startswith(("http", "//"))]
    paths = service.http.get("/openapi.json").json()["paths"]
    for path, operations in paths.items():
        for method, operation in operations.items():
            [ok] = operation["responses"]["200"]["content"].values()
            assert ok["examples"], (method, path)
