"""`GET /tasks/{id}/result`, and a task without its result."""

import gzip
from typing import Any

import httpx
import pytest

from tests.support.services import ENDLESS, Service

WIDE = (
    'OPENQASM 3.0; include "stdgates.inc"; qubit[12] q; bit[12] c; '
    + "".join(f"rx(0.{k + 1}) q[{k}];" for k in range(12))
    + "c = measure q;"
)
WRONG = "OPENQASM 3.0;\nqubit q;\nfrobnicate q;\nbit c;\nc = measure r;\n"


def result(service: Service, task_id: str, **headers: str) -> Any:
    return service.http.get(f"/tasks/{task_id}/result?wait=30", headers=headers)


def test_the_result_of_a_task_is_what_its_task_shows(service: Service) -> None:
    task = service.run(WIDE, shots=2000, seed=1, memory=True)
    answer = result(service, task["task_id"])
    assert answer.status_code == 200
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.json() == {key: task[key] for key in ("task_id", "result", "memory")}
    url = str(answer.request.url)
    assert url.partition("?")[0].endswith(task["result_url"])
    parts = [
        service.http.get(task["result_url"]).text.partition(f'"{key}": ')[2] for key in ("result",)
    ]
    assert len(parts[0]) >= task["result_bytes"]


def test_a_result_is_compressed_only_for_who_accepts_that(service: Service) -> None:
    task_id = service.run(WIDE, shots=2000, seed=1)["task_id"]
    plain = result(service, task_id, **{"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    url = f"{service.url}/tasks/{task_id}/result"
    with httpx.stream("GET", url, headers={"accept-encoding": "gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
    assert gzip.decompress(raw) == plain.content
    assert len(raw) < len(plain.content)


def test_a_result_that_is_known_is_not_sent_again(service: Service) -> None:
    task_id = service.run(seed=1)["task_id"]
    first = result(service, task_id)
    again = result(service, task_id, **{"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    other = result(service, task_id, **{"if-none-match": '"another"'})
    assert (other.status_code, other.json()) == (200, first.json())


def test_each_form_of_a_result_has_a_tag_of_its_own(service: Service) -> None:
    task_id = service.run(WIDE, shots=2000, seed=1)["task_id"]
    encoded = {"accept": "application/vnd.quantumtask+json"}
    answers = [
        result(service, task_id),
        result(service, task_id, **encoded),
        result(service, task_id, **{"accept-encoding": "identity"}),
    ]
    assert len({answer.headers["etag"] for answer in answers}) == 3
    assert answers[1].headers["content-type"] == encoded["accept"]
    assert all("Accept-Encoding" in answer.headers["vary"] for answer in answers)


def test_what_has_no_result_says_why(service: Service) -> None:
    failed = service.submit(WRONG)
    answer = result(service, failed)
    assert (answer.status_code, answer.json()["code"]) == (409, "task_failed")
    assert "line 3, column 1" in answer.json()["detail"]
    running = service.submit(ENDLESS)
    service.running(running)
    answer = service.http.get(f"/tasks/{running}/result")
    assert (answer.status_code, answer.json()["code"]) == (409, "task_not_finished")
    service.http.post(f"/tasks/{running}/cancel")
    answer = service.http.get(f"/tasks/{running}/result")
    assert (answer.status_code, answer.json()["code"]) == (409, "task_cancelled")
    answer = service.http.get("/tasks/00000000-0000-7000-8000-000000000000/result")
    assert (answer.status_code, answer.json()["code"]) == (404, "task_not_found")


@pytest.mark.parametrize("circuit", [WIDE, WRONG + "# " * 5_000, "x" * 50_000])
def test_a_status_is_small_whatever_the_task(service: Service, circuit: str) -> None:
    name, tags = "n" * 50, [f"{k:050}" for k in range(20)]
    task = service.run(circuit, shots=5000, memory=True, name=name, tags=tags)
    answer = service.http.get(f"/tasks/{task['task_id']}?view=status")
    status = answer.json()
    assert len(answer.content) < 1024
    assert {key: status[key] for key in ("task_id", "state", "attempt")} == {
        key: task[key] for key in ("task_id", "state", "attempt")
    }
    if task["state"] == "completed":
        assert status["result_bytes"] == task["result_bytes"]
        assert service.http.get(status["result_url"]).json()["memory"] == task["memory"]
    else:
        assert status["error_code"] == task["error_code"]
        assert task["error"].startswith(status["error"])


def test_a_submission_can_be_answered_with_the_status(service: Service) -> None:
    answer = service.http.post(
        "/tasks?wait=30&view=status", json={"circuit": WIDE, "memory": True, "shots": 5000}
    )
    assert answer.json()["state"] == "completed"
    assert len(answer.content) < 1024


@pytest.mark.parametrize("query", ["view=everything", "strict=perhaps", "wait=long"])
def test_a_query_that_means_nothing_is_refused(service: Service, query: str) -> None:
    answer = service.http.post(f"/tasks?{query}", json={"circuit": WIDE})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert answer.json()["detail"].startswith(query.partition("=")[0])


def newest_task(service: Service) -> str | None:
    """Return the id alone: a task that an earlier test has left may still change."""
    tasks = service.http.get("/tasks?limit=1").json()["tasks"]
    return tasks[0]["task_id"] if tasks else None


def test_a_strict_submission_is_refused_with_what_a_validation_tells(service: Service) -> None:
    before = newest_task(service)
    answer = service.http.post("/tasks?strict=true", json={"circuit": WRONG})
    validation = service.http.post("/validate", json={"circuit": WRONG, "parameters": {}}).json()
    assert answer.status_code == 422
    assert answer.json()["errors"] == validation["problems"]
    assert {each["code"] for each in validation["problems"]} >= {"unknown_gate", "undeclared_name"}
    assert answer.json()["code"] == validation["problems"][0]["code"]
    assert answer.json()["detail"].startswith("line 3, column 1")
    assert newest_task(service) == before


def test_a_strict_submission_of_a_good_circuit_runs(service: Service) -> None:
    answer = service.http.post("/tasks?strict=true&wait=30", json={"circuit": WIDE, "shots": 10})
    assert sum(answer.json()["result"].values()) == 10


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"observables": []}, "observables"),
        ({"observables": {"ZZ": 1}}, "observables"),
        ({"observables": "ZA"}, "letters"),
        ({"observables": [["ZZ", 1.0], ["XX"]]}, "observables"),
        ({"observables": [["ZZ", 10**400]]}, "observables"),
        ({"observables": "ZZ", "precision": 10**400}, "precision"),
        ({"observables": [["ZZ", 1.0]] * 200_001}, "observables"),
        ({"observables": "ZZ", "precision": -1}, "precision"),
        ({"precision": 0.1}, "precision"),
        ({"return": []}, "return"),
        ({"return": ["count"]}, "return"),
        ({"return": ["expectation_values"]}, "return"),
        ({"return": ["counts"], "observables": "ZZ"}, "return"),
        ({"noise": 0.01}, "the name of a device; got 0.01"),
        ({"backend": ""}, "backend"),
        ({"parameters": {"a": {"dtype": "float64", "shape": [2]}}}, "parameters"),
        ({"parameters": {"a": {"dtype": "float64", "shape": [-2], "data": ""}}}, "parameters"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_options_that_mean_nothing_are_refused(
    service: Service, options: dict[str, Any], word: str
) -> None:
    answer = service.http.post("/tasks", json={"circuit": WIDE, **options})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert word in answer.json()["detail"]
