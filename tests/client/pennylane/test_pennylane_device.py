"""Tests of the PennyLane device against PennyLane's own simulators, with a real service."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from quantumtask.client import TaskFailed
from tests.support.lazy_import import lazy_import
from tests.support.sent_requests import sent_requests
from tests.support.services import Service

pytestmark = pytest.mark.xdist_group("braket")
"""One process imports PennyLane, which takes 3 s: that of qBraid's client, which imports it."""

qml = lazy_import("pennylane")

WIRES = ["a", 3, "b"]
HERMITIAN = np.array([[1, 2j], [-2j, 0.5]])

Circuit = Callable[..., Any]


def refusal(match: str) -> Any:
    """Return a context in which the device must refuse a circuit."""
    return pytest.raises(qml.exceptions.DeviceError, match=match)


@pytest.fixture
def device(service: Service) -> Any:
    return qml.device("quantumtask", wires=WIRES, url=service.url)


@contextmanager
def requests_of(device: Any) -> Iterator[list[str]]:
    """Yield the methods and paths of the requests that a device sends meanwhile."""
    paths: list[str] = []
    with sent_requests(device._connection) as sent:
        yield paths
    paths += [request.partition("?")[0] for request in sent]


def gates(x: Any) -> None:
    qml.RX(x, "a")
    qml.CNOT(["a", 3])
    qml.Rot(0.1, x, 0.3, 3)
    qml.ctrl(qml.T, ["a", "b"], [1, 0])(3)
    qml.adjoint(qml.SX)("b")
    qml.ctrl(qml.adjoint(qml.RY(0.4, "b")), "a")
    qml.GlobalPhase(0.3)
    qml.ctrl(qml.GlobalPhase(0.7), "a")
    qml.MultiRZ(x, WIRES)
    qml.IsingXY(0.2, ["a", "b"])
    qml.QubitUnitary(np.array([[0, 1j], [1j, 0]]), 3)
    qml.Barrier(["a", "b"])
    qml.U3(0.1, 0.2, 0.3, "b")
    qml.ctrl(qml.U3(0.4, 0.2, 0.3, "b"), 3)


MEASUREMENTS: list[Callable[[], Any]] = [
    lambda: (qml.expval(qml.Z("a") @ qml.Y("b") - 0.5 * qml.X(3)), qml.var(qml.X("a"))),
    lambda: (qml.probs(["b", "a"]), qml.expval(qml.X("a"))),
    lambda: (qml.expval(qml.Hermitian(HERMITIAN, 3)), qml.var(qml.H("a") @ qml.Z("b"))),
    lambda: (qml.expval(qml.Projector([0, 1], ["b", 3])), qml.expval(qml.I("a"))),
    lambda: (qml.var(qml.Projector(np.array([0.6, 0.8]), [3])), qml.probs()),
    lambda: (qml.state(),),
    lambda: (qml.density_matrix(["b", "a"]), qml.vn_entropy(["b"]), qml.purity([3])),
    lambda: (qml.probs(op=qml.Y(3)), qml.expval(qml.Z("a"))),
    lambda: (qml.mutual_info(["a"], ["b"]), qml.expval(qml.Z(3) @ qml.X("a"))),
]


def test_exact_values_are_those_of_pennylane_for_numbers_and_for_arrays(device: Any) -> None:
    reference = qml.device("default.qubit", wires=WIRES)
    for measure in MEASUREMENTS:

        def circuit(x: Any, measure: Any = measure) -> Any:
            gates(x)
            return measure()

        for x in (0.4, np.array([0.4, -2.1, 7.0])):
            values, expected = qml.QNode(circuit, device)(x), qml.QNode(circuit, reference)(x)
            for value, other in zip(values, expected, strict=True):
                assert np.shape(value) == np.shape(other)
                assert np.allclose(value, other, atol=1e-9)


def test_shots_have_the_shapes_and_nearly_the_values_of_pennylane(device: Any) -> None:
    def circuit(x: Any) -> Any:
        gates(x)
        return (
            *(qml.expval(qml.Z("a") @ qml.Y("b")), qml.var(qml.X("a")), qml.probs(["b", "a"])),
            *(qml.sample(qml.Z(3)), qml.sample(wires=["b"]), qml.counts(wires=["a", 3])),
        )

    reference = qml.device("default.qubit", wires=WIRES, seed=1)
    for shots in (4000, [4000, 1, 500]):
        values = qml.set_shots(qml.QNode(circuit, device), shots)(0.4)
        expected = qml.set_shots(qml.QNode(circuit, reference), shots)(0.4)
        parts = [(values, expected)]
        if isinstance(shots, list):
            parts = list(zip(values, expected, strict=True))
            assert np.shape(parts[1][0][3]) == np.shape(parts[1][1][3])
        mine, others = parts[0]
        for value, other in zip(mine[:3], others[:3], strict=True):
            assert np.allclose(value, other, atol=0.12)
        assert [np.shape(each) for each in mine[3:5]] == [np.shape(each) for each in others[3:5]]
        assert sum(mine[5].values()) == 4000
        assert set(mine[5]) <= {"00", "01", "10", "11"}
    samples = qml.set_shots(qml.QNode(circuit, device), 50)(np.array([0.1, 0.2]))[3]
    assert np.shape(samples) == (2, 50)


