"""Gates have the matrices of the OpenQASM 3 specification.

A global phase has no effect and is dropped; under a control it has one, and is tested there.
"""

import math

import numpy as np
import pytest

from quantumtask.openqasm.gates.library import STDGATES
from quantumtask.shared.errors import CircuitError
from quantumtask.shared.settings import Settings
from tests.openqasm.program_matrices import (
    STD,
    compiled,
    equal,
    matrix,
    same,
    unitary,
)
from tests.support.compile_circuit import compile_circuit


def spec_u(theta: float, phi: float, lam: float) -> np.ndarray:
    """Return the built-in gate U as the OpenQASM 3 specification defines it."""
    e = np.exp
    return 0.5 * np.array(
        [
            [1 + e(1j * theta), -1j * e(1j * lam) * (1 - e(1j * theta))],
            [1j * e(1j * phi) * (1 - e(1j * theta)), e(1j * (phi + lam)) * (1 + e(1j * theta))],
        ]
    )


def controlled(gate: np.ndarray) -> np.ndarray:
    """Return `gate` under one control, which is the lowest qubit, in the order of Qiskit."""
    size = len(gate)
    off, on = np.diag([1, 0]), np.diag([0, 1])
    return np.kron(np.eye(size), off) + np.kron(gate, on)


A, B, C, D = 0.3, -1.1, 2.7, 0.9
ROOT = math.sqrt(0.5)
X = np.array([[0, 1], [1, 0]])
Y = np.array([[0, -1j], [1j, 0]])
Z = np.diag([1, -1])
H = ROOT * np.array([[1, 1], [1, -1]])
SWAP = np.eye(4)[[0, 2, 1, 3]]


def rotation(axis: np.ndarray, angle: float) -> np.ndarray:
    return np.cos(angle / 2) * np.eye(2) - 1j * np.sin(angle / 2) * axis


def phase(angle: float) -> np.ndarray:
    return np.diag([1, np.exp(1j * angle)])


def u3(theta: float, phi: float, lam: float) -> np.ndarray:
    return np.exp(-0.5j * (phi + lam + theta)) * spec_u(theta, phi, lam)


SPECIFIED = {
    "p": (f"({A})", phase(A)),
    "x": ("", X),
    "y": ("", Y),
    "z": ("", Z),
    "h": ("", H),
    "s": ("", phase(math.pi / 2)),
    "sdg": ("", phase(-math.pi / 2)),
    "t": ("", phase(math.pi / 4)),
    "tdg": ("", phase(-math.pi / 4)),
    "sx": ("", 0.5 * np.array([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]])),
    "rx": (f"({A})", rotation(X, A)),
    "ry": (f"({A})", rotation(Y, A)),
    "rz": (f"({A})", rotation(Z, A)),
    "cx": ("", controlled(X)),
    "cy": ("", controlled(Y)),
    "cz": ("", controlled(Z)),
    "cp": (f"({A})", controlled(phase(A))),
    "crx": (f"({A})", controlled(rotation(X, A))),
    "cry": (f"({A})", controlled(rotation(Y, A))),
    "crz": (f"({A})", controlled(rotation(Z, A))),
    "ch": ("", controlled(H)),
    "swap": ("", SWAP),
    "ccx": ("", controlled(controlled(X))),
    "cswap": ("", controlled(SWAP)),
    "cu": (
        f"({A},{B},{C},{D})",
        np.kron(np.eye(2), phase(D - A / 2)) @ controlled(spec_u(A, B, C)),
    ),
    "CX": ("", controlled(X)),
    "phase": (f"({A})", phase(A)),
    "cphase": (f"({A})", controlled(phase(A))),
    "id": ("", np.eye(2)),
    "u1": (f"({A})", phase(A)),
    "u2": (f"({A},{B})", np.exp(-0.5j * (A + B + math.pi / 2)) * spec_u(math.pi / 2, A, B)),
    "u3": (f"({A},{B},{C})", u3(A, B, C)),
    "U": (f"({A},{B},{C})", spec_u(A, B, C)),
}


def test_the_table_of_specified_gates_is_the_table_of_standard_gates() -> None:
    assert set(SPECIFIED) == set(STDGATES) | {"U"}


@pytest.mark.parametrize("name", SPECIFIED)
def test_a_standard_gate_is_the_matrix_of_the_specification(name: str) -> None:
    params, expected = SPECIFIED[name]
    qubits = int(math.log2(len(expected)))
    operands = ", ".join(f"q[{i}]" for i in range(qubits))
    assert same(matrix(f"{name}{params} {operands};", qubits), expected)


@pytest.mark.parametrize("name", SPECIFIED)
def test_a_standard_gate_under_control_keeps_its_phase(name: str) -> None:
    params, expected = SPECIFIED[name]
    qubits = int(math.log2(len(expected))) + 1
    operands = ", ".join(f"q[{i}]" for i in range(qubits))
    assert equal(matrix(f"ctrl @ {name}{params} {operands};", qubits), controlled(expected))


@pytest.mark.parametrize("name", SPECIFIED)
def test_a_standard_gate_and_its_inverse_are_nothing(name: str) -> None:
    params, expected = SPECIFIED[name]
    qubits = int(math.log2(len(expected))) + 1
    operands = ", ".join(f"q[{i}]" for i in range(qubits))
    call = f"negctrl @ {name}{params} {operands}; negctrl @ inv @ {name}{params} {operands};"
    assert equal(matrix(call, qubits), np.eye(2**qubits))


