"""Tests of the primitives: results have the shapes of Qiskit, and a run is one request."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Clbit, Parameter
from qiskit.circuit.library import efficient_su2
from qiskit.primitives import StatevectorEstimator, StatevectorSampler
from qiskit.providers import JobError, JobStatus
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.quantum_info import SparsePauliOp

from quantumtask.client.qiskit import (
    EstimatorV2,
    QuantumTaskBackend,
    QuantumTaskProvider,
    SamplerV2,
    UnsupportedCircuit,
    UnsupportedOption,
)
from tests.client.qiskit.qiskit_dynamic import UNSUPPORTED
from tests.support.services import Service


@pytest.fixture(scope="module")
def backend(service: Service) -> Iterator[QuantumTaskBackend]:
    with QuantumTaskProvider(service.url) as provider:
        yield provider.backend()


def rotations() -> QuantumCircuit:
    """Return a circuit that rotates its first qubit by θ and its second qubit by 2φ."""
    theta, phi = Parameter("θ"), Parameter("φ")
    circuit = QuantumCircuit(2, metadata={"origin": "rotations"})
    circuit.rx(theta, 0)
    circuit.rx(2 * phi, 1)
    return circuit


def task_ids(service: Service) -> list[str]:
    tasks = service.http.get("/tasks", params={"limit": 100}).json()["tasks"]
    return [task["task_id"] for task in tasks]


def test_each_register_has_bits_in_the_shape_of_the_parameters(backend: QuantumTaskBackend) -> None:
    circuit = rotations()
    circuit.add_register(ClassicalRegister(1, "low"), ClassicalRegister(9, "high"))
    circuit.measure([0, 1], [0, 9])
    values = np.zeros((3, 2, 2))
    values[2, 1] = np.pi, np.pi / 2
    values[0, 1] = 0, np.pi / 2
    result = SamplerV2(backend).run([(circuit, values, 20)]).result()[0]
    assert result.data.shape == (3, 2)
    assert result.data.low.num_bits == 1 and result.data.high.num_bits == 9
    assert result.data.high.array.shape == (3, 2, 20, 2)
    assert result.data.low.get_int_counts((2, 1)) == {1: 20}
    assert result.data.high.get_int_counts((2, 1)) == {256: 20}
    assert result.data.high.get_int_counts((0, 1)) == {256: 20}
    assert result.data.low.get_int_counts((0, 1)) == {0: 20}
    assert result.metadata == {"shots": 20, "circuit_metadata": {"origin": "rotations"}}


def test_registers_can_share_bits_or_have_them_in_another_order(
    backend: QuantumTaskBackend,
) -> None:
    bits = [Clbit() for _ in range(3)]
    registers = [
        ClassicalRegister(bits=[bits[2], bits[0]], name="crossed"),
        ClassicalRegister(bits=bits, name="whole"),
        ClassicalRegister(0, "none"),
    ]
    circuit = QuantumCircuit(QuantumRegister(3), bits, *registers)
    circuit.x([1, 2])
    circuit.measure(range(3), bits)
    data = SamplerV2(backend).run([circuit], shots=7).result()[0].data
    assert data.whole.get_counts() == {"110": 7}
    assert data.crossed.get_counts() == {"01": 7}
    assert data.none.array.shape == (7, 0)


def test_a_circuit_without_parameters_has_different_shots_at_each_point(
    backend: QuantumTaskBackend,
) -> None:
    circuit = QuantumCircuit(1)
    circuit.h(0)
    circuit.measure_all()
    bits = SamplerV2(backend, seed=4).run([(circuit, np.zeros((4, 0)), 100)]).result()[0].data.meas
    assert bits.shape == (4,)
    assert len({tuple(bits.array[k].ravel()) for k in range(4)}) == 4


def test_a_run_is_one_request(backend: QuantumTaskBackend, service: Service) -> None:
    circuit = rotations()
    circuit.measure_all()
    before = set(task_ids(service))
    pubs = [(circuit, np.zeros((50, 2))), (circuit, [0, 0], 7)]
    job = SamplerV2(backend, default_shots=5).run(pubs)
    result = job.result()
    assert [part.data.meas.num_shots for part in result] == [5, 7]
    assert len(set(task_ids(service)) - before) == 2
    batch = service.http.get(f"/batches/{job.job_id()}").json()
    assert batch["size"] == 2 and batch["states"]["completed"] == 2
    assert job.status() is JobStatus.DONE and job.done() and job.in_final_state()
    assert not job.running() and not job.cancelled() and not job.cancel()


def test_equal_seeds_of_a_sampler_give_equal_shots(backend: QuantumTaskBackend) -> None:
    circuit = QuantumCircuit(3)
    circuit.h(range(3))
    circuit.measure_all()

    def sample(sampler: SamplerV2) -> bytes:
        shots: bytes = sampler.run([circuit], shots=50).result()[0].data.meas.array.tobytes()
        return shots

    same = SamplerV2(backend, seed=5)
    assert sample(same) == sample(same) == sample(SamplerV2(backend, seed=5))
    assert sample(SamplerV2(backend, seed=6)) != sample(same)
    generator = SamplerV2(backend, seed=np.random.default_rng(5))
    assert sample(generator) != sample(generator)
    assert sample(SamplerV2(backend)) != sample(SamplerV2(backend))


def test_samples_have_the_distribution_of_statevector_sampler(backend: QuantumTaskBackend) -> None:
    circuit = efficient_su2(3, reps=1)
    circuit.measure_all()
    values = np.random.default_rng(1).uniform(-3, 3, (4, circuit.num_parameters))
    shots = 20_000
    actual = SamplerV2(backend, seed=1).run([(circuit, values, shots)]).result()[0].data.meas
    expected = StatevectorSampler(seed=1).run([(circuit, values, shots)]).result()[0].data.meas
    for k in range(4):
        one, other = actual.get_int_counts(k), expected.get_int_counts(k)
        for bits in range(8):
            p = (one.get(bits, 0) + other.get(bits, 0)) / (2 * shots)
            sigma = np.sqrt(2 * shots * p * (1 - p))
            assert abs(one.get(bits, 0) - other.get(bits, 0)) <= 6 * sigma + 1


def test_expectation_values_equal_those_of_statevector_estimator(
    backend: QuantumTaskBackend,
) -> None:
    circuit = efficient_su2(3, reps=1)
    values = np.random.default_rng(2).uniform(-3, 3, (5, 1, circuit.num_parameters))
    observables = [SparsePauliOp(["ZZI", "XIY"], [0.5, -2]), "IIZ", {"0+r": 1.5, "III": 2}]
    pub = (circuit, observables, values)
    actual = EstimatorV2(backend).run([pub]).result()
    expected = StatevectorEstimator().run([(circuit, observables[:2], values)]).result()[0]
    assert actual[0].data.evs.shape == actual[0].data.stds.shape == (5, 3)
    np.testing.assert_allclose(actual[0].data.evs[:, :2], expected.data.evs, atol=1e-9)
    np.testing.assert_allclose(actual[0].data.stds, 0)
    assert actual.metadata == {"version": 2}
    assert actual[0].metadata["target_precision"] == 0


def test_a_precision_holds_and_is_in_the_metadata(backend: QuantumTaskBackend) -> None:
    circuit = rotations()
    pub = (circuit, [["ZI"], ["IX"], ["II"]], np.array([[0.3, 0.4], [0.5, 0.6]]))
    estimator = EstimatorV2(backend, default_precision=0.05, seed=3)
    exact = EstimatorV2(backend).run([pub]).result()[0].data.evs
    result = estimator.run([pub]).result()[0]
    assert result.data.evs.shape == exact.shape == (3, 2)
    assert np.all(np.abs(result.data.evs - exact) < 6 * 0.05)
    assert np.all(result.data.stds < 0.06)
    assert np.any(result.data.evs != exact)
    assert result.metadata["target_precision"] == 0.05
    assert result.metadata["shots"] == 400
    np.testing.assert_array_equal(estimator.run([pub]).result()[0].data.evs, result.data.evs)


def test_the_identity_is_exact_with_a_precision(backend: QuantumTaskBackend) -> None:
    result = EstimatorV2(backend).run([(QuantumCircuit(2), "II")], precision=0.1).result()[0]
    assert result.data.evs == 1 and result.data.stds == 0


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_the_error_names_an_unsupported_instruction(backend: QuantumTaskBackend, name: str) -> None:
    circuit = UNSUPPORTED[name]()
    values = [0.0] * circuit.num_parameters
    with pytest.raises(UnsupportedCircuit, match=f"'{name}'"):
        EstimatorV2(backend).run([(circuit, "I" * circuit.num_qubits, values)])


def test_a_failed_circuit_fails_the_run_with_the_error_of_the_service(
    backend: QuantumTaskBackend,
) -> None:
    circuit = QuantumCircuit(1, 1)
    with circuit.while_loop((circuit.clbits[0], 0)):
        circuit.measure(0, 0)
    job = SamplerV2(backend).run([circuit], shots=1)
    with pytest.raises(JobError, match=r"steps|rounds"):
        job.result(timeout=120)
    assert job.status() is JobStatus.ERROR


def test_a_primitive_is_made_as_those_of_ibm(backend: QuantumTaskBackend) -> None:
    options = {"default_shots": 30, "job_tags": ["thesis"]}
    sampler = SamplerV2(mode=backend, options=options)
    sampler.options.update(seed_simulator=4)
    assert sampler.backend is backend
    assert (sampler.default_shots, sampler.options.job_tags, sampler.seed) == (30, ["thesis"], 4)
    estimator = EstimatorV2(mode=backend, options={"default_precision": 0.5})
    assert estimator.default_precision == 0.5


def test_a_primitive_names_an_option_and_a_backend_that_it_cannot_use(
    backend: QuantumTaskBackend,
) -> None:
    options = SamplerV2(backend).options
    with pytest.raises(UnsupportedOption, match=r"shots: .* did you mean `default_shots`"):
        options.update(shots=10)
    with pytest.raises(UnsupportedOption, match="twirling: the primitive has no such option"):
        options.twirling.enable_gates = True
    with pytest.raises(UnsupportedOption, match=r"resilience_level: .* it has abelian_grouping"):
        EstimatorV2(backend, options={"resilience_level": 1})
    with pytest.raises(TypeError, match="mode: is another name of `backend`"):
        SamplerV2(backend, mode=backend)
    other: Any = GenericBackendV2(2)
    with pytest.raises(TypeError, match=r"QuantumTaskProvider\(\)\.backend.*got GenericBackendV2"):
        SamplerV2(other)


def test_the_default_backend_is_the_simulator_of_the_service_in_the_environment(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUANTUMTASK_URL", service.url)
    estimator = EstimatorV2()
    assert estimator.backend.name == "simulator"
    assert estimator.run([(QuantumCircuit(1), "Z")]).result()[0].data.evs == 1
    estimator.backend.provider.close()
