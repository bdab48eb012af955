"""Compilation of circuits: the compiled program, and the diagnostics of wrong ones."""

import json
import math

import pytest

from quantumtask.openqasm import Program, Register
from quantumtask.openqasm.program.operations import Operation
from quantumtask.shared.errors import CircuitError
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Problem
from tests.support.compile_circuit import compile_circuit
from tests.support.run_program import run_program

SETTINGS = Settings(slot_memory_mb=2048)
STD = 'include "stdgates.inc";\n'
HEAD = STD + "qubit[2] q;\nbit[2] c;\n"


def compiled(text: str) -> Program:
    return compile_circuit(text, SETTINGS)


def problems(text: str) -> tuple[Problem, ...]:
    with pytest.raises(CircuitError) as error:
        compiled(text)
    return error.value.problems


def only(text: str) -> Problem:
    (problem,) = problems(text)
    return problem


def counts(text: str, shots: int = 200) -> dict[str, int]:
    result = run_program(compiled(text), shots=shots, seed=7, memory=False, settings=SETTINGS)
    actual: dict[str, int] = json.loads(result.counts)
    return actual


def test_a_bell_pair_is_read_with_its_registers_and_its_size() -> None:
    program = compiled(HEAD + "h q[0]; cx q[0], q[1]; c = measure q;")
    assert program.registers == (Register("c", 2),)
    assert program.circuit is not None
    assert program.circuit.active_qubits == (0, 1)
    assert program.operations == 4
    assert program.circuit.clifford
    assert program.circuit.terminal_measurements_only
    assert program.warnings == ()


def test_qubits_that_nothing_touches_are_not_part_of_the_circuit() -> None:
    program = compiled("qubit[500] q; U(1, 2, 3) q[7];")
    assert program.qubits == 500
    assert program.circuit is not None
    assert program.circuit.active_qubits == (7,)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("pi/2", math.pi / 2),
        ("π", math.pi),
        ("tau", math.tau),
        ("τ - ℇ", math.tau - math.e),
        ("euler", math.e),
        ("-3*pi", -3 * math.pi),
        ("7/2", 3),
        ("-7/2", -3),
        ("7/2.0", 3.5),
        ("7%4 + 2**3", 11),
        ("2.0**-1", 0.5),
        ("sin(1.0) + cos(0.5)*tan(0.25)", math.sin(1) + math.cos(0.5) * math.tan(0.25)),
        ("arcsin(0.5) - arccos(0.5) + arctan(2)", math.asin(0.5) - math.acos(0.5) + math.atan(2)),
        ("exp(0.5) + log(2.0) + sqrt(2)", math.exp(0.5) + math.log(2) + math.sqrt(2)),
        ("ceiling(1.2) + floor(-1.2) + mod(7, 4) + popcount(7)", 6),
        ("float(3)/2", 1.5),
        ("(1 << 3) | 1", 9),
        ("k*2", 10),
        ("0x1F + 0b101 + 0o17", 51),
        ("1_000", 1000),
    ],
)
def test_an_argument_is_the_real_number_that_is_written(expression: str, value: float) -> None:
    program = compiled(f"{STD}const int k = 5; qubit q; rx({expression}) q;")
    assert program.circuit is not None
    (step,) = program.circuit.steps
    assert isinstance(step, Operation)
    assert step.gate.name == "rx"
    assert step.params[0] == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("x q; c = measure q;", "1111"),
        ("x q[1:2]; c = measure q;", "0110"),
        ("x q[{0, 3}]; c = measure q;", "1001"),
        ("x q[-1]; c = measure q;", "1000"),
        ("x q[0:2:3]; c = measure q;", "0101"),
        ("x q[3:-1:2]; c = measure q;", "1100"),
        ("let a = q[2:3]; x a[0]; c = measure q;", "0100"),
        ("let a = q[3] ++ q[0]; x a; c = measure q;", "1001"),
        ("x q[0]; cx q[0], q[1:3]; c = measure q;", "1111"),
        ("x q[0:1]; cx q[0:1], q[2:3]; c = measure q;", "1111"),
        ("x q[0]; measure q[0] -> c[3];", "1000"),
        ("x q[0]; c[1:2] = measure q[0:1];", "0010"),
        ("x q[0:1]; c[3:-1:2] = measure q[0:1];", "1100"),
        ("x q; reset q[0]; c = measure q;", "1110"),
        ("for int i in [1:2] { x q[i]; } c = measure q;", "0110"),
        ("for uint i in {0, 3} x q[i]; c = measure q;", "1001"),
        ("for int i in [3:-2:0] { if (i > 1) { x q[i]; } } c = measure q;", "1000"),
        ("const uint n = 2; x q[n]; c = measure q;", "0100"),
        ("x q[0]; barrier q; delay[10ns] q[0]; box { x q[1]; } c = measure q;", "0011"),
        ("x q[0]; bit d = measure q[0];", "1 0000"),
        ('c = "1010";', "1010"),
        ("c[2] = 1;", "0100"),
        ("c = 5;", "0101"),
        ("int i = 3; i -= 1; x q[i]; c = measure q;", "0100"),
        ("def flip(qubit a) { x a; } flip(q[1]); c = measure q;", "0010"),
        ("x q[0]; c = measure q; end; c = 15;", "0001"),
        ("for int i in [0:3] { if (i == 2) break; x q[i]; } c = measure q;", "0011"),
        ("for int i in [0:3] { if (i == 2) continue; x q[i]; } c = measure q;", "1011"),
        ("x q[1]; c = measure q; c[0] = c[1]; c[1] = false;", "0001"),
    ],
)
def test_a_program_gives_the_outcome_it_describes(body: str, expected: str) -> None:
    text = f"{STD}qubit[4] q; bit[4] c; {body}"
    assert counts(text) == {expected: 200}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("c[0] = measure q[0]; if (c[0]) x q[1]; c[1] = measure q[1];", "011"),
        ("c[0] = measure q[0]; if (!c[0]) x q[1]; else x q[2]; c = measure q;", "101"),
        ("c = measure q; if (c == 1) { x q[1]; } c = measure q;", "011"),
        ("c = measure q; if (c != 1) { x q[1]; } c = measure q;", "001"),
        ("c = measure q; if (c < 2) { x q[1]; } c = measure q;", "011"),
        ("c = measure q; if (c >= 2) { x q[1]; } c = measure q;", "001"),
        ("c = measure q; if (c <= 1 && c[0] == true) { x q[1]; } c = measure q;", "011"),
        ('c = measure q; if (c == "001" || c[2]) { x q[1]; } c = measure q;', "011"),
        ("c = measure q; if (c[0] == c[1]) { x q[1]; } c = measure q;", "001"),
        ("c = measure q; if (c[0] ^ c[1]) { x q[1]; } c = measure q;", "011"),
        ("c = measure q; if (bool(c[0])) { if (c[1]) x q[1]; else x q[2]; } c = measure q;", "101"),
        ("c[0] = measure q[0]; while (c[0]) { x q[0]; c[0] = measure q[0]; } x q[2];", "000"),
        ("c[0] = 1; while (c[0]) { x q[1]; if (c[0]) break; } c = measure q;", "011"),
        ("c = measure q; while (c == 1) { x q[1]; c = measure q; continue; }", "011"),
        (
            "c[0] = measure q[0]; if (c[0]) { ctrl @ U(pi, 0, pi) q[0], q[1]; } c = measure q;",
            "011",
        ),
    ],
)
def test_control_flow_follows_what_was_measured(body: str, expected: str) -> None:
    text = f"{STD}qubit[9] r; qubit[3] q; bit[3] c; x q[0]; {body}"
    assert counts(text) == {expected: 200}


