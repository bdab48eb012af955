"""Quantum programs of IBM's client, unmodified, and the primitives that it builds on them."""

import json
from typing import Any

import numpy as np
import pytest
from qiskit import (
    ClassicalRegister,
    QuantumCircuit,
    QuantumRegister,
    generate_preset_pass_manager,
    transpile,
)
from qiskit.circuit import Parameter
from qiskit.quantum_info import PauliLindbladMap, SparsePauliOp, Statevector

from tests.doors.ibm_client import set_ibm_variables
from tests.support.chisquare import p_value
from tests.support.lazy_import import lazy_import
from tests.support.samplexes import exact_probabilities, twirl, two_angles, value_counts
from tests.support.services import Service

pytestmark = pytest.mark.xdist_group("ibm")
"""One process imports the client, which takes seconds."""

runtime = lazy_import("qiskit_ibm_runtime")
executor_sampler = lazy_import("qiskit_ibm_runtime.executor_sampler")
executor_estimator = lazy_import("qiskit_ibm_runtime.executor_estimator")

LEAST_P = 1e-6


@pytest.fixture
def cloud(service: Service, monkeypatch: pytest.MonkeyPatch) -> Any:
    set_ibm_variables(monkeypatch, service)
    return runtime.QiskitRuntimeService()


@pytest.fixture
def simulator(cloud: Any) -> Any:
    return cloud.backend("simulator")


def test_items_of_circuits_and_samplexes_have_their_distributions(simulator: Any) -> None:
    circuit, rng = two_angles(), np.random.default_rng(3)
    twirled = twirl(circuit)
    values, of_samplex = rng.random((2, 3, 2)), rng.random((3, 1, 2))
    data: dict[str, Any] = {
        "text": "ciao",
        "none": None,
        "list": [1, 2.5, True],
        "array": np.array([1.0, 2.0]),
    }
    program = runtime.QuantumProgram(shots=500, passthrough_data=data)
    program.append_circuit_item(circuit, circuit_arguments=values)
    program.append_samplex_item(
        twirled.template, samplex=twirled.samplex, shape=(10, 3, 2),
        samplex_arguments={"parameter_values": of_samplex},
    )  # fmt: skip
    job = runtime.Executor(simulator).run(program)
    first, second = result = job.result()

    assert list(first) == ["c"]
    assert (first["c"].shape, first["c"].dtype) == ((2, 3, 500, 2), np.dtype(bool))
    for index in np.ndindex(2, 3):
        exact = exact_probabilities(circuit, values[index])
        assert p_value(value_counts(first["c"][index]), exact) > LEAST_P

    assert set(second) == {"c", "measurement_flips.c"}
    assert second["measurement_flips.c"].shape == (10, 3, 2, 1, 2)
    bits = second["c"] ^ second["measurement_flips.c"]
    for number in range(3):
        exact = exact_probabilities(circuit, of_samplex[number, 0])
        assert p_value(value_counts(bits[:, number]), exact) > LEAST_P

    echo = result.passthrough_data
    assert np.array_equal(echo.pop("array"), data.pop("array"))
    assert echo == data
    sizes = [part.size for span in result.metadata.chunk_timing for part in span.parts]
    assert sizes == [6, 60]


def test_the_inputs_of_a_job_are_those_that_were_sent(simulator: Any) -> None:
    twirled = twirl(two_angles())
    program = runtime.QuantumProgram(shots=7, passthrough_data={"a": [1]})
    program.append_circuit_item(twirled.circuit, circuit_arguments=np.full((3, 2), 0.5))
    program.append_samplex_item(
        twirled.template, samplex=twirled.samplex,
        samplex_arguments={"parameter_values": np.array([0.1, 0.2])}, shape=(4,),
    )  # fmt: skip
    inputs = runtime.Executor(simulator).run(program).inputs
    again = inputs["quantum_program"]
    assert (again.shots, again.passthrough_data) == (7, {"a": [1]})
    assert [item.circuit for item in again.items] == [item.circuit for item in program.items]
    assert np.array_equal(again.items[0].circuit_arguments, np.full((3, 2), 0.5))
    assert again.items[1].samplex.finalize() == twirled.samplex
    assert again.items[1].shape == (4,)


def test_registers_come_back_one_by_one(simulator: Any) -> None:
    wide, narrow = ClassicalRegister(11, "wide"), ClassicalRegister(1, "narrow")
    circuit = QuantumCircuit(QuantumRegister(12), wide, narrow)
    ones = [0, 3, 10]
    circuit.x(ones)
    circuit.measure(range(11), wide)
    circuit.measure(11, narrow)
    with circuit.if_test((wide[0], 1)):
        circuit.x(11)
    circuit.measure(11, narrow)
    program = runtime.QuantumProgram(shots=9)
    program.append_circuit_item(circuit)
    (item,) = runtime.Executor(simulator).run(program).result()
    expected = np.zeros(11, dtype=bool)
    expected[ones] = True
    assert np.array_equal(item["wide"], np.tile(expected, (9, 1)))
    assert np.array_equal(item["narrow"], np.ones((9, 1), dtype=bool))


