"""Hostile bodies at the door of IonQ: each is refused in its form, and others are not harmed."""

import json
from typing import Any

import httpx
import pytest

from tests.support.services import Service

CALL = {"gate": "h", "target": 0}
MEGABYTE = 1_000_000


def job(**fields: Any) -> dict[str, Any]:
    default = {"type": "ionq.circuit.v1", "input": {"qubits": 1, "circuit": [CALL]}, "shots": 10}
    return {**default, **fields}


def circuit(**fields: Any) -> dict[str, Any]:
    return job(input={"qubits": 1, "circuit": [CALL], **fields})


def terms(count: int) -> dict[str, Any]:
    values = {"terms": ["Z"] * count, "coefficients": [1] * count, "time": 1}
    return {"gate": "pauliexp", "targets": [0], **values}


def deep(levels: int) -> str:
    return '{"a":' * levels + "1" + "}" * levels


REFUSED: dict[str, tuple[str, str]] = {
    "no JSON": ("{", "invalid json"),
    "empty": ("", "invalid json"),
    "a list": ("[]", "body: must be a JSON object"),
    "deep": (json.dumps(job())[:-1] + ', "metadata": ' + deep(1_000) + "}", "invalid json"),
    "not a number": (json.dumps(circuit(qubits=float("nan"))), "invalid json"),
    "no type": (json.dumps({"input": {}}), "type: field required"),
    "unknown type": (json.dumps(job(type="ionq.qir.v1")), "type: input should be"),
    "unknown field": (json.dumps(job(frobnicate=1)), "frobnicate: no such field"),
    "input is a text": (json.dumps(job(input="x")), "input: input should be"),
    "circuit is a text": (json.dumps(circuit(circuit="h")), "input.circuit: input should be"),
    "qubits is a text": (json.dumps(circuit(qubits="1")), "input.qubits: input should be"),
    "no qubit": (json.dumps(circuit(qubits=0)), "input.qubits: input should be"),
    "huge qubits": (json.dumps(circuit(qubits=10**9)), "input.qubits: must be at most 10,000"),
    "gigantic qubits": (json.dumps(circuit(qubits=10**400)), "input.qubits: must be at most"),
    "gate set": (json.dumps(circuit(gateset="pulse")), "input.gateset: input should be"),
    "no shots": (json.dumps(job(shots=0)), "shots: must be 1 to 1,000,000"),
    "shots of a text": (json.dumps(job(shots="None")), "shots: input should be"),
    "many shots": (json.dumps(job(shots=10**7)), "shots: must be 1 to 1,000,000"),
    "negative seed": (json.dumps(job(noise={"model": "ideal", "seed": -1})), "seed: must be 0 to"),
    "unknown noise": (json.dumps(job(noise={"model": "x" * 99})), "noise.model: 'xxxx"),
    "secret noise": (json.dumps(job(noise={"model": "harmony"})), "does not publish its formula"),
    "noise of a device": (
        json.dumps(job(backend="qpu.fake_manila", noise={"model": "aria-1"})),
        "noise.model: only with the backend `simulator`",
    ),
    "dry run": (json.dumps(job(dry_run=True)), "dry_run: this service has no compiler"),
    "debiasing": (
        json.dumps(job(settings={"error_mitigation": {"debiasing": True}})),
        "settings.error_mitigation.debiasing: this service has no debiasing",
    ),
    "unknown setting": (json.dumps(job(settings={"pulse": 1})), "settings: no such field: pulse"),
    "session": (json.dumps(job(session_id="mine")), "session not found"),
    "large metadata": (json.dumps(job(metadata={"a": "x" * 20_000})), "metadata: must be at most"),
    "no circuits": (
        json.dumps(job(type="ionq.multi-circuit.v1", input={"qubits": 1, "circuits": []})),
        "input.circuits: list should have at least 1",
    ),
    "many circuits": (
        json.dumps(job(
            type="ionq.multi-circuit.v1", input={"qubits": 1, "circuits": [{"circuit": []}] * 1001}
        )),
        "input.circuits: must be at most 1,000; got 1,001",
    ),
    "circuits that are numbers": (
        json.dumps(job(type="ionq.multi-circuit.v1", input={"qubits": 1, "circuits": [1] * 5000})),
        "input.circuits.0: input should be a valid dictionary",
    ),
    "a circuit that is none": (
        json.dumps(job(type="ionq.multi-circuit.v1", input={"qubits": 1, "circuits": [{}]})),
        "input.circuits.0.circuit: field required",
    ),
    "program is a list": (
        json.dumps(job(type="ionq.qasm3.v1", input={"data": []})), "input.data: input should be"
    ),
    "program is blank": (
        json.dumps(job(type="ionq.qasm3.v1", input={"data": " "})), "input.data: must not be blank"
    ),
    "many terms in several circuits": (
        json.dumps(job(
            type="ionq.multi-circuit.v1",
            input={"qubits": 1, "circuits": [{"circuit": [terms(900)]}] * 3},
        )),
        "input.circuits.2.circuit.0.terms: the circuits of a job must have at most 1,000,000 pairs",
    ),
    "a million gates": (
        json.dumps(circuit(circuit=[CALL] * 200_000)), "body: must have at most"
    ),
}  # fmt: skip


