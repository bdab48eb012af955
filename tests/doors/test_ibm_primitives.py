"""Sampler and estimator of the unmodified qiskit-ibm-runtime, compared with exact values."""

import math
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Clbit, Parameter
from qiskit.circuit.library import efficient_su2
from qiskit.primitives import StatevectorEstimator
from qiskit.quantum_info import SparsePauliOp, Statevector
from qiskit_aer.noise import NoiseModel, ReadoutError, amplitude_damping_error

from quantumtask.cli.client_variables import CLIENT_VARIABLES
from tests.support.cases import check_each
from tests.support.chisquare import p_value
from tests.support.lazy_import import lazy_import, lazy_names
from tests.support.services import Service

pytestmark = pytest.mark.filterwarnings("ignore")  # the client deprecates its classes

EstimatorV2, QiskitRuntimeService, SamplerV2 = lazy_names(
    "qiskit_ibm_runtime", "EstimatorV2", "QiskitRuntimeService", "SamplerV2"
)
exceptions = lazy_import("qiskit_ibm_runtime.exceptions")


@pytest.fixture(scope="module")
def runtime(service: Service) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, value in CLIENT_VARIABLES["ibm"].of_service(service.url, "any").items():
            patch.setenv(name, value)
        yield QiskitRuntimeService()


@pytest.fixture(scope="module")
def simulator(runtime: Any) -> Any:
    return runtime.backend("simulator")


def rotations(qubits: int = 2) -> QuantumCircuit:
    circuit = QuantumCircuit(qubits)
    for k in range(qubits):
        circuit.ry(Parameter(f"a{k}"), k)
    circuit.cx(0, 1)
    return circuit


# Sampler.


def test_counts_of_a_sweep_have_the_distribution_of_each_point(simulator: Any) -> None:
    circuit = rotations()
    points = np.random.default_rng(1).uniform(0, math.pi, (2, 3, 2))
    measured = circuit.measure_all(inplace=False)
    result = SamplerV2(simulator).run([(measured, points)], shots=2000).result()[0]
    assert (result.data.shape, result.data.meas.shape) == ((2, 3), (2, 3))
    assert (result.data.meas.num_bits, result.data.meas.num_shots) == (2, 2000)
    for index in np.ndindex(2, 3):
        expected = Statevector(circuit.assign_parameters(points[index])).probabilities()
        counts = result.data.meas[index].get_int_counts()
        assert p_value(np.array([counts.get(k, 0) for k in range(4)]), expected) > 1e-6


def test_every_register_of_every_pub_has_its_bits(simulator: Any) -> None:
    bits = [Clbit() for _ in range(11)]
    wide = QuantumCircuit(QuantumRegister(11), bits)
    wide.add_register(ClassicalRegister(bits=bits, name="every"))
    wide.add_register(ClassicalRegister(bits=bits[9:1:-1], name="turned"))
    wide.x([0, 9, 10])
    wide.measure(range(11), range(11))
    named = QuantumCircuit(QuantumRegister(2), ClassicalRegister(1, "x"), ClassicalRegister(1, "y"))
    named.x(1)
    named.measure([0, 1], [0, 1])
    pubs = [(wide, None, 3), (named, None, 7), (named,)]
    first, second, third = SamplerV2(simulator, options={"default_shots": 5}).run(pubs).result()
    assert first.data.every.get_counts() == {"11000000001": 3}
    assert first.data.turned.get_counts() == {"00000001": 3}
    assert (second.data.x.get_counts(), second.data.y.get_counts()) == ({"0": 7}, {"1": 7})
    assert third.data.x.num_shots == 5
    assert first.metadata["shots"] == 3


def test_the_seed_decides_the_shots_and_the_parameters_come_back(
    simulator: Any, runtime: Any
) -> None:
    circuit = rotations().measure_all(inplace=False)
    options = {"simulator": {"seed_simulator": 5}, "default_shots": 50}
    jobs = [
        SamplerV2(simulator, options=options).run([(circuit, [[1, 2]]), (circuit, [[1, 2]])])
        for _ in range(2)
    ]
    one, other = (job.result() for job in jobs)
    for k in range(2):
        np.testing.assert_array_equal(one[k].data.meas.array, other[k].data.meas.array)
    assert (one[0].data.meas.array != one[1].data.meas.array).any()
    inputs = runtime.job(jobs[0].job_id()).inputs
    assert inputs["options"]["simulator"]["seed_simulator"] == 5
    sent, values, shots = inputs["pubs"][0]
    assert sent == circuit
    assert (np.asarray(values).tolist(), shots) == ([[1, 2]], None)


