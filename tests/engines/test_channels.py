"""Noise pragmas of a program, as Braket writes them, compared with density matrices."""

import math
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from tests.openqasm.compile_checks import compile_valid, error_of
from tests.openqasm.random_unitaries import embed, matrix_text, random_unitary
from tests.openqasm.reference_gates import X, Y, Z
from tests.openqasm.undeclared_gates import BRAKET
from tests.support.services import Service

HEAD = "OPENQASM 3.0;\nqubit[3] q;\nbit[3] c;\n"
I2 = np.eye(2)
PAULIS = (I2, X, Y, Z)

Operators = list[Any]


def mixed(matrices: Sequence[Any], chances: Sequence[float]) -> Operators:
    return [math.sqrt(p) * m for p, m in zip(chances, matrices, strict=True)]


def damping(gamma: float) -> Operators:
    keeps, falls = math.sqrt(1 - gamma), math.sqrt(gamma)
    return [np.diag([1, keeps]), np.array([[0, falls], [0, 0]])]


def generalized(gamma: float, p: float) -> Operators:
    up = [X @ operator @ X for operator in damping(gamma)]
    return [math.sqrt(p) * k for k in damping(gamma)] + [math.sqrt(1 - p) * k for k in up]


# As Braket's documentation of its noise defines them; the first qubit is the highest bit.
CHANNELS: dict[str, Any] = {
    "bit_flip": lambda p: mixed([I2, X], [1 - p, p]),
    "phase_flip": lambda p: mixed([I2, Z], [1 - p, p]),
    "pauli_channel": lambda x, y, z: mixed(PAULIS, [1 - x - y - z, x, y, z]),
    "depolarizing": lambda p: mixed(PAULIS, [1 - p, p / 3, p / 3, p / 3]),
    "two_qubit_depolarizing": lambda p: mixed(
        [np.kron(a, b) for a in PAULIS for b in PAULIS], [1 - p] + [p / 15] * 15
    ),
    "two_qubit_dephasing": lambda p: mixed(
        [np.kron(a, b) for a in (I2, Z) for b in (I2, Z)], [1 - p] + [p / 3] * 3
    ),
    "amplitude_damping": damping,
    "generalized_amplitude_damping": generalized,
    "phase_damping": lambda g: [np.diag([1, math.sqrt(1 - g)]), np.diag([0, math.sqrt(g)])],
}
PARAMETERS = {"pauli_channel": 3, "generalized_amplitude_damping": 2}


