"""Physical qubits: `$n` has the number n, in any order of first use."""

import random
from collections.abc import Sequence

import numpy as np
import pytest

from quantumtask.openqasm.compiler.pipeline import compile_full
from quantumtask.openqasm.program.operations import Operation
from quantumtask.shared.errors import CircuitError
from quantumtask.shared.settings import Settings
from tests.support.compile_circuit import compile_circuit
from tests.support.http_queries import circuit_error, run_circuit
from tests.support.services import Service

SETTINGS = Settings()
HEAD = 'OPENQASM 3.0; include "stdgates.inc";\n'
ENGINES = ("auto", "quantumtask", "lightning", "aer", "stim")


def error_of(text: str) -> tuple[str, int | None, int | None, str]:
    with pytest.raises(CircuitError) as error:
        compile_circuit(HEAD + text, SETTINGS)
    problem = error.value.problems[0]
    return problem.code, problem.line, problem.column, problem.message


def values(service: Service, circuit: str, words: Sequence[str], **body: object) -> list[float]:
    actual = run_circuit(service, HEAD + circuit, observables=list(words), **body)
    return np.round(actual["data"]["expectation_values"], 6).tolist()


def test_an_observable_has_its_letters_by_the_numbers_of_physical_qubits(service: Service) -> None:
    for circuit in ("x $1; h $0;", "h $0; x $1;", "def f(qubit a) { x a; } f($1); h $0;"):
        assert values(service, circuit, ["ZI", "IZ", "IX"]) == [-1, 0, 1]


@pytest.mark.parametrize("engine", [engine for engine in ENGINES if engine != "stim"])
def test_a_state_and_a_matrix_are_ordered_by_the_numbers(service: Service, engine: str) -> None:
    kinds = {"return": ["statevector", "unitary"]}
    arrays = run_circuit(service, HEAD + "x $2; cx $2, $0;", engine=engine, **kinds)["data"]
    assert np.argmax(np.abs(arrays["statevector"])) == 0b101
    assert np.argmax(np.abs(arrays["unitary"][:, 0])) == 0b101
    assert arrays["unitary"].shape == (8, 8)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_qubit_of_a_high_number_takes_no_more_memory(service: Service, engine: str) -> None:
    circuit = HEAD + "bit[2] c; x $100; cx $100, $7; c[0] = measure $100; c[1] = measure $7;"
    assert run_circuit(service, circuit, engine=engine)["result"] == {"11": 1024}
    word = "Z" + "I" * 92 + "Z" + "I" * 7
    assert values(service, "x $100; h $7;", [word, "Z" + "I" * 100]) == [0, -1]


def test_a_distant_qubit_works_with_noise_and_after_measurement(service: Service) -> None:
    circuit = HEAD + "bit[2] c; x $90; c[0] = measure $90; if (c[0]) x $3; c[1] = measure $3;"
    assert run_circuit(service, circuit)["result"] == {"11": 1024}
    reset = HEAD + "bit c; h $90; reset $90; x $90; c = measure $90;"
    assert run_circuit(service, reset)["result"] == {"1": 1024}
    plain = HEAD + "bit[2] c; x $90; cx $90, $3; c[0] = measure $90; c[1] = measure $3;"
    noise = {"depolarizing": {"one_qubit": 1e-9, "two_qubit": 1e-9}}
    assert run_circuit(service, plain, noise=noise)["result"] == {"11": 1024}


@pytest.mark.parametrize("number", [100, 5000])
def test_the_state_of_a_qubit_of_a_high_number_is_an_error(service: Service, number: int) -> None:
    for kind in ("statevector", "unitary"):
        code, message = circuit_error(service, HEAD + f"x ${number};", **{"return": [kind]})
        assert code == "result_too_large"
        assert f"{number + 1:,} qubits" in message


def test_declared_qubits_have_the_numbers_that_no_physical_qubit_has(service: Service) -> None:
    circuit = "qubit[2] q; qubit r; x q[1]; h $1; x $3; def f(qubit[2] a) { cx a[1], a[0]; } f(q);"
    # q[0] is 0, $1 is 1, q[1] is 2, $3 is 3, r is 4
    assert values(service, circuit, ["IIIIZ", "IIIXI", "IIZII", "IZIII", "ZIIII"]) == [
        -1, 1, -1, -1, 1,
    ]  # fmt: skip


