"""Noise by rates, through a running service, against a reference and against Aer's own errors."""

import math
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import DensityMatrix, SuperOp
from qiskit_aer.noise import depolarizing_error, thermal_relaxation_error

from tests.engines.probability_queries import HEAD, UNLIKELY, exactly, table
from tests.support.chisquare import p_value
from tests.support.http_queries import circuit_error, run_circuit
from tests.support.problems import problem
from tests.support.services import BELL, Service

FLIP = HEAD + "qubit q;\nbit c;\nx q;\nc = measure q;\n"
SOME: dict[str, Any] = {
    "depolarizing": {"one_qubit": 0.01, "two_qubit": 0.05},
    "thermal": {"t1_us": 50, "t2_us": 70, "gate_ns": {"one_qubit": 900, "two_qubit": 4000}},
    "readout": {"zero_as_one": 0.02, "one_as_zero": 0.07},
}


def test_rates_of_zero_change_nothing(service: Service) -> None:
    nothing = {"depolarizing": {"one_qubit": 0, "two_qubit": 0}, "readout": {"zero_as_one": 0}}
    body = run_circuit(service, BELL, noise=nothing, shots=4000, seed=1)
    assert p_value(table(body["result"], 2), np.array([0.5, 0, 0, 0.5])) > UNLIKELY
    assert exactly(service, BELL, noise=nothing) == pytest.approx([0.5, 0, 0, 0.5])


def test_a_gate_that_always_errs_leaves_nothing_of_its_qubit(service: Service) -> None:
    noise = {"depolarizing": {"one_qubit": 1}}
    assert exactly(service, FLIP, noise=noise) == pytest.approx([0.5, 0.5])
    two = {"depolarizing": {"two_qubit": 1}}
    assert exactly(service, BELL, noise=two) == pytest.approx([0.25] * 4)
    assert exactly(service, FLIP, noise=two) == pytest.approx([0, 1])


REGISTERS = (
    HEAD
    + "qubit[5] q;\nbit[2] a;\nbit[3] b;\nx q[4];\nb[2] = measure q[0];\na[0] = measure q[4];\n"
)


@pytest.mark.parametrize(
    ("flips", "result"),
    [
        ({"zero_as_one": 1}, "100 01"),
        ({"one_as_zero": 1}, "000 00"),
        ({"zero_as_one": 1, "one_as_zero": 1}, "100 00"),
    ],
)
def test_a_readout_error_flips_what_was_measured_in_its_register(
    service: Service, flips: dict[str, float], result: str
) -> None:
    kinds = ["counts", "memory", "probabilities"]
    body = run_circuit(service, REGISTERS, noise={"readout": flips}, shots=7, **{"return": kinds})
    assert body["result"] == {result: 7}
    assert body["memory"] == [result] * 7
    assert np.flatnonzero(body["data"]["probabilities"]) == [int(result.replace(" ", ""), 2)]


def test_each_bit_is_misread_by_itself(service: Service) -> None:
    circuit = HEAD + "qubit[2] q;\nbit[2] c;\nx q[0];\nc = measure q;\n"
    noise = {"readout": {"zero_as_one": 0.1, "one_as_zero": 0.3}}
    reference = np.array([0.9 * 0.3, 0.9 * 0.7, 0.1 * 0.3, 0.1 * 0.7])
    assert exactly(service, circuit, noise=noise) == pytest.approx(reference)
    body = run_circuit(service, circuit, noise=noise, shots=5000, seed=2)
    assert p_value(table(body["result"], 2), reference) > UNLIKELY


def test_a_qubit_decays_while_a_gate_lasts(service: Service) -> None:
    thermal = {"t1_us": 100, "t2_us": 60, "gate_ns": {"one_qubit": 30_000, "two_qubit": 0}}
    survival, coherent = math.exp(-0.3), math.exp(-0.5)
    assert exactly(service, FLIP, noise={"thermal": thermal}) == pytest.approx(
        [1 - survival, survival]
    )
    turned = FLIP.replace("x q", "h q")
    body = run_circuit(service, turned, noise={"thermal": thermal}, observables="X")
    # The gate that turns X to Z before it is measured lasts as long.
    assert body["data"]["expectation_values"] == pytest.approx(1 - (1 - coherent) * survival)


