"""Shot branching: the distribution of programs with feed-forward, within time and memory."""

import json
import random
from typing import Any

import numpy as np
import pytest

from quantumtask.openqasm.text.source import Diagnostic
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Result
from tests.engines.dense_reference import assert_drawn_from, exact
from tests.support.compile_circuit import compile_circuit
from tests.support.run_program import run_program
from tests.support.sizes import sized

SETTINGS = Settings(slot_memory_mb=2048)
HEAD = 'OPENQASM 3.0; include "stdgates.inc"; '


def run(
    text: str,
    shots: int = 1024,
    seed: int | None = 5,
    memory: bool = False,
    settings: Settings = SETTINGS,
    threads: int = 1,
) -> Result:
    program = compile_circuit(HEAD + text, settings)
    return run_program(
        program, shots=shots, seed=seed, memory=memory, settings=settings, threads=threads,
        engine="quantumtask",
    )  # fmt: skip


def counts(text: str, **options: Any) -> dict[str, int]:
    totals: dict[str, int] = json.loads(run(text, **options).counts)
    return totals


def random_program(seed: int, clifford: bool) -> str:
    """Return a program of gates, measurements, resets and branches on three qubits."""
    rng = random.Random(seed)
    one = ["h", "x", "s", "sx", "y"] + ([] if clifford else ["t", "rx(0.7)", "ry(1.9)", "p(0.3)"])
    two = ["cx", "cz", "swap"] + ([] if clifford else ["ch", "crx(1.1)", "negctrl @ ry(0.4)"])

    def statement(depth: int) -> str:
        kind = rng.random()
        a, b = rng.sample(range(3), 2)
        if kind < 0.35:
            return f"{rng.choice(one)} q[{a}];"
        if kind < 0.55:
            return f"{rng.choice(two)} q[{a}], q[{b}];"
        if kind < 0.75:
            return f"c[{a}] = measure q[{b}];"
        if kind < 0.8:
            return f"reset q[{a}];"
        if depth == 2:
            return f"c[{a}] = c[{b}];"
        body = " ".join(statement(depth + 1) for _ in range(2))
        return f"if (c[{a}] != c[{b}]) {{ {body} }} else {{ {statement(depth + 1)} }}"

    body = " ".join(statement(0) for _ in range(14))
    last = "c[0] = measure q[0]; if (c[0]) { h q[1]; } c[1] = measure q[1];"
    return f"qubit[3] q; bit[3] c; {body} {last}"


@pytest.mark.parametrize("clifford", [False, True])
@pytest.mark.parametrize("seed", range(25))
def test_random_programs_have_their_exact_distribution(seed: int, clifford: bool) -> None:
    program = compile_circuit(HEAD + random_program(seed, clifford), SETTINGS)
    result = run_program(program, shots=4000, seed=seed, memory=False, settings=SETTINGS)
    if program.circuit is None:
        assert result.engine == "quantumtask"
    totals = {int(key, 2): shots for key, shots in json.loads(result.counts).items()}
    assert_drawn_from(totals, exact(program))


TELEPORT = (
    "qubit[3] q; bit a; bit b; bit r; ry(0.7) q[0]; rz(0.3) q[0]; h q[1]; cx q[1], q[2];"
    "cx q[0], q[1]; h q[0]; a = measure q[0]; b = measure q[1]; if (b) x q[2]; if (a) z q[2];"
    "rz(-0.3) q[2]; ry(-0.7) q[2]; r = measure q[2];"
)
FLIPS = (
    "qubit[12] q; bit[12] c; for int i in [0:10] { h q[i]; c[i] = measure q[i];"
    "if (c[i]) x q[i + 1]; }"
)
LONG_FLIPS = FLIPS.replace("[12]", "[40]").replace("[0:10]", "[0:38]")


def test_a_teleported_state_arrives() -> None:
    totals = counts(TELEPORT)
    assert set(totals) == {"0 0 0", "0 0 1", "0 1 0", "0 1 1"}
    assert all(abs(shots - 256) < 90 for shots in totals.values())


