"""Amazon Braket's client, unmodified, on this service; exact values are those of its simulator."""

import asyncio
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from botocore.exceptions import ClientError

from quantumtask.cli.client_variables import CLIENT_VARIABLES
from quantumtask.doors.braket.arns import device_arn
from tests.doors.protocols import SV1, braket_body
from tests.support.lazy_import import lazy_names
from tests.support.secured_service import SecuredService
from tests.support.services import Service

pytestmark = pytest.mark.xdist_group("braket")
"""One process imports the clients of other clouds, and runs the comparisons of programs with them.

qBraid's client imports Braket's, Cirq and PennyLane.
"""

AwsDevice, AwsQuantumTask, AwsSession = lazy_names(
    "braket.aws", "AwsDevice", "AwsQuantumTask", "AwsSession"
)
Circuit, FreeParameter, Observable = lazy_names(
    "braket.circuits", "Circuit", "FreeParameter", "Observable"
)
[LocalSimulator] = lazy_names("braket.devices", "LocalSimulator")
[Program] = lazy_names("braket.ir.openqasm", "Program")

HERMITIAN = np.array([[1, 2 + 1j], [2 - 1j, -0.5]])
PAIR = np.array([[1, 1j, 0, 2], [-1j, 2, 1, 0], [0, 1, -1, 0.5j], [2, 0, -0.5j, 0.25]])


