"""Hostile circuits are refused, or are cheap, before they cost time or memory."""

import random
from collections.abc import Iterator

import pytest

from quantumtask.shared.errors import CircuitError
from quantumtask.shared.settings import Settings
from tests.support.compile_circuit import compile_circuit
from tests.support.killable_child import Child, check

SETTINGS = Settings(slot_memory_mb=2048, max_circuit_bytes=20_000_000)
HEAD = 'include "stdgates.inc";\nqubit[2] q;\nbit[2] c;\n'


def doubling(body: str, levels: int) -> str:
    first = f"gate g0(p) a {{ {body} }}\n"
    rest = (f"gate g{i}(p) a {{ g{i - 1}(p) a; g{i - 1}(p) a; }}\n" for i in range(1, levels + 1))
    return first + "".join(rest) + f"qubit r; g{levels}(1) r;"


def growing_aliases() -> str:
    return "".join(f"let a{i + 1} = a{i} ++ a{i};\n" for i in range(60))


REFUSED = {
    "a billion qubits": ("qubit[1000000000] q;", "too_many_qubits"),
    "2**4000 qubits": ("qubit[2**4000] q;", "too_many_qubits"),
    "a billion bits": ("bit[1000000000] c;", "too_many_bits"),
    "thirty doubling definitions": (doubling("U(1, 2, p) a;", 30), "too_many_operations"),
    "doubled long arguments": (
        doubling(f"U({'p+' * 400}p, 0, 0) a;", 17),
        "too_many_operations",
    ),
    "an empty for of 10**9 steps": (
        HEAD + "for int i in [0:1000000000] { }",
        "too_many_steps",
    ),
    "a for of 10**9 steps": (
        HEAD + "for int i in [0:1000000000] { h q; }",
        "too_many_steps",
    ),
    "a for of 2**100 steps": (HEAD + "for int i in [0:2**100] { }", "number_too_large"),
    "nested loops": (
        HEAD + "for int i in [0:99999] { for int j in [0:99999] { x q[0]; } }",
        "too_many_steps",
    ),
    "nested loops in an if": (
        HEAD + "for int i in [0:99999] { if (!c[0]) { for int j in [0:99999] { x q[0]; } } }",
        "too_many_steps",
    ),
    "a broadcast": ('include "stdgates.inc"; qubit[10000] q;\n' + "h q;\n" * 1000,
                    "too_many_operations"),
    "nested parentheses": (HEAD + "rx(" + "(" * 100_000 + "1" + ")" * 100_000 + ") q[0];",
                           "nesting_too_deep"),
    "unclosed parentheses": (HEAD + "rx(" + "(" * 100_000, "nesting_too_deep"),
    "nested blocks": (HEAD + "{" * 100_000 + "}" * 100_000, "nesting_too_deep"),
    "nested indices": (HEAD + "x q" + "[q" * 100_000 + ";", "nesting_too_deep"),
    "a chain of minus": (HEAD + f"rx({'-' * 100_000}1) q[0];", "nesting_too_deep"),
    "a chain of not": (HEAD + f"if ({'!' * 100_000}c[0]) x q[0];", "nesting_too_deep"),
    "a sum of many terms": (HEAD + f"rx({'1+' * 100_000}1) q[0];", "nesting_too_deep"),
    "a tower of powers": (HEAD + f"rx({'2**' * 100_000}1) q[0];", "nesting_too_deep"),
    "hidden operators": (HEAD + f"rx({'1+(1)/**/' * 100_000}1) q[0];", "nesting_too_deep"),
    "nested arrays": (f"array[int, 1] a = {'{' * 100_000}1{'}' * 100_000};", "nesting_too_deep"),
    "a chain of else if": (HEAD + "if (c[0]) {} " + "else if (c[0]) {} " * 100_000,
                           "nesting_too_deep"),
    "else if with nested blocks": (
        HEAD + "if (c[0]) { if (c[1]) {} } " + "else if (c[0]) { if (c[1]) {} } " * 100_000,
        "nesting_too_deep",
    ),
    "else if without blocks": (HEAD + "if (c[0]) x q; " + "else if (c[0]) x q; " * 100_000,
                               "nesting_too_deep"),
    "a chain of if": (HEAD + "if (c[0]) " * 100_000 + "x q[0];", "nesting_too_deep"),
    "a chain of for": (HEAD + "for int i in {1} " * 100_000 + "x q[0];", "nesting_too_deep"),
    "ten thousand controls": (HEAD + "ctrl @ " * 10_000 + "x q[0];", "nesting_too_deep"),
    "a million digits": (HEAD + f"const int a = {'9' * 1_000_000};", "number_too_large"),
    "a million hexadecimal digits": (f"const int a = 0x{'f' * 1_000_000};", "number_too_large"),
    "a bit string of a million": (f'bit[1000000] c = "{"1" * 1_000_000}";', "number_too_large"),
    "2**(2**60)": (HEAD + "const int a = 2**(2**60);", "number_too_large"),
    "9**9**9**9": (HEAD + "rx(9**9**9**9) q[0];", "number_too_large"),
    "1<<10**9": (HEAD + "const int a = 1 << (10**9);", "number_too_large"),
    "4000 digits as an argument": (HEAD + f"rx({'9' * 4000}) q[0];", "number_too_large"),
    "1000 digits as an argument": (HEAD + f"rx({'9' * 1000}) q[0];", "not_finite"),
    "a type of 2**4000 bits": ("const int[2**4000] a = 1;", "wrong_type"),
    "a type of -5 bits": ("const int[-5] a = 1;", "wrong_type"),
    "a NUL": (HEAD + "\0", "invalid_character"),
    "half of a surrogate pair": ("qubit q; \ud800", "invalid_character"),
    "text that turns round": ("qubit \u202eq;", "invalid_character"),
    "semicolons": (";" * 10_000_000, "syntax_error"),
    "separated semicolons": ("; \n" * 1_000_000, "syntax_error"),
    "question marks": ("?" * 1_000_000, "syntax_error"),
    "brackets that close": (")" * 10_000, "syntax_error"),
    "/etc/passwd": ('include "/etc/passwd";', "include_not_allowed"),
    "/dev/zero": ('include "/dev/zero";', "include_not_allowed"),
    "a parent folder": ('include "../x";', "include_not_allowed"),
    "the parser's own gates": ('include "qdk.inc";', "include_not_allowed"),
    "an include in a block": (HEAD + '{ include "stdgates.inc"; }', "not_global"),
    "an unterminated string": ('include "foo', "syntax_error"),
    "an unterminated comment": ("/* foo", "syntax_error"),
    "a name of a million letters": (f"qubit {'a' * 1_000_000};", "name_too_long"),
    "pow(10**9)": (HEAD + "pow(10**9) @ x q[0];", "too_many_operations"),
    "pow(10**300)": (HEAD + "pow(10**300) @ x q[0];", "too_many_operations"),
    "a root of pow(10**9)": (HEAD + "pow(0.1) @ pow(10**9) @ x q[0];", "too_many_operations"),
    "10**9 controls": (HEAD + "ctrl(10**9) @ x q[0];", "not_supported"),
    "-1 controls": (HEAD + "ctrl(-1) @ x q[0];", "wrong_type"),
    "a long range": (HEAD + "x q[0:10**9];", "index_out_of_range"),
    "a huge range": (HEAD + "x q[2**100:2**101];", "index_out_of_range"),
    "a huge index": (HEAD + "x q[2**4000];", "index_out_of_range"),
    "aliases that double": (HEAD + "let a0 = q;\n" + growing_aliases(), "duplicate_qubit"),
    "division by zero": (HEAD + "rx(1/0) q[0];", "division_by_zero"),
    "modulo zero": (HEAD + "rx(1%0) q[0];", "division_by_zero"),
    "not a number": (HEAD + "rx(0.0/0.0) q[0];", "division_by_zero"),
    "infinity": (HEAD + "rx(1e308*10) q[0];", "not_finite"),
    "a complex argument": (HEAD + "rx(1im) q[0];", "wrong_type"),
    "the root of -1": (HEAD + "rx(sqrt(-1)) q[0];", "not_finite"),
    "(-1)**0.5": (HEAD + "rx((-1)**0.5) q[0];", "not_finite"),
    "a negative register": ("qubit[-1] q;", "wrong_type"),
    "minus of bits": (HEAD + "c = -c;", "wrong_type"),
}  # fmt: skip


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    child = Child()
    yield child
    child.stop()


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_circuit_is_refused(name: str, child: Child) -> None:
    text, code = REFUSED[name]
    (outcome,) = child.run([text])
    assert check(text, outcome) == code