def entangled() -> QuantumCircuit:
    circuit = QuantumCircuit(3)
    for qubit in range(3):
        circuit.ry(0.4 + qubit, qubit)
    circuit.cx(0, 1)
    circuit.cx(1, 2)
    circuit.rx(Parameter("t"), 2)
    return circuit


def with_hardware_gates(circuit: QuantumCircuit) -> QuantumCircuit:
    """The circuit in gates that samplomatic twirls: it exchanges angles of `ry`, `p` and `u`."""
    return transpile(circuit, basis_gates=["rz", "sx", "x", "cz"], optimization_level=1)


def counts_of(data: Any, register: str) -> Any:
    array = getattr(data, register).to_bool_array(order="little")
    return value_counts(array)


def test_the_sampler_of_the_client_runs_twirled_and_as_it_is(simulator: Any) -> None:
    measured = entangled()
    measured.measure_all()
    isa = with_hardware_gates(measured)
    exact = exact_probabilities(measured, np.array([0.7]))
    for twirling in (False, True):
        sampler = executor_sampler.SamplerV2(simulator)
        sampler.options.twirling.enable_gates = twirling
        sampler.options.twirling.enable_measure = twirling
        job = sampler.run([(isa, [0.7]), (isa, [[0.7], [0.1]])], shots=4096)
        one, several = job.result()
        assert several.data.meas.shape == (2,)
        assert p_value(counts_of(one.data, "meas"), exact) > LEAST_P


def estimate(backend: Any, circuit: Any, observable: Any, **resilience: Any) -> tuple[Any, Any]:
    estimator = executor_estimator.EstimatorV2(backend)
    for name, value in resilience.items():
        setattr(estimator.options.resilience, name, value)
    data = estimator.run([(circuit, observable, [0.7])], precision=0.03).result()[0].data
    return data.evs, data.stds


def test_the_estimator_of_the_client_has_exact_values_within_its_errors(simulator: Any) -> None:
    terms = [("ZZZ", 1.0), ("XIX", 0.5), ("IYZ", 0.3)]
    circuit, observable = entangled(), SparsePauliOp.from_list(terms)
    isa = with_hardware_gates(circuit)
    exact = Statevector(circuit.assign_parameters([0.7])).expectation_value(observable).real
    for options in ({}, {"measure_mitigation": False}, {"zne_mitigation": True}):
        value, error = estimate(simulator, isa, observable, **options)
        assert abs(value - exact) < 5 * max(error, 0.02), (options, value, error, exact)


def test_error_cancellation_draws_from_the_maps_of_its_noise_model(simulator: Any) -> None:
    circuit = entangled()
    isa = with_hardware_gates(circuit)
    observable = SparsePauliOp.from_list([("ZZZ", 1.0)])
    estimator = executor_estimator.EstimatorV2(simulator)
    estimator.options.resilience.pec_mitigation = True
    layers = estimator.find_unique_layers([(isa, observable, [0.7])], types="gates")
    noise = [
        (layer, PauliLindbladMap.from_list([("X" * layer.operation.num_qubits, 0.01)]))
        for layer in layers
    ]
    assert noise
    value, error = estimate(
        simulator, isa, observable, pec_mitigation=True, layer_noise_model=noise,
        measure_mitigation=False,
    )  # fmt: skip
    assert np.isfinite(value) and error < 0.3


def test_a_device_runs_twirled_circuits_with_its_noise(cloud: Any) -> None:
    backend = cloud.backend("fake_manila")
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    sampler = executor_sampler.SamplerV2(backend)
    sampler.options.twirling.enable_gates = True
    sampler.options.twirling.enable_measure = True
    isa = generate_preset_pass_manager(1, backend=backend, seed_transpiler=1).run(circuit)
    counts = counts_of(sampler.run([isa], shots=2000).result()[0].data, "meas")
    wrong = (counts[1] + counts[2]) / counts.sum()
    assert 0.005 < wrong < 0.3


def test_a_program_that_fails_says_which_item_and_why(simulator: Any) -> None:
    program = runtime.QuantumProgram(shots=1)
    good = QuantumCircuit(1, 1)
    good.measure(0, 0)
    wide = QuantumCircuit(20_000, 1)
    wide.measure(0, 0)
    program.append_circuit_item(good)
    program.append_circuit_item(wide)
    job = runtime.Executor(simulator).run(program)
    with pytest.raises(runtime.RuntimeJobFailureError, match="at most 10,000 qubits"):
        job.result()


def test_results_are_plain_json(service: Service, simulator: Any) -> None:
    circuit = QuantumCircuit(1, 3)
    circuit.x(0)
    circuit.measure(0, 1)
    program = runtime.QuantumProgram(shots=3)
    program.append_circuit_item(circuit)
    job = runtime.Executor(simulator).run(program)
    job.result()
    text = service.http.get(f"/ibm/experimental/jobs/{job.job_id()}/results").text
    assert json.loads(text)["data"][0]["results"]["c"]["shape"] == [3, 3]
