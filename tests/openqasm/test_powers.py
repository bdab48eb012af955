"""Fractional powers of gates: one principal branch, for every definition of the same matrix."""

import math
import random
from functools import cache
from typing import Any

import numpy as np
import pytest

from quantumtask.openqasm.compile import compile_sweep
from quantumtask.openqasm.compiler.pipeline import compile_full
from quantumtask.openqasm.fast_path.compile import compile_straight_line
from quantumtask.openqasm.gates.library import QELIB1, STDGATES
from quantumtask.shared.settings import Settings
from tests.openqasm.program_matrices import equal, matrix, same, unitary
from tests.openqasm.reference_gates import GATES, controlled, modified
from tests.support.compile_circuit import compile_circuit
from tests.support.http_queries import run_circuit
from tests.support.services import Service
from tests.support.sizes import sized

SETTINGS = Settings()
HEAD = 'OPENQASM 3.0; include "stdgates.inc";\n'
PARAMETERS = {name: STDGATES[name].num_parameters for name in STDGATES} | {"U": 3}
EXPONENTS = (0.5, -0.5, 1 / 3, 0.25, 1.5, -2.75, 7.1)
MULTIPLES = (*range(-6, 7), 9, 13, 14, 18, 22, 30, 50, 51, 75, 98, 99, 100)


def text(number: float) -> str:
    return f"({number!r})"


@cache
def root(name: str, halves: tuple[int, ...], exponent: float) -> Any:
    """Return the power of a gate, whose arguments are these multiples of pi / 2.

    The eigenvalues come from NumPy's general solver; the first operand is the highest bit.
    """
    small = [math.pi / 2 * (k % 8 if k % 8 <= 4 else k % 8 - 8) for k in halves]
    return principal(np.asarray(GATES[name](*small), dtype=complex), exponent)


def principal(exact: Any, exponent: float) -> Any:
    values, vectors = np.linalg.eig(exact)
    phases = np.angle(values)
    phases[phases < 1e-9 - math.pi] += math.tau
    return vectors @ np.diag(np.exp(1j * exponent * phases)) @ np.linalg.inv(vectors)


def operands(qubits: int) -> str:
    return ", ".join(f"q[{k}]" for k in reversed(range(qubits)))


def check(name: str, halves: tuple[int, ...], exponent: float) -> None:
    """Check a power alone and in all nestings with a control; `halves` are multiples of pi / 2."""
    qubits = 0 if name == "gphase" else (STDGATES.get(name) or STDGATES["u3"]).num_qubits
    arguments = f"({', '.join(f'{k}*pi/2' for k in halves)})" if halves else ""
    power, expected = text(exponent), root(name, halves, exponent)
    under = controlled(expected)
    for call, reference in (
        (f"ctrl @ pow({power}) @ {name}{arguments}", under),
        (f"pow({power}) @ ctrl @ {name}{arguments}", under),
        (f"inv @ ctrl @ pow({power}) @ {name}{arguments}", under.conj().T),
        (f"ctrl @ pow(3) @ pow({power}) @ {name}{arguments}", np.linalg.matrix_power(under, 3)),
    ):
        actual = matrix(f"{call} {operands(qubits + 1)};", qubits + 1)
        assert equal(actual, reference), (call, np.round(actual, 3), np.round(reference, 3))
    if qubits:
        actual = matrix(f"pow({power}) @ {name}{arguments} {operands(qubits)};", qubits)
        assert same(actual, expected), (name, halves, exponent)


@pytest.mark.parametrize("name", [*PARAMETERS, "gphase"])
def test_a_power_is_that_of_the_exact_matrix(name: str) -> None:
    rng = random.Random(name)
    count = PARAMETERS.get(name, 1)
    if not count:
        for exponent in EXPONENTS:
            check(name, (), exponent)
        return
    for multiple in MULTIPLES if count == 1 else rng.sample(MULTIPLES, 8):
        halves = (2 * multiple, *(rng.randint(-200, 200) for _ in range(count - 1)))
        check(name, halves, rng.choice(EXPONENTS))


EXACT = (0.5, -0.5, 1 / 3, 0.25, 1.5, 2, -3, 0)


