"""Errors by instruction, over HTTP and through the Qiskit adapter, against Aer."""

import json
import logging
from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Parameter
from qiskit.circuit.library import Initialize, XGate
from qiskit_aer.noise import (
    LocalNoisePass,
    NoiseModel,
    ReadoutError,
    amplitude_damping_error,
    depolarizing_error,
    pauli_error,
)

from quantumtask.client.qiskit import (
    EstimatorV2,
    QuantumTaskBackend,
    QuantumTaskProvider,
    SamplerV2,
    UnsupportedOption,
)
from quantumtask.client.qiskit.noise import AerNoiseModel
from quantumtask.engines.backends.noisy import NoisyBackend
from quantumtask.engines.noise.request import resolve_device_gates, resolve_noise
from quantumtask.openqasm import compile_sweep
from quantumtask.shared.settings import Settings
from quantumtask.shared.task_options import parse_noise
from tests.engines.noise_models import aer_counts, aer_probabilities, random_circuit, random_model
from tests.support.chisquare import p_value
from tests.support.http_queries import circuit_error, run_circuit
from tests.support.lazy_import import lazy_import
from tests.support.problems import problem
from tests.support.services import BELL, Service
from tests.support.sizes import sized

fake_provider = lazy_import("qiskit_ibm_runtime.fake_provider")

SETTINGS = Settings()
UNLIKELY = 1e-6
FLIP = pauli_error([("X", 1.0)])


@pytest.fixture(scope="module")
def backend(service: Service) -> Iterator[QuantumTaskBackend]:
    with QuantumTaskProvider(service.url) as provider:
        yield provider.backend("simulator")


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Silence Aer, which logs each error that another error replaces."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def sent(circuit: QuantumCircuit, model: NoiseModel) -> tuple[Any, Any]:
    """Return the program and the noise as the adapter sends them."""
    exported, noise = AerNoiseModel(model, compiled=False).export(circuit)
    noise = json.loads(json.dumps(noise))
    sweep = compile_sweep(
        exported.text, SETTINGS, None, resolve_device_gates("simulator", parse_noise(noise))
    )
    return sweep.program, resolve_noise("simulator", parse_noise(noise))


@pytest.mark.parametrize("seed", range(sized(12, 40)))
def test_random_models_and_circuits_have_the_counts_of_aer(seed: int) -> None:
    lots = Random(seed)
    model, circuit = random_model(lots), random_circuit(lots)
    program, noise = sent(circuit, model)
    exact = NoisyBackend(noise, SETTINGS, seed=1).probabilities(program)
    assert p_value(aer_counts(circuit, model, 1500).astype(np.int64), exact) > UNLIKELY
    shots = NoisyBackend(noise, SETTINGS, seed=1).sample(program, 1500, seed, False)
    result = np.zeros(16, dtype=np.int64)
    for outcome, count in shots.counts.by_outcome.items():
        result[outcome] = count
    assert p_value(result, exact) > UNLIKELY


@pytest.mark.parametrize("seed", range(sized(8, 20)))
def test_exact_probabilities_are_those_of_aers_density_matrix(seed: int) -> None:
    lots = Random(1000 + seed)
    model, circuit = random_model(lots), random_circuit(lots)
    quiet_model = NoiseModel()
    quiet_model._default_quantum_errors = {
        name: error for name, error in model._default_quantum_errors.items() if name != "measure"
    }
    quiet_model._local_quantum_errors = {
        name: errors for name, errors in model._local_quantum_errors.items() if name != "measure"
    }
    circuit.data = [item for item in circuit.data if item.clbits != (circuit.clbits[3],)]
    program, noise = sent(circuit, quiet_model)
    reference = aer_probabilities(circuit, quiet_model)
    for engine in ("auto", "quantumtask"):
        result = NoisyBackend(noise, SETTINGS, seed=1, engine=engine).probabilities(program)
        assert result[:8] == pytest.approx(reference, abs=1e-7), engine


def counts(backend: QuantumTaskBackend, circuit: QuantumCircuit, model: Any, **more: Any) -> Any:
    return backend.run(circuit, noise_model=model, shots=400, **more).result().get_counts()


def one(*gates: Any) -> QuantumCircuit:
    """Return a circuit of gates on one qubit, which is then measured."""
    circuit = QuantumCircuit(1, 1)
    for gate in gates:
        circuit.append(gate, [0])
    circuit.measure(0, 0)
    return circuit


def model_of(error: Any, name: str, qubits: list[int] | None = None) -> NoiseModel:
    model = NoiseModel()
    if qubits is None:
        model.add_all_qubit_quantum_error(error, name)
    else:
        model.add_quantum_error(error, name, qubits)
    return model