def test_only_a_program_that_looks_at_a_measurement_has_no_fixed_circuit() -> None:
    measured = HEAD + "h q[0]; c[0] = measure q[0]; "
    for looks in ("if (c[0]) c[1] = 1;", "rx(int(c)) q[1];", "while (c[0]) { c[0] = 0; }"):
        assert compiled(measured + looks).circuit is None, looks
    for moves in ("c[1] = c[0];", "bit d = c[0];", "c[0] = 0; if (c[0]) x q[1];"):
        assert compiled(measured + moves).circuit is not None, moves


def test_a_measurement_that_nothing_keeps_still_disturbs_its_qubit() -> None:
    result = counts(STD + "qubit q; bit c; h q; measure q; h q; c = measure q;", shots=400)
    assert set(result) == {"0", "1"}
    assert sum(result.values()) == 400


def test_a_program_without_bits_is_warned_about_and_gives_nothing() -> None:
    program = compiled("qubit q; U(1, 2, 3) q;")
    assert program.registers == ()
    assert "nothing is measured" in program.warnings[0]


def test_pragmas_are_ignored_with_a_warning() -> None:
    assert "colour blue" in compiled("pragma colour blue\nqubit q;").warnings[0]


@pytest.mark.parametrize(
    ("body", "warning", "expected"),
    [
        ("x q[1:2]; c = measure q;", "this range ends after the last index", "10"),
        ("bit d; x q[0]; d[0] = measure q[0];", "`d[0]` is read as `d`", "1 00"),
        ("qubit d; x d[:]; c[1] = measure d[0:0][0];", "`d[:]` is read as `d`", "10"),
        ("qubit r; let a = q[1] || r || q[0]; x a[0:2:2]; c = measure q;", "read as `++`", "11"),
        ("gate h a { x a; } h q; c = measure q;", "`h` shadows the gate of that name", "11"),
        ("int x = 1; x q[x]; c = measure q;", "read as a call of the gate `x`", "10"),
        ("if (true) { int x = 1; x q[x]; } c = measure q;", "read as a call of the gate `x`", "10"),
        ("gate y a { id a; } if (true) { int y; y q[0]; } c = measure q;", "the gate `y`", "00"),
        ("float[20] f = pi; rx(f) q[0]; c = measure q;", "calculated with 64 bits", "01"),
    ],
)
def test_a_likely_mistake_that_runs_has_a_warning(body: str, warning: str, expected: str) -> None:
    assert warning in " ".join(compiled(HEAD + body).warnings)
    assert counts(HEAD + body) == {expected: 200}


