"""Jobs, sessions and lists at the door of IBM Qiskit Runtime."""

import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from qiskit import QuantumCircuit

from tests.doors.protocols import qpy_json
from tests.support.services import Service

RUNTIME = "/ibm/experimental"
JOBS, SESSIONS = f"{RUNTIME}/jobs", f"{RUNTIME}/sessions"


def bell() -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return circuit


def endless() -> QuantumCircuit:
    """Return a circuit that runs for minutes."""
    circuit = QuantumCircuit(22, 1)
    for layer in range(500):
        circuit.rx(0.1 + layer / 1000, range(22))
        circuit.cx(range(0, 22, 2), range(1, 22, 2))
        circuit.cx(range(1, 21, 2), range(2, 22, 2))
    circuit.measure(0, 0)
    return circuit


def job_body(circuit: QuantumCircuit | None = None, pubs: int = 1, **more: Any) -> dict[str, Any]:
    pub = [qpy_json(circuit or bell()), [], 100]
    params = {"pubs": [pub] * pubs, "version": 2, "support_qiskit": True, "options": {}}
    return {"program_id": "sampler", "backend": "simulator", "params": params, **more}


def submit(service: Service, circuit: QuantumCircuit | None = None, **more: Any) -> str:
    answer = service.http.post(JOBS, json=job_body(circuit, **more))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def state_of(service: Service, job_id: str) -> dict[str, Any]:
    fields: dict[str, Any] = service.http.get(f"{JOBS}/{job_id}?exclude_params=true").json()
    return fields


def ended(service: Service, job_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while (fields := state_of(service, job_id))["status"] in ("Queued", "Running"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return fields


def listed(service: Service, **query: Any) -> tuple[list[str], int]:
    answer = service.http.get(JOBS, params=query)
    assert answer.status_code == 200, answer.text
    return [job["id"] for job in answer.json()["jobs"]], answer.json()["count"]


def refusal(answer: httpx.Response, status: int = 400) -> str:
    assert answer.status_code == status, answer.text
    return str(answer.json()["error"]["message"])


def test_jobs_of_one_circuit_and_of_several_are_listed_by_each_filter(service: Service) -> None:
    tag = uuid.uuid4().hex
    one = submit(service, tags=[tag, "one"])
    two = submit(service, pubs=2, tags=[tag, "two", tag])
    device = submit(service, tags=[tag], private=True)
    for job in (one, two, device):
        assert ended(service, job)["status"] == "Completed"
    assert listed(service, tags=tag) == ([device, two, one], 3)
    assert listed(service, tags=tag, sort="ASC", limit=2) == ([one, two], 3)
    assert listed(service, tags=tag, limit=2, offset=2) == ([one], 3)
    assert listed(service, tags=tag, offset=7) == ([], 7)
    assert listed(service, tags=[tag, "two"]) == ([two], 1)
    assert listed(service, tags=tag, pending="true") == ([], 0)
    assert (
        listed(service, tags=tag, pending="false", program="sampler", backend="simulator")[1] == 3
    )
    assert listed(service, tags=tag, program="estimator") == ([], 0)
    assert listed(service, tags=tag, backend="fake_manila") == ([], 0)
    hour = timedelta(hours=1)
    earlier, later = (
        each.isoformat() for each in (datetime.now(UTC) - hour, datetime.now(UTC) + hour)
    )
    assert listed(service, tags=tag, created_after=earlier, created_before=later)[1] == 3
    assert listed(service, tags=tag, created_after=later)[1] == 0
    assert listed(service, tags=tag, created_before=earlier)[1] == 0
    assert state_of(service, two)["tags"] == [tag, "two"]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"limit": "x"}, "limit: must be a whole number"),
        ({"sort": "up"}, "sort: must be ASC or DESC"),
        ({"pending": "yes"}, "pending: must be true or false"),
        ({"created_after": "soon"}, "created_after: 'soon' is not a time in ISO 8601"),
        ({"color": "red"}, "color: no such query parameter"),
    ],
)
def test_a_wrong_filter_is_refused(service: Service, query: dict[str, str], message: str) -> None:
    assert refusal(service.http.get(JOBS, params=query)).startswith(message)


