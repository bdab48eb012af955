"""Programs with feed-forward whose branches run in lockstep."""

import json
from typing import Any

import numpy as np
import pytest

from quantumtask.engines.sampling.shot_counts import ShotCounts
from quantumtask.engines.simulators import lockstep
from quantumtask.engines.simulators.sampling_run import SamplingRun
from quantumtask.openqasm.text.source import Diagnostic
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Result
from tests.engines.dense_reference import assert_drawn_from, exact
from tests.support.compile_circuit import compile_circuit
from tests.support.run_program import run_program

SETTINGS = Settings()
HEAD = 'OPENQASM 3.0; include "stdgates.inc"; '
FLIPS = "qubit q; bit[{0}] c; for int i in [0:{1}] {{ h q; c[i] = measure q; if (c[i]) x q; }}"


def run(text: str, *, settings: Settings = SETTINGS, **options: Any) -> Result:
    request: dict[str, Any] = {"shots": 4000, "seed": 3, "memory": False} | options
    program = compile_circuit(HEAD + text, settings)
    return run_program(
        program, settings=settings, engine="quantumtask", method="statevector", **request
    )


def counts(result: Result) -> dict[str, int]:
    totals: dict[str, int] = json.loads(result.counts)
    return totals


PROGRAMS = {
    "while": "qubit[2] q; bit[3] c; int n = 0; while (c[0:1] != 3 && n < 3) { h q[0]; ry(1.1) q[1];"
    "c[0:1] = measure q; n += 1; } h q[0]; c[2] = measure q[0];",
    "nested": "qubit[3] q; bit[3] c; for int i in [0:3] { ry(0.4 * (i + 1)) q[0]; cx q[0], q[1];"
    "c[0] = measure q[0]; if (c[0]) { h q[2]; c[1] = measure q[1]; if (c[1]) { reset q[2]; }"
    "else { x q[0]; continue; } } else { cx q[1], q[2]; } if (c[1] && c[0]) { break; } }"
    "c[2] = measure q[2];",
    "recursion": "def flip(qubit a, int n) -> bit { bit b; ry(0.7) a; b = measure a;"
    "if (n == 0) { return b; } if (b) { return flip(a, n - 1); } x a; return b; }"
    "qubit[2] q; bit[3] c; c[0] = flip(q[0], 3); cx q[0], q[1]; c[1] = flip(q[1], 2);"
    "if (c[1]) h q[0]; c[2] = measure q[0];",
    "integers": "qubit[2] q; bit[3] c; int n = 0; for int i in [0:4] { h q[0]; c[0] = measure q[0];"
    "if (c[0]) { n += 1; } } if (n > 2) { x q[1]; } if (n == 1) { h q[1]; }"
    "c[1] = measure q[1]; c[2] = c[0];",
    "pending": "qubit[3] q; bit[3] c; h q[0]; cx q[0], q[1]; c[0] = measure q[0];"
    "c[1] = measure q[1]; if (c[0]) { h q[2]; } negctrl @ h q[0], q[2]; cy q[2], q[0];"
    "c[2] = measure q[2];",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_have_their_exact_distribution(name: str) -> None:
    text = PROGRAMS[name]
    program = compile_circuit(HEAD + text, SETTINGS)
    assert_drawn_from({int(k, 2): n for k, n in counts(run(text)).items()}, exact(program))


def test_all_bits_of_a_result_longer_than_a_word_are_fair_and_independent() -> None:
    totals = counts(run(FLIPS.format(100, 99)))
    assert len(totals) == sum(totals.values()) == 4000
    table = np.array([[int(bit) for bit in text] for text in totals])
    correlations = np.cov(table.T) - np.eye(100) / 4
    assert np.abs(table.mean(axis=0) - 0.5).max() < 0.05
    assert np.abs(correlations).max() < 0.03


def test_branches_that_do_not_fit_the_memory_run_one_part_after_the_other() -> None:
    small = Settings(slot_memory_mb=1)
    text = FLIPS.format(10, 9).replace("qubit q", "qubit[3] r; qubit q").replace("h q", "ry(1.2) q")
    program = compile_circuit(HEAD + text, small)
    sampling = SamplingRun(program, 4000, 1, ShotCounts(program, 4000, False, small), small)
    assert lockstep.suits(sampling)
    assert lockstep.max_branches(sampling) < 1 << 10
    totals = counts(run(text, settings=small))
    assert_drawn_from({int(k, 2): n for k, n in totals.items()}, exact(program))


def test_a_branch_that_is_run_ahead_changes_no_distribution(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lockstep, "FIRST_CHECK", 4)
    for text in PROGRAMS.values():
        program = compile_circuit(HEAD + text, SETTINGS)
        assert_drawn_from({int(k, 2): n for k, n in counts(run(text)).items()}, exact(program))


@pytest.mark.parametrize("body", ["if (c) x q;", "if (c) n += 1;"])
def test_an_endless_loop_is_found_in_one_branch(body: str) -> None:
    text = f"qubit q; bit c; int n = 0; while (true) {{ h q; c = measure q; {body} }}"
    with pytest.raises(Diagnostic) as error:
        run(text, settings=Settings(max_steps=30_000))
    assert error.value.code == "too_many_steps"


def test_the_memory_has_each_shot_and_outputs_belong_to_their_history() -> None:
    text = (
        "qubit q; bit[3] c; output int ones; ones = 0; for int i in [0:2] { h q;"
        "c[i] = measure q; if (c[i]) { ones += 1; } }"
    )
    result = run(text, memory=True, shots=500)
    memory, ones = json.loads(result.memory or ""), json.loads(result.outputs or "")["ones"]
    assert [text.count("1") for text in memory] == ones
    assert {text: memory.count(text) for text in set(memory)} == counts(result)
    assert len(set(ones)) == 4


def test_the_same_seed_gives_the_same_shots() -> None:
    first, second, other = [counts(run(FLIPS.format(8, 7), seed=seed)) for seed in (1, 1, 2)]
    assert first == second != other
