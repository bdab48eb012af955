"""Processing of the text before the parser: white space, annotations, versions, OpenQASM 2."""

import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quantumtask.openqasm.compiler.pipeline import compile_full, preprocess
from quantumtask.openqasm.fast_path.compile import compile_straight_line
from quantumtask.openqasm.text.scanner import scan
from quantumtask.openqasm.validate import validate_circuit
from quantumtask.shared.errors import CircuitError
from quantumtask.shared.settings import Settings
from tests.openqasm import textbook
from tests.openqasm.fast_path_programs import OLD, SUPPORTED, program_key, straight_line_programs
from tests.openqasm.features import SECTIONS
from tests.openqasm.text_programs import BLANKS, old_pieces_of, pieces_of, respaced
from tests.support.services import Service
from tests.support.sizes import examples, sized

SETTINGS = Settings()
STD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
HEAD = STD + "qubit[2] q;\nbit[2] c;\n"
FEW = settings(
    max_examples=examples(50),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
SEEDS = st.integers(0, 2**32)


# White space and comments between two tokens.


def meaning(text: str) -> Any:
    """Return the programs of both paths, or the problems of the text."""
    try:
        full = program_key(compile_full(text, SETTINGS).program)
    except CircuitError as error:
        assert compile_straight_line(text, SETTINGS) is None
        return [(problem.code, problem.message) for problem in error.problems]
    straight = compile_straight_line(text, SETTINGS)
    assert straight is None or program_key(straight) == full, text
    return full


def compile_valid(text: str) -> tuple[Any, ...]:
    """Return the programs of both paths for a text without mistakes."""
    result = meaning(text)
    assert isinstance(result, tuple), (text, result)
    return result


NEW_PROGRAMS = [
    text
    for text in (
        *(f.program for section in SECTIONS.values() for f in section if not f.parameters),
        *(text for text in SUPPORTED.values() if "OPENQASM 2" not in text),
        *(
            textbook.adder(1, 2),
            textbook.inverseqft1(3),
            textbook.teleport(1, 2, 3),
            textbook.rus(),
        ),
        HEAD
        + "@one\nx q[0]; { @two a // b\n  @three.four\n x q[1]; } pragma a // b\ninv @ s q[0];",
        HEAD + "if (c[0])\n@note\nx q[0];\nfor int i in {0, 1}\n@note\nx q[i];",
        HEAD + "pow(2) @ inv @ ctrl(1) @ negctrl @ U(1, (2), pow(3, 2)) q[0], q[1], $2;",
    )
    if text
]
OLD_PROGRAMS = [
    *(text for text in SUPPORTED.values() if "OPENQASM 2" in text),
    OLD + "gate inv(let) in, out { U(let^2, 0, -let) in; CX in, out; barrier in; }\n"
    "inv(pi/2) q[0], q[1]; if (c==1) inv(ln(2)) q[2], q[3]; measure q[0] -> c[1]; reset q;",
    (
        'OPENQASM 2.0;include "qelib1.inc";opaque delay(t) in;opaque a b,c;qreg in[1];'
        "creg out[1];delay(1.5e-3) in[0];x in[0];measure in->out;"
    ),
]


@FEW
@given(st.sampled_from(NEW_PROGRAMS), SEEDS)
def test_white_space_and_comments_between_two_tokens_mean_nothing(text: str, seed: int) -> None:
    assert meaning(respaced(pieces_of(text), seed)) == meaning(text)


@FEW
@given(st.one_of(st.sampled_from(OLD_PROGRAMS), straight_line_programs()), SEEDS)
def test_white_space_and_comments_mean_nothing_in_openqasm_2(text: str, seed: int) -> None:
    pieces = (old_pieces_of if text.startswith("OPENQASM 2") else pieces_of)(text)
    assert meaning(respaced(pieces, seed)) == meaning(text)


def test_a_problem_has_its_position_after_any_white_space() -> None:
    for blank in BLANKS:
        before = HEAD + f"ctrl{blank}@x q[0], q[1];{blank}"
        (problem,) = validate_circuit(before + "foo q[0];", SETTINGS).problems[:1]
        lines = before.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        assert (problem.line, problem.column) == (len(lines), len(lines[-1]) + 1)
        assert problem.token == "foo"


def test_a_comment_can_hold_any_printable_character_any_number_of_times() -> None:
    for line in ("?" * 2000, "`" * 2000, "\\" * 2000, '"' * 5001, "((({{{" * 200, "a" * 5000):
        compile_valid(f"// {line}\n" + HEAD + f"x q[0]; /* {line} */ c[0] = measure q[0];")


# Annotations and modifiers.


@pytest.mark.parametrize(
    ("text", "annotations"),
    [
        ("ctrl @ x q;", []),
        ("ctrl\n@x q;", []),
        ("ctrl // @\n @x q;", []),
        ("pow(2 * (1))\n@x q;", []),
        ("inv @\n@x q;", ["@x q;"]),
        ("x q; @note a\ny q;", ["@note a"]),
        ("if (c) @note\nx q;", ["@note"]),
        ("while (pow(c, 2) == 1) @note\nx q;", ["@note"]),
        ("{@a // b\nx q;}", ["@a // b"]),
        ("/* @a\n*/ @b /* c\nx q; // @d", ["@b /* c"]),
        ("pragma @a\n@b\nx q;", ["@b"]),
        ("myctrl @b\nx q;", ["@b"]),
        ("@é\nx q;", ["@é"]),
        ("@ a\nx q;", []),
    ],
)
def test_an_at_begins_an_annotation_where_no_modifier_stands_before_it(
    text: str, annotations: list[str]
) -> None:
    tokens = [text[start:end] for kind, start, end in scan(text) if kind == "annotation"]
    assert tokens == annotations


def test_an_annotation_need_not_begin_a_line() -> None:
    result = validate_circuit(
        HEAD + "x q[0]; @note a; b\nx q[1]; if (true) { @two\nx q[0]; }", SETTINGS
    )
    notes = [(p.token, p.line, p.column) for p in result.problems if p.code == "ignored"]
    assert result.valid
    assert notes == [("@note a; b", 5, 9), ("@two", 6, 21)]


# Versions.


@pytest.mark.parametrize(
    ("text", "is_openqasm2"),
    [
        ("OPENQASM 2.0;", True),
        ("OPENQASM 2;", True),
        (" /* a */ // b\n OPENQASM /* 3.0; */ 2.0 ;", True),
        ("// OPENQASM 2.0;\nqubit q;", False),
        ("/* OPENQASM 2.0; */ OPENQASM 3.0;", False),
        ("/* an older file */ OPENQASM 2.0; -- */\nOPENQASM 3.0;", None),
        ("/* an older file: OPENQASM 2.0; */\nOPENQASM 3.1;", False),
        ("// */ OPENQASM 2.0; /*\nOPENQASM 3.0;", False),
        ("qubit OPENQASM2;", False),
    ],
)
def test_the_version_is_that_of_the_first_statement(text: str, is_openqasm2: bool | None) -> None:
    if is_openqasm2 is None:
        assert not validate_circuit(text, SETTINGS).valid
    else:
        assert (preprocess(text, SETTINGS).opaque_gates is not None) == is_openqasm2


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [("OPENQASM 4.0;", 1, 1), ("// OPENQASM\n/* OPENQASM 3.0; */ OPENQASM /* */ 1;", 2, 21)],
)
def test_another_version_is_an_error_at_its_position(text: str, line: int, column: int) -> None:
    (problem,) = validate_circuit(text, SETTINGS).problems
    assert (problem.code, problem.token) == ("not_supported", "OPENQASM")
    assert (problem.line, problem.column) == (line, column)


