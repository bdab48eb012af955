"""Pragmas of Braket: each one runs, or is an error or a warning with its name."""

import itertools
import random
import time
from typing import Any

import numpy as np
import pytest

from quantumtask.openqasm.fast_path.compile import compile_straight_line
from quantumtask.openqasm.parser import qdk
from quantumtask.openqasm.parser.antlr import parser as antlr_parser
from quantumtask.openqasm.text.source import Source
from quantumtask.shared.settings import Settings
from tests.openqasm.compile_checks import compile_valid, error_of, unitary
from tests.openqasm.random_unitaries import embed, matrix_text, random_unitary
from tests.openqasm.undeclared_gates import reversed_qubits
from tests.support.services import Service

SETTINGS = Settings()
STD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
FLIP = "[[0, 1], [1, 0]]"


@pytest.mark.parametrize("qubits", [1, 2, 3])
def test_the_first_qubit_of_a_matrix_is_the_highest_bit_of_its_index(qubits: int) -> None:
    for seed, targets in enumerate(itertools.permutations(range(3), qubits)):
        matrix = random_unitary(qubits, seed)
        operands = ", ".join(f"q[{k}]" for k in targets)
        text = f"qubit[3] q;\n#pragma braket unitary({matrix_text(matrix, gap=' ')}) {operands}\n"
        assert compile_straight_line(text, SETTINGS) is None
        assert unitary(compile_valid(text)) == pytest.approx(embed(matrix, targets, 3), abs=1e-14)


def test_a_register_a_range_an_alias_and_physical_qubits_have_their_qubits_in_order() -> None:
    matrix = random_unitary(2, 1)
    words = matrix_text(matrix)
    for head, operands, targets in (
        ("qubit[2] a; qubit q;", "a", (0, 1)), ("qubit[3] q;", "q[1:2]", (1, 2)),
        ("qubit[3] q; let b = q[{2, 0}];", "b", (2, 0)), ("qubit[3] q;", "q[{2, 0}]", (2, 0)),
        ("qubit[3] q;", "q[0:2:2]", (0, 2)),
        ("qubit q; qubit[2] r;", "r[1], q", (2, 0)),
        ("bit[3] c;", "$2, $0", (2, 0)),
    ):  # fmt: skip
        actual = unitary(compile_valid(f"{head}\n#pragma braket unitary({words}) {operands}\n"))
        total = len(actual).bit_length() - 1
        assert actual == pytest.approx(embed(matrix, targets, total), abs=1e-14), operands


def test_a_physical_qubit_of_a_pragma_keeps_its_number() -> None:
    program = compile_valid(f"{STD}qubit[2] q;\n#pragma braket unitary({FLIP}) $1\nx q[1];")
    assert program.circuit is not None
    assert [step.qubits for step in program.circuit.steps] == [(1,), (2,)]  # type: ignore[union-attr]
    assert program.physical


@pytest.mark.parametrize(
    ("element", "value"),
    [
        ("1", 1), ("-1", -1), ("1.", 1), ("+1.0", 1), ("1e0", 1), ("10E-1", 1), ("1im", 1j),
        ("-1im", -1j), ("- 1.0 im", -1j), ("0.6+0.8im", 0.6 + 0.8j), ("-0.6 - .8im", -0.6 - 0.8j),
        ("0.6 + -0.8im", 0.6 - 0.8j), ("0.6 - -0.8im", 0.6 + 0.8j), ("0.6-8e-1im", 0.6 - 0.8j),
    ],
)  # fmt: skip
def test_an_element_is_a_complex_literal(element: str, value: complex) -> None:
    text = f"qubit q;\n#pragma braket unitary([[ 1,0 ] , [-0, {element} ] ]) q"
    assert unitary(compile_valid(text)) == pytest.approx(np.diag([1, value]), abs=1e-14)


def test_a_matrix_with_few_digits_is_rounded_to_the_nearest_unitary() -> None:
    for seed in range(5):
        matrix = random_unitary(2, seed)
        text = f"qubit[2] q;\n#pragma braket unitary({matrix_text(matrix, digits=7)}) q[1], q[0]"
        actual = unitary(compile_valid(text))
        assert actual @ actual.conj().T == pytest.approx(np.eye(4), abs=1e-14)
        assert actual == pytest.approx(matrix, abs=1e-6)
    text = (
        "qubit q;\n#pragma braket unitary([[0.70710678, 0.70710678], [0.70710678, -0.70710678]]) q"
    )
    assert abs(unitary(compile_valid(text))) == pytest.approx(np.full((2, 2), 0.5**0.5), abs=1e-15)


