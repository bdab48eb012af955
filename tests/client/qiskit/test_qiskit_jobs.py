"""Tests of jobs of any size: they are sent in few tasks and requests, and retrieved completely."""

import copy
import pickle
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import AnnotatedOperation, Parameter, PowerModifier
from qiskit.circuit.library import HamiltonianGate, RVGate, RXGate, efficient_su2
from qiskit.primitives import (
    BitArray,
    PrimitiveResult,
    StatevectorEstimator,
    StatevectorSampler,
)
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.providers import JobStatus
from qiskit.providers.exceptions import QiskitBackendNotFoundError
from qiskit.quantum_info import SparsePauliOp

from quantumtask import ServiceError
from quantumtask.client.qiskit import (
    EstimatorV2,
    QuantumTaskBackend,
    QuantumTaskProvider,
    SamplerV2,
    UnsupportedCircuit,
    openqasm,
    submission,
)
from quantumtask.client.qiskit import record as records
from tests.support.fake_service import error_reply, fake_service, json_reply
from tests.support.services import Service
from tests.support.sizes import sized


@pytest.fixture(scope="module")
def provider(service: Service) -> Iterator[QuantumTaskProvider]:
    with QuantumTaskProvider(service.url) as provider:
        yield provider


@pytest.fixture(scope="module")
def backend(provider: QuantumTaskProvider) -> QuantumTaskBackend:
    return provider.backend()


def flips(qubits: int = 2) -> QuantumCircuit:
    """Return a circuit with one rotation for each qubit; 0 and π give certain bits."""
    circuit = QuantumCircuit(qubits, name="flips", metadata={"qubits": qubits})
    for k in range(qubits):
        circuit.rx(Parameter(f"a{k}"), k)
    circuit.measure_all()
    return circuit


def build_circuit(gate: Any) -> QuantumCircuit:
    circuit = QuantumCircuit(gate.num_qubits)
    circuit.append(gate, range(gate.num_qubits))
    return circuit


A, B = Parameter("a"), Parameter("b")
MUST_BE_BOUND = {
    "rv": build_circuit(RVGate(A, 0.2, B)),
    "hamiltonian": build_circuit(HamiltonianGate([[0, 1], [1, 0]], A * B)),
    "annotated": build_circuit(AnnotatedOperation(RXGate(A), [PowerModifier(0.5)])),
    "in a loop": QuantumCircuit(1),
}
with MUST_BE_BOUND["in a loop"].for_loop(range(3), Parameter("i")) as number:
    MUST_BE_BOUND["in a loop"].rx(number * A, 0)

SHAPES: list[tuple[int, ...]] = [(), (1,), (3,), (2, 1), (2, 3), (0,), (2, 0), (1, 3)]
OBSERVABLES: list[Any] = [
    "ZZ", [], ["XI"], ["ZZ", "XX", "IY"], [["ZZ"], ["XX"]],
    SparsePauliOp(["ZI", "XX"], [0.5, -2]), [["ZZ", "IX", "YY"]],
]  # fmt: skip


def check_equal(actual: PrimitiveResult[Any], expected: PrimitiveResult[Any]) -> None:
    assert len(actual) == len(expected)
    for one, other in zip(actual, expected, strict=True):
        assert one.data.shape == other.data.shape
        np.testing.assert_allclose(one.data.evs, other.data.evs, atol=1e-9)
        assert one.metadata["circuit_metadata"] == other.metadata["circuit_metadata"]


