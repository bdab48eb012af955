"""Aer engine: results, seeds, memory order and limits."""

import json
import random
from dataclasses import replace

import numpy as np
import pytest
import qiskit_aer

from quantumtask.engines.simulators import aer
from quantumtask.openqasm.program.operations import (
    BASIC_GATES,
    BasicGate,
    MatrixGate,
    Operation,
    controlled_matrix,
)
from quantumtask.openqasm.program.program import Program
from quantumtask.shared.errors import ResourceError, TaskError
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Result
from tests.support.cases import check_each
from tests.support.compile_circuit import compile_circuit
from tests.support.run_program import run_program

SETTINGS = Settings(slot_memory_mb=2048)
BELL = 'include "stdgates.inc"; qubit[2] q; bit[2] c; h q[0]; cx q[0], q[1]; c = measure q;'
GHZ = (
    'include "stdgates.inc"; qubit[40] q; bit[40] c; h q[0];'
    + "".join(f"cx q[{i}], q[{i + 1}];" for i in range(39))
    + "c = measure q;"
)


def run(
    text: str,
    shots: int = 100,
    seed: int | None = 5,
    memory: bool = False,
    settings: Settings = SETTINGS,
) -> Result:
    program = compile_circuit(text, settings)
    return run_program(
        program, shots=shots, seed=seed, memory=memory, settings=settings, engine="aer"
    )


def test_a_bell_pair_gives_equal_bits() -> None:
    result = run(BELL, shots=1000)
    counts = json.loads(result.counts)
    assert set(counts) == {"00", "11"}
    assert sum(counts.values()) == 1000
    assert abs(counts["00"] - 500) < 130
    assert (result.engine, result.engine_version) == ("aer", qiskit_aer.__version__)
    assert result.method == "statevector"
    assert result.run_ms > 0


@pytest.mark.parametrize("seed", [0, 1, 2**31, 2**32 + 1, 2**53 + 1, 2**63 - 1])
def test_the_same_seed_gives_the_same_counts(seed: int) -> None:
    first, second = run(BELL, seed=seed), run(BELL, seed=seed)
    assert first.seed == seed
    assert first.counts == second.counts


def test_a_seed_is_drawn_and_told_where_none_is_given() -> None:
    result = run(BELL, seed=None)
    assert 0 <= result.seed < 2**63
    assert run(BELL, seed=result.seed).counts == result.counts
    assert run(BELL, seed=None).seed != result.seed


def test_memory_has_one_entry_for_each_shot_and_agrees_with_the_counts() -> None:
    result = run(BELL, shots=50, memory=True)
    assert result.memory is not None
    lines = json.loads(result.memory)
    assert len(lines) == 50
    assert json.loads(result.counts) == {key: lines.count(key) for key in sorted(set(lines))}


def test_memory_is_none_where_it_was_not_asked_for() -> None:
    assert run(BELL).memory is None


def test_counts_are_compact_json_with_sorted_keys() -> None:
    text = 'include "stdgates.inc"; qubit[3] q; bit[3] c; h q; c = measure q;'
    counts = run(text, shots=500).counts
    assert " " not in counts
    assert list(json.loads(counts)) == sorted(json.loads(counts))


def test_no_bits_give_no_counts() -> None:
    result = run("qubit q; U(1, 2, 3) q;", memory=True)
    assert (result.counts, result.memory) == ("{}", "[]")
    assert "nothing is measured" in result.warnings[0]


def test_bits_that_nothing_is_measured_into_are_zero() -> None:
    result = run("qubit q; bit[2] c; bit d; U(1, 2, 3) q;", shots=3, memory=True)
    assert json.loads(result.counts) == {"0 00": 3}
    assert json.loads(result.memory or "") == ["0 00"] * 3
    assert "nothing is measured" in result.warnings[0]


def test_a_large_clifford_circuit_runs_as_a_stabilizer_state() -> None:
    far = "".join(f"cz q[{i}], q[{i + 20}];" for i in range(20))  # too entangled for an MPS
    result = run(GHZ.replace("c = measure q;", f"{far} c = measure q;"))
    assert result.method == "stabilizer"
    assert set(json.loads(result.counts)) == {"0" * 40, "1" * 40}


def test_a_gate_given_by_its_matrix_keeps_a_large_circuit_a_state_vector() -> None:
    gates = "h q[0]; pow(0.5) @ x q[1]; pow(0.5) @ x q[1];"
    text = f'include "stdgates.inc"; qubit[13] q; bit[13] c; x q; {gates} c = measure q;'
    result = run(text)
    assert result.method == "statevector"
    assert set(json.loads(result.counts)) == {"1" * 11 + "00", "1" * 11 + "01"}


@pytest.mark.parametrize("call", ["ctrl(5) @ h", "ctrl(4) @ crx(0.5)", "pow(0.5) @ ctrl(2) @ h"])
def test_gates_that_aer_does_not_know_are_translated_for_it(call: str) -> None:
    controls = 5 if "(2)" not in call else 2
    qubits = ", ".join(f"q[{i}]" for i in range(controls + 1))
    head = f'include "stdgates.inc"; qubit[6] q; bit[6] c; x q[0:{controls - 1}];'
    result = run(f"{head} {call} {qubits}; inv @ {call} {qubits}; c = measure q;")
    assert json.loads(result.counts) == {("1" * controls).rjust(6, "0"): 100}