def test_a_noise_model_of_aer_flips_bits_as_it_says(simulator: Any) -> None:
    model = NoiseModel()
    model.add_all_qubit_readout_error(ReadoutError([[0.9, 0.1], [0.3, 0.7]]))
    model.add_all_qubit_quantum_error(amplitude_damping_error(0.5), ["x"])
    circuit = QuantumCircuit(1)
    circuit.x(0)
    circuit.measure_all()
    options = {"simulator": {"noise_model": model}}
    job = SamplerV2(simulator, options=options).run([circuit], shots=20_000)
    ones = job.result()[0].data.meas.get_int_counts()[1]
    assert p_value(np.array([20_000 - ones, ones]), np.array([0.6, 0.4])) > 1e-6
    returned = job.inputs["options"]["simulator"]["noise_model"]
    assert returned.to_dict(serializable=True)["errors"]


def test_a_device_runs_circuits_of_its_gates_with_its_noise(runtime: Any) -> None:
    device = runtime.backend("fake_manila")
    circuit = QuantumCircuit(5, 1)
    circuit.sx(4)
    circuit.sx(4)
    circuit.measure(4, 0)
    ones = SamplerV2(device).run([circuit], shots=2000).result()[0].data.c.get_int_counts()[1]
    assert 1800 < ones < 2000


# Estimator.


def test_values_of_a_tiny_precision_are_those_of_the_state_vector(simulator: Any) -> None:
    circuit = efficient_su2(3, reps=1)
    points = np.random.default_rng(4).uniform(-2, 2, (2, 1, circuit.num_parameters))
    observables = ["ZZI", SparsePauliOp(["XIX", "IYY"], [0.5, -2]), "IIZ"]
    pubs: list[Any] = [
        (circuit, observables, points, 1e-9),
        (circuit, "ZZZ", points[0, 0], 1e-9),
        (circuit, [["XXX"], ["ZIZ"]], points[:, 0], 1e-9),
    ]
    results = EstimatorV2(simulator).run(pubs).result()
    expected = StatevectorEstimator().run([pub[:3] for pub in pubs]).result()
    for ours, theirs in zip(results, expected, strict=True):
        assert ours.data.shape == theirs.data.shape
        np.testing.assert_allclose(ours.data.evs, theirs.data.evs, atol=1e-9)
        np.testing.assert_array_equal(ours.data.stds, np.zeros(theirs.data.shape))


def test_sampled_values_have_the_precision_that_was_asked_for(simulator: Any) -> None:
    circuit = rotations()
    observables = [["ZZ"], ["XX"], ["ZI"], ["XI"]]
    values = np.random.default_rng(9).uniform(0, math.pi, (40, 2))
    exact = StatevectorEstimator().run([(circuit, observables, values)]).result()[0].data.evs
    cases: dict[str, tuple[dict[str, Any], float | None, float]] = {
        "by default": ({}, None, 1 / 64),
        "of the run": ({}, 0.05, 0.05),
        "of the options": ({"default_precision": 0.1}, None, 0.1),
        "of shots": ({"default_shots": 1000}, None, 1000**-0.5),
    }

    def check(case: tuple[dict[str, Any], float | None, float]) -> None:
        options, precision, expected = case
        options = {**options, "simulator": {"seed_simulator": 3}}
        estimator = EstimatorV2(simulator, options=options)
        result = estimator.run([(circuit, observables, values)], precision=precision).result()[0]
        assert result.metadata["target_precision"] == pytest.approx(expected)
        assert result.metadata["shots"] == round(expected**-2)
        spread = math.sqrt(np.mean((result.data.evs - exact) ** 2))
        assert 0.4 * expected < spread < 1.15 * expected
        assert np.mean(result.data.stds) == pytest.approx(spread, rel=0.3)

    check_each(cases, check)


