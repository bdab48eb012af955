"""Every type of result that a task can return, held against Qiskit, bit by bit."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit, qasm3
from qiskit.quantum_info import (
    DensityMatrix,
    Kraus,
    Operator,
    SparseObservable,
    SparsePauliOp,
    Statevector,
)

from tests.support.http_queries import circuit_error, encode_array, run_circuit
from tests.support.services import Service

Start = Callable[..., Service]

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
LETTERS = list("IXYZ01+-rl")
VECTORS = ["auto", "lightning", "aer", "quantumtask"]


def random_circuit(rng: np.random.Generator, qubits: int, gates: int = 15) -> QuantumCircuit:
    """A circuit of gates on the left and right, far and near, with all kinds of angles."""
    circuit = QuantumCircuit(qubits)
    for _ in range(gates):
        one, other = rng.permutation(qubits)[:2].tolist() if qubits > 1 else (0, 0)
        name = rng.choice(["h", "t", "sdg", "x", "rx", "ry", "rz", "cx", "swap", "cp"])
        if name in ("cx", "swap"):
            getattr(circuit, name)(one, other) if qubits > 1 else circuit.s(one)
        elif name == "cp":
            circuit.cp(rng.uniform(0, 6), one, other) if qubits > 1 else circuit.sx(one)
        elif name in ("rx", "ry", "rz"):
            getattr(circuit, name)(rng.uniform(0, 6), one)
        else:
            getattr(circuit, name)(one)
    return circuit


def words(rng: np.random.Generator, qubits: int, count: int) -> list[str]:
    return ["".join(rng.choice(LETTERS, qubits)) for _ in range(count)]


def expected(circuit: QuantumCircuit, word: str) -> float:
    return float(Statevector(circuit).expectation_value(operator(word)).real)


def operator(word: str) -> SparsePauliOp:
    return SparsePauliOp.from_sparse_observable(SparseObservable(word))


def test_a_state_vector_has_the_first_qubit_as_its_lowest_bit(service: Service) -> None:
    circuit = HEAD + "qubit[2] q;\nbit[2] c;\nx q[0];\nry(1) q[1];\nc = measure q;\n"
    vector = run_circuit(service, circuit, **{"return": ["statevector"]})["data"]["statevector"]
    assert np.allclose(np.abs(vector), [0, np.cos(0.5), 0, np.sin(0.5)])


def test_probabilities_are_those_of_the_bits_and_not_of_the_qubits(service: Service) -> None:
    circuit = (
        HEAD + "qubit[2] q;\nbit a;\nbit[2] b;\nx q[1];\nb[1] = measure q[0];\na = measure q[1];\n"
    )
    result = run_circuit(service, circuit, **{"return": ["probabilities", "counts"]}, shots=5)
    assert result["data"]["probabilities"].tolist() == [0, 1, 0, 0, 0, 0, 0, 0]
    assert result["result"] == {"00 1": 5}
    assert result["registers"] == [{"name": "a", "size": 1}, {"name": "b", "size": 2}]


def test_exact_values_do_not_warn_that_nothing_is_measured(service: Service) -> None:
    circuit = "qubit q; U(1, 2, 3) q;"
    for fields in ({"observables": "Z"}, {"return": ["statevector", "unitary"]}):
        assert run_circuit(service, circuit, **fields)["warnings"] == []
    counted = run_circuit(service, circuit, **{"return": ["statevector", "counts"]})
    assert "nothing is measured" in counted["warnings"][0]
    assert "bit[1] c = measure q;" in counted["warnings"][0]


def test_the_last_letter_of_an_observable_is_the_first_qubit(service: Service) -> None:
    circuit = HEAD + "qubit[2] a;\nqubit b;\nx a[0];\nh b;\n"
    fields = ["IIZ", "IZI", "ZII", "XII", "+I1", "+I0"]
    for more in ({}, {"precision": 0.02}):
        result = run_circuit(service, circuit, observables=fields, seed=1, **more)["data"]
        assert np.allclose(result["expectation_values"], [-1, 1, 0, 1, 1, 0], atol=0.1)


@pytest.mark.parametrize("engine", VECTORS)
@pytest.mark.parametrize("qubits", [1, 2, 3, 5])
def test_exact_results_are_those_of_qiskit(service: Service, engine: str, qubits: int) -> None:
    rng = np.random.default_rng(qubits)
    circuit, fields = random_circuit(rng, qubits), words(rng, qubits, 12)
    returns = ["statevector", "unitary", "expectation_values"]
    result = run_circuit(
        service, qasm3.dumps(circuit), engine=engine, observables=fields, **{"return": returns}
    )
    assert engine in ("auto", result["engine"])
    vector, matrix = result["data"]["statevector"], result["data"]["unitary"]
    assert abs(np.vdot(Statevector(circuit).data, vector)) == pytest.approx(1)
    overlap = np.trace(Operator(circuit).data.conj().T @ matrix)
    assert abs(overlap) == pytest.approx(1 << qubits)
    values = [expected(circuit, word) for word in fields]
    assert np.allclose(result["data"]["expectation_values"], values, atol=1e-9)
    assert not result["data"]["standard_errors"].any()


@pytest.mark.parametrize("qubits", [1, 3, 6])
def test_what_is_sampled_agrees_with_what_is_exact(service: Service, qubits: int) -> None:
    rng = np.random.default_rng(qubits + 10)
    circuit, fields = random_circuit(rng, qubits), words(rng, qubits, 8)
    mixed = [[word, float(factor)] for word, factor in zip(fields, rng.normal(size=8), strict=True)]
    values = np.array([expected(circuit, word) for word in fields])
    total = sum(factor * value for (_, factor), value in zip(mixed, values, strict=True))
    result = run_circuit(
        service, qasm3.dumps(circuit), observables=[*fields, mixed], precision=0.01, seed=3
    )["data"]
    errors = result["standard_errors"]
    assert (errors[:-1] <= 0.0101).all()
    assert (abs(result["expectation_values"] - [*values, total]) <= 6 * errors + 1e-6).all()


def test_the_standard_error_is_that_of_the_shots(service: Service) -> None:
    circuit = HEAD + "qubit[2] q;\nh q[0];\ncx q[0], q[1];\n"
    fields: dict[str, Any] = {"observables": [["ZI", 1], ["IZ", 1]], "precision": 0.05}
    result = [run_circuit(service, circuit, seed=seed, **fields)["data"] for seed in range(60)]
    values = np.array([float(each["expectation_values"]) for each in result])
    errors = np.array([float(each["standard_errors"]) for each in result])
    # Both are measured at once, and always agree: their errors add up, not their squares.
    assert np.allclose(errors, 2 * 0.05, rtol=0.02)
    assert 0.07 < values.std() < 0.14


def test_observables_are_broadcast_against_the_sweep(service: Service) -> None:
    circuit = HEAD + "input float t;\nqubit[2] q;\nry(t) q[0];\n"
    angles = np.linspace(0, 3, 4)
    fields = [["IZ"], ["IX"], [[["IZ", 2.0], ["IX", 1.0]]]]
    result = run_circuit(
        service, circuit, parameters={"t": encode_array(angles)}, observables=fields
    )
    rows = np.array([np.cos(angles), np.sin(angles), 2 * np.cos(angles) + np.sin(angles)])
    assert result["shape"] == [4]
    assert np.allclose(result["data"]["expectation_values"], rows)
    each = run_circuit(
        service,
        circuit,
        parameters={"t": encode_array(angles)},
        observables=["IZ", "IX", "IZ", "ZZ"],
    )
    assert np.allclose(
        each["data"]["expectation_values"], [rows[0, 0], rows[1, 1], rows[0, 2], rows[0, 3]]
    )


def test_a_single_observable_has_a_single_value(service: Service) -> None:
    body = service.run(HEAD + "qubit q;\nh q;\n", observables="X")
    assert body["data"] == {
        "expectation_values": pytest.approx(1.0),
        "standard_errors": 0.0,
    }
    assert body["result"] == {}


def test_arrays_of_a_sweep_have_its_shape(service: Service) -> None:
    circuit = HEAD + "input float t;\nqubit[2] q;\nbit c;\nrx(t) q[0];\nc = measure q[0];\n"
    returns = ["probabilities", "statevector", "unitary", "counts"]
    result = run_circuit(
        service, circuit, parameters={"t": [[1.0], [2.0], [3.0]]}, **{"return": returns}
    )
    shapes = {name: array.shape for name, array in result["data"].items()}
    assert shapes == {"probabilities": (3, 1, 2), "statevector": (3, 1, 4), "unitary": (3, 1, 4, 4)}
    ones = result["data"]["probabilities"][:, 0, 1]
    assert np.allclose(ones, np.sin(np.array([1, 2, 3]) / 2) ** 2)
    assert np.array(result["result"]).shape == (3, 1)


def test_plain_json_has_lists_and_pairs(service: Service) -> None:
    circuit = HEAD + "qubit q;\nbit c;\nry(pi / 2) q;\ns q;\nc = measure q;\n"
    body = service.run(circuit, **{"return": ["statevector", "probabilities", "memory"]}, shots=3)
    vector = [complex(*pair) for pair in body["data"]["statevector"]]
    assert np.allclose(vector[1] / vector[0], 1j)
    assert body["data"]["probabilities"] == pytest.approx([0.5, 0.5])
    assert set(body["memory"]) <= {"0", "1"}
    assert (len(body["memory"]), body["result"]) == (3, {})


GHZ = 1000


def test_a_thousand_qubits_of_clifford_gates_are_exact(service: Service) -> None:
    chain = "".join(f"cx q[{k}], q[{k + 1}];\n" for k in range(GHZ - 1))
    circuit = HEAD + f"qubit[{GHZ}] q;\nbit[{GHZ}] c;\nh q[0];\n{chain}c = measure q;\n"
    fields = {
        "Z" * GHZ: 1, "X" * GHZ: 1, "0" * GHZ: 0.5, "1" * GHZ: 0.5, "X" * (GHZ - 1) + "+": 0.5,
        "I" * (GHZ - 1) + "Z": 0, "I" * (GHZ - 2) + "01": 0, "Z" + "I" * (GHZ - 2) + "Z": 1,
    }  # fmt: skip
    result = run_circuit(service, circuit, observables=list(fields))
    assert result["engine"] == "stim"
    assert result["data"]["expectation_values"].tolist() == list(fields.values())


def test_what_is_measured_on_the_way_has_lost_its_phase(service: Service) -> None:
    circuit = HEAD + "qubit[2] q;\nbit c;\nh q[0];\nc = measure q[0];\nh q[0];\ncx q[0], q[1];\n"
    fields = ["IX", "IZ", "ZZ", "XX"]
    exact = run_circuit(service, circuit, observables=fields)["data"]
    assert np.allclose(exact["expectation_values"], [0, 0, 1, 0])
    sampled = run_circuit(service, circuit, observables=fields, precision=0.02, seed=1)["data"]
    assert np.allclose(sampled["expectation_values"], [0, 0, 1, 0], atol=0.12)


def test_what_was_reset_is_zero_and_what_hung_on_it_is_mixed(service: Service) -> None:
    circuit = HEAD + "qubit[2] q;\nh q[0];\ncx q[0], q[1];\nreset q[0];\n"
    fields = ["IZ", "ZI", "XI", "0I", "XX"]
    for more in ({}, {"precision": 0.02, "seed": 4}):
        result = run_circuit(service, circuit, observables=fields, **more)["data"]
        assert np.allclose(result["expectation_values"], [1, 0, 0, 0.5, 0], atol=0.12)


TELEPORT = HEAD + (
    "qubit[3] q;\nbit[2] c;\nry(1) q[0];\nrz(0.5) q[0];\nh q[1];\ncx q[1], q[2];\n"
    "cx q[0], q[1];\nh q[0];\nc[0] = measure q[0];\nc[1] = measure q[1];\n"
    "if (c[1]) x q[2];\nif (c[0]) z q[2];\n"
)


@pytest.mark.parametrize("more", [{}, {"precision": 0.02, "seed": 2}])
def test_a_state_that_is_teleported_has_the_values_that_it_had(
    service: Service, more: dict[str, Any]
) -> None:
    result = run_circuit(
        service, TELEPORT, observables=["ZII", "XII", "YII", "IXI", "IIX"], **more
    )["data"]
    values = [np.cos(1), np.sin(1) * np.cos(0.5), np.sin(1) * np.sin(0.5), 0, 0]
    assert np.allclose(result["expectation_values"], values, atol=0.12 if more else 1e-9)


@pytest.mark.parametrize(("rounds", "method"), [(1, "statevector"), (12, "density_matrix")])
def test_what_is_measured_again_and_again_is_exact(
    service: Service, rounds: int, method: str
) -> None:
    body = "".join(
        "ry(0.3) q[0];\ncx q[0], q[2];\ncx q[1], q[2];\nh q[2];\nc = measure q[2];\n"
        f"rx(0.{k + 1}) q[1];\nh q[2];\nreset q[2];\ncrz(1) q[0], q[1];\n"
        for k in range(rounds)
    )
    fields = [*words(np.random.default_rng(3), 3, 20), "IZI", "IIX", "YXI"]
    result = run_circuit(service, HEAD + f"qubit[3] q;\nbit c;\n{body}", observables=fields)
    state = DensityMatrix.from_label("000")
    for k in range(rounds):
        state = after_round(state, k)
    values = [state.expectation_value(operator(word)).real for word in fields]
    assert result["method"] == method
    assert np.allclose(result["data"]["expectation_values"], values, atol=1e-9)


def after_round(state: DensityMatrix, k: int) -> DensityMatrix:
    before, after = QuantumCircuit(3), QuantumCircuit(3)
    before.ry(0.3, 0)
    before.cx(0, 2)
    before.cx(1, 2)
    before.h(2)
    after.rx(float(f"0.{k + 1}"), 1)
    after.h(2)
    dephased = state.evolve(before).evolve(Kraus([np.diag([1, 0]), np.diag([0, 1])]), [2])
    last = QuantumCircuit(3)
    last.crz(1, 0, 1)
    return dephased.evolve(after).reset([2]).evolve(last)


UNTIL_ONE = HEAD + (
    "qubit[2] q;\nbit c;\nint n = 0;\n"
    "while (c == 0 && n < 3) { ry(1) q[0]; c = measure q[0]; n += 1; reset q[0]; }\n"
    "for int k in [1:n] { ry(0.4) q[1]; }\nif (n == 3) end;\nh q[0];\n"
)


def by_hand() -> list[float]:
    """The values of ZI, XI and IX after that loop."""
    one = np.sin(0.5) ** 2
    rounds = {1: one, 2: (1 - one) * one, 3: (1 - one) ** 2}
    z = sum(p * np.cos(0.4 * n) for n, p in rounds.items())
    x = sum(p * np.sin(0.4 * n) for n, p in rounds.items())
    return [z, x, rounds[1] + rounds[2]]


@pytest.mark.parametrize("more", [{}, {"precision": 0.02, "seed": 2}])
def test_a_loop_that_measures_has_the_values_of_all_its_ways(
    service: Service, more: dict[str, Any]
) -> None:
    result = run_circuit(service, UNTIL_ONE, observables=["ZI", "XI", "IX"], **more)["data"]
    tolerance = 0.12 if more else 1e-9
    assert np.allclose(result["expectation_values"], by_hand(), atol=tolerance)


def test_probabilities_count_every_way_through(service: Service) -> None:
    circuit = HEAD + ("qubit q;\nbit[2] c;\nry(1) q;\nc[0] = measure q;\nh q;\nc[1] = measure q;\n")
    result = run_circuit(service, circuit, **{"return": ["probabilities"]})["data"]["probabilities"]
    one = np.sin(0.5) ** 2
    assert np.allclose(result, [(1 - one) / 2, one / 2, (1 - one) / 2, one / 2])


@pytest.mark.parametrize(
    ("body", "returns"),
    [
        ("qubit q;\nbit c;\nh q;\nc = measure q;\nh q;\n", "statevector"),
        ("qubit q;\nbit c;\nh q;\nc = measure q;\nh q;\n", "unitary"),
        ("qubit q;\nh q;\nreset q;\n", "unitary"),
        (TELEPORT.removeprefix(HEAD), "statevector"),
        (UNTIL_ONE.removeprefix(HEAD), "statevector"),
    ],
)
def test_what_there_is_not_is_refused(service: Service, body: str, returns: str) -> None:
    code, text = circuit_error(service, HEAD + body, **{"return": [returns]})
    assert code == "not_exact"
    assert "measur" in text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"observables": "ZZZ"}, "has 3 letters, and the program 2 qubits"),
        ({"observables": ["ZZ", ["ZZ"]]}, "must be an array"),
        ({"observables": ["ZZ"] * 3, "parameters": {"t": [1, 2]}}, "cannot be broadcast"),
        ({"observables": [["ZZ", 1.0]] * 200_001}, "terms"),
        ({"observables": "ZQ"}, "letters"),
        ({"observables": []}, "observable"),
        ({"observables": [["ZZ", "1"]]}, "observable"),
        ({"observables": "ZZ", "precision": 1e-9}, "precision"),
        ({"observables": "ZZ", "engine": "stim"}, "amplitudes"),
        ({"return": ["statevector"], "engine": "stim"}, "amplitudes"),
        ({"return": ["statevector"], "engine": "aer", "method": "stabilizer"}, "amplitudes"),
    ],
)
def test_what_cannot_be_asked_says_why(
    service: Service, fields: dict[str, Any], words: str
) -> None:
    circuit = HEAD + "input float t;\nqubit[2] q;\nbit[2] c;\nrx(t) q;\nc = measure q;\n"
    _, text = circuit_error(service, circuit, **{"parameters": {"t": 1}, **fields})
    assert words in text


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_a_coefficient_that_is_no_number_is_refused(service: Service, number: str) -> None:
    text = f'{{"circuit": {json.dumps(HEAD + "qubit q;")}, "observables": [["Z", {number}]]}}'
    answer = service.http.post("/tasks", content=text, headers={"content-type": "application/json"})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("qubits", "returns"),
    [
        (30, "statevector"),
        (11, "unitary"),
        (16, "unitary"),
        (500, "statevector"),
        (25, "probabilities"),
    ],
)
def test_what_is_too_large_is_refused_with_numbers(
    service: Service, qubits: int, returns: str
) -> None:
    circuit = HEAD + f"qubit[{qubits}] q;\nbit[{qubits}] c;\nrx(1) q;\nc = measure q;\n"
    code, text = circuit_error(service, circuit, **{"return": [returns]})
    assert code in ("result_too_large", "bad_options")
    assert any(letter.isdigit() for letter in text)
    assert code == "bad_options" or "counts" in text


def test_a_projector_on_every_qubit_is_one_product_and_not_all_of_them(service: Service) -> None:
    qubits = 18
    circuit = HEAD + f"qubit[{qubits}] q;\nry(0.5) q;\n"
    fields = ["0" * qubits, "+" * qubits, "r" * qubits, "1" * qubits]
    result = run_circuit(service, circuit, observables=fields)["data"]["expectation_values"]
    zero, plus = np.cos(0.25) ** 2, (1 + np.sin(0.5)) / 2
    values = [zero**qubits, plus**qubits, 0.5**qubits, (1 - zero) ** qubits]
    assert np.allclose(result, values, rtol=1e-6)


def test_values_that_do_not_fit_a_slot_are_refused_with_a_method_that_has_them(
    start: Start,
) -> None:
    service = start(slots=1, slot_memory_mb=512)
    circuit, task = HEAD + "qubit[26] q;\nrx(1) q;\n", {"observables": "Z" * 26}
    code, text = circuit_error(service, circuit, **task)
    assert code == "out_of_memory"
    assert "26 qubits" in text
    assert "precision" in text
    assert "method` matrix_product_state with a `max_bond`" in text
    named = run_circuit(service, circuit, **task, method="matrix_product_state", max_bond=2)
    assert np.allclose(named["data"]["expectation_values"], np.cos(1) ** 26)


def test_probabilities_of_too_many_outcomes_on_the_way_are_refused(service: Service) -> None:
    rounds = "rx(1) q;\nc = measure q;\n" * 40
    code, text = circuit_error(
        service, HEAD + f"qubit q;\nbit c;\n{rounds}", **{"return": ["probabilities"]}
    )
    assert code == "not_exact"
    assert "40 qubits" in text


def test_noise_and_backends_are_never_ignored(service: Service) -> None:
    circuit = HEAD + "qubit q;\nbit c;\nc = measure q;\n"
    for fields in ({"noise": "no_such_snapshot"}, {"backend": "no_such_snapshot"}):
        code, _ = circuit_error(service, circuit, **fields)
        assert code


def test_a_strict_submission_knows_what_is_asked(service: Service) -> None:
    body = {"circuit": HEAD + "qubit[2] q;\nh q;\n", "observables": "ZZZ"}
    answer = service.http.post("/tasks?strict=true", json=body)
    assert answer.status_code == 422, answer.text
    assert [problem["code"] for problem in answer.json()["errors"]] == ["bad_observable"]
    assert service.http.post("/tasks?strict=true", json={**body, "observables": "ZZ"}).is_success


def test_registers_are_returned_on_request_and_name_the_bits_of_the_counts(
    service: Service,
) -> None:
    circuit = HEAD + "qubit[2] q;\nbit a;\nbit[2] b;\nx q[0];\na = measure q[0];\n"
    registers = [{"name": "a", "size": 1}, {"name": "b", "size": 2}]
    task = run_circuit(service, circuit, shots=3, **{"return": ["counts", "registers"]})
    assert (task["registers"], task["shape"], task["result"]) == (registers, [], {"00 1": 3})
    assert "registers" not in run_circuit(service, circuit, shots=3)