class Mixed:
    """A program on three qubits, and its density matrix."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.lines: list[str] = []
        self.matrix = np.zeros((8, 8), dtype=complex)
        self.matrix[0, 0] = 1

    def apply(self, operators: Operators, qubits: Sequence[int]) -> None:
        wide = [embed(operator, qubits, 3) for operator in operators]
        self.matrix = sum(k @ self.matrix @ k.conj().T for k in wide)

    def gates(self) -> None:
        for qubit in range(3):
            self._gate("gpi2", (self.rng.uniform(-3, 3),), [qubit])
            self._gate("rx", (self.rng.uniform(-3, 3),), [qubit])
        self._gate("iswap", (), self.rng.sample(range(3), 2))

    def _gate(self, name: str, params: tuple[float, ...], qubits: list[int]) -> None:
        angles = f"({params[0]!r})" if params else ""
        self.lines.append(f"{name}{angles} {operands(qubits)};")
        self.apply([BRAKET[name][1](*params)], qubits)

    def channel(self, name: str) -> None:
        number = PARAMETERS.get(name, 1)
        params = [self.rng.random() / number for _ in range(number)]
        operators = CHANNELS[name](*params)
        qubits = self.rng.sample(range(3), len(operators[0]) // 2)
        words = ", ".join(map(repr, params))
        self.lines.append(f"#pragma braket noise {name}({words}) {operands(qubits)}")
        self.apply(operators, qubits)

    def kraus(self, qubits: Sequence[int]) -> None:
        size = 1 << len(qubits)
        columns = random_unitary(len(qubits) + 1, self.rng.randrange(1000))[:, :size]
        operators = [columns[:size], columns[size:]]
        words = ", ".join(map(matrix_text, operators))
        self.lines.append(f"#pragma braket noise kraus({words}) {operands(qubits)}")
        self.apply(operators, qubits)

    @property
    def text(self) -> str:
        return HEAD + "\n".join(self.lines) + "\nc = measure q;\n"

    @property
    def chances(self) -> Any:
        return self.matrix.diagonal().real


def operands(qubits: Sequence[int]) -> str:
    return ", ".join(f"q[{qubit}]" for qubit in qubits)


def answer(service: Service, text: str, **options: Any) -> dict[str, Any]:
    task = service.run(text, **options)
    assert task["status"] == "completed", task
    return task


@pytest.mark.parametrize("name", [*CHANNELS, "kraus"])
def test_a_channel_does_what_its_operators_say(service: Service, name: str) -> None:
    program = Mixed(len(name))
    for _ in range(2):
        program.gates()
        program.kraus(program.rng.sample(range(3), 2)) if name == "kraus" else program.channel(name)
    program.gates()
    task = answer(service, program.text, **{"return": ["probabilities"]})
    assert task["data"]["probabilities"] == pytest.approx(program.chances, abs=1e-12)


def test_counts_and_values_are_those_of_the_mixture(service: Service) -> None:
    program = Mixed(5)
    program.gates()
    for name in ("amplitude_damping", "two_qubit_depolarizing"):
        program.channel(name)
    program.gates()
    task = answer(service, program.text, shots=4000, seed=3)
    frequencies = np.array([task["result"].get(format(k, "03b"), 0) for k in range(8)]) / 4000
    errors = np.sqrt(program.chances * (1 - program.chances) / 4000)
    assert (abs(frequencies - program.chances) < 5 * errors + 1e-9).all()
    observable = np.trace(program.matrix @ embed(np.kron(X, Z), (2, 0), 3)).real
    text = program.text.replace("c = measure q;\n", "")
    exact = answer(service, text, observables=["XIZ"])
    assert exact["data"]["expectation_values"] == pytest.approx([observable], abs=1e-9)
    drawn_value = answer(service, text, observables=["XIZ"], precision=0.05, seed=1)["data"]
    assert drawn_value["expectation_values"] == pytest.approx([observable], abs=0.25)


def test_noise_stands_wherever_a_statement_can(service: Service) -> None:
    flip = "\n#pragma braket noise bit_flip(1.0) "
    head = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[2] q;\nbit[2] c;\n'
    for body, expected in (
        (f"for int k in [0:2] {{{flip}q[0]\n}}", "01"),
        (f"x q[0]; c[0] = measure q[0]; if (c[0]) {{{flip}q[1]\n}}", "11"),
        (f"h q[0]; c[0] = measure q[0]; if (c[0]) {{{flip}q[0]\n}} else {{{flip}q[1]\n x q[1];}}",
         "00"),
        (f"def f(qubit a) {{{flip}a\n}} f(q[1]); f(q[0]);", "11"),
    ):  # fmt: skip
        task = answer(service, f"{head}{body}\nc = measure q;", shots=50)
        assert task["result"] == {expected: 50}, body


def test_a_program_with_noise_counts_its_own_qubits_alone() -> None:
    program = compile_valid(HEAD + "#pragma braket noise depolarizing(0.1) q[0]\nc = measure q;")
    assert (program.qubits, program.noisy) == (3, True)
    assert not compile_valid(HEAD + "c = measure q;").noisy


ZERO = str([[0] * 4] * 4)
NOISE = HEAD + "#pragma braket noise bit_flip(0.1) q[0]\nc = measure q;"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"noise": {"depolarizing": {"one_qubit": 0.1, "two_qubit": 0.1}}}, "bad_noise"),
        ({"return": ["statevector"]}, "not_exact"),
        ({"return": ["unitary"]}, "not_exact"),
        ({"engine": "lightning"}, "engine_unsuitable"),
    ],
)
def test_what_noise_of_a_program_does_not_go_with_is_refused(
    service: Service, options: dict[str, Any], code: str
) -> None:
    task = service.run(NOISE, **options)
    assert (task["status"], task["error_code"]) == ("failed", code)


@pytest.mark.parametrize(
    ("channel", "code"),
    [
        ("bit_flip(1.1) q[0]", "not_finite"),
        ("pauli_channel(0.5, 0.4, 0.2) q[0]", "not_finite"),
        ("amplitude_damping(1e999) q[0]", "not_finite"),
        ("bit_flip(-0.1) q[0]", "syntax_error"),
        ("bit_flip(nan) q[0]", "syntax_error"),
        ("bit_flip() q[0]", "syntax_error"),
        ("bit_flip(0.1)", "syntax_error"),
        ("bit_flip", "syntax_error"),
        ("", "syntax_error"),
        ("bit_flip(0.1, 0.2) q[0]", "wrong_arity"),
        ("bit_flip(0.1) q", "wrong_arity"),
        ("two_qubit_dephasing(0.1) q[0]", "wrong_arity"),
        ("two_qubit_dephasing(0.1) q[0], q[0]", "duplicate_qubit"),
        ("two_qubit_pauli_channel(0.1) q[0], q[1]", "not_supported"),
        ("bit_flip(0.1) r", "undeclared_name"),
        ("kraus([[1, 0], [0, 1]], [[1, 0], [0, 1]]) q[0]", "not_unitary"),
        ("kraus([[0.5, 0], [0, 0.5]]) q[0]", "not_unitary"),
        ("kraus([[1, 0], [0, 1]], [[0]]) q[0]", "size_mismatch"),
        ("kraus([[1, 0], [0, 1]]) q[0], q[1]", "size_mismatch"),
        ("kraus([[1, 0], [0, 1e999]]) q[0]", "not_finite"),
        ("kraus(0.1) q[0]", "syntax_error"),
        (f"kraus({', '.join([ZERO] * 17)}) q[0], q[1]", "not_supported"),
    ],
)
def test_noise_that_is_none_is_refused(channel: str, code: str) -> None:
    problem = error_of(f"qubit[3] q;\n#pragma braket noise {channel}")
    assert (problem.code, problem.line) == (code, 2)