def test_a_constant_takes_a_whole_float_and_no_other() -> None:
    assert counts(HEAD + "const float f = 2.0; const int n = f; x q[n - 1]; c = measure q;") == {
        "10": 200
    }


def test_parameters_for_a_program_without_inputs_are_ignored_with_a_warning() -> None:
    program = compile_circuit(HEAD + "x q[0];", SETTINGS, '{"theta": 1}')
    assert any("`theta` ignored" in warning for warning in program.warnings)


def test_a_register_of_no_qubits_and_no_bits_is_one_like_any_other() -> None:
    text = "qubit[0] q; bit[0] c; qubit p; bit b; U(1, 2, 3) q; c = measure q; b = measure p;"
    assert [register.size for register in compiled(text).registers] == [0, 1]
    assert counts(text) == {"0 ": 200}


def test_an_openqasm_2_program_runs_with_the_gates_of_its_own_include() -> None:
    text = (
        'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[3];\ncreg c[3];\nu3(pi, 0, pi) q[0];\n'
        "barrier q;\nmeasure q -> c;\nif (c == 1) x q[2];\nmeasure q[2] -> c[2];\n"
    )
    assert counts(text) == {"101": 200}


@pytest.mark.parametrize(
    ("text", "code", "line", "column", "token"),
    [
        (HEAD + "h q[0]\nx q[1];", "syntax_error", 4, 6, "]"),
        (HEAD + "cnott q[0], q[1];", "unknown_gate", 4, 1, "cnott"),
        ("qubit q;\nsx q;", "missing_include", 2, 1, "sx"),
        (HEAD + "x q[5];", "index_out_of_range", 4, 5, "5"),
        (HEAD + "x q[-3];", "index_out_of_range", 4, 5, "-3"),
        (HEAD + "x q[-3:0];", "index_out_of_range", 4, 5, "-3:0"),
        (HEAD + "c[2] = measure q[0];", "index_out_of_range", 4, 3, "2"),
        (HEAD + "x r;", "undeclared_name", 4, 3, "r"),
        (HEAD + "rx(a) q[0];", "undeclared_name", 4, 4, "a"),
        (HEAD + "rx q[0];", "wrong_arity", 4, 1, "rx q[0];"),
        (HEAD + "cx q[0];", "wrong_arity", 4, 1, "cx q[0];"),
        (HEAD + "cx q[0], q[0];", "duplicate_qubit", 4, 1, "cx q[0], q[0];"),
        (HEAD + "qubit[3] r; cx q, r;", "size_mismatch", 4, 13, "cx q, r;"),
        (HEAD + "c[0] = measure q;", "size_mismatch", 4, 1, "c[0] = measure q;"),
        (HEAD + "let d = c || c;", "wrong_type", 4, 9, "c || c"),
        (HEAD + "const int n = 2.5;", "wrong_type", 4, 15, "2.5"),
        (HEAD + "qubit c;", "redeclared_name", 4, 7, "c"),
        (HEAD + "gate h a { } gate h a { }", "redeclared_name", 4, 19, "h"),
        (HEAD + "gate U(a, b, c) d { }", "redeclared_name", 4, 6, "U"),
        (HEAD + "measure q -> q;", "wrong_type", 4, 14, "q"),
        (HEAD + "x c;", "wrong_type", 4, 3, "c"),
        (HEAD + "gate g a { g a; } ", "recursive_gate", 4, 12, "g"),
        (HEAD + "gate g a { reset a; } ", "not_unitary", 4, 12, "reset a;"),
        (HEAD + "rx(1/0) q[0];", "division_by_zero", 4, 4, "1/0"),
        (HEAD + "rx(1im) q[0];", "wrong_type", 4, 4, "1im"),
        (HEAD + "break;", "misplaced", 4, 1, "break;"),
        (HEAD + "if (true) { qubit r; }", "not_global", 4, 13, "qubit r;"),
        (HEAD + "return;", "misplaced", 4, 1, "return;"),
        (HEAD + "rx(2**-1) q[0];", "not_finite", 4, 4, "2**-1"),
        (HEAD + "angle a = 1.0; float f = float(a);", "wrong_type", 4, 32, "a"),
        (HEAD + "input float f;", "missing_parameter", 4, 1, "input float f;"),
        (HEAD + "extern f(int) -> int; int i = f(1);", "not_supported", 4, 31, "f(1)"),
        (HEAD + "rx(true) q[0];", "wrong_type", 4, 4, "true"),
        (HEAD + "int i = 2; x q[i];", "index_out_of_range", 4, 16, "i"),
        (HEAD + "defcal x $0 { }", "not_supported", 4, 1, "defcal x $0 { }"),
        (HEAD + "delay[d] q[0];", "undeclared_name", 4, 7, "d"),
        (
            HEAD + "#pragma braket result sample z(q[0])",
            "not_supported",
            4,
            1,
            "#pragma braket result sample z(q[0])",
        ),
        ("OPENQASM 2.0;\nqreg q[2];\nh q[0];", "missing_include", 3, 1, "h"),
        ("OPENQASM 4.0;\nqubit q;", "not_supported", 1, 1, "OPENQASM"),
        ("qubit q;\nOPENQASM 3.0;", "syntax_error", 2, 1, "OPENQASM"),
        ('include "other.inc";', "include_not_allowed", 1, 1, 'include "other.inc";'),
        ("qubit q;\r\rfoo q;", "unknown_gate", 3, 1, "foo"),
        ("qubit q; // ü\r\nfoo q;", "unknown_gate", 2, 1, "foo"),
        ("qubit é; foo é;", "unknown_gate", 1, 10, "foo"),
        ("", "empty_circuit", 1, 1, None),
        ("// nothing\n", "empty_circuit", 1, 1, None),
    ],
)
def test_a_problem_is_reported_with_its_position(
    text: str, code: str, line: int, column: int, token: str | None
) -> None:
    problem = problems(text)[0]
    assert (problem.code, problem.line, problem.column, problem.token) == (
        code, line, column, token,
    )  # fmt: skip