# Names of OpenQASM 2.

KEYWORDS = (
    "angle", "array", "bit", "bool", "box", "break", "cal", "case", "complex", "const",
    "continue", "ctrl", "def", "default", "defcal", "defcalgrammar", "delay", "dim", "duration",
    "durationof", "else", "end", "euler", "extern", "false", "float", "for", "gphase", "im",
    "in", "input", "int", "inv", "let", "mutable", "negctrl", "nop", "output", "pow", "pragma",
    "qubit", "readonly", "return", "sizeof", "stretch", "switch", "tau", "true", "uint", "void",
    "while", "arcsin", "mod", "popcount", "real", "floor", "dt", "ns", "s1", "cx_",
)  # fmt: skip
START = 'OPENQASM 2.0;\ninclude "qelib1.inc";\n'
USES = {
    "a quantum register": START
    + "qreg {0}[2]; creg c[2]; x {0}[1]; barrier {0}, {0}[0]; cx {0}[1], {0}[0]; measure {0} -> c;",
    "a register of bits": START
    + "qreg q[2]; creg {0}[2]; x q; measure q[0] -> {0}[0]; if ({0} == 1) h q; measure q -> {0};",
    "a gate": START
    + "gate {0}(a) b {{ U(a, 0, a) b; }} gate k b, d {{ {0}(1) b; {0}(2*pi) d; }} qreg q[2]; "
    "{0}(pi/2) q[0]; {0}(1) q; k q[0], q[1];",
    "a gate without parameters": START + "gate {0} b {{ h b; }} qreg q[1]; {0} q[0]; {0} q;",
    "a parameter": START
    + "gate k({0}, a) b {{ U({0}^2/{0}, -{0}, sin({0} + a)) b; }} qreg q[1]; k(pi, 1) q[0];",
    "an argument": START
    + "gate k {0}, b {{ h {0}; cx {0}, b; barrier {0}; }} qreg q[2]; k q[0], q[1];",
    "parts of an opaque gate": START + "opaque k({0}) a, {0}1; opaque {0} b; qreg q[1]; h q[0];",
}


