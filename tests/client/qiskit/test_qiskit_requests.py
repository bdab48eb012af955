"""Requests of a job: the submission of a short task returns its result, too."""

from collections.abc import Iterator

import pytest
from qiskit import QuantumCircuit
from qiskit.providers import JobStatus, JobTimeoutError
from qiskit.quantum_info import SparsePauliOp

from quantumtask.client.qiskit import (
    EstimatorV2,
    QuantumTaskBackend,
    QuantumTaskProvider,
    SamplerV2,
    submission,
)
from tests.support.fake_service import fake_service, json_reply
from tests.support.sent_requests import sent_requests
from tests.support.services import Service


@pytest.fixture
def backend(service: Service) -> Iterator[QuantumTaskBackend]:
    with QuantumTaskProvider(service.url) as provider:
        yield provider.backend()


@pytest.fixture
def requests(backend: QuantumTaskBackend) -> Iterator[list[str]]:
    """Yield a list that every later request of the backend is added to."""
    with sent_requests(backend.service.connection) as sent:
        yield sent


@pytest.fixture
def short_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let submissions wait for as long as a busy machine takes."""
    monkeypatch.setattr(submission, "SHORT_WAIT_S", 30.0)


def bell() -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    return circuit


@pytest.mark.usefixtures("short_polls")
def test_an_estimate_of_a_small_circuit_is_one_request(
    backend: QuantumTaskBackend, requests: list[str]
) -> None:
    estimator = EstimatorV2(backend)
    for _ in range(20):
        result = estimator.run([(bell(), SparsePauliOp("XX"))]).result()[0]
        assert float(result.data.evs) == pytest.approx(1)
    assert [request.split()[0] for request in requests] == ["POST"] * 20


@pytest.mark.usefixtures("short_polls")
def test_shots_of_a_small_circuit_are_one_request_and_its_state_is_known(
    backend: QuantumTaskBackend, requests: list[str]
) -> None:
    circuit = bell()
    circuit.measure_all()
    for _ in range(20):
        job = SamplerV2(backend).run([circuit], shots=50)
        assert sum(job.result()[0].data.meas.get_counts().values()) == 50
        assert job.status() is JobStatus.DONE
    assert [request.split()[0] for request in requests] == ["POST"] * 20


def test_jobs_submitted_before_the_first_result_do_not_wait(
    backend: QuantumTaskBackend, requests: list[str]
) -> None:
    estimator = EstimatorV2(backend)
    jobs = [estimator.run([(bell(), SparsePauliOp("ZZ"))]) for _ in range(4)]
    waits = ["?wait=" in request for request in requests]
    assert waits == [True, False, False, False]
    for job in jobs:
        assert float(job.result()[0].data.evs) == pytest.approx(1)
    del requests[:]
    estimator.run([(bell(), SparsePauliOp("ZZ"))]).result()
    assert "?wait=" in requests[0]


def test_a_job_whose_task_goes_on_polls_until_its_timeout() -> None:
    pending = json_reply({"task_id": "t", "status": "pending", "state": "running"})
    with (
        fake_service(*[pending] * 9) as (client, service),
        QuantumTaskProvider(client.url) as provider,
    ):
        backend = QuantumTaskBackend(provider, provider._service, {"name": "simulator"})
        circuit = bell()
        circuit.measure_all()
        job = backend.run(circuit)
        with pytest.raises(JobTimeoutError):
            job.result(timeout=0)
        assert [request.method for request in service.requests] == ["POST", "GET"]
