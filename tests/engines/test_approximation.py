"""Approximate methods: their errors are within the bounds that they state."""

import itertools
import json
from typing import Any

import numpy as np
import pytest

from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Failure, Result, TaskSpec
from quantumtask.worker.slots.execute import execute
from tests.engines import density_reference
from tests.support.cases import check_each
from tests.support.http_queries import decode_array
from tests.support.sizes import sized

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
MPS, PAULI = "matrix_product_state", "pauli_propagation"
SETTINGS = Settings()


def attempt(circuit: str, method: str | None = None, **options: Any) -> Result | Failure:
    spec = TaskSpec(HEAD + circuit, 2000, 1, options=json.dumps(options), method=method)
    outcome = execute(spec, SETTINGS)
    assert isinstance(outcome, Result | Failure)
    return outcome


def arrays(circuit: str, method: str | None = None, **options: Any) -> dict[str, Any]:
    outcome = attempt(circuit, method, **options)
    assert isinstance(outcome, Result), (circuit, options, outcome)
    return decoded(outcome)


def decoded(result: Result) -> dict[str, Any]:
    data = json.loads(result.data or "{}")
    return {name: decode_array(array) for name, array in data.items()}


def random_circuit(seed: int, qubits: int = 6) -> str:
    """Return rotations by small angles and gates on two and three qubits, anywhere."""
    rng = np.random.default_rng(seed)
    lines = [f"qubit[{qubits}] q;", f"bit[{qubits}] c;"]
    for _ in range(4):
        for qubit in range(qubits):
            lines.append(f"{rng.choice(['rx', 'ry', 'rz'])}({rng.uniform(-1, 1)}) q[{qubit}];")
        for gate in ("cx", "cp(0.7)", "swap", "crx(0.4)"):
            first, second = rng.choice(qubits, 2, replace=False)
            lines.append(f"{gate} q[{first}], q[{second}];")
        lines.append("ccx q[{}], q[{}], q[{}];".format(*rng.choice(qubits, 3, replace=False)))
    return "\n".join([*lines, "c = measure q;"])


def observables(seed: int, qubits: int = 6) -> list[Any]:
    rng = np.random.default_rng(seed)
    words = density_reference.words(rng, qubits, 8)
    return [*words, [[word, rng.uniform(-2, 2)] for word in words]]


SEEDS = range(sized(4, 100))


@pytest.mark.parametrize("options", [{"max_bond": 1}, {"max_bond": 3}, {"truncation": 1e-3}])
@pytest.mark.parametrize("seed", SEEDS)
def test_values_of_a_truncated_state_are_within_their_bounds(
    seed: int, options: dict[str, Any]
) -> None:
    circuit, words = random_circuit(seed), observables(seed)
    exact = arrays(circuit, observables=words)["expectation_values"]
    values = arrays(circuit, MPS, observables=words, **options)
    assert (abs(values["expectation_values"] - exact) <= values["error_bounds"]).all()


@pytest.mark.parametrize("options", [{"max_terms": 12}, {"min_coefficient": 0.05}])
@pytest.mark.parametrize("seed", SEEDS)
def test_values_of_pauli_propagation_are_within_their_bounds(
    seed: int, options: dict[str, Any]
) -> None:
    circuit, words = random_circuit(seed), observables(seed)
    exact = arrays(circuit, observables=words)["expectation_values"]
    values = arrays(circuit, PAULI, observables=words, **options)
    assert (abs(values["expectation_values"] - exact) <= values["error_bounds"]).all()
    assert values["error_bounds"].any()


@pytest.mark.parametrize(
    ("method", "options"),
    [(MPS, {"max_bond": 8}), (MPS, {"truncation": 0}), (PAULI, {"min_coefficient": 0})],
)
def test_a_method_that_drops_nothing_is_exact(method: str, options: dict[str, Any]) -> None:
    circuit, words = random_circuit(7), observables(7)
    exact = arrays(circuit, observables=words)["expectation_values"]
    values = arrays(circuit, method, observables=words, **options)
    assert np.allclose(values["expectation_values"], exact, atol=1e-9)
    assert (values["error_bounds"] < 1e-9).all()


