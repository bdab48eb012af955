"""The list of backends, the simulator and device snapshots, through HTTP and as data."""

import warnings
from collections.abc import Callable
from typing import Any

import pytest

from quantumtask.engines.devices import calibration
from quantumtask.shared.queue_stats import MAX_TASKS_AHEAD
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Submission, TaskSpec
from tests.support.problems import problem
from tests.support.services import Service, until
from tests.support.stores import FullStore

Start = Callable[..., Service]

SUMMARY = {
    *("name", "description", "qubits", "noisy", "basis_gates", "calibrated", "median_errors"),
}


@pytest.fixture(scope="module")
def listed(service: Service) -> dict[str, Any]:
    body: dict[str, Any] = service.http.get("/backends").json()
    return body


def test_the_simulator_comes_first_and_has_no_noise(listed: dict[str, Any]) -> None:
    first = listed["backends"][0]
    assert (first["name"], first["noisy"], first["median_errors"]) == ("simulator", False, None)
    assert {"h", "cx", "u"} <= set(first["basis_gates"])


def test_every_snapshot_tells_its_size_its_gates_and_its_errors(listed: dict[str, Any]) -> None:
    backends_by_name = {each["name"]: each for each in listed["backends"]}
    assert len(backends_by_name) > 50
    assert {frozenset(each) for each in backends_by_name.values()} == {frozenset(SUMMARY)}
    manila = backends_by_name["fake_manila"]
    assert (manila["qubits"], manila["noisy"]) == (5, True)
    assert manila["basis_gates"] == ["cx", "id", "rz", "sx", "x"]
    errors = manila["median_errors"]
    assert 0 < errors["one_qubit"] < errors["two_qubit"] < errors["readout"] < 0.1
    assert backends_by_name["fake_armonk"]["median_errors"]["two_qubit"] is None  # it has one qubit


def test_a_device_snapshot_is_told_with_all_that_was_measured_of_it(service: Service) -> None:
    body = service.http.get("/backends/fake_manila").json()
    assert set(body) == SUMMARY | {"coupling_map", "dt_ns", "gates", "qubits_properties", "queue"}
    assert body["dt_ns"] == pytest.approx(2 / 9)
    pairs = [[0, 1], [1, 0], [1, 2], [2, 1], [2, 3], [3, 2], [3, 4], [4, 3]]
    assert body["coupling_map"] == pairs
    cx = [gate for gate in body["gates"] if gate["name"] == "cx"]
    assert sorted(gate["qubits"] for gate in cx) == pairs
    assert all(0.001 < gate["error"] < 0.1 for gate in cx)
    assert all(100 < gate["duration_ns"] < 1000 for gate in cx)
    assert len(body["qubits_properties"]) == 5
    assert all(10 < qubit["t1_us"] < 1000 for qubit in body["qubits_properties"])
    assert all(0 < qubit["readout_error"] < 0.2 for qubit in body["qubits_properties"])


def test_the_simulator_is_told_alone_too(service: Service, listed: dict[str, Any]) -> None:
    body = service.http.get("/backends/simulator").json()
    assert body["coupling_map"] is None
    assert {name: body[name] for name in SUMMARY} == listed["backends"][0]


@pytest.mark.parametrize(
    "name", ["fake_moon", "FAKE_MANILA", "fake_fractional", "%00", "ü", 3000 * "x"]
)
def test_a_backend_that_there_is_not_is_not_found(service: Service, name: str) -> None:
    answer = service.http.get(f"/backends/{name}")
    assert (answer.status_code, problem(answer)["code"]) == (404, "backend_not_found")
    assert "`GET /backends` lists all" in str(problem(answer)["detail"])


def test_an_idle_service_promises_no_wait(service: Service) -> None:
    idle = {"waiting": 0, "expected_wait_s": 0.0}
    for path in ("/backends", "/backends/simulator"):
        # A task of an earlier test may still wait.
        until(lambda path=path: service.http.get(path).json()["queue"] == idle, 60, service.logs)


