"""Batches through HTTP. Also runs against QUANTUMTASK_URL."""

import gzip
import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.support.circuits import prepare_number
from tests.support.problems import problem
from tests.support.services import BELL, ENDLESS, Service, until

ITEM = {"circuit": BELL, "shots": 10}


def submit_batch(
    service: Service, tasks: list[Any], headers: Any = None, **fields: Any
) -> dict[str, Any]:
    answer = service.http.post("/batches", json={"tasks": tasks, **fields}, headers=headers)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def refusal_detail(service: Service, body: object) -> str:
    answer = service.http.post("/batches", json=body)
    assert answer.status_code == 400, answer.text
    return str(problem(answer)["detail"])


def wait_for_end(service: Service, batch_id: str) -> dict[str, Any]:
    def read_batch() -> dict[str, Any]:
        answer = service.http.get(f"/batches/{batch_id}?wait=30")
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    until(lambda: read_batch()["status"] == "completed", 120, service.logs)
    return read_batch()


def result_lines(service: Service, batch_id: str, offset: int = 0) -> Iterator[dict[str, Any]]:
    path = f"/batches/{batch_id}/results?offset={offset}"
    with service.http.stream("GET", path, timeout=120) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/x-ndjson"
        yield from map(json.loads, answer.iter_lines())


def test_all_tasks_of_a_batch_run_and_none_is_mixed_up(service: Service) -> None:
    circuits = [prepare_number(n) for n in range(40)]
    bodies = [
        {"circuit": text, "shots": 10, "name": f"n{n}"} for n, (text, _) in enumerate(circuits)
    ]
    submission = submit_batch(service, bodies, name="all", tags=["a", "b", "a"])
    assert submission["status"] == "submitted"
    assert len(set(submission["task_ids"])) == 40
    batch = wait_for_end(service, submission["batch_id"])
    assert (batch["name"], batch["tags"], batch["size"]) == ("all", ["a", "b"], 40)
    assert batch["states"] == {
        "submitted": 0, "running": 0, "completed": 40, "failed": 0, "cancelled": 0,
    }  # fmt: skip
    assert batch["submitted_at"] <= batch["finished_at"]
    results = list(result_lines(service, submission["batch_id"]))
    assert [line["offset"] for line in results] == list(range(40))
    assert sorted(line["item"] for line in results) == list(range(40))
    for line in results:
        assert line["task_id"] == submission["task_ids"][line["item"]]
        assert line["result"] == circuits[line["item"]][1]
        assert line["name"] == f"n{line['item']}"
        assert line["batch_id"] == submission["batch_id"]
    offset = results[7].pop("offset")
    assert offset == 7
    assert results[7] == service.get(results[7]["task_id"])


def test_one_items_failure_is_that_items(service: Service) -> None:
    submission = submit_batch(service, [ITEM, {"circuit": "qubit q; frobnicate q;"}, ITEM])
    batch = wait_for_end(service, submission["batch_id"])
    assert (batch["states"]["completed"], batch["states"]["failed"]) == (2, 1)
    [failed] = [
        line for line in result_lines(service, submission["batch_id"]) if line["status"] == "failed"
    ]
    assert (failed["item"], failed["error_code"]) == (1, "unknown_gate")


def test_results_come_as_the_items_end(service: Service) -> None:
    submission = submit_batch(service, [{"circuit": ENDLESS}, ITEM])
    results = result_lines(service, submission["batch_id"])
    first = next(results)
    assert (first["offset"], first["item"], first["status"]) == (0, 1, "completed")
    assert service.get(submission["task_ids"][0])["status"] == "pending"
    assert service.http.get(f"/batches/{submission['batch_id']}").json()["status"] == "pending"
    assert service.http.post(f"/tasks/{submission['task_ids'][0]}/cancel").status_code == 200
    [last] = list(results)
    assert (last["offset"], last["item"], last["status"]) == (1, 0, "cancelled")


def test_results_are_the_same_from_any_offset(service: Service) -> None:
    submission = submit_batch(service, [ITEM] * 20)
    whole = list(result_lines(service, submission["batch_id"]))
    for offset in (0, 1, 13, 19, 20):
        assert list(result_lines(service, submission["batch_id"], offset)) == whole[offset:]