def test_equal_seeds_give_equal_samples(service: Service) -> None:
    def run(seed: int) -> list[int]:
        device = qml.device("quantumtask", url=service.url, seed=seed)

        def circuit() -> Any:
            qml.H(0)
            return qml.sample(wires=0)

        sample = qml.set_shots(qml.QNode(circuit, device), 40)
        return [*sample().ravel().tolist(), *sample().ravel().tolist()]

    first = run(5)
    assert first == run(5)
    assert first != run(6)
    assert first[:40] != first[40:]


def test_a_gradient_by_parameter_shift_is_two_requests(device: Any) -> None:
    def circuit(x: Any) -> Any:
        qml.RY(x[0], "a")
        qml.CRX(x[1], ["a", 3])
        qml.Rot(x[2], x[3], x[4], 3)
        return qml.expval(qml.Z(3) @ qml.X("a"))

    x = qml.numpy.array([0.3, 0.5, 0.7, 0.9, 1.1], requires_grad=True)
    with requests_of(device) as sent:
        gradient = qml.grad(qml.QNode(circuit, device, diff_method="parameter-shift"))(x)
    reference = qml.QNode(circuit, qml.device("default.qubit"))
    assert np.allclose(gradient, qml.grad(reference)(x), atol=1e-9)
    assert set(sent[:1]) == {"POST /tasks"}
    assert sum(each.startswith("POST") for each in sent) == 2


def test_gradients_are_those_of_pennylane_in_one_request(device: Any) -> None:
    def circuit(x: Any, coefficients: Any) -> Any:
        qml.RY(x[0], "a")
        qml.GlobalPhase(x[1])
        qml.ctrl(qml.GlobalPhase(x[1]), "a")
        qml.StronglyEntanglingLayers(x[2:].reshape(1, 3, 3), WIRES)
        qml.adjoint(qml.RX(x[0] ** 2, 3))
        energy = qml.dot(coefficients, [qml.Z("a") @ qml.X(3), qml.Y("b")])
        return qml.expval(energy), qml.expval(qml.Hermitian(HERMITIAN, 3))

    def cost(x: Any, node: Any, coefficients: Any) -> Any:
        return qml.numpy.stack(node(x, coefficients))

    x = qml.numpy.linspace(0.3, 2.0, 11, requires_grad=True)
    reference = qml.QNode(circuit, qml.device("default.qubit"), diff_method="parameter-shift")
    for trainable in (False, True):
        coefficients = qml.numpy.array([0.5, -1.5], requires_grad=trainable)
        node = qml.QNode(circuit, device)
        with requests_of(device) as sent:
            jacobian = qml.jacobian(cost, argnums=0)(x, node, coefficients)
        assert np.allclose(jacobian, qml.jacobian(cost, argnums=0)(x, reference, coefficients))
        assert trainable or sent == ["POST /tasks"]
    both = qml.jacobian(cost, argnums=[0, 2])
    coefficients = qml.numpy.array([0.5, -1.5], requires_grad=True)
    for part, other in zip(
        both(x, qml.QNode(circuit, device), coefficients),
        both(x, reference, coefficients),
        strict=True,
    ):
        assert np.allclose(part, other)


def test_gradients_of_one_parameter_and_of_none_have_the_nesting_of_pennylane(device: Any) -> None:
    reference = qml.device("default.qubit", wires=WIRES)
    config = qml.devices.ExecutionConfig(gradient_method="adjoint")
    operators = [qml.RX(0.3, "a"), qml.CNOT(["a", 3]), qml.RY(0.4, 3)]
    means = [qml.expval(qml.Z(3)), qml.expval(qml.X("a") @ qml.X(3))]
    for measurements in (means, means[:1]):
        for trainable in ([0], [1], [0, 1]):
            tape = qml.tape.QuantumScript(operators, measurements, trainable_params=trainable)
            value = device.compute_derivatives(tape, config)
            expected = reference.compute_derivatives(tape, config)
            assert np.shape(value) == np.shape(expected)
            assert np.allclose(value, expected)
    assert device.supports_derivatives(config)
    other = qml.tape.QuantumScript([], [qml.probs("a")])
    assert not device.supports_derivatives(config, other)
    with refusal(match="gradients are of exact expectation values"):
        device.compute_derivatives(other, config)


def test_snapshots_do_not_prevent_gradients(device: Any) -> None:
    def circuit(x: Any) -> Any:
        qml.RX(x, "a")
        qml.Snapshot()
        return qml.expval(qml.Z("a"))

    gradient = qml.grad(qml.QNode(circuit, device))(qml.numpy.array(0.4, requires_grad=True))
    assert gradient == pytest.approx(-np.sin(0.4))


