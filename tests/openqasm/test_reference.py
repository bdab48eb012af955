"""Random programs have the distribution of the reference evaluator: never silently wrong.

`make test` tries a few dozen random programs, always the same; `make test-full` hundreds of new
ones. A program that runs otherwise is shrunk to a small one.
"""

import json
import math
from collections import Counter, defaultdict
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from scipy.special import chdtrc

from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Result, TaskSpec
from quantumtask.worker.slots.execute import execute
from tests.openqasm.programs import programs
from tests.openqasm.reference import distribution
from tests.support.cases import check_each
from tests.support.sizes import examples

SHOTS = 2000
FALSE_ALARM = 1e-9
"""The probability that a right distribution fails, for each program."""


# The product against the reference.


@pytest.mark.slow_first
@settings(
    max_examples=examples(20),
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # programs of this size take minutes to shrink
    suppress_health_check=list(HealthCheck),
)
@given(programs())
def test_a_random_program_runs_as_the_specification_says(text: str) -> None:
    exact: dict[Any, float] = defaultdict(float)
    for (bits, outputs), probability in distribution(text).items():
        exact[bits, tuple((name, comparable(value)) for name, value in outputs)] += probability
    assert disagreement(exact, observed(text)) == ""


def observed(text: str) -> Counter[Any]:
    """Return how often the compiled program gave each pair of bits and outputs."""
    spec = TaskSpec(circuit=text, shots=SHOTS, seed=1, memory=True)
    result = execute(spec, Settings())
    assert isinstance(result, Result), result
    assert result.memory is not None
    memory = json.loads(result.memory)
    assert Counter(memory) == json.loads(result.counts)
    outputs = json.loads(result.outputs) if result.outputs else {}
    values = zip(*outputs.values(), strict=True) if outputs else [()] * SHOTS
    return Counter(
        (bits, tuple(zip(outputs, map(comparable, each), strict=True)))
        for bits, each in zip(memory, values, strict=True)
    )


def comparable(value: Any) -> Any:
    """Return a value in a comparable form; an angle next to 2 pi is 0."""
    if isinstance(value, (list, tuple)):
        return tuple(map(comparable, value))
    return round(value, 8) + 0.0 if isinstance(value, float) else value


def disagreement(exact: dict[Any, float], counts: Counter[Any]) -> str:
    """Return the deviation of counts in words; empty if they fit the distribution.

    A G test; outcomes that are expected less than five times count as one.
    """
    if impossible := {each: n for each, n in counts.items() if each not in exact}:
        return f"impossible: {impossible}, possible: {dict(exact)}"
    shots = counts.total()
    rare = [each for each, p in exact.items() if p * shots < 5]
    cells = [(p * shots, counts[each]) for each, p in exact.items() if p * shots >= 5]
    if rare:
        cells.append(
            (sum(exact[each] for each in rare) * shots, sum(counts[each] for each in rare))
        )
    g = 2 * sum(events * math.log(events / expected) for expected, events in cells if events)
    if len(cells) > 1 and chdtrc(len(cells) - 1, g) < FALSE_ALARM:
        return f"G = {g:.1f}: {dict(counts)} for {dict(exact)}"
    return ""


def test_the_comparison_sees_an_impossible_outcome_and_a_shifted_coin() -> None:
    coin = {"0": 0.5, "1": 0.5}
    assert disagreement(coin, Counter({"0": 980, "1": 1020})) == ""
    assert "impossible" in disagreement(coin, Counter({"0": 1999, "2": 1}))
    assert "G =" in disagreement(coin, Counter({"0": 800, "1": 1200}))
    assert "G =" in disagreement({"0": 1 - 1e-6, "1": 1e-6}, Counter({"0": 1990, "1": 10}))


# The reference against values worked out by hand.


def bits_of(text: str) -> dict[str, float]:
    """Return the distribution of the bit registers, without outputs."""
    result: dict[str, float] = defaultdict(float)
    for (bits, _), probability in distribution('include "stdgates.inc";\n' + text).items():
        result[bits] += probability
    return dict(result)


