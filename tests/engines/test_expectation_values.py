"""Expectation values: from shots, exact, and from a reference of density matrices."""

import json
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp

from quantumtask.client.qiskit import EstimatorV2, QuantumTaskProvider
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Failure, Result, TaskSpec
from quantumtask.worker.slots.execute import execute
from tests.engines import density_reference
from tests.engines.density_reference import Noise
from tests.support.http_queries import decode_array
from tests.support.services import Service
from tests.support.sizes import sized

SETTINGS = Settings()
SHOTS = 400
IDEAL = Noise()
ENGINES = ["auto", "quantumtask", "stim", "aer", "lightning"]


def run(
    circuit: str,
    engine: str = "auto",
    seed: int = 1,
    parameters: dict[str, Any] | None = None,
    method: str | None = None,
    **options: Any,
) -> Result | Failure:
    parameter_text = None if parameters is None else json.dumps(parameters)
    option_text = json.dumps(options)
    spec = TaskSpec(
        circuit,
        1,
        seed,
        parameters=parameter_text,
        options=option_text,
        engine=engine,
        method=method,
    )
    outcome = execute(spec, SETTINGS)
    assert isinstance(outcome, Result | Failure)
    return outcome


def arrays(result: Result | Failure) -> tuple[Any, Any]:
    assert isinstance(result, Result), result
    data = json.loads(result.data or "")
    return tuple(decode_array(data[name]) for name in ("expectation_values", "standard_errors"))


def spread(word: str, value: float) -> float:
    """Return the standard deviation of one measurement of a word; approximate for projectors."""
    pauli = set(word) <= set("IXYZ")
    return float(np.sqrt(max(0.0, 1 - value**2 if pauli else abs(value))))


def check(circuit: str, words: list[str], right: Any, engines: list[str], **more: Any) -> int:
    compared = 0
    for number, engine in enumerate(engines):
        outcome = run(circuit, engine, 100 + number, observables=words, precision=0.05, **more)
        if isinstance(outcome, Failure):
            assert outcome.code == "engine_unsuitable", (circuit, outcome)
            continue
        values, errors = arrays(outcome)
        for word, value, error, exact in zip(words, values, errors, right, strict=True):
            margin = 5 * max(error, spread(word, exact) / SHOTS**0.5) + 1e-9
            assert abs(value - exact) <= margin, (circuit, engine, word, value, exact, error)
            compared += 1
    return compared


HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'