@pytest.mark.parametrize("use", USES)
def test_words_of_openqasm_3_are_names_in_openqasm_2(use: str) -> None:
    registers, *rest = compile_valid(USES[use].format("name"))
    for word in KEYWORDS:
        its_registers, *its_rest = compile_valid(USES[use].format(word))
        assert its_rest == rest, word
        names = [register.name for register in its_registers]
        assert names == [r.name.replace("name", word) for r in registers]


def test_an_opaque_gate_is_refused_by_its_own_name() -> None:
    for word in set(KEYWORDS) - {"pragma"}:
        text = START + f"opaque {word} a, b;\nqreg q[2];\n{word} q[0], q[1];"
        (problem,) = validate_circuit(text, SETTINGS).problems
        assert (problem.code, problem.line, problem.column) == ("not_supported", 5, 1)
        assert f"`{word}` is opaque" in problem.message


@pytest.mark.parametrize(
    ("rest", "line", "column", "token", "message"),
    [
        ("x in[2];", 1, 6, "2", "`in`"),
        ("x in[0]; x\nlet;", 1, 10, "x", "`let`"),
        ("CX in[0], in[0];", 1, 1, "CX in[0], in[0];", "twice"),
        ("rx(2^2^pi^(1/0)) in;", 1, 12, "1/0", "zero"),
        ("opaque delay(a)\nb; foo in;", 2, 4, "foo", "`foo`"),
        ("measure in -> output[0];", 1, 1, "measure in -> output[0];", ""),
    ],
)
def test_a_problem_of_openqasm_2_has_its_position_and_the_names_of_the_text(
    rest: str, line: int, column: int, token: str, message: str
) -> None:
    text = START + "qreg in[2]; creg output[2];\n" + rest
    errors = [p for p in validate_circuit(text, SETTINGS).problems if p.severity == "error"]
    assert (errors[0].line, errors[0].column, errors[0].token) == (line + 3, column, token)
    assert message in errors[0].message
    assert all(p.message.isascii() for p in errors)


def test_openqasm_2_keeps_its_grammar() -> None:
    """arXiv:1707.03429: comments, reals, operators, `if`, includes, broadcasts, nothing else."""
    for rest in (
        "// a comment\nU(0.5, .5, 5.) q[0]; CX q[0], q[1];",
        'include "qelib1.inc";\nu3(1, 2, 3) q;',
        "rx(-2^2) q; ry((-2)^2) q; rz(2^-1) q; u1(1/2) q; u2(3-2-1, 8/4/2) q;",
        "rx(sin(1)+cos(1)*tan(1)-exp(1)/ln(2)^sqrt(2)) q[0];",
        "if(c==3) x q[0]; if (c == 0) reset q[1]; if(c==1) measure q -> c;",
        "gate g(a,b) x,y { barrier x,y; U(a,b,0) x; CX x,y; } g(1,2) q[0],q[1]; g(1,2) q,q2;",
        "gate g() x { } gate k x { } g() q; k q;",
        "barrier q; barrier q[0],q2; reset q; measure q -> c; cx q,q2; cx q[0],q2;",
    ):
        compile_valid(START + "qreg q[2]; qreg q2[2]; creg c[2];\n" + rest)


# Hostile texts.

FILLERS = (
    "/*", "//", '"', "'", "@", "#", "\n", "\r", "\r\n", " ", "\t", "{", "}", "(", ")", "[", "-",
    "*", "$", "1", ";", "a", "é", ",", ".", "=", "?", "^", "/**/", "/* */", "/*\n", "//\n",
    "// a\n", ";/**/", "/*/", "@a\n", "@a", "@ ", "\n@", "ctrl@", "inv\n@a ", "pow(1)@",
    "#pragma a\n", "pragma ", "pragma\n", "$0 ", "1 ", "1e", "1.", "a ", "a,", "a(", "a[0]", "{}",
    "(,", "else ", "if(1)", "for ", "gate a{", "gate ", "include ", 'include "', '"0"', "'\"",
    "\"'", "OPENQASM ", "OPENQASM 2;", "opaque ", "opaque a;", "qreg ", "1+", "->", "==", "\\\n",
    "cal {", "\u2028", "let",
)  # fmt: skip
STARTS = ("", "qubit q; /* */ // \n", "OPENQASM 2.0;\ngate let in {}\n", "/* ", '"', "@a ", "ctrl ")
SHARE = sized(16, 1)
"""`make test` reads a sixteenth of one mebibyte, in a sixteenth of the time."""
MAX_SECONDS = SETTINGS.compile_limit_s