def test_a_noise_model_of_a_run_is_honoured(backend: QuantumTaskBackend) -> None:
    bell = QuantumCircuit(2)
    bell.h(0)
    bell.cx(0, 1)
    bell.measure_all()
    result = counts(backend, bell, model_of(pauli_error([("IX", 1.0)]), "cx"))
    assert set(result) == {"01", "10"}
    assert set(counts(backend, bell, model_of(pauli_error([("IX", 1.0)]), "cx", [1, 0]))) == {
        "00", "11",
    }  # fmt: skip


def test_a_label_takes_the_place_of_a_name(backend: QuantumTaskBackend) -> None:
    assert counts(backend, one(XGate(label="quiet")), model_of(FLIP, "x")) == {"1": 400}
    assert counts(backend, one(XGate(label="loud")), model_of(FLIP, "loud")) == {"0": 400}
    assert counts(backend, one(XGate()), model_of(FLIP, "x")) == {"0": 400}


def test_an_error_of_a_measurement_comes_before_it(backend: QuantumTaskBackend) -> None:
    circuit = QuantumCircuit(1, 2)
    circuit.measure(0, 0)
    circuit.measure(0, 1)
    assert counts(backend, circuit, model_of(FLIP, "measure")) == {"01": 400}


def test_an_error_of_a_reset_comes_after_it_even_where_the_reset_does_nothing(
    backend: QuantumTaskBackend,
) -> None:
    circuit = QuantumCircuit(1, 1)
    circuit.reset(0)
    circuit.measure(0, 0)
    assert counts(backend, circuit, model_of(FLIP, "reset")) == {"1": 400}


def test_what_a_state_is_prepared_by_does_not_err(backend: QuantumTaskBackend) -> None:
    circuit = QuantumCircuit(2, 2)
    circuit.append(Initialize([0, 0, 0, 1]), [0, 1])
    circuit.measure([0, 1], [0, 1])
    model = NoiseModel()
    model.add_all_qubit_quantum_error(depolarizing_error(1, 1), ["ry", "rz", "u", "x", "h"])
    model.add_all_qubit_quantum_error(depolarizing_error(1, 2), ["cx"])
    assert counts(backend, circuit, model) == {"11": 400}


def test_parameters_are_bound_by_the_service_with_a_noise_model(
    backend: QuantumTaskBackend,
) -> None:
    angle = Parameter("a")
    circuit = QuantumCircuit(1, 1)
    circuit.r(angle, 0.0, 0)
    circuit.measure(0, 0)
    binds = [{angle: [0, np.pi, 0]}]
    job = backend.run(circuit, binds, noise_model=model_of(FLIP, "r"), shots=50)
    assert job.result().get_counts() == [{"1": 50}, {"0": 50}, {"1": 50}]


