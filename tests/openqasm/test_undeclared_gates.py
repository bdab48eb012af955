"""Undeclared gates of other tools have the matrices of these tools, and a warning with the tool."""

import itertools
import random
from collections.abc import Iterator

import numpy as np
import pytest

from quantumtask.openqasm.gates.undeclared import UNDECLARED_NAMES
from quantumtask.openqasm.parser import qdk
from quantumtask.openqasm.parser.antlr import parser as antlr_parser
from quantumtask.openqasm.text.source import Source
from tests.openqasm.compile_checks import compile_valid, error_of, unitary
from tests.openqasm.fast_path_programs import agrees
from tests.openqasm.undeclared_gates import BRAKET, HQS, QISKIT, Make, reversed_qubits
from tests.support.cases import check_each
from tests.support.services import Service

BARE = "OPENQASM 3.0;\n"
STD = BARE + 'include "stdgates.inc";\n'
OLD = 'OPENQASM 2.0;\ninclude "qelib1.inc";\n'
HQS_HEAD = 'OPENQASM 2.0;\ninclude "{}";\n'

Case = tuple[str, int, Make, str]


def cases() -> Iterator[Case]:
    """Yield names, numbers of parameters, matrices (first qubit lowest), and tools."""
    for name, (numbers, make) in BRAKET.items():
        for number in numbers:
            yield name, number, lambda *a, make=make: reversed_qubits(make(*a)), "Braket's"
    for name, (number, make) in QISKIT.items():
        yield name, number, make, "Qiskit's"
    for name, (numbers, make) in HQS.items():
        yield name, numbers[0], lambda *a, make=make: reversed_qubits(make(*a)), "Quantinuum's"


def call(name: str, params: tuple[float, ...], qubits: range) -> str:
    angles = f"({', '.join(map(repr, params))})" if params else ""
    return f"{name}{angles} {', '.join(f'q[{k}]' for k in qubits)};"


def test_an_undeclared_gate_has_the_matrix_that_its_writer_publishes() -> None:
    check_each({f"{case[0]}-{case[1]}-{case[3]}": case for case in cases()}, has_the_matrix)


def has_the_matrix(case: Case) -> None:
    name, number, make, owner = case
    rng = random.Random(f"{name} {number}")
    params = tuple(rng.uniform(-9, 9) for _ in range(number))
    matrix = make(*params)
    qubits = len(matrix).bit_length() - 1
    # One control turns the global phase of the gate into a relative phase.
    text = f"{BARE}qubit[{qubits + 1}] q;\nctrl @ {call(name, params, range(qubits + 1))}"
    program = compile_valid(text)
    assert agrees(text)
    assert owner in program.warnings[0]
    assert f"`{name}` is not declared" in program.warnings[0]
    expected = np.eye(2 << qubits, dtype=complex)
    expected[1::2, 1::2] = matrix
    assert unitary(program) == pytest.approx(expected, abs=1e-13)


@pytest.mark.parametrize("head", [BARE, STD, BARE + 'include "qelib1.inc";\n', OLD])
def test_a_gate_is_the_same_whatever_is_included(head: str) -> None:
    old = head == OLD
    for name, number in [("cnot", 0), ("iswap", 0), ("xy", 1), ("r", 2), ("rzx", 1), ("cccx", 0)]:
        qubits = {"r": 1, "cccx": 4}.get(name, 2)
        register = f"qreg q[{qubits}];\n" if old else f"qubit[{qubits}] q;\n"
        body = call(name, (0.7, 0.2)[:number], range(qubits))
        alone = compile_valid(f"{BARE}qubit[{qubits}] q;\n{body}")
        assert agrees(head + register + body)
        assert np.array_equal(unitary(compile_valid(head + register + body)), unitary(alone)), name


def test_gates_for_any_number_of_qubits_control_their_last_one() -> None:
    for size in (2, 3, 5):
        x, phase = np.eye(1 << size), np.ones(1 << size, dtype=complex)
        x[[-1, (1 << size - 1) - 1]] = x[[(1 << size - 1) - 1, -1]]
        phase[-1] = np.exp(0.3j)
        for name, params, expected in (
            ("mcx", (), x), ("mcp", (0.3,), np.diag(phase)), ("mcphase", (0.3,), np.diag(phase)),
        ):  # fmt: skip
            text = f"{BARE}qubit[{size}] q;\n{call(name, params, range(size))}"
            assert agrees(text)
            assert unitary(compile_valid(text)) == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize("include", ["hqslib1.inc", "hqslib1_dev.inc"])