def test_bounds_include_the_rounding_of_thousands_of_gates_on_one_qubit() -> None:
    turns = "rx(0.1) q[0]; ry(0.2) q[1]; rz(0.3) q[2];" * 1000
    circuit, words = f"qubit[3] q; {turns} cx q[0], q[1]; rx(0.3) q[1];", ["IIZ", "ZXY", "XXX"]
    exact = arrays(circuit, observables=words)["expectation_values"]
    values = arrays(circuit, MPS, observables=words, max_bond=2)
    assert (abs(values["expectation_values"] - exact) <= values["error_bounds"]).all()
    assert (values["error_bounds"] < 1e-9).all()


@pytest.mark.parametrize("bond", [1, 2, 3])
def test_counts_are_drawn_from_a_distribution_within_its_bound(bond: int) -> None:
    circuit = random_circuit(3, 5)
    words = ["".join(bits) for bits in itertools.product("01", repeat=5)]
    exact = arrays(circuit, observables=words)["expectation_values"]
    outputs = ["counts", "expectation_values"]
    options = {"max_bond": bond, "observables": words, "return": outputs}
    outcome = attempt(circuit, MPS, **options)
    assert isinstance(outcome, Result)
    values = {name: decode_array(array) for name, array in json.loads(outcome.data or "").items()}
    drawn_from = values["expectation_values"]
    assert drawn_from.sum() == pytest.approx(1)
    assert abs(drawn_from - exact).sum() / 2 <= values["total_variation_bounds"]
    assert 0 <= values["fidelity_estimates"] <= 1
    counts = json.loads(outcome.counts)
    shares = np.array([counts.get(word, 0) for word in words]) / 2000
    assert (abs(shares - drawn_from) < 6 * np.sqrt(drawn_from / 2000) + 5e-3).all()


def test_both_methods_agree_on_a_circuit_of_many_qubits() -> None:
    qubits = 40
    lines = [f"qubit[{qubits}] q;"]
    for _ in range(2):
        lines += [f"rx(0.4) q[{k}];" for k in range(qubits)]
        lines += [f"rzz(0.3) q[{k}], q[{k + 1}];" for k in range(qubits - 1)]
    words = ["I" * k + "ZZ" + "I" * (qubits - 2 - k) for k in range(0, qubits - 1, 8)]
    state = arrays("\n".join(lines), MPS, observables=words, max_bond=16)
    paulis = arrays("\n".join(lines), PAULI, observables=words, min_coefficient=1e-7)
    difference = abs(state["expectation_values"] - paulis["expectation_values"])
    assert (difference <= state["error_bounds"] + paulis["error_bounds"]).all()
    assert (state["error_bounds"] < 1e-6).all()
    assert (paulis["error_bounds"] < 1e-4).all()


SMALL = {
    "no gate": "qubit[2] q; bit[2] c; c = measure q;",
    "one qubit": "qubit[2] q; bit[2] c; ry(0.4) q[1]; c = measure q;",
    "gates that depend on bits": (
        "qubit[2] q; bit[2] c; ry(0.4) q[0]; c[0] = measure q[0]; if (c[0]) x q[1]; "
        "c[1] = measure q[1];"
    ),
}


@pytest.mark.parametrize("method", [MPS, PAULI])
@pytest.mark.parametrize("name", SMALL)
def test_small_circuits_have_their_exact_values(name: str, method: str) -> None:
    words = ["ZZ", "XI", "0+", "I1", "IX", "II"]
    option = {"max_bond": 2} if method == MPS else {"max_terms": 100}
    exact = arrays(SMALL[name], observables=words)["expectation_values"]
    values = arrays(SMALL[name], method, observables=words, **option)
    assert np.allclose(values["expectation_values"], exact, atol=1e-9)


def test_pauli_propagation_runs_through_measurements_on_the_way() -> None:
    circuit = (
        "qubit[3] q; bit[3] c; ry(0.7) q[0]; c[0] = measure q[0]; cx q[0], q[1]; h q[0]; "
        "rx(0.3) q[1]; reset q[2]; ry(0.2) q[2]; c[1] = measure q[0]; c[2] = measure q[1];"
    )
    words = ["IIX", "IIZ", "IYI", "IZZ", "ZII", "XII", "0+1"]
    exact = arrays(circuit, observables=words)["expectation_values"]
    values = arrays(circuit, PAULI, observables=words, max_terms=200)
    assert np.allclose(values["expectation_values"], exact, atol=1e-9)