@pytest.mark.parametrize("number", range(len(FILLERS)), ids=lambda k: repr(FILLERS[k]))
def test_a_text_of_one_mebibyte_is_answered_in_bounded_time(number: int) -> None:
    start, filler = STARTS[number % 3], FILLERS[number]
    text = start + filler * ((2**20 // SHARE - len(start)) // len(filler.encode()))
    started = time.process_time()
    validate_circuit(text, SETTINGS)
    assert time.process_time() - started < 2 * MAX_SECONDS / SHARE


@FEW
@given(st.sampled_from(STARTS), st.lists(st.sampled_from(FILLERS), min_size=1, max_size=4))
def test_a_mixture_repeated_is_answered_in_bounded_time(start: str, fillers: list[str]) -> None:
    filler = "".join(fillers)
    text = start + filler * (2**15 // len(filler))
    started = time.process_time()
    validate_circuit(text, SETTINGS)
    compile_straight_line(text, SETTINGS)
    assert time.process_time() - started < MAX_SECONDS / 4


# Through the service.

SERVED = {
    "a hundred thousand line ends": (
        STD + "\n" * 100_000 + "qubit q; bit c; x q; c = measure q;",
        {"1": 10},
    ),
    "fifty comments before the version": (
        "/* a header */\n" * 50 + STD + "qubit q; bit c; x q; c = measure q;",
        {"1": 10},
    ),
    "fifty comments in a program that acts on a measurement": (
        "/* a */\n" + STD + "qubit q; bit c; h q; c = measure q;" + "/* b */\n" * 50
        + "if (c) x q; c = measure q;",
        {"0": 10},
    ),
    "a comment about OpenQASM 2": (
        ('/* 1/2 is 0 here */\nOPENQASM 3.0; include "stdgates.inc"; // /* OPENQASM 2.0;\n'
         "qubit q; bit c; if (true) rx(1/2*pi*2) q; c = measure q;"),
        {"0": 10},
    ),
    "a comment before OpenQASM 2": (
        ('/* 1/2 is 0.5 here, not as in OPENQASM 3.0; */ OPENQASM /**/ 2.0; include "qelib1.inc";'
         "qreg q[1]; creg c[1]; rx(1/2*pi*2) q; measure q -> c;"),
        {"1": 10},
    ),
    "a version in a comment that looks closed": (
        "/* Right answer: this is OpenQASM 3 */\n" + STD
        + "// /* an older file */ OPENQASM 2.0; -- this comment is none of OpenQASM 2\n"
        + "qubit q;\nbit c;\nif (true) rx(1/2*pi*2) q;\nc = measure q;",
        {"0": 10},
    ),
    "a modifier at the begin of a line": (
        HEAD + "x q[0];\nctrl\n  @ x q[0], q[1];\nc = measure q;",
        {"11": 10},
    ),
    "a delay that Qiskit writes": (
        START + "opaque delay(param0) q0;\nqreg q[1];\ncreg c[1];\nx q[0];\ndelay(100.0) q[0];\n"
        "measure q[0] -> c[0];",
        {"1": 10},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SERVED)
def test_a_text_runs_as_the_specification_says(service: Service, name: str) -> None:
    circuit, counts = SERVED[name]
    assert service.run(circuit, shots=10)["result"] == counts


def test_a_register_called_in_comes_back_as_in(service: Service) -> None:
    circuit = START + "qreg let[2]; creg in[1]; creg out[1]; x let[0]; measure let[0] -> in[0];"
    task = service.run(circuit, shots=10)
    assert task["result"] == {"0 1": 10}
    validation = service.http.post("/validate", json={"circuit": circuit}).json()
    assert [register["name"] for register in validation["registers"]] == ["in", "out"]
    assert "`let`" in str(validation["problems"])


def test_a_delay_of_openqasm_2_warns_that_it_does_nothing(service: Service) -> None:
    task = service.run(SERVED["a delay that Qiskit writes"][0], shots=10)
    assert any("`delay` does nothing" in warning for warning in task["warnings"])