def test_a_program_records_that_it_names_physical_qubits() -> None:
    for text, physical in (
        ("x $0;", True), ("qubit q; x q;", False), ("qubit q; x q; x $1;", True),
        ("def f() { x $2; } f();", True), ("qubit q; x q; // $0", False),
        ("if (1 < 2) { cx $1, $0; }", True),
    ):  # fmt: skip
        assert compile_circuit(HEAD + text, SETTINGS).physical == physical
        assert compile_full(HEAD + text, SETTINGS).program.physical == physical


def test_any_order_of_use_gives_the_same_numbers_on_both_paths() -> None:
    rng = random.Random(12)
    for _ in range(100):
        numbers = rng.sample(range(12), 4)
        declared = rng.choice(["", "qubit a; x a;", "qubit[3] a; cx a[2], a[0];", "qubit[0] a;"])
        calls = [f"rx({n + 1}) ${n};" for n in numbers] + [f"cx ${numbers[0]}, ${numbers[1]};"]
        rng.shuffle(calls)
        text = HEAD + "\n".join([*calls[:2], declared, *calls[2:]])
        short, full = compile_circuit(text, SETTINGS), compile_full(text, SETTINGS).program
        assert short.circuit and full.circuit
        assert short.circuit.steps == full.circuit.steps
        assert short.qubits == full.qubits >= max(numbers) + 1
        operations = [step for step in short.circuit.steps if isinstance(step, Operation)]
        assert len(operations) == len(short.circuit.steps)
        by_angle = {step.params[0] - 1: step.qubits for step in operations if step.params}
        assert by_angle == {n: (n,) for n in numbers}


CALLS = (
    "f($0)", "f( $0 )", "f(/* $1 */$0)", "f($0 // )\n)", "f(\n$0\n)", "f(($0))", "f($00)",
    "f($0 /* ; */)", "f($0 // ;\n)",
)  # fmt: skip


@pytest.mark.parametrize("call", CALLS)
def test_a_physical_qubit_is_an_argument_of_a_subroutine(call: str) -> None:
    program = compile_circuit(HEAD + f"def f(qubit a) {{ x a; }} {call};", SETTINGS)
    assert program.circuit
    assert [(s.gate.name, s.qubits) for s in program.circuit.steps if isinstance(s, Operation)] == [
        ("x", (0,))
    ]


ALIASES = {
    "let a = $3; let b = a; x b;": [(3,)],
    "qubit[2] q; let a = q[1] ++ $1 /* ; */ ++ ($0); x a;": [(3,), (1,), (0,)],
    "for int i in [0:1] { let a = $1 ++ $0; x a[i]; } x $2;": [(1,), (0,), (2,)],
    "def f(qubit a) { let b = $1; cx b, a; } f($0);": [(1, 0)],
}


@pytest.mark.parametrize("text", ALIASES)
def test_an_alias_can_be_of_physical_qubits(text: str) -> None:
    circuit = compile_circuit(HEAD + text, SETTINGS).circuit
    assert circuit is not None
    assert [step.qubits for step in circuit.steps if isinstance(step, Operation)] == ALIASES[text]


@pytest.mark.parametrize("value", ["q[$0]", "q[$0:1]", "-$0", "$0 + 1", "0", "$0 ++ 0"])
def test_an_alias_of_a_value_is_an_error(value: str) -> None:
    assert error_of(f"qubit[3] q; let a = {value}; x a;")[0] in ("wrong_type", "syntax_error")


def test_arguments_of_all_kinds_keep_their_order(service: Service) -> None:
    define = "def f(qubit a, int[8] n, qubit b) -> bit { if (n == 3) cx a, b; return measure b; }"
    text = f"{HEAD}{define} bit c; bit d; x $5; c = f($5, 1 + 2, $2); d = f($2, 3, $0);"
    assert run_circuit(service, text)["result"] == {"1 1": 1024}