@pytest.mark.parametrize("seed", range(sized(2, 6)))
def test_any_list_of_pubs_has_the_values_of_statevector_estimator(
    backend: QuantumTaskBackend, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    circuits = [efficient_su2(2, reps=1), efficient_su2(2, reps=1), QuantumCircuit(2)]
    pubs: list[Any] = []
    while len(pubs) < 12:
        circuit = circuits[rng.integers(3)]
        shape = SHAPES[rng.integers(len(SHAPES))]
        values = rng.choice([0.3, 0.7, 1.9], (*shape, circuit.num_parameters))
        observables = OBSERVABLES[rng.integers(len(OBSERVABLES))]
        try:
            StatevectorEstimator().run([(circuit, observables, values)]).result()
        except ValueError:  # the shapes cannot be broadcast
            continue
        pubs.append((circuit, observables, values))
    check_equal(EstimatorV2(backend).run(pubs).result(), StatevectorEstimator().run(pubs).result())


@pytest.mark.parametrize("seed", range(sized(2, 4)))
def test_any_list_of_pubs_has_the_bits_of_statevector_sampler(
    backend: QuantumTaskBackend, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    wide = flips(9)
    wide.add_register(ClassicalRegister(2, "more"), ClassicalRegister(0, "none"))
    wide.measure([8, 0], [9, 10])
    circuits = [flips(), flips(), wide]
    pubs: list[Any] = []
    for _ in range(12):
        circuit = circuits[rng.integers(3)]
        shape = SHAPES[rng.integers(len(SHAPES))]
        values = rng.choice([0, np.pi], (*shape, circuit.num_parameters))
        pubs.append((circuit, values, int(rng.integers(1, 4))))
    job = SamplerV2(backend).run(pubs)
    for result in (job.result(), backend.retrieve_job(job.job_id()).result()):
        for actual, expected in zip(result, StatevectorSampler().run(pubs).result(), strict=True):
            assert actual.metadata == expected.metadata
            assert list(actual.data) == list(expected.data)
            for name in expected.data:
                one, other = actual.data[name], expected.data[name]
                assert one.num_bits == other.num_bits
                if other.num_bits:
                    np.testing.assert_array_equal(one.array, other.array)


def test_a_run_without_elements_is_an_empty_result_and_no_request(
    backend: QuantumTaskBackend, service: Service
) -> None:
    newest = service.http.get("/tasks?limit=1").json()["tasks"]
    rotation = build_circuit(RXGate(A))
    job = EstimatorV2(backend).run([(rotation, "Z", np.zeros((0, 1))), (rotation, [], [0.2])])
    assert [part.data.evs.shape for part in job.result()] == [(0,), (0,)]
    bits = SamplerV2(backend).run([(flips(), np.zeros((2, 0, 2)))]).result()[0].data.meas
    assert (bits.shape, bits.num_bits) == ((2, 0), 2)
    for primitive in (EstimatorV2(backend), SamplerV2(backend)):
        job = primitive.run([])
        assert list(job.result()) == [] and job.status() is JobStatus.DONE and not job.cancel()
        assert (job.usage(), job.queue_position(), job.tags) == (0, None, [])
    assert service.http.get("/tasks?limit=1").json()["tasks"] == newest


@pytest.mark.parametrize("name", MUST_BE_BOUND)
def test_a_circuit_that_must_be_bound_is_bound_before_the_export(
    backend: QuantumTaskBackend, name: str
) -> None:
    circuit = MUST_BE_BOUND[name]
    points = np.random.default_rng(1).uniform(-2, 2, (2, 3, circuit.num_parameters))
    pub = (circuit, [["Z", "Y", "X"]], points)
    actual = EstimatorV2(backend).run([pub, pub, (circuit, "Z", points[0, 0])]).result()
    flat = circuit.decompose() if name == "in a loop" else circuit
    if name == "in a loop":
        flat = QuantumCircuit(1)
        flat.rx(3 * A, 0)
    check_equal(
        actual,
        StatevectorEstimator().run([(flat, *pub[1:])] * 2 + [(flat, "Z", points[0, 0])]).result(),
    )
    with_measurements = circuit.measure_all(inplace=False)
    binds = [{p: points[0, :, k] for k, p in enumerate(circuit.parameters)}]
    counts = (
        backend.run(with_measurements, binds, shots=5000, seed_simulator=1).result().get_counts()
    )
    expected = actual[0].data.evs[0, 0]
    assert len(counts) == 3
    assert counts[0].get("0", 0) / 5000 == pytest.approx((1 + expected) / 2, abs=0.04)


def test_the_export_of_a_circuit_that_must_be_bound_names_the_remedy() -> None:
    with pytest.raises(UnsupportedCircuit, match=r"'rv' .* bind its parameters first"):
        openqasm(MUST_BE_BOUND["rv"])


def test_many_pubs_are_few_tasks_and_equal_pubs_have_separate_shots(
    backend: QuantumTaskBackend,
) -> None:
    circuit = efficient_su2(2, reps=1)
    values = np.random.default_rng(2).uniform(-2, 2, (1200, circuit.num_parameters))
    job = EstimatorV2(backend).run([(circuit, "ZZ", one) for one in values])
    whole = EstimatorV2(backend).run([(circuit, "ZZ", values)]).result()[0]
    np.testing.assert_allclose([part.data.evs for part in job.result()], whole.data.evs)
    assert job.metrics()["tasks"] <= 16
    observables = [SparsePauliOp("ZX", 1 + k) for k in range(50)]
    job = EstimatorV2(backend).run([(circuit, one, values[0]) for one in observables])
    assert np.allclose(np.diff([part.data.evs for part in job.result()]), job.result()[0].data.evs)
    assert job.metrics()["tasks"] == 1
    plus = QuantumCircuit(1)
    plus.h(0)
    samples = EstimatorV2(backend, seed=1).run([(plus, "Z")] * 8, precision=0.1)
    assert len({float(part.data.evs) for part in samples.result()}) > 3
    job = SamplerV2(backend, seed=1).run([plus.measure_all(inplace=False)] * 40, shots=20)
    assert job.metrics()["tasks"] <= 16
    assert len({part.data.meas.array.tobytes() for part in job.result()}) > 30


def test_more_shots_than_the_limit_of_a_task_are_several_tasks(backend: QuantumTaskBackend) -> None:
    shots = 1_000_003
    circuit = QuantumCircuit(1)
    circuit.h(0)
    circuit.measure_all()
    bits = SamplerV2(backend, seed=3).run([circuit], shots=shots).result()[0].data.meas
    assert isinstance(bits, BitArray) and bits.array.shape == (shots, 1)
    first, second = bits.array[:3].tobytes(), bits.array[1_000_000:].tobytes()
    assert first != second or first != bits.array[3:6].tobytes()
    assert abs(bits.get_counts()["1"] - shots / 2) < 5 * np.sqrt(shots) / 2
    both = flips()
    binds = [{p: [0, np.pi] for p in both.parameters}]
    result = backend.run(both, binds, shots=1_000_002, memory=False).result()
    assert result.get_counts() == [{"00": 1_000_002}, {"11": 1_000_002}]
    assert [each.shots for each in result.results] == [1_000_002] * 2


def test_shots_that_are_split_stay_in_order(
    backend: QuantumTaskBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    from quantumtask.client.qiskit import sampler_tasks

    monkeypatch.setattr(sampler_tasks, "MAX_SHOTS", 7)
    monkeypatch.setattr(sampler_tasks, "MAX_POINTS", 2)
    monkeypatch.setattr(submission, "MAX_REQUEST_TASKS", 3)
    circuits = [flips(), QuantumCircuit(1, 1)]
    circuits[1].measure(0, 0)
    points = np.array([[0, 0], [0, np.pi], [np.pi, 0]])
    binds = [{p: points[:, k] for k, p in enumerate(circuits[0].parameters)}, {}]
    job = backend.run(circuits, binds, shots=20, memory=True, seed_simulator=1)
    job.result()
    for result in (job.result(), backend.retrieve_job(job.job_id()).result()):
        assert [result.get_memory(k) for k in range(3)] == [[b] * 20 for b in ("00", "10", "01")]
        assert result.get_counts(3) == {"0": 20}
        assert result.results[0].header["metadata"] == {"qubits": 2}
    random = QuantumCircuit(1)
    random.h(0)
    random.measure_all()
    memory = backend.run(random, shots=21, memory=True, seed_simulator=1).result().get_memory()
    assert len({tuple(memory[k : k + 7]) for k in (0, 7, 14)}) == 3


def test_a_job_of_several_requests_is_one_job(
    provider: QuantumTaskProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submission, "MAX_REQUEST_TASKS", 2)
    backend = provider.backend()
    backend.set_options(job_tags=["several", "test"])
    circuits = [flips(k) for k in range(1, 6)]
    pubs = [(circuit, np.full(circuit.num_parameters, np.pi)) for circuit in circuits]
    job = SamplerV2(backend, default_shots=2).run(pubs)
    retrieved = QuantumTaskProvider(backend.service.connection.url).retrieve_job(job.job_id())
    for each in (job, retrieved):
        assert [part.data.meas.get_counts() for part in each.result()] == [
            {"1" * k: 2} for k in range(1, 6)
        ]
        assert each.metrics()["tasks"] == 5
        assert each.status() is JobStatus.DONE and each.tags == ["several", "test"]
    assert [each.job_id() for each in provider.jobs(job_tags=["several"])] == [job.job_id()]


def test_a_refused_request_cancels_the_requests_before_it(
    start: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submission, "MAX_REQUEST_TASKS", 1)
    service = start(slots=1, max_circuit_bytes=300_000)
    long = QuantumCircuit(26)
    for k in range(2000):
        long.rx(0.3 + k, k % 26)
        long.cx(k % 26, (k + 1) % 26)
    large = QuantumCircuit(1)
    for k in range(20_000):
        large.rx(0.1234567 + k, 0)
    with (
        QuantumTaskProvider(service.url) as provider,
        pytest.raises(ServiceError, match="at most"),
    ):
        provider.backend().run([long.measure_all(inplace=False), large])
    newest = service.http.get("/tasks?limit=1").json()["tasks"][0]
    assert newest["state"] in ("cancelled", "running")  # the slot may still be ending


def test_the_job_of_an_estimator_is_retrieved_with_its_result(
    provider: QuantumTaskProvider, backend: QuantumTaskBackend
) -> None:
    circuit = efficient_su2(2, reps=1)
    circuit.metadata = {"a": 1}
    values = np.random.default_rng(3).uniform(-2, 2, (2, 1, circuit.num_parameters))
    pubs: list[Any] = [(circuit, ["ZZ", "XX", "YY"], values), (circuit, "ZI", values[0, 0], 0.1)]
    job = EstimatorV2(backend, seed=5).run(pubs)
    retrieved = provider.retrieve_job(job.job_id())
    for first, second in zip(job.result(), retrieved.result(), strict=True):
        np.testing.assert_array_equal(first.data.evs, second.data.evs)
        np.testing.assert_array_equal(first.data.stds, second.data.stds)
        assert (first.data.shape, first.metadata) == (second.data.shape, second.metadata)
    assert retrieved.backend().name == "simulator"


def test_the_job_of_a_sampler_on_a_twin_is_retrieved_with_backend_and_registers(
    provider: QuantumTaskProvider,
) -> None:
    circuit = QuantumCircuit(QuantumRegister(2), ClassicalRegister(1, "low"))
    circuit.add_register(ClassicalRegister(1, "high"))
    circuit.x(1)
    circuit.measure([0, 1], [0, 1])
    job = SamplerV2(provider.backend("fake_manila"), seed=1).run([circuit], shots=100)
    retrieved = provider.retrieve_job(job.job_id())
    assert retrieved.backend().name == "fake_manila"
    data = retrieved.result()[0].data
    assert data.high.get_counts()["1"] > 80 and data.low.get_counts()["0"] > 80
    assert data.high == job.result()[0].data.high


def test_the_error_of_a_job_whose_record_was_too_large_names_the_reason(
    backend: QuantumTaskBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "MAX_RECORD_BYTES", 150)
    job = SamplerV2(backend).run([(flips(), np.zeros((k, 2))) for k in range(1, 30)], shots=1)
    assert len(job.result()) == 29
    with pytest.raises(Exception, match="too many different PUBs"):
        backend.retrieve_job(job.job_id()).result()


def test_a_large_record_is_compressed(backend: QuantumTaskBackend) -> None:
    pubs = [(flips(), np.zeros((k % 3, 2)), 1 + k % 2) for k in range(900)]
    job = SamplerV2(backend).run(pubs)
    assert "packed" in job._submission.info()["metadata"]["qiskit"]
    result = backend.retrieve_job(job.job_id()).result()
    assert [part.data.shape for part in result] == [(k % 3,) for k in range(900)]


def test_metadata_that_json_cannot_hold_are_missing_in_a_retrieved_job(
    backend: QuantumTaskBackend,
) -> None:
    circuit = flips()
    for value in (datetime.now(UTC), float("nan"), np.random.default_rng(1).bytes(30_000).hex()):
        circuit.metadata = {"dropped": value}
        job = SamplerV2(backend).run([(circuit, [0, 0])], shots=1)
        assert job.result()[0].metadata["circuit_metadata"] is circuit.metadata
        retrieved = backend.retrieve_job(job.job_id()).result()[0]
        assert retrieved.metadata == {"shots": 1, "circuit_metadata": None}
        run = backend.run(circuit, [dict.fromkeys(circuit.parameters, 0)], shots=1)
        assert run.result().results[0].header["metadata"] is circuit.metadata
        retrieved_run = backend.retrieve_job(run.job_id()).result()
        assert retrieved_run.results[0].header["metadata"] is None
        assert retrieved_run.get_counts("flips") == {"00": 1}


def test_a_job_has_tags_times_usage_and_metrics(backend: QuantumTaskBackend) -> None:
    circuits = [flips(1).assign_parameters([0]) for _ in range(2)]
    began = datetime.now(UTC) - timedelta(minutes=1)
    for job in (
        backend.run(circuits[0], shots=3, job_tags=["one"]),
        backend.run(circuits, shots=3, job_tags=["one"]),
    ):
        job.result()
        assert job.tags == ["one"]
        assert job.creation_date and began < job.creation_date < began + timedelta(minutes=2)
        assert job.queue_position() is None
        assert 0 < job.usage() < 10
        times = job.metrics()["timestamps"]
        assert times["created"] <= times["running"] <= times["finished"]
        assert job.error_message() is None


def test_a_waiting_job_has_a_queue_position(backend: QuantumTaskBackend) -> None:
    long = QuantumCircuit(26)
    for k in range(3000):
        long.rx(0.3 + k, k % 26)
        long.cx(k % 26, (k + 1) % 26)
    long.measure_all()
    before = backend.run([long] * 4, shots=1)
    job = backend.run([flips(1).assign_parameters([0])] * 2, shots=1, priority=-5)
    try:
        assert before.queue_position() == 1
        assert (job.queue_position() or 0) > 1 and job.usage() == 0
        assert job.metrics()["timestamps"]["finished"] is None
    finally:
        before.cancel()
        job.cancel()


def test_jobs_are_listed_by_tag_time_state_and_backend(provider: QuantumTaskProvider) -> None:
    tag = datetime.now(UTC).isoformat()
    began = datetime.now(UTC) - timedelta(seconds=1)
    backend, snapshot = provider.backend(), provider.backend("fake_manila")
    circuit = flips(1).assign_parameters([0])
    options: dict[str, Any] = {"shots": 1, "job_tags": [tag, "listed"]}
    first = backend.run(circuit, **options)
    second = backend.run([circuit, circuit], **options)
    third = snapshot.run(circuit, **options)
    for job in (first, second, third):
        job.result()
    ids = [job.job_id() for job in (third, second, first)]

    def list_ids(**filters: Any) -> list[str]:
        return [job.job_id() for job in provider.jobs(job_tags=[tag], **filters)]

    assert list_ids() == ids
    assert list_ids(limit=1) == ids[:1]
    assert list_ids(skip=1, limit=None) == ids[1:]
    assert list_ids(descending=False) == ids[::-1]
    assert list_ids(backend_name="fake_manila") == ids[:1]
    assert list_ids(pending=True) == [] and list_ids(pending=False) == ids
    assert list_ids(status=JobStatus.DONE) == ids and list_ids(status=[JobStatus.ERROR]) == []
    assert list_ids(created_after=began) == ids and list_ids(created_before=began) == []
    assert provider.jobs(job_tags=[tag, "another"]) == []


def test_backends_are_filtered(provider: QuantumTaskProvider) -> None:
    assert [b.name for b in provider.backends(simulator=True)] == ["simulator"]
    large = provider.backends(min_num_qubits=100, simulator=False)
    assert large and all(backend.num_qubits >= 100 for backend in large[:1])
    assert provider.least_busy(min_num_qubits=2).name == "simulator"
    manila = provider.least_busy(filters=lambda backend: backend.name.endswith("manila"))
    assert manila.name == "fake_manila"
    with pytest.raises(QiskitBackendNotFoundError):
        provider.least_busy(min_num_qubits=100_000)
    assert provider.backends(operational=False) == []


def test_backends_primitives_and_jobs_can_be_pickled_and_copied(
    provider: QuantumTaskProvider, backend: QuantumTaskBackend
) -> None:
    bell = QuantumCircuit(2)
    bell.h(0)
    bell.cx(0, 1)
    circuit = bell.measure_all(inplace=False)
    jobs: list[Any] = [backend.run(circuit, shots=5), SamplerV2(backend).run([circuit], shots=5)]
    for duplicate in (lambda each: pickle.loads(pickle.dumps(each)), copy.deepcopy):
        assert duplicate(provider).backend().name == "simulator"
        assert duplicate(backend).run(circuit, shots=5).result().get_counts()
        [part] = duplicate(EstimatorV2(backend)).run([(bell, "ZZ")]).result()
        assert part.data.evs == pytest.approx(1)
        bits = duplicate(SamplerV2(backend, seed=3)).run([circuit], shots=5).result()[0].data.meas
        assert bits.num_shots == 5
        for job in jobs:
            assert duplicate(job).result() is not None
            assert duplicate(job).job_id() == job.job_id()


@pytest.mark.parametrize("integer", [np.int64, np.uint8, np.array])
def test_options_accept_numbers_of_any_type(backend: QuantumTaskBackend, integer: Any) -> None:
    circuit = flips(1)
    [angle] = circuit.parameters
    options = {"shots": integer(5), "seed_simulator": integer(3), "priority": integer(1)}
    result = backend.run(
        circuit, [{angle: np.float32(0)}], **options, memory=np.bool_(True), timeout_s=np.float32(9)
    ).result()
    assert result.get_counts() == {"0": 5} and len(result.get_memory()) == 5
    sampler = SamplerV2(backend, default_shots=integer(4), seed=integer(2))
    bits = sampler.run([(circuit, integer(0)), (circuit, [0], integer(2))]).result()
    assert [part.data.meas.num_shots for part in bits] == [4, 2]
    estimator = EstimatorV2(backend, default_precision=np.float32(0.5), seed=integer(2))  # type: ignore[arg-type]
    pubs = [
        (build_circuit(RXGate(A)), "I", np.longdouble(0)),
        (build_circuit(RXGate(A)), "I", [0], np.array(0.25)),
    ]
    pubs.append(EstimatorPub.coerce((build_circuit(RXGate(A)), "I", [0]), np.float32(0.25)))
    values = estimator.run(pubs).result()
    assert [part.metadata["shots"] for part in values] == [4, 16, 16]


def test_a_complex_value_or_a_value_with_too_many_digits_is_refused(
    backend: QuantumTaskBackend,
) -> None:
    circuit = flips(1)
    [angle] = circuit.parameters
    for value, error in ((np.array([1j]), TypeError), (np.longdouble("0.1"), ValueError)):
        with pytest.raises(error):
            backend.run(circuit, [{angle: value}])
        with pytest.raises(error):
            SamplerV2(backend).run([(circuit, {angle: value})])
        with pytest.raises(error):
            EstimatorV2(backend).run([(build_circuit(RXGate(A)), "Z", value)])
    for wrong in ({"shots": 1 + 0j}, {"timeout_s": np.complex64(1)}):
        with pytest.raises(TypeError, match=next(iter(wrong))):
            backend.run(circuit, [{angle: 0}], **wrong)
    with pytest.raises(TypeError):
        SamplerV2(backend, seed=1.5).run([(circuit, [0])])  # type: ignore[arg-type]


def test_a_task_of_another_client_is_a_job_with_any_metadata(
    provider: QuantumTaskProvider, service: Service
) -> None:
    body = {
        "circuit": "bit[2] c; c[0] = 1;",
        "shots": 3,
        "metadata": {"qiskit": "of another client"},
    }
    name = service.http.post("/tasks?wait=30", json=body).json()["task_id"]
    assert provider.retrieve_job(name).result().get_counts() == {"01": 3}


def test_an_older_service_receives_no_record() -> None:
    unsupported = error_reply(400, "invalid_request", "metadata: no such field")
    answers = (unsupported, json_reply({"task_id": "t"}))
    with fake_service(*answers) as (client, service), QuantumTaskProvider(client.url) as provider:
        backend = QuantumTaskBackend(provider, provider._service, {"name": "simulator"})
        assert backend.run(build_circuit(RXGate(0.1))).job_id() == "t"
    assert ["metadata" in request.json for request in service.requests] == [True, False]