@pytest.mark.parametrize("offset", ["-1", "21", "x", "1.5", "9" * 30])
def test_an_offset_that_is_none_is_refused(service: Service, offset: str) -> None:
    submission = submit_batch(service, [ITEM] * 2)
    answer = service.http.get(
        f"/batches/{submission['batch_id']}/results", params={"offset": offset}
    )
    assert answer.status_code == 400
    assert str(problem(answer)["detail"]).startswith("offset: ")


def test_a_batch_is_cancelled_but_for_what_has_ended(service: Service) -> None:
    submission = submit_batch(
        service, [ITEM, {"circuit": ENDLESS}, {"circuit": ENDLESS}, {"circuit": ENDLESS}]
    )
    service.finished(submission["task_ids"][0])
    service.running(submission["task_ids"][1])
    for _ in range(2):
        answer = service.http.post(f"/batches/{submission['batch_id']}/cancel")
        assert answer.status_code == 200
        assert answer.json()["status"] == "completed"
        assert answer.json()["states"]["cancelled"] == 3
        assert answer.json()["states"]["completed"] == 1
    assert service.run()["status"] == "completed"


def test_an_item_is_cancelled_as_any_task(service: Service) -> None:
    submission = submit_batch(service, [{"circuit": ENDLESS}, ITEM])
    answer = service.http.post(f"/tasks/{submission['task_ids'][0]}/cancel")
    assert answer.status_code == 200
    assert wait_for_end(service, submission["batch_id"])["states"]["cancelled"] == 1


def test_waiting_for_a_batch_ends_with_the_time(service: Service) -> None:
    submission = submit_batch(service, [{"circuit": ENDLESS}])
    batch = service.http.get(f"/batches/{submission['batch_id']}?wait=0.3").json()
    assert batch["status"] == "pending"
    assert batch["finished_at"] is None
    service.http.post(f"/batches/{submission['batch_id']}/cancel")


def test_the_same_key_and_body_give_the_same_batch_however_often(service: Service) -> None:
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    with ThreadPoolExecutor(4) as pool:
        submission = list(
            pool.map(lambda _: submit_batch(service, [ITEM] * 3, headers, name="n"), range(8))
        )
    assert submission == [submission[0]] * 8
    others: list[tuple[str, Any]] = [
        ("/batches", {"tasks": [ITEM] * 2, "name": "n"}),
        ("/batches", {"tasks": [ITEM] * 3}),
        ("/tasks", ITEM),
    ]
    for path, body in others:
        answer = service.http.post(path, json=body, headers=headers)
        assert answer.status_code == 409
        assert answer.json()["code"] == "idempotency_conflict"


def test_batches_are_listed_newest_first(service: Service) -> None:
    tag = uuid.uuid4().hex
    ids = [
        submit_batch(service, [ITEM], tags=[tag], name=f"n{n % 2}")["batch_id"] for n in range(5)
    ]
    for batch_id in ids:
        wait_for_end(service, batch_id)
    pending = submit_batch(service, [{"circuit": ENDLESS}], tags=[tag])["batch_id"]
    listed_ids: list[str] = []
    cursor = None
    while True:
        query: dict[str, Any] = {"tag": tag, "limit": 2} | ({"cursor": cursor} if cursor else {})
        page = service.http.get("/batches", params=query).json()
        listed_ids += [batch["batch_id"] for batch in page["batches"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert listed_ids == [pending, *ids[::-1]]

    def list_ids(**query: str) -> list[str]:
        results = service.http.get("/batches", params={"tag": tag, **query}).json()
        return [batch["batch_id"] for batch in results["batches"]]

    assert list_ids(name="n1") == [ids[3], ids[1]]
    assert list_ids(status="pending") == [pending]
    assert list_ids(status="completed") == ids[::-1]
    assert service.http.get("/batches", params={"status": "failed"}).status_code == 400
    service.http.post(f"/batches/{pending}/cancel")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("GET", "/results"), ("GET", "/events"), ("POST", "/cancel"), ("GET", "?wait=9")],
)
def test_an_unknown_batch_is_told_so(service: Service, method: str, path: str) -> None:
    for unknown in (str(uuid.uuid4()), "x", "'; DROP TABLE batches"):
        answer = service.http.request(method, f"/batches/{unknown}{path}")
        assert answer.status_code == 404
        assert problem(answer)["code"] == "batch_not_found"