def test_a_definition_that_is_never_called_costs_nothing() -> None:
    text = doubling("U(1, 2, p) a;", 30).replace("g30(1) r;", "g3(1) r;")
    assert compile_circuit(text, SETTINGS).operations == 8


def test_definitions_can_call_each_other_a_thousand_deep() -> None:
    chain = "".join(f"gate g{i} a {{ g{i - 1} a; }}\n" for i in range(1, 5000))
    text = "gate g0 a { U(0, 0, 0) a; }\n" + chain + "qubit q; g4999 q;"
    assert compile_circuit(text, SETTINGS).operations == 1


def test_a_gate_can_have_many_parameters() -> None:
    names = ",".join(f"p{i}" for i in range(10_000))
    ones = ",".join("1" * 10_000)
    text = f"gate g({names}) a {{ U(p0, p1, p9999) a; }}\nqubit q; g({ones}) q;"
    assert compile_circuit(text, SETTINGS).operations == 1


def test_an_endless_loop_is_refused_where_it_has_to_be_run() -> None:
    endless = "while (true) { }"
    with pytest.raises(CircuitError) as error:
        compile_circuit(HEAD + endless, SETTINGS)
    assert error.value.code == "too_many_steps"
    only_if = "h q[0]; c[0] = measure q[0]; if (c[0]) { " + endless + " }"
    assert compile_circuit(HEAD + only_if, SETTINGS).circuit is None
    assert compile_circuit(HEAD + f"if (c[0]) {{ {endless} }}", SETTINGS).operations == 0


