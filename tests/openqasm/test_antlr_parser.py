"""The ANTLR parser returns the trees that the parser in Rust returns: a conformance test."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from quantumtask.openqasm.parser import qdk
from quantumtask.openqasm.parser.antlr import parser as antlr_parser
from quantumtask.openqasm.text.source import Source
from quantumtask.shared.errors import CircuitError
from quantumtask.shared.task import Problem
from tests.openqasm import textbook, textbook_large
from tests.openqasm.describe_programs import Text, described
from tests.openqasm.features import SECTIONS
from tests.openqasm.refused_programs import HEAD, WRONG
from tests.support.cases import check_each
from tests.support.sizes import sized

# They share the results of one process without qdk.
pytestmark = [pytest.mark.xdist_group("antlr"), pytest.mark.slow_first]

Parser = Callable[[Source], Any]
ROOT = Path(__file__).parents[2]
WITHOUT_QDK = "import sys; sys.modules['qdk'] = None; "
CHILD = "from tests.openqasm.describe_programs import answer; answer()"


def feature_texts() -> dict[str, Text]:
    texts: dict[str, Text] = {}
    for section, features in SECTIONS.items():
        for feature in features:
            parameters = None if feature.parameters is None else json.dumps(feature.parameters)
            texts[f"{section}: {feature.name}"] = (feature.program, parameters)
            if feature.measured_program is not None:
                texts[f"{section}: {feature.name}, measured"] = (feature.measured_program, None)
    return texts


TEXTBOOK: Mapping[str, str] = {
    "adder": textbook.adder(3, 5),
    "cphase": textbook.cphase("7 * pi / 4", 1),
    "inverseqft1": textbook.inverseqft1(5),
    "inverseqft2": textbook.inverseqft2(5),
    "ipe": textbook.ipe(3, 5),
    "qft": textbook.qft(5, ""),
    "qpt": textbook.qpt("h q;", "s q;"),
    "rb": textbook.rb(["h q[0];", "cz q[0], q[1];"]),
    "rus": textbook.rus(),
    "teleport": textbook.teleport(0.3, 0.2, 0.1),
    "varteleport": textbook.varteleport(2),
    "arrays": textbook.arrays(),
    "alignment": textbook.alignment(),
    "gateteleport": textbook_large.gateteleport(1),
    "qec": textbook_large.qec("x d[1];"),
    "scqec": textbook_large.scqec("x data[1];"),
    "msd": textbook_large.msd(1),
    "vqe": textbook_large.vqe(2),
}
FEATURES = feature_texts()
LITERALS = (
    "def f(qubit a) { x a; } f($0);", "def f(qubit a) { x a; } f(/* $1 */ ($2) // )\n);",
    "float f = sin($0);", "bit r; uint u; if (u < 18446744073709551616) r = 1;",
    "bit r; bit[3] d; if (d == 0x1_0000_0000_0000_0000) r = 1;", "uint u = -1;",
)  # fmt: skip

EVERY: Mapping[str, Text] = {
    **FEATURES,
    **{text: (HEAD + text, None) for text in LITERALS},
    **{name: (text, None) for name, text in TEXTBOOK.items()},
    **{wrong.text.removeprefix(HEAD): (wrong.text, None) for wrong in WRONG},
    "an alias of physical qubits": (HEAD + "let a = $2 ++ $0;\nx a[1];\n", None),
}

RUNS = ""
DIFFERENT: Mapping[str, tuple[str, str]] = {
    # The specification's text has it, and its grammar only in `let`.
    "Arrays: concatenation copies": (RUNS, "syntax_error"),
    "Arrays: array of `bit`": ("syntax_error", "wrong_type"),
    "array[bit, 2] a;": ("syntax_error", "wrong_type"),
    "array[bit[4], 2] a;": ("syntax_error", "wrong_type"),
    "array[stretch, 2] a;": ("syntax_error", "wrong_type"),
    "complex[int[8]] z;": ("syntax_error", "not_supported"),
    "Constants: `const` from a measurement": ("syntax_error", "not_constant"),
    "const bit b = measure q[0];": ("syntax_error", "not_constant"),
    "gphase(1, 2);": ("syntax_error", "wrong_arity"),
    "gphase();": ("syntax_error", "wrong_arity"),
    "`switch`: no case at all": ("syntax_error", "wrong_type"),
    "switch (1) { }": ("syntax_error", "wrong_type"),
    "switch (1) { default { } }": ("syntax_error", "wrong_type"),
    'bit[3] b = "01a";': ("wrong_type", "syntax_error"),
}
"""Programs on which the parsers differ: the code with qdk, and the code without it.