def test_feed_forward_has_the_noise_of_a_model(backend: QuantumTaskBackend) -> None:
    circuit = QuantumCircuit(2, 2)
    circuit.x(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.append(XGate(label="corrected"), [1])
    circuit.measure(1, 1)
    model = model_of(FLIP, "corrected")
    assert counts(backend, circuit, model) == {"01": 400}
    model.add_all_qubit_readout_error(ReadoutError([[1, 0], [1, 0]]))
    assert counts(backend, circuit, model) == {"00": 400}


def test_the_model_of_a_device_travels_with_its_relaxation(backend: QuantumTaskBackend) -> None:
    device = fake_provider.FakeManilaV2()
    model = NoiseModel.from_backend(device)
    ghz = QuantumCircuit(3)
    ghz.h(0)
    ghz.cx(0, 1)
    ghz.cx(1, 2)
    ghz.measure_all()
    compiled = transpile(ghz, device, seed_transpiler=1, optimization_level=1)
    totals = np.zeros(8, dtype=np.int64)
    result = backend.run(compiled, noise_model=model, shots=4000, seed_simulator=1).result()
    for bits, shots in result.get_counts().items():
        totals[int(bits, 2)] = shots
    reference = aer_counts(compiled, model, 20000)
    assert np.abs(totals / 4000 - reference / 20000).sum() / 2 < 0.03
    waiting = compiled.copy()
    waiting.data = list(compiled.data)
    waiting.delay(100, 0)
    with pytest.raises(UnsupportedOption, match="noise pass RelaxationNoisePass"):
        backend.run(waiting, noise_model=model)


def test_primitives_have_the_noise_model_of_their_backend(backend: QuantumTaskBackend) -> None:
    import copy

    noisy = copy.deepcopy(backend)
    noisy.set_options(noise_model=model_of(FLIP, "x"))
    flipped = QuantumCircuit(1)
    flipped.x(0)
    value = EstimatorV2(noisy).run([(flipped, "Z")]).result()[0].data.evs
    assert value == pytest.approx(1)
    flipped.measure_all()
    assert SamplerV2(noisy).run([flipped]).result()[0].data.meas.get_counts() == {"0": 1024}
    noisy.set_options(noise_model=None)
    assert SamplerV2(noisy).run([flipped]).result()[0].data.meas.get_counts() == {"1": 1024}


@pytest.mark.parametrize(
    ("model", "word"),
    [
        ("noisy", "must be a NoiseModel of Qiskit Aer; got a str"),
        ({"errors": []}, "must be a NoiseModel of Qiskit Aer; got a dict"),
    ],
)
def test_what_is_no_noise_model_is_refused(
    backend: QuantumTaskBackend, model: Any, word: str
) -> None:
    with pytest.raises(UnsupportedOption, match=word):
        backend.run(one(XGate()), noise_model=model)


def test_what_of_a_model_cannot_be_honoured_is_refused_by_name(
    backend: QuantumTaskBackend,
) -> None:
    model = NoiseModel()
    model.add_readout_error(np.eye(4)[::-1], [0, 1])
    with pytest.raises(UnsupportedOption, match=r"readout error of qubits \[\[0, 1\]\]"):
        backend.run(one(XGate()), noise_model=model)
    model = model_of(FLIP, "x")
    model._custom_noise_passes.append(LocalNoisePass(lambda *_: None, op_types=XGate))
    with pytest.raises(UnsupportedOption, match="noise pass LocalNoisePass"):
        backend.run(one(XGate()), noise_model=model)
    with pytest.raises(UnsupportedOption, match="noise_model: give this or `noise`"):
        backend.run(one(XGate()), noise_model=model_of(FLIP, "x"), noise={"readout": {}})


HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
OWN = HEAD + "gate own a { x a; }\nqubit[2] q;\nbit[2] c;\nown q[0];\nx q[1];\nc = measure q;\n"


def quantum(name: str, steps: Any, **more: Any) -> dict[str, Any]:
    error = {"type": "qerror", "operations": [name], "instructions": [steps]}
    return {**error, "probabilities": [1], **more}


X = [{"name": "x", "qubits": [0]}]
KRAUS = [[[[1, 0], [0, 0]], [[0, 0], [0, 0]]], [[[0, 0], [1, 0]], [[0, 0], [0, 0]]]]
"""Of a reset."""


@pytest.mark.parametrize(
    ("errors", "result"),
    [
        ([], "11"),
        ([quantum("x", X)], "00"),  # of both, because `own` is made of `x`
        ([quantum("own", X)], "10"),
        ([quantum("own", [{"name": "id", "qubits": [0]}]), quantum("x", X)], "01"),
        ([quantum("x", X, gate_qubits=[[1]])], "01"),
        ([quantum("x", X, gate_qubits=[[0]])], "10"),
        ([quantum("x", X), quantum("x", [], gate_qubits=[[0]])], "01"),
        ([quantum("x", [{"name": "reset", "qubits": [0]}])], "00"),
        ([quantum("x", [{"name": "pauli", "qubits": [0], "params": ["Y"]}])], "00"),
        ([quantum("x", [{"name": "kraus", "qubits": [0], "params": KRAUS}])], "00"),
        ([quantum("x", [{"name": "rx", "qubits": [0], "params": [3.141592653589793]}])], "00"),
        ([quantum("measure", X, gate_qubits=[[0]])], "10"),
        ([{"type": "roerror", "probabilities": [[1, 0], [1, 0]], "gate_qubits": [[1]]}], "01"),
        ([{"type": "roerror", "probabilities": [[1, 0], [1, 0]], "operations": ["measure"]}], "00"),
    ],
)
def test_errors_by_name_and_qubits_over_http(service: Service, errors: Any, result: str) -> None:
    body = run_circuit(service, OWN, noise={"errors": errors}, shots=20, **{
        "return": ["counts", "probabilities"]
    })  # fmt: skip
    assert body["result"] == {result: 20}
    assert np.flatnonzero(body["data"]["probabilities"] > 1e-9) == [int(result, 2)]
    assert body["reason"].startswith("noise of the given errors")


def test_basis_gates_are_instructions_of_their_own(service: Service) -> None:
    noise = {"errors": [quantum("x", X)], "basis_gates": ["own"]}
    assert run_circuit(service, OWN, noise=noise, shots=20)["result"] == {"01": 20}


@pytest.mark.parametrize(
    ("errors", "word"),
    [
        (
            [quantum("x", [{"name": "y", "qubits": [4]}])],
            "noise.errors.0.instructions.0.0.qubits.0",
        ),
        ([quantum("x", [{"name": "y"}])], "noise.errors.0.instructions.0.0.qubits: field required"),
        (
            [quantum("x", X) | {"probabilities": [0.5]}],
            "noise.errors.0: probabilities: must sum to 1; the sum is 0.5",
        ),
        (
            [quantum("x", X) | {"probabilities": []}],
            "noise.errors.0: probabilities: must be 1, one",
        ),
        ([quantum("x", X) | {"probabilities": [-1]}], "noise.errors.0.probabilities.0: "),
        ([quantum("x", X) | {"more": 1}], "noise.errors.0.more: "),
        (
            [{"type": "roerror", "probabilities": [[1, 1], [0, 1]]}],
            "noise.errors.0: probabilities: ",
        ),
        ([{"type": "roerror", "probabilities": [[1]]}], "noise.errors.0.probabilities"),
        ([{"type": "magic"}], "noise.errors.0.type: "),
        (["x"], "noise.errors.0: "),
        ("x", "noise.errors: "),
    ],
)
def test_errors_that_mean_nothing_are_refused_by_their_place(
    service: Service, errors: Any, word: str
) -> None:
    answer = service.http.post("/tasks", json={"circuit": BELL, "noise": {"errors": errors}})
    assert (answer.status_code, problem(answer)["code"]) == (400, "invalid_request")
    assert str(problem(answer)["detail"]).startswith(word)


@pytest.mark.parametrize(
    ("errors", "word"),
    [
        ([quantum("x", [{"name": "magic", "qubits": [0]}])], "errors.0.instructions.0.0.name"),
        ([quantum("x", [{"name": "x", "qubits": [0, 1]}])], "errors.0.instructions.0.0.qubits"),
        ([quantum("x", [{"name": "cx", "qubits": [1, 1]}])], "errors.0.instructions.0.0.qubits"),
        (
            [quantum("x", [{"name": "rx", "qubits": [0], "params": ["a"]}])],
            "must be finite numbers",
        ),
        ([quantum("x", [{"name": "pauli", "qubits": [0], "params": ["Q"]}])], "letters I X Y Z"),
        (
            [quantum("x", [{"name": "unitary", "qubits": [0], "params": [[[1]]]}])],
            "rows of [re, im]",
        ),
        ([quantum("x", [{"name": "kraus", "qubits": [0], "params": KRAUS[:1]}])], "keep the trace"),
        ([quantum("x", [{"name": "unitary", "qubits": [0], "params": KRAUS}])], "one matrix"),
        (
            [quantum("x", [{"name": "cx", "qubits": [0, 1]}], gate_qubits=[[0]])],
            "errors.0.gate_qubits",
        ),
        ([quantum("x", X), quantum("x", X)], "an error of this operation on these qubits already"),
        ([quantum("x", [{"name": "cx", "qubits": [0, 1]}])], "the error of 'x' acts on 2 qubits"),
    ],
)
def test_errors_that_are_no_channels_fail_the_task_and_say_why(
    service: Service, errors: Any, word: str
) -> None:
    code, text = circuit_error(service, OWN, noise={"errors": errors})
    assert code == "bad_noise"
    assert word in text


def test_rates_and_errors_do_not_go_together(service: Service) -> None:
    noise = {"errors": [], "readout": {"zero_as_one": 0.1}}
    assert circuit_error(service, BELL, noise=noise)[0] == "invalid_request"


def test_a_model_may_take_the_place_of_a_devices_own_noise(service: Service) -> None:
    noise = {"errors": [quantum("cx", [{"name": "pauli", "qubits": [0, 1], "params": ["XX"]}])]}
    body = run_circuit(service, BELL, backend="fake_manila", noise=noise, shots=50)
    assert set(body["result"]) == {"00", "11"}
    assert body["compiled"]["gates"]["cx"] == 1


def test_a_large_model_of_a_device_is_taken(service: Service) -> None:
    noise = NoiseModel.from_backend(fake_provider.FakeManilaV2()).to_dict(serializable=True)
    assert set(run_circuit(service, BELL, noise=noise, shots=200)["result"]) >= {"00", "11"}


def test_a_kraus_error_damps_as_much_as_it_says(service: Service) -> None:
    model = model_of(amplitude_damping_error(0.3), "x")
    circuit = HEAD + "qubit q;\nbit c;\nx q;\nc = measure q;\n"
    fields = {"noise": model.to_dict(serializable=True), "return": ["probabilities"]}
    assert run_circuit(service, circuit, **fields)["data"]["probabilities"] == pytest.approx(
        [0.3, 0.7]
    )