def test_a_qubit_out_of_range_names_its_register_and_its_range() -> None:
    assert only(HEAD + "x q[5];").message == "qubit 5 of `q`: `q` has 2 qubits, 0 to 1"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (HEAD + "CNOT q[0], q[1];", "Did you mean `cx`?"),
        (HEAD + "crxx(1) q[0], q[1];", "Did you mean `crx`?"),
        ("qubit q; sx q;", 'Add include "stdgates.inc"; at the top'),
        ("OPENQASM 2.0; qreg q[1]; h q;", 'Add include "qelib1.inc"; at the top'),
        ("INVALID QASM", "This does not look like OpenQASM 3"),
        (HEAD + "delay[100] q;", "Write it with a unit: 100ns"),
        (HEAD + "int i = 5; bit[3] b = i;", "Cast the value: bit[3](...)"),
        (HEAD + "x qq;", "Did you mean `q`?"),
    ],
)
def test_a_problem_has_a_hint_if_a_remedy_is_known(text: str, hint: str) -> None:
    assert hint in (problems(text)[0].hint or "")


def test_all_problems_are_reported_in_the_order_of_the_text() -> None:
    result = problems(HEAD + "foo q[0];\nx q[9];\nrx q[0];")
    assert [p.code for p in result] == ["unknown_gate", "index_out_of_range", "wrong_arity"]
    assert [p.line for p in result] == [4, 5, 6]


def test_at_most_twenty_problems_are_reported() -> None:
    assert len(problems(HEAD + "foo q;\n" * 50)) == 20


def test_a_name_whose_declaration_was_refused_is_not_reported_again() -> None:
    assert only("qubit[1000000000] q;\nU(0, 0, 0) q[3];").code == "too_many_qubits"


def test_too_many_qubits_and_bits_are_refused_with_both_numbers() -> None:
    small = Settings(max_qubits=4, max_bits=3)
    for text, numbers in (("qubit[5] q;", "5 qubits"), ("bit[4] c;", "4 bits")):
        with pytest.raises(CircuitError, match=numbers):
            compile_circuit(text, small)


def test_operations_are_counted_before_they_are_made() -> None:
    small = Settings(max_operations=10)
    compile_circuit(STD + "qubit[10] q; h q;", small)
    with pytest.raises(CircuitError, match="more than 10 operations") as error:
        compile_circuit(STD + "qubit[10] q; h q;\nx q[0];", small)
    assert error.value.problems[0].line == 3


def test_a_circuit_keeps_its_bits_in_the_order_of_declaration() -> None:
    program = compiled(STD + "qubit q; bit a; bit[2] b; bit c; x q; c = measure q;")
    assert [r.size for r in program.registers] == [1, 2, 1]
    assert program.circuit is not None
    assert program.circuit.bits == (0, 0, 0, -1)
    assert counts(STD + "qubit q; bit a; bit[2] b; bit c; x q; c = measure q;") == {"1 00 0": 200}
