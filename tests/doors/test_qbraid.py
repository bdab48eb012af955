"""qBraid's client, unmodified, on this service, and hostile bodies at its door."""

import json
from typing import Any

import pytest
from qiskit import QuantumCircuit

from tests.doors.protocols import SIMULATOR_QRN
from tests.support.lazy_import import lazy_import
from tests.support.services import BELL, Service

pytestmark = pytest.mark.xdist_group("braket")
"""One process imports qBraid's client, and what it imports: Cirq, Braket and PennyLane."""

cirq = lazy_import("cirq")
runtime, runtime_exceptions = (
    lazy_import("qbraid.runtime"),
    lazy_import("qbraid.runtime.exceptions"),
)
service_exceptions = lazy_import("qbraid_core.services.runtime.exceptions")
job_schema = lazy_import("qbraid_core.services.runtime.schemas.job")

FLIPPED = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] c; x q[0]; c = measure q;'
JOBS = "/qbraid/api/v1/jobs"


@pytest.fixture
def provider(service: Service, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("QBRAID_API_URL", f"{service.url}/qbraid/api/v1")
    monkeypatch.setenv("QBRAID_API_KEY", "anything")
    return runtime.QbraidProvider()


@pytest.fixture
def device(provider: Any) -> Any:
    return provider.get_device(SIMULATOR_QRN)


def counts_of(job: Any) -> dict[str, int]:
    job.wait_for_final_state(timeout=30, poll_interval=0.05)
    return dict(job.result().data.get_counts())


def test_devices_are_the_simulator_and_the_snapshots(provider: Any, device: Any) -> None:
    names = [each.id for each in provider.get_devices()]
    assert names[0] == SIMULATOR_QRN
    assert SIMULATOR_QRN.replace("simulator", "fake_manila") in names
    assert (device.num_qubits, device.queue_depth() >= 0) == (30, True)
    assert device.status().name == "ONLINE"
    assert device.get_calibrations() is None
    with pytest.raises(runtime_exceptions.ResourceNotFoundError):
        provider.get_device("aws:aws:sim:sv1")


def test_programs_of_openqasm_qiskit_and_cirq_run(device: Any) -> None:
    circuit = QuantumCircuit(2, 2)
    circuit.x(0)
    circuit.measure([0, 1], [0, 1])
    one, two = cirq.LineQubit.range(2)
    flipped = cirq.Circuit(cirq.X(one), cirq.I(two), cirq.measure(one, two, key="m"))
    for program in (FLIPPED, circuit, flipped):
        assert counts_of(device.run(program, shots=20)) == {"01": 20}


def test_a_noisy_device_and_a_seed_are_honoured(provider: Any) -> None:
    noisy = provider.get_device(SIMULATOR_QRN.replace("simulator", "fake_manila"))
    jobs = [noisy.run(BELL, shots=300, runtime_options={"seed": 7}) for _ in range(2)]
    first, second = (counts_of(job) for job in jobs)
    assert first == second
    assert sum(first.values()) == 300
    assert set(first) > {"00", "11"}


def test_several_programs_are_one_job(device: Any) -> None:
    programs = [job_schema.Program(format="qasm3", data=each) for each in (FLIPPED, BELL)]
    job = device.submit(programs, shots=10, as_batch=True)
    job.wait_for_final_state(timeout=30, poll_interval=0.05)
    results = job.result().results
    assert results[0].data.get_counts() == {"01": 10}
    assert sum(results[1].data.get_counts().values()) == 10
    assert [each.data for each in job.program()] == [FLIPPED, BELL]


def test_a_job_keeps_its_program_its_name_and_its_tags(device: Any, service: Service) -> None:
    job = device.run(FLIPPED, shots=5, name="my job", tags={"a": 1})
    counts_of(job)
    about = job.metadata()
    assert (about["name"], about["tags"], about["shots"]) == ("my job", {"a": 1}, 5)
    assert job.program().data.split() == FLIPPED.split()  # the client formats it
    assert job.compiled_program() is None
    listed = device.client.list_jobs(status="COMPLETED", limit=50)
    assert job.id in {each.jobQrn for each in listed}
    assert service.http.get(f"/tasks/{job.id}").json()["tags"] == ["qbraid"]
    device.client.delete_job(job.id)
    with pytest.raises(service_exceptions.QuantumRuntimeServiceRequestError, match="job not found"):
        device.client.get_job(job.id)


def test_a_program_that_cannot_run_fails_with_its_reason(service: Service, device: Any) -> None:
    body = {"deviceQrn": SIMULATOR_QRN, "program": {"format": "qasm3", "data": "no program"}}
    job_id = service.http.post(JOBS, json=body).json()["data"]["jobQrn"]
    service.http.get(f"/tasks/{job_id}", params={"wait": 30})
    job = device.client.get_job(job_id)
    assert job.status.value == "FAILED"
    assert "line 1" in job.statusMsg
    assert service.http.get(f"{JOBS}/{job_id}/result").status_code == 409


def test_a_job_is_listed_under_its_own_status_alone(service: Service) -> None:
    programs = [{"format": "qasm3", "data": text} for text in (BELL, "no program")]
    common = {"deviceQrn": SIMULATOR_QRN, "shots": 1}
    ids = {
        status: service.http.post(JOBS, json={**common, "program": program}).json()["data"][
            "jobQrn"
        ]
        for status, program in (("FAILED", programs), ("COMPLETED", programs[:1]))
    }
    for job_id in ids.values():
        service.http.get(f"/batches/{job_id}", params={"wait": 30})
    for status, job_id in ids.items():
        listed = service.http.get(f"{JOBS}?limit=100&status={status}").json()["data"]
        assert {each["status"] for each in listed} == {status}
        assert {each["jobQrn"] for each in listed} & set(ids.values()) == {job_id}
    newest = service.http.get(f"{JOBS}?limit=1&status=FAILED").json()["data"]
    assert [each["jobQrn"] for each in newest] == [ids["FAILED"]]


def test_a_running_job_is_canceled(device: Any, service: Service) -> None:
    gates = "".join(f"rx(0.3) q[{k % 26}]; cx q[{k % 26}], q[{(k + 1) % 26}];" for k in range(3000))
    slow = f'OPENQASM 3.0; include "stdgates.inc"; qubit[26] q; bit[26] c; {gates} c = measure q;'
    body = {"deviceQrn": SIMULATOR_QRN, "program": {"format": "qasm3", "data": slow}}
    job_id = service.http.post(JOBS, json=body).json()["data"]["jobQrn"]
    device.client.cancel_job(job_id)
    assert device.client.get_job(job_id).status.value == runtime.JobStatus.CANCELLED.value


REFUSED: dict[str, tuple[Any, str]] = {
    "no JSON": ("{", "invalid json"),
    "a list": ([], "body: must be a JSON object"),
    "no program": ({"deviceQrn": SIMULATOR_QRN}, "program: field required"),
    "unknown field": ({"frobnicate": 1}, "frobnicate: no such field"),
    "format": ({"program": {"format": "qir.bc", "data": "x"}}, "program."),
    "blank program": (
        {"program": {"format": "qasm3", "data": " \n"}},
        "data: must not be blank",
    ),
    "no programs": ({"program": []}, "program."),
    "many programs": ({"program": [{}] * 1001}, "program: must be at most 1,000 programs"),
    "device": ({"deviceQrn": "ionq:ionq:qpu:forte-1"}, "deviceQrn: 'ionq:ionq:qpu:forte-1'"),
    "shots": ({"shots": 0}, "shots: must be 1 to 1,000,000"),
    "option": (
        {"runtimeOptions": {"noiseModel": "x"}},
        "runtimeOptions: no such field: noiseModel",
    ),
    "text in place of options": ({"runtimeOptions": "x"}, "runtimeOptions: input should be"),
    "field of a program": (
        {"program": {"format": "qasm3", "data": "x", "name": "y"}},
        "no such field: name",
    ),
    "tag": ({"tags": {"a": 1, "b": 1.5}}, "tags: 'b' must be a text, a whole number, true or"),
    "group": ({"groupJobQrn": "g"}, "groupJobQrn: this service has no groups"),
    "tags": ({"tags": {"a": "x" * 20_000}}, "metadata: must be at most"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_job_is_refused_in_the_form_of_qbraid(service: Service, name: str) -> None:
    body, message = REFUSED[name]
    if isinstance(body, dict) and name != "no program":
        whole = {"deviceQrn": SIMULATOR_QRN, "program": {"format": "qasm3", "data": BELL}}
        body = {**whole, **body}
    content = body if isinstance(body, str) else json.dumps(body)
    answer = service.http.post(JOBS, content=content)
    fields = answer.json()
    assert answer.status_code in (400, 404, 413), fields
    assert fields["success"] is False
    assert message in fields["message"] == fields["error"]["message"]


def test_fifty_megabytes_and_wrong_queries_are_refused(service: Service) -> None:
    assert service.http.post(JOBS, content=b" " * 50_000_000).status_code == 413
    for query in (
        "page=0",
        "limit=x",
        "page=999&limit=999",
        "status=lost",
        "statusGroup=x",
        "tags={}",
    ):
        assert service.http.get(f"{JOBS}?{query}").status_code == 400, query
    assert service.http.get(f"{JOBS}?vendor=ibm").json()["data"] == []
