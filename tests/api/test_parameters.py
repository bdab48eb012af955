"""Inputs and outputs of circuits, through HTTP and the Store."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from quantumtask.shared.task import Result, Submission, TaskSpec
from tests.support.problems import problem
from tests.support.services import BELL, Service
from tests.support.stores import FullStore

Start = Callable[..., Service]

INPUTS = {
    "theta": 0.3,
    "count": -3,
    "large": 2**128 - 1,
    "flag": True,
    "mask": "0101",
    "point": [0.6, -0.8],
    "table": [[1, 2], [3, 4]],
    "θ": 1e-300,
}


def test_parameters_come_back_as_they_were_sent(service: Service) -> None:
    task_id = service.submit(parameters=INPUTS)
    assert service.get(task_id)["parameters"] == INPUTS
    assert service.get(service.submit())["parameters"] is None
    assert service.get(service.submit(parameters=None))["parameters"] is None
    listed = service.http.get("/tasks", params={"limit": 1}).json()["tasks"][0]
    assert "parameters" not in listed


def test_a_worker_gets_the_parameters_as_json_text(start: Start) -> None:
    service = alone(start)
    task_id = service.submit(parameters=INPUTS)
    store = FullStore(service.settings)
    [assignment] = store.claim("w", 50)
    store.close()
    assert assignment.id == task_id
    assert json.loads(str(assignment.spec.parameters)) == INPUTS


def alone(start: Start) -> Service:
    """A service without a worker; the test does the worker's part."""
    service = start(slots=1)
    assert service.worker.stop() == 0
    return service


def test_outputs_stand_beside_the_counts_and_pass_unread(start: Start) -> None:
    service = alone(start)
    task_id = service.submit(shots=2)
    store = FullStore(service.settings)
    [assignment] = store.claim("w", 50)
    outputs = '{"angle": [0.10, 1e-7], "bits": ["01", "10"], "table": [[1, 2], [3, 4]]}'
    result = Result('{"0": 2}', None, 7, "aer", "1", "statevector", 1.5, (), outputs)
    assert store.complete([(assignment, result)])
    store.close()
    answer = service.http.get(f"/tasks/{task_id}")
    assert answer.json()["outputs"] == json.loads(outputs)
    assert outputs in answer.text
    assert answer.json()["result"] == {"0": 2}
    assert "outputs" not in service.http.get("/tasks").json()["tasks"][0]


def test_a_task_without_outputs_has_no_such_field(service: Service) -> None:
    assert "outputs" not in service.run()


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        "theta=1",
        3,
        True,
        {"theta": None},
        {"theta": {"re": 1}},
        {"theta": [1, None]},
        {"theta": [[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]},
        {"theta": 2**5000},
        {"": 1},
        {"x" * 257: 1},
    ],
    ids=lambda wrong: repr(wrong)[:30],
)
@pytest.mark.parametrize("path", ["/tasks", "/validate"])
def test_wrong_parameters_are_refused_by_name(service: Service, path: str, wrong: Any) -> None:
    answer = service.http.post(path, json={"circuit": BELL, "parameters": wrong})
    assert answer.status_code == 400
    assert problem(answer)["code"] == "invalid_request"
    assert str(problem(answer)["detail"]).startswith("parameters: ")
    assert len(answer.text) < 1000


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999", "[1, 1e999]"])
@pytest.mark.parametrize("path", ["/tasks", "/validate"])
def test_parameters_that_are_no_numbers_are_refused(
    service: Service, path: str, value: str
) -> None:
    body = f'{{"circuit": "x", "parameters": {{"theta": {value}}}}}'
    answer = service.http.post(path, content=body)
    assert answer.status_code == 400
    assert problem(answer)["code"] in ("invalid_json", "invalid_request")


@pytest.mark.parametrize("path", ["/tasks", "/validate"])
def test_half_a_character_in_a_parameter_is_no_json(service: Service, path: str) -> None:
    body = '{"circuit": "x", "parameters": {"mask": "\\ud800"}}'
    answer = service.http.post(path, content=body)
    assert (answer.status_code, problem(answer)["code"]) == (400, "invalid_json")


OVER_8_MIB: dict[str, Callable[[], dict[str, Any]]] = {
    "a text": lambda: {"mask": "0" * 8_400_000},
    "a list": lambda: {"table": [0.123456789] * 800_000},
    "names": lambda: {f"{n:0100}": 1 for n in range(90_000)},
}