GATES = (
    HEAD + "qubit[3] q;\nbit[3] c;\nh q[0];\ncx q[0], q[1];\nrx(0.7) q[2];\nid q[1];\n"
    "crx(1.1) q[1], q[2];\nt q[0];\nswap q[0], q[2];\nch q[2], q[1];\nu2(0.3, 0.4) q[0];\n"
    "pow(0.5) @ y q[1];\nctrl @ p(0.9) q[1], q[0];\nnegctrl @ ry(0.5) q[2], q[0];\n"
    "ry(0.6) q[1];\nc = measure q;\n"
)


def test_gates_have_the_errors_that_aer_has_for_these_rates(service: Service) -> None:
    reference = by_hand()
    assert exactly(service, GATES, noise=SOME) == pytest.approx(reference, abs=1e-9)
    for method in (None, "statevector", "matrix_product_state"):
        body = run_circuit(service, GATES, noise=SOME, shots=4000, seed=3, method=method)
        assert body["engine"] == "aer"
        assert body["method"] == (method or "density_matrix")
        assert p_value(table(body["result"], 3), reference) > UNLIKELY


def by_hand() -> Any:
    """The probabilities of GATES under SOME noise, from Qiskit's density matrices."""
    circuit = QuantumCircuit(3)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.rx(0.7, 2)
    circuit.id(1)
    circuit.crx(1.1, 1, 2)
    circuit.t(0)
    circuit.swap(0, 2)
    circuit.ch(2, 1)
    circuit.u(math.pi / 2, 0.3, 0.4, 0)
    circuit.unitary(np.array([[1, -1], [1, 1]]) * (1 + 1j) / 2, [1])  # the root of y
    circuit.cp(0.9, 1, 0)
    circuit.cry(0.5, 2, 0, ctrl_state=0)
    circuit.ry(0.6, 1)
    chances, times = SOME["depolarizing"], SOME["thermal"]["gate_ns"]
    errors = {}
    for size, name in ((1, "one_qubit"), (2, "two_qubit")):
        relaxed = thermal_relaxation_error(50e3, 70e3, times[name])
        relaxed = relaxed if size == 1 else relaxed.expand(relaxed)
        errors[size] = SuperOp(depolarizing_error(chances[name], size).compose(relaxed))
    state = DensityMatrix.from_label("000")
    for item in circuit.data:
        on = [circuit.find_bit(qubit).index for qubit in item.qubits]
        state = state.evolve(item.operation, on).evolve(errors[len(on)], on)
    up, down = SOME["readout"]["zero_as_one"], SOME["readout"]["one_as_zero"]
    read = np.array([[1 - up, down], [up, 1 - down]])
    return np.kron(np.kron(read, read), read) @ state.probabilities()


TOFFOLI = HEAD + "qubit[3] q;\nbit[3] c;\nh q;\nGATE\nh q[0];\nc = measure q;\n"
IN_PIECES = (
    "h q[2]; cx q[1], q[2]; tdg q[2]; cx q[0], q[2]; t q[2]; cx q[1], q[2]; tdg q[2]; "
    "cx q[0], q[2]; t q[1]; t q[2]; h q[2]; cx q[0], q[1]; t q[0]; tdg q[1]; cx q[0], q[1];"
)


def test_a_gate_on_three_qubits_errs_as_the_gates_it_is_made_of(service: Service) -> None:
    whole = exactly(service, TOFFOLI.replace("GATE", "ccx q[0], q[1], q[2];"), noise=SOME)
    pieces = exactly(service, TOFFOLI.replace("GATE", IN_PIECES), noise=SOME)
    assert whole == pytest.approx(pieces, abs=1e-9)


def test_what_is_sampled_comes_near_what_is_exact(service: Service) -> None:
    observables = [["XXX", "ZIZ", "Y0+"], [[["ZZI", 0.5], ["IXX", -2]], "III", "1rl"]]
    fields: dict[str, Any] = {"noise": SOME, "observables": observables, "seed": 4}
    exact = run_circuit(service, GATES, **fields)["data"]
    estimate = run_circuit(service, GATES, precision=0.01, **fields)["data"]
    assert exact["expectation_values"].shape == (2, 3)
    assert not exact["standard_errors"].any()
    assert exact["expectation_values"][1][1] == pytest.approx(1)
    off = np.abs(estimate["expectation_values"] - exact["expectation_values"])
    assert (off <= 6 * estimate["standard_errors"] + 1e-9).all()