The grammar allows programs without a meaning, of which qdk rejects some.
"""

ALL: Mapping[str, Text] = {
    name: text
    for at, (name, text) in enumerate(EVERY.items())
    if at % sized(3, 1) == 0 or name in DIFFERENT or name in TEXTBOOK or name in LITERALS
}
"""`make test` compares every third feature and refused program, and all of the other ones."""


@cache
def without_qdk() -> Mapping[str, Any]:
    """Return the result of each program in a process that cannot import qdk."""
    process = subprocess.run(
        [sys.executable, "-c", WITHOUT_QDK + CHILD],
        input=json.dumps(list(ALL.values())), capture_output=True, text=True, cwd=ROOT, check=True,
    )  # fmt: skip
    assert process.stderr == ""
    return dict(zip(ALL, json.loads(process.stdout), strict=True))


def with_qdk(text: Text) -> Any:
    return json.loads(json.dumps(described(text)))


def first(result: Any) -> tuple[str, int]:
    """Return the code and line of the first problem in the result of a program."""
    code, line = result["errors"][0] if "errors" in result else (RUNS, 0)
    return code, line


def test_every_program_becomes_the_same_with_either_parser() -> None:
    def check(name: str) -> None:
        result, expected = without_qdk()[name], with_qdk(ALL[name])
        if first(expected)[0] == "syntax_error":  # problems after the first one may differ
            assert first(result) == first(expected)
        else:
            assert result == expected

    same = {name: name for name in ALL if name not in DIFFERENT}
    assert len(same) > sized(350, 1000)
    check_each(same, check)


def test_where_the_parsers_differ_one_reports_a_problem_on_the_same_line() -> None:
    def check(name: str) -> None:
        result, expected = first(without_qdk()[name]), first(with_qdk(ALL[name]))
        assert (expected[0], result[0]) == DIFFERENT[name]
        assert RUNS in DIFFERENT[name] or result[1] == expected[1]

    check_each({name: name for name in DIFFERENT}, check)


def problems(text: str) -> Sequence[Problem]:
    with pytest.raises(CircuitError) as error:
        antlr_parser.parse_source(Source(text))
    return error.value.problems


@pytest.mark.parametrize(
    ("text", "line", "column", "token"),
    [
        ("x q", 1, 4, None),
        ("x q;\nint λ = ;", 2, 9, ";"),
        ("int λ = 1; ? x q;", 1, 12, "?"),
        ("\n\n/* λλ */ x q]", 3, 13, "]"),
        ('include "a;\n', 1, 9, '"'),
    ],
)
def test_the_position_of_a_syntax_error_counts_characters(
    text: str, line: int, column: int, token: str | None
) -> None:
    problem = problems(text)[0]
    assert (problem.code, problem.line, problem.column) == ("syntax_error", line, column)
    assert problem.token == token


def test_a_syntax_error_lists_the_expected_tokens_if_they_are_few() -> None:
    assert problems("x q")[0].message == "expected `;`, found the end"
    assert problems("qubit 3;")[0].message == "expected a name, found `3`"
    assert problems("x q; 1 + * 2;")[0].message == "`*` cannot stand here"


def test_all_syntax_errors_are_reported_up_to_twenty() -> None:
    assert [p.line for p in problems("int = 1;\nx q;\nfloat = 2;\n")] == [1, 3]
    assert len(problems("int = 1;\n" * 100)) == 20


@pytest.mark.parametrize("parse", [antlr_parser.parse_source, qdk.parse_source])
def test_a_missing_semicolon_is_reported_where_it_is_missing(parse: Parser) -> None:
    text = "OPENQASM 3.0;\nqubit q;\nx q // λ; comment\n\n/* more */ x q;\nqubit[2] r\n"
    with pytest.raises(CircuitError) as error:
        parse(Source(text))
    places = [(each.line, each.column, each.token) for each in error.value.problems]
    assert places == [(3, 3, "q"), (6, 10, "r")]
    assert error.value.problems[0].message.startswith("expected `;`")
    with pytest.raises(CircuitError) as error:
        parse(Source("OPENQASM 3.0;\nqubit q;\nx q" + "\n// comment" * 1000 + "\nx q;"))
    assert (error.value.problems[0].line, error.value.problems[0].column) == (1004, 1)


@pytest.mark.parametrize("parse", [antlr_parser.parse_source, qdk.parse_source])
def test_a_program_in_python_is_named_once(parse: Parser) -> None:
    text = "from qiskit import QuantumCircuit\nqc = QuantumCircuit(2)\nqc.h(0)\n"
    with pytest.raises(CircuitError, match=r"this is Python, .* qiskit\.qasm3\.dumps") as error:
        parse(Source(text))
    assert len(error.value.problems) == 1


def test_a_text_that_is_no_program_gets_a_hint() -> None:
    hint = problems("Dear all,")[0].hint
    assert hint is not None
    assert "does not look like OpenQASM 3" in hint


@pytest.mark.parametrize(
    "number", ["9223372036854775808", "0x8000_0000_0000_0000", "0b1" + "0" * 63]
)
def test_an_integer_keeps_its_value_where_the_parser_in_rust_wraps_it(number: str) -> None:
    (result,), (wrapped,) = (
        reader.parse_source(Source(f"{number};"))[1] for reader in (antlr_parser, qdk)
    )
    assert result.expr.value == 2**63
    assert wrapped.expr.value == -(2**63)


def test_a_deep_program_is_an_error_and_not_a_crash() -> None:
    with pytest.raises(RecursionError):
        antlr_parser.parse_source(Source("c" + "[0]" * 20_000 + ";"))


def test_without_any_parser_the_error_says_what_to_install() -> None:
    nothing = WITHOUT_QDK + "sys.modules['openqasm3'] = None; import quantumtask.openqasm"
    process = subprocess.run([sys.executable, "-c", nothing], capture_output=True, text=True)
    assert process.returncode == 1
    assert "quantumtask[portable]" in process.stderr.splitlines()[-1]
