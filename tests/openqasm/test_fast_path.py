"""The fast path compiles a text to the program of the full compiler, or does not support the text.

`make test` tries a few hundred random programs, always the same; `make test-full` thousands of new
ones.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quantumtask.openqasm.compiler.pipeline import compile_full
from quantumtask.openqasm.fast_path.compile import compile_straight_line
from quantumtask.openqasm.program.tracer import Tracer
from quantumtask.shared.errors import CircuitError
from quantumtask.shared.settings import Settings
from tests.openqasm import textbook
from tests.openqasm.fast_path_programs import (
    FORMULAS,
    HEAD,
    SETTINGS,
    STD,
    SUPPORTED,
    agrees,
    straight_line_programs,
)
from tests.openqasm.features import SECTIONS
from tests.openqasm.refused_programs import WRONG
from tests.support.cases import check_each
from tests.support.compile_circuit import compile_circuit
from tests.support.sizes import examples

FEW = settings(
    max_examples=examples(50),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


# Programs of other_statement test modules.


@pytest.mark.parametrize("section", SECTIONS)
def test_every_feature_means_the_same_on_both_paths(section: str) -> None:
    for feature in SECTIONS[section]:
        for text in (feature.program, feature.measured_program):
            if text is not None and feature.parameters is None:
                with suppress(CircuitError):
                    compile_full(text, SETTINGS)
                agrees(text)


def test_the_fast_path_supports_no_program_with_mistakes() -> None:
    for wrong in WRONG:
        assert compile_straight_line(wrong.text, SETTINGS) is None, wrong.text


def test_the_textbook_means_the_same_on_both_paths() -> None:
    texts = [textbook.adder(1, 2), textbook.inverseqft1(3), textbook.qpt("h q;", "")]
    texts += [textbook.teleport(1, 2, 3), textbook.rus(), textbook.arrays(), textbook.alignment()]
    for text in texts:
        agrees(text)


# Programs that the fast path must support.


def test_the_fast_path_supports_common_programs() -> None:
    def check(text: str) -> None:
        assert agrees(text)

    check_each(SUPPORTED, check)


def test_an_argument_has_the_same_value_on_both_paths() -> None:
    def check(formula: str) -> None:
        assert agrees(HEAD + f"rx({formula}) q[0]; U(1, {formula}, 2*({formula})) q[1];")

    check_each({formula: formula for formula in FORMULAS}, check)


# Statements that the fast path must not support.

UNSUPPORTED = (
    "h q[4];", "h q[-1];", "h q[0:2];", "h q[{0, 1}];", "h r[0];", "hh q[0];", "cx q[0], q[0];",
    "cx q[0];", "h q[0], q[1];", "rx q[0];", "rx() q[0];", "rx(1, 2) q[0];", "h(1) q[0];",
    "h q[0]", "h q[0];;", "; h q[0];", "h c[0];", "h q[0] q[1];", "c = measure q[0];",
    "c[0] = measure q;", "q = measure q;", "c = measure c;", "measure q -> q;",
    "c[4] = measure q[0];",
    "rx(1/0) q[0];", "rx(pi/0) q[0];", "rx(7/2) q[0];", "rx(-7/2) q[0];", "rx(1e400) q[0];",
    "rx(1e305) q[0];",
    "rx(c) q[0];", "rx(q) q[0];",
    "rx(+1) q[0];", "rx(1 2) q[0];", "rx(1,,2) q[0];", "rx((1) q[0];", "rx(1)) q[0];",
    "rx(2im) q[0];", "rx(1^2) q[0];", "rx(1 << 2) q[0];", "rx(sin) q[0];", "rx(foo(1)) q[0];",
    "rx(pow(2, 3)) q[0];",
    "rx(0x10) q[0];", "rx(1_0) q[0];", "rx(99999999999999999999) q[0];", "rx(1.5.5) q[0];",
    "if (c[0]) x q[0];", "if (c[0]) { x q[0]; }", "for int i in [0:2] { x q[i]; }", "nop;", "end;",
    "int x = 1;", "input float t;", "output bit o;", "let a = q[0:1];", "bit b = 1;",
    "delay[1ns] q;",
    "box { h q[0]; }", "def f() { }", "pragma foo\nh q[0];", "@note\nh q[0];", "#pragma x\n",
    "OPENQASM 3.0;", "include \"other.inc\";", "gate g a { g a; }", "gate q a { }", "gate g { }",
    "gate g a { h b; }", "gate g a { h a; };", "gate g a { h a; ", "qubit h; x h[0];", "qubit q;",
    "/* never closed", "h /* // \n q[0];", "inv @ q[0];", "ctrl(0) @ x q[0], q[1];",
    "pow @ x q[0];",
    "@ctrl\n@ x q[0], q[1];", "h q[0]; @inv\n s q[0];", "ctrl @ @note\n x q[0], q[1];",
    "ctrl @ x q[0];", "ctrl @ h q[0], q[0];", "pow(c) @ x q[0];", "\x0bh q[0];", "h\u00a0q[0];",
    "h q[0]; // \x00", "h q[\uff11];", "reset c;", "barrier c;", "barrier q,;", "gphase() q;",
)  # fmt: skip


def test_the_fast_path_leaves_any_other_statement_to_the_compiler() -> None:
    def check(rest: str) -> None:
        assert not agrees(HEAD + rest)

    check_each({rest: rest for rest in UNSUPPORTED}, check)


def test_a_name_is_not_known_before_its_declaration() -> None:
    for text in (
        STD + "h q[0]; qubit[2] q;",
        STD + "qubit q; f q; gate f a { h a; }",
        "qubit q; h q; " + STD.splitlines()[1],
        STD + "qubit q; measure q -> c; bit c;",
        STD + "qubit q; rx(x) q; const float x = 1;",
        STD + "x $0; qubit q; x q; x $1;",
        "qubit q; U(1, 2, 3) q; OPENQASM 3.0;",
    ):
        assert not agrees(text)


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        (replace(SETTINGS, max_operations=5), HEAD + "h q; h q;"),
        (replace(SETTINGS, max_operations=5), HEAD + "gate f a {h a; h a; h a;} f q[0]; f q[1];"),
        (replace(SETTINGS, max_operations=5), HEAD + "h q[0];" * 6),
        (replace(SETTINGS, max_steps=5), HEAD + "h q[0];" * 6),
        (replace(SETTINGS, max_qubits=3), HEAD + "h q[0];"),
        (replace(SETTINGS, max_qubits=4), HEAD + "h $0;"),
        (replace(SETTINGS, max_bits=3), HEAD + "h q[0];"),
        (replace(SETTINGS, max_nesting=1), HEAD + "rx((1)) q[0];"),
    ],
)
def test_the_compiler_reports_each_limit(limits: Settings, text: str) -> None:
    with pytest.raises(CircuitError):
        compile_circuit(text, limits)
    assert not agrees(text, limits)


def test_the_warnings_are_those_of_the_compiler() -> None:
    program = compile_circuit(HEAD + "gate h a { x a; } h q[0];", SETTINGS)
    assert len(program.warnings) == 2
    assert "shadows the gate" in program.warnings[0]
    assert "nothing is measured" in program.warnings[1]


def test_a_program_with_branches_has_the_instructions_of_the_compiler() -> None:
    fast = compile_straight_line(SUPPORTED["half way"], SETTINGS)
    assert fast is not None
    assert fast.circuit is not None
    trace = Tracer(SETTINGS.max_operations)
    process = fast.initial_execution.copy()
    process.run(trace, SETTINGS.max_steps)
    assert trace.circuit(process.bits()).steps == fast.circuit.steps
    assert fast.initial_execution is fast.initial_execution


# Random programs.


@FEW
@given(straight_line_programs())
def test_a_random_program_means_the_same_on_both_paths(text: str) -> None:
    agrees(text)


@FEW
@given(straight_line_programs(), st.data())
def test_a_random_program_with_typing_mistakes_means_the_same_on_both_paths(
    text: str, data: st.DataObject
) -> None:
    for _ in range(data.draw(st.integers(1, 3))):
        text = with_typing_mistake(text, data)
    agrees(text)


def with_typing_mistake(text: str, data: st.DataObject) -> str:
    at = data.draw(st.integers(0, len(text) - 1))
    statements: Sequence[str] = text.split(";")
    a, b = (data.draw(st.integers(0, len(statements) - 1)) for _ in range(2))
    return data.draw(
        st.sampled_from(
            [
                text[:at] + text[at + 1 :],
                text[:at] + data.draw(st.sampled_from(list(';{}()[],@/*" \n=q0.-x$'))) + text[at:],
                ";".join([*statements[:a], statements[b], *statements[a:]]),
                ";".join([*statements[:a], *statements[a + 1 :]]),
                text.replace("q", "c", 1 + at % 3),
                text.replace(" x", " h", 1),
            ]
        )
    )


# Hostile texts: with more than one pass over a text, this test would take hours.


@pytest.mark.parametrize(
    "text",
    [
        "/*" * 400_000,
        '"' * 800_000,
        "{" * 800_000,
        "gate g a {" * 80_000,
        "gate g a { } " * 60_000,
        HEAD + "h" * 800_000,
        HEAD + " " * 800_000 + "?",
        HEAD + "h q[" + " " * 800_000,
        HEAD + "rx(" + "(" * 800_000,
        HEAD + "rx(" + " " * 800_000 + ") q[0];",
        HEAD + "rx(" + "1)" * 400_000,
        HEAD + "rx(" + "1-" * 400_000 + "1) q[0];",
        HEAD + "rx" + "(a" * 400_000,
        HEAD + "ctrl @ " * 100_000 + "x q[0];",
        HEAD + "pow(" + "(" * 800_000,
        HEAD + "barrier " + "q," * 400_000,
        HEAD + "c = " * 200_000,
        HEAD + "bit b" + "b" * 800_000 + " = measure",
        HEAD + "h q[0];" * 100_000 + "if (c == 0) x q[0];",
    ],
    ids=lambda text: repr(text[-20:]),
)
def test_a_hostile_text_is_left_to_the_compiler_after_one_pass(text: str) -> None:
    assert compile_straight_line(text, SETTINGS) is None


# The cache of programs.


def circuit_number(number: int, gates: int = 3) -> str:
    return HEAD + f"rx(0.{number:06}) q[0];" * gates + "c = measure q;"


def test_a_bell_circuit_among_five_hundred_others_stays_in_the_cache() -> None:
    bell = compile_circuit(SUPPORTED["bell"], SETTINGS)
    for number in range(500):
        compile_circuit(circuit_number(number), SETTINGS)
    assert compile_circuit(SUPPORTED["bell"], SETTINGS) is bell


def test_the_least_recently_used_program_leaves_the_cache_first() -> None:
    old, used = (compile_circuit(circuit_number(k), SETTINGS) for k in (600, 601))
    for number in range(700, 780):
        compile_circuit(circuit_number(number, gates=5000), SETTINGS)
        assert compile_circuit(circuit_number(601), SETTINGS) is used
    assert compile_circuit(circuit_number(600), SETTINGS) is not old


def test_a_program_that_would_fill_the_cache_is_not_cached() -> None:
    text = circuit_number(800, gates=100_000)
    assert compile_circuit(text, SETTINGS) is not compile_circuit(text, SETTINGS)


def test_other_limits_and_other_parameters_are_another_program() -> None:
    text = "input float t; qubit q; U(t, 0, 0) q;"
    one, other_statement = (compile_circuit(text, SETTINGS, f'{{"t": {t}}}') for t in (1, 2))
    assert compile_circuit(text, SETTINGS, '{"t": 1}') is one
    assert one is not other_statement
    with pytest.raises(CircuitError):
        compile_circuit(text, replace(SETTINGS, max_qubits=0), '{"t": 1}')