def test_tags_of_a_job_are_replaced_and_not_those_of_the_door(service: Service) -> None:
    for pubs in (1, 2):
        first, second = uuid.uuid4().hex, uuid.uuid4().hex
        job = submit(service, tags=[first], pubs=pubs)
        answer = service.http.put(f"{JOBS}/{job}/tags", json={"tags": [second, second]})
        assert answer.status_code == 204
        assert state_of(service, job)["tags"] == [second]
        assert listed(service, tags=second, program="sampler", backend="simulator")[0] == [job]
        assert listed(service, tags=first)[0] == []
        assert service.http.put(f"{JOBS}/{job}/tags", json={"tags": []}).status_code == 204
        assert state_of(service, job)["tags"] == []


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        (["ibm"], "tags: 'ibm' is a tag of this service's own"),
        (["ibm:closed"], "tags: 'ibm:closed' is a tag"),
        ([""], "tags: each must be 1 to 50 printable characters"),
        (["x" * 51], "tags: each must be 1 to 50"),
        ([str(n) for n in range(17)], "tags: must be at most 16 tags; got 17"),
    ],
)
def test_wrong_tags_are_refused_for_new_jobs_and_old_ones(
    service: Service, tags: list[str], message: str
) -> None:
    assert refusal(service.http.post(JOBS, json=job_body(tags=tags))).startswith(message)
    job = submit(service)
    answer = service.http.put(f"{JOBS}/{job}/tags", json={"tags": tags})
    assert refusal(answer).startswith(message)


def test_a_job_is_cancelled_once_and_deleted(service: Service) -> None:
    for pubs in (1, 2):
        job = submit(service, endless(), pubs=pubs)
        assert service.http.post(f"{JOBS}/{job}/cancel").status_code == 204
        assert ended(service, job)["state"] == {"status": "Cancelled"}
        again = service.http.post(f"{JOBS}/{job}/cancel")
        assert refusal(again, 409) == "the job is Cancelled, and cannot be cancelled"
        assert refusal(service.http.get(f"{JOBS}/{job}/results"), 409).startswith("the job is")
        assert service.http.delete(f"{JOBS}/{job}").status_code == 204
        assert refusal(service.http.get(f"{JOBS}/{job}"), 404) == "job not found"


def test_a_job_that_runs_is_cancelled_before_it_is_deleted(service: Service) -> None:
    job = submit(service, endless())
    assert service.http.delete(f"{JOBS}/{job}").status_code == 204
    assert service.http.get(f"/tasks/{job}").status_code == 404


def test_the_results_of_a_private_job_are_returned_once_and_its_parameters_never(
    service: Service,
) -> None:
    job = submit(service, private=True)
    assert ended(service, job)["private"] is True
    assert "params" not in service.http.get(f"{JOBS}/{job}").json()
    first, second = (service.http.get(f"{JOBS}/{job}/results") for _ in range(2))
    assert (first.status_code, second.status_code, second.text) == (200, 204, "")
    assert state_of(service, job)["tags"] == []
    service.http.put(f"{JOBS}/{job}/tags", json={"tags": []})
    assert service.http.get(f"{JOBS}/{job}/results").status_code == 204


def test_a_job_reports_its_times_and_its_engine(service: Service) -> None:
    job = submit(service, pubs=2)
    ended(service, job)
    metrics = service.http.get(f"{JOBS}/{job}/metrics").json()
    times = metrics["timestamps"]
    assert times["created"] <= times["running"] <= times["finished"]
    assert metrics["usage"]["status"] == "complete"
    assert (metrics["executions"], metrics["num_circuits"]) == (200, 2)
    logs = service.http.get(f"{JOBS}/{job}/logs").text
    assert logs.startswith("pub 0: ")
    assert "pub 1: " in logs
    usage = service.http.get(f"{RUNTIME}/instances/usage").json()
    assert usage["usage_limit_reached"] is False
    assert usage["usage_consumed_seconds"] >= 0


def test_a_job_that_exceeds_its_time_has_the_code_of_ibm(service: Service) -> None:
    job = submit(service, endless(), cost=1)
    state = ended(service, job)["state"]
    assert (state["status"], state.get("reason_code")) == ("Cancelled", 1305), state
    assert "1" in state["reason"]


def new_session(service: Service, **fields: Any) -> dict[str, Any]:
    answer = service.http.post(SESSIONS, json={"backend": "simulator", **fields})
    assert answer.status_code == 201, answer.text
    session: dict[str, Any] = answer.json()
    return session