def random_program(seed: int, qubits: int = 4) -> str:
    """Return gates with measurements, resets and conditional gates between them."""
    rng = np.random.default_rng(seed)

    def some(count: int) -> str:
        return ", ".join(f"q[{qubit}]" for qubit in rng.choice(qubits, count, replace=False))

    lines = [f"qubit[{qubits}] q;", "bit[3] m;"]
    for _ in range(10):
        bit, angle = rng.integers(3), rng.uniform(-3, 3)
        lines.append(
            rng.choice(
                [
                    f"ry({angle}) {some(1)};", f"rz({angle}) {some(1)};", f"cx {some(2)};",
                    f"crx({angle}) {some(2)};", f"m[{bit}] = measure {some(1)};",
                    f"reset {some(1)};", f"if (m[{bit}]) h {some(1)};",
                ]
            )
        )  # fmt: skip
    return "\n".join(lines)


@pytest.mark.parametrize("options", [{"max_terms": 5}, {"max_terms": 500}])
def test_values_of_programs_with_resets_are_within_their_bounds(options: dict[str, Any]) -> None:
    runs = 0

    def check(seed: int) -> None:
        nonlocal runs
        program, words = random_program(seed), observables(seed, 4)
        outcome = attempt(program, PAULI, observables=words, **options)
        if isinstance(outcome, Failure):
            assert "depends on measurement outcomes" in outcome.message
            return
        runs += 1
        exact = arrays(program, observables=words)["expectation_values"]
        values = decoded(outcome)
        assert (abs(values["expectation_values"] - exact) <= values["error_bounds"]).all()

    check_each({str(seed): seed for seed in range(sized(15, 200))}, check)
    assert runs > 5


def test_a_sweep_has_a_bound_for_each_element() -> None:
    circuit = "input float t; qubit[4] q; bit[4] c; h q[0]; rx(t) q; cx q[0], q[3]; c = measure q;"
    spec = TaskSpec(
        HEAD + circuit, 10, 1, parameters='{"t": [0.1, 0.2, 0.3]}', method=MPS,
        options='{"max_bond": 1, "observables": ["ZZZZ", "XIIX"], "return": ["counts"]}',
    )  # fmt: skip
    failure = execute(spec, SETTINGS)
    assert isinstance(failure, Failure)
    assert failure.code == "bad_options"
    more = '{"max_bond": 1}'
    result = execute(TaskSpec(spec.circuit, 10, 1, parameters=spec.parameters, method=MPS,
                              options=more), SETTINGS)  # fmt: skip
    assert isinstance(result, Result)
    assert json.loads(result.data or "")["total_variation_bounds"]["shape"] == [3]


@pytest.mark.parametrize(
    ("circuit", "method", "options", "code", "words"),
    [
        (
            "qubit q; bit c; h q; c = measure q; while (c) { h q; c = measure q; }",
            MPS, {"max_bond": 2}, "engine_unsuitable", "depends on measurement outcomes",
        ),
        (
            "qubit q; bit[2] c; h q; c[0] = measure q; h q; c[1] = measure q;",
            MPS, {"max_bond": 2}, "engine_unsuitable", "after they are measured",
        ),
        (
            "qubit[20] q; h q;", PAULI, {"max_terms": 10, "observables": "+" * 20},
            "bad_observable", "projectors",
        ),
    ],
)  # fmt: skip
def test_what_an_approximate_method_cannot_run_fails_with_the_reason(
    circuit: str, method: str, options: dict[str, Any], code: str, words: str
) -> None:
    failure = attempt(circuit, method, **options)
    assert isinstance(failure, Failure)
    assert failure.code == code
    assert words in failure.message


@pytest.mark.parametrize(
    ("method", "options", "remedy"),
    [
        (MPS, '{"truncation": 0}', "give a smaller `max_bond`"),
        (PAULI, '{"max_terms": 1000000, "observables": "ZZZZZZZZZZZZZZZZ"}', "give at most"),
    ],
)
def test_what_outgrows_the_slot_names_the_remedy(method: str, options: str, remedy: str) -> None:
    lines = ["qubit[16] q; bit c;"]
    for layer in range(8):
        lines += [f"ry({0.3 + k + layer}) q[{k}];" for k in range(16)]
        lines += [f"cx q[{k}], q[{k + 1}];" for k in range(15)]
    spec = TaskSpec(HEAD + "\n".join([*lines, "c = measure q[9];"]), method=method, options=options)
    failure = execute(spec, Settings(slot_memory_mb=1))
    assert isinstance(failure, Failure)
    assert failure.code == "out_of_memory"
    assert remedy in failure.message
