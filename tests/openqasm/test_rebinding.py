"""A text with inputs is compiled once, and bound again for other values: as if compiled anew."""

import json
from typing import Any

from quantumtask.openqasm import compile as cached
from quantumtask.openqasm.compiler.pipeline import compile_full
from quantumtask.shared.errors import CircuitError
from quantumtask.shared.settings import Settings
from tests.openqasm.fast_path_programs import STD, program_key

SETTINGS = Settings()

ROTATIONS = STD + (
    "input float a; input angle[16] w; qubit[3] q; bit[3] c; rx(a) q[0]; cp(2*a - 1) q[0], q[1];"
    " p(w) q[2]; ry(sin(a)) q[1]; c = measure q;"
)
CONTROL = STD + (
    "input int n; input bool flip; input bit[4] mask; input array[int[8], 3] steps; output int sum;"
    " qubit[4] q; bit[4] c; sum = 0; for int k in [0:n] { h q[k]; sum += k; }"
    " if (flip) { x q[0]; } if (mask[1]) { x q[1]; } rz(steps[2] * 0.5) q[2]; c = measure q;"
    " if (c[0] == 1) { z q[1]; }"
)
CASES: dict[str, list[dict[str, Any]]] = {
    ROTATIONS: [{"a": 0.25, "w": 1.5}, {"a": -2, "w": 0}, {"w": 3.0, "a": [0.1, 0.2, 0.3]}],
    CONTROL: [
        {"n": 1, "flip": False, "mask": "0000", "steps": [1, 2, 3]},
        {"n": 3, "flip": True, "mask": "0010", "steps": [4, 5, 6]},
        {"n": [0, 2], "flip": [[True], [False]], "mask": "1111", "steps": [7, 8, 9]},
    ],
}
WRONG: list[dict[str, Any] | list[int]] = [
    {"a": 1.0},
    {"a": 1.0, "w": 1.0, "v": 1.0},
    {"a": "one", "w": 1.0},
    {"a": [1.0, 2.0], "w": [1.0, 2.0, 3.0]},
    {"a": [], "w": 1.0},
    [1, 2],
]


def compile_anew(text: str, parameters: str) -> Any:
    return [program_key(each) for each in compile_full(text, SETTINGS, parameters)]


def test_a_text_that_is_bound_again_gives_the_programs_of_a_new_compilation() -> None:
    for text, values in CASES.items():
        for first in values:
            start = compile_full(text, SETTINGS, json.dumps(first))
            for other in values:
                parameters = json.dumps(other)
                assert start.rebind is not None
                again = start.rebind(parameters)
                assert [program_key(each) for each in again] == compile_anew(text, parameters)
                assert again.shape == compile_full(text, SETTINGS, parameters).shape


def test_values_that_do_not_fit_give_the_errors_of_a_new_compilation() -> None:
    cached.compile_sweep(ROTATIONS, SETTINGS, json.dumps(CASES[ROTATIONS][0]))
    for values in WRONG:
        parameters, messages = json.dumps(values), []
        for compile_text in (cached.compile_sweep, cached.compile_uncached):
            try:
                compile_text(ROTATIONS, SETTINGS, parameters)
            except CircuitError as error:
                messages.append(error.failure())
        assert len(messages) == 2, values
        assert messages[0] == messages[1], values


def test_a_program_without_inputs_is_not_bound_again() -> None:
    assert compile_full(STD + "qubit q; h q;", SETTINGS, "{}").rebind is None