def value_of(kind: str, expression: str, before: str = "") -> Any:
    """Draw the value of an output of a type after an assignment."""
    (((_, outputs), _),) = distribution(f"output {kind} o; {before} o = {expression};").items()
    return outputs[0][1]


HALF = math.sin(math.pi / 8) ** 2  # of an eighth of a turn

QUANTUM: list[tuple[str, dict[str, float]]] = [
    ("qubit[2] q; bit[2] c; h q[0]; cx q[0], q[1]; c = measure q;", {"00": 0.5, "11": 0.5}),
    ("qubit[2] q; bit[2] c; x q[0]; c = measure q;", {"01": 1}),
    ("qubit q; bit c; ry(pi/4) q; c = measure q;", {"0": 1 - HALF, "1": HALF}),
    ("qubit q; bit c; U(pi/4, 1, 2) q; c = measure q;", {"0": 1 - HALF, "1": HALF}),
    ("qubit q; bit c; bit[2] d; x q; measure q -> c;", {"00 1": 1}),
    # H P(a) H turns a phase into a probability: cos(a/2)**2 of 0.
    ("qubit q; bit c; h q; p(pi/4) q; h q; c = measure q;", {"0": 1 - HALF, "1": HALF}),
    ("qubit q; bit c; h q; ctrl @ gphase(pi/4) q; h q; c = measure q;", {"0": 1 - HALF, "1": HALF}),
    ("qubit q; bit c; h q; t q; h q; c = measure q;", {"0": 1 - HALF, "1": HALF}),
    ("qubit q; bit c; h q; pow(0.25) @ z q; h q; c = measure q;", {"0": 1 - HALF, "1": HALF}),
    ("qubit q; bit c; h q; pow(3) @ inv @ s q; sdg q; h q; c = measure q;", {"0": 1}),
    ("qubit q; bit c; h q; pow(-1) @ s q; s q; h q; c = measure q;", {"0": 1}),
    ("qubit q; bit c; pow(0.5) @ x q; sx q; c = measure q;", {"1": 1}),
    # The phase of rz, not of p, under a control: 2 pi makes a Z of the control.
    ("qubit[2] q; bit c; h q[0]; crz(2*pi) q[0], q[1]; h q[0]; c = measure q[0];",
     {"1": 1}),
    ("qubit[2] q; bit c; h q[0]; cp(2*pi) q[0], q[1]; h q[0]; c = measure q[0];",
     {"0": 1}),
    # U is 2 pi periodic in theta: no sign under a control. u3 is not.
    ("qubit[2] q; bit c; h q[0]; ctrl @ U(2*pi,0,0) q[0], q[1]; h q[0]; c = measure q[0];",
     {"0": 1}),
    ("qubit[2] q; bit c; h q[0]; ctrl @ u3(2*pi,0,0) q[0], q[1]; h q[0]; c = measure q[0];",
     {"1": 1}),
    ("qubit[2] q; bit c; h q[0]; cu(2*pi,0,0,pi) q[0], q[1]; h q[0]; c = measure q[0];",
     {"0": 1}),
    ("qubit[3] q; bit[3] c; x q[0]; ctrl @ negctrl @ x q[0], q[1], q[2]; c = measure q;",
     {"101": 1}),
    ("qubit[3] q; bit[3] c; x q[1]; ctrl @ negctrl @ x q[0], q[1], q[2]; c = measure q;",
     {"010": 1}),
    ("qubit[3] q; bit[3] c; negctrl(2) @ x q[0], q[1], q[2]; c = measure q;",
     {"100": 1}),
    ("qubit[3] q; bit[3] c; x q[0]; negctrl(2) @ x q[0], q[1], q[2]; c = measure q;",
     {"001": 1}),
    ("qubit[3] q; bit[3] c; x q[0:1]; ctrl(2) @ x q[1], q[0], q[2]; c = measure q;", {"111": 1}),
    ("qubit[3] q; bit[3] c; x q[0]; x q[1]; cswap q[0], q[1], q[2]; c = measure q;",
     {"101": 1}),
    ("qubit[2] q; bit[2] c; x q[0]; swap q[0], q[1]; c = measure q;", {"10": 1}),
    # A gate of one's own: order of its body, its inverse, its phase under a control.
    ("gate g(a) x { ry(a) x; z x; } qubit q; bit c; g(pi/2) q; h q; c = measure q;", {"1": 1}),
    ("gate g(a) x { h x; t x; } qubit q; bit c; g(0) q; inv @ g(0) q; c = measure q;", {"0": 1}),
    (("gate g x { gphase(pi); } qubit[2] q; bit c; h q[0]; ctrl @ g q[0], q[1]; h q[0];"
     "c = measure q[0];"), {"1": 1}),
    # Operands: broadcast, slices, sets, aliases, negative indices, an index from a loop.
    ("qubit[4] q; bit[4] c; x q[{0, 3}]; c = measure q;", {"1001": 1}),
    ("qubit[4] q; bit[4] c; x q[1:2:3]; c = measure q;", {"1010": 1}),
    ("qubit[4] q; bit[4] c; x q[-1]; cx q[3], q[0:1]; c = measure q;", {"1011": 1}),
    (("qubit[2] q; qubit[2] r; bit[4] c; let s = r ++ q[1:1]; x s[2]; x s[0];"
     "c[0:1] = measure q; c[2:3] = measure r;"), {"0110": 1}),
    ("qubit[2] q; qubit[2] r; bit[2] c; x q; cx q, r; c = measure r;", {"11": 1}),
    ("qubit[3] q; bit[3] c; for int i in [0:2:2] { x q[i]; } c = measure q;", {"101": 1}),
    ("qubit q; bit c; h q; reset q; c = measure q;", {"0": 1}),
    # Feed-forward.
    (("qubit[3] q; bit[2] m; bit c; ry(pi/4) q[0]; h q[1]; cx q[1], q[2]; cx q[0], q[1]; h q[0];"
     "m = measure q[0:1]; if (m[1]) x q[2]; if (m[0]) z q[2]; c = measure q[2]; m = \"00\";"),
     {"0 00": 1 - HALF, "1 00": HALF}),
    ("qubit q; bit c; bit[2] d; h q; c = measure q; if (c) { d[1] = 1; } else { d[0] = 1; }",
     {"01 0": 0.5, "10 1": 0.5}),
    (("qubit q; bit c; bit[2] n; uint[2] i = 0; while (!c && i < 3) { h q; c = measure q; i += 1; }"
     "n = bit[2](i);"), {"01 1": 0.5, "10 1": 0.25, "11 1": 0.125, "11 0": 0.125}),
    ("qubit q; bit c; bit d; h q; c = measure q; if (c) { end; } d = 1;", {"1 0": 0.5, "0 1": 0.5}),
    (("qubit[2] q; bit[2] c; bit d; h q; c = measure q; switch (int(c)) { case 1, 2 { d = 1; }"
      " default { } }"), {"0 00": 0.25, "1 01": 0.25, "1 10": 0.25, "0 11": 0.25}),
    (("def f(qubit q) -> bit { h q; return measure q; } qubit[2] r; bit c; bit d;"
     "c = f(r[0]); d = !c;"), {"1 0": 0.5, "0 1": 0.5}),
]  # fmt: skip