def test_quantinuums_library_can_be_included(include: str) -> None:
    head = HQS_HEAD.format(include) + "qreg q[2];\n"
    for name, (numbers, make) in HQS.items():
        matrix = reversed_qubits(make(*(0.3, -1.2, 2.5)[: numbers[0]]))
        wide = np.kron(np.eye(2), matrix) if len(matrix) == 2 else matrix
        qubits = range(len(matrix).bit_length() - 1)
        text = head + call(name, (0.3, -1.2, 2.5)[: numbers[0]], qubits)
        program = compile_valid(text)
        assert agrees(text)
        assert not any("not declared" in warning for warning in program.warnings)
        assert unitary(program) == pytest.approx(wide, abs=1e-14)
    assert unitary(compile_valid(head + "ZZ() q[0], q[1];")) == pytest.approx(
        unitary(compile_valid(head + "rzz(pi/2) q[0], q[1];"))
    )
    assert error_of(head + "Rxxyyzz_zphase(1, 2, 3, 4, 5) q[0], q[1];").code == "not_supported"
    assert error_of(head + "ccz q[0], q[1], q[0];").code == "duplicate_qubit"


def test_both_parsers_read_quantinuums_include() -> None:
    source = Source(HQS_HEAD.format("hqslib1.inc") + "qreg q[2];\nZZ() q[0], q[1];")
    actual = [
        [
            (type(node).__name__, node.span.lo, node.span.hi)
            for node in reader.parse_source(source)[1]
        ]
        for reader in (qdk, antlr_parser)
    ]
    assert actual[0] == actual[1]


def test_the_programs_own_declaration_wins() -> None:
    for name in sorted(UNDECLARED_NAMES):
        text = f"{STD}gate {name} a {{ x a; }}\nqubit q;\n{name} q;"
        program = compile_valid(text)
        assert agrees(text)
        assert not any("not declared" in warning for warning in program.warnings), name
        assert unitary(program) == pytest.approx(np.array([[0, 1], [1, 0]]))
    inner = f"{STD}qubit[2] q; def f(qubit i) {{ int v = 1; x i; }} f(q[0]); v q[1];"
    assert "`v` is not declared" in compile_valid(inner).warnings[0]
    assert error_of("qubit[2] v; v v[0];").code == "wrong_type"


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("qubit[2] q;\ncnot q[0], q[1];\ngate cnot a, b { }", "unknown_gate", (2, 1)),
        ("qubit[2] q;\ngate g a { v a; }\nqubit v;", "unknown_gate", (2, 12)),
        ("qubit q;\nif (true) { i q; }\nint i = 0;", "unknown_gate", (2, 13)),
        ('qubit q;\nh q;\ninclude "stdgates.inc";', "missing_include", (2, 1)),
        ("qubit q;\nsx q;", "missing_include", (2, 1)),
        ("OPENQASM 2.0;\nqreg q[1];\nh q[0];", "missing_include", (3, 1)),
        ("qubit q;\ncnot q;", "wrong_arity", (2, 1)),
        ("qubit[2] q;\nxx q[0], q[1];", "wrong_arity", (2, 1)),
        ("qubit[2] q;\nctrl @ cnot q[0], q[1];", "wrong_arity", (2, 1)),
        ("qubit[2] q;\nms(1) q[0], q[1];", "wrong_arity", (2, 1)),
        ("qubit[2] q;\nms(1, 2, 3, 4) q[0], q[1];", "wrong_arity", (2, 1)),
        ("qubit[2] q;\niswap(0.3) q[0], q[1];", "wrong_arity", (2, 1)),
        ("qubit q;\nmcx q;", "wrong_arity", (2, 1)),
        ("qubit[2] q;\ncnot q[0], q[0];", "duplicate_qubit", (2, 1)),
        ("qubit[2] q;\nCNOT q[0], q[1];", "unknown_gate", (2, 1)),
        ("gate cnot a, b {\ncnot a, b; }", "recursive_gate", (2, 1)),
    ],
)
def test_a_wrong_call_of_an_undeclared_gate_is_an_error(
    text: str, code: str, place: tuple[int, int]
) -> None:
    problem = error_of(text)
    assert (problem.code, problem.line, problem.column) == (code, *place)