def test_a_lone_carriage_return_does_not_hide_what_follows_a_comment() -> None:
    with pytest.raises(CircuitError) as error:
        compile_circuit("qubit q; // comment\rfoo q;", SETTINGS)
    assert error.value.problems[0].line == 2


VALID = (
    HEAD + "gate g(a) x, y { rx(a/2) x; ctrl @ U(a, 0, 1) x, y; }\ng(pi/3) q[0], q[1];\n"
    "c = measure q;\nif (c == 1) { x q[0]; } else { h q; }\n",
    "OPENQASM 3.1;\n" + HEAD + "const int n = 2; for int i in [0:n-1] { x q[i]; }\n"
    'let a = q[0] ++ q[1]; pow(2) @ inv @ s a;\nc = "01"; while (c[0]) { c[0] = measure q[1]; }',
)
PIECES = [*"(){}[];,@+-*/<>=!~&|:\"'#$.\\\n\r\t 019eq", "ctrl @", "pow(", "measure", "->", "**",
          "0x", "1e9", "if", "else", "for", "in", "while", "gate", "let", "const", "qubit", "bit",
          "c", "q[", "/*", "*/", "//", "π", "é", "im", "ns", "==", "++", "box {", "int(",
          "array[", "def", "pragma", "end;", "gphase", "U(", "-1", "10**9", "true"]  # fmt: skip


def mutant(random_: random.Random) -> str:
    """Mutate a valid program: remove, double or insert parts."""
    text = random_.choice(VALID)
    for _ in range(random_.randint(1, 6)):
        start = random_.randrange(len(text))
        end = start + random_.choice([0, 0, 1, 1, 2, 5, 20])
        piece = random_.choice([random_.choice(PIECES), "", text[start:end] * 2])
        text = text[:start] + piece + text[end:]
    return text


@pytest.mark.parametrize("seed", range(20))
def test_a_mutated_program_compiles_or_is_refused(seed: int) -> None:
    random_ = random.Random(seed)
    for _ in range(100):
        text = mutant(random_)
        try:
            compile_circuit(text, SETTINGS)
        except CircuitError as error:
            lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
            for problem in error.problems:
                assert problem.line is not None
                assert 1 <= problem.line <= len(lines)