def test_the_reference_gives_the_distribution_calculated_by_hand() -> None:
    def check(case: tuple[str, dict[str, float]]) -> None:
        text, expected = case
        assert bits_of(text) == pytest.approx(expected)

    check_each({case[0]: case for case in QUANTUM}, check)


VALUES = [
    ("int[8]", "-2 ** 2", "", -4),
    ("int", "2 ** 3 ** 2", "", 512),
    ("int", "7 - 2 - 1 + 2 * 3 % 4", "", 6),
    ("int", "-7 / 2", "", -3),
    ("int", "-7 % 3", "", -1),
    ("int", "7 / -2 * 10", "", -30),
    ("float", "7 / 2", "", 3.0),
    ("float", "7 / 2.0", "", 3.5),
    ("float", "2 ** 0.5 + cos(0) + mod(5.5, 2.0)", "", math.sqrt(2) + 2.5),
    ("float[32]", "0.1", "", 0.10000000149011612),
    ("float", "floor(-1.5) + ceiling(1.2) * 10 + sqrt(16)", "", 22.0),
    ("uint[4]", "a + 9", "uint[4] a = 9;", 2),
    ("uint[8]", "-a", "uint[8] a = 1;", 255),
    ("int[8]", "a + 1", "int[8] a = 127;", -128),
    ("int[4]", "int[4](uint[4](13))", "", -3),
    ("uint[4]", "uint[4](a)", "int[8] a = -3;", 13),
    ("int[8]", "int[8](-3.99)", "", -3),
    ("uint[3]", 'uint[3]("110")', "", 6),
    ("int[3]", 'int[3]("110")', "", -2),
    ("int", "int(c)", 'bit[2] c = "11";', 3),
    ("bit[4]", "bit[4](a)", "int[4] a = -2;", "1110"),
    ("bool", "bool(c)", 'bit[2] c = "10";', 1),
    ("bit[2]", "a[1:2]", "uint[4] a = 12;", "10"),
    ("bit[2]", "a[2:-1:1]", "uint[4] a = 4;", "01"),
    ("uint[4]", "a", 'uint[4] a = 0; a[1:2] = "11"; a[-1] = true; a[1] = 0;', 12),
    ("bit[4]", "~a & b << 1 | c", 'bit[4] a="0011"; bit[4] b="0110"; bit[4] c="0001";', "1101"),
    ("bit[4]", "a ^ b", 'bit[4] a = "0101"; bit[4] b = "0011";', "0110"),
    ("bit[4]", "rotl(a, 1)", 'bit[4] a = "1001";', "0011"),
    ("bit[4]", "rotr(a, 1)", 'bit[4] a = "1000";', "0100"),
    ("uint[6]", "rotl(a, -2)", "uint[6] a = 1;", 16),
    ("uint", "popcount(a)", 'bit[5] a = "10110";', 3),
    ("uint[4]", "a >> 1", "uint[4] a = 13;", 6),
    ("bool", "1 < 2 && !(3 != 3) == true", "", 1),
    ("bool", "a || b && c", "bool a = true; bool b = false; bool c = false;", 1),
    ("bool", "c == 2", 'bit[3] c = "010";', 1),
    ("int", "a[1, 0] * 10 + a[-1][-1]", "array[int[8], 2, 2] a = {{1, 2}, {3, 4}};", 34),
    ("int", "a[0] * 100 + a[1] * 10 + a[2]",
     "array[int[8], 3] a = {1, 2, 3}; array[int[8], 2] b = {7, 8}; a[1:2] = b; a[0] += b[0];", 878),
    ("uint", "sizeof(a) * 10 + sizeof(a, 1)",
     "array[float, 2, 3] a = {{1, 2, 3}, {4, 5, 6}};", 23),
    ("int", "f(f(3)) + n", "const int n = 5; def f(int a) -> int { a *= n; return a - 1; }", 74),
    ("int", "f(4)", "def f(int n) -> int { if (n < 2) { return 1; } return n * f(n - 1); }", 24),
    ("int", "f(a) + a[0] + a[2]", ("def f(mutable array[int[8], #dim = 1] v) -> int { v[-1] = 9;"
     "return sizeof(v); } array[int[8], 3] a = {1, 2, 3};"), 13),
    ("int", "f(a[0:1]) + a[1]", ("def f(mutable array[int[8], #dim = 1] v) -> int { v[-1] = 9;"
     "return sizeof(v); } array[int[8], 3] a = {1, 2, 3};"), 11),
    ("int", "s", "int s = 0; for int i in [0:2:5] { s += i; }", 6),
    ("int", "s", "int s = 0; for int i in [3:-1:1] { s = 10 * s + i; }", 321),
    ("int", "s", "int s = 0; for int i in {5, 1, 2} { s = 10 * s + i; i = 0; }", 512),
    ("int", "s", 'int s = 0; bit[3] c = "110"; for bit b in c { s = 2 * s + b; }', 3),
    ("int", "s", "int s = 0; array[int, 2] a = {4, 2}; for int i in a { s = 10 * s + i; }", 42),
    ("int", "s", ("int s = 0; for int i in [1:9] { if (i == 2) { continue; } if (i == 5) { break; }"
     "s = 10 * s + i; }"), 134),
    ("int", "s", "int s = 1; { s = 2; int s = 9; s += 1; } if (true) { int s = 5; }", 2),
    ("int", "s", "int s = 0; switch (2) { case 1 { s = 1; } case 2, 3 { s = 2; } default { } }",
     2),
    ("bit[3]", "c", 'bit[3] c = "000"; let d = c[1:2]; d[1] = 1;', "100"),
    ("bit[4]", "e", 'bit[2] c = "01"; bit[2] d = "11"; let e = c ++ d;', "1101"),
    # Angles: 16 steps of pi/8.
    ("bit[4]", "bit[4](angle[4](5 * pi / 8))", "", "0101"),
    ("bit[4]", "bit[4](angle[4](-pi / 8))", "", "1111"),
    ("bit[4]", "bit[4](angle[4](pi / 16 * 1.01))", "", "0001"),
    ("bit[4]", "bit[4](a + a)", "angle[4] a = 9 * pi / 8;", "0010"),
    ("bit[4]", "bit[4](-a)", "angle[4] a = pi / 8;", "1111"),
    ("bit[4]", "bit[4](a - b)", "angle[4] a = pi / 8; angle[4] b = pi / 4;", "1111"),
    ("bit[4]", "bit[4](n * a)", "angle[4] a = 5 * pi / 8; uint[4] n = 5;", "1001"),
    ("bit[4]", "bit[4](a / n)", "angle[4] a = 11 * pi / 8; uint[4] n = 3;", "0011"),
    ("uint[4]", "a / b", "angle[4] a = 11 * pi / 8; angle[4] b = pi / 4;", 5),
    ("bit[4]", "bit[4](a << 1)", "angle[4] a = 9 * pi / 8;", "0010"),
    ("bool", "2 * a < a", "angle[4] a = 3 * pi / 2;", 1),
    ("angle[8]", "a", "angle[3] a = 3 * pi / 4;", 3 * math.pi / 4),
    ("float", "sin(a)", "angle[3] a = 3 * pi / 2;", -1.0),
]  # fmt: skip


def test_the_reference_gives_the_value_calculated_by_hand() -> None:
    def check(case: tuple[str, str, str, Any]) -> None:
        *program, expected = case
        value = value_of(*program)
        assert value == (pytest.approx(expected) if isinstance(expected, float) else expected)

    check_each({f"{case[2]} {case[0]} = {case[1]}": case for case in VALUES}, check)


def test_the_reference_gives_bits_and_outputs_together() -> None:
    text = """output uint[4] n; output bit b; qubit[2] q; bit[2] c;
    U(pi/2, 0, pi) q; c = measure q; n = 3 * uint[4](c[0]) + uint[4](c[1]); b = c[0] ^ c[1];"""
    assert distribution(text) == pytest.approx({
        ("00 0", (("n", 0), ("b", 0))): 0.25, ("01 1", (("n", 3), ("b", 1))): 0.25,
        ("10 1", (("n", 1), ("b", 1))): 0.25, ("11 0", (("n", 4), ("b", 0))): 0.25,
    })  # fmt: skip