# What is refused


@pytest.mark.parametrize(
    ("item", "detail"),
    [
        ({"circuit": BELL, "shots": "many"}, "tasks.2.shots: input should be a valid integer"),
        ({"circuit": BELL, "shots": 0}, "tasks.2.shots: must be 1 to 1,000,000"),
        ({"circuit": ""}, "tasks.2.circuit: must not be blank"),
        ({}, "tasks.2.circuit: field required"),
        ({"circuit": BELL, "shoots": 1}, "tasks.2.shoots: no such field"),
        ({"circuit": BELL, "engine": "none"}, "tasks.2.engine: must be auto"),
        ({"circuit": BELL, "parameters": {"x": None}}, "tasks.2.parameters: `x` must be"),
        ("circuit", 'tasks.2: must be a JSON object with a "circuit"'),
        (None, 'tasks.2: must be a JSON object with a "circuit"'),
    ],
)
def test_one_item_that_is_not_valid_refuses_all_and_is_named(
    service: Service, item: object, detail: str
) -> None:
    tag = uuid.uuid4().hex
    tasks = [{**ITEM, "tags": [tag]}, {**ITEM, "tags": [tag]}, item]
    assert refusal_detail(service, {"tasks": tasks, "tags": [tag]}).startswith(detail)
    assert service.http.get("/tasks", params={"tag": tag}).json()["tasks"] == []
    assert service.http.get("/batches", params={"tag": tag}).json()["batches"] == []


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({}, "tasks: "),
        ([], "tasks: "),
        ({"tasks": {}}, "tasks: "),
        ({"tasks": "x" * 100}, "tasks: "),
        ({"tasks": []}, "tasks: must be 1 to 1,000 tasks; got 0"),
        ({"tasks": [ITEM] * 1001}, "tasks: must be 1 to 1,000 tasks; got 1,001"),
        ({"tasks": [None] * 100_000}, "tasks: must be 1 to 1,000 tasks; got 100,000"),
        ({"tasks": [ITEM], "name": ""}, "name: "),
        ({"tasks": [ITEM], "tags": ["x" * 51]}, "tags.0: "),
        ({"tasks": [ITEM], "shots": 3}, "shots: no such field"),
    ],
)
def test_what_is_no_batch_is_refused(service: Service, body: object, detail: str) -> None:
    assert refusal_detail(service, body).startswith(detail)


def test_an_item_that_is_too_large_is_named(service: Service) -> None:
    large = {"circuit": "// " + "x" * 8_400_000}
    answer = service.http.post("/batches", json={"tasks": [ITEM, large]})
    assert answer.status_code == 413
    assert problem(answer)["code"] == "circuit_too_large"
    assert str(problem(answer)["detail"]).startswith("tasks.1.circuit: ")


def test_a_body_that_is_too_large_is_refused_and_one_that_just_fits_is_not(
    service: Service,
) -> None:
    filling = "// " + "x" * 10_300
    body = json.dumps({"tasks": [{"circuit": BELL + filling, "shots": 1}] * 1000}).encode()
    assert 10_000_000 < len(body) < 10 * 1024 * 1024
    answer = service.http.post("/batches", content=body + b" " * 600_000)
    assert answer.status_code == 413
    packed = gzip.compress(body)
    answer = service.http.post("/batches", content=packed, headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 200
    assert len(answer.json()["task_ids"]) == 1000
    answer = service.http.post(f"/batches/{answer.json()['batch_id']}/cancel")
    states = answer.json()["states"]
    assert states["cancelled"] + states["completed"] == 1000


@pytest.mark.parametrize("content", [b"", b"no", b'{"tasks": [', b"[" * 100_000, b"\xff"])
def test_a_body_that_is_not_json_is_told_so(service: Service, content: bytes) -> None:
    answer: httpx.Response = service.http.post("/batches", content=content)
    assert answer.status_code == 400
    assert problem(answer)["code"] == "invalid_json"