@pytest.fixture(autouse=True)
def closed_event_loops(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close the event loops that the client makes in each thread and leaves open."""
    loops, new_event_loop = [], asyncio.new_event_loop

    def new_closed_later() -> asyncio.AbstractEventLoop:
        loops.append(new_event_loop())
        return loops[-1]

    monkeypatch.setattr(asyncio, "new_event_loop", new_closed_later)
    asyncio.set_event_loop(asyncio.new_event_loop())
    yield
    asyncio.set_event_loop(None)
    for loop in loops:
        loop.close()


@pytest.fixture
def connect(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    for name, value in CLIENT_VARIABLES["braket"].of_service(service.url, "anything").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield lambda arn=SV1: AwsDevice(arn)


@pytest.fixture
def device(connect: Callable[..., Any]) -> Any:
    return connect()


def run(device: Any, program: Any, shots: int, **more: Any) -> Any:
    return device.run(program, shots=shots, poll_interval_seconds=0.02, **more).result()


def numbers(value: Any) -> Any:
    """Return a value of the client, which leaves a density matrix as pairs, as numbers."""
    if isinstance(value, dict):
        return np.array([value[state] for state in sorted(value)])
    array = np.array(value)
    return array[..., 0] + 1j * array[..., 1] if array.ndim == 3 else array


def check_exact(device: Any, circuit: Any, simulator: str) -> None:
    actual, expected = run(device, circuit, 0), LocalSimulator(simulator).run(circuit, shots=0)
    pairs = list(zip(actual.result_types, expected.result().result_types, strict=True))
    assert len(pairs) == len(circuit.result_types)
    for mine, theirs in pairs:
        assert mine.type == theirs.type
        assert numbers(mine.value) == pytest.approx(numbers(theirs.value), abs=1e-9), mine.type


def state() -> Any:
    return Circuit().rx(0, 0.4).cnot(0, 2).ry(1, 0.3).h(1).t(2).cnot(1, 2).iswap(0, 1)


def add_mixed_results(circuit: Any) -> Any:
    """Add results that also noisy programs have."""
    circuit.expectation(Observable.X() @ Observable.Y(), target=[0, 2])
    circuit.expectation(Observable.H(), target=1)
    circuit.expectation(Observable.Hermitian(PAIR), target=[2, 1])
    circuit.expectation(Observable.I() @ Observable.Z(), target=[1, 0])
    circuit.variance(Observable.Y())
    circuit.variance(Observable.H() @ Observable.Hermitian(HERMITIAN), target=[2, 1])
    circuit.probability([2, 0]).probability(1).probability()
    return circuit.density_matrix([2, 0]).density_matrix()


def test_counts_are_of_the_qubits_in_their_order(device: Any) -> None:
    bell = run(device, Circuit().h(0).cnot(0, 1), 50)
    assert set(bell.measurement_counts) == {"00", "11"}
    assert sum(bell.measurement_counts.values()) == 50
    turned = Circuit().rx(0, FreeParameter("theta")).i(1).i(2)
    result = run(device, turned, 7, inputs={"theta": np.pi, "other": 1.0})  # as `LocalSimulator`
    assert (result.measurement_counts, result.measured_qubits) == ({"100": 7}, [0, 1, 2])
    assert result.additional_metadata.action.inputs == {"theta": np.pi}


@pytest.mark.parametrize(
    ("lines", "qubits", "outcomes"),
    [
        ("qubit[3] q; bit[2] b; x q[1]; b[0] = measure q[1]; b[1] = measure q[0];", [1, 0], "10"),
        ("qubit[3] q; bit[2] b; x q[1]; b[1] = measure q[1]; b[0] = measure q[0];", [0, 1], "01"),
        ("qubit[2] q; bit[2] b; x q[1]; b = measure q;", [0, 1], "01"),
        ("qubit a; qubit[2] q; bit[2] b; x q[0]; b = measure q;", [1, 2], "10"),
        ("bit[2] b; x $1; b[0] = measure $1; b[1] = measure $0;", [1, 0], "10"),
        ("qubit[2] q; bit b; x q[1]; b = measure q[1]; // measure q;", [1], "1"),
        ("qubit[2] q; bit a; bit[2] b; x q[0]; b = measure q; measure q[1] -> a;",
         [0, 1, 1], "100"),
        ("qubit q; qubit[2] r; x r[1];", [0, 1, 2], "001"),
    ],
)  # fmt: skip
def test_the_result_names_the_qubits_that_a_program_measures(
    device: Any, lines: str, qubits: list[int], outcomes: str
) -> None:
    source = f"OPENQASM 3.0;\n{lines}"
    result = run(device, Program(source=source), 3)
    assert (result.measured_qubits, result.measurement_counts) == (qubits, {outcomes: 3})
    assert result.additional_metadata.action.source == source


def test_exact_results_are_those_of_brakets_state_vector_simulator(device: Any) -> None:
    circuit = add_mixed_results(state()).state_vector().amplitude(["000", "101"])
    check_exact(device, circuit, "braket_sv")


def test_exact_results_with_noise_are_those_of_brakets_density_matrix_simulator(
    connect: Callable[..., Any],
) -> None:
    noisy = state().depolarizing(0, 0.1).amplitude_damping(1, 0.2).two_qubit_dephasing(1, 2, 0.3)
    check_exact(connect(device_arn("dm1")), add_mixed_results(noisy), "braket_dm")


def test_results_of_shots_are_computed_from_the_measurements(device: Any) -> None:
    circuit = Circuit().h(0).cnot(0, 1).x(2).s(2)
    circuit.expectation(Observable.X() @ Observable.X(), target=[0, 1])
    circuit.sample(Observable.X(), target=0).variance(Observable.X(), target=0)
    circuit.sample(Observable.Hermitian(np.diag([3.0, 5.0])), target=2)
    result = run(device, circuit, 200)
    product, samples, variance, fixed = result.values
    assert product == pytest.approx(1)  # a Bell pair has equal outcomes of X
    assert set(samples) == {1.0, -1.0}
    assert variance == pytest.approx(np.var(samples))
    assert list(fixed) == [5.0] * 200
    assert [1 - 2 * row[0] for row in result.measurements.tolist()] == samples
    shares = run(device, Circuit().x(0).i(1).probability([1, 0]).sample(Observable.Z()), 5)
    assert shares.values[0].tolist() == [0, 1, 0, 0]
    assert shares.values[1] == [[-1.0] * 5, [1.0] * 5]


def test_each_observable_is_measured_in_its_basis(device: Any) -> None:
    for observable in (Observable.Y(), Observable.H(), Observable.Hermitian(HERMITIAN)):
        vectors = np.linalg.eigh(observable.to_matrix())
        for value, vector in zip(vectors[0], vectors[1].T, strict=True):
            other = np.array([-vector[1].conj(), vector[0].conj()])
            circuit = Circuit().unitary(targets=[0], matrix=np.array([vector, other]).T)
            circuit.sample(observable, target=0)
            assert run(device, circuit, 8).values[0] == pytest.approx([value] * 8), observable


def test_a_matrix_on_several_qubits_is_measured_in_its_eigenbasis(device: Any) -> None:
    observable = Observable.Z() @ Observable.Hermitian(PAIR)
    values, vectors = np.linalg.eigh(PAIR)
    for value, vector in zip(values, vectors.T, strict=True):
        others = np.linalg.qr(np.column_stack([vector, np.eye(4)[:, :3]]))[0]
        circuit = Circuit().x(1).unitary(targets=[2, 0], matrix=others)
        circuit.sample(observable, target=[1, 2, 0]).variance(Observable.Hermitian(PAIR), [2, 0])
        samples, variance = run(device, circuit, 8).values
        assert samples == pytest.approx([-value] * 8)
        assert variance == pytest.approx(0, abs=1e-12)


def test_equal_eigenvalues_of_a_matrix_are_equal_samples(device: Any) -> None:
    singular = np.array([[1, 2], [2, 4]])
    circuit = Circuit().h(range(3))
    circuit.sample(Observable.Hermitian(singular) @ Observable.Hermitian(PAIR), target=[0, 1, 2])
    samples = run(device, circuit, 200).values[0]
    expected = [5 * each for each in np.linalg.eigvalsh(PAIR)]
    assert all(each == 0 or min(abs(each - e) for e in expected) < 1e-9 for each in samples)
    assert 0 in samples


def test_a_pragma_needs_no_line_of_its_own(device: Any) -> None:
    source = (
        "OPENQASM 3;qubit[2] q;x q[0];#pragma braket noise bit_flip(1.0) q[1]"
        "#pragma braket result sample z(q[0]) #pragma braket result probability q\n// a #pragma"
    )
    samples, table = run(device, Program(source=source), 4).values
    assert samples == [-1.0] * 4
    assert table.tolist() == [0, 0, 0, 1]


def test_devices_are_searched_and_described(connect: Callable[..., Any], device: Any) -> None:
    manila = connect(device_arn("fake_manila"))
    assert (device.name, device.provider_name, device.status) == ("SV1", "Amazon Braket", "ONLINE")
    assert (manila.name, manila.properties.paradigm.qubitCount) == ("fake_manila", 5)
    assert device.properties.service.shotsRange == (0, 1_000_000)
    assert device.queue_depth().jobs == "0"
    listed = AwsDevice.get_devices(names=["SV1", "DM1", "fake_manila"])
    assert {each.arn for each in listed} == {SV1, device_arn("dm1"), manila.arn}
    assert AwsDevice.get_devices(provider_names=["IonQ"]) == []
    with pytest.raises(ValueError, match="not found"):
        connect("arn:aws:braket:::device/quantum-simulator/amazon/tn1")


GATE_SIZES = dict.fromkeys(("ccnot", "cswap"), 3) | dict.fromkeys(
    ("cnot", "cphaseshift", "cphaseshift00", "cphaseshift01", "cphaseshift10", "cv", "cy", "cz",
     "ecr", "iswap", "ms", "pswap", "swap", "xx", "xy", "yy", "zz"), 2,
) | {"gphase": 0}  # fmt: skip
GATE_ANGLES = dict.fromkeys(
    ("cphaseshift", "cphaseshift00", "cphaseshift01", "cphaseshift10", "gpi", "gpi2", "phaseshift",
     "pswap", "rx", "ry", "rz", "xx", "xy", "yy", "zz", "gphase"), 1,
) | {"prx": 2, "ms": 3, "U": 3}  # fmt: skip


def test_every_gate_is_that_of_brakets_simulator_up_to_a_global_phase(device: Any) -> None:
    gates = device.properties.action["braket.ir.openqasm.program"].supportedOperations
    lines = ["OPENQASM 3.0;", "qubit[3] q;", "h q;"]
    for number, gate in enumerate(gates):
        angles = ", ".join(f"0.{number + 1}{k}" for k in range(GATE_ANGLES.get(gate, 0)))
        qubits = ", ".join(f"q[{(number + k) % 3}]" for k in range(GATE_SIZES.get(gate, 1)))
        lines.append(f"{gate}{f'({angles})' if angles else ''} {qubits};")
    program = Program(source="\n".join([*lines, "#pragma braket result state_vector"]))
    expected = LocalSimulator().run(program, shots=0).result().values[0]
    actual = run(device, program, 0).values[0]
    phase = expected[0] / actual[0]
    assert abs(phase) == pytest.approx(1)
    assert phase * actual == pytest.approx(expected, abs=1e-9)


def test_a_noisy_device_runs_with_its_noise(connect: Callable[..., Any]) -> None:
    manila = connect(device_arn("fake_manila"))
    circuit = Circuit().h(0).cnot(0, 1).expectation(Observable.Z() @ Observable.Z(), target=[0, 1])
    assert 0.8 < run(manila, circuit, 0).values[0] < 0.99


def test_a_batch_runs(device: Any) -> None:
    circuits = [Circuit().x(0), Circuit().i(0), Circuit().x(0).x(1)]
    batch = device.run_batch(circuits, shots=5, poll_interval_seconds=0.02)
    assert [each.measurement_counts for each in batch.results()] == [{"1": 5}, {"0": 5}, {"11": 5}]


def test_a_task_is_found_again_and_has_its_place_and_tags(device: Any, service: Service) -> None:
    task = device.run(
        Circuit().x(0), ("my-bucket", "one/two"), shots=4, tags={"a": "b"},
        poll_interval_seconds=0.02,
    )  # fmt: skip
    assert task.result().measurement_counts == {"1": 4}
    again = AwsQuantumTask(task.id)
    assert again.state() == "COMPLETED"
    assert again.result().measurement_counts == {"1": 4}
    about = again.metadata()
    assert (about["outputS3Bucket"], about["shots"], about["tags"]) == ("my-bucket", 4, {"a": "b"})
    assert about["outputS3Directory"] == f"one/two/{task.id.rpartition('/')[2]}"
    assert again.queue_position().queue_position is None
    stored = service.http.get(f"/tasks/{task.id.rpartition('/')[2]}").json()
    assert (stored["status"], stored["tags"]) == ("completed", ["braket"])
    assert (
        service.http.get(f"/aws/other/{about['outputS3Directory']}/results.json").status_code == 404
    )


def test_tasks_are_searched(device: Any) -> None:
    tasks = [device.run(Circuit().x(0), shots=1, poll_interval_seconds=0.02) for _ in range(3)]
    assert all(task.result() for task in tasks)
    client = AwsSession().braket_client
    pages = client.get_paginator("search_quantum_tasks").paginate(
        filters=[
            {"name": "status", "operator": "EQUAL", "values": ["COMPLETED"]},
            {"name": "deviceArn", "operator": "EQUAL", "values": [SV1]},
            {"name": "createdAt", "operator": "GTE", "values": ["2020-01-01T00:00:00Z"]},
        ],
        PaginationConfig={"PageSize": 2, "MaxItems": 5},
    )
    names = [each["quantumTaskArn"] for page in pages for each in page["quantumTasks"]]
    assert [name for name in names if name in {task.id for task in tasks}] == [
        task.id for task in reversed(tasks)
    ]
    one = [{"name": "quantumTaskArn", "operator": "EQUAL", "values": [tasks[0].id]}]
    answer = client.search_quantum_tasks(filters=one)
    assert [each["quantumTaskArn"] for each in answer["quantumTasks"]] == [tasks[0].id]
    future = [{"name": "createdAt", "operator": "GT", "values": ["2999-01-01T00:00:00Z"]}]
    assert client.search_quantum_tasks(filters=future)["quantumTasks"] == []


def test_a_failure_has_its_reason(device: Any) -> None:
    source = "OPENQASM 3.0;\nqubit q;\nbit b;\nfoo q;\nb = measure q;"
    task = device.run(Program(source=source), shots=3, poll_interval_seconds=0.02)
    assert task.result() is None
    assert task.metadata()["failureReason"] == "line 4, column 1: unknown gate `foo`"


def test_a_task_is_cancelled_unless_it_has_ended(device: Any) -> None:
    gates = "".join(
        f"rx(0.3) q[{k % 26}]; cnot q[{k % 26}], q[{(k + 1) % 26}];" for k in range(3000)
    )
    task = device.run(Program(source=f"OPENQASM 3.0;\nqubit[26] q;\n{gates}"), shots=1000)
    task.cancel()
    assert task.state() == "CANCELLED"
    ended = device.run(Circuit().x(0), shots=1, poll_interval_seconds=0.02)
    assert ended.result()
    with pytest.raises(ClientError, match="ConflictException"):
        ended.cancel()


def test_a_repeated_request_is_one_task(service: Service) -> None:
    body = braket_body("qubit q; x q;")
    arns = {service.http.post("/aws/quantum-task", json=body).text for _ in range(2)}
    assert len(arns) == 1
    other = service.http.post("/aws/quantum-task", json={**body, "shots": 11})
    assert (other.status_code, other.headers["x-amzn-errortype"]) == (409, "ConflictException")


def test_a_search_shows_the_tasks_of_the_project_alone(secured: SecuredService) -> None:
    shown = {}
    for name in ("bob", "eve"):
        http = secured.with_headers(**{"X-Amz-Security-Token": secured.tokens[name]})
        created = http.post(
            "/aws/quantum-task", json=braket_body("qubit q; x q;", tags={"of": name})
        )
        assert created.status_code == 201, created.text
        shown[name] = http.post("/aws/quantum-tasks", json={"filters": []}).json()["quantumTasks"]
    tags = {name: {each["tags"].get("of") for each in tasks} for name, tasks in shown.items()}
    assert "bob" in tags["bob"] - tags["eve"]
    assert "eve" in tags["eve"] - tags["bob"]


def test_a_comment_with_a_pragma_is_no_result_and_a_source_comes_back_as_it_was(
    device: Any,
) -> None:
    source = (
        "OPENQASM 3.0;\n/*\n#pragma braket result state_vector\n*/\n"
        "qubit[2] q; // results\nx q[1];\n  #pragma braket result  probability q\n"
        "// #pragma braket result state_vector\n"
    )
    result = run(device, Program(source=source), 0)
    assert [each.type.type for each in result.result_types] == ["probability"]
    assert result.values[0].tolist() == [0, 1, 0, 0]
    assert result.additional_metadata.action.source == source


@pytest.mark.usefixtures("connect")
def test_buckets_exist_and_the_account_has_a_name() -> None:
    session = AwsSession()
    assert session.default_bucket() == "amazon-braket-us-east-1-000000000000"
    session.s3_client.head_bucket(Bucket="anything")
    with pytest.raises(ClientError, match=r"InvalidRequest.*objects are not listed here"):
        session.s3_client.list_objects_v2(Bucket="anything")
    with pytest.raises(session.s3_client.exceptions.NoSuchKey):
        session.s3_client.get_object(Bucket="anything", Key="a/b")
    with pytest.raises(ClientError, match=r"InvalidRequest.*must be GetCallerIdentity"):
        session.sts_client.get_session_token()