def entangled(qubits: int) -> str:
    """Return a circuit whose first 32 qubits are each entangled with many others."""
    rng = random.Random(1)
    pairs = [rng.sample(range(32), 2) for _ in range(200)]
    links = "".join(f"cx q[{a}], q[{b}]; h q[{a}]; t q[{b}];" for a, b in pairs)
    return f'include "stdgates.inc"; qubit[{qubits}] q; bit c; h q; t q; {links} c = measure q[0];'


def test_too_many_qubits_for_the_slot_are_refused_with_both_numbers() -> None:
    with pytest.raises(ResourceError, match=r"64\.0 GiB.* 1\.8 GiB.* too entangled") as error:
        run(entangled(32))
    assert error.value.code == "out_of_memory"


def test_a_thousand_qubits_are_refused_in_readable_units() -> None:
    with pytest.raises(ResourceError) as error:
        run(entangled(1000))
    assert error.value.code == "out_of_memory"
    assert len(error.value.message) < 200


def test_many_qubits_with_little_entanglement_run_as_a_chain_of_matrices() -> None:
    text = GHZ.replace("h q[0];", "h q[0]; t q[0];")
    result = run(text)
    assert (result.engine, result.method) == ("aer", "matrix_product_state")
    assert set(json.loads(result.counts)) == {"0" * 40, "1" * 40}


def test_idle_qubits_take_no_memory() -> None:
    text = 'include "stdgates.inc"; qubit[5000] q; bit c; h q[9]; t q[9]; c = measure q[9];'
    assert sum(json.loads(run(text).counts).values()) == 100


def test_memory_that_would_be_too_large_is_refused_before_it_runs() -> None:
    small = Settings(slot_memory_mb=2048, max_result_bytes=1000)
    with pytest.raises(ResourceError, match="1000 bytes") as error:
        run(BELL, shots=1000, memory=True, settings=small)
    assert error.value.code == "result_too_large"


def test_counts_that_are_too_large_are_refused() -> None:
    small = Settings(slot_memory_mb=2048, max_result_bytes=100)
    text = 'include "stdgates.inc"; qubit[8] q; bit[8] c; h q; c = measure q;'
    with pytest.raises(ResourceError) as error:
        run(text, shots=1000, settings=small)
    assert error.value.code == "result_too_large"


def test_several_threads_give_the_same_counts_as_one() -> None:
    program = compile_circuit(BELL, SETTINGS)
    one = run_program(program, shots=100, seed=1, memory=False, settings=SETTINGS, threads=1)
    two = run_program(program, shots=100, seed=1, memory=False, settings=SETTINGS, threads=2)
    assert one.counts == two.counts


FINAL = {
    "a register": "h q; c = measure q;",
    "bits in another order": "h q[0]; cx q[0], q[2]; c[2] = measure q[0]; c[0] = measure q[2];",
    "some of the qubits": "rx(0.4) q[1]; cx q[1], q[0]; c[1] = measure q[0];",
    "one qubit into two bits": "h q[1]; c[0] = measure q[1]; c[2] = c[0];",
    "a bit that is written twice": "h q; c[0] = measure q[0]; c[0] = measure q[1];",
    "a phase": "h q[0]; gphase(1.0); t q[0]; h q[0]; c[0] = measure q[0];",
}
NOT_FINAL = {
    "a gate after a measurement": "h q[0]; c[0] = measure q[0]; h q[0]; c[1] = measure q[0];",
    "a reset": "h q[0]; reset q[0]; c[0] = measure q[0];",
    "a qubit that is measured twice": "h q[1]; c[0] = measure q[1]; c[2] = measure q[1];",
}


def three(body: str) -> Program:
    text = f'include "stdgates.inc"; qubit[3] q; bit[3] c; {body}'
    return compile_circuit(text, SETTINGS)


@pytest.mark.parametrize("what", FINAL)
def test_shots_from_exact_probabilities_have_the_distribution_of_aers_own(what: str) -> None:
    program = three(FINAL[what])
    assert program.circuit is not None
    assert program.circuit.terminal_measurements_only
    shots = 20_000

    def counts(program: Program) -> dict[str, int]:
        result = run_program(program, shots=shots, seed=3, memory=False, settings=SETTINGS)
        counts: dict[str, int] = json.loads(result.counts)
        return counts

    exact, sampled = (
        counts(program),
        counts(
            replace(program, circuit=replace(program.circuit, terminal_measurements_only=False))
        ),
    )
    for key in exact.keys() | sampled.keys():
        p = (exact.get(key, 0) + sampled.get(key, 0)) / (2 * shots)
        deviation = (2 * p * (1 - p) / shots) ** 0.5
        assert abs(exact.get(key, 0) - sampled.get(key, 0)) / shots < 6 * deviation + 1e-9