ONE = "qubit[7] q;\n#pragma braket unitary({}) q[0]"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (ONE.format("[[1, 0], [0, 0.9]]"), "not_unitary"),
        (ONE.format("[[1, 1], [1, 1]]"), "not_unitary"),
        (ONE.format("[[0, 0], [0, 0]]"), "not_unitary"),
        (ONE.format("[[1e300, 0], [0, 1e300]]"), "not_unitary"),
        (ONE.format("[[1e999, 0], [0, 1]]"), "not_finite"),
        (ONE.format("[[1, 0], [0, nan]]"), "syntax_error"),
        (ONE.format("[[1, 0], [0, inf]]"), "syntax_error"),
        (ONE.format("[[1, 0], [0, pi]]"), "syntax_error"),
        (ONE.format("[[1, 0], [0, 1 1]]"), "syntax_error"),
        (ONE.format("[[1, 0], [0, 1im + 1]]"), "syntax_error"),
        (ONE.format("[[1, 0], [0, ]]"), "syntax_error"),
        (ONE.format("[[1, 0], [0, " + "1" * 9000 + "]]"), "syntax_error"),
        (ONE.format("[1, 0, 0, 1]"), "syntax_error"),
        (ONE.format("[[[1]]]"), "syntax_error"),
        (ONE.format(""), "syntax_error"),
        (ONE.format("[[1, 0], [0]]"), "size_mismatch"),
        (ONE.format("[[1, 0, 0], [0, 1, 0], [0, 0, 1]]"), "size_mismatch"),
        (ONE.format("[[1]]"), "size_mismatch"),
        (ONE.format(FLIP) + ", q[1]", "size_mismatch"),
        (ONE.format(str(np.eye(4, dtype=int).tolist())) + ", q[0]", "duplicate_qubit"),
        (ONE.format(FLIP) + ", q[1:6]", "not_supported"),
        (f"qubit q;\n#pragma braket unitary({FLIP})", "syntax_error"),
        (f"qubit q;\n#pragma braket unitary({FLIP}) q q", "syntax_error"),
        (f"qubit q;\n#pragma braket unitary {FLIP} q", "syntax_error"),
        (f"qubit q;\n#pragma braket unitary({FLIP}) r", "undeclared_name"),
        (f"qubit q;\n#pragma braket unitary({FLIP}) q[1]", "index_out_of_range"),
        (f"qubit[3] q;\n#pragma braket unitary({FLIP}) q[3]", "index_out_of_range"),
        (f"qubit[3] q;\n#pragma braket unitary({FLIP}) q[2:1]", "index_out_of_range"),
        (f"qubit[3] q;\n#pragma braket unitary({FLIP}) q[{{1, 3}}]", "index_out_of_range"),
        (f"qubit[3] q;\n#pragma braket unitary({FLIP}) q[{{}}]", "syntax_error"),
        (f"qubit[3] q;\n#pragma braket unitary({FLIP}) q[0][0]", "syntax_error"),
        (f"qubit[3] q;\n#pragma braket unitary({FLIP}) $0[0]", "index_out_of_range"),
        (f"qubit[3] q;\n#pragma braket unitary({FLIP}) q[0:999999999]", "index_out_of_range"),
        (f"bit q;\n#pragma braket unitary({FLIP}) q", "wrong_type"),
        (f"\n#pragma braket unitary({FLIP}) $99999999999", "undeclared_name"),
        (f"gate g a {{\n#pragma braket unitary({FLIP}) a\n}}", "not_unitary"),
        ("qubit q;\n#pragma\tbraket\tnoise phase_flap(0.1) q", "not_supported"),
        ("qubit q;\n#pragma braket  noise\tkrauss([[1, 0], [0, 1]]) q", "not_supported"),
        ("qubit q;\n#pragma braket result expectation x(q)", "not_supported"),
        ("qubit q;\n#pragma braket result variance z(q) @ x(q)", "not_supported"),
        ("qubit q;\n#pragma braket result sample z(q)", "not_supported"),
        ("qubit q;\n#pragma braket result adjoint_gradient", "not_supported"),
        ("qubit q;\n#pragma braket result", "not_supported"),
        ("qubit q;\n#pragma braket abcd", "not_supported"),
        ("qubit q;\n#pragma braket", "not_supported"),
        ("qubit q;\n#pragma braket verbatim\nU(1, 2, 3) q;", "misplaced"),
        ("qubit q;\n#pragma braket verbatim", "misplaced"),
    ],
)  # fmt: skip
def test_an_unsupported_pragma_is_an_error(text: str, code: str) -> None:
    problem = error_of(text)
    assert (problem.code, problem.line) == (code, 2)