def test_mitigation_without_noise_changes_nothing_and_is_refused_with_noise(
    simulator: Any, runtime: Any
) -> None:
    circuit = rotations()
    pubs = [(circuit, "ZZ", [0.3, 0.4], 1e-9)]
    exact = StatevectorEstimator().run([pubs[0][:3]]).result()[0].data.evs
    options: dict[str, dict[str, Any]] = {
        "level 2": {"resilience_level": 2},
        "twirling": {"twirling": {"enable_gates": True}},
        "decoupling": {"dynamical_decoupling": {"enable": True}},
        "ZNE": {"resilience": {"zne_mitigation": True}},
    }
    for each in options.values():
        result = EstimatorV2(simulator, options=each).run(pubs).result()
        assert result[0].data.evs == pytest.approx(exact)
        assert result.metadata["resilience"]["zne_mitigation"] is False
    device = runtime.backend("fake_manila")
    on_device = QuantumCircuit(5)
    on_device.sx(0)
    for each in options.values():
        with pytest.raises(exceptions.IBMRuntimeError, match="not available with noise"):
            EstimatorV2(device, options=each).run([(on_device, "IIIIZ")])
    value = EstimatorV2(device).run([(on_device, "IIIIY")]).result()[0].data.evs
    assert -1 < value < -0.9


# Refusals.


def test_what_cannot_be_honoured_is_refused_with_the_reason(simulator: Any) -> None:
    circuit = rotations().measure_all(inplace=False)
    cases: dict[str, tuple[dict[str, Any], str]] = {
        "signals": ({"execution": {"meas_type": "kerneled"}}, "must be classified"),
        "no reset": ({"execution": {"init_qubits": False}}, "begins each shot in the state 0"),
        "experiments": ({"experimental": {"magic": 1}}, "no such option here"),
        "shots": ({"default_shots": 2_000_000}, "at most 1,000,000"),
    }

    def check(case: tuple[dict[str, Any], str]) -> None:
        options, words = case
        with pytest.raises(exceptions.IBMRuntimeError, match=words):
            SamplerV2(simulator, options=options).run([(circuit, [1, 2])])

    check_each(cases, check)


def test_a_job_whose_circuit_fails_has_the_reason(simulator: Any) -> None:
    circuit = rotations().measure_all(inplace=False)
    opaque = QuantumCircuit(1, 1)
    opaque.append(circuit.to_instruction().__class__("mystery", 1, 0, []), [0])
    opaque.measure(0, 0)
    job = SamplerV2(simulator).run([opaque])
    with pytest.raises(exceptions.RuntimeJobFailureError, match="mystery"):
        job.result()


def test_wrong_parameters_are_refused_at_once(service: Service) -> None:
    def pub(*items: Any) -> dict[str, Any]:
        return {"pubs": [list(items)], "version": 2}

    text = "qubit q; bit c; c = measure q;"
    cases: dict[str, tuple[str, dict[str, Any], str]] = {
        "no pubs": ("sampler", {"pubs": []}, "params.pubs: must be a list of one or more"),
        "no list": ("sampler", {"pubs": [7]}, "params.pubs.0: must be a list"),
        "a number": ("sampler", pub(7), "params.pubs.0.0: must be a circuit"),
        "a pickle": (
            "sampler", pub({"__type__": "QuantumCircuit", "__value__": "gASV"}), "is not QPY"
        ),
        "an instruction": (
            "sampler", pub({"__type__": "Instruction", "__value__": "gASV"}), "must be a circuit"
        ),
        "values": ("sampler", pub(text, {"__type__": "settings"}), "for each name"),
        "shots": ("sampler", pub(text, [], 0), "params.pubs.0.2: must be a positive number"),
        "truth": ("sampler", pub(text, [], True), "params.pubs.0.2: must be a positive number"),
        "too many items": ("sampler", pub(text, [], 1, 2), "and shots"),
        "observables": ("estimator", pub(text, 5), "params.pubs.0.1: must be an observable"),
        "letters": ("estimator", pub(text, {"Q": 1}), "must be letters"),
        "a complex weight": ("estimator", pub(text, {"Z": [0, 1]}), "must be a real number"),
        "precision": ("estimator", pub(text, {"Z": 1}, [], -1), "must be a positive number"),
        "a level": ("estimator", {**pub(text, {"Z": 1}), "resilience_level": 3}, "0, 1 or 2"),
    }  # fmt: skip

    def check(case: tuple[str, dict[str, Any], str]) -> None:
        program, params, words = case
        body = {"program_id": program, "backend": "simulator", "params": params}
        answer = service.http.post("/ibm/experimental/jobs", json=body)
        assert answer.status_code == 400, answer.text
        assert words in answer.text

    check_each(cases, check)