@pytest.mark.parametrize("what", NOT_FINAL)
def test_a_program_that_goes_on_after_measuring_is_left_to_aer(what: str) -> None:
    circuit = three(NOT_FINAL[what]).circuit
    assert circuit is not None
    assert not circuit.terminal_measurements_only


def test_a_flat_result_over_wide_registers_is_refused_before_it_is_written() -> None:
    wide = "".join(f"c[{99_000 + k}] = measure q[{k}];" for k in range(12))
    text = f'include "stdgates.inc"; qubit[12] q; bit[99100] c; h q; {wide}'
    with pytest.raises(ResourceError) as refused:
        run(text, shots=20_000)
    assert refused.value.code == "result_too_large"


def test_an_angle_that_is_no_number_any_more_is_refused() -> None:
    with pytest.raises(TaskError):
        run("qubit q; bit c; U(1.0, 1e308, 1e308) q; c = measure q;")


def test_the_same_circuit_again_gives_fresh_shots() -> None:
    text = 'include "stdgates.inc"; qubit[8] q; bit[8] c; h q; c = measure q;'
    assert run(text, seed=None).counts != run(text, seed=None).counts


def test_a_few_measured_qubits_of_many_declared_ones_cost_only_the_few() -> None:
    text = 'include "stdgates.inc"; qubit[60] q; bit c; h q[41]; cx q[41], q[7]; c = measure q[7];'
    assert sum(json.loads(run(text).counts).values()) == 100


BITS = {
    "bits in another order": ("x q[0]; c[2] = measure q[0]; c[0] = measure q[1];", "100"),
    "a bit of each kind": ("x q[0]; c[0] = measure q[0]; c[1] = 1;", "011"),
    "a copy": ("x q[0]; c[0] = measure q[0]; c[2] = c[0];", "101"),
    "a bit that is measured twice": ("x q[0]; c[1] = measure q[0]; c[1] = measure q[1];", "000"),
    "only constants": ('x q[0]; c = "110";', "110"),
    "a reset between": ("x q[0]; c[0] = measure q[0]; reset q[0]; c[1] = measure q[0];", "001"),
}


@pytest.mark.parametrize("what", BITS)
@pytest.mark.parametrize("memory", [False, True])
def test_bits_of_the_result_are_what_the_program_put_there(what: str, memory: bool) -> None:
    body, expected = BITS[what]
    result = run_program(three(body), shots=9, seed=1, memory=memory, settings=SETTINGS)
    assert json.loads(result.counts) == {expected: 9}
    assert not memory or json.loads(result.memory or "") == [expected] * 9


def test_an_engine_keeps_every_measurement_of_a_program_that_goes_on() -> None:
    program = three(
        "h q[0]; c[1] = measure q[0]; c[1] = measure q[1]; h q[0]; c[0] = measure q[0];"
    )
    counts = json.loads(
        run_program(program, shots=4000, seed=1, memory=False, settings=SETTINGS).counts
    )
    assert abs(counts["001"] - 2000) < 300


@pytest.mark.parametrize("controls", [(), (True,), (False, True)])
def test_a_gate_is_the_same_matrix_in_aer(controls: tuple[bool, ...]) -> None:
    def check(gate: BasicGate) -> None:
        rng = np.random.default_rng(1)
        qubits = gate.num_qubits + len(controls)
        params = tuple(rng.uniform(-4, 4, gate.num_parameters).tolist())
        vector = rng.normal(size=1 << qubits) + 1j * rng.normal(size=1 << qubits)
        vector /= np.linalg.norm(vector)
        expected = controlled_matrix(gate.matrix(*params), controls) @ vector
        operation = Operation(gate, params, tuple(range(qubits)), controls)
        vector_after = aer.evolve(vector, [operation], threads=1, settings=SETTINGS)
        assert abs(abs(np.vdot(vector_after, expected)) - 1) < 1e-9

    check_each(BASIC_GATES, check)


def test_a_matrix_that_is_a_view_of_another_is_read_as_it_is() -> None:
    matrix = controlled_matrix(BASIC_GATES["ry"].matrix(0.4))[1::2, 1::2]
    operation = Operation(MatrixGate(matrix), (), (0,))
    start = np.array([0.6, 0.8], dtype=np.complex128)
    vector_after = aer.evolve(start, [operation], threads=1, settings=SETTINGS)
    assert np.allclose(vector_after, matrix @ [0.6, 0.8])


def test_outputs_of_a_program_without_branches_are_given_for_each_shot() -> None:
    result = run("output int[8] n; output bool b; n = 3 + 4; b = true; qubit q; reset q;", shots=3)
    assert json.loads(result.outputs or "") == {"n": [7, 7, 7], "b": [True, True, True]}


def test_outputs_that_are_too_large_are_refused_before_they_are_written() -> None:
    small = Settings(slot_memory_mb=2048, max_result_bytes=1000)
    with pytest.raises(ResourceError) as refused:
        run("output float x; x = 1.0 / 3.0; qubit q; reset q;", shots=1000, settings=small)
    assert refused.value.code == "result_too_large"