def test_the_engine_its_version_and_method_are_told() -> None:
    result = run(TELEPORT)
    assert (result.engine, result.method) == ("quantumtask", "statevector")
    assert result.engine_version
    assert result.run_ms > 0
    assert run(LONG_FLIPS).method == "stabilizer"


def test_repeating_until_success_takes_the_expected_number_of_tries() -> None:
    text = (
        "qubit q; bit c; output int[32] tries; tries = 0;"
        "while (!c) { reset q; ry(pi / 3) q; c = measure q; tries += 1; }"
    )
    result = run(text, shots=4000)
    tries = json.loads(result.outputs or "")["tries"]
    assert json.loads(result.counts) == {"1": 4000}
    assert len(tries) == 4000
    assert abs(sum(tries) / 4000 - 4) < 6 * (12 / 4000) ** 0.5


def test_iterative_phase_estimation_finds_an_exact_phase() -> None:
    text = "qubit[2] q; bit[8] c; x q[1];"
    for k in range(8):
        text += f"reset q[0]; h q[0]; cp({2 * np.pi * 77 / 256 * 2 ** (7 - k)}) q[0], q[1];"
        text += "".join(f"if (c[{j}]) p({-np.pi / 2 ** (k - j)}) q[0];" for j in range(k))
        text += f"h q[0]; c[{k}] = measure q[0];"
    assert counts(text) == {f"{77:08b}": 1024}


@pytest.mark.parametrize("text", [TELEPORT, FLIPS])
def test_the_same_seed_gives_the_same_result_on_any_number_of_threads(text: str) -> None:
    first = run(text, seed=9, memory=True)
    second = run(text, seed=9, memory=True, threads=2)
    assert (first.counts, first.memory) == (second.counts, second.memory)
    assert run(text, seed=10, memory=True).memory != first.memory
    assert run(text, seed=9).counts == first.counts


def test_a_seed_is_drawn_and_told_where_none_is_given() -> None:
    result = run(FLIPS, seed=None)
    assert run(FLIPS, seed=result.seed).counts == result.counts


def test_shots_come_in_no_order_and_outputs_go_with_their_shot() -> None:
    text = (
        "qubit[3] q; bit[3] c; output uint[3] n; output bit odd; h q; c = measure q;"
        "if (c[0]) { x q[1]; c[1] = measure q[1]; } n = uint[3](c); odd = c[0];"
    )
    result = run(text, shots=300, memory=True)
    lines = json.loads(result.memory or "")
    outputs = json.loads(result.outputs or "")
    assert [int(line.split()[-1], 2) for line in lines] == outputs["n"]
    assert len(outputs["odd"]) == 300
    ones = [line[-1] for line in lines]
    assert ones != sorted(ones)
    assert ones != sorted(ones, reverse=True)
    assert json.loads(result.counts) == {key: lines.count(key) for key in sorted(set(lines))}


def test_many_declared_qubits_cost_only_those_in_use() -> None:
    text = (
        "qubit[5000] q; bit[40] c; for int i in [0:38] { t q[i]; h q[i]; t q[i]; h q[i];"
        "c[i] = measure q[i]; if (c[i]) x q[i + 1]; }"
    )
    assert sum(counts(text, shots=50).values()) == 50


def test_a_sum_of_bits_on_many_qubits_needs_no_large_state() -> None:
    text = (
        "qubit[60] q; bit[60] c; h q[0]; c[0] = measure q[0]; if (!c[0]) { x q[0]; }"
        "for int i in [1:58] { x q[i]; } for int i in [0:57] { ccx q[i], q[i + 1], q[59]; }"
        "c = measure q;"
    )
    assert counts(text) == {"0" + "1" * 59: 1024}


def test_a_large_clifford_program_can_look_at_what_it_measured() -> None:
    text = "qubit[60] q; bit[60] c; h q[0]; for int i in [0:58] { cx q[i], q[i + 1]; }"
    totals = counts(text + "c[0] = measure q[0]; if (c[0]) { x q; } c = measure q;")
    assert totals == {"0" * 60: 1024}


