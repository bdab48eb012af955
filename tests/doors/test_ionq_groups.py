"""Groups of jobs, estimates and sessions at the door of IonQ; the calls of its clients."""

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import pytest

from quantumtask.doors.ionq.door import ROUTES
from tests.doors.protocols import UNKNOWN, submit_to_ionq
from tests.support.secured_service import SecuredService
from tests.support.services import ENDLESS, Service

CANCEL, JOBS = "/v0.4/jobs/status/cancel", "/v0.4/jobs"


def submit_endless(http: httpx.Client) -> str:
    body = {"type": "ionq.qasm3.v1", "backend": "simulator", "input": {"data": ENDLESS}}
    return str(http.post(JOBS, json=body).json()["id"])


def test_jobs_are_canceled_together_and_those_that_ended_are_left_out(service: Service) -> None:
    ended = submit_to_ionq(service.http, "group")[0]["job_id"]
    running = [submit_endless(service.http) for _ in range(2)]
    answer = service.http.put(CANCEL, json={"ids": [ended, *running, running[0]]})
    assert answer.json() == {"ids": running, "status": "canceled"}
    states = [service.http.get(f"{JOBS}/{each}").json()["status"] for each in (ended, *running)]
    assert states == ["completed", "canceled", "canceled"]


def test_jobs_are_deleted_together(service: Service) -> None:
    ids = [each["job_id"] for each in submit_to_ionq(service.http, "group")]
    answer = service.http.request("DELETE", JOBS, json={"ids": ids})
    assert answer.json() == {"ids": ids, "status": "deleted"}
    assert [service.http.get(f"{JOBS}/{each}").status_code for each in ids] == [404, 404]


def test_a_group_with_a_job_of_others_changes_no_job(secured: SecuredService) -> None:
    mine = secured.with_headers(Authorization=f"apiKey {secured.tokens['ada']}")
    theirs = secured.with_headers(Authorization=f"apiKey {secured.tokens['eve']}")
    ids = [submit_endless(mine), submit_endless(theirs)]
    for ask, method, path in ((mine, "PUT", CANCEL), (theirs, "DELETE", JOBS)):
        answer = ask.request(method, path, json={"ids": ids})
        assert (answer.status_code, answer.json()["message"]) == (404, "job not found")
    for ask, each in zip((mine, theirs), ids, strict=True):
        assert ask.get(f"{JOBS}/{each}").json()["status"] != "canceled"
        ask.put(CANCEL, json={"ids": [each]})


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([], "must be"), ({}, "must be"), ({"ids": "x"}, "must be"), ({"ids": [1]}, "must be"),
        ({"ids": []}, "1 to 100"), ({"ids": ["x"] * 101}, "got 101"),
        ({"ids": ["x"], "more": 1}, "must be"), ({"ids": ["x"]}, "job not found"),
        ({"ids": [UNKNOWN]}, "job not found"),
    ],
)  # fmt: skip
def test_a_wrong_group_is_refused(service: Service, body: Any, message: str) -> None:
    answer = service.http.put(CANCEL, json=body)
    assert answer.status_code in (400, 404)
    assert message in answer.json()["message"]


def test_an_estimate_has_no_cost_and_claims_no_time(service: Service) -> None:
    counts: dict[str, Any] = {
        "backend": "simulator",
        "1q_gates": 2,
        "2q_gates": 1,
        "qubits": 2,
        "shots": 10,
    }
    answer = service.http.get("/v0.4/jobs/estimate", params={**counts, "session": "false"}).json()
    assert answer["input_values"] == {**counts, "session": False}
    assert (answer["estimated_cost"], answer["estimated_execution_time"]) == (0, None)
    wrong = service.http.get("/v0.4/jobs/estimate", params={**counts, "shots": "-1"})
    assert (wrong.status_code, "shots" in wrong.json()["message"]) == (400, True)
    hardware: dict[str, Any] = {**counts, "backend": "qpu.aria-1"}
    assert service.http.get("/v0.4/jobs/estimate", params=hardware).status_code == 404


def test_the_sessions_of_jobs_are_listed(service: Service) -> None:
    ids = []
    for _ in range(2):
        session = service.http.post("/v0.4/sessions", json={"backend": "simulator"}).json()["id"]
        body = {
            "type": "ionq.circuit.v1", "backend": "simulator", "session_id": session,
            "input": {"qubits": 1, "circuit": [{"gate": "h", "target": 0}]},
        }  # fmt: skip
        assert service.http.post(JOBS, json=body).status_code == 201
        ids.append(session)
    tags = {"tags": ["ionq", "session:of another client"]}
    service.http.post("/tasks", json={"circuit": ENDLESS, "timeout_s": 0.1, **tags})
    listed = [each["id"] for each in service.http.get("/v0.4/sessions").json()["sessions"]]
    assert [each for each in listed if each in ids] == ids[::-1]


# The calls in the sources of the clients.


def source(package: str) -> str:
    spec = find_spec(package)
    assert spec and spec.origin
    return "\n".join(each.read_text() for each in Path(spec.origin).parent.glob("*client.py"))


def paths_of_qiskit_ionq() -> Iterator[str]:
    for arguments in re.findall(r"make_path\(([^*()]+)\)", source("qiskit_ionq")):
        parts = [each.strip() for each in arguments.split(",") if each.strip()]
        if parts[0].startswith('"'):  # others are a URL of an answer
            yield "/" + "/".join(part.strip('"') if part[0] == '"' else "x" for part in parts)


def calls_of_cirq_ionq() -> Iterator[tuple[str, str]]:
    text = source("cirq_ionq")
    call = r"requests\.(get|post|put|delete)\(\s*f'\{self\.url\}(/[^']+)'"
    for method, path in re.findall(call, text):
        if "{resource_path}" not in path:
            yield method.upper(), re.sub(r"\{\w+\}", "x", path)
    for path in re.findall(r"self\._list\('(\w+)'", text):
        yield "GET", f"/{path}"


def matches(template: str, path: str) -> bool:
    return re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path) is not None


def test_every_call_in_the_sources_of_the_clients_has_a_route() -> None:
    paths, calls = set(paths_of_qiskit_ionq()), set(calls_of_cirq_ionq())
    assert {"/jobs", "/jobs/x", "/jobs/estimate", "/backends/x/characterizations"} <= paths
    assert {("POST", "/jobs"), ("GET", "/calibrations/current")} <= calls
    absent = [each for each in paths if not any(matches(route.path, each) for route in ROUTES)]
    absent += [
        f"{method} {path}" for method, path in calls
        if not any(route.method == method and matches(route.path, path) for route in ROUTES)
    ]  # fmt: skip
    assert absent == []
