"""Remedies for gates in other languages' syntax, through HTTP, and divisions of integers."""

import pytest

from tests.support.services import Service

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[3] q;\nbit[3] c;\n'
HEAD2 = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[3];\ncreg c[3];\n'


def problems(service: Service, circuit: str, code: str) -> list[tuple[str, str | None]]:
    """Return message and hint of each problem of a code that a validation reports."""
    answer = service.http.post("/validate", json={"circuit": circuit}).json()
    return [(each["message"], each["hint"]) for each in answer["problems"] if each["code"] == code]


@pytest.mark.parametrize(
    ("call", "hint"),
    [
        ("H q[0];", "Did you mean `h`?"),
        ("X q[0];", "Did you mean `x`?"),
        ("RX(0.3) q[0];", "Did you mean `rx`?"),
        ("mcz q[0], q[1], q[2];", "Write `ctrl(2) @ z`"),
        ("MCRX(0.3) q[0], q[1];", "Write `ctrl(1) @ rx`"),
        ("hh q[0];", "Did you mean `h`?"),
        ("frobnicate q[0];", None),
    ],
)
def test_an_unknown_gate_has_a_remedy(service: Service, call: str, hint: str | None) -> None:
    [(message, remedy)] = problems(service, HEAD + call, "unknown_gate")
    assert (message, remedy) == (f"unknown gate `{call.split()[0].split('(')[0]}`", hint)


def test_a_gate_without_its_include_is_recognized_in_capitals(service: Service) -> None:
    assert problems(service, "qubit q; H q;", "unknown_gate")[0][1] == "Did you mean `h`?"


def test_a_language_without_ctrl_is_not_told_to_use_it(service: Service) -> None:
    [(_, hint)] = problems(service, HEAD2 + "mcz q[0],q[1],q[2];", "unknown_gate")
    assert hint == "Did you mean `cz`?"


def test_mcx_runs_and_its_form_in_openqasm_is_named(service: Service) -> None:
    [(_, hint)] = problems(service, HEAD + "mcx q[0], q[1], q[2];", "undeclared_gate")
    assert hint == "Write `ctrl(n) @ x` for `mcx` with n controls"


@pytest.mark.parametrize(
    ("call", "statement"),
    [
        ("h(q[0]);", "h q[0];"),
        ("cx(q[0], q[1]);", "cx q[0], q[1];"),
        ("rx(0.3, q[0]);", "rx(0.3) q[0];"),
    ],
)
@pytest.mark.parametrize("head", [HEAD, HEAD2])
def test_a_gate_call_in_the_syntax_of_a_function_is_rewritten(
    service: Service, head: str, call: str, statement: str
) -> None:
    [(_, hint)] = problems(service, head + call, "wrong_type")
    assert hint == f"Write `{statement}`: qubits follow a gate without parentheses"


@pytest.mark.parametrize(
    ("call", "quotient"),
    [
        ("rx(1/2) q[0];", "`1/2` in an angle divides integers and drops the remainder: it is 0"),
        ("rx(pi*(3/2)) q[0];",
         "`3/2` in an angle divides integers and drops the remainder: it is 1"),
        ("for int i in [1:2] { int n = i; rx(-(n/2)) q[0]; }",
         "`n/2` in an angle divides integers and drops the remainder"),
    ],
)  # fmt: skip
def test_a_division_of_integers_in_an_angle_has_a_warning(
    service: Service, call: str, quotient: str
) -> None:
    warning = (quotient, "Make one of them a float, such as 2.0 for 2")
    assert problems(service, HEAD + call, "integer_division") == [warning]


@pytest.mark.parametrize(
    "circuit",
    [
        HEAD + "rx(pi/2) q[0];",
        HEAD + "rx(1/2.0) q[0];",
        HEAD + "rx(4/2) q[0];",
        HEAD + "int n = 7/2; rx(n) q[0];",
        HEAD2 + "rx(1/2) q[0];",
    ],
)
def test_a_division_without_a_remainder_has_no_warning(service: Service, circuit: str) -> None:
    assert problems(service, circuit, "integer_division") == []