def post(http: httpx.Client, body: str | bytes) -> httpx.Response:
    return http.post("/v0.4/jobs", content=body, headers={"Content-Type": "application/json"})


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_job_is_refused_in_the_form_of_ionq(service: Service, name: str) -> None:
    body, message = REFUSED[name]
    answer = post(service.http, body)
    fields = answer.json()
    assert set(fields) == {"statusCode", "error", "message"}, fields
    assert answer.status_code == fields["statusCode"], fields
    assert answer.status_code in (400, 404, 413), fields
    assert message in fields["message"]
    assert len(answer.content) < 1000


def test_fifty_megabytes_are_refused_before_they_are_read(service: Service) -> None:
    with httpx.Client(base_url=service.url, timeout=60) as client:
        answer = post(client, b" " * (50 * MEGABYTE))
        assert answer.status_code == 413
        assert answer.json()["message"].startswith("body: must be at most")


def test_metadata_that_imitates_a_job_shows_nothing_and_breaks_nothing(service: Service) -> None:
    bell = 'OPENQASM 3.0; include "stdgates.inc"; qubit q; bit c; h q; c = measure q;'
    imitations: tuple[Any, ...] = (1, "x", [], {"qubits": "x"}, {"gates": [1]}, {"metadata": 7})
    for imitation in imitations:
        body = {"circuit": bell, "metadata": {"ionq": imitation}, "tags": ["ionq"]}
        task_id = service.http.post("/tasks?wait=30", json=body).json()["task_id"]
        assert service.http.get(f"/v0.4/jobs/{task_id}").status_code == 404
        assert service.http.get(f"/v0.4/jobs/{task_id}/results/histogram").status_code == 404
    listed = service.http.get("/v0.4/jobs")
    assert listed.status_code == 200
    registers = bell.replace("bit c;", "bit c; bit d;")
    for program in (bell, registers):
        plain = {"circuit": program, "metadata": {"ionq": {}}, "shots": 100}
        task_id = service.http.post("/tasks?wait=30", json=plain).json()["task_id"]
        answer = service.http.get(f"/v0.4/jobs/{task_id}/results/probabilities").json()
        assert set(answer) == {"0", "1"}
        assert sum(answer.values()) == pytest.approx(1)


def test_wrong_queries_are_refused(service: Service) -> None:
    for query in (
        "limit=0", "limit=101", "limit=x", "next=7", "next=a.b", "status=lost", "session_id=x",
        "frobnicate=1",
    ):  # fmt: skip
        answer = service.http.get(f"/v0.4/jobs?{query}")
        assert answer.status_code in (400, 404), query
        assert answer.json()["statusCode"] == answer.status_code


def test_a_job_of_another_client_ends_beside_the_attacks(service: Service) -> None:
    large = json.dumps(circuit(circuit=[CALL] * 49_000))
    submitted = [post(service.http, large).status_code for _ in range(3)]
    assert submitted == [201, 201, 201]
    job_id = post(service.http, json.dumps(job())).json()["id"]
    assert service.http.get(f"/tasks/{job_id}", params={"wait": 30}).json()["status"] == "completed"