def test_readout_errors_are_in_expectation_values(service: Service) -> None:
    noise = {"readout": {"zero_as_one": 0.1, "one_as_zero": 0.3}}
    body = run_circuit(service, FLIP, noise=noise, observables=["Z", "1", "I"])
    assert body["data"]["expectation_values"] == pytest.approx([-0.4, 0.7, 1])


def test_every_program_of_a_sweep_has_noise(service: Service) -> None:
    circuit = HEAD + "input float a;\nqubit q;\nbit c;\nry(a) q;\nc = measure q;\n"
    angles = [0, 1, 2, math.pi]
    noise = {"depolarizing": {"one_qubit": 0.2}}
    reference = 0.1 + 0.8 * np.sin(np.array(angles) / 2) ** 2
    kinds = ["counts", "probabilities"]
    options = {"noise": noise, "shots": 3000, "seed": 5, "return": kinds}
    body = run_circuit(service, circuit, parameters={"a": angles}, **options)
    assert body["shape"] == [4]
    assert body["data"]["probabilities"][:, 1] == pytest.approx(reference)
    for counts, chance in zip(body["result"], reference, strict=True):
        assert p_value(table(counts, 1), np.array([1 - chance, chance])) > UNLIKELY


def test_what_is_measured_on_the_way_and_reset_has_noise(service: Service) -> None:
    circuit = (
        HEAD + "qubit[2] q;\nbit[3] c;\nx q[0];\nc[0] = measure q[0];\nreset q[0];\n"
        "h q[1];\nc[1] = measure q[0];\nc[2] = measure q[1];\n"
    )
    noise = {"depolarizing": {"one_qubit": 0.2}, "readout": {"one_as_zero": 0.5}}
    reference = np.zeros(8)
    for first, chance in ((0, 0.1 + 0.45), (1, 0.45)):
        reference[first], reference[4 + first] = chance * 0.75, chance * 0.25
    for method in ("stabilizer", "statevector", "matrix_product_state"):
        body = run_circuit(service, circuit, noise=noise, shots=2000, seed=6, method=method)
        assert p_value(table(body["result"], 3), reference) > UNLIKELY
    assert exactly(service, circuit, noise=noise) == pytest.approx(reference)


LONG = "".join(f"cx q[{k}], q[{k + 1}];\n" for k in range(39))
GHZ = HEAD + "qubit[40] q;\nbit[40] c;\nh q[0];\n" + LONG + "c = measure q;\n"


@pytest.mark.parametrize(
    ("circuit", "method"),
    [(GHZ, "stabilizer"), (GHZ.replace("c =", "t q[3];\nc ="), "matrix_product_state")],
)
def test_many_qubits_have_noise_where_their_state_is_a_small_one(
    service: Service, circuit: str, method: str
) -> None:
    noise = {"depolarizing": {"two_qubit": 0.01}}
    body = run_circuit(service, circuit, noise=noise, shots=200, seed=7)
    assert body["method"] == method
    whole = body["result"].get("0" * 40, 0) + body["result"].get("1" * 40, 0)
    assert 80 < whole < 190  # 0.99**39 is 0.68, and some errors show nothing


def test_the_same_seed_gives_the_same_shots(service: Service) -> None:
    def run(seed: int, **body: Any) -> Any:
        return run_circuit(service, GATES, noise=SOME, seed=seed, memory=True, shots=200, **body)[
            "memory"
        ]

    assert run(1) == run(1)
    assert run(1) != run(2)
    assert run(1, method="statevector") == run(1, method="statevector")


def test_a_result_says_that_it_has_noise(service: Service) -> None:
    body = run_circuit(service, BELL, noise={"readout": {"zero_as_one": 0.1}})
    assert (body["engine"], body["precision"]) == ("stim", "exact")
    reason = "noise of the given rates, as a stabilizer state with random Pauli errors"
    assert body["reason"] == reason
    body = run_circuit(service, GATES, noise=SOME)
    assert (body["engine"], body["precision"]) == ("aer", "double")
    assert body["reason"] == "noise of the given rates, in a density matrix"