REFUSED = {
    "int i = 1 + ($0);": ("wrong_type", 2, 14, "measure it"),
    "float a = sin($0);": ("wrong_type", 2, 15, "measure it"),
    "rx($1) $0;": ("wrong_type", 2, 4, "measure it"),
    "ctrl($1) @ x $0;": ("wrong_type", 2, 6, "measure it"),
    "gate g($0) a { x a; }": ("syntax_error", 2, 9, ""),
    "gate g a { x $0; }": ("wrong_type", 2, 14, "definition cannot name a physical qubit"),
    "def f(qubit $0) { }": ("syntax_error", 2, 14, ""),
    "qubit $0;": ("syntax_error", 2, 7, ""),
    "float a = ($3 im);": ("syntax_error", 2, 13, "unit"),
    "def f(int a) { } f($0);": ("wrong_type", 2, 20, "measure it"),
    "def f(qubit[2] a) { } f($0);": ("wrong_type", 2, 26, "qubit[2]"),
    "def f(qubit a, qubit b) { } f($1, $1);": ("duplicate_qubit", 2, 29, ""),
    "cx $1, $01;": ("duplicate_qubit", 2, 1, ""),
    "x $10000;": ("too_many_qubits", 2, 3, "10,000"),
    "qubit[9999] q; x $3; x $4;": ("too_many_qubits", 2, 1, "10,001"),
    "x $1234567890;": ("undeclared_name", 2, 3, "is not a qubit"),
}


@pytest.mark.parametrize("text", REFUSED)
def test_a_physical_qubit_is_an_error_where_it_has_no_meaning(text: str) -> None:
    code, line, column, words = REFUSED[text]
    actual = error_of(text)
    assert actual[:3] == (code, line, column), actual
    assert words in actual[3]


SCOPES = {
    "qubit[2] q; def f() { x q[0]; } f();":
        ("`q`", "a register of qubits", "outside of the subroutine `f`,"),
    "def f() { x q; } qubit q; f();":
        ("`q`", "a qubit", "outside of the subroutine `f` and after it"),
    "qubit q; let a = q; def f() { x a; } f();": ("`a`", "an alias", "the subroutine `f`"),
    "def f() -> bit { return measure q; } qubit q; bit c = f();":
        ("`q`", "a qubit", "the subroutine `f` and after it"),
    "qubit q; gate g a { cx a, q; } g q;": ("`q`", "a qubit", "outside of the gate `g`"),
    "int[8] n = 1; def f(qubit a) { if (n == 1) x a; }": ("`n`", "a variable", "`f`"),
    "def f(qubit[2] r) { x r; } h r[0];": ("`r`", "a parameter of the subroutine `f`"),
    "def f() -> int { return n; } const int n = 2;": ("`n`", "used before its declaration"),
    "x q; qubit q;": ("`q`", "used before its declaration"),
    "if (true) { int n = 1; } int m = n;": ("`n`", "a variable of a block"),
    "for int i in [0:2] { } int m = i;": ("`i`", "of a loop"),
}  # fmt: skip


@pytest.mark.parametrize("text", SCOPES)
def test_an_invisible_name_is_an_error_that_names_its_declaration(text: str) -> None:
    code, line, _, message = error_of(text)
    assert (code, line) == ("undeclared_name", 2)
    assert all(words in message for words in SCOPES[text]), message


def test_a_subroutine_that_names_a_global_register_is_an_error_with_a_remedy(
    service: Service,
) -> None:
    text = "OPENQASM 3.0;\nqubit[3] q;\ndef f() {\n  U(0, 0, 0) q[1];\n}\nf();\n"
    answer = service.http.post("/validate", json={"circuit": text}).json()
    (problem,) = answer["problems"]
    assert (problem["line"], problem["column"], problem["token"]) == (4, 14, "q")
    assert "register of qubits" in problem["message"] and "subroutine `f`" in problem["message"]
    assert "does not see global qubits" in problem["hint"]


def test_a_sweep_keeps_the_numbers(service: Service) -> None:
    circuit = HEAD + "input float t; ry(t) $2; x $0;"
    actual = run_circuit(
        service, circuit, parameters={"t": [0, np.pi]}, observables=[["ZII"], ["IIZ"]]
    )
    expected = [[1, -1], [-1, -1]]
    assert np.round(actual["data"]["expectation_values"], 6).tolist() == expected
