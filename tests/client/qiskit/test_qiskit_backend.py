"""Tests of backends of the service, which behave like AerSimulator."""

import copy
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Parameter, ParameterVector
from qiskit.exceptions import QiskitError
from qiskit.providers import JobError, JobStatus, JobTimeoutError
from qiskit.quantum_info import Kraus
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_aer import AerSimulator
from qiskit_aer.noise import amplitude_damping_error

from quantumtask.client import ServiceError
from quantumtask.client.qiskit import (
    EstimatorV2,
    QuantumTaskBackend,
    QuantumTaskProvider,
    SamplerV2,
    UnsupportedCircuit,
    UnsupportedOption,
)
from tests.client.qiskit.qiskit_dynamic import DETERMINISTIC, UNSUPPORTED, UNSUPPORTED_BY_AER
from tests.support.lazy_import import lazy_import
from tests.support.services import Service

fake_provider = lazy_import("qiskit_ibm_runtime.fake_provider")


@pytest.fixture(scope="module")
def provider(service: Service) -> Iterator[QuantumTaskProvider]:
    with QuantumTaskProvider(service.url) as provider:
        yield provider


@pytest.fixture(scope="module")
def backend(provider: QuantumTaskProvider) -> QuantumTaskBackend:
    return provider.backend("simulator")


def bell(name: str = "bell") -> QuantumCircuit:
    circuit = QuantumCircuit(2, name=name, metadata={"origin": name})
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return circuit


def endless() -> QuantumCircuit:
    """Return a circuit that runs for minutes."""
    circuit = QuantumCircuit(26)
    for k in range(3000):
        circuit.rx(0.3 + k, k % 26)
        circuit.cx(k % 26, (k + 1) % 26)
    circuit.measure_all()
    return circuit


def test_deterministic_circuits_have_the_counts_memory_and_headers_of_aer(
    backend: QuantumTaskBackend,
) -> None:
    circuits = {name: make() for name, make in DETERMINISTIC.items()}
    actual = backend.run(list(circuits.values()), shots=5, memory=True).result()
    for index, (name, circuit) in enumerate(circuits.items()):
        aer = AerSimulator().run(circuit, shots=5, memory=True).result()
        assert actual.get_counts(index) == aer.get_counts(), name
        assert actual.get_memory(index) == aer.get_memory(), name
        actual_header, expected_header = actual.results[index].header, aer.results[0].header
        assert {**actual_header, "qreg_sizes": 0} == {**expected_header, "qreg_sizes": 0}, name


def test_a_notebook_shows_backends_and_jobs(backend: QuantumTaskBackend) -> None:
    job = backend.run(bell(), shots=10)
    job.result()
    assert "1 of 1 ended: 1 completed" in job._repr_html_()
    assert job.job_id() in job._repr_html_()
    assert f"<b>{backend.name}</b>" in backend._repr_html_()
    assert "gates: ccx" in backend._repr_html_()


@pytest.mark.parametrize("name", UNSUPPORTED_BY_AER)
def test_circuits_that_aer_cannot_run_have_the_expected_counts(
    backend: QuantumTaskBackend, name: str
) -> None:
    make, bits = UNSUPPORTED_BY_AER[name]
    assert backend.run(make(), shots=5).result().get_counts() == {bits: 5}


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_the_error_names_an_unsupported_instruction(backend: QuantumTaskBackend, name: str) -> None:
    with pytest.raises(UnsupportedCircuit, match=f"'{name}'"):
        backend.run(UNSUPPORTED[name]())


@pytest.mark.parametrize(
    ("add", "word"),
    [
        (lambda circuit: circuit.save_statevector(), "'save_statevector' .* returns='statevector'"),
        (
            lambda circuit: circuit.save_probabilities(),
            "returns='probabilities'",
        ),
        (lambda circuit: circuit.set_statevector([0, 1]), "'set_statevector' .* `initialize`"),
        (
            lambda circuit: circuit.append(amplitude_damping_error(0.5), [0]),
            "'kraus' .*noise_model",
        ),
        (lambda circuit: circuit.append(Kraus(amplitude_damping_error(0.5)), [0]), "'kraus'"),
    ],
)
def test_the_error_of_an_instruction_of_aer_names_the_alternative(
    backend: QuantumTaskBackend, add: Any, word: str
) -> None:
    circuit = QuantumCircuit(1, 1)
    add(circuit)
    with pytest.raises(UnsupportedCircuit, match=word):
        backend.run(circuit)