@pytest.mark.parametrize("kind", OVER_8_MIB)
@pytest.mark.parametrize("path", ["/tasks", "/validate"])
def test_parameters_over_8_mib_are_refused(service: Service, path: str, kind: str) -> None:
    parameters = OVER_8_MIB[kind]()
    body = json.dumps({"circuit": BELL, "parameters": parameters}, separators=(",", ":"))
    answer = service.http.post(path, content=body)
    assert answer.status_code == 413
    assert problem(answer)["code"] == "parameters_too_large"
    assert "8,388,608" in str(problem(answer)["detail"])


def test_the_largest_parameters_there_may_be_are_taken(service: Service) -> None:
    mask = {"mask": "0" * (8 * 1024 * 1024 - len('{"mask":""}'))}
    task = service.run(parameters=mask)
    assert (task["status"], task["parameters"]) == ("completed", None)  # too large to be shown
    many = {"table": [0] * 199_000}
    assert service.run(parameters=many)["status"] == "completed"
    small = {"mask": "0" * (65_536 - len('{"mask":""}'))}
    assert service.get(service.submit(parameters=small))["parameters"] == small


def test_an_idempotency_key_holds_for_the_same_parameters_only(service: Service) -> None:
    def submit(**more: Any) -> Any:
        headers = {"Idempotency-Key": "parameters-test"}
        return service.http.post("/tasks", json={"circuit": BELL, **more}, headers=headers)

    first = submit(parameters={"theta": 0.3}).json()["task_id"]
    assert submit(parameters={"theta": 0.3}).json()["task_id"] == first
    others: list[dict[str, Any]] = [{}, {"parameters": {"theta": 0.4}}, {"parameters": {}}]
    for other in others:
        answer = submit(**other)
        assert (answer.status_code, problem(answer)["code"]) == (409, "idempotency_conflict")


def test_an_idempotency_key_of_the_version_before_still_holds(start: Start) -> None:
    """The release before parameters hashed only the fields that it had."""
    service = start(slots=1)
    fields = {"circuit": BELL, "shots": 1024, "seed": None, "memory": False, "timeout_s": 600.0}
    digest = hashlib.sha256(json.dumps({**fields, "name": None, "tags": []}).encode()).hexdigest()
    store = FullStore(service.settings)
    store.submit([Submission("before", TaskSpec(BELL), 1.0, "key", digest)])
    store.close()
    headers = {"Idempotency-Key": "key"}
    answer = service.http.post("/tasks", json={"circuit": BELL}, headers=headers)
    assert answer.json()["task_id"] == "before"


ROTATION = (
    'OPENQASM 3.0; include "stdgates.inc"; input float theta; output bit c; qubit q; '
    "rx(theta) q; c = measure q;"
)


@pytest.mark.parametrize(("theta", "bit"), [(0, "0"), (3.141592653589793, "1")])
def test_a_parameter_reaches_the_circuit_and_its_output_the_client(
    service: Service, theta: float, bit: str
) -> None:
    body = service.run(ROTATION, parameters={"theta": theta}, shots=5)
    assert body["status"] == "completed", body
    assert body["result"] == {bit: 5}
    assert set(body["outputs"]) == {"c"}
    assert len(body["outputs"]["c"]) == 5


@pytest.mark.parametrize(
    "parameters", [None, {}, {"phi": 1}, {"theta": 1, "phi": 1}, {"theta": "x"}]
)
def test_what_does_not_fit_the_inputs_is_an_error_of_the_task(
    service: Service, parameters: dict[str, Any] | None
) -> None:
    body = service.run(ROTATION, parameters=parameters)
    assert body["status"] == "failed"
    assert "theta" in body["error"] or "phi" in body["error"]


def test_results_with_outputs_count_them_all_against_the_limit(start: Start) -> None:
    service = start(slots=1, max_result_bytes=1000)
    body = service.run(ROTATION, parameters={"theta": 1}, shots=2000)
    assert (body["status"], body["error_code"]) == ("failed", "result_too_large")


def test_the_page_of_the_api_knows_the_new_fields(service: Service) -> None:
    page = service.http.get("/openapi.json").json()
    submission = page["components"]["schemas"]["SubmitRequest"]
    assert "parameters" in submission["properties"]
    assert any("parameters" in each for each in submission["examples"])
    assert "outputs" in page["components"]["schemas"]["TaskView"]["properties"]
    statuses = set(page["paths"]["/validate"]["post"]["responses"])
    assert statuses == {"200", "400", "401", "413", "415", "429", "503"}