def test_undeclared_gates_work_wherever_gates_do() -> None:
    head = STD + "qubit[3] q; bit[3] c;\n"
    flips = "cnot q[0], q[1]; " * 2
    for body in (
        "gate g(t) a, b { inv @ v a; phaseshift(t) b; cnot a, b; }\ng(0.3) q[0], q[1];",
        "pow(0.5) @ iswap q[0], q[1]; pow(-2) @ ecr q[1], q[2]; inv @ ms(1, 2) q[0], q[2];",
        "negctrl @ xy(0.4) q[0], q[1], q[2]; h q; cnot q[0], q[2];",
        "i q; ti q; cnot q[0], q[1]; si q[2]; vi q;",
    ):
        assert agrees(head + body), body
    for body in (
        "for int k in [0:1] { cnot q[k], q[k + 1]; }", f"if (true) {{ {flips} }}",
        "def f(qubit a, float t) { gpi2(t) a; gpi(t) a; } f(q[0], 0.1);",
        "float t = 0.5; c[0] = measure q[0]; xx(t) q[0], q[1]; if (c[0]) { v q[1]; }",
    ):  # fmt: skip
        (warning,) = [w for w in compile_valid(head + body).warnings if "not declared" in w]
        assert "Braket's gate" in warning


def test_a_power_of_an_undeclared_gate_is_that_of_its_matrix() -> None:
    for name, (numbers, make) in BRAKET.items():
        matrix = reversed_qubits(make(*(0.4, 1.1, 0.3)[: numbers[0]]))
        size = len(matrix).bit_length() - 1
        for power, inverse in itertools.product((1, 3), (False, True)):
            call_text = call(name, (0.4, 1.1, 0.3)[: numbers[0]], range(size + 1))
            text = f"qubit[{size + 1}] q; ctrl @ {'inv @ ' * inverse}pow({power}) @ {call_text}"
            part = unitary(compile_valid(text))[1::2, 1::2]
            expected = np.linalg.matrix_power(matrix, -power if inverse else power)
            assert part == pytest.approx(expected, abs=1e-12), text


def test_a_task_runs_a_program_of_braket_and_warns_of_its_gates(service: Service) -> None:
    rng = random.Random(7)
    product, lines = np.eye(8, dtype=complex), []
    for name, (numbers, make) in BRAKET.items():
        params = tuple(rng.uniform(-3, 3) for _ in range(numbers[-1]))
        matrix = reversed_qubits(make(*params))
        qubits = len(matrix).bit_length() - 1
        lines.append(call(name, params, range(qubits)))
        product = np.kron(np.eye(8 // len(matrix)), matrix) @ product
    circuit = f"{BARE}qubit[3] q;\n" + "\n".join(lines)
    ended = service.run(circuit, **{"return": ["unitary"]})
    assert ended["status"] == "completed", ended
    owners = [warning for warning in ended["warnings"] if "not declared" in warning]
    assert len(owners) == 2
    assert "`cnot`" in owners[0]
    actual = np.array(ended["data"]["unitary"]) @ [1, 1j]
    phase = actual[np.unravel_index(np.argmax(abs(actual)), actual.shape)]
    phase /= product[np.unravel_index(np.argmax(abs(actual)), actual.shape)]
    assert actual == pytest.approx(phase * product, abs=1e-9)


def test_a_validation_has_the_position_of_the_first_use(service: Service) -> None:
    text = STD + "qubit[2] q;\nh q[0];\ncnot q[0], q[1];\ncnot q[0], q[1];\nv q[0];"
    answer = service.http.post("/validate", json={"circuit": text}).json()
    (warning,) = [p for p in answer["problems"] if p["code"] == "undeclared_gate"]
    assert (
        warning["message"] == "`cnot` and `v` are not declared: they are taken for Braket's gates"
    )
    assert text.split("\n")[warning["line"] - 1] == "cnot q[0], q[1];"