def test_a_density_matrix_may_be_asked_for_without_noise(service: Service) -> None:
    body = run_circuit(service, BELL, method="density_matrix", shots=2000, seed=1)
    assert p_value(table(body["result"], 2), np.array([0.5, 0, 0, 0.5])) > UNLIKELY
    assert (body["engine"], body["method"]) == ("aer", "density_matrix")
    assert body["reason"] == "requested by the task, without noise, in a density matrix"
    dynamic = run_circuit(
        service, ACTS + "c[1] = measure q[1];", method="density_matrix", shots=100
    )
    assert set(dynamic["result"]) == {"00", "11"}
    answer = service.http.post("/estimate", json={"circuit": BELL, "method": "density_matrix"})
    assert "density_matrix has no estimate" in answer.text


ACTS = HEAD + "qubit[2] q;\nbit[2] c;\nh q[0];\nc[0] = measure q[0];\nif (c[0]) x q[1];\n"
MANY = HEAD + "qubit[20] q;\nbit[20] c;\nh q;\nt q;\nc = measure q;\n"


@pytest.mark.parametrize(
    ("circuit", "body", "code", "word"),
    [
        (BELL, {"return": ["statevector"]}, "not_exact", "with noise there is no statevector"),
        (BELL, {"return": ["unitary"]}, "not_exact", "with noise there is no unitary"),
        (BELL, {"engine": "stim"}, "engine_unsuitable", "errors that are not Pauli operators"),
        (BELL, {"engine": "lightning"}, "engine_unsuitable", "lightning simulates no noise"),
        (GATES, {"method": "stabilizer"}, "engine_unsuitable", "not Clifford"),
        (
            ACTS,
            {"engine": "aer"},
            "engine_unsuitable",
            "the program depends on outcomes of measurements",
        ),
        (ACTS, {"method": "matrix_product_state"}, "engine_unsuitable", "got matrix_product_state"),
        (ACTS, {"return": ["statevector"]}, "not_exact", "with noise there is no statevector"),
        (MANY, {"observables": "Z" * 20}, "out_of_memory", "set a `precision`"),
        (MANY, {"return": ["probabilities"]}, "out_of_memory", "for 20 qubits it takes 16.0 TiB"),
    ],
)
def test_what_noise_cannot_be_had_with_is_refused(
    service: Service, circuit: str, body: dict[str, Any], code: str, word: str
) -> None:
    actual_code, text = circuit_error(service, circuit, noise=SOME, **body)
    assert actual_code == code
    assert word in text


@pytest.mark.parametrize(
    ("noise", "word"),
    [
        ({"depolarizing": {"one_qubit": 2}}, "noise.depolarizing.one_qubit: "),
        ({"depolarizing": {"two_qubit": -0.1}}, "noise.depolarizing.two_qubit: "),
        ({"depolarizing": {"three_qubit": 0.1}}, "noise.depolarizing.three_qubit: "),
        (
            {"frobnicate": 1},
            "noise.frobnicate: no such field; `noise` has depolarizing, idle, readout, thermal",
        ),
        (
            {"depolarizing": {"x": 1}},
            "noise.depolarizing.x: no such field; `noise.depolarizing` has one_qubit, two_qubit",
        ),
        ({"readout": {"zero_as_one": True}}, "noise.readout.zero_as_one: "),
        ({"readout": {"zero_as_one": "0.1"}}, "noise.readout.zero_as_one: "),
        ({"thermal": {"t1_us": 10, "t2_us": 10}}, "noise.thermal.gate_ns: "),
        ({"thermal": {"t1_us": 0, "t2_us": 10, "gate_ns": {}}}, "noise.thermal.t1_us: "),
        (
            {"thermal": {"t1_us": 10, "t2_us": 21, "gate_ns": {}}},
            "noise.thermal.t2_us: must be at most twice t1_us, 10; got 21",
        ),
        ({"crosstalk": 1}, "noise.crosstalk: "),
        ({}, "noise: give at least one"),
        ([], "noise: "),
        ("", "noise: "),
        (0.1, "noise: "),
    ],
)
def test_rates_that_mean_nothing_are_refused_by_name(
    service: Service, noise: Any, word: str
) -> None:
    answer = service.http.post("/tasks", json={"circuit": BELL, "noise": noise})
    assert (answer.status_code, problem(answer)["code"]) == (400, "invalid_request")
    assert str(problem(answer)["detail"]).startswith(word)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", "-Infinity"])
def test_rates_that_are_no_numbers_are_refused(service: Service, number: str) -> None:
    text = f'{{"circuit": "x", "noise": {{"readout": {{"zero_as_one": {number}}}}}}}'
    answer = service.http.post("/tasks", content=text)
    assert answer.status_code == 400