def test_a_controlled_rotation_is_not_reduced_modulo_two_pi() -> None:
    assert same(matrix("crx(-1.0) q[0], q[1];", 2), controlled(rotation(X, -1.0)))
    assert not same(matrix("crx(-1.0) q[0], q[1];", 2), controlled(rotation(X, math.tau - 1.0)))


def test_a_definition_is_inlined_with_its_parameters() -> None:
    gate = "gate turn(a, b) x, y { rx(a/2) x; crz(-b) y, x; gphase(a); }\n"
    expected = np.exp(1j * A) * matrix(f"rx({A}/2) q[1]; crz(-({B})) q[0], q[1];", 2)
    assert same(matrix(f"{gate}turn({A}, {B}) q[1], q[0];", 2), expected)
    under = matrix(f"{gate}ctrl @ turn({A}, {B}) q[0], q[2], q[1];", 3)
    assert equal(under, controlled(expected))


def test_a_programs_own_gate_counts_where_stdgates_is_not_included() -> None:
    text = "gate h a { U(pi, 0, pi) a; gphase(-pi/2); } qubit[2] q; "
    assert same(unitary(compiled(text + "h q[0];"), 1), X)
    assert equal(unitary(compiled(text + "ctrl @ h q[0], q[1];"), 2), controlled(X))


def test_a_programs_own_gate_hides_that_of_the_include() -> None:
    assert same(matrix("gate h a { x a; } h q[0];", 1), X)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("ctrl(2) @ x q[0], q[1], q[2];", "ccx q[0], q[1], q[2];"),
        ("negctrl @ x q[0], q[1];", "x q[0]; cx q[0], q[1]; x q[0];"),
        ("ctrl @ negctrl @ x q[0], q[1], q[2];", "x q[1]; ccx q[0], q[1], q[2]; x q[1];"),
        ("pow(3) @ t q[0];", "t q[0]; t q[0]; t q[0];"),
        ("pow(-2) @ t q[0];", "sdg q[0];"),
        ("pow(0) @ h q[0];", "id q[0];"),
        ("pow(0.5) @ x q[0];", "sx q[0];"),
        ("ctrl @ pow(0.5) @ z q[0], q[1];", "ctrl @ s q[0], q[1];"),
        ("inv @ pow(2) @ inv @ s q[0];", "z q[0];"),
        ("ctrl @ gphase(0.4) q[0];", "p(0.4) q[0];"),
        ("negctrl @ gphase(0.4) q[0];", "x q[0]; p(0.4) q[0]; x q[0];"),
        ("ctrl @ negctrl @ gphase(0.4) q[0], q[1];", "x q[1]; cp(0.4) q[0], q[1]; x q[1];"),
        ("ctrl @ mine(0.4) q[0], q[1], q[2];",
         "ctrl @ h q[0], q[1]; ctrl @ crx(0.4) q[0], q[1], q[2]; p(0.4) q[0];"),
        ("inv @ mine(0.4) q[0], q[1];", "gphase(-0.4); crx(-0.4) q[0], q[1]; h q[0];"),
        ("pow(2) @ mine(0.4) q[0], q[1];", "mine(0.4) q[0], q[1]; mine(0.4) q[0], q[1];"),
        ("pow(0.5) @ pow(2) @ s q[0];", "s q[0];"),
    ],
)  # fmt: skip
def test_a_modifier_means_what_the_specification_says(call: str, expected: str) -> None:
    mine = "gate mine(a) x, y { h x; crx(a) x, y; gphase(a); }\n"
    assert same(matrix(mine + call, 3), matrix(mine + expected, 3))
    assert equal(matrix(mine + controls(call), 4), matrix(mine + controls(expected), 4))


def controls(calls: str) -> str:
    """Return the same calls, each under one more control."""
    return "".join(
        f"ctrl @ {call.strip()};".replace(" q", " q[3], q", 1)
        if " q" in call
        else f"ctrl @ {call.strip()} q[3];"
        for call in calls.rstrip(";").split(";")
    )


def test_the_square_root_of_a_definition_squares_to_it() -> None:
    mine = "gate mine(a) x, y { h x; crx(a) x, y; gphase(a); }\n"
    root = matrix(f"{mine}ctrl @ pow(0.5) @ mine(0.4) q[2], q[0], q[1];", 3)
    assert equal(root @ root, matrix(f"{mine}ctrl @ mine(0.4) q[2], q[0], q[1];", 3))


def test_modifiers_and_arguments_may_come_from_variables() -> None:
    text = "int n = 2; float a = 0.2; uint k = 1; pow(n + 1) @ rx(a * 2) q[k];"
    assert same(matrix(text, 2), matrix("rx(1.2) q[1];", 2))


def test_a_fraction_of_a_large_gate_is_refused_at_its_place() -> None:
    with pytest.raises(CircuitError) as error:
        compiled(
            STD + "qubit[8] q;\npow(0.5) @ ctrl(6) @ x q[0], q[1], q[2], q[3], q[4], q[5], q[6];"
        )
    (problem,) = error.value.problems
    assert (problem.code, problem.line) == ("not_supported", 3)


def test_many_controls_cost_their_decomposition() -> None:
    call = "ctrl(20) @ U(1, 2, 3) " + ", ".join(f"q[{i}]" for i in range(21)) + ";\n"
    program = compiled(f"{STD}qubit[21] q;\n{call}")
    assert program.circuit is not None
    assert len(program.circuit.active_qubits) == 21
    with pytest.raises(CircuitError) as error:
        compile_circuit(f"{STD}qubit[21] q;\n{call * 10}", Settings(max_operations=10_000))
    assert error.value.code == "too_many_operations"