@pytest.mark.parametrize("seed", range(4))
def test_nested_modifiers_have_the_matrix_of_each_modifier_in_turn(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(sized(12, 30)):
        name = rng.choice(list(PARAMETERS))
        qubits = (STDGATES.get(name) or STDGATES["u3"]).num_qubits
        angles = [rng.choice((rng.randint(-99, 99) * math.pi / 2, rng.uniform(-9, 9)))
                  for _ in range(PARAMETERS[name])]  # fmt: skip
        nest = [rng.choice((("inv", None), ("pow", rng.choice(EXACT)), ("ctrl", 1), ("negctrl", 1)))
                for _ in range(rng.randint(1, 4))]  # fmt: skip
        while qubits + sum("ctrl" in modifier for modifier, _ in nest) > 4:
            nest.pop()
        expected = np.asarray(GATES[name](*angles), dtype=complex)
        for modifier, argument in reversed(nest):
            expected = modified(expected, modifier, argument)
        size = len(expected).bit_length() - 1
        chain = "".join(f"{m} @ " if a is None else f"{m}({a!r}) @ " for m, a in nest)
        arguments = f"({', '.join(map(repr, angles))})" if angles else ""
        names = ", ".join(f"a{k}" for k in range(size))
        define = f"gate own {names} {{ {chain}{name}{arguments} {names}; }}\n"
        assert same(matrix(f"{chain}{name}{arguments} {operands(size)};", size), expected), chain
        actual = matrix(f"ctrl @ own {operands(size + 1)};", size + 1, define)
        assert equal(actual, controlled(expected)), (chain, name, angles)


def test_all_gates_of_one_matrix_have_one_root() -> None:
    for multiple in range(-100, 101, sized(7, 1)):
        actual = matrix(f"pow(0.5) @ rx({multiple}*pi) q[0];", 1)
        assert same(actual, matrix(f"pow(0.5) @ rx({multiple % 4}*pi) q[0];", 1)), multiple
        actual = matrix(f"ctrl @ pow(0.5) @ p({multiple}*pi) q[0], q[1];", 2)
        assert equal(actual, matrix(f"{'cs' if multiple % 2 else 'cid'} q[0], q[1];", 2, CS))


CS = "gate cs a, b { ctrl @ s a, b; } gate cid a, b { ctrl @ id a, b; }\n"


@pytest.mark.parametrize("inverse", ["", "inv @ "])
def test_a_product_of_a_thousand_gates_has_the_root_of_its_matrix(inverse: str) -> None:
    rng = random.Random(1000)
    for gate, total, expected in (
        ("p", 13, "s"), ("p", -99, "s"), ("p", 100, "id"), ("rz", 2, "id"), ("rx", 14, "id"),
        ("ry", -18, "id"), ("rx", 1, "rx(pi/2)"), ("rx", -1, "rx(-pi/2)"),
    ):  # fmt: skip
        angles = [rng.uniform(-100, 100) * math.pi for _ in range(999)]
        angles.append(total * math.pi - math.fsum(angles))
        body = " ".join(f"{gate}({angle!r}) a;" for angle in angles)
        product = f"gate product a {{ {body} }}\n"
        actual = matrix(f"{inverse}pow(0.5) @ product q[0];", 1, product)
        assert same(actual, matrix(f"{inverse}{expected} q[0];", 1)), (gate, total)


def test_a_product_of_a_thousand_gates_on_many_qubits_has_its_root() -> None:
    rng = random.Random(3)
    names = ["h", "cx", "cz", "swap", "s", "x", "rzz"]
    for qubits in (2, 3):
        lines = []
        for _ in range(500):
            name = rng.choice(names)
            one, other = rng.sample(range(qubits), 2)
            if name == "rzz":
                lines.append(f"cx a{one}, a{other}; rz({rng.randint(-99, 99)}*pi) a{other}; "
                             f"cx a{one}, a{other};")  # fmt: skip
            else:
                both = f"a{one}, a{other}" if name in ("cx", "cz", "swap") else f"a{one}"
                lines.append(f"{name} {both};")
        names_of = ", ".join(f"a{k}" for k in range(qubits))
        product = f"gate product {names_of} {{ {' '.join(lines)} }}\n"
        target = f"{operands(qubits + 1)};"
        exact = matrix(f"ctrl @ product {target}", qubits + 1, product)
        for exponent in (0.5, -1.3):
            actual = matrix(f"ctrl @ pow({exponent}) @ product {target}", qubits + 1, product)
            assert equal(actual, principal(exact, exponent))


def test_an_eigenvalue_near_minus_one_has_the_phase_plus_pi() -> None:
    for angle in ("pi", "-pi", "pi + 1e-12", "-pi - 1e-12", "-pi + 1e-12", "-pi + 5e-10"):
        assert same(matrix(f"pow(0.5) @ p({angle}) q[0];", 1), matrix("s q[0];", 1)), angle
    assert same(matrix("pow(0.5) @ p(-pi + 1e-6) q[0];", 1), matrix("p(-pi/2 + 5e-7) q[0];", 1))
    assert same(matrix("pow(-0.5) @ z q[0];", 1), matrix("sdg q[0];", 1))
    assert same(matrix("pow(0.5) @ inv @ z q[0];", 1), matrix("s q[0];", 1))


def test_powers_of_powers_apply_from_the_innermost() -> None:
    # The innermost first: the cube of a root, and the root of a cube.
    assert same(matrix("pow(3) @ pow(0.5) @ p(pi) q[0];", 1), matrix("p(3*pi/2) q[0];", 1))
    assert same(matrix("pow(0.5) @ pow(3) @ p(pi) q[0];", 1), matrix("p(pi/2) q[0];", 1))
    assert same(matrix("pow(0.5) @ pow(0.5) @ p(13*pi) q[0];", 1), matrix("t q[0];", 1))
    assert same(matrix("pow(0.5) @ pow(-3) @ p(pi) q[0];", 1), matrix("p(pi/2) q[0];", 1))


def test_gates_of_qelib1_have_roots_too() -> None:
    for name in ("rxx", "ryy", "rzz"):
        assert QELIB1[name].num_qubits == 2
    for multiple in (2, 6, 14, 102):
        program = compile_circuit(
            f'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; rzz({multiple}*pi) q[0],q[1];',
            SETTINGS,
        )
        assert same(unitary(program, 2), np.eye(4))


def test_both_paths_and_a_sweep_take_the_same_root() -> None:
    for gate in ("rx(14*pi) q", "p(13*pi) q", "ry(-9*pi) q", "h q", "U(99*pi, 3*pi, -pi) q"):
        for exponent in (0.5, -0.5, 2.25):
            line = f"pow({exponent}) @ {gate};"
            short, full = compile_straight_line(f"{HEAD}qubit q; {line}", SETTINGS), full_of(line)
            assert short is not None
            bound = compile_sweep(
                f"{HEAD}input float t; qubit q; pow(t) @ {gate};", SETTINGS,
                f'{{"t": [1, {exponent}]}}',
            )  # fmt: skip
            swept = list(bound)[1]
            assert equal(unitary(short, 1), unitary(full, 1))
            assert equal(unitary(short, 1), unitary(swept, 1))


def full_of(line: str) -> Any:
    return compile_full(f"{HEAD}qubit q; {line}", SETTINGS).program


FAULTS = {
    "pow(0.5) @ rx(14*pi) q;": "0",
    "h q; pow(0.5) @ p(13*pi) q; sdg q; h q;": "0",
    "h q; pow(-0.5) @ p(-13*pi) q; s q; h q;": "0",
    "h q; pow(0.25) @ p(99*pi) q; tdg q; h q;": "0",
}


def test_every_engine_runs_the_same_root(service: Service) -> None:
    # One task with a qubit for each program.
    lines = [line.replace(" q;", f" q[{k}];") for k, line in enumerate(FAULTS)]
    circuit = f"{HEAD}qubit[4] q; bit[4] c; {' '.join(lines)} c = measure q;"
    for engine in ("auto", "quantumtask", "lightning", "aer"):
        assert run_circuit(service, circuit, engine=engine)["result"] == {"0000": 1024}


def test_a_root_that_is_a_clifford_gate_runs_as_one(service: Service) -> None:
    many = (
        "qubit[60] q; bit[60] c; h q; pow(0.5) @ p(13*pi) q; pow(0.5) @ z q; h q;"
        "pow(0.5) @ x q; inv @ sx q; pow(0.5) @ rx(14*pi) q; c = measure q;"
    )
    for engine in ("auto", "stim", "quantumtask"):
        assert run_circuit(service, HEAD + many, engine=engine)["result"] == {"1" * 60: 1024}


def test_a_pauli_gate_under_one_control_runs_as_the_clifford_gate_that_it_is(
    service: Service,
) -> None:
    many = (
        "qubit[60] q; bit[60] c; x q[0]; for int k in [0:58] { ctrl @ x q[k], q[k + 1]; }"
        "h q[1]; ctrl @ pow(3) @ z q[0], q[1]; h q[1]; inv @ ctrl @ y q[0], q[1]; c = measure q;"
    )
    for engine in ("auto", "stim"):
        assert run_circuit(service, HEAD + many, engine=engine)["result"] == {"1" * 60: 1024}


def test_an_exponent_that_is_an_input_takes_the_same_root(service: Service) -> None:
    lines = "h q; pow(t) @ p(13*pi) q; sdg q; h q;"
    circuit = f"{HEAD}input float t; qubit q; bit c; {lines} c = measure q;"
    body = {"parameters": {"t": [0.5, -1.5, 1.5]}, "return": ["probabilities"]}
    for engine in ("auto", "quantumtask", "lightning", "aer"):
        actual = run_circuit(service, circuit, engine=engine, **body)["data"]["probabilities"]
        assert np.allclose(actual, [[1, 0], [1, 0], [0, 1]])