def test_a_session_is_known_by_its_jobs_and_accepts_none_once_it_is_closed(
    service: Service,
) -> None:
    for mode, priority in (("dedicated", 1), ("batch", 0)):
        session = new_session(service, mode=mode, max_ttl=3600)
        path = f"{SESSIONS}/{session['id']}"
        assert (session["state"], session["accepting_jobs"]) == ("open", True)
        job = submit(service, session_id=session["id"])
        assert ended(service, job)["session_id"] == session["id"]
        assert service.http.get(f"/tasks/{job}").json()["priority"] == priority
        assert listed(service, session_id=session["id"]) == ([job], 1)
        details = service.http.get(path).json()
        assert (details["mode"], details["backend_name"]) == (mode, "simulator")
        assert (details["state"], details["max_ttl"]) == ("inactive", 3600)
        assert service.http.patch(path, json={"accepting_jobs": False}).status_code == 204
        details = service.http.get(path).json()
        assert (details["state"], details["accepting_jobs"]) == ("closed", False)
        late = service.http.post(JOBS, json=job_body(session_id=session["id"]))
        assert refusal(late) == "session_id: the session is closed, and accepts no jobs"
        again = service.http.patch(path, json={"accepting_jobs": True})
        assert refusal(again).startswith("accepting_jobs: a session is not opened again")


def test_the_end_of_a_session_cancels_its_jobs(service: Service) -> None:
    session = new_session(service)["id"]
    jobs = [submit(service, endless(), session_id=session, pubs=pubs) for pubs in (1, 2)]
    assert service.http.get(f"{SESSIONS}/{session}").json()["state"] == "active"
    assert service.http.delete(f"{SESSIONS}/{session}/close").status_code == 204
    assert [ended(service, job)["status"] for job in jobs] == ["Cancelled"] * 2
    assert service.http.get(f"{SESSIONS}/{session}").json()["state"] == "closed"


def test_a_session_is_over_after_its_lifetime_and_is_for_one_backend(service: Service) -> None:
    session = new_session(service, max_ttl=1)["id"]
    other = service.http.post(JOBS, json=job_body(session_id=session, backend="fake_manila"))
    assert refusal(other) == "backend: the session is for simulator; got 'fake_manila'"
    deadline = time.monotonic() + 20
    while service.http.get(f"{SESSIONS}/{session}").json()["state"] != "closed":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    late = service.http.post(JOBS, json=job_body(session_id=session))
    assert refusal(late).startswith("session_id: the session is closed")


def test_sessions_of_wrong_bodies_and_unknown_ids_are_refused(service: Service) -> None:
    for body, message in (
        ({"backend": "fake_moon"}, "backend 'fake_moon': there is no such backend"),
        ({"backend": "../../etc/passwd"}, "backend '../../etc/passwd': there is no such backend"),
        ({"backend": ""}, "backend '': there is no such backend"),
        ({"backend": 99 * "x"}, f"backend '{60 * 'x'}': there is no such backend"),
        ({"backend": "simulator", "mode": "fast"}, "mode: input should be"),
        ({"backend": "simulator", "max_ttl": 0}, "max_ttl: input should be"),
        ({"backend": "simulator", "color": 1}, "color: no such field"),
        ([], "body: must be a JSON object"),
    ):
        answer = service.http.post(SESSIONS, json=body)
        assert refusal(answer, answer.status_code).startswith(message)
        assert answer.status_code in (400, 404)
    for unknown in ("x", "0" * 300, str(uuid.uuid4())):
        assert refusal(service.http.get(f"{SESSIONS}/{unknown}"), 404) == "session not found"
        answer = service.http.post(JOBS, json=job_body(session_id=unknown))
        assert refusal(answer, 404) == "session not found"


@pytest.mark.parametrize(
    ("fields", "status", "message"),
    [
        ({"program_id": "circuit-runner"}, 400, "program_id: must be one of "),
        ({"calibration_id": "x"}, 404, "calibration_id: 'x' is not a calibration of simulator"),
        ({"cost": 0}, 400, "cost: input should be greater than or equal to 1"),
        ({"start_session": True}, 400, "start_session: no such field"),
        ({"params": []}, 400, "params: input should be a valid dictionary"),
        ({"backend": ""}, 400, "backend: string should have at least 1 character"),
    ],
)
def test_wrong_fields_of_a_job_are_refused(
    service: Service, fields: dict[str, Any], status: int, message: str
) -> None:
    answer = service.http.post(JOBS, json={**job_body(), **fields})
    assert refusal(answer, status).startswith(message)