def test_a_new_task_is_told_how_long_all_that_waits_will_take(configured: Settings) -> None:
    store = FullStore(configured)
    store.submit([Submission(k, TaskSpec("x"), 500.0) for k in "abc"])
    store.submit([Submission("d", TaskSpec("x", priority=-1), 500.0)])  # which it goes before
    assert store.expected_wait_s() is None
    store.heartbeat("w", slots=1, rate=100.0)
    assert store.expected_wait_s() == pytest.approx(15.0)
    store.claim("w", 1.0)
    assert store.expected_wait_s() == pytest.approx(10.0)
    store.submit([Submission(f"{k}", TaskSpec("x"), 500.0) for k in range(MAX_TASKS_AHEAD)])
    store.close()
    fresh = FullStore(configured)  # which counts anew
    assert fresh.expected_wait_s() == pytest.approx(5.0 * (MAX_TASKS_AHEAD + 3))
    fresh.close()


def test_where_no_worker_answers_nobody_knows_of_backends(start: Start) -> None:
    service = start(slots=1)
    assert service.worker.stop() == 0
    for path in ("/backends", "/backends/simulator"):
        answer = service.http.get(path)
        assert (answer.status_code, problem(answer)["code"]) == (503, "worker_unavailable")


@pytest.mark.xdist_group("without_snapshots")
def test_without_the_extra_there_is_the_simulator_alone(without_snapshots: Service) -> None:
    body = without_snapshots.http.get("/backends").json()
    assert [each["name"] for each in body["backends"]] == ["simulator"]
    answer = without_snapshots.http.get("/backends/fake_manila")
    assert (answer.status_code, problem(answer)["code"]) == (404, "backend_not_found")
    assert "pip install '.[backends]'" in str(problem(answer)["detail"])


def test_what_is_read_of_a_device_is_what_the_package_itself_says() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from qiskit_ibm_runtime import fake_provider

    classes = [getattr(fake_provider, name) for name in fake_provider.__dict__]
    theirs = {each.backend_name: each for each in classes if hasattr(each, "backend_name")}
    assert set(theirs) - set(calibration.snapshot_folders()) == calibration.SYNTHETIC
    for name in ("fake_manila", "fake_almaden", "fake_cairo", "fake_fez", "fake_miami"):
        assert calibration_of_snapshot(calibration.load_snapshot(name)) == pytest.approx(
            calibration_of_target(theirs[name]().target)
        )


def calibration_of_snapshot(snapshot: calibration.DeviceSnapshot) -> dict[Any, Any]:
    gates: dict[Any, Any] = {
        (gate.name, gate.qubits, what): value
        for gate in snapshot.gates
        for what, value in (("error", gate.error), ("duration", gate.duration_s))
    }
    for k, qubit in enumerate(snapshot.qubits):
        values = {"error": qubit.readout_error, "duration": qubit.readout_s}
        gates |= {("measure", (k,), what): value for what, value in values.items()}
        times = {"t1": qubit.t1_s, "t2": qubit.t2_s, "frequency": qubit.frequency_hz}
        gates |= {("qubit", (k,), what): value for what, value in times.items()}
    return gates


def calibration_of_target(target: Any) -> dict[Any, Any]:
    backends_by_name = {
        (name, qubits, what): getattr(properties, what, None)
        for name in set(target.operation_names)
        & {*calibration.load_snapshot("fake_cairo").basis_gates}
        | set(target.operation_names) & {"cz", "u1", "u2", "u3", "reset", "measure"}
        for qubits, properties in target[name].items()
        for what in ("error", "duration")
    }
    for k, qubit in enumerate(target.qubit_properties):
        backends_by_name |= {
            ("qubit", (k,), what): getattr(qubit, what) for what in ("t1", "t2", "frequency")
        }
    return backends_by_name
