"""Calls of subroutines run once, in the order of the text, in every kind of expression."""

import json

import pytest

from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Result, TaskSpec
from quantumtask.worker.slots.execute import execute

HEAD = """
include "stdgates.inc";
def next(mutable array[int, 1] n) -> int { n[0] += 1; return n[0]; }
def turn(mutable array[int, 1] n) -> float { n[0] += 1; return pi; }
def yes(mutable array[int, 1] n) -> bool { n[0] += 1; return true; }
def id(int a, int b) -> int { return 10 * a + b; }
array[int, 1] n;
array[int, 3] list;
qubit[4] q;
bit[4] c;
bool b;
uint[4] u;
output int calls;
output int value;
"""
TAIL = "\ncalls = n[0];"


def outputs(body: str) -> dict[str, list[int]]:
    result = execute(TaskSpec(HEAD + body + TAIL, shots=20, seed=1), Settings())
    assert isinstance(result, Result), result
    assert result.outputs is not None
    values: dict[str, list[int]] = json.loads(result.outputs)
    return values


@pytest.mark.parametrize(
    "statement",
    [
        "x q[next(n)];",
        "ctrl @ x q[0], q[next(n)];",
        "rx(turn(n)) q[0];",
        "U(turn(n), 0, 0) q[0];",
        "gphase(turn(n));",
        "ctrl @ rx(turn(n)) q[0], q[1];",
        "pow(turn(n)) @ x q[0];",
        "c[next(n)] = measure q[0];",
        "c[0] = measure q[next(n)];",
        "b = measure q[next(n)];",
        "u[0] = measure q[next(n)];",
        "measure q[next(n)];",
        "reset q[next(n)];",
        "barrier q[next(n)];",
        "let a = q[next(n)]; x a;",
        "value = next(n);",
        "value += next(n);",
        "list[next(n)] = 1;",
        "list[next(n)] += 1;",
        "list = {0, next(n), 0};",
        "if (yes(n)) x q[0];",
        "while (yes(n)) break;",
        "for int i in [0:next(n)] { }",
        "for int i in {next(n)} { }",
        "switch (next(n)) { case 1 { } }",
        "value = id(next(n), 3);",
        "b = false || yes(n);",
        "b = !yes(n);",
        "value = int(turn(n));",
        "next(n);",
        "u = u << next(n);",
    ],
)
def test_a_call_is_made_once_wherever_it_stands(statement: str) -> None:
    assert set(outputs(statement)["calls"]) == {1}


@pytest.mark.parametrize("statement", ["b = true || yes(n);", "b = false && yes(n);"])
def test_a_call_after_a_deciding_operand_is_not_made(statement: str) -> None:
    assert set(outputs(statement)["calls"]) == {0}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("n[0] + next(n)", 1),
        ("next(n) + n[0]", 2),
        ("id(n[0], next(n))", 1),
        ("id(next(n), n[0])", 11),
        ("id(next(n), next(n))", 12),
        ("next(n) - next(n)", -1),
        ("mod(n[0], next(n) + 1)", 0),
        ("mod(next(n), n[0] + 1)", 1),
    ],
)
def test_operands_are_evaluated_from_left_to_right(expression: str, expected: int) -> None:
    assert set(outputs(f"value = {expression};")["value"]) == {expected}


def test_the_elements_of_a_list_are_evaluated_from_left_to_right() -> None:
    assert set(
        outputs("list = {n[0], next(n), n[0]}; value = list[0] * 10 + list[2];")["value"]
    ) == {1}


def test_a_loop_over_measured_bits_sees_what_was_decided_meanwhile() -> None:
    body = """
    h q; c = measure q;
    for bit one in c { if (c[1]) { value += 10; } if (one) { value += 1; } }
    """
    values = outputs(body)["value"]
    assert set(values) <= {k + tens for k in range(5) for tens in (0, 40)}
    assert len(set(values)) > 2


def test_operations_that_wait_for_an_outcome_are_counted_once() -> None:
    text = """
    include "stdgates.inc"; qubit[1000] q; bit[1000] c; qubit r; bit d;
    h r; d = measure r; if (d) { x q[0]; } h q[0]; cx q[0], q[1:999]; c = measure q; h q;
    c[0] = measure q[0];
    """
    settings = Settings(max_operations=20_000)
    result = execute(TaskSpec(text, shots=2, seed=1), settings)
    assert isinstance(result, Result), result


def test_bits_of_a_size_known_at_run_time_can_precede_a_call() -> None:
    body = """
    def two(mutable array[int, 1] n) -> bit[2] { n[0] += 1; return "11"; }
    int i = 1; bit[4] three = "0110"; int after = 7;
    b = three[i:i + 1] == two(n);
    bit[4] joined = three[i:i + 1] ++ two(n);
    value = int(b) * 100 + int(joined) + 1000 * after;
    """
    assert set(outputs(body)["value"]) == {7115}


def test_measured_bits_of_a_size_known_at_run_time_keep_their_values() -> None:
    body = """
    int i = 0; h q; c = measure q; bit[2] first = c[i:i + 1];
    b = c[i:i + 1] == bit[2](uint[2](next(n) + 2));
    value = int(first) * 2 + int(b);
    """
    assert set(outputs(body)["value"]) == {0, 2, 4, 7}


def test_the_arguments_of_a_gate_are_evaluated_from_left_to_right() -> None:
    body = """
    def third(mutable array[int, 1] n) -> float { n[0] += 1; return 0.0; }
    U(pi * n[0], third(n), 0.0) q[0]; b = measure q[0]; value = int(b);
    """
    assert set(outputs(body)["value"]) == {0}


def test_the_bounds_of_a_loop_are_evaluated_from_left_to_right() -> None:
    assert set(outputs("for int i in [n[0]:next(n)] { value += 10 + i; }")["value"]) == {21}