def test_different_circuits_of_a_batch_are_one_submission(device: Any) -> None:
    tapes = [
        qml.tape.QuantumScript([qml.RX(0.1 * k, "a"), qml.CNOT(["a", 3])][: 1 + k % 2], [m])
        for k, m in enumerate([qml.expval(qml.Z("a")), qml.probs(wires=3), qml.state()])
    ]
    with requests_of(device) as sent:
        results = qml.execute(tapes, device)
    expected = qml.execute(tapes, qml.device("default.qubit", wires=WIRES))
    for value, other in zip(results, expected, strict=True):
        assert np.allclose(value, other, atol=1e-9)
    assert [each for each in sent if each.startswith("POST")] == ["POST /batches"]


def test_measurements_in_the_middle_have_the_distribution_of_pennylane(device: Any) -> None:
    def circuit(x: Any) -> Any:
        qml.RX(x, "a")
        first = qml.measure("a", reset=True)
        qml.RY(0.5, 3)
        second = qml.measure(3)
        qml.cond(first & ~second, qml.X)("b")
        qml.cond(first == second, qml.RX)(0.3, "a")
        return qml.probs(["a", "b"]), qml.expval(qml.Y("a")), qml.expval(first + 2 * second)

    reference = qml.device("default.qubit")
    for value, other in zip(
        qml.QNode(circuit, device)(0.9), qml.QNode(circuit, reference)(0.9), strict=True
    ):
        assert np.allclose(value, other, atol=1e-9)
    sampled = qml.set_shots(qml.QNode(circuit, device), 4000)(0.9)
    assert np.allclose(sampled[0], qml.QNode(circuit, reference)(0.9)[0], atol=0.06)
    assert sampled[2] == pytest.approx(float(qml.QNode(circuit, reference)(0.9)[2]), abs=0.12)


def test_noise_makes_mixed_states(service: Service) -> None:
    noise = {"depolarizing": {"two_qubit": 0.2}}
    device = qml.device("quantumtask", wires=2, url=service.url, noise=noise)

    def circuit() -> Any:
        qml.H(0)
        qml.CNOT([0, 1])
        return (
            *(qml.density_matrix([1, 0]), qml.purity([0, 1]), qml.probs(op=qml.X(0) @ qml.X(1))),
            *(qml.expval(qml.Hermitian(HERMITIAN, 0)), qml.var(qml.Z(0) @ qml.Z(1)), qml.probs()),
        )

    matrix, purity, parity, mean, variance, distribution = qml.QNode(circuit, device)()
    bell = np.zeros((4, 4))
    bell[np.ix_([0, 3], [0, 3])] = 0.5
    expected = 0.8 * bell + 0.05 * np.eye(4)
    assert np.allclose(matrix, expected)
    assert purity == pytest.approx(np.trace(expected @ expected))
    assert np.allclose(parity, [0.45, 0.05, 0.05, 0.45])
    assert mean == pytest.approx(np.trace(HERMITIAN).real / 2)
    assert variance == pytest.approx(1 - 0.8**2)
    assert np.allclose(distribution, np.diag(expected))


def test_a_variational_search_finds_the_ground_state(device: Any) -> None:
    hamiltonian = qml.Z("a") @ qml.Z(3) - 0.5 * qml.X("a") + 0.3 * qml.Z("b")

    def circuit(x: Any) -> Any:
        for angle, wire in zip(x, WIRES, strict=True):
            qml.RY(angle, wire)
        qml.CNOT(["a", 3])
        return qml.expval(hamiltonian)

    energy = qml.QNode(circuit, device)
    x = qml.numpy.array([0.3, 2.0, 2.5], requires_grad=True)
    descent = qml.GradientDescentOptimizer(0.6)
    for _ in range(15):
        x = descent.step(energy, x)
    ground = np.linalg.eigvalsh(qml.matrix(hamiltonian, wire_order=WIRES))[0]
    assert energy(x) == pytest.approx(ground, abs=0.03)


def test_what_the_device_cannot_do_is_refused_with_the_reason(service: Service) -> None:
    noise = {"depolarizing": {"two_qubit": 0.2}}
    noisy = qml.device("quantumtask", wires=7, url=service.url, noise=noise)
    ideal = qml.device("quantumtask", wires=7, url=service.url)

    def measured() -> Any:
        qml.cond(qml.measure(0), qml.X)(1)
        return qml.probs(1)

    def shadow() -> Any:
        return qml.classical_shadow(wires=[0])

    with refusal(match="middle of a circuit are not supported with noise"):
        qml.QNode(measured, noisy)()
    with refusal(match="at most 5 wires"):
        qml.QNode(lambda: qml.state(), noisy)()
    with refusal(match="not accepted with finite shots on quantumtask"):
        qml.set_shots(qml.QNode(shadow, ideal), 10)()
    with refusal(match="mcm_method 'one-shot' is not supported"):
        qml.set_shots(qml.QNode(measured, ideal, mcm_method="one-shot"), 10)()
    with refusal(match="nose: no such option"):
        qml.device("quantumtask", url=service.url, nose=noise)
    unknown = qml.device("quantumtask", url=service.url, engine="stim", method="stabilizer")
    with pytest.raises(TaskFailed, match="stim"):
        qml.QNode(lambda: (qml.RX(0.1, 0), qml.state())[1], unknown)()