def test_counts_of_a_bell_pair(backend: QuantumTaskBackend) -> None:
    result = backend.run(bell(), shots=1000, seed_simulator=7).result()
    counts = result.get_counts()
    assert set(counts) == {"00", "11"}
    assert sum(counts.values()) == 1000
    assert result.get_counts("bell") == counts
    assert counts == backend.run(bell(), shots=1000, seed_simulator=7).result().get_counts()
    assert result.success and 0 < result.time_taken < 60
    assert result.results[0].header["metadata"] == {"origin": "bell"}


def test_the_memory_holds_the_shots_that_are_counted(backend: QuantumTaskBackend) -> None:
    result = backend.run([bell(), bell()], shots=200, memory=True).result()
    for index in (0, 1):
        memory = result.get_memory(index)
        assert {bits: memory.count(bits) for bits in set(memory)} == result.get_counts(index)


def test_parameters_are_bound_by_the_service(backend: QuantumTaskBackend) -> None:
    angle, vector = Parameter("θ"), ParameterVector("v", 2)
    circuit = QuantumCircuit(2, name="rotations")
    circuit.rx(2 * angle, 0)
    circuit.rx(vector[0] + vector[1], 1)
    circuit.measure_all()
    binds = [{angle: [0, np.pi / 2, 0], vector: [[0, 0, np.pi / 2], [0, 0, np.pi / 2]]}]
    result = backend.run(circuit, shots=10, parameter_binds=binds, memory=True).result()
    assert result.get_counts() == [{"00": 10}, {"01": 10}, {"10": 10}]
    assert result.get_memory(1) == ["01"] * 10
    both = [{angle: np.pi / 2, vector: [0, 0]}, {angle: 0, vector: [np.pi, 0]}]
    result = backend.run([circuit, circuit], shots=10, parameter_binds=both).result()
    assert result.get_counts() == [{"01": 10}, {"10": 10}]


def test_a_parameter_without_a_value_is_named(backend: QuantumTaskBackend) -> None:
    circuit = QuantumCircuit(1)
    circuit.rx(Parameter("alpha"), 0)
    with pytest.raises(QiskitError, match="no value for alpha"):
        backend.run(circuit)


def test_a_job_is_retrieved_by_its_id(
    provider: QuantumTaskProvider, backend: QuantumTaskBackend
) -> None:
    for circuits in (bell(), [bell(), bell("other")]):
        job = backend.run(circuits, shots=50, memory=True)
        counts = job.result().get_counts()
        assert repr(job) == f"QuantumTaskJob('{job.job_id()}', backend='{backend.name}')"
        for retrieved in (backend.retrieve_job(job.job_id()), provider.job(job.job_id())):
            assert retrieved.result().get_counts() == counts
            assert retrieved.status() is JobStatus.DONE
            assert retrieved.done() and retrieved.in_final_state()
    with pytest.raises(ServiceError, match=r"job 'absent' not found .*QuantumTaskProvider\.jobs"):
        provider.retrieve_job("absent")


def test_the_failure_of_one_circuit_leaves_the_results_of_the_others(
    backend: QuantumTaskBackend,
) -> None:
    stuck = QuantumCircuit(1, 1)
    with stuck.while_loop((stuck.clbits[0], 0)):
        stuck.measure(0, 0)
    job = backend.run([bell(), stuck], shots=10)
    result = job.result()
    assert not result.success
    assert sum(result.get_counts(0).values()) == 10
    assert "steps" in result.results[1].status
    assert job.status() is JobStatus.ERROR
    with pytest.raises(QiskitError):
        result.get_counts(1)
    with pytest.raises(JobError, match="steps"):
        backend.run(stuck).result()