@pytest.mark.parametrize(
    ("pragma", "name"),
    [
        ("result sample z(q)", "`braket result sample`"),
        ("result expectation x(q)", "`braket result expectation`"),
    ],
)
def test_an_error_names_the_pragma_and_a_remedy(pragma: str, name: str) -> None:
    problem = error_of(f"qubit q;\n#pragma braket {pragma}")
    assert name in problem.message
    assert "`observables` of the task" in problem.hint


@pytest.mark.parametrize(
    ("pragma", "name", "remedy"),
    [
        ("result state_vector", "`braket result state_vector`", "statevector"),
        ("result probability q[0]", "`braket result probability`", "probabilities"),
        ("result probability all", "`braket result probability`", "probabilities"),
        ('result amplitude "00", "11"', "`braket result amplitude`", "statevector"),
        ("result density_matrix q[0]", "`braket result density_matrix`", "statevector"),
    ],
)
def test_a_result_pragma_without_effect_on_the_counts_is_a_warning(
    pragma: str, name: str, remedy: str
) -> None:
    warning = compile_valid(
        f"qubit[2] q;\nbit c;\nc = measure q[0];\n#pragma braket {pragma}"
    ).warnings[0]
    assert name in warning
    assert remedy in warning


def test_a_verbatim_box_runs_and_the_pragmas_of_others_are_ignored() -> None:
    program = compile_valid(
        f"{STD}#pragma braket verbatim\nbox {{ x $1; }}\npragma other unitary\nx $1;"
    )
    assert program.operations == 2
    assert "braket verbatim" in program.warnings[0]
    assert "'other unitary' is ignored" in program.warnings[1]


def test_both_parsers_return_the_same_node_for_a_pragma() -> None:
    text = f"qubit[2] q;\n#pragma  braket unitary({FLIP})  q[0] // no comment \n"
    text += "pragma braket noise x\n"
    actual = [
        [
            (node.command, node.span.lo, node.span.hi)
            for node in reader.parse_source(Source(text))[1][1:]
        ]
        for reader in (qdk, antlr_parser)
    ]
    assert actual[0] == actual[1]


def test_a_pragma_acts_wherever_a_statement_can_stand() -> None:
    flip = f"\n#pragma braket unitary({FLIP}) "
    for body, expected in (
        (f"for int k in [0:2] {{{flip}q[0]\n}}", 1), (f"if (true) {{{flip}q[1]\n}}", 2),
        (f"def f(qubit a) {{{flip}a\n}} f(q[1]); f(q[0]);", 3), (f"x q[1];{flip}q[1]\nx q[0];", 1),
    ):  # fmt: skip
        matrix = unitary(compile_valid(f"{STD}qubit[2] q;\n{body}"))
        assert matrix[expected, 0] == pytest.approx(1), body


def test_a_large_matrix_takes_little_time() -> None:
    begin = time.process_time()
    matrix = random_unitary(6, 3)
    assert unitary(
        compile_valid(f"qubit[6] q;\n#pragma braket unitary({matrix_text(matrix)}) q")
    ) == (pytest.approx(reversed_qubits(matrix), abs=1e-13))
    for filler in ("[" * 99, "[[1" + " " * 500_000, "[[" + "0," * 250_000, "[[" + "1" * 400_000):
        error_of(f"qubit q;\n#pragma braket unitary({filler}]) q")
    assert time.process_time() - begin < 20


@pytest.mark.parametrize(
    "options",
    [
        {}, {"engine": "lightning"}, {"engine": "aer", "method": "statevector"},
        {"engine": "aer", "method": "matrix_product_state"}, {"engine": "quantumtask"},
        {"noise": {"depolarizing": {"one_qubit": 0.0001, "two_qubit": 0.0001}}},
    ],
    ids=str,
)  # fmt: skip
def test_every_engine_runs_a_matrix(service: Service, options: dict[str, Any]) -> None:
    rng = random.Random(str(options))
    swap = np.eye(8)[rng.sample(range(8), 8)]
    targets = rng.sample(range(3), 3)
    operands = ", ".join(f"q[{k}]" for k in targets)
    text = f"{STD}qubit[3] q;\nx q[{targets[1]}];\n"
    text += f"#pragma braket unitary({matrix_text(swap)}) {operands}\nbit[3] c = measure q;"
    task = service.run(text, shots=300, **options)
    assert task["status"] == "completed", task
    index = int(np.argmax(embed(swap, targets, 3)[:, 1 << targets[1]]))
    assert max(task["result"], key=task["result"].get) == format(index, "03b")
    assert max(task["result"].values()) > 290
