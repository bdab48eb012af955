"""Programs for IBM Qiskit Runtime, as users write them, for each version of the client."""

import os
from typing import Any

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime import (
    Batch,
    EstimatorV2,
    QiskitRuntimeService,
    SamplerV2,
    Session,
    executor_estimator,
    executor_sampler,
)
from qiskit_ibm_runtime.exceptions import IBMInputValueError, RuntimeJobNotFound

DEVICE = os.environ["QISKIT_IBM_QPU"]


@pytest.fixture(scope="module")
def service() -> QiskitRuntimeService:
    return QiskitRuntimeService()


@pytest.fixture(scope="module")
def simulator(service: QiskitRuntimeService) -> Any:
    return service.backend("simulator")


@pytest.fixture(scope="module")
def device(service: QiskitRuntimeService) -> Any:
    return service.backend(DEVICE)


def bell(*, measured: bool = True) -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    if measured:
        circuit.measure_all()
    return circuit


def rotation() -> QuantumCircuit:
    circuit = QuantumCircuit(1, 1)
    circuit.rx(Parameter("theta"), 0)
    return circuit


def compiled(circuit: QuantumCircuit, backend: Any) -> QuantumCircuit:
    return generate_preset_pass_manager(backend=backend, optimization_level=1).run(circuit)


def test_the_backends_have_their_targets(service: QiskitRuntimeService, device: Any) -> None:
    assert {"simulator", DEVICE} <= {backend.name for backend in service.backends()}
    assert device.num_qubits == device.target.num_qubits > 5
    assert device.status().operational
    assert not device.simulator


def test_a_sampler_counts_the_bits_of_each_register(simulator: Any) -> None:
    one, two = ClassicalRegister(1, "one"), ClassicalRegister(2, "two")
    circuit = QuantumCircuit(QuantumRegister(3, "q"), one, two)
    circuit.x(2)
    circuit.measure([0, 1, 2], [one[0], two[0], two[1]])
    data = SamplerV2(mode=simulator).run([circuit, bell()], shots=50).result()
    assert data[0].data.one.get_counts() == {"0": 50}
    assert data[0].data.two.get_counts() == {"10": 50}
    assert set(data[1].data.meas.get_counts()) <= {"00", "11"}


def test_a_sampler_broadcasts_the_values_of_parameters(simulator: Any) -> None:
    circuit = rotation()
    circuit.measure(0, 0)
    values = np.array([[0.0, np.pi], [np.pi, 0.0]])[..., None]
    data = SamplerV2(mode=simulator).run([(circuit, values, 20)]).result()[0].data
    assert data.c.shape == (2, 2)
    assert [data.c.get_counts(place) for place in np.ndindex(2, 2)] == [
        {"0": 20}, {"1": 20}, {"1": 20}, {"0": 20},
    ]  # fmt: skip


def test_a_dynamic_circuit_runs(simulator: Any) -> None:
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    circuit.measure(1, 1)
    data = SamplerV2(mode=simulator).run([circuit], shots=100).result()[0].data
    assert set(data.c.get_counts()) == {"00", "11"}


def test_a_circuit_for_a_device_runs_with_its_noise(device: Any) -> None:
    job = SamplerV2(mode=device).run([compiled(bell(), device)], shots=400)
    counts = job.result()[0].data.meas.get_counts()
    assert counts.get("00", 0) + counts.get("11", 0) > 300
    with pytest.raises(IBMInputValueError):
        SamplerV2(mode=device).run([bell()])


def test_an_estimator_broadcasts_observables_and_values(simulator: Any) -> None:
    observables = [[SparsePauliOp("Z")], [SparsePauliOp("Y")]]
    values = np.array([[0.0], [np.pi / 2]])
    job = EstimatorV2(mode=simulator).run([(rotation(), observables, values)], precision=0.01)
    data = job.result()[0].data
    np.testing.assert_allclose(data.evs, [[1, 0], [0, -1]], atol=0.06)
    assert data.stds.shape == (2, 2)


def test_an_estimator_measures_a_device(device: Any) -> None:
    circuit = compiled(bell(measured=False), device)
    observable = SparsePauliOp(["ZZ", "XX"]).apply_layout(circuit.layout)
    job = EstimatorV2(mode=device).run([(circuit, observable)], precision=0.05)
    assert 1.4 < job.result()[0].data.evs < 2.2


@pytest.mark.parametrize("mode", [Session, Batch])
def test_a_session_and_a_batch_have_jobs_until_they_are_closed(simulator: Any, mode: Any) -> None:
    with mode(backend=simulator) as group:
        jobs = [SamplerV2(mode=group).run([bell()], shots=10) for _ in range(2)]
    assert {job.session_id for job in jobs} == {group.session_id}
    assert all(job.result()[0].data.meas.num_shots == 10 for job in jobs)


def test_a_job_is_found_listed_tagged_and_deleted(
    service: QiskitRuntimeService, simulator: Any
) -> None:
    sampler = SamplerV2(mode=simulator)
    sampler.options.environment.job_tags = ["journey"]
    job = sampler.run([bell()], shots=10)
    job.wait_for_final_state()
    same = service.job(job.job_id())
    assert (same.status(), same.primitive_id, same.tags) == ("DONE", "sampler", ["journey"])
    assert same.inputs["pubs"][0][0] == bell()
    assert job.job_id() in [each.job_id() for each in service.jobs(job_tags=["journey"])]
    job.update_tags(["other"])
    assert service.jobs(job_tags=["other"])[0].job_id() == job.job_id()
    assert same.metrics()["timestamps"]["finished"]
    service.delete_job(job.job_id())
    with pytest.raises(RuntimeJobNotFound):
        service.job(job.job_id())


def test_a_job_is_cancelled_or_has_ended(simulator: Any) -> None:
    circuit = QuantumCircuit(24)
    for layer in range(200):
        for qubit in range(24):
            circuit.rx(0.1 + layer, qubit)
            circuit.cx(qubit, (qubit + 1 + layer) % 24 if (1 + layer) % 24 else (qubit + 1) % 24)
    circuit.measure_all()
    job = SamplerV2(mode=simulator).run([circuit], shots=10)
    job.cancel()
    job.wait_for_final_state()
    assert job.status() == "CANCELLED"


def test_the_primitives_of_the_executor_run(device: Any) -> None:
    sampler_class = getattr(executor_sampler, "Sampler", None) or executor_sampler.SamplerV2
    circuit = compiled(bell(), device)
    sampler = sampler_class(mode=device)
    counts = sampler.run([circuit], shots=400).result()[0].data.meas.get_counts()
    assert counts.get("00", 0) + counts.get("11", 0) > 300
    estimator_class = getattr(executor_estimator, "Estimator", None)
    estimator_class = estimator_class or executor_estimator.EstimatorV2
    circuit = compiled(bell(measured=False), device)
    observable = SparsePauliOp("ZZ").apply_layout(circuit.layout)
    estimator = estimator_class(mode=device)
    assert 0.7 < estimator.run([(circuit, observable)]).result()[0].data.evs < 1.2