def test_a_job_is_cancelled(backend: QuantumTaskBackend) -> None:
    for circuits in (endless(), [endless(), endless()]):
        job = backend.run(circuits, shots=10)
        assert job.status() in (JobStatus.QUEUED, JobStatus.RUNNING)
        with pytest.raises(JobTimeoutError):
            job.result(timeout=0.1)
        with pytest.raises(JobTimeoutError):
            job.wait_for_final_state(timeout=0.1)
        assert job.cancel()
        job.wait_for_final_state(timeout=60)
        assert job.status() is JobStatus.CANCELLED and job.cancelled()
        assert not job.cancel() or isinstance(circuits, QuantumCircuit)
        with pytest.raises(JobError, match="cancelled"):
            job.result()


def test_wait_for_final_state_calls_its_callback(backend: QuantumTaskBackend) -> None:
    job = backend.run(endless(), shots=10)
    calls: list[Any] = []

    def callback(*arguments: Any) -> None:
        calls.append(arguments)
        job.cancel()

    job.wait_for_final_state(timeout=60, wait=0.05, callback=callback)
    assert calls[0][0] == job.job_id()
    assert calls[0][1] in (JobStatus.QUEUED, JobStatus.RUNNING)
    assert calls[0][2] is job


def test_a_copy_of_a_backend_runs_circuits_compiled_for_it(backend: QuantumTaskBackend) -> None:
    backend.set_options(shots=30)
    duplicate = copy.deepcopy(backend)
    backend.set_options(shots=1024)
    circuit = QuantumCircuit(3)
    circuit.append(bell().remove_final_measurements(inplace=False).to_gate(), [0, 1])
    circuit.iswap(1, 2)
    circuit.measure_all()
    for compiled in (
        transpile(circuit, duplicate),
        generate_preset_pass_manager(2, backend=duplicate).run(circuit),
    ):
        assert set(compiled.count_ops()) <= set(duplicate.operation_names) | {"barrier"}
        assert sum(duplicate.run(compiled).result().get_counts().values()) == 30


def test_circuits_with_control_flow_are_compiled_for_a_backend(backend: QuantumTaskBackend) -> None:
    circuits = [make() for make in DETERMINISTIC.values()]
    compiled = transpile(circuits, backend, optimization_level=1)
    plain = backend.run(circuits, shots=3).result().get_counts()
    assert backend.run(compiled, shots=3).result().get_counts() == plain


def test_several_threads_use_one_backend(backend: QuantumTaskBackend) -> None:
    totals: list[int] = []

    def run() -> None:
        totals.append(sum(backend.run(bell(), shots=20).result().get_counts().values()))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert totals == [20] * 4


@pytest.mark.parametrize(
    ("option", "word"),
    [
        ({"meas_level": 1}, "meas_level: must be 2; got 1"),
        ({"shot": 5}, "shot: the service has no such option; did you mean `shots`\\?; it has"),
        ({"meas_return": "single"}, "meas_return: the service has no such option; it has"),
        ({"optimization_level": 3}, "optimization_level: "),
        ({"shotz": 10}, "shotz: "),
        ({"device": "GPU"}, "device: "),
        ({"precision": "single"}, "precision: "),
        ({"coupling_map": [[0, 1]]}, "coupling_map: "),
        ({"matrix_product_state_max_bond_dimension": 2}, "matrix_product_state_max_bond_dimension"),
        ({"method": "extended_stabilizer"}, "method: 'extended_stabilizer' is not available"),
        ({"method": "unitary"}, "method: 'unitary' is not available: it gives no counts"),
        ({"method": "superop"}, "method: "),
        ({"method": "tensor_network"}, "method: "),
    ],
)
def test_the_error_names_an_unsupported_option(
    backend: QuantumTaskBackend, option: dict[str, Any], word: str
) -> None:
    with pytest.raises(UnsupportedOption, match=word):
        backend.run(bell(), **option)
    duplicate = copy.deepcopy(backend)
    with pytest.raises(UnsupportedOption, match=word):
        duplicate.set_options(**option)
        SamplerV2(duplicate).run([bell()])


