"""Distributions: shots have the exact probabilities, and no impossible outcome occurs."""

import json

import numpy as np
import pytest
from numpy.typing import NDArray

from quantumtask.engines.sampling.distribution import Distribution
from quantumtask.engines.simulators.native.marginals import sum_over_others
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.settings import MIB, Settings
from quantumtask.shared.task import Result
from tests.support.chisquare import p_value
from tests.support.compile_circuit import compile_circuit
from tests.support.run_program import run_program

SETTINGS = Settings(slot_memory_mb=2048)
HEAD = 'include "stdgates.inc"; '
TURNED = f"{HEAD}qubit[5] q; bit[2] a; bit[3] b; rx(1) q; ry(2) q[1]; cx q[1], q[4];"
"""Five qubits, none of which has a definite value."""


def probabilities(values: int, possible: int) -> NDArray[np.float64]:
    """Return probabilities: a few values are likely, most are rare, the others impossible."""
    lots = np.random.default_rng(values)
    weights = np.zeros(values)
    weights[lots.choice(values, possible, replace=False)] = lots.exponential(size=possible) ** 4
    return weights / weights.sum()


def counted(expected: NDArray[np.float64], shots: int, seed: int = 1) -> NDArray[np.int64]:
    outcomes, totals = Distribution(expected.copy()).count(shots, np.random.default_rng(seed))
    assert (np.diff(outcomes) > 0).all()
    assert (totals > 0).all()
    return np.bincount(outcomes, totals, len(expected)).astype(np.int64)


@pytest.mark.parametrize("shots", [100, 20_000, 1_000_000])
@pytest.mark.parametrize(
    ("values", "possible"), [(2, 2), (256, 256), (256, 200), (256, 3), (1 << 15, 1 << 15)]
)
def test_counts_are_of_the_distribution(values: int, possible: int, shots: int) -> None:
    expected = probabilities(values, possible)
    counts = counted(expected, shots)
    assert counts.sum() == shots
    assert p_value(counts, expected) > 1e-7


@pytest.mark.parametrize("shots", [3, 50_000])
def test_single_shots_are_of_the_same_distribution_as_counts(shots: int) -> None:
    expected = probabilities(64, 9)
    outcomes = Distribution(expected.copy()).draw(shots, np.random.default_rng(4))
    assert len(outcomes) == shots
    assert p_value(np.bincount(outcomes, minlength=64), expected) > 1e-7


def test_counts_vary_as_those_of_single_shots_do() -> None:
    ones = np.array([counted(np.array([0.7, 0.3]), 1000, seed)[1] for seed in range(2000)])
    assert abs(ones.mean() - 300) < 6 * (210 / 2000) ** 0.5
    assert 0.8 < ones.var() / 210 < 1.2


@pytest.mark.parametrize("shots", [1, 1_000_000])
def test_what_rounding_left_of_nothing_never_comes(shots: int) -> None:
    expected = np.array([1e-33, 1 / 3, -1e-17, 1 / 3, 0.0, 1 / 3, 1e-30, 0.0])
    assert set(np.flatnonzero(counted(expected, shots))) <= {1, 3, 5}


@pytest.mark.parametrize("shots", [5, 10_000])
def test_engines_that_round_otherwise_draw_the_same_shots(shots: int) -> None:
    expected = np.array([1 / 6, 0.0, 1 / 6, 1 / 3, 1 / 12, 1 / 12, 1 / 6, 0.0])
    rounded = np.random.default_rng(2).normal(0.0, 3e-16, (50, 8))
    once = counted(expected, shots)
    assert all((counted(expected + noise, shots) == once).all() for noise in rounded)


def test_few_possible_outcomes_of_many_take_little_memory() -> None:
    assert Distribution(probabilities(1 << 20, 2)).bytes < 100
    assert Distribution(probabilities(1 << 17, 1 << 17)).bytes == MIB


@pytest.mark.parametrize("wrong", [0.0, np.nan, np.inf])
def test_probabilities_that_are_no_numbers_are_refused(wrong: float) -> None:
    with pytest.raises(ResourceError, match="not finite"):
        Distribution(np.array([0.0, wrong]))


def run(
    measured: str, shots: int, *, memory: bool = False, settings: Settings = SETTINGS
) -> Result:
    program = compile_circuit(TURNED + measured, settings)
    return run_program(program, shots=shots, seed=3, memory=memory, settings=settings)


@pytest.mark.parametrize("shots", [9, 1000])
@pytest.mark.parametrize(
    "measured",
    ["a = measure q[0:1]; b = measure q[2:4];", "a[1] = measure q[4]; b[0] = measure q[0];"],
    ids=["in order", "here and there"],
)
def test_memory_tells_the_same_shots_as_the_counts_without_it(measured: str, shots: int) -> None:
    counts = json.loads(run(measured, shots).counts)
    result = run(measured, shots, memory=True)
    memory = json.loads(result.memory or "")
    assert json.loads(result.counts) == counts
    assert {text: memory.count(text) for text in set(memory)} == counts
    assert len(memory) == shots
    assert memory != sorted(memory)


def test_counts_ascend_with_registers_apart() -> None:
    counts = json.loads(run("a = measure q[0:1]; b = measure q[2:4];", 10_000).counts)
    assert list(counts) == sorted(counts)
    assert {len(text) for text in counts} == {6}
    assert {text[3] for text in counts} == {" "}


@pytest.mark.parametrize("memory", [False, True])
def test_a_result_is_refused_from_the_first_byte_too_many(memory: bool) -> None:
    measured, shots = "a = measure q[0:1]; b = measure q[2:4];", 1000
    kinds = len(json.loads(run(measured, shots, memory=memory).counts))
    most = kinds * (6 + 5) + (shots * (6 + 3) + 2 if memory else 0)
    enough = Settings(slot_memory_mb=2048, max_result_bytes=most)
    assert run(measured, shots, memory=memory, settings=enough).counts
    with pytest.raises(ResourceError) as refused:
        too_few = Settings(slot_memory_mb=2048, max_result_bytes=most - 1)
        run(measured, shots, memory=memory, settings=too_few)
    assert refused.value.code == "result_too_large"


def test_the_distribution_of_some_qubits_is_the_sum_over_the_others() -> None:
    wrong = []
    joint = np.random.default_rng(3).random(2**6)
    for subset in range(2**6):
        positions = [qubit for qubit in range(6) if subset >> qubit & 1]
        expected = np.zeros(1 << len(positions))
        for index, probability in enumerate(joint):
            value = sum((index >> qubit & 1) << k for k, qubit in enumerate(positions))
            expected[value] += probability
        if not np.allclose(sum_over_others(joint.copy(), positions), expected, atol=1e-12):
            wrong.append(positions)
    assert not wrong
