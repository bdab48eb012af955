"""qiskit-ionq and cirq-ionq, unmodified, which environment variables lead to this service."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, transpile
from qiskit.circuit.random import random_circuit
from qiskit.quantum_info import Statevector

from tests.support.lazy_import import lazy_import
from tests.support.services import Service

pytestmark = [
    pytest.mark.filterwarnings("ignore:Transpiler default optimization_level"),
    pytest.mark.xdist_group("braket"),  # which imports Cirq, too
]

cirq, cirq_ionq = lazy_import("cirq"), lazy_import("cirq_ionq")
qiskit_ionq, helpers = lazy_import("qiskit_ionq"), lazy_import("qiskit_ionq.helpers")
exceptions = lazy_import("qiskit_ionq.exceptions")

TOLERANCE = 1e-9
POLL_S = 0.05
SHOTS = 100
CIRCUITS = 30
NO_GATES = {"measure", "i", "cnot", "mct", "toffoli", "mcp", "PauliEvolution", "mcx", "mcphase"}


@pytest.fixture(autouse=True)
def environment(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("IONQ_API_URL", f"{service.url}/v0.4")
    monkeypatch.setenv("IONQ_REMOTE_HOST", service.url)
    monkeypatch.setenv("IONQ_API_KEY", "anything")
    yield


@pytest.fixture
def simulator(request: pytest.FixtureRequest) -> Any:
    request.getfixturevalue("environment")
    return qiskit_ionq.IonQProvider().get_backend("simulator")


def bell() -> QuantumCircuit:
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure([0, 1], [0, 1])
    return circuit


def measured(circuit: QuantumCircuit) -> QuantumCircuit:
    whole = circuit.copy()
    whole.measure_all()
    return whole


def test_thirty_circuits_of_qiskit_ionq_have_exact_probabilities(simulator: Any) -> None:
    gates = [name for name in helpers.ionq_basis_gates if name not in NO_GATES]
    circuits = []
    for seed in range(CIRCUITS):
        circuit = random_circuit(4, 6, max_operands=3, seed=seed)
        circuits.append(transpile(circuit, basis_gates=gates, seed_transpiler=1))
    job = simulator.run([measured(each) for each in circuits], shots=SHOTS)
    result = job.result(wait=POLL_S)
    for number, circuit in enumerate(circuits):
        expected = Statevector(circuit).probabilities_dict()
        returned = result.data(number)["probabilities"]
        # The client drops outcomes whose share of the sampled counts is 0.
        for outcome, probability in returned.items():
            assert abs(probability - expected[outcome]) < TOLERANCE, f"circuit {number}: {outcome}"
        counts = result.get_counts(number)
        assert sum(counts.values()) == SHOTS


def test_thirty_circuits_of_cirq_ionq_have_exact_probabilities() -> None:
    qubits = cirq.LineQubit.range(4)
    gates = {
        cirq.H: 1, cirq.X**0.3: 1, cirq.Y**0.7: 1, cirq.Z**-0.2: 1, cirq.S: 1, cirq.T: 1,
        cirq.CNOT: 2, cirq.XX**0.4: 2, cirq.YY**0.1: 2, cirq.ZZ**0.6: 2, cirq.SWAP: 2,
    }  # fmt: skip
    circuits = [
        cirq.testing.random_circuit(qubits, 8, 0.8, gates, random_state=seed)
        for seed in range(CIRCUITS)
    ]
    whole = [each + cirq.I.on_each(*qubits) for each in circuits]
    sent = [each + cirq.Circuit(cirq.measure(*qubits, key="m")) for each in circuits]
    job = cirq_ionq.Service().create_batch_job(sent, repetitions=SHOTS, target="simulator")
    results = job.results(polling_seconds=POLL_S)
    assert len(results) == CIRCUITS
    for number, (circuit, result) in enumerate(zip(whole, results, strict=True)):
        state = circuit.final_state_vector(qubit_order=qubits, dtype=np.complex128)
        expected = np.abs(state) ** 2
        returned = np.zeros(16)
        for outcome, probability in result.probabilities().items():
            returned[outcome] = probability
        assert np.abs(returned - expected).max() < TOLERANCE, f"circuit {number}"


def test_a_circuit_with_registers_and_measurements_in_its_middle_runs(simulator: Any) -> None:
    circuit = QuantumCircuit(2)
    one, two = ClassicalRegister(1, "one"), ClassicalRegister(2, "two")
    circuit.add_register(one, two)
    circuit.x(0)
    circuit.measure(0, one[0])
    circuit.reset(0)
    circuit.x(1)
    circuit.measure(0, two[0])
    circuit.measure(1, two[1])
    job = simulator.run(circuit, shots=SHOTS, memory=True)
    result = job.result(wait=POLL_S)
    assert result.get_counts() == {"10 1": SHOTS}
    assert set(result.get_memory()) == {"10 1"}


def test_noise_and_native_gates_of_qiskit_ionq() -> None:
    backend = qiskit_ionq.IonQProvider().get_backend("simulator", gateset="native")
    backend.set_options(noise_model="aria-1", sampler_seed=7)
    circuit = QuantumCircuit(2, 2)
    circuit.append(qiskit_ionq.MSGate(0, 0, 0.25), [0, 1])
    circuit.append(qiskit_ionq.GPI2Gate(0.5), [0])
    circuit.append(qiskit_ionq.GPI2Gate(0), [0])
    circuit.measure([0, 1], [0, 1])
    shots = 4000
    job = backend.run(circuit, shots=shots, memory=True)
    result = job.result(wait=POLL_S)
    counts = result.get_counts()
    assert sum(counts.values()) == len(result.get_memory()) == shots
    wrong = counts.get("01", 0) + counts.get("10", 0)
    assert 0 < wrong < 6 * shots * 0.0133 / 2, counts  # 0.0133: the rate of aria-1 for two qubits


def test_a_device_snapshot_is_a_qpu() -> None:
    backend = qiskit_ionq.IonQProvider().get_backend("qpu.fake_manila")
    assert backend.num_qubits == 5
    counts = backend.run(bell(), shots=SHOTS).result(wait=POLL_S).get_counts()
    assert sum(counts.values()) == SHOTS
    with pytest.raises(exceptions.IonQAPIError, match="is not a backend of this service"):
        qiskit_ionq.IonQProvider().get_backend("qpu.aria-1").run(bell())


def test_a_job_is_retrieved_listed_canceled_and_deleted(simulator: Any) -> None:
    job = simulator.run(bell(), shots=SHOTS)
    job.result(wait=POLL_S)
    again = simulator.retrieve_job(job.job_id())
    assert again.result(wait=POLL_S).get_counts().keys() <= {"00", "11"}
    service = cirq_ionq.Service()
    assert job.job_id() in {each.job_id() for each in service.list_jobs(limit=50)}
    retrieved = service.get_job(job.job_id())
    assert (retrieved.status(), retrieved.target()) == ("completed", "simulator")
    retrieved.cancel()
    assert retrieved.status() == "completed"  # it has ended, and stays as it is
    retrieved.delete()
    assert retrieved.status() == "deleted"
    with pytest.raises(cirq_ionq.IonQNotFoundException):
        service.get_job(job.job_id())


def test_a_running_job_is_canceled(simulator: Any) -> None:
    circuit = QuantumCircuit(26, 26)
    for layer in range(200):
        circuit.rx(0.3, range(26))
        circuit.cx(range(25), range(1, 26))
        circuit.rz(0.1 * layer, range(26))
    circuit.measure(range(26), range(26))
    job = simulator.run(circuit, shots=SHOTS)
    job.cancel()
    with pytest.warns(UserWarning, match="Job was cancelled"):
        assert job.status().name == "CANCELLED"


def test_a_program_that_cannot_run_fails_with_its_reason(simulator: Any, service: Service) -> None:
    program = {"type": "ionq.qasm3.v1", "backend": "simulator", "input": {"data": "no program"}}
    job_id = service.http.post("/v0.4/jobs", json=program).json()["id"]
    service.http.get(f"/tasks/{job_id}", params={"wait": 30})
    with pytest.raises(exceptions.IonQJobFailureError, match="line 1"):
        simulator.retrieve_job(job_id)


def test_a_session_is_a_tag_and_its_jobs_are_listed(simulator: Any, service: Service) -> None:
    with qiskit_ionq.Session(backend=simulator) as session:
        job = simulator.run(bell(), shots=SHOTS)
        job.result(wait=POLL_S)
        assert session.details()["active"]
        with pytest.raises(exceptions.IonQAPIError, match=r"settings\.job_count_limit"):
            qiskit_ionq.Session(backend=simulator, max_jobs=3)
    listed = service.http.get(f"/v0.4/jobs?session_id={session.session_id}").json()["jobs"]
    assert [each["id"] for each in listed] == [job.job_id()]
    task = service.http.get(f"/tasks/{job.job_id()}").json()
    assert (task["tags"], task["priority"]) == (["ionq", f"session:{session.session_id}"], 1)


def test_options_that_would_be_ignored_are_refused(simulator: Any) -> None:
    for options in ({"dry_run": True}, {"error_mitigation": qiskit_ionq.ErrorMitigation.DEBIASING}):
        with pytest.raises(exceptions.IonQAPIError, match="this service has no"):
            simulator.run(bell(), **options)
    simulator.run(bell(), error_mitigation=qiskit_ionq.ErrorMitigation.NO_DEBIASING).result(
        wait=POLL_S
    )
    job = simulator.run(bell())
    with pytest.raises(exceptions.IonQAPIError, match="sharpen: no job has debiasing"):
        job.result(sharpen=True, wait=POLL_S)


def test_pages_of_the_list_hold_each_job_once(service: Service) -> None:
    job = {"type": "ionq.circuit.v1", "input": {"qubits": 1, "circuit": []}}
    several = {
        "type": "ionq.multi-circuit.v1",
        "input": {"qubits": 1, "circuits": [{"circuit": []}]},
    }
    for each in (job, several, job, several, job):
        assert service.http.post("/v0.4/jobs", json=each).status_code == 201
    listed: list[str] = []
    query = "?limit=2"
    for _ in range(200):
        page = service.http.get(f"/v0.4/jobs{query}").json()
        listed += [each["id"] for each in page["jobs"]]
        if "next" not in page:
            break
        query = f"?limit=2&next={page['next']}"
    assert len(listed) == len(set(listed)) >= 5
    whole = service.http.get("/v0.4/jobs?limit=100").json()["jobs"]
    assert [each["id"] for each in whole][:50] == listed[: len(whole)][:50]
    times = [each["submitted_at"] for each in whole]
    assert times == sorted(times, reverse=True)


def test_results_above_twenty_qubits_are_frequencies_and_say_so(service: Service) -> None:
    circuit = [{"gate": "h", "target": 0}] + [
        {"gate": "cnot", "control": k, "target": k + 1} for k in range(23)
    ]
    job = {"type": "ionq.circuit.v1", "shots": 50, "input": {"qubits": 24, "circuit": circuit}}
    job_id = service.http.post("/v0.4/jobs", json=job).json()["id"]
    service.http.get(f"/tasks/{job_id}", params={"wait": 30})
    view = service.http.get(f"/v0.4/jobs/{job_id}").json()
    assert "24 qubits are too many" in json.dumps(view["warning"])
    shares = service.http.get(f"/v0.4/jobs/{job_id}/results/probabilities").json()
    histogram = service.http.get(f"/v0.4/jobs/{job_id}/results/histogram").json()
    shots = service.http.get(f"/v0.4/jobs/{job_id}/results/shots").json()
    assert set(shares) <= {"0", str(2**24 - 1)}
    assert shares == {key: count / 50 for key, count in histogram.items()}
    assert histogram == {key: shots.count(int(key)) for key in histogram}


def test_a_table_of_probabilities_that_is_an_object_beside_the_database_is_exact(
    service: Service,
) -> None:
    angles = [0.2 + 0.15 * k for k in range(15)]
    calls = [{"gate": "ry", "target": k, "rotation": angle} for k, angle in enumerate(angles)]
    job = {"type": "ionq.circuit.v1", "shots": 20, "input": {"qubits": 15, "circuit": calls}}
    job_id = service.http.post("/v0.4/jobs", json=job).json()["id"]
    assert (
        service.http.get(f"/tasks/{job_id}", params={"wait": 30}).json()["result_bytes"] > 262_144
    )
    table = service.http.get(f"/v0.4/jobs/{job_id}/results/probabilities").json()
    expected = np.ones(1)
    for angle in angles:  # the first qubit is the lowest bit
        expected = np.kron([np.cos(angle / 2) ** 2, np.sin(angle / 2) ** 2], expected)
    returned = np.array([table.get(str(key), 0.0) for key in range(2**15)])
    assert np.abs(returned - expected).max() < TOLERANCE
    shots = service.http.get(f"/v0.4/jobs/{job_id}/results/shots").json()
    histogram = service.http.get(f"/v0.4/jobs/{job_id}/results/histogram").json()
    assert len(shots) == sum(histogram.values()) == 20
