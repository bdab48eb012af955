"""`GET /tasks/{id}/request` returns the body that submits the same task again."""

import json
import uuid
from typing import Any

import pytest

from tests.support.cases import check_each
from tests.support.secured_service import SecuredService
from tests.support.services import BELL, Service

ROTATION = 'include "stdgates.inc"; input float a; qubit q; bit c; ry(a) q; c = measure q;'
NOISE = {
    "depolarizing": {"one_qubit": 0.001, "two_qubit": 0.01},
    "readout": {"zero_as_one": 0.02, "one_as_zero": 0.03},
}
REQUESTS: dict[str, dict[str, Any]] = {
    "nothing but a circuit": {"circuit": "// π\r\n\t" + BELL},
    "labels": {
        "circuit": BELL, "name": 'a "name" 🚀', "tags": ["x", "y"], "owner": "mira", "priority": 3,
        "metadata": {"π": [None, True, 2**70]},
    },
    "a run": {
        "circuit": BELL, "shots": 77, "seed": 2**63 - 1, "memory": True, "timeout_s": 12.5,
        "engine": "aer", "method": "density_matrix", "noise": NOISE,
    },
    "a device": {"circuit": BELL, "backend": "fake_manila", "compile": "always"},
    "exact values": {
        "circuit": BELL, "observables": ["ZZ", [["XX", 0.5]]], "precision": 0,
        "return": ["expectation_values"],
    },
    "a sweep": {"circuit": ROTATION, "parameters": {"a": [0.1, 0.2, 1e-300]}, "shots": 10},
    "large parameters": {"circuit": ROTATION, "parameters": {"a": [0.125] * 20_000}, "shots": 1},
    "an approximation": {
        "circuit": BELL, "engine": "quantumtask", "method": "matrix_product_state", "max_bond": 4,
    },
}  # fmt: skip


def test_the_request_of_a_task_is_what_was_submitted_and_submits_it_again(service: Service) -> None:
    def check(body: dict[str, Any]) -> None:
        path = f"/tasks/{service.submit(**body)}/request"
        answer = service.http.get(path)
        assert answer.headers["content-type"] == "application/json"
        assert answer.json() == body
        again = service.http.post("/tasks", content=answer.content).raise_for_status()
        repeated = service.http.get(f"/tasks/{again.json()['task_id']}/request")
        assert json.loads(repeated.content) == body

    check_each(REQUESTS, check)


def test_a_seed_makes_the_second_run_the_same(service: Service) -> None:
    first = service.run(seed=7, shots=1000)
    body = service.http.get(f"/tasks/{first['task_id']}/request").content
    second = service.http.post("/tasks?wait=30", content=body).json()
    assert second["result"] == first["result"]


def test_a_task_of_another_person_is_submitted_in_the_name_of_who_asks(
    secured: SecuredService,
) -> None:
    ada, bob, eve = (secured.as_principal(name) for name in ("ada", "bob", "eve"))
    task_id = ada.post("/tasks", json={"circuit": BELL, "shots": 5}).json()["task_id"]
    body = bob.get(f"/tasks/{task_id}/request")
    assert body.json() == {"circuit": BELL, "shots": 5}
    again = bob.post("/tasks?wait=30", content=body.content).json()
    assert again["owner"] == "bob"
    assert eve.get(f"/tasks/{task_id}/request").status_code == 404


@pytest.mark.parametrize("task_id", ["x", str(uuid.UUID(int=1))], ids=["malformed", "unknown"])
def test_an_unknown_task_has_no_request(service: Service, task_id: str) -> None:
    answer = service.http.get(f"/tasks/{task_id}/request")
    assert (answer.status_code, answer.json()["detail"]) == (404, "task not found")