def test_an_option_that_tunes_the_machine_changes_nothing(backend: QuantumTaskBackend) -> None:
    options: dict[str, Any] = {
        "max_parallel_threads": 2,
        "fusion_enable": False,
        "device": "CPU",
        "meas_level": 2,
    }
    duplicate = copy.deepcopy(backend)
    duplicate.set_options(**options)
    plain = backend.run(bell(), shots=50, seed_simulator=1).result().get_counts()
    for each in (duplicate.run(bell(), shots=50, seed_simulator=1, **options),):
        assert each.result().get_counts() == plain


@pytest.mark.parametrize("primitive", [SamplerV2, EstimatorV2])
def test_an_unknown_option_of_a_primitive_is_refused(
    backend: QuantumTaskBackend, primitive: Any
) -> None:
    with pytest.raises(UnsupportedOption, match="default_shotz: the primitive has no such option"):
        primitive(backend).options.default_shotz = 3


@pytest.mark.parametrize(
    "method", ["automatic", "statevector", "density_matrix", "stabilizer", "matrix_product_state"]
)
@pytest.mark.parametrize("noise", [None, {"depolarizing": {"two_qubit": 0.2}}])
def test_the_methods_of_aer_are_accepted(
    backend: QuantumTaskBackend, method: str, noise: Any
) -> None:
    counts = backend.run(bell(), shots=2000, method=method, noise=noise).result().get_counts()
    expected = {"00": 0.5, "11": 0.5} if noise is None else {"00": 0.45, "11": 0.45}
    for bits, probability in expected.items():
        assert abs(counts[bits] / 2000 - probability) < 0.07
    assert (set(counts) > {"00", "11"}) == (noise is not None)


def test_a_twin_has_the_gates_and_the_errors_of_its_device(provider: QuantumTaskProvider) -> None:
    snapshot = provider.backend("fake_manila")
    device = fake_provider.FakeManilaV2()
    assert snapshot.num_qubits == 5
    assert set(snapshot.coupling_map.get_edges()) == set(device.coupling_map.get_edges())
    assert set(device.operation_names) <= set(snapshot.operation_names)
    for gate, qubits in (("cx", (0, 1)), ("sx", (3,)), ("measure", (2,))):
        actual, expected = snapshot.target[gate][qubits], device.target[gate][qubits]
        assert actual.error == pytest.approx(expected.error)
        assert actual.duration == pytest.approx(expected.duration)
    assert snapshot.qubit_properties(1).t1 == pytest.approx(device.qubit_properties(1).t1)


def test_a_twin_runs_circuits_compiled_for_it_with_its_noise(
    provider: QuantumTaskProvider,
) -> None:
    snapshot = provider.backend("fake_manila")
    ghz = QuantumCircuit(3)
    ghz.h(0)
    ghz.cx(0, 1)
    ghz.cx(0, 2)
    ghz.measure_all()
    counts = (
        snapshot.run(transpile(ghz, snapshot), shots=4000, seed_simulator=1).result().get_counts()
    )
    assert 0.7 < (counts["000"] + counts["111"]) / 4000 < 0.995
    assert len(counts) > 2


def test_a_twin_runs_a_circuit_with_control_flow(
    provider: QuantumTaskProvider,
) -> None:
    snapshot = provider.backend("fake_manila")
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    circuit.measure(1, 1)
    for each in (circuit, transpile(circuit, snapshot, seed_transpiler=1)):
        counts = snapshot.run(each, shots=2000, seed_simulator=1).result().get_counts()
        assert 0.75 < (counts["00"] + counts["11"]) / 2000 < 0.995
        assert set(counts) == {"00", "01", "10", "11"}


def test_all_backends_are_listed_and_retrieved_by_name(provider: QuantumTaskProvider) -> None:
    names = [backend.name for backend in provider.backends()]
    assert names[0] == "simulator" and "fake_manila" in names
    assert [backend.num_qubits for backend in provider.backends("fake_manila")] == [5]
    assert repr(provider.get_backend("fake_manila")) == "QuantumTaskBackend('fake_manila')"
    with pytest.raises(ServiceError) as refusal:
        provider.backend("fake_atlantis")
    assert refusal.value.code == "backend_not_found"