def test_histories_that_do_not_fit_the_memory_are_run_again() -> None:
    text = (
        "qubit[13] q; bit[12] c; for int r in [0:3] { for int i in [0:10] { ry(0.3 * (i + 1)) q[i];"
        "cx q[i], q[i + 1]; } c[r] = measure q[r]; if (c[r]) { rx(0.4) q[r]; } }"
        "c[4:11] = measure q[4:11];"
    )
    small = Settings(slot_memory_mb=1)
    assert counts(text, shots=200, settings=small) == counts(text, shots=200)


def test_a_state_that_is_too_large_for_the_slot_is_refused_with_both_numbers() -> None:
    text = "qubit[40] q; bit[40] c; h q; t q; h q; c[0] = measure q[0]; if (c[0]) { x q[0]; }"
    with pytest.raises(ResourceError, match=r"the state of \d+ qubits needs .* and this slot has"):
        run(text)


def test_a_loop_without_an_end_is_refused() -> None:
    few = Settings(slot_memory_mb=2048, max_steps=1000)
    text = "qubit q; bit c; h q; c = measure q; while (c) { x q; x q; }"
    with pytest.raises(Diagnostic) as refused:
        run(text, settings=few)
    assert refused.value.code == "too_many_steps"


def test_a_loop_that_goes_on_for_long_ends_after_all() -> None:
    text = (
        "qubit q; bit c; int[32] n = 0; output int[32] rounds;"
        "while (n < 3000) { h q; c = measure q; if (c) { n += 1; } reset q; n += 1; } rounds = n;"
    )
    assert set(json.loads(run(text, shots=2).outputs or "")["rounds"]) <= {3000, 3001}


def test_a_rare_outcome_does_not_pile_up_waiting_branches() -> None:
    text = (
        "qubit q; bit[11] n; uint[11] k = 0; bit c;"
        f"while (!c && k < {sized(500, 1500)})"
        "{ reset q; ry(0.06) q; c = measure q; k += 1; }"
    )
    assert sum(counts(text, shots=1000).values()) == 1000


def test_counts_and_outputs_that_are_too_large_are_refused() -> None:
    small = Settings(slot_memory_mb=2048, max_result_bytes=2000)
    with pytest.raises(ResourceError) as refused:
        run(FLIPS, settings=small)
    assert refused.value.code == "result_too_large"
    text = "qubit q; bit c; output float x; h q; c = measure q; x = 0.1; if (c) { x = 0.2; }"
    with pytest.raises(ResourceError) as refused:
        run(text, settings=small)
    assert refused.value.code == "result_too_large"


# Programs whose every shot does the same, where sharing histories is the faster way


def engine_of(body: str, shots: int = 1024, engine: str = "auto") -> tuple[str, dict[str, int]]:
    program = compile_circuit(HEAD + body, SETTINGS)
    assert program.circuit is not None
    result = run_program(
        program, shots=shots, seed=3, memory=False, settings=SETTINGS, engine=engine
    )
    return result.engine, json.loads(result.counts)


def test_a_clifford_circuit_that_ends_with_its_measurements_is_one_history() -> None:
    text = "qubit[200] q; bit[200] c; h q[0]; for int i in [0:198] { cx q[i], q[i + 1]; }"
    engine, totals = engine_of(text + "c = measure q;", engine="quantumtask")
    assert engine == "quantumtask"
    assert set(totals) == {"0" * 200, "1" * 200}


def test_a_measurement_half_way_is_shared_by_the_shots() -> None:
    text = "qubit[2] q; bit[3] c; ry(1.0) q; c[2] = measure q[0]; h q[0]; c[0:1] = measure q;"
    engine, totals = engine_of(text, 4000)
    assert engine == "quantumtask"
    assert_drawn_from(
        {int(key, 2): shots for key, shots in totals.items()},
        exact(compile_circuit(HEAD + text, SETTINGS)),
    )


@pytest.mark.parametrize(
    "text",
    [
        "qubit[20] q; bit[40] c; h q; c[0:19] = measure q; h q; c[20:39] = measure q;",
        "qubit[3] q; bit[3] c; h q; t q; h q; c = measure q;",
    ],
)
def test_what_would_not_share_much_is_left_to_another_engine(text: str) -> None:
    engine, totals = engine_of(text)
    assert engine != "quantumtask"
    assert sum(totals.values()) == 1024