ENDS: dict[str, tuple[str, dict[str, float]]] = {
    "the first of two measurements in a row is on the way": (
        "qubit q; bit[2] c; ry(1.0) q; c[0] = measure q; c[1] = measure q;", {"X": 0, "Z": 0.5403}
    ),
    "another qubit was reset on the way": (
        "qubit[2] q; bit[2] c; x q[1]; reset q[1]; h q[0]; c = measure q;", {"IX": 1, "ZI": 1}
    ),
    "another qubit was measured on the way": (
        "qubit[2] q; bit[2] c; h q[1]; c[1] = measure q[1]; h q[1]; h q[0]; c = measure q;",
        {"IX": 1, "XI": 0},
    ),
    "a measured qubit goes on": (
        "qubit q; bit c; h q; c = measure q; z q;", {"X": 0, "Z": 0}
    ),
    "a qubit that was reset ends with a measurement of its own": (
        "qubit q; bit c; h q; c = measure q; reset q; ry(1.0) q; c = measure q;", {"X": 0.8415}
    ),
    "an outcome is needed": (
        "qubit[2] q; bit[2] c; h q[0]; h q[1]; c = measure q; if (c[0]) z q[1];", {"IX": 0, "XI": 0}
    ),
    "an outcome is needed that was read before the qubit was reset": (
        ("qubit[2] q; bit[2] c; h q[0]; c[0] = measure q[0]; if (c[0]) x q[1]; reset q[0]; h q[0]; "
        "c = measure q;"),
        {"IX": 1, "ZI": 0, "ZX": 0},
    ),
    "an outcome in a bit that is overwritten is not needed": (
        ("qubit[2] q; bit c; h q[0]; ry(1.0) q[1]; c = measure q[0]; c = measure q[1]; "
        "if (c) { }"),
        {"IX": 1, "XI": 0},
    ),
    "one of two ways touches the qubit": (
        ("qubit[2] q; bit[2] c; ry(1.0) q[0]; ry(1.0) q[1]; c[1] = measure q[1]; "
        "c[0] = measure q[0]; if (c[0]) { reset q[1]; }"),
        {"XI": 0},
    ),
    "no way touches the qubit": (
        ("qubit[3] q; bit[3] c; ry(1.0) q[0]; ry(1.0) q[1]; c[1] = measure q[1]; "
        "c[0] = measure q[0]; if (c[0]) { reset q[2]; } else { x q[2]; }"),
        {"IXI": 0.8415, "IIX": 0},
    ),
    "an inner `if` that a shot may not come to": (
        "qubit[3] q; bit[3] c; h q[0]; h q[1]; c = measure q; if (c[0]) { if (c[1]) reset q[2]; }",
        {"IXI": 0, "IIX": 0, "ZII": 1},
    ),
    "a loop that may come again": (
        ("qubit[2] q; bit[2] c; h q[0]; h q[1]; c = measure q; "
        "while (c[0]) { x q[1]; reset q[0]; c[0] = measure q[0]; }"),
        {"XI": 0, "IZ": 1},
    ),
    "a loop that does not come to the qubit": (
        ("qubit[2] q; bit[2] c; h q[0]; h q[1]; c = measure q; "
        "while (c[0]) { reset q[0]; c[0] = measure q[0]; }"),
        {"XI": 1, "IZ": 1},
    ),
    "the end of the program in one way, and a gate that only the others come to": (
        "qubit[3] q; bit[3] c; h q; c = measure q; if (c[0]) { reset q[0]; end; } z q[1];",
        {"IXI": 0, "XII": 1},
    ),
    "a subroutine that returns early": (
        ("qubit[3] q; bit[3] c; def f(qubit a, bit b) { if (b) { reset a; return; } x a; } "
        "h q; c[0] = measure q[0]; c[1] = measure q[1]; c[2] = measure q[2]; f(q[1], c[0]);"),
        {"IXI": 0, "XII": 1, "IIX": 0},
    ),
    "barriers and delays": (
        (
            "qubit[3] q; bit[3] c; h q; c = measure q; barrier q; delay[9ns] q[1]; "
            "if (c[0]) { reset q[2]; delay[9ns] q[1]; barrier q; } delay[9ns] q;"
        ),
        {"IXI": 1, "IIX": 0, "XII": 0},
    ),
    "a switch": (
        ("qubit[3] q; bit[2] c; h q; c[0] = measure q[0]; c[1] = measure q[1]; "
        "switch (int(c[0])) { case 0 { z q[1]; } default { } }"),
        {"IXI": 0, "XII": 1, "IIX": 0},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ENDS)
def test_what_is_taken_back_is_the_same_everywhere(name: str) -> None:
    circuit, right = ENDS[name]
    words = list(right)
    exact, errors = arrays(run(HEAD + circuit, observables=words))
    assert np.allclose(exact, list(right.values()), atol=1e-4)
    assert not errors.any()
    assert check(HEAD + circuit, words, exact, ENGINES)


@pytest.mark.parametrize(
    ("circuit", "word", "value"),
    [
        ("qubit q; bit[2] c; ry(1.0) q; c[0] = measure q; c[1] = measure q;", "X", 0),
        ("qubit[2] q; bit[2] c; x q[1]; reset q[1]; h q[0]; c = measure q;", "IX", 1),
    ],
)
def test_a_precision_changes_no_value_over_http(
    service: Service, circuit: str, word: str, value: float
) -> None:
    for engine in ("auto", "quantumtask", "aer"):
        body = service.run(HEAD + circuit, observables=word, precision=0.02, seed=2, engine=engine)
        assert body["data"]["expectation_values"] == pytest.approx(value, abs=0.08)
        assert body["data"]["standard_errors"] <= 0.021


KINDS = [(clifford, acts) for clifford in (True, False) for acts in (True, False)]


@pytest.mark.parametrize(("clifford", "acts"), KINDS)
def test_values_from_shots_are_the_exact_ones_on_every_engine(clifford: bool, acts: bool) -> None:
    rng = np.random.default_rng([clifford, acts])
    compared = 0
    for _ in range(sized(5, 22)):
        qubits, bits = int(rng.integers(1, 5)), int(rng.integers(1, 4))
        program = density_reference.random_program(rng, qubits, bits, clifford=clifford, acts=acts)
        words = density_reference.words(rng, qubits, 8)
        circuit = density_reference.text(program, qubits, bits)
        right = density_reference.values(program, qubits, words, IDEAL)
        exact, _ = arrays(run(circuit, observables=words))
        assert np.allclose(exact, right, atol=1e-9), (circuit, words, exact, right)
        compared += check(circuit, words, right, ENGINES)
    assert compared > sized(60, 400)


NOISES = {
    "depolarizing": Noise(one=0.05, two=0.1),
    "readout": Noise(up=0.05, down=0.2),
    "decay": Noise(up=0.1, t1=20, t2=30),
    "everything": Noise(0.02, 0.05, 0.1, 0.03, t1=30, t2=25),
}


@pytest.mark.parametrize("acts", [False, True])
@pytest.mark.parametrize("name", NOISES)
def test_values_with_noise_are_those_of_its_shots(name: str, acts: bool) -> None:
    rng, noise = np.random.default_rng([len(name), acts]), NOISES[name]
    compared = 0
    for number in range(sized(1, 4)):
        qubits, bits = int(rng.integers(1, 4)), int(rng.integers(1, 4))
        program = density_reference.random_program(
            rng, qubits, bits, clifford=number % 2 == 0, acts=acts
        )
        words = density_reference.words(rng, qubits, 6)
        circuit = density_reference.text(program, qubits, bits)
        right = density_reference.values(program, qubits, words, noise)
        exact, _ = arrays(run(circuit, observables=words, noise=noise.json))
        assert np.allclose(exact, right, atol=1e-9), (circuit, words, exact, right)
        compared += check(circuit, words, right, ["auto", "quantumtask", "aer"], noise=noise.json)
    assert compared >= sized(12, 48)


STATE = (
    "input float t;\nqubit[3] q;\nbit[3] c;\nry(t) q[0];\ncx q[0], q[1];\nrx(0.8) q[1];\n"
    "c[2] = measure q[2];\nry(1.1) q[2];\ncz q[1], q[2];\nc = measure q;\n"
)
METHODS = [
    ("aer", "statevector"), ("aer", "stabilizer"), ("aer", "matrix_product_state"),
    ("aer", "density_matrix"), ("quantumtask", "statevector"), ("quantumtask", "stabilizer"),
]  # fmt: skip


@pytest.mark.parametrize("noise", [None, Noise(0.02, 0.05, 0.1, 0.03)])
@pytest.mark.parametrize(("engine", "method"), METHODS)
def test_every_method_takes_back_the_same(engine: str, method: str, noise: Noise | None) -> None:
    gates: list[density_reference.Statement] = [
        density_reference.Gate("h", None, (0,)),
        density_reference.Gate("cx", None, (0, 1)),
    ]
    twice: list[density_reference.Statement] = [
        density_reference.Measure(0, 0),
        density_reference.Measure(0, 1),
    ]
    words = ["XX", "YY", "0+"]
    more: dict[str, Any] = {"noise": noise.json} if noise else {}
    ran = 0
    for program in (gates + twice[:1], [*twice, *gates, *twice]):
        right = density_reference.values(program, 2, words, noise or IDEAL)
        ran += check(
            density_reference.text(program, 2, 2), words, right, [engine], method=method, **more
        )
    assert ran or (noise is None and method == "density_matrix")


@pytest.mark.parametrize("engine", ["auto", "aer"])
def test_a_measurement_on_the_way_leaves_other_qubits_of_a_device_alone(engine: str) -> None:
    body = "qubit[2] q; bit[2] c; x q[1]; measure q[1]; h q[1]; h q[0]; c = measure q;"
    options: dict[str, Any] = {
        "backend": "fake_manila",
        "observables": ["IX", "XI"],
        "precision": 0.05,
    }
    (one, other), _ = arrays(run(HEAD + body, engine, **options))
    assert one > 0.8
    assert other < -0.8


MOVED = """
h q[4]; cx q[0], q[4]; cx q[1], q[4]; cx q[0], q[2]; cx q[0], q[2]; h q[0]; cx q[1], q[3];
cx q[1], q[3]; h q[1]; c[4] = measure q[4]; c[0] = measure q[0]; if (c[0]) { reset q[0]; }
def mix(qubit[5] q) {
  ry(0.3) q[2]; cx q[2], q[0]; ry(0.3) q[2]; cx q[2], q[1]; ry(0.3) q[3]; cx q[3], q[1];
  ry(0.3) q[0]; cx q[0], q[2]; ry(0.3) q[2]; cx q[2], q[3]; ry(0.3) q[1]; cx q[1], q[3];
}
mix(q); c[1] = measure q[1]; h q[1]; mix(q); c[1] = measure q[1];
"""
WAITS = "h q[4]; h q[0]; c = measure q; if (c[0]) { reset q[1]; } delay[1us] q[4];"


AGAIN = """
h q[4]; h q[1]; h q[2]; c[1] = measure q[1]; if (c[1]) { reset q[2]; } c[1] = measure q[1];
x q[2]; c[2] = measure q[2]; x q[2]; let r = q[{4, 1, 2}]; bit[3] d = measure r;
"""


@pytest.mark.parametrize("body", [MOVED, WAITS, AGAIN])
def test_a_qubit_measured_at_the_end_keeps_its_phase_on_a_device(body: str) -> None:
    circuit = f"{HEAD}qubit[5] q;\nbit[5] c;\n{body}"
    options: dict[str, Any] = {"backend": "fake_manila", "observables": ["XIIII", "ZIIII"]}
    exact, _ = arrays(run(circuit, **options))
    values, errors = arrays(run(circuit, precision=0.05, **options))
    assert exact[0] > 0.6
    assert abs(exact[1]) < 0.1
    assert (abs(values - exact) < 5 * errors).all()


SUMS: list[list[list[Any]]] = [
    [["IIZ", 1], ["IZI", 1]],  # they agree more often than not
    [["IIZ", 1], ["IZI", -1]],
    [["IZZ", 0.5], ["IXX", -2.0], ["IYY", 1.5]],  # three groups
    [["ZII", 3.0], ["XII", 0.25], ["IXI", 0.5], ["XXI", -1.0]],
    [["1I0", 2.0], ["+rI", -1.0], ["ZIZ", 0.3]],
    [["ZZZ", 1e-3]],
]


def estimates(count: int, precision: float, sums: Any = SUMS, **more: Any) -> tuple[Any, Any, Any]:
    """Return independent values of sums of words, their standard errors, and the exact values."""
    exact, _ = arrays(run(HEAD + STATE, parameters={"t": 0.9}, observables=sums, **more))
    options = {"observables": [[one] for one in sums], "precision": precision, **more}
    values, errors = arrays(run(HEAD + STATE, parameters={"t": [0.9] * count}, **options))
    return values, errors, exact[:, None]


def rms(values: Any) -> Any:
    return np.sqrt(np.mean(np.square(values), axis=-1))


@pytest.mark.parametrize("precision", [0.05, 0.5, 1.0])
def test_a_standard_error_is_the_spread_of_the_means(precision: float) -> None:
    count = sized(100, 1000)
    values, errors, exact = estimates(count, precision)
    spread = rms(values - exact)
    assert np.allclose(spread / rms(errors), 1, atol=sized(0.2, 0.1))
    assert (abs(values.mean(axis=1) - exact[:, 0]) < 5 * spread / count**0.5).all()


@pytest.mark.parametrize("options", [{"engine": "aer"}, {"noise": Noise(0.02, 0.05, 0.1).json}])
def test_a_standard_error_is_the_spread_of_the_means_everywhere(options: dict[str, Any]) -> None:
    values, errors, exact = estimates(sized(60, 200), 0.1, SUMS[:1], **options)
    assert rms(((values - exact) / errors).ravel()) == pytest.approx(1, abs=sized(0.2, 0.1))


def test_values_that_are_certain_have_no_standard_error() -> None:
    circuit = HEAD + "qubit[2] q; bit c; h q[0]; cx q[0], q[1]; c = measure q[0];"
    certain = [["ZZ", 0.1], ["XX", 0.2], ["YY", 0.7], ["II", 1 / 3]]
    for shots in (2, 3, 100):
        values, errors = arrays(
            run(circuit, observables=[certain, [["ZI", 0.1], ["IZ", -0.1]]], precision=shots**-0.5)
        )
        assert values == pytest.approx([-0.4 + 1 / 3, 0])
        assert errors.tolist() == [0, 0]


def test_one_shot_would_have_no_standard_error_so_there_are_two() -> None:
    for seed in range(20):
        value, error = arrays(
            run(HEAD + "qubit q; h q;", "auto", seed, observables="Z", precision=9)
        )
        assert (abs(float(value)), float(error)) in ((1, 0), (0, 1))


def test_estimators_tell_the_standard_errors_of_the_service(service: Service) -> None:
    circuit = QuantumCircuit(2, 2)
    circuit.x(1)
    circuit.reset(1)
    circuit.h(0)
    circuit.measure([0, 1], [0, 1])
    observable = SparsePauliOp(["IX", "IZ", "ZZ"], [1.0, 0.5, 0.5])
    with QuantumTaskProvider(service.url) as provider:
        estimator = EstimatorV2(provider.backend(), seed=1)
        result = estimator.run([(circuit, observable)], precision=0.1).result()[0]
    assert float(result.data.stds) == pytest.approx(0.1, rel=0.1)
    assert abs(float(result.data.evs) - 1) < 5 * float(result.data.stds)
    assert result.metadata["shots"] == 100
